/* Files of the user's own: whole or not there, nobody else's, and not too many. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include "compiled.h"
#include "own_folder.h"

static int open_folder(void **state)
{
	int folder = ev_own_folder_open(in_folder(state, "kept"));
	assert_true(folder >= 0);
	return folder;
}

static bool is_there(int folder, const char *name)
{
	struct stat status;
	int fd = ev_own_file_open(folder, name, &status);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static void a_file_is_replaced_as_a_whole(void **state)
{
	int folder = open_folder(state);
	struct stat status;
	char text[8] = "";
	assert_int_equal(ev_own_file_write(folder, "a", "first", 5), 0);
	assert_int_equal(ev_own_file_write(folder, "a", "second", 6), 0);
	int fd = ev_own_file_open(folder, "a", &status);
	assert_true(fd >= 0);
	assert_int_equal(status.st_size, 6);
	assert_int_equal(status.st_mode & 0777, 0600);
	assert_int_equal(read(fd, text, sizeof(text)), 6);
	assert_string_equal(text, "second");
	close(fd);
	close(folder);
}

static void what_others_may_write_is_not_believed(void **state)
{
	int folder = open_folder(state);
	struct stat status;
	assert_int_equal(ev_own_file_write(folder, "a", "x", 1), 0);
	assert_int_equal(fchmodat(folder, "a", 0666, 0), 0);
	assert_int_equal(ev_own_file_open(folder, "a", &status), -EPERM);
	assert_int_equal(symlinkat("a", folder, "link"), 0);
	assert_true(ev_own_file_open(folder, "link", &status) < 0);
	assert_int_equal(mkdirat(folder, "folder", 0700), 0);
	assert_int_equal(ev_own_file_open(folder, "folder", &status), -EPERM);
	close(folder);
	assert_int_equal(chmod(in_folder(state, "kept"), 0777), 0);
	assert_int_equal(ev_own_folder_open(in_folder(state, "kept")), -EPERM);
	assert_true(ev_own_folder_open(in_folder(state, "no/such")) < 0);
}

static void those_that_were_not_touched_for_longest_go_first(void **state)
{
	static const char *const names[] = { "x-old", "x-new", "x-kept", "other" };
	int folder = open_folder(state);
	for (int i = 0; i < 4; i++) {
		const struct timespec times[2] = { { .tv_sec = 1000 + i }, { .tv_sec = 1000 + i } };
		assert_int_equal(ev_own_file_write(folder, names[i], "1234", 4), 0);
		assert_int_equal(utimensat(folder, names[i], times, 0), 0);
	}
	ev_own_files_prune(folder, "x-", "x-kept", 12);
	assert_true(is_there(folder, "x-old"));
	ev_own_files_prune(folder, "x-", "x-kept", 8);
	assert_false(is_there(folder, "x-old"));
	assert_true(is_there(folder, "x-new"));
	ev_own_files_prune(folder, "x-", "x-kept", 0);
	assert_false(is_there(folder, "x-new"));
	assert_true(is_there(folder, "x-kept"));
	assert_true(is_there(folder, "other"));
	close(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_file_is_replaced_as_a_whole, folder_make,
						folder_remove),
		cmocka_unit_test_setup_teardown(what_others_may_write_is_not_believed, folder_make,
						folder_remove),
		cmocka_unit_test_setup_teardown(those_that_were_not_touched_for_longest_go_first,
						folder_make, folder_remove),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
