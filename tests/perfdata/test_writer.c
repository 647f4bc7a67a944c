/* What the writer makes can be read back, by this reader and by perf, finished or not. */
#include <fcntl.h>
#include <signal.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include "recordings.h"

#define SAMPLE_TYPE                                                                                \
	(PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_CPU |                   \
	 PERF_SAMPLE_PERIOD | PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_CALLCHAIN)

static const uint64_t chain[] = { PERF_CONTEXT_USER, 0x400100, 0x400200 };
static const struct ev_writer_options plain = { 0 };
static const struct ev_writer_options packed = { .compression_level = 3 };
static const struct ev_writer_options stream = { .pipe = true };
static const struct ev_writer_options packed_stream = { .pipe = true, .compression_level = 1 };

static void make_recording(struct ev_recording *recording)
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

static void add(struct ev_writer *writer, const struct ev_record *record)
{
	struct ev_err err = { 0 };

	if (ev_writer_add_record(writer, record, &err) < 0)
		fail_msg("%s", err.text);
}

/* A comm, a mapping, then so many samples with chains, the two events in turn. */
static void add_records(struct ev_writer *writer, const struct ev_recording *recording,
			unsigned samples)
{
	struct ev_record record = make_comm(recording, 900, "a-comm");

	add(writer, &record);
	record = make_mmap(recording, 950, "/bin/x");
	add(writer, &record);
	for (unsigned i = 0; i < samples; i++) {
		record = make_sample(recording, (int)(i & 1), 1000 + i, 0x400000 + i % 4096);
		record.sample.chain = chain;
		record.sample.chain_count = EV_LENGTH(chain);
		add(writer, &record);
	}
}

static struct ev_writer *start(const char *path, const struct ev_writer_options *options,
			       const struct ev_recording *recording)
{
	struct ev_err err = { 0 };
	struct ev_writer *writer;

	if (ev_writer_open(&writer, path, options, recording, &err) < 0)
		fail_msg("%s", err.text);
	return writer;
}

static void write_file(const char *path, const struct ev_writer_options *options, unsigned samples)
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

static struct ev_reader *open_file(const char *path)
{
	struct ev_err err = { 0 };
	struct ev_reader *reader;

	if (ev_reader_open(&reader, path, &err) < 0)
		fail_msg("%s", err.text);
	return reader;
}

static void assert_described(const struct ev_recording *recording)
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

static void assert_events(const struct ev_recording *recording)
{
	assert_int_equal(recording->event_count, 2);
	assert_string_equal(recording->events[0].name, "cpu-clock");
	assert_string_equal(recording->events[1].name, "page-faults");
	assert_int_equal(recording->events[1].attr.config, PERF_COUNT_SW_PAGE_FAULTS);
	assert_int_equal(recording->events[1].attr.freq, 1);
	assert_int_equal(recording->events[1].id_count, 2);
	assert_int_equal(recording->events[1].ids[1], 21);
}

static void assert_reads_back(const char *path, unsigned samples)
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

/* ---- no room ----------------------------------------------------------------------------------
 */

/* What is left when the disk, or the limit, is full, and how much of it there was. */
enum { ROOM_BYTES = 300000 }; /* 294912, in whole pages */

/* Samples that pack badly, until one is refused. How many were taken is at the most returned. */
static unsigned fill(struct ev_writer *writer, const struct ev_recording *recording, int code,
		     struct ev_err *err)
{
	uint64_t noise = 1;
	unsigned added;
	int rc = 0;

	for (added = 0; rc == 0 && added < 1000000; added++) {
		struct ev_record record = make_sample(recording, 0, 1000 + added, 0x400000);

		noise = noise * 6364136223846793005 + 1442695040888963407;
		record.sample.ip = noise;
		record.sample.period = noise >> 7 ^ noise << 9;
		rc = ev_writer_add_record(writer, &record, err);
	}
	assert_int_equal(rc, -code);
	return added;
}

/* The file is whole up to where its header says, which is most of the room there was. */
static unsigned assert_partial(const char *path, bool finished)
{
	struct ev_reader *reader = open_file(path);
	const struct ev_recording *recording = ev_reader_recording(reader);
	struct outcome outcome = walk_reader(reader);
	struct ev_buffer bytes = slurp(path);
	uint64_t data[2];

	assert_int_equal(outcome.ended, 0);
	assert_int_equal(outcome.damaged, 0);
	assert_true(outcome.unfinished);
	assert_string_equal(recording->events[0].name, "cpu-clock");
	assert_int_equal(recording->build_id_count, finished);
	assert_int_equal(!!ev_recording_note(recording, EV_NOTE_PARTIAL, NULL), finished);
	memcpy(data, bytes.bytes + EV_FILE_HEADER_DATA_AT, sizeof(data));
	assert_in_range(data[0] + data[1], ROOM_BYTES * 2 / 3, ROOM_BYTES);
	assert_true(finished == (bytes.size_bytes > data[0] + data[1]));
	ev_buffer_done(&bytes);
	ev_reader_close(reader);
	return (unsigned)outcome.samples;
}

/* Fill what room there is, and close without or with an end that finds room again. */
static void fill_up(const char *path, const struct ev_writer_options *options, int code,
		    const struct rlimit *more_room)
{
	static const uint8_t symbols[ROOM_BYTES];
	struct ev_recording recording = { 0 };
	struct ev_writer *writer;
	struct ev_err err = { 0 };
	size_t kept, of;
	unsigned added;
	const char *told;

	make_recording(&recording);
	/* Never fits into what is left of a page or piece. */
	ev_recording_set_section(&recording, EV_FEATURE_EVPROF_SYMBOLS, symbols, sizeof(symbols));
	writer = start(path, options, &recording);
	assert_null(ev_writer_failure(writer));
	added = fill(writer, &recording, code, &err);
	assert_non_null(strstr(err.text, path));
	told = strstr(err.text, "kept ");
	assert_non_null(told);
	assert_int_equal(sscanf(told, "kept %zu of the last %zu bytes", &kept, &of), 2);
	assert_in_range(kept, 1, of - 1);
	assert_string_equal(ev_writer_failure(writer), err.text);
	assert_in_range(ev_writer_size(writer), ROOM_BYTES * 2 / 3, ROOM_BYTES);
	/* Nothing more goes in, and the answer stays the same. */
	assert_int_equal(ev_writer_flush(writer, &err), -code);
	if (more_room)
		assert_int_equal(setrlimit(RLIMIT_FSIZE, more_room), 0);
	assert_int_equal(ev_writer_finish(writer, &recording, &err), more_room ? 0 : -code);
	assert_non_null(strstr(ev_writer_failure(writer), "kept "));
	ev_writer_close(writer);
	assert_in_range(assert_partial(path, more_room), 1, added - 1);
	ev_recording_done(&recording);
}

static void a_full_disk_keeps_what_fits(void **state)
{
	static const struct ev_writer_options *const layouts[] = { &plain, &packed };
	char *folder = temporary_folder(), *path = ev_printf("%s/perf.data", folder);

	(void)state;
	if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("tmpfs", folder, "tmpfs", 0, "size=294912") < 0) {
		print_message("SKIP a_full_disk_keeps_what_fits: no right to mount\n");
		remove_folder(folder);
		free(path);
		skip();
	}
	for (size_t i = 0; i < EV_LENGTH(layouts); i++) {
		fill_up(path, layouts[i], ENOSPC, NULL);
		assert_int_equal(unlink(path), 0);
	}
	umount(folder);
	free(path);
	remove_folder(folder);
}

/* No file of this process may grow above so many bytes from here on. */
static void limit_files(rlim_t size_bytes, struct rlimit *before)
{
	struct rlimit limit;

	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, before), 0);
	limit = *before;
	limit.rlim_cur = size_bytes;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void a_file_size_limit_keeps_what_fits(void **state)
{
	static const struct ev_writer_options *const layouts[] = { &plain, &packed };
	char *folder = temporary_folder(), *path = ev_printf("%s/perf.data", folder);
	struct rlimit before;

	(void)state;
	for (size_t i = 0; i < EV_LENGTH(layouts); i++)
		for (int again = 0; again < 2; again++) {
			limit_files(ROOM_BYTES, &before);
			fill_up(path, layouts[i], EFBIG, again ? &before : NULL);
			assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
		}
	free(path);
	remove_folder(folder);
}

static void features_without_room_leave_an_unfinished_file(void **state)
{
	static const struct ev_writer_options *const layouts[] = { &plain, &packed };
	char *folder = temporary_folder(), *path = ev_printf("%s/perf.data", folder);

	(void)state;
	for (size_t i = 0; i < EV_LENGTH(layouts); i++) {
		struct ev_recording recording = { 0 };
		struct ev_writer *writer;
		struct ev_reader *reader;
		struct ev_err err = { 0 };
		struct outcome outcome;
		struct rlimit before;

		make_recording(&recording);
		writer = start(path, layouts[i], &recording);
		add_records(writer, &recording, 1000);
		assert_int_equal(ev_writer_flush(writer, &err), 0);
		limit_files(ev_writer_size(writer) + 10, &before);
		assert_int_equal(ev_writer_finish(writer, &recording, &err), -EFBIG);
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
		assert_non_null(ev_writer_failure(writer));
		ev_writer_close(writer);
		reader = open_file(path);
		outcome = walk_reader(reader);
		assert_int_equal(outcome.ended, 0);
		assert_int_equal(outcome.samples, 1000);
		assert_true(outcome.unfinished);
		ev_reader_close(reader);
		ev_recording_done(&recording);
	}
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
		cmocka_unit_test(long_sections_travel_in_streams),
		cmocka_unit_test(a_killed_recorder_leaves_what_was_flushed),
		cmocka_unit_test(counters_opened_later_have_their_ids_in_the_file),
		cmocka_unit_test(a_full_disk_keeps_what_fits),
		cmocka_unit_test(a_file_size_limit_keeps_what_fits),
		cmocka_unit_test(features_without_room_leave_an_unfinished_file),
		cmocka_unit_test(no_record_spans_two_compressed_ones),
		cmocka_unit_test(perf_reads_every_layout),
		cmocka_unit_test(perf_reads_an_unfinished_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
