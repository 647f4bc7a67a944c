/* A recording becomes one of as many samples as asked for: its records again and again, each time
 * later, or only some of them.
 *   repeat SAMPLES FROM TO */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../../src/perfdata/layout.h"

struct repeating {
	struct ev_reader *reader;
	struct ev_writer *writer;
	struct ev_layout layout; /* of all events */
	uint64_t wanted, samples, shift_ns, first_ns, last_ns;
};

static uint64_t *time_of(const struct repeating *repeating, uint64_t *words,
			 const struct ev_raw *raw)
{
	const uint64_t behind =
		PERF_SAMPLE_ID | PERF_SAMPLE_STREAM_ID | PERF_SAMPLE_CPU | PERF_SAMPLE_IDENTIFIER;
	size_t count = raw->size_bytes / 8, back;

	if (raw->type == PERF_RECORD_SAMPLE)
		return &words[1 + repeating->layout.time_word];
	back = 1 + (size_t)__builtin_popcountll(repeating->layout.sample_type & behind);
	return raw->type < EV_RECORD_HEADER_ATTR && back < count ? &words[count - back] : NULL;
}

static int take(struct repeating *repeating, const struct ev_raw *raw, struct ev_err *err)
{
	static uint64_t words[EV_RECORD_BYTES_MAX / 8 + 1];
	uint64_t *time_ns;

	memcpy(words, raw->header, raw->size_bytes);
	time_ns = time_of(repeating, words, raw);
	if (time_ns) {
		if (!repeating->shift_ns && *time_ns > repeating->last_ns)
			repeating->last_ns = *time_ns;
		if (!repeating->first_ns)
			repeating->first_ns = *time_ns;
		*time_ns += repeating->shift_ns;
	}
	repeating->samples += raw->type == PERF_RECORD_SAMPLE;
	return ev_writer_add(repeating->writer, words, raw->size_bytes, err);
}

static int repeat(struct repeating *repeating, struct ev_err *err)
{
	struct ev_raw raw;
	uint64_t step_ns = 0;
	int rc = 1;

	while (repeating->samples < repeating->wanted && rc >= 0) {
		uint64_t before = repeating->samples;

		while (repeating->samples < repeating->wanted &&
		       (rc = ev_reader_next(repeating->reader, &raw, err)) > 0)
			if ((rc = take(repeating, &raw, err)) < 0)
				return rc;
		if (!step_ns)
			step_ns = repeating->last_ns - repeating->first_ns + 1;
		repeating->shift_ns += step_ns;
		if (rc < 0 || repeating->samples == before)
			return rc;
		rc = ev_reader_rewind(repeating->reader, err);
	}
	return rc < 0 ? rc : 0;
}

int main(int argc, char **argv)
{
	struct repeating repeating = { .wanted = argc == 4 ? strtoull(argv[1], NULL, 10) : 0 };
	const struct ev_writer_options options = { 0 };
	struct ev_recording *recording;
	struct ev_err err = { 0 };
	int rc;

	if (!repeating.wanted) {
		fputs("usage: repeat SAMPLES FROM TO\n", stderr);
		return 2;
	}
	rc = ev_reader_open(&repeating.reader, argv[2], &err);
	if (!rc) {
		recording = ev_reader_recording(repeating.reader);
		repeating.layout = ev_layout_of(&recording->events[0].attr);
		rc = ev_writer_open(&repeating.writer, argv[3], &options, recording, &err);
	}
	if (!rc) {
		rc = repeat(&repeating, &err);
		if (!rc)
			rc = ev_writer_finish(repeating.writer, recording, &err);
		ev_writer_close(repeating.writer);
	}
	ev_reader_close(repeating.reader);
	if (rc)
		fprintf(stderr, "repeat: %s\n", err.text);
	return rc != 0;
}
