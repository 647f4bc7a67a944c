/* Records made by hand, for the tests of the symbol stage. */
#ifndef TESTS_SYMBOL_RECORDS_H
#define TESTS_SYMBOL_RECORDS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <evprof/symbol.h>

#define USER PERF_RECORD_MISC_USER
#define KERNEL PERF_RECORD_MISC_KERNEL

static inline void map_with_id(struct ev_space_set *set, uint64_t time_ns, uint32_t pid,
			       uint64_t start, uint64_t length, uint64_t offset, const char *path,
			       const char *id)
{
	struct ev_record record = { .type = PERF_RECORD_MMAP2, .time_ns = time_ns };
	record.misc = pid == UINT32_MAX ? KERNEL : USER;
	record.mmap = (struct ev_mmap){ .pid = pid,
					.tid = pid,
					.start = start,
					.length = length,
					.file_offset = offset,
					.executable = true,
					.path = path };
	if (id) {
		record.mmap.build_id_bytes = (uint8_t)strlen(id);
		memcpy(record.mmap.build_id, id, strlen(id));
	}
	ev_space_set_add(set, &record);
}

static inline void map(struct ev_space_set *set, uint64_t time_ns, uint32_t pid, uint64_t start,
		       uint64_t length, uint64_t offset, const char *path)
{
	map_with_id(set, time_ns, pid, start, length, offset, path, NULL);
}

static inline void comm(struct ev_space_set *set, uint64_t time_ns, uint32_t pid, uint32_t tid,
			const char *name, bool exec)
{
	struct ev_record record = { .type = PERF_RECORD_COMM, .time_ns = time_ns };
	record.comm = (struct ev_comm){ .pid = pid, .tid = tid, .exec = exec, .comm = name };
	ev_space_set_add(set, &record);
}

static inline void task(struct ev_space_set *set, uint32_t type, uint64_t time_ns, uint32_t pid,
			uint32_t tid, uint32_t parent_pid, uint32_t parent_tid)
{
	struct ev_record record = { .type = type, .time_ns = time_ns };
	record.task = (struct ev_task){ .pid = pid,
					.tid = tid,
					.parent_pid = parent_pid,
					.parent_tid = parent_tid,
					.time_ns = time_ns };
	ev_space_set_add(set, &record);
}

static inline void fork_process(struct ev_space_set *set, uint64_t time_ns, uint32_t pid,
				uint32_t parent)
{
	task(set, PERF_RECORD_FORK, time_ns, pid, pid, parent, parent);
}

static inline void ksymbol(struct ev_space_set *set, uint64_t time_ns, uint64_t address,
			   uint32_t length, const char *name, bool gone)
{
	struct ev_record record = { .type = PERF_RECORD_KSYMBOL, .time_ns = time_ns };
	record.ksymbol =
		(struct ev_ksymbol){ .address = address,
				     .length = length,
				     .kind = 1,
				     .flags = gone ? PERF_RECORD_KSYMBOL_FLAGS_UNREGISTER : 0,
				     .name = name };
	ev_space_set_add(set, &record);
}

/* "name+offset" of a lookup without a memory of earlier ones. */
static inline const char *place_text(const struct ev_space_set *set, uint32_t pid, uint64_t time_ns,
				     uint64_t address, uint16_t mode)
{
	static char text[512];
	struct ev_space_cache *cache = calloc(1, sizeof(*cache));
	struct ev_place place = ev_space_find(set, cache, pid, time_ns, address, mode);
	snprintf(text, sizeof(text), "%s+%llx", ev_space_set_object(set, place.object)->name,
		 (unsigned long long)place.offset);
	free(cache);
	return text;
}

#define assert_place(set, pid, time_ns, address, mode, expected)                                   \
	assert_string_equal(place_text(set, pid, time_ns, address, mode), expected)

#endif
