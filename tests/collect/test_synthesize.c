/* What already runs, told as records. */
#include <pthread.h>
#include <sys/prctl.h>
#include "live.h"
#include "synthesize.h"
#include "tasks.h"

struct told {
	size_t kernel_maps, forks, comms, maps, with_build_id, threads;
	bool own_binary, own_vdso, own_name;
	uint64_t around; /* an address of this program */
	int stop_after;
};

static char own_path[4096];
static uint8_t own_id[20];
static size_t own_id_bytes;

static void look_at_mapping(struct told *told, const struct ev_record *record)
{
	const struct ev_mmap *mmap = &record->mmap;
	assert_true(mmap->executable);
	assert_true(mmap->length > 0);
	assert_int_equal(!!mmap->build_id_bytes, !!(record->misc & PERF_RECORD_MISC_MMAP_BUILD_ID));
	if ((record->misc & PERF_RECORD_MISC_CPUMODE_MASK) == PERF_RECORD_MISC_KERNEL) {
		assert_int_equal(mmap->pid, (uint32_t)-1);
		told->kernel_maps++;
		return;
	}
	assert_int_equal(record->misc & PERF_RECORD_MISC_CPUMODE_MASK, PERF_RECORD_MISC_USER);
	told->maps++;
	told->with_build_id += mmap->build_id_bytes > 0;
	told->own_vdso |= !strcmp(mmap->path, "[vdso]") && mmap->build_id_bytes == 20;
	if (told->around >= mmap->start && told->around < mmap->start + mmap->length) {
		assert_string_equal(mmap->path, own_path);
		assert_int_equal(mmap->build_id_bytes, own_id_bytes);
		assert_memory_equal(mmap->build_id, own_id, own_id_bytes);
		told->own_binary = true;
	}
}

static int look(void *context, const struct ev_record *record, struct ev_err *err)
{
	struct told *told = context;
	assert_int_equal(record->time_ns, 0);
	switch (record->type) {
	case PERF_RECORD_MMAP:
	case PERF_RECORD_MMAP2:
		look_at_mapping(told, record);
		break;
	case PERF_RECORD_FORK:
		told->forks++;
		if (record->task.tid != record->task.pid)
			assert_int_equal(record->task.parent_pid, record->task.pid);
		break;
	case PERF_RECORD_COMM:
		told->comms++;
		assert_true(told->comms <= told->forks);
		told->threads += !strcmp(record->comm.comm, "a (thread) x");
		told->own_name |= !strcmp(record->comm.comm, "own) name");
		break;
	default:
		fail();
	}
	if (told->stop_after && !--told->stop_after)
		return ev_fail(err, ENOSPC, "full");
	return 0;
}

static pthread_barrier_t there, may_end;

static void *be_named(void *unused)
{
	pthread_setname_np(pthread_self(), "a (thread) x");
	pthread_barrier_wait(&there);
	pthread_barrier_wait(&may_end);
	return unused;
}

static void the_own_process_is_told_with_its_binary_and_build_id(void **state)
{
	(void)state;
	struct told told = { .around = (uintptr_t)look };
	uint32_t pid = (uint32_t)getpid();
	size_t unreadable = 99;
	const struct ev_target target = { .kind = EV_TARGET_PIDS, .ids = &pid, .id_count = 1 };
	pthread_t thread;
	pthread_barrier_init(&there, NULL, 2);
	pthread_barrier_init(&may_end, NULL, 2);
	prctl(PR_SET_NAME, "own) name");
	pthread_create(&thread, NULL, be_named, NULL);
	pthread_barrier_wait(&there);
	assert_int_equal(ev_synthesize(&target, look, &told, &unreadable, NULL), 0);
	pthread_barrier_wait(&may_end);
	pthread_join(thread, NULL);
	assert_true(told.own_binary);
	assert_true(told.own_vdso);
	assert_true(told.own_name);
	assert_int_equal(told.threads, 1);
	assert_int_equal(told.forks, told.comms);
	assert_true(told.forks >= 2);
	assert_int_equal(unreadable, 0);
}

static void a_process_named_by_two_of_its_threads_is_told_once(void **state)
{
	(void)state;
	struct told told = { .around = (uintptr_t)look };
	uint32_t ids[] = { (uint32_t)getpid(), (uint32_t)getpid() };
	const struct ev_target target = { .kind = EV_TARGET_TIDS, .ids = ids, .id_count = 2 };
	assert_int_equal(ev_synthesize(&target, look, &told, NULL, NULL), 0);
	assert_int_equal(told.forks, 1);
}

static void a_command_before_its_exec_has_a_name_but_no_files(void **state)
{
	(void)state;
	struct told told = { 0 };
	uint32_t pid = (uint32_t)getpid();
	const struct ev_target target = { .kind = EV_TARGET_COMMAND, .ids = &pid, .id_count = 1 };
	assert_int_equal(ev_synthesize(&target, look, &told, NULL, NULL), 0);
	assert_int_equal(told.comms, 1);
	assert_int_equal(told.maps, 0);
}

static void the_whole_machine_is_told(void **state)
{
	(void)state;
	struct told told = { .around = (uintptr_t)look };
	size_t unreadable;
	const struct ev_target target = { .kind = EV_TARGET_SYSTEM };
	assert_int_equal(ev_synthesize(&target, look, &told, &unreadable, NULL), 0);
	assert_true(told.own_binary);
	assert_true(told.forks >= 2);
}

static void a_process_that_is_gone_is_skipped(void **state)
{
	(void)state;
	struct told told = { 0 };
	uint32_t pid = 0x3ffffffe;
	const struct ev_target target = { .kind = EV_TARGET_PIDS, .ids = &pid, .id_count = 1 };
	assert_int_equal(ev_synthesize(&target, look, &told, NULL, NULL), 0);
	assert_int_equal(told.forks, 0);
}

static size_t unreadable_of(uint32_t pid)
{
	struct told told = { 0 };
	size_t unreadable = 99;
	const struct ev_target target = { .kind = EV_TARGET_PIDS, .ids = &pid, .id_count = 1 };
	assert_int_equal(ev_synthesize(&target, look, &told, &unreadable, NULL), 0);
	return unreadable;
}

/* What a user without rights cannot read of a process of root, told by exit status. */
static int unreadable_for_nobody(uint32_t pid)
{
	int status = -1;
	pid_t nobody = fork();
	if (!nobody) {
		struct told told = { 0 };
		size_t unreadable = 99;
		const struct ev_target target = { .kind = EV_TARGET_PIDS,
						  .ids = &pid,
						  .id_count = 1 };
		_exit(setuid(65534) || ev_synthesize(&target, look, &told, &unreadable, NULL)
			      ? 100
			      : (int)unreadable);
	}
	waitpid(nobody, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void only_processes_with_maps_count_as_unreadable(void **state)
{
	(void)state;
	char comm[16];
	siginfo_t info;
	pid_t ended = fork();
	if (!ended)
		_exit(0);
	assert_int_equal(waitid(P_PID, (id_t)ended, &info, WEXITED | WNOWAIT), 0);
	assert_int_equal(unreadable_of((uint32_t)ended), 0);
	if (!geteuid())
		assert_int_equal(unreadable_for_nobody((uint32_t)ended), 0);
	waitpid(ended, NULL, 0);
	ev_task_comm(2, comm);
	if (!strcmp(comm, "kthreadd"))
		assert_int_equal(unreadable_of(2), 0);
	if (geteuid())
		SKIP("only_processes_with_maps_count_as_unreadable", "giving up rights needs root");
	if (!strcmp(comm, "kthreadd"))
		assert_int_equal(unreadable_for_nobody(2), 0);
	assert_int_equal(unreadable_for_nobody((uint32_t)getpid()), 1);
}

static void the_takers_error_ends_it(void **state)
{
	(void)state;
	struct ev_err err = { 0 };
	uint32_t pid = (uint32_t)getpid();
	const struct ev_target target = { .kind = EV_TARGET_PIDS, .ids = &pid, .id_count = 1 };
	for (int after = 1; after < 5; after++) {
		struct told told = { .around = (uintptr_t)look, .stop_after = after };
		assert_int_equal(ev_synthesize(&target, look, &told, NULL, &err), -ENOSPC);
		assert_int_equal(told.stop_after, 0);
	}
}

static bool parse(const char *line, struct ev_mmap *mmap, char path[64])
{
	return ev_maps_parse(line, strlen(line), mmap, path, 64);
}

static void a_line_of_maps_is_a_mapping(void **state)
{
	(void)state;
	struct ev_mmap mmap;
	char path[64];
	assert_true(
		parse("7f00-8f00 r-xp 00002000 fe:0a 248139      /a b/c (deleted)", &mmap, path));
	assert_int_equal(mmap.start, 0x7f00);
	assert_int_equal(mmap.length, 0x1000);
	assert_int_equal(mmap.file_offset, 0x2000);
	assert_int_equal(mmap.major, 0xfe);
	assert_int_equal(mmap.minor, 10);
	assert_int_equal(mmap.inode, 248139);
	assert_int_equal(mmap.prot, 5);
	assert_true(mmap.executable);
	assert_string_equal(mmap.path, "/a b/c (deleted)");
	assert_true(parse("7f00-8f00 rw-s 0 00:00 0", &mmap, path));
	assert_false(mmap.executable);
	assert_int_equal(mmap.prot, 3);
	assert_string_equal(mmap.path, "//anon");
}

static void what_is_no_mapping_is_refused(void **state)
{
	(void)state;
	static const char *const lines[] = { "",
					     "nonsense",
					     "7f00-8f00",
					     "8f00-7f00 r-xp 0 00:00 0 /a",
					     "7f00-8f00 r-x 0 00:00 0 /a",
					     "7f00-8f00 r-xp zz 00:00 0 /a",
					     "-",
					     "7f00-8f00 r-xp 00002000 fe:0a" };
	struct ev_mmap mmap;
	char path[64], *longest = malloc(100000);
	for (size_t i = 0; i < EV_LENGTH(lines); i++)
		assert_false(parse(lines[i], &mmap, path));
	memset(longest, 'x', 99999);
	memcpy(longest, "7f00-8f00 r-xp 0 00:00 7 /", 26);
	assert_true(ev_maps_parse(longest, 99999, &mmap, path, sizeof(path)));
	assert_int_equal(strlen(path), 63);
	free(longest);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_own_process_is_told_with_its_binary_and_build_id),
		cmocka_unit_test(a_process_named_by_two_of_its_threads_is_told_once),
		cmocka_unit_test(a_command_before_its_exec_has_a_name_but_no_files),
		cmocka_unit_test(the_whole_machine_is_told),
		cmocka_unit_test(a_process_that_is_gone_is_skipped),
		cmocka_unit_test(only_processes_with_maps_count_as_unreadable),
		cmocka_unit_test(the_takers_error_ends_it),
		cmocka_unit_test(a_line_of_maps_is_a_mapping),
		cmocka_unit_test(what_is_no_mapping_is_refused),
	};
	ssize_t length = readlink("/proc/self/exe", own_path, sizeof(own_path) - 1);
	if (length < 0)
		return 1;
	own_id_bytes = ev_build_id_of_file(own_path, own_id);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
