/* Where not all fits, what does is kept, and said. */
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include "written.h"

static const struct ev_writer_options plain = { 0 };
static const struct ev_writer_options packed = { .compression_level = 3 };

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_full_disk_keeps_what_fits),
		cmocka_unit_test(a_file_size_limit_keeps_what_fits),
		cmocka_unit_test(features_without_room_leave_an_unfinished_file),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
