/* What the writer makes can be read back, by this reader and by perf, finished or not. */
#include <sys/mount.h>
#include <sys/wait.h>
#include "written.h"

static const struct ev_writer_options plain = { 0 };
static const struct ev_writer_options packed = { .compression_level = 3 };
static const struct ev_writer_options stream = { .pipe = true };
static const struct ev_writer_options packed_stream = { .pipe = true, .compression_level = 1 };

static void every_layout_reads_back(void **state)
{
	static const struct ev_writer_options *const layouts[] = { &plain, &packed, &stream,
								   &packed_stream };
	/* None, few, and more than one chunk of a megabyte. */
	static const unsigned counts[] = { 0, 5, 40000 };
	char *folder = temporary_folder(), *path = ev_printf("%s/perf.data", folder);

	(void)state;
	for (size_t i = 0; i < EV_LENGTH(layouts); i++)
		for (size_t k = 0; k < EV_LENGTH(counts); k++) {
			write_file(path, layouts[i], counts[k]);
			assert_reads_back(path, counts[k]);
		}
	free(path);
	remove_folder(folder);
}

static void a_stream_on_stdout_reads_back(void **state)
{
	char *folder = temporary_folder(), *path = ev_printf("%s/stream", folder);
	int file = open(path, O_RDWR | O_CREAT, 0600), keep = dup(STDOUT_FILENO);

	(void)state;
	assert_true(file >= 0 && keep >= 0);
	fflush(stdout);
	dup2(file, STDOUT_FILENO);
	write_file("-", &stream, 100);
	dup2(keep, STDOUT_FILENO);
	close(keep);
	close(file);
	assert_reads_back(path, 100);
	free(path);
	remove_folder(folder);
}

/* A comm, one that stays readable, and samples: in that order, whatever is packed. */
static void a_plain_record_stands_outside_of_compressed_ones(void **state)
{
	static const struct ev_writer_options *const all[] = { &plain, &packed, &stream,
							       &packed_stream };
	char *folder = temporary_folder(), *path = ev_printf("%s/data", folder);

	(void)state;
	for (size_t i = 0; i < EV_LENGTH(all); i++) {
		struct ev_recording recording = { 0 };
		struct ev_buffer bytes = { 0 };
		struct ev_record record;
		struct ev_writer *writer;
		struct ev_err err = { 0 };

		make_recording(&recording);
		writer = start(path, all[i], &recording);
		add_records(writer, &recording, 10);
		record = make_comm(&recording, 2000, "plain-as-day");
		assert_int_equal(ev_encode(&recording, &record, &bytes, &err), 0);
		assert_int_equal(ev_writer_add_plain(writer, bytes.bytes, bytes.size_bytes, &err),
				 0);
		add_records(writer, &recording, 90);
		assert_int_equal(ev_writer_finish(writer, &recording, &err), 0);
		ev_writer_close(writer);
		assert_reads_back(path, 100);
		ev_buffer_done(&bytes);
		bytes = slurp(path);
		assert_non_null(memmem(bytes.bytes, bytes.size_bytes, "plain-as-day", 12));
		ev_buffer_done(&bytes);
		ev_recording_done(&recording);
	}
	free(path);
	remove_folder(folder);
}

static void long_sections_travel_in_streams(void **state)
{
	char *folder = temporary_folder(), *path = ev_printf("%s/stream", folder);
	size_t size_bytes = 3 * EV_PIECE_BYTES_MAX + 17;
	uint8_t *bytes = ev_alloc(size_bytes);
	struct ev_recording recording = { 0 };
	const struct ev_section *section;
	struct ev_reader *reader;
	struct ev_writer *writer;
	struct ev_err err = { 0 };

	(void)state;
	for (size_t i = 0; i < size_bytes; i++)
		bytes[i] = (uint8_t)(i * 7 + i / 251);
	make_recording(&recording);
	ev_recording_set_section(&recording, EV_FEATURE_EVPROF_SYMBOLS, bytes, size_bytes);
	writer = start(path, &stream, &recording);
	assert_int_equal(ev_writer_finish(writer, &recording, &err), 0);
	ev_writer_close(writer);
	reader = open_file(path);
	assert_int_equal(walk_reader(reader).ended, 0);
	section = ev_recording_section(ev_reader_recording(reader), EV_FEATURE_EVPROF_SYMBOLS);
	assert_int_equal(section->size_bytes, size_bytes);
	assert_memory_equal(section->bytes, bytes, size_bytes);
	ev_reader_close(reader);
	ev_recording_done(&recording);
	free(bytes);
	free(path);
	remove_folder(folder);
}

static void a_killed_recorder_leaves_what_was_flushed(void **state)
{
	static const struct ev_writer_options *const layouts[] = { &plain, &packed };
	char *folder = temporary_folder(), *path = ev_printf("%s/perf.data", folder);

	(void)state;
	for (size_t i = 0; i < EV_LENGTH(layouts); i++) {
		struct ev_recording recording = { 0 };
		struct ev_reader *reader;
		struct outcome outcome;
		pid_t child;
		int status;

		make_recording(&recording);
		child = fork();
		if (child == 0) {
			struct ev_writer *writer = start(path, layouts[i], &recording);

			add_records(writer, &recording, 1000);
			ev_writer_flush(writer, NULL);
			add_records(writer, &recording, 1000);
			raise(SIGKILL);
		}
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFSIGNALED(status));
		reader = open_file(path);
		/* Known before the first record is asked for. */
		assert_events(ev_reader_recording(reader));
		assert_string_equal(ev_reader_recording(reader)->hostname, "host");
		assert_true(ev_reader_recording(reader)->unfinished);
		outcome = walk_reader(reader);
		assert_int_equal(outcome.ended, 0);
		assert_int_equal(outcome.samples, 1000);
		ev_reader_close(reader);
		ev_recording_done(&recording);
	}
	free(path);
	remove_folder(folder);
}

static void counters_opened_later_have_their_ids_in_the_file(void **state)
{
	char *folder = temporary_folder(), *path = ev_printf("%s/perf.data", folder);
	static uint64_t more[] = { 20, 21, 22, 23 };
	struct ev_recording recording = { 0 };
	struct ev_reader *reader;
	struct ev_writer *writer;
	struct ev_err err = { 0 };

	(void)state;
	make_recording(&recording);
	writer = start(path, &plain, &recording);
	add_records(writer, &recording, 10);
	recording.events[1].ids = more;
	recording.events[1].id_count = 4;
	assert_int_equal(ev_writer_finish(writer, &recording, &err), 0);
	ev_writer_close(writer);
	reader = open_file(path);
	assert_int_equal(ev_reader_recording(reader)->events[1].id_count, 4);
	assert_int_equal(ev_reader_recording(reader)->events[1].ids[3], 23);
	assert_int_equal(ev_reader_recording(reader)->events[0].ids[1], 11);
	ev_reader_close(reader);
	ev_recording_done(&recording);
	free(path);
	remove_folder(folder);
}

/* What follows a kill in the middle of a chunk: every COMPRESSED record ends with a record. */
static void no_record_spans_two_compressed_ones(void **state)
{
	char *folder = temporary_folder(), *path = ev_printf("%s/perf.data", folder);
	struct ev_unpacker *unpacker = ev_unpacker_open();
	struct ev_buffer bytes;
	uint64_t data[2], samples = 0;
	unsigned chunks = 0;

	(void)state;
	write_file(path, &packed, 40000);
	bytes = slurp(path);
	memcpy(data, bytes.bytes + EV_FILE_HEADER_DATA_AT, sizeof(data));
	for (uint64_t at = data[0]; at < data[0] + data[1];) {
		struct perf_event_header header;
		const void *record;
		size_t size_bytes;

		memcpy(&header, bytes.bytes + at, sizeof(header));
		assert_int_equal(header.type, EV_RECORD_COMPRESSED);
		ev_unpacker_feed(unpacker, bytes.bytes + at + sizeof(header),
				 header.size - sizeof(header));
		while (ev_unpacker_next(unpacker, false, &record, &size_bytes, NULL) == 1)
			samples += ((const struct perf_event_header *)record)->type ==
				   PERF_RECORD_SAMPLE;
		assert_false(ev_unpacker_partial(unpacker));
		at += header.size;
		chunks++;
	}
	assert_int_equal(samples, 40000);
	assert_true(chunks > 10);
	ev_unpacker_close(unpacker);
	ev_buffer_done(&bytes);
	free(path);
	remove_folder(folder);
}

/* ---- perf as a reader -------------------------------------------------------------------------
 */

static void skip_without_perf(const char *test)
{
	if (system("perf --version >/dev/null 2>&1") == 0)
		return;
	print_message("SKIP %s: perf is not installed\n", test);
	skip();
}

/* Output of a perf command on the file; it must succeed and say nothing on stderr. */
static char *ask_perf(const char *folder, const char *path, const char *arguments)
{
	char *command = ev_printf("HOME=%s perf %s -i %s >%s/out 2>%s/err </dev/null", folder,
				  arguments, path, folder, folder);
	char *out_path = ev_printf("%s/out", folder), *err_path = ev_printf("%s/err", folder);
	char *out, *complaint;
	size_t size_bytes;
	int rc = system(command);

	assert_int_equal(ev_file_read(out_path, &out, &size_bytes), 0);
	assert_int_equal(ev_file_read(err_path, &complaint, &size_bytes), 0);
	if (rc != 0 || complaint[0])
		fail_msg("%s: %d, %s", command, rc, complaint);
	free(complaint);
	free(out_path);
	free(err_path);
	free(command);
	return out;
}

static unsigned count_of(const char *text, const char *part)
{
	unsigned count = 0;

	for (; (text = strstr(text, part)); text += strlen(part))
		count++;
	return count;
}

static void assert_perf_reads(const char *folder, const char *path, bool finished, bool is_stream)
{
	char *text = ask_perf(folder, path, "script -F event,ip,period");

	assert_int_equal(count_of(text, "cpu-clock:"), 2500);
	assert_int_equal(count_of(text, "page-faults:"), 2500);
	free(text);
	text = ask_perf(folder, path, "report --stdio -g none --no-children --group");
	assert_non_null(strstr(text, "a-comm"));
	assert_null(strstr(text, "WARNING"));
	free(text);
	text = ask_perf(folder, path, "evlist -v");
	assert_int_equal(count_of(text, "\n"), 2);
	assert_non_null(strstr(text, ": type: 1, size: 128, config: 0x2, "));
	free(text);
	if (!finished)
		return;
	text = ask_perf(folder, path, "report --header-only");
	assert_int_equal(count_of(text, "# hostname : host\n"), 1);
	assert_non_null(strstr(text, "# nrcpus online : 2\n"));
	assert_non_null(strstr(text, "# nrcpus avail : 4\n"));
	assert_non_null(strstr(text, "# cmdline : evprof record ./a \"b\""));
	assert_non_null(strstr(text, "# total memory : 4096 kB\n"));
	if (!is_stream)
		assert_non_null(strstr(text, "# event : name = cpu-clock, "));
	free(text);
	if (is_stream)
		return;
	text = ask_perf(folder, path, "buildid-list");
	assert_non_null(strstr(text, "3132333435363738393031323334353637383930 /bin/x"));
	free(text);
}

static void perf_reads_every_layout(void **state)
{
	static const struct ev_writer_options *const layouts[] = { &plain, &packed, &stream,
								   &packed_stream };
	char *folder, *path;

	(void)state;
	skip_without_perf("perf_reads_every_layout");
	folder = temporary_folder();
	path = ev_printf("%s/perf.data", folder);
	for (size_t i = 0; i < EV_LENGTH(layouts); i++) {
		write_file(path, layouts[i], 5000);
		assert_perf_reads(folder, path, true, layouts[i]->pipe);
	}
	free(path);
	remove_folder(folder);
}

static void perf_reads_an_unfinished_file(void **state)
{
	static const struct ev_writer_options *const layouts[] = { &plain, &packed };
	char *folder, *path;

	(void)state;
	skip_without_perf("perf_reads_an_unfinished_file");
	folder = temporary_folder();
	path = ev_printf("%s/perf.data", folder);
	for (size_t i = 0; i < EV_LENGTH(layouts); i++) {
		struct ev_recording recording = { 0 };
		struct ev_writer *writer;

		make_recording(&recording);
		writer = start(path, layouts[i], &recording);
		add_records(writer, &recording, 5000);
		assert_int_equal(ev_writer_flush(writer, NULL), 0);
		ev_writer_close(writer);
		assert_perf_reads(folder, path, false, false);
		ev_recording_done(&recording);
	}
	free(path);
	remove_folder(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_layout_reads_back),
		cmocka_unit_test(a_stream_on_stdout_reads_back),
		cmocka_unit_test(a_plain_record_stands_outside_of_compressed_ones),
		cmocka_unit_test(long_sections_travel_in_streams),
		cmocka_unit_test(a_killed_recorder_leaves_what_was_flushed),
		cmocka_unit_test(counters_opened_later_have_their_ids_in_the_file),
		cmocka_unit_test(no_record_spans_two_compressed_ones),
		cmocka_unit_test(perf_reads_every_layout),
		cmocka_unit_test(perf_reads_an_unfinished_file),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
