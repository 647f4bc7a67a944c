/* The file being written: what it replaces is kept, every byte arrives, nothing is left behind. */
// wrap: write pwrite
#include <fcntl.h>
#include <sys/stat.h>
#include "recordings.h"

/* How the scripted kernel writes: at most so many bytes at once, interrupted every so often. */
static size_t most_bytes = SIZE_MAX;
static unsigned interrupt_every, calls;

ssize_t __real_write(int fd, const void *bytes, size_t size_bytes);
ssize_t __real_pwrite(int fd, const void *bytes, size_t size_bytes, off_t offset);
ssize_t __wrap_write(int fd, const void *bytes, size_t size_bytes);
ssize_t __wrap_pwrite(int fd, const void *bytes, size_t size_bytes, off_t offset);

static bool interrupted(void)
{
	if (!interrupt_every || ++calls % interrupt_every)
		return false;
	errno = EINTR;
	return true;
}

ssize_t __wrap_write(int fd, const void *bytes, size_t size_bytes)
{
	if (interrupted())
		return -1;
	return __real_write(fd, bytes, size_bytes < most_bytes ? size_bytes : most_bytes);
}

ssize_t __wrap_pwrite(int fd, const void *bytes, size_t size_bytes, off_t offset)
{
	if (interrupted())
		return -1;
	return __real_pwrite(fd, bytes, size_bytes < most_bytes ? size_bytes : most_bytes, offset);
}

struct place {
	char *folder, *path, *old_path;
};

static int setup(void **state)
{
	struct place *place = ev_alloc(sizeof(*place));

	place->folder = temporary_folder();
	place->path = ev_printf("%s/perf.data", place->folder);
	place->old_path = ev_printf("%s/perf.data.old", place->folder);
	*state = place;
	return 0;
}

static int teardown(void **state)
{
	struct place *place = *state;

	remove_folder(place->folder);
	free(place->path);
	free(place->old_path);
	free(place);
	return 0;
}

static void put(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void assert_holds(const char *path, const char *text)
{
	struct ev_buffer bytes = slurp(path);

	assert_int_equal(bytes.size_bytes, strlen(text));
	assert_memory_equal(bytes.bytes, text, strlen(text));
	ev_buffer_done(&bytes);
}

static void an_existing_file_becomes_old(void **state)
{
	const struct place *place = *state;
	struct ev_output output;
	struct ev_err err = { 0 };
	struct stat st;

	put(place->path, "first");
	put(place->old_path, "older");
	assert_int_equal(ev_output_open(&output, place->path, false, &err), 0);
	assert_int_equal(ev_output_append(&output, "second", 6, &err), 0);
	ev_output_close(&output);
	assert_holds(place->path, "second");
	assert_holds(place->old_path, "first");
	assert_int_equal(stat(place->path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

static void a_discarded_file_gives_the_old_one_back(void **state)
{
	const struct place *place = *state;
	struct ev_output output;
	struct ev_err err = { 0 };

	put(place->path, "first");
	assert_int_equal(ev_output_open(&output, place->path, false, &err), 0);
	assert_int_equal(ev_output_append(&output, "second", 6, &err), 0);
	ev_output_discard(&output);
	assert_holds(place->path, "first");
	assert_int_equal(access(place->old_path, F_OK), -1);

	assert_int_equal(unlink(place->path), 0);
	assert_int_equal(ev_output_open(&output, place->path, false, &err), 0);
	ev_output_discard(&output);
	assert_int_equal(access(place->path, F_OK), -1);
}

static void a_place_that_can_not_be_written_is_an_error(void **state)
{
	const struct place *place = *state;
	char *missing = ev_printf("%s/none/perf.data", place->folder);
	struct ev_output output;
	struct ev_err err = { 0 };

	assert_int_equal(ev_output_open(&output, missing, false, &err), -ENOENT);
	assert_non_null(strstr(err.text, missing));
	ev_output_close(&output);
	assert_int_equal(ev_output_open(&output, place->folder, false, &err), -EISDIR);
	ev_output_close(&output);
	free(missing);
}

/* No file may be left where the first write already fails. */
static void a_writer_that_fails_at_once_leaves_the_old_file(void **state)
{
	const struct place *place = *state;
	struct ev_writer_options options = { .compression_level = 3 };
	struct ev_recording recording = { 0 };
	struct ev_writer *writer;
	struct ev_err err = { 0 };

	put(place->path, "first");
	add_event(&recording, "one", PERF_SAMPLE_IP);
	interrupt_every = 0;
	most_bytes = 0; /* a write of nothing is a full device */
	assert_int_equal(ev_writer_open(&writer, place->path, &options, &recording, &err), -ENOSPC);
	most_bytes = SIZE_MAX;
	assert_null(writer);
	assert_holds(place->path, "first");
	assert_int_equal(access(place->old_path, F_OK), -1);
	ev_recording_done(&recording);
}

static void short_and_interrupted_writes_lose_nothing(void **state)
{
	const struct place *place = *state;
	struct ev_writer_options options = { 0 };
	struct ev_recording recording = { 0 };
	struct ev_record record;
	struct ev_reader *reader;
	struct ev_writer *writer;
	struct ev_err err = { 0 };
	struct outcome outcome;

	add_event(&recording, "one", PERF_SAMPLE_IP | PERF_SAMPLE_TIME);
	most_bytes = 37;
	interrupt_every = 3;
	assert_int_equal(ev_writer_open(&writer, place->path, &options, &recording, &err), 0);
	for (unsigned i = 0; i < 1000; i++) {
		record = make_sample(&recording, 0, i + 1, i);
		assert_int_equal(ev_writer_add_record(writer, &record, &err), 0);
	}
	assert_int_equal(ev_writer_finish(writer, &recording, &err), 0);
	most_bytes = SIZE_MAX;
	interrupt_every = 0;
	ev_writer_close(writer);
	assert_int_equal(ev_reader_open(&reader, place->path, &err), 0);
	outcome = walk_reader(reader);
	assert_int_equal(outcome.ended, 0);
	assert_int_equal(outcome.samples, 1000);
	assert_false(outcome.unfinished);
	ev_reader_close(reader);
	ev_recording_done(&recording);
}

static void under_sudo_the_file_belongs_to_the_caller(void **state)
{
	const struct place *place = *state;
	struct ev_output output;
	struct ev_err err = { 0 };
	struct stat st;

	if (geteuid() != 0) {
		print_message("SKIP under_sudo_the_file_belongs_to_the_caller: not root\n");
		skip();
	}
	setenv("SUDO_UID", "65534", 1);
	setenv("SUDO_GID", "65533", 1);
	assert_int_equal(ev_output_open(&output, place->path, true, &err), 0);
	ev_output_close(&output);
	assert_int_equal(stat(place->path, &st), 0);
	assert_int_equal(st.st_uid, 65534);
	assert_int_equal(st.st_gid, 65533);
	setenv("SUDO_UID", "not a number", 1);
	assert_int_equal(ev_output_open(&output, place->path, true, &err), 0);
	ev_output_close(&output);
	assert_int_equal(stat(place->path, &st), 0);
	assert_int_equal(st.st_uid, 0);
	unsetenv("SUDO_UID");
	unsetenv("SUDO_GID");
}

static void devices_stay_where_they_are(void **state)
{
	struct ev_output output;
	struct ev_err err = { 0 };
	struct stat st;

	(void)state;
	assert_int_equal(ev_output_open(&output, "/dev/null", false, &err), 0);
	assert_false(output.seekable);
	assert_int_equal(ev_output_append(&output, "x", 1, &err), 0);
	ev_output_discard(&output);
	assert_int_equal(stat("/dev/null", &st), 0);
	assert_true(S_ISCHR(st.st_mode));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(an_existing_file_becomes_old, setup, teardown),
		cmocka_unit_test_setup_teardown(a_discarded_file_gives_the_old_one_back, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_place_that_can_not_be_written_is_an_error, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_writer_that_fails_at_once_leaves_the_old_file,
						setup, teardown),
		cmocka_unit_test_setup_teardown(short_and_interrupted_writes_lose_nothing, setup,
						teardown),
		cmocka_unit_test_setup_teardown(under_sudo_the_file_belongs_to_the_caller, setup,
						teardown),
		cmocka_unit_test(devices_stay_where_they_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
