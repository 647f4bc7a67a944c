/* Other programs are started, bounded in time and in what they may print. */
#include <sys/stat.h>
#include "live.h"
#include "checks.h"

static char line[64];

static int shell(const char *script, int limit_ms)
{
	char *argv[] = { (char *)"sh", (char *)"-c", (char *)script, NULL };
	return ev_program_line(argv, limit_ms, line, sizeof(line));
}

static void the_first_line_is_taken(void **state)
{
	(void)state;
	assert_int_equal(shell("echo one; echo two", 20000), 0);
	assert_string_equal(line, "one");
}

static void much_output_is_read_and_cut(void **state)
{
	(void)state;
	assert_int_equal(shell("i=0; while [ $i -lt 3000 ]; do printf "
			       "0123456789012345678901234567890"
			       "123456789; i=$((i + 1)); done",
			       20000),
			 0);
	assert_int_equal(strlen(line), sizeof(line) - 1);
}

static void its_input_is_empty_and_its_complaints_are_not_seen(void **state)
{
	(void)state;
	assert_int_equal(shell("read x; echo \"<$x>\"; echo nonsense >&2", 20000), 0);
	assert_string_equal(line, "<>");
}

static void a_failure_and_a_signal_are_failures(void **state)
{
	(void)state;
	assert_int_equal(shell("echo half; exit 3", 20000), -EIO);
	assert_int_equal(shell("kill -9 $$", 20000), -EIO);
}

static void what_does_not_end_is_ended(void **state)
{
	(void)state;
	assert_int_equal(shell("echo before; sleep 1000", 200), -ETIMEDOUT);
	/* with its output closed */
	assert_int_not_equal(shell("exec >&-; sleep 1000", 200), 0);
}

static void what_is_not_there_is_said(void **state)
{
	char *argv[] = { (char *)"no-such-program-anywhere", NULL };
	(void)state;
	assert_int_equal(ev_program_line(argv, 1000, line, sizeof(line)), -ENOENT);
	assert_string_equal(line, "");
}

static void only_programs_in_path_are_found(void **state)
{
	char path[4096], folder[] = "/tmp/checksXXXXXX";
	(void)state;
	assert_non_null(mkdtemp(folder));
	char *program = ev_printf("%s/tool", folder), *inner = ev_printf("%s/dir", folder);
	FILE *file = fopen(program, "w");
	fputs("#!/bin/sh\necho found\n", file);
	fclose(file);
	mkdir(inner, 0755);
	char *before = ev_strdup(getenv("PATH"));
	char *with = ev_printf("::/nowhere:%s", folder);
	setenv("PATH", with, 1);
	assert_false(ev_program_path("tool", path, sizeof(path))); /* not executable */
	chmod(program, 0755);
	assert_true(ev_program_path("tool", path, sizeof(path)));
	assert_string_equal(path, program);
	assert_false(ev_program_path("dir", path, sizeof(path)));
	assert_false(ev_program_path("tool", path, 5)); /* no room for its path */
	setenv("PATH", before, 1);
	remove(program);
	remove(inner);
	remove(folder);
	free(program);
	free(inner);
	free(before);
	free(with);
}

static void nothing_is_left_in_tmp(void **state)
{
	struct ev_check check = { 0 };
	char path[64];
	(void)state;
	ev_check_perf_map(&check, NULL);
	assert_true(*check.value);
	snprintf(path, sizeof(path), "/tmp/perf-evprof-%d.map", (int)getpid());
	assert_int_equal(access(path, F_OK), -1);
	ev_check_jitdump(&check, NULL);
	assert_true(*check.value);
	snprintf(path, sizeof(path), "/tmp/jit-evprof-%d.dump", (int)getpid());
	assert_int_equal(access(path, F_OK), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_line_is_taken),
		cmocka_unit_test(much_output_is_read_and_cut),
		cmocka_unit_test(its_input_is_empty_and_its_complaints_are_not_seen),
		cmocka_unit_test(a_failure_and_a_signal_are_failures),
		cmocka_unit_test(what_does_not_end_is_ended),
		cmocka_unit_test(what_is_not_there_is_said),
		cmocka_unit_test(only_programs_in_path_are_found),
		cmocka_unit_test(nothing_is_left_in_tmp),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
