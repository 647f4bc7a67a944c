/* Recordings made by others ($EV_CASES): the samples and periods of every event are what their
 * counts.txt says, whichever way they are read, and malformed ones end with a message. */
#include <dirent.h>
#include <sys/stat.h>
#include "recordings.h"

struct total {
	uint64_t samples, period;
};
struct totals {
	struct total event[64];
};

/* perf counts a sample that carries counts once per count, by how far that has grown. */
static void add_reads(const struct ev_recording *recording, const struct ev_sample *sample,
		      struct ev_map *indexes, uint64_t *last, struct totals *totals)
{
	for (size_t i = 0; i < sample->read_count; i++) {
		const struct ev_read_value *value = &sample->reads[i];
		bool added;
		uint32_t *index = ev_map_add(indexes, value->id, 0, &added);
		uint64_t grown;

		if (added)
			*index = (uint32_t)indexes->count - 1;
		assert_in_range(*index, 0, 255);
		grown = value->value - last[*index];
		last[*index] = value->value;
		for (size_t event = 0; grown && event < recording->event_count; event++)
			for (size_t k = 0; k < recording->events[event].id_count; k++)
				if (recording->events[event].ids[k] == value->id) {
					totals->event[event].samples++;
					totals->event[event].period += grown;
				}
	}
}

static void add_sample(const struct ev_recording *recording, const struct ev_record *record,
		       struct ev_map *indexes, uint64_t *last, struct totals *totals)
{
	const struct perf_event_attr *attr;

	assert_in_range(record->event, 0, 63);
	attr = &recording->events[record->event].attr;
	if (attr->sample_type & PERF_SAMPLE_READ && record->sample.reads) {
		add_reads(recording, &record->sample, indexes, last, totals);
		return;
	}
	totals->event[record->event].samples++;
	totals->event[record->event].period += record->sample.has & PERF_SAMPLE_PERIOD
						       ? record->sample.period
						       : attr->sample_period;
}

/* counts.txt: "event\tsamples\tperiods" a line. Events that perf makes up while it unpacks
 * processor traces are of no attribute and left out. */
static void assert_counts(const char *name, const char *counts,
			  const struct ev_recording *recording, const struct totals *totals)
{
	static const char *const made_up[] = { "psb", "cbr", "branches" };
	size_t matched = 0, with_samples = 0;

	for (size_t i = 0; i < recording->event_count; i++)
		with_samples += totals->event[i].samples > 0;
	for (const char *line = counts; *line; line = strchr(line, '\n') + 1) {
		const char *tab = strchr(line, '\t');
		size_t length = (size_t)(tab - line);
		unsigned long long samples, period;
		bool found = false;

		assert_int_equal(sscanf(tab, "%llu %llu", &samples, &period), 2);
		for (size_t i = 0; i < EV_LENGTH(made_up); i++)
			if (strstr(name, "intel_pt") && length == strlen(made_up[i]) &&
			    memcmp(line, made_up[i], length) == 0)
				goto next;
		for (size_t i = 0; i < recording->event_count; i++) {
			const char *own = recording->events[i].name;

			if (totals->event[i].samples == samples &&
			    totals->event[i].period == period &&
			    (!own[0] || strncmp(own, line, length) == 0 || strstr(name, "hiperf")))
				found = true;
		}
		if (!found)
			fail_msg("%s: no event has %.*s", name, (int)strcspn(line, "\n"), line);
		matched++;
	next:
		if (!strchr(line, '\n'))
			break;
	}
	assert_int_equal(matched, with_samples);
}

static void read_all(struct ev_reader *reader, const char *name, struct totals *totals)
{
	struct ev_recording *recording = ev_reader_recording(reader);
	struct ev_decoder *decoder = ev_decoder_open(recording);
	struct ev_map indexes = { 0 };
	uint64_t last[256] = { 0 };
	struct ev_record record;
	struct ev_raw raw;
	struct ev_err err = { 0 };
	int rc;

	memset(totals, 0, sizeof(*totals));
	while ((rc = ev_reader_next(reader, &raw, &err)) == 1) {
		assert_int_equal((uintptr_t)raw.header % 8, 0);
		if (ev_decode(decoder, &raw, &record) < 0)
			fail_msg("%s: record of type %u at %llu", name, raw.type,
				 (unsigned long long)raw.offset);
		if (raw.type == PERF_RECORD_SAMPLE)
			add_sample(recording, &record, &indexes, last, totals);
	}
	if (rc < 0)
		fail_msg("%s: %s", name, err.text);
	ev_map_done(&indexes);
	ev_decoder_close(decoder);
}

static void read_in_order(struct ev_reader *reader, const char *name, struct totals *totals)
{
	struct ev_ordered *ordered = ev_ordered_open(reader);
	struct ev_recording *recording = ev_reader_recording(reader);
	struct ev_map indexes = { 0 };
	uint64_t last[256] = { 0 }, before_ns = 0;
	struct ev_record record;
	struct ev_err err = { 0 };
	int rc;

	memset(totals, 0, sizeof(*totals));
	while ((rc = ev_ordered_next(ordered, &record, &err)) == 1) {
		if (record.time_ns && record.time_ns < before_ns)
			fail_msg("%s: %llu after %llu", name, (unsigned long long)record.time_ns,
				 (unsigned long long)before_ns);
		if (record.time_ns)
			before_ns = record.time_ns;
		if (record.type == PERF_RECORD_SAMPLE)
			add_sample(recording, &record, &indexes, last, totals);
	}
	if (rc < 0)
		fail_msg("%s: %s", name, err.text);
	ev_map_done(&indexes);
	ev_ordered_close(ordered);
}

/* The samples alone, in three parts that begin where the first reader says. */
static uint64_t count_in_parts(struct ev_reader *reader)
{
	uint64_t samples = 0, at[4] = { ev_reader_tell(reader) }, size = ev_reader_size(reader);
	struct ev_err err = { 0 };
	struct ev_raw raw;
	int cuts = 1;

	while (ev_reader_next(reader, &raw, &err) == 1)
		if (cuts < 3 && ev_reader_tell(reader) > size / 3 * (unsigned)cuts)
			at[cuts++] = ev_reader_tell(reader);
	at[cuts] = size;
	for (int i = 0; i < cuts; i++) {
		struct ev_reader *part;

		assert_int_equal(ev_reader_part(reader, at[i], at[i + 1], &part, &err), 0);
		while (ev_reader_next(part, &raw, &err) == 1)
			samples += raw.type == PERF_RECORD_SAMPLE;
		ev_reader_close(part);
	}
	return samples;
}

static uint64_t stored_samples(struct ev_reader *reader)
{
	struct ev_err err;
	struct ev_raw raw;
	uint64_t samples = 0;

	while (ev_reader_next(reader, &raw, &err) == 1)
		samples += raw.type == PERF_RECORD_SAMPLE;
	assert_int_equal(ev_reader_rewind(reader, &err), 0);
	return samples;
}

static void check_case(const char *name, const char *path, const char *counts)
{
	struct totals plain, again, ordered;
	struct ev_reader *reader;
	struct ev_err err = { 0 };

	if (ev_reader_open(&reader, path, &err) < 0)
		fail_msg("%s: %s", name, err.text);
	read_all(reader, name, &plain);
	assert_counts(name, counts, ev_reader_recording(reader), &plain);
	assert_false(ev_reader_recording(reader)->unfinished);
	assert_int_equal(ev_reader_rewind(reader, &err), 0);
	read_all(reader, name, &again);
	assert_memory_equal(&plain, &again, sizeof(plain));
	assert_int_equal(ev_reader_rewind(reader, &err), 0);
	read_in_order(reader, name, &ordered);
	assert_memory_equal(&plain, &ordered, sizeof(plain));
	if (ev_reader_can_split(reader)) {
		uint64_t samples;

		assert_int_equal(ev_reader_rewind(reader, &err), 0);
		samples = stored_samples(reader);
		assert_int_equal(count_in_parts(reader), samples);
	}
	ev_reader_close(reader);
}

/* Calls `visit` for every file name in a folder; 0 when there is no such folder. */
static size_t for_each_in(const char *folder, void (*visit)(const char *folder, const char *name))
{
	DIR *open_folder = opendir(folder);
	struct dirent *entry;
	size_t count = 0;

	while (open_folder && (entry = readdir(open_folder))) {
		if (entry->d_name[0] == '.')
			continue;
		visit(folder, entry->d_name);
		count++;
	}
	if (open_folder)
		closedir(open_folder);
	return count;
}

static void visit_case(const char *folder, const char *name)
{
	char *path = ev_printf("%s/%s/perf.data", folder, name);
	char *counts_path = ev_printf("%s/%s/counts.txt", folder, name);
	char *counts = NULL;
	size_t size_bytes;

	if (access(path, R_OK) == 0 && ev_file_read(counts_path, &counts, &size_bytes) == 0)
		check_case(name, path, counts);
	free(counts);
	free(counts_path);
	free(path);
}

static const char *cases_or_skip(const char *test)
{
	const char *cases = getenv("EV_CASES");

	if (!cases || access(cases, R_OK) < 0) {
		print_message("SKIP %s: EV_CASES names no folder of recordings\n", test);
		skip();
	}
	return cases;
}

static void counts_are_those_of_perf(void **state)
{
	(void)state;
	assert_true(for_each_in(cases_or_skip("counts_are_those_of_perf"), visit_case) > 0);
}

static void visit_hostile(const char *folder, const char *name)
{
	char *path = ev_printf("%s/%s", folder, name);
	struct ev_buffer bytes = slurp(path);
	struct outcome outcome = walk_memory(bytes.bytes, bytes.size_bytes);

	if (outcome.opened < 0 || outcome.ended < 0)
		assert_true(outcome.err.text[0]);
	assert_true(outcome.records <= bytes.size_bytes / 8);
	ev_buffer_done(&bytes);
	free(path);
}

static void malformed_recordings_end_with_a_message_or_an_answer(void **state)
{
	char *folder =
		ev_printf("%s/hostile",
			  cases_or_skip("malformed_recordings_end_with_a_message_or_an_answer"));

	(void)state;
	for_each_in(folder, visit_hostile);
	free(folder);
}

static void a_record_of_size_0_is_an_error(void **state)
{
	char *path = ev_printf("%s/q-piped.corrupted.zero_size_sample-3.2/perf.data",
			       cases_or_skip("a_record_of_size_0_is_an_error"));
	struct ev_reader *reader;
	struct ev_err err = { 0 };
	struct outcome outcome;

	(void)state;
	assert_int_equal(ev_reader_open(&reader, path, &err), 0);
	outcome = walk_reader(reader);
	assert_int_equal(outcome.ended, -EINVAL);
	assert_int_equal(outcome.records, 570);
	assert_non_null(strstr(outcome.err.text, "49104"));
	ev_reader_close(reader);
	free(path);
}

static void tracing_data_inside_its_record_is_found(void **state)
{
	char *path = ev_printf("%s/sp-tracepoint_event/perf.data",
			       cases_or_skip("tracing_data_inside_its_record_is_found"));
	struct totals totals;
	struct ev_reader *reader;
	struct ev_err err = { 0 };

	(void)state;
	assert_int_equal(ev_reader_open(&reader, path, &err), 0);
	read_all(reader, "sp-tracepoint_event", &totals);
	assert_int_equal(totals.event[0].samples, 31);
	assert_int_equal(totals.event[1].samples, 14);
	assert_int_equal(totals.event[1].period, 5642436);
	assert_non_null(ev_recording_section(ev_reader_recording(reader), EV_FEATURE_TRACING_DATA));
	ev_reader_close(reader);
	free(path);
}

/* Every prefix, and every byte changed, of a few small files. */
static void damage_of_small_files_is_survived(void **state)
{
	static const char *const names[] = { "q-ctx_switch_namespaces-4.14", "autofdo-ro_sample",
					     "hiperf-report_test", "q-piped.group_desc-6.8",
					     "lpd-sleep.compressed2" };
	const char *cases = cases_or_skip("damage_of_small_files_is_survived");

	(void)state;
	for (size_t i = 0; i < EV_LENGTH(names); i++) {
		char *path = ev_printf("%s/%s/perf.data", cases, names[i]);
		struct ev_buffer bytes = slurp(path);

		for (size_t size = 0; size < bytes.size_bytes; size += 1 + size / 200) {
			struct outcome outcome = walk_memory(bytes.bytes, size);

			if (outcome.opened < 0 || outcome.ended < 0)
				assert_true(outcome.err.text[0]);
			else /* a stream cut between two records looks whole */
				assert_true(outcome.unfinished || strstr(names[i], "piped"));
		}
		for (size_t at = 0; at < bytes.size_bytes; at += 1 + at / 300) {
			bytes.bytes[at] ^= 0xff;
			walk_memory(bytes.bytes, bytes.size_bytes);
			bytes.bytes[at] ^= 0xff;
		}
		ev_buffer_done(&bytes);
		free(path);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_are_those_of_perf),
		cmocka_unit_test(malformed_recordings_end_with_a_message_or_an_answer),
		cmocka_unit_test(a_record_of_size_0_is_an_error),
		cmocka_unit_test(tracing_data_inside_its_record_is_found),
		cmocka_unit_test(damage_of_small_files_is_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
