/* /proc/mounts tells where cgroups are; the machine's own are opened and matched. */
#include "cgroups.h"
#include "live.h"
#include <sys/stat.h>

static const char *mount_of(const char *mounts)
{
	static char path[64];
	return ev_cgroup_mount(mounts, path, sizeof(path)) ? path : NULL;
}

static void the_hierarchy_of_perf_event_comes_before_the_unified_one(void **state)
{
	(void)state;
	assert_string_equal(mount_of("cgroup2 /u cgroup2 rw 0 0\n"
				     "cgroup /c/cpu cgroup rw,cpu 0 0\n"
				     "cgroup /c/perf cgroup rw,relatime,perf_event 0 0\n"
				     "cgroup2 /v cgroup2 rw 0 0\n"),
			    "/c/perf");
	assert_string_equal(mount_of("x /c cgroup rw,perf_events,cpu 0 0\nx /u cgroup2 rw 0 0\n"
				     "x /v cgroup2 rw 0 0"),
			    "/u");
}

static void without_a_hierarchy_there_is_none(void **state)
{
	(void)state;
	assert_null(mount_of(""));
	assert_null(mount_of("\n\n \n"));
	assert_null(mount_of("proc /proc proc rw 0 0\ncgroup2 /u\n"));
	assert_null(mount_of("cgroup /c/cpu cgroup rw,cpu 0 0\n"));
}

static void blanks_in_a_path_are_put_back(void **state)
{
	(void)state;
	assert_string_equal(mount_of("x /a\\040b\\134c cgroup2 rw 0 0\n"), "/a b\\c");
	assert_string_equal(mount_of("x /a\\04 cgroup2 rw 0 0\n"), "/a\\04");
}

static void a_path_too_long_is_none(void **state)
{
	(void)state;
	assert_null(mount_of("x /0123456789012345678901234567890123456789012345678901234567890123"
			     " cgroup2 rw 0 0\n"));
}

static void the_root_has_more_than_one_name_and_others_are_named_in_words(void **state)
{
	(void)state;
	struct ev_err err = { 0 };
	int fd = ev_cgroup_open("/", &err);
	if (fd < 0)
		SKIP("the_root_has_more_than_one_name_and_others_are_named_in_words", err.text);
	close(fd);
	fd = ev_cgroup_open("", &err);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(ev_cgroup_open("no/such\033cgroup", &err), -ENOENT);
	assert_non_null(strstr(err.text, "there is no cgroup 'no/such\\x1bcgroup'"));
}

static void patterns_match_names_in_order(void **state)
{
	(void)state;
	struct ev_err err = { 0 };
	struct ev_arena arena = { 0 };
	const char **names;
	size_t count;
	int fd = ev_cgroup_open("/", &err);
	if (fd < 0)
		SKIP("patterns_match_names_in_order", err.text);
	close(fd);
	assert_int_equal(ev_cgroup_match(".*", &arena, &names, &count, &err), 0);
	assert_true(count >= 1);
	assert_string_equal(names[0], "/");
	for (size_t i = 1; i < count; i++)
		assert_true(strcmp(names[i - 1], names[i]) < 0);
	free(names);
	assert_int_equal(ev_cgroup_match("^nothing is called so$", &arena, &names, &count, &err),
			 -ENOENT);
	assert_int_equal(ev_cgroup_match("(", &arena, &names, &count, &err), -EINVAL);
	assert_non_null(strstr(err.text, "regular expression"));
	ev_arena_done(&arena);
}

static void a_process_is_in_its_cgroup_and_in_those_above(void **state)
{
	(void)state;
	struct stat root;
	struct ev_err err = { 0 };
	int fd = ev_cgroup_open("/", &err);
	if (fd < 0)
		SKIP("a_process_is_in_its_cgroup_and_in_those_above", err.text);
	assert_int_equal(fstat(fd, &root), 0);
	close(fd);
	assert_true(ev_process_in_cgroup((uint32_t)getpid(), root.st_ino));
	assert_false(ev_process_in_cgroup((uint32_t)getpid(), UINT64_MAX));
	assert_false(ev_process_in_cgroup(UINT32_MAX / 2, root.st_ino));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_hierarchy_of_perf_event_comes_before_the_unified_one),
		cmocka_unit_test(without_a_hierarchy_there_is_none),
		cmocka_unit_test(a_process_is_in_its_cgroup_and_in_those_above),
		cmocka_unit_test(blanks_in_a_path_are_put_back),
		cmocka_unit_test(a_path_too_long_is_none),
		cmocka_unit_test(the_root_has_more_than_one_name_and_others_are_named_in_words),
		cmocka_unit_test(patterns_match_names_in_order),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
