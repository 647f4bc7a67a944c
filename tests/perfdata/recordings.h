/* What the tests of this folder share: small recordings made in memory and in files, and a walk
 * over everything a reader can say of one. */
#ifndef EVPROF_TESTS_PERFDATA_RECORDINGS_H
#define EVPROF_TESTS_PERFDATA_RECORDINGS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <errno.h>
#include <cmocka.h>
#include "layout.h"

#define EVERY_TRAILER_FIELD                                                                        \
	(PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_ID | PERF_SAMPLE_STREAM_ID |             \
	 PERF_SAMPLE_CPU | PERF_SAMPLE_IDENTIFIER)

/* An event with two ids, 10 * (its index + 1) and one more. */
static inline struct ev_recorded_event *add_event(struct ev_recording *recording, const char *name,
						  uint64_t sample_type)
{
	struct ev_recorded_event *event = ev_recording_add_event(recording);

	event->name = name;
	event->attr.type = PERF_TYPE_SOFTWARE;
	event->attr.size = sizeof(event->attr);
	event->attr.config = recording->event_count - 1;
	event->attr.sample_period = 1000;
	event->attr.sample_type = sample_type;
	event->attr.sample_id_all = 1;
	event->id_count = 2;
	event->ids = ev_arena_take(&recording->arena, 2 * sizeof(uint64_t));
	event->ids[0] = 10 * recording->event_count;
	event->ids[1] = event->ids[0] + 1;
	return event;
}

static inline void describe(struct ev_recording *recording)
{
	static const char *words[] = { "evprof", "record", "./a \"b\"" };

	recording->hostname = "host";
	recording->osrelease = "6.1.0";
	recording->version = "0.1.0";
	recording->arch = "x86_64";
	recording->cpudesc = "A CPU";
	recording->cpuid = "Vendor,1,2,3";
	recording->cpus_online = 2;
	recording->cpus_available = 4;
	recording->total_mem_kb = 4096;
	recording->cmdline = words;
	recording->cmdline_count = EV_LENGTH(words);
	recording->first_time_ns = 1000;
	recording->last_time_ns = 9000;
	recording->clock_resolution_ns = 1;
}

/* A sample of the event with that index. */
static inline struct ev_record make_sample(const struct ev_recording *recording, int event,
					   uint64_t time_ns, uint64_t ip)
{
	struct ev_record record = { .type = PERF_RECORD_SAMPLE,
				    .misc = PERF_RECORD_MISC_USER,
				    .event = event };

	record.sample.ip = ip;
	record.sample.pid = 100;
	record.sample.tid = 101;
	record.sample.time_ns = time_ns;
	record.sample.id = recording->events[event].ids[0];
	record.sample.period = 7;
	record.sample.cpu = 1;
	return record;
}

static inline struct ev_record make_comm(const struct ev_recording *recording, uint64_t time_ns,
					 const char *comm)
{
	struct ev_record record = {
		.type = PERF_RECORD_COMM, .pid = 100, .tid = 101, .time_ns = time_ns
	};

	record.id = recording->events[0].ids[0];
	record.comm.pid = 100;
	record.comm.tid = 101;
	record.comm.comm = comm;
	return record;
}

static inline struct ev_record make_mmap(const struct ev_recording *recording, uint64_t time_ns,
					 const char *path)
{
	struct ev_record record = {
		.type = PERF_RECORD_MMAP2, .pid = 100, .tid = 101, .time_ns = time_ns
	};

	record.id = recording->events[0].ids[0];
	record.mmap.pid = 100;
	record.mmap.tid = 101;
	record.mmap.start = 0x400000;
	record.mmap.length = 0x1000;
	record.mmap.prot = 5;
	record.mmap.executable = true;
	record.mmap.path = path;
	return record;
}

/* The bytes of one record as a raw one. They live as long as the buffer. */
static inline struct ev_raw raw_of(const struct ev_buffer *buffer)
{
	struct ev_raw raw = { .header = (const void *)buffer->bytes };

	raw.type = raw.header->type;
	raw.misc = raw.header->misc;
	raw.size_bytes = raw.header->size;
	return raw;
}

static inline char *temporary_folder(void)
{
	char *folder = ev_strdup("/tmp/evprof-test-XXXXXX");

	assert_non_null(mkdtemp(folder));
	return folder;
}

static inline void remove_folder(char *folder)
{
	char *command = ev_printf("rm -rf '%s'", folder);

	assert_int_equal(system(command), 0);
	free(command);
	free(folder);
}

static inline struct ev_buffer slurp(const char *path)
{
	struct ev_buffer bytes = { 0 };
	char *text;
	size_t size_bytes;

	assert_int_equal(ev_file_read(path, &text, &size_bytes), 0);
	ev_buffer_add(&bytes, text, size_bytes);
	free(text);
	return bytes;
}

/* What there was to be read. */
struct outcome {
	int opened, ended; /* 0 or -errno */
	uint64_t records, samples, damaged, in_order;
	bool unfinished;
	struct ev_err err;
};

/* Everything that can be asked of a reader: raw, decoded, twice, and in the order of time. */
static inline struct outcome walk_reader(struct ev_reader *reader)
{
	struct outcome outcome = { 0 };
	struct ev_decoder *decoder = ev_decoder_open(ev_reader_recording(reader));
	struct ev_err ignored;
	struct ev_record record;
	struct ev_raw raw;
	int rc;

	while ((rc = ev_reader_next(reader, &raw, &outcome.err)) == 1) {
		outcome.records++;
		outcome.samples += raw.type == PERF_RECORD_SAMPLE;
		if (ev_decode(decoder, &raw, &record) < 0)
			outcome.damaged++;
	}
	outcome.ended = rc;
	outcome.unfinished = ev_reader_recording(reader)->unfinished;
	if (ev_reader_rewind(reader, &ignored) == 0) {
		struct ev_ordered *ordered = ev_ordered_open(reader);

		/* A damaged record is passed by: as many answers as records at the most. */
		for (uint64_t i = 0; i <= outcome.records; i++) {
			rc = ev_ordered_next(ordered, &record, &ignored);
			if (rc == 0)
				break;
			outcome.in_order += rc == 1;
		}
		ev_ordered_close(ordered);
	}
	ev_decoder_close(decoder);
	return outcome;
}

static inline struct outcome walk_memory(const void *bytes, size_t size_bytes)
{
	struct outcome outcome = { 0 };
	struct ev_reader *reader;
	/* A copy of just that size, so that a sanitizer sees every byte too far. */
	void *copy = ev_realloc(NULL, size_bytes);

	if (size_bytes)
		memcpy(copy, bytes, size_bytes);
	outcome.opened = ev_reader_open_memory(&reader, copy, size_bytes, &outcome.err);
	if (outcome.opened == 0) {
		outcome = walk_reader(reader);
		ev_reader_close(reader);
	}
	free(copy);
	return outcome;
}

#endif
