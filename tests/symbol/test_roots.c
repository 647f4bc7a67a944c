/* What is kept of processes while they live. */
#include <signal.h>
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
		cmocka_unit_test(a_dump_that_was_mapped_can_be_read_when_it_was_deleted),
		cmocka_unit_test(only_names_of_dumps_are_taken_for_dumps),
	};
	return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
