/* The dump files of generated code that processes mapped become mappings of their own: this code
 * was at this address from this time on. */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "carried.h"
#include "process_files.h"
#include "space.h"
#include "symbolizer.h"

#define DUMP_LIMIT 4096

struct generation {
	struct ev_space_set *set;
	struct process_view view;
	struct carried carried;
	bool monotonic; /* the recording's clock is that of the dumps */
	bool local;     /* what is here may be asked */
};

static uint64_t shifted(uint64_t time_ns, int64_t shift_ns)
{
	if (shift_ns < 0 && time_ns < (uint64_t)-shift_ns)
		return 0;
	return time_ns + (uint64_t)shift_ns;
}

static void add_code(struct ev_space_set *set, uint32_t pid, uint32_t path,
		     const struct jit_mapping *code)
{
	if (!code->size_bytes || code->size_bytes > UINT64_MAX - code->start)
		return;
	*ev_array_add(&set->mappings) = (struct mapping){
		.start = code->start,
		.end = code->start + code->size_bytes,
		.file_offset = code->offset,
		.path = path,
		.dumped = true,
	};
	*ev_array_add(&set->events) = (struct event){
		.kind = MAPPED,
		.time_ns = code->time_ns,
		.pid = pid,
		.what = (uint32_t)(set->mappings.count - 1),
	};
}

static bool take_carried(struct generation *generation, uint32_t pid, uint32_t path)
{
	const char *text = ev_strings_text(generation->set->texts, path);
	bool any = false;
	for (size_t i = 0; i < generation->carried.codes.count; i++) {
		const struct carried_code *code = &generation->carried.codes.items[i];
		if (code->pid != pid || strcmp(code->path, text))
			continue;
		struct jit_mapping mapping = { code->time_ns, code->start, code->size_bytes,
					       code->offset };
		add_code(generation->set, pid, path, &mapping);
		any = true;
	}
	return any;
}

/* Times of another clock are moved so that the first record, written right after the file was
 * mapped, falls there. Where that is not known either, what was written last wins. */
static void take_dump(struct generation *generation, struct jitdump *dump, uint32_t pid,
		      uint32_t path, uint64_t mapped_ns)
{
	bool timed = !dump->foreign_clock && (generation->monotonic || mapped_ns);
	int64_t shift = generation->monotonic ? 0 : (int64_t)(mapped_ns - dump->first_ns);
	for (size_t i = 0; i < dump->mappings.count; i++) {
		struct jit_mapping code = dump->mappings.items[i];
		code.time_ns = timed ? shifted(code.time_ns, shift) : 0;
		add_code(generation->set, pid, path, &code);
	}
}

static void read_dump(struct generation *generation, uint32_t pid, uint32_t path,
		      uint64_t mapped_ns, uint32_t *index)
{
	struct ev_space_set *set = generation->set;
	const char *name = ev_strings_text(set->texts, path);
	uint32_t named = ev_jitdump_pid(name);
	struct stat status;
	/* Elsewhere the same name may be that of another process. */
	int fd = ev_process_file_open(&generation->view, pid, name, named == pid ? name : NULL,
				      &status);
	if (fd < 0)
		return;
	struct jitdump *dump = ev_alloc(sizeof(*dump));
	bool good = !ev_jitdump_read(dump, fd, (uint64_t)status.st_size) && dump->pid == named;
	close(fd);
	if (!good) {
		ev_jitdump_done(dump);
		free(dump);
		return;
	}
	*ev_array_add(&set->dumps) = dump;
	*index = (uint32_t)set->dumps.count;
	take_dump(generation, dump, pid, path, mapped_ns);
}

static bool is_monotonic(const struct ev_recording *recording)
{
	return recording && recording->event_count && recording->events[0].attr.use_clockid &&
	       recording->events[0].attr.clockid == CLOCK_MONOTONIC;
}

void ev_space_set_generated(struct ev_space_set *set, const struct ev_recording *recording,
			    const struct ev_symbolizer_options *options)
{
	struct generation generation = { .set = set, .monotonic = is_monotonic(recording) };
	const struct ev_section *section =
		recording ? ev_recording_section(recording, EV_FEATURE_EVPROF_SYMBOLS) : NULL;
	if (options)
		generation.view = (struct process_view){ options->symfs, options->roots };
	generation.local = !(options && options->no_local_files) &&
			   (generation.view.symfs || ev_recorded_here(recording));
	size_t count = set->events.count;
	bool decoded = false;
	for (size_t i = 0; i < count && set->dumps.count < DUMP_LIMIT; i++) {
		struct event event = set->events.items[i];
		if (event.kind != MAPPED || event.pid == KERNEL_PROCESS)
			continue;
		uint32_t path = set->mappings.items[event.what].path;
		if (set->mappings.items[event.what].dumped ||
		    !ev_jitdump_pid(ev_strings_text(set->texts, path)))
			continue;
		bool added;
		uint32_t dump = 0;
		ev_map_add(&set->dump_by_path, path, event.pid, &added);
		if (!added)
			continue;
		if (!decoded && section)
			ev_carried_decode(&generation.carried, section->bytes, section->size_bytes);
		decoded = true;
		if (!take_carried(&generation, event.pid, path) && generation.local)
			read_dump(&generation, event.pid, path, event.time_ns, &dump);
		*ev_map_add(&set->dump_by_path, path, event.pid, NULL) = dump;
	}
	ev_carried_done(&generation.carried);
}
