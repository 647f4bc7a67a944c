/* A recording made up for the writer, written and read back. */
#ifndef TESTS_PERFDATA_WRITTEN_H
#define TESTS_PERFDATA_WRITTEN_H

#include "recordings.h"

#define SAMPLE_TYPE                                                                                \
	(PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_CPU |                   \
	 PERF_SAMPLE_PERIOD | PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_CALLCHAIN)

static const uint64_t written_chain[] = { PERF_CONTEXT_USER, 0x400100, 0x400200 };

static inline void make_recording(struct ev_recording *recording)
{
	static const uint8_t build_id[20] = "12345678901234567890";
	struct ev_build_id *entry;

	describe(recording);
	add_event(recording, "cpu-clock", SAMPLE_TYPE);
	add_event(recording, "page-faults", SAMPLE_TYPE)->leader = 0;
	recording->events[1].attr.config = PERF_COUNT_SW_PAGE_FAULTS;
	recording->events[1].attr.freq = 1;
	for (size_t i = 0; i < 2; i++)
		recording->events[i].attr.comm = recording->events[i].attr.exclude_kernel = 1;
	entry = ev_array_grow((void **)&recording->build_ids, &recording->build_id_count,
			      &recording->build_id_room, sizeof(*entry));
	*entry = (struct ev_build_id){
		.pid = (uint32_t)-1, .misc = PERF_RECORD_MISC_USER, .id_bytes = 20, .path = "/bin/x"
	};
	memcpy(entry->id, build_id, sizeof(build_id));
	ev_recording_add_note(recording, "fallback", "cpu-clock");
	ev_recording_set_section(recording, EV_FEATURE_EVPROF_SYMBOLS, "symbols", 7);
}

static inline void add(struct ev_writer *writer, const struct ev_record *record)
{
	struct ev_err err = { 0 };

	if (ev_writer_add_record(writer, record, &err) < 0)
		fail_msg("%s", err.text);
}

/* A comm, a mapping, then so many samples with chains, the two events in turn. */
static inline void add_records(struct ev_writer *writer, const struct ev_recording *recording,
			       unsigned samples)
{
	struct ev_record record = make_comm(recording, 900, "a-comm");

	add(writer, &record);
	record = make_mmap(recording, 950, "/bin/x");
	add(writer, &record);
	for (unsigned i = 0; i < samples; i++) {
		record = make_sample(recording, (int)(i & 1), 1000 + i, 0x400000 + i % 4096);
		record.sample.chain = written_chain;
		record.sample.chain_count = EV_LENGTH(written_chain);
		add(writer, &record);
	}
}

static inline struct ev_writer *start(const char *path, const struct ev_writer_options *options,
				      const struct ev_recording *recording)
{
	struct ev_err err = { 0 };
	struct ev_writer *writer;

	if (ev_writer_open(&writer, path, options, recording, &err) < 0)
		fail_msg("%s", err.text);
	return writer;
}

static inline void write_file(const char *path, const struct ev_writer_options *options,
			      unsigned samples)
{
	struct ev_recording recording = { 0 };
	struct ev_writer *writer;
	struct ev_err err = { 0 };

	make_recording(&recording);
	writer = start(path, options, &recording);
	add_records(writer, &recording, samples);
	if (ev_writer_finish(writer, &recording, &err) < 0)
		fail_msg("%s", err.text);
	ev_writer_close(writer);
	ev_recording_done(&recording);
}

static inline struct ev_reader *open_file(const char *path)
{
	struct ev_err err = { 0 };
	struct ev_reader *reader;

	if (ev_reader_open(&reader, path, &err) < 0)
		fail_msg("%s", err.text);
	return reader;
}

static inline void assert_described(const struct ev_recording *recording)
{
	assert_string_equal(recording->hostname, "host");
	assert_string_equal(recording->osrelease, "6.1.0");
	assert_string_equal(recording->version, "0.1.0");
	assert_string_equal(recording->arch, "x86_64");
	assert_string_equal(recording->cpudesc, "A CPU");
	assert_string_equal(recording->cpuid, "Vendor,1,2,3");
	assert_int_equal(recording->cpus_online, 2);
	assert_int_equal(recording->cpus_available, 4);
	assert_int_equal(recording->total_mem_kb, 4096);
	assert_int_equal(recording->cmdline_count, 3);
	assert_string_equal(recording->cmdline[2], "./a \"b\"");
	assert_int_equal(recording->first_time_ns, 1000);
	assert_int_equal(recording->last_time_ns, 9000);
	assert_int_equal(recording->clock_resolution_ns, 1);
}

static inline void assert_events(const struct ev_recording *recording)
{
	assert_int_equal(recording->event_count, 2);
	assert_string_equal(recording->events[0].name, "cpu-clock");
	assert_string_equal(recording->events[1].name, "page-faults");
	assert_int_equal(recording->events[1].attr.config, PERF_COUNT_SW_PAGE_FAULTS);
	assert_int_equal(recording->events[1].attr.freq, 1);
	assert_int_equal(recording->events[1].id_count, 2);
	assert_int_equal(recording->events[1].ids[1], 21);
}

static inline void assert_reads_back(const char *path, unsigned samples)
{
	struct ev_reader *reader = open_file(path);
	struct ev_recording *recording = ev_reader_recording(reader);
	struct outcome outcome = walk_reader(reader);

	assert_int_equal(outcome.ended, 0);
	assert_int_equal(outcome.samples, samples);
	assert_int_equal(outcome.damaged, 0);
	assert_int_equal(outcome.in_order, outcome.records);
	assert_false(outcome.unfinished);
	assert_described(recording);
	assert_events(recording);
	assert_int_equal(recording->events[1].leader, 0);
	assert_int_equal(recording->build_id_count, 1);
	assert_string_equal(recording->build_ids[0].path, "/bin/x");
	assert_int_equal(recording->build_ids[0].id_bytes, 20);
	assert_memory_equal(recording->build_ids[0].id, "12345678901234567890", 20);
	assert_string_equal(ev_recording_note(recording, "fallback", NULL), "cpu-clock");
	assert_int_equal(ev_recording_section(recording, EV_FEATURE_EVPROF_SYMBOLS)->size_bytes, 7);
	ev_reader_close(reader);
}

#endif
