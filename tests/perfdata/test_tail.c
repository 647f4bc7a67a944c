/* The end of a file, where sections stand that only evprof knows. */
#include "written.h"

static const struct ev_writer_options plain = { 0 };
static const char section[] = "names of functions";

static char *written(const char *folder)
{
	char *path = ev_printf("%s/perf.data", folder);
	struct ev_recording recording = { 0 };
	struct ev_writer *writer;
	struct ev_err err = { 0 };

	make_recording(&recording);
	ev_recording_set_section(&recording, EV_FEATURE_EVPROF_SYMBOLS, section, sizeof(section));
	ev_recording_add_note(&recording, "memo", "a note");
	writer = start(path, &plain, &recording);
	add_records(writer, &recording, 10);
	assert_int_equal(ev_writer_finish(writer, &recording, &err), 0);
	ev_writer_close(writer);
	ev_recording_done(&recording);
	return path;
}

static void sections_of_evprof_have_no_bits_and_come_back(void **state)
{
	char *folder = temporary_folder(), *path = written(folder);
	struct ev_buffer bytes = slurp(path);
	struct ev_reader *reader;
	const struct ev_section *found;
	uint64_t bits[4];

	(void)state;
	memcpy(bits, bytes.bytes + 72, sizeof(bits));
	assert_true(bits[0]);
	assert_false(bits[1] | bits[2] | bits[3]);
	reader = open_file(path);
	found = ev_recording_section(ev_reader_recording(reader), EV_FEATURE_EVPROF_SYMBOLS);
	assert_non_null(found);
	assert_int_equal(found->size_bytes, sizeof(section));
	assert_memory_equal(found->bytes, section, sizeof(section));
	assert_string_equal(ev_recording_note(ev_reader_recording(reader), "memo", NULL), "a note");
	assert_false(ev_reader_recording(reader)->unfinished);
	ev_reader_close(reader);
	ev_buffer_done(&bytes);
	free(path);
	remove_folder(folder);
}

static void an_end_that_does_not_fit_the_file_is_none(void **state)
{
	struct ev_recording recording = { 0 };
	struct ev_buffer bytes = { 0 };
	struct ev_file_place entries;
	uint64_t size_bytes, large = UINT64_MAX;
	uint8_t *last;

	(void)state;
	ev_recording_set_section(&recording, EV_FEATURE_EVPROF_SYMBOLS, section, sizeof(section));
	ev_tail_add(&recording, 1000, &bytes);
	size_bytes = 1000 + bytes.size_bytes;
	last = bytes.bytes + bytes.size_bytes - EV_TAIL_ENTRY_BYTES;
	assert_true(ev_tail_find(last, size_bytes, false, &entries));
	assert_int_equal(entries.size_bytes, EV_TAIL_ENTRY_BYTES);
	assert_int_equal(entries.offset, size_bytes - 2 * EV_TAIL_ENTRY_BYTES);
	assert_false(ev_tail_find(last, size_bytes, true, &entries));
	assert_false(ev_tail_find(last, size_bytes + 8, false, &entries));
	assert_false(ev_tail_find(last, EV_TAIL_ENTRY_BYTES, false, &entries));
	memcpy(last + 8, &large, sizeof(large));
	assert_false(ev_tail_find(last, size_bytes, false, &entries));
	ev_buffer_done(&bytes);
	ev_recording_done(&recording);
}

static void a_recording_without_such_sections_has_no_end(void **state)
{
	struct ev_recording recording = { 0 };
	struct ev_buffer bytes = { 0 };

	(void)state;
	ev_tail_add(&recording, 0, &bytes);
	assert_int_equal(bytes.size_bytes, 0);
	ev_recording_done(&recording);
}

/* Entries that lead anywhere: the rest of the file is read, and called unfinished. */
static void an_entry_that_leads_nowhere_is_left_out(void **state)
{
	char *folder = temporary_folder(), *path = written(folder);
	struct ev_buffer bytes = slurp(path);
	struct ev_reader *reader;
	uint64_t begin, far = UINT64_MAX - 7;
	FILE *file;

	(void)state;
	memcpy(&begin, bytes.bytes + bytes.size_bytes - EV_TAIL_ENTRY_BYTES, sizeof(begin));
	memcpy(bytes.bytes + begin + 8, &far, sizeof(far));
	file = fopen(path, "w");
	assert_int_equal(fwrite(bytes.bytes, 1, bytes.size_bytes, file), bytes.size_bytes);
	assert_int_equal(fclose(file), 0);
	reader = open_file(path);
	assert_true(ev_reader_recording(reader)->unfinished);
	assert_null(ev_recording_section(ev_reader_recording(reader), EV_FEATURE_EVPROF_SYMBOLS));
	assert_non_null(ev_recording_note(ev_reader_recording(reader), "memo", NULL));
	ev_reader_close(reader);
	ev_buffer_done(&bytes);
	free(path);
	remove_folder(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sections_of_evprof_have_no_bits_and_come_back),
		cmocka_unit_test(an_end_that_does_not_fit_the_file_is_none),
		cmocka_unit_test(a_recording_without_such_sections_has_no_end),
		cmocka_unit_test(an_entry_that_leads_nowhere_is_left_out),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
