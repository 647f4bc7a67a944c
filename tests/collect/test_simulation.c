/* Running a command under a simulator, played by a shell script. */
#include <sys/stat.h>
#include "simulated.h"

static char folder[64];

static int enter_folder(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/evprof-simulation-XXXXXX");
	if (!mkdtemp(folder) || chdir(folder) || mkdir("bin", 0777) || mkdir("tmp 100%", 0777))
		return -1;
	char path[128];
	snprintf(path, sizeof(path), "%s/bin:/usr/bin:/bin", folder);
	setenv("PATH", path, 1);
	snprintf(path, sizeof(path), "%s/tmp 100%%", folder);
	setenv("TMPDIR", path, 1);
	return 0;
}

static int leave_folder(void **state)
{
	char command[128];
	(void)state;
	snprintf(command, sizeof(command), "/bin/rm -rf '%s'", folder);
	return chdir("/") || system(command);
}

static void write_program(const char *path, const char *text, mode_t mode)
{
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, mode), 0);
}

static int start(struct ev_simulation **simulation, struct ev_simulation_options *options,
		 char *const *command, struct ev_err *err)
{
	char note[256];
	ev_caches_of_machine(&options->caches, "/nowhere");
	ev_caches_fit(&options->caches, note, sizeof(note));
	options->command = command;
	return ev_simulation_start(simulation, options, err);
}

static void run_to_end(struct ev_simulation *simulation)
{
	struct ev_workload *workload = ev_simulation_workload(simulation);
	struct ev_err err = { 0 };
	int status;
	assert_int_equal(ev_workload_go(workload, &err), 0);
	assert_int_equal(ev_workload_ended(workload, true, &status, NULL), 1);
	assert_int_equal(status, 0);
}

static size_t entries(const char *path)
{
	size_t count = 0;
	DIR *open = opendir(path);
	assert_non_null(open);
	for (struct dirent *entry; (entry = readdir(open));)
		count += entry->d_name[0] != '.';
	closedir(open);
	return count;
}

static void the_simulator_gets_the_caches_and_the_command(void **state)
{
	struct ev_simulation *simulation;
	struct ev_simulation_options options = { .callers = 7 };
	struct ev_err err = { 0 };
	char *text, *const command[] = { (char *)"true", (char *)"a b", (char *)"--c", NULL };
	(void)state;
	write_program("bin/valgrind", "#!/bin/sh\nfor word; do echo \"$word\"; done >words\n",
		      0755);
	assert_int_equal(start(&simulation, &options, command, &err), 0);
	run_to_end(simulation);
	assert_int_equal(ev_file_read("words", &text, NULL), 0);
	assert_non_null(strstr(text, "--tool=callgrind\n"));
	assert_non_null(strstr(text, "--trace-children=yes\n"));
	assert_non_null(strstr(text, "--D1=32768,8,64\n"));
	assert_non_null(strstr(text, "--LL=8388608,16,64\n"));
	assert_non_null(strstr(text, "--separate-callers=7\n"));
	/* % of a folder's name is none of valgrind's patterns. */
	assert_non_null(strstr(text, "tmp 100%%/evprof-"));
	assert_non_null(strstr(text, "/cost.%p\n"));
	assert_non_null(strstr(text, "\n--\ntrue\na b\n--c\n"));
	free(text);
	ev_simulation_close(simulation);
}

static void the_folder_is_private_and_removed(void **state)
{
	struct ev_simulation *simulation;
	struct ev_simulation_options options = { 0 };
	struct ev_err err = { 0 };
	struct stat status;
	char *const command[] = { (char *)"true", NULL };
	(void)state;
	write_program("bin/valgrind", "#!/bin/sh\nexit 0\n", 0755);
	assert_int_equal(start(&simulation, &options, command, &err), 0);
	assert_int_equal(stat(simulation->folder, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0700);
	leave(simulation, "cost.1-01", "x");
	ev_simulation_close(simulation);
	assert_int_equal(entries("tmp 100%"), 0);
}

static void a_missing_simulator_is_told_with_its_cure(void **state)
{
	struct ev_simulation *simulation;
	struct ev_simulation_options options = { 0 };
	struct ev_err err = { 0 };
	char *const command[] = { (char *)"./there", NULL };
	(void)state;
	write_program("there", "#!/bin/sh\n", 0755);
	setenv("PATH", "/nowhere", 1);
	assert_int_equal(start(&simulation, &options, command, &err), -ENOPKG);
	assert_non_null(strstr(err.text, "apt-get install"));
	assert_null(simulation);
}

static void commands_that_cannot_run_are_told_apart(void **state)
{
	static const struct {
		const char *command;
		int error;
		const char *why;
	} cases[] = {
		{ "missing", ENOENT, "No such file" },      { "./missing", ENOENT, "No such file" },
		{ "./plain", EACCES, "Permission denied" }, { "./bin", EACCES, "directory" },
		{ "./privileged", EACCES, "setuid" },
	};
	(void)state;
	write_program("bin/valgrind", "#!/bin/sh\n", 0755);
	write_program("plain", "text", 0644);
	write_program("privileged", "text", 04755);
	for (size_t i = 0; i < EV_LENGTH(cases); i++) {
		struct ev_simulation *simulation;
		struct ev_simulation_options options = { 0 };
		struct ev_err err = { 0 };
		char *const command[] = { (char *)cases[i].command, NULL };
		assert_int_equal(start(&simulation, &options, command, &err), -cases[i].error);
		assert_non_null(strstr(err.text, cases[i].why));
	}
	assert_int_equal(entries("tmp 100%"), 0);
}

/* The first program's parts would be written over by the second's of the same names. */
static void parts_are_put_aside_as_they_come(void **state)
{
	struct ev_simulation *simulation;
	struct ev_simulation_options options = { 0 };
	struct ev_err err = { 0 };
	char *const command[] = { (char *)"true", NULL };
	(void)state;
	write_program("bin/valgrind", "#!/bin/sh\n", 0755);
	assert_int_equal(start(&simulation, &options, command, &err), 0);
	if (ev_simulation_fd(simulation) < 0) {
		ev_simulation_close(simulation);
		SKIP("parts_are_put_aside_as_they_come", "there is no inotify here");
	}
	leave(simulation, "cost.7.1-01", "one");
	ev_simulation_tend(simulation);
	leave(simulation, "cost.7.1-01", "two");
	leave(simulation, "cost.7-01", "the end");
	ev_simulation_tend(simulation);
	assert_int_equal(entries(simulation->folder), 3);
	ev_simulation_close(simulation);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, enter_folder, leave_folder)
	const struct CMUnitTest tests[] = {
		TEST(the_simulator_gets_the_caches_and_the_command),
		TEST(the_folder_is_private_and_removed),
		TEST(a_missing_simulator_is_told_with_its_cure),
		TEST(commands_that_cannot_run_are_told_apart),
		TEST(parts_are_put_aside_as_they_come),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
