/* The file being written: what it replaces is kept, every byte arrives, nothing is left behind. */
// wrap: write pwrite
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include "recordings.h"

/* How the scripted kernel writes: at most so many bytes at once, interrupted every so often. */
static size_t most_bytes = SIZE_MAX;
static unsigned interrupt_every, calls;
/* A disk that takes a write as a whole or not at all. */
static size_t room_bytes = SIZE_MAX;

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
	if (size_bytes > room_bytes) {
		errno = ENOSPC;
		return -1;
	}
	if (room_bytes != SIZE_MAX)
		room_bytes -= size_bytes;
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

static unsigned count_files(const char *folder)
{
	DIR *list = opendir(folder);
	unsigned count = 0;

	assert_non_null(list);
	for (const struct dirent *entry; (entry = readdir(list));)
		count += entry->d_name[0] != '.';
	closedir(list);
	return count;
}

/* As it was before an output or writer was opened, and nothing else lies about. */
static void assert_untouched(const struct place *place)
{
	assert_holds(place->path, "first");
	assert_holds(place->old_path, "older");
	assert_int_equal(count_files(place->folder), 2);
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
	assert_int_equal(count_files(place->folder), 2);
	assert_int_equal(stat(place->path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

static void a_file_takes_its_place_when_it_is_published(void **state)
{
	const struct place *place = *state;
	struct ev_output output;
	struct ev_err err = { 0 };

	put(place->path, "first");
	put(place->old_path, "older");
	assert_int_equal(ev_output_open(&output, place->path, false, &err), 0);
	assert_int_equal(ev_output_append(&output, "second", 6, &err), 0);
	assert_holds(place->path, "first");
	assert_holds(place->old_path, "older");
	assert_int_equal(ev_output_publish(&output, &err), 0);
	assert_holds(place->path, "second");
	assert_holds(place->old_path, "first");
	assert_int_equal(count_files(place->folder), 3);
	ev_output_settle(&output);
	assert_int_equal(count_files(place->folder), 2);
	/* Once is enough. */
	assert_int_equal(ev_output_publish(&output, &err), 0);
	ev_output_close(&output);
	assert_holds(place->path, "second");
	assert_holds(place->old_path, "first");
	assert_int_equal(count_files(place->folder), 2);
}

static void a_discarded_file_leaves_everything_as_it_was(void **state)
{
	const struct place *place = *state;
	struct ev_output output;
	struct ev_err err = { 0 };

	put(place->path, "first");
	put(place->old_path, "older");
	for (int published = 0; published < 2; published++) {
		assert_int_equal(ev_output_open(&output, place->path, false, &err), 0);
		assert_int_equal(ev_output_append(&output, "second", 6, &err), 0);
		if (published)
			assert_int_equal(ev_output_publish(&output, &err), 0);
		ev_output_discard(&output);
		assert_untouched(place);
	}
	/* Nothing at the path: what is at path.old stays there. */
	assert_int_equal(unlink(place->path), 0);
	for (int published = 0; published < 2; published++) {
		assert_int_equal(ev_output_open(&output, place->path, false, &err), 0);
		if (published)
			assert_int_equal(ev_output_publish(&output, &err), 0);
		ev_output_discard(&output);
		assert_holds(place->old_path, "older");
		assert_int_equal(count_files(place->folder), 1);
	}
}

/* path.old is a folder: no place for what stands at the path. */
static void a_file_that_can_not_be_published_leaves_everything_as_it_was(void **state)
{
	const struct place *place = *state;
	struct ev_output output;
	struct ev_err err = { 0 };
	struct stat st;

	put(place->path, "first");
	assert_int_equal(mkdir(place->old_path, 0700), 0);
	assert_int_equal(ev_output_open(&output, place->path, false, &err), 0);
	assert_true(ev_output_publish(&output, &err) < 0);
	assert_non_null(strstr(err.text, place->old_path));
	ev_output_discard(&output);
	assert_holds(place->path, "first");
	assert_int_equal(stat(place->old_path, &st), 0);
	assert_true(S_ISDIR(st.st_mode));
	assert_int_equal(count_files(place->folder), 2);
}

static void a_disk_that_refuses_a_whole_write_gets_what_fits(void **state)
{
	const struct place *place = *state;
	size_t size_bytes = 1 << 20;
	uint8_t *bytes = ev_alloc(size_bytes);
	struct ev_output output;
	struct ev_err err = { 0 };

	assert_int_equal(ev_output_open(&output, place->path, false, &err), 0);
	room_bytes = 300000;
	assert_int_equal(ev_output_append(&output, bytes, size_bytes, &err), -ENOSPC);
	room_bytes = SIZE_MAX;
	assert_in_range(output.end, 300000 - 4096, 300000);
	ev_output_cut(&output, 1000);
	assert_int_equal(output.end, 1000);
	assert_int_equal(ev_output_append(&output, bytes, 10, &err), 0);
	ev_output_close(&output);
	struct ev_buffer written = slurp(place->path);
	assert_int_equal(written.size_bytes, 1010);
	ev_buffer_done(&written);
	free(bytes);
}

/* A writer on place->path that was flushed once, and flushed once more with a sample. */
static struct ev_writer *write_some(const struct place *place, struct ev_recording *recording,
				    int flushes)
{
	struct ev_writer_options options = { 0 };
	struct ev_record record;
	struct ev_writer *writer;
	struct ev_err err = { 0 };

	add_event(recording, "one", PERF_SAMPLE_IP | PERF_SAMPLE_TIME);
	assert_int_equal(ev_writer_open(&writer, place->path, &options, recording, &err), 0);
	for (int i = 0; i < flushes; i++) {
		record = make_sample(recording, 0, 1, 1);
		assert_int_equal(ev_writer_add_record(writer, &record, &err), 0);
		assert_int_equal(ev_writer_flush(writer, &err), 0);
	}
	return writer;
}

static void a_recording_that_never_began_takes_nothing_away(void **state)
{
	const struct place *place = *state;

	put(place->path, "first");
	put(place->old_path, "older");
	for (int flushes = 0; flushes < 2; flushes++) {
		struct ev_recording recording = { 0 };
		struct ev_writer *writer = write_some(place, &recording, flushes);

		/* A flush with nothing in it is no sign of life. */
		for (int i = 0; i < 2 && flushes; i++)
			assert_int_equal(ev_writer_flush(writer, NULL), 0);
		ev_writer_discard(writer);
		assert_untouched(place);
		ev_recording_done(&recording);
	}
}

static void empty(const struct place *place)
{
	char *command = ev_printf("rm -rf '%s'/*", place->folder);

	assert_int_equal(system(command), 0);
	free(command);
}

static void a_killed_recorder_leaves_its_file_at_its_place(void **state)
{
	const struct place *place = *state;

	for (int flushes = 1; flushes < 3; flushes++) {
		struct ev_reader *reader;
		struct ev_err err = { 0 };
		pid_t child;
		int status;

		put(place->path, "first");
		put(place->old_path, "older");
		child = fork();
		if (child == 0) {
			struct ev_recording recording = { 0 };

			write_some(place, &recording, flushes);
			raise(SIGKILL);
		}
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFSIGNALED(status));
		assert_int_equal(ev_reader_open(&reader, place->path, &err), 0);
		assert_int_equal(walk_reader(reader).samples, flushes);
		ev_reader_close(reader);
		assert_holds(place->old_path, "first");
		/* Killed before it began in earnest it has given nothing up. */
		assert_int_equal(count_files(place->folder), flushes == 1 ? 3 : 2);
		empty(place);
	}
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
	assert_int_equal(count_files(place->folder), 1);
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
		cmocka_unit_test_setup_teardown(a_file_takes_its_place_when_it_is_published, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_discarded_file_leaves_everything_as_it_was, setup,
						teardown),
		cmocka_unit_test_setup_teardown(
			a_file_that_can_not_be_published_leaves_everything_as_it_was, setup,
			teardown),
		cmocka_unit_test_setup_teardown(a_disk_that_refuses_a_whole_write_gets_what_fits,
						setup, teardown),
		cmocka_unit_test_setup_teardown(a_recording_that_never_began_takes_nothing_away,
						setup, teardown),
		cmocka_unit_test_setup_teardown(a_killed_recorder_leaves_its_file_at_its_place,
						setup, teardown),
		cmocka_unit_test(devices_stay_where_they_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
