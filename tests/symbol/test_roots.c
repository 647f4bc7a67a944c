/* What is kept of processes while they live. */
#include <signal.h>
#include <sys/resource.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include "compiled.h"
#include "process_files.h"

static void note_exec(struct ev_roots *roots, uint32_t pid)
{
	struct ev_record record = { .type = PERF_RECORD_COMM };
	record.comm = (struct ev_comm){ .pid = pid, .tid = pid, .exec = true, .comm = "x" };
	ev_roots_note(roots, &record);
}

static void of_a_process_that_lives_here_only_its_user_and_number_are_kept(void **state)
{
	(void)state;
	struct ev_roots *roots = ev_roots_open();
	uint32_t pid = (uint32_t)getpid();
	assert_int_equal(ev_roots_user(roots, pid), UINT32_MAX);
	note_exec(roots, pid);
	assert_int_equal(ev_roots_user(roots, pid), geteuid());
	assert_int_equal(ev_roots_pid_inside(roots, pid), pid);
	assert_int_equal(ev_roots_root(roots, pid), -1);
	ev_roots_close(roots);
}

static void a_child_that_ended_unseen_is_as_its_parent(void **state)
{
	(void)state;
	struct ev_roots *roots = ev_roots_open();
	pid_t child = fork();
	if (!child)
		_exit(0);
	assert_int_equal(waitpid(child, NULL, 0), child);
	struct ev_record record = { .type = PERF_RECORD_FORK };
	record.task = (struct ev_task){ .pid = (uint32_t)child,
					.tid = (uint32_t)child,
					.parent_pid = (uint32_t)getpid(),
					.parent_tid = (uint32_t)getpid() };
	ev_roots_note(roots, &record);
	assert_int_equal(ev_roots_user(roots, (uint32_t)child), geteuid());
	ev_roots_close(roots);
}

/* It is someone else from then on. */
static void a_child_is_looked_at_when_it_maps_code_of_its_own(void **state)
{
	(void)state;
	if (geteuid())
		skip(); /* only root becomes another user */
	struct ev_roots *roots = ev_roots_open();
	struct ev_record record = { .type = PERF_RECORD_FORK };
	int ready[2];
	char byte;
	assert_int_equal(pipe(ready), 0);
	pid_t child = fork();
	if (!child) {
		_exit(setuid(65534) || write(ready[1], "x", 1) != 1 || pause());
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	uint32_t pid = (uint32_t)child;
	record.task = (struct ev_task){ .pid = pid, .tid = pid, .parent_pid = (uint32_t)getpid() };
	ev_roots_note(roots, &record);
	assert_int_equal(ev_roots_user(roots, pid), 0);
	assert_int_equal(ev_roots_pid_inside(roots, pid), pid);
	record.type = PERF_RECORD_MMAP2;
	record.mmap = (struct ev_mmap){ .pid = pid, .tid = pid, .executable = true, .path = "//x" };
	ev_roots_note(roots, &record);
	assert_int_equal(ev_roots_user(roots, pid), 65534);
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, NULL, 0), child);
	close(ready[0]);
	close(ready[1]);
	ev_roots_close(roots);
}

/* Numbers that no kernel gives. */
enum { FIRST_PID = 1 << 30, COUNT = 100000, EACH_NS = 1000000 };

static void note_life(struct ev_roots *roots, uint32_t pid, uint64_t time_ns, const char *ran)
{
	struct ev_record record = { .type = PERF_RECORD_FORK, .time_ns = time_ns };
	uint32_t parent = (uint32_t)getpid();
	record.task = (struct ev_task){
		.pid = pid, .tid = pid, .parent_pid = parent, .parent_tid = parent
	};
	ev_roots_note(roots, &record);
	record = (struct ev_record){ .type = PERF_RECORD_MMAP2, .time_ns = time_ns };
	record.mmap = (struct ev_mmap){ .pid = pid, .tid = pid, .executable = true, .path = ran };
	if (ran)
		ev_roots_note(roots, &record);
	record = (struct ev_record){ .type = PERF_RECORD_EXIT, .time_ns = time_ns + 1 };
	record.task = (struct ev_task){ .pid = pid, .tid = pid };
	ev_roots_note(roots, &record);
}

static void of_a_hundred_thousand_that_ended_those_of_a_while_are_known(void **state)
{
	(void)state;
	struct ev_roots *roots = ev_roots_open();
	unsigned known = 0;
	for (uint32_t i = 0; i < COUNT; i++)
		note_life(roots, FIRST_PID + i, 1 + (uint64_t)i * EACH_NS, NULL);
	for (uint32_t i = 0; i < COUNT; i++)
		known += ev_roots_user(roots, FIRST_PID + i) != UINT32_MAX;
	/* Ten seconds of them: the last. */
	assert_in_range(known, 9999, 10001);
	assert_int_equal(ev_roots_user(roots, FIRST_PID + COUNT - 1), geteuid());
	ev_roots_close(roots);
}

static void who_made_code_or_ran_a_file_first_is_asked_when_it_is_over(void **state)
{
	(void)state;
	struct ev_roots *roots = ev_roots_open();
	note_life(roots, FIRST_PID, 1, "//anon");
	note_life(roots, FIRST_PID + 1, 2, "/no/such/program");
	note_life(roots, FIRST_PID + 2, 3, "/no/such/program");
	note_life(roots, FIRST_PID + 3, 4, "[vdso]");
	note_life(roots, FIRST_PID + 4, 60000000000u, NULL);
	assert_int_equal(ev_roots_user(roots, FIRST_PID), geteuid());
	assert_int_equal(ev_roots_user(roots, FIRST_PID + 1), geteuid());
	assert_int_equal(ev_roots_user(roots, FIRST_PID + 2), UINT32_MAX);
	assert_int_equal(ev_roots_user(roots, FIRST_PID + 3), UINT32_MAX);
	ev_roots_close(roots);
}

static void a_number_that_is_used_again_is_not_forgotten_with_the_first(void **state)
{
	(void)state;
	struct ev_roots *roots = ev_roots_open();
	uint32_t parent = (uint32_t)getpid();
	struct ev_record record = { .type = PERF_RECORD_FORK, .time_ns = 5 };
	record.task = (struct ev_task){
		.pid = FIRST_PID, .tid = FIRST_PID, .parent_pid = parent, .parent_tid = parent
	};
	note_life(roots, FIRST_PID, 1, NULL);
	ev_roots_note(roots, &record);
	note_life(roots, FIRST_PID + 1, 60000000000u, NULL);
	assert_int_equal(ev_roots_user(roots, FIRST_PID), geteuid());
	ev_roots_close(roots);
}

static void a_dump_that_was_mapped_can_be_read_when_it_was_deleted(void **state)
{
	struct ev_roots *roots = ev_roots_open();
	struct process_view view = { .roots = roots };
	struct ev_record record = { .type = PERF_RECORD_MMAP2 };
	struct stat status;
	uint32_t pid = (uint32_t)getpid();
	const char *path = in_folder(state, "jit-7.dump");
	write_file(path, "x", 1);
	note_exec(roots, pid);
	record.mmap = (struct ev_mmap){ .pid = pid, .tid = pid, .executable = true, .path = path };
	ev_roots_note(roots, &record);
	unlink(path);
	int fd = ev_process_file_open(&view, pid, path, NULL, &status);
	assert_true(fd >= 0);
	assert_int_equal(status.st_size, 1);
	close(fd);
	ev_roots_close(roots);
}

static void run_file(struct ev_roots *roots, const char *path)
{
	struct ev_record record = { .type = PERF_RECORD_MMAP2 };
	struct stat status;
	assert_int_equal(stat(path, &status), 0);
	record.mmap = (struct ev_mmap){ .pid = (uint32_t)getpid(),
					.executable = true,
					.inode = status.st_ino,
					.major = major(status.st_dev),
					.minor = minor(status.st_dev),
					.path = path };
	ev_roots_note(roots, &record);
}

static void a_file_that_was_run_can_be_read_when_it_was_deleted(void **state)
{
	struct ev_roots *roots = ev_roots_open();
	const char *path = in_folder(state, "program"), *other = in_folder(state, "other");
	char bytes[8] = "";
	size_t from = 0, held;
	uint64_t left_out;
	write_file(path, "first", 6);
	run_file(roots, path);
	run_file(roots, path);
	unlink(path);
	write_file(path, "second", 7);
	run_file(roots, path);
	assert_int_equal(ev_roots_code(roots, other, strlen(other), &from), -1);
	from = 0;
	int fd = ev_roots_code(roots, path, strlen(path), &from);
	assert_true(fd >= 0);
	assert_int_equal(pread(fd, bytes, 6, 0), 6);
	assert_string_equal(bytes, "first");
	ev_roots_tally(roots, &held, &left_out);
	assert_int_equal(left_out, 0);
	assert_true(held <= 2); /* the number of a file may be used again */
	ev_roots_close(roots);
}

/* What is still there makes room, what was deleted stays. */
static void so_many_files_that_are_run_are_held_and_no_more(void **state)
{
	struct rlimit before, few;
	getrlimit(RLIMIT_NOFILE, &before);
	few = before;
	few.rlim_cur = 64;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	struct ev_roots *roots = ev_roots_open();
	setrlimit(RLIMIT_NOFILE, &before);
	size_t held, from = 0;
	uint64_t left_out;
	char name[32];
	for (int i = 0; i < 20; i++) {
		snprintf(name, sizeof(name), "many%d", i);
		write_file(in_folder(state, name), name, 7);
		run_file(roots, in_folder(state, name));
		if (i == 3)
			unlink(in_folder(state, name));
	}
	ev_roots_tally(roots, &held, &left_out);
	assert_int_equal(held, 8);
	assert_int_equal(left_out, 0);
	const char *deleted = in_folder(state, "many3");
	assert_true(ev_roots_code(roots, deleted, strlen(deleted), &from) >= 0);
	ev_roots_close(roots);
}

static void only_names_of_dumps_are_taken_for_dumps(void **state)
{
	(void)state;
	assert_int_equal(ev_jitdump_pid("/tmp/jit-123.dump"), 123);
	assert_int_equal(ev_jitdump_pid("jit-1.dump"), 1);
	assert_int_equal(ev_jitdump_pid("/tmp/jit-.dump"), 0);
	assert_int_equal(ev_jitdump_pid("/tmp/jit-0.dump"), 0);
	assert_int_equal(ev_jitdump_pid("/tmp/jit--1.dump"), 0);
	assert_int_equal(ev_jitdump_pid("/tmp/jit-99999999999999999999.dump"), 0);
	assert_int_equal(ev_jitdump_pid("/tmp/jit-5.dump (deleted)"), 0);
	assert_int_equal(ev_jitdump_pid("//anon"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_a_process_that_lives_here_only_its_user_and_number_are_kept),
		cmocka_unit_test(a_child_that_ended_unseen_is_as_its_parent),
		cmocka_unit_test(a_child_is_looked_at_when_it_maps_code_of_its_own),
		cmocka_unit_test(of_a_hundred_thousand_that_ended_those_of_a_while_are_known),
		cmocka_unit_test(who_made_code_or_ran_a_file_first_is_asked_when_it_is_over),
		cmocka_unit_test(a_number_that_is_used_again_is_not_forgotten_with_the_first),
		cmocka_unit_test(a_dump_that_was_mapped_can_be_read_when_it_was_deleted),
		cmocka_unit_test(a_file_that_was_run_can_be_read_when_it_was_deleted),
		cmocka_unit_test(so_many_files_that_are_run_are_held_and_no_more),
		cmocka_unit_test(only_names_of_dumps_are_taken_for_dumps),
	};
	return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
