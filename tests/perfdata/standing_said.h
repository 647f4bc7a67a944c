/* Records of processes made up, and what stands after them, as one line of text. */
#ifndef TESTS_PERFDATA_STANDING_SAID_H
#define TESTS_PERFDATA_STANDING_SAID_H

#include "recordings.h"
#include "standing.h"

struct setting {
	struct ev_recording recording;
	struct ev_standing *standing;
	struct ev_decoder *decoder;
	struct ev_buffer said;
	uint64_t samples, given_bytes;
};

static inline void begin(struct setting *setting)
{
	*setting = (struct setting){ 0 };
	add_event(&setting->recording, "cpu-clock",
		  PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_IDENTIFIER);
	setting->standing = ev_standing_open(&setting->recording);
	setting->decoder = ev_decoder_open(&setting->recording);
}

static inline void end(struct setting *setting)
{
	ev_standing_close(setting->standing);
	ev_decoder_close(setting->decoder);
	ev_buffer_done(&setting->said);
	ev_recording_done(&setting->recording);
}

static inline struct ev_record fork_of(uint64_t time_ns, uint32_t parent, uint32_t pid,
				       uint32_t tid)
{
	return (struct ev_record){ .type = PERF_RECORD_FORK,
				   .pid = pid,
				   .tid = tid,
				   .time_ns = time_ns,
				   .task = { .pid = pid,
					     .tid = tid,
					     .parent_pid = parent,
					     .parent_tid = parent,
					     .time_ns = time_ns } };
}

static inline struct ev_record exit_of(uint64_t time_ns, uint32_t pid, uint32_t tid)
{
	struct ev_record record = fork_of(time_ns, 1, pid, tid);

	record.type = PERF_RECORD_EXIT;
	return record;
}

static inline struct ev_record comm_of(uint64_t time_ns, uint32_t pid, const char *comm, bool exec)
{
	return (struct ev_record){ .type = PERF_RECORD_COMM,
				   .pid = pid,
				   .tid = pid,
				   .time_ns = time_ns,
				   .comm = { .pid = pid, .tid = pid, .comm = comm, .exec = exec } };
}

static inline struct ev_record mmap_of(uint64_t time_ns, uint32_t pid, uint64_t start,
				       const char *path)
{
	return (struct ev_record){ .type = PERF_RECORD_MMAP2,
				   .misc = PERF_RECORD_MISC_USER,
				   .pid = pid,
				   .tid = pid,
				   .time_ns = time_ns,
				   .mmap = { .pid = pid,
					     .tid = pid,
					     .start = start,
					     .length = 0x1000,
					     .prot = 5,
					     .executable = true,
					     .path = path } };
}

static inline void encode(struct setting *setting, const struct ev_record *record,
			  struct ev_buffer *bytes)
{
	struct ev_err err = { 0 };

	if (ev_encode(&setting->recording, record, bytes, &err))
		fail_msg("%s", err.text);
}

static inline void see(struct setting *setting, struct ev_record record)
{
	struct ev_buffer bytes = { 0 };

	encode(setting, &record, &bytes);
	ev_standing_add(setting->standing, bytes.bytes, bytes.size_bytes);
	ev_buffer_done(&bytes);
}

/* Everything that was added is settled. */
static inline void settle(struct setting *setting)
{
	ev_standing_round(setting->standing, 0);
	ev_standing_round(setting->standing, 0);
}

static inline void say(struct setting *setting, const struct ev_raw *raw)
{
	struct ev_buffer *said = &setting->said;
	struct ev_record record;

	assert_int_equal(ev_decode(setting->decoder, raw, &record), 0);
	if (record.type == PERF_RECORD_SAMPLE) {
		setting->samples++;
		return;
	}
	if (record.time_ns)
		ev_buffer_printf(said, "%u:", (unsigned)record.time_ns);
	if (record.type == PERF_RECORD_FORK && record.task.pid == record.task.tid)
		ev_buffer_printf(said, "fork %u<%u ", record.task.pid, record.task.parent_pid);
	else if (record.type == PERF_RECORD_FORK)
		ev_buffer_printf(said, "thread %u/%u ", record.task.pid, record.task.tid);
	else if (record.type == PERF_RECORD_COMM)
		ev_buffer_printf(said, "%s ", record.comm.comm);
	else if (record.type == PERF_RECORD_MMAP2 || record.type == PERF_RECORD_MMAP)
		ev_buffer_printf(said, "%s@%x ", record.mmap.path, (unsigned)record.mmap.start);
	else if (record.type == PERF_RECORD_KSYMBOL)
		ev_buffer_printf(said, "ksymbol %s ", record.ksymbol.name);
	else
		ev_buffer_printf(said, "type %u ", record.type);
}

static inline int take(void *context, const void *bytes, size_t size_bytes, struct ev_err *err)
{
	struct setting *setting = context;
	struct ev_raw raw;
	size_t at = 0;

	(void)err;
	setting->given_bytes += size_bytes;
	while (ev_records_next(bytes, size_bytes, &at, &raw))
		say(setting, &raw);
	assert_int_equal(at, size_bytes); /* whole records and nothing else */
	return 0;
}

static inline const char *said(struct setting *setting)
{
	struct ev_err err = { 0 };

	setting->said.size_bytes = 0;
	assert_int_equal(ev_standing_give(setting->standing, take, setting, &err), 0);
	ev_buffer_u8(&setting->said, 0);
	return (const char *)setting->said.bytes;
}

#endif
