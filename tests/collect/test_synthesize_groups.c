/* The machine's own cgroups, and the namespaces of this process, become records. */
#include "cgroups.h"
#include "live.h"
#include <sys/stat.h>

struct told {
	size_t count, roots, stop_after;
	uint64_t root;
	struct ev_namespaces last;
	uint64_t dev_inode[2 * 16];
};

static int look(void *context, const struct ev_record *record, struct ev_err *err)
{
	struct told *told = context;
	told->count++;
	if (record->type == PERF_RECORD_CGROUP) {
		assert_int_equal(*record->cgroup.path, '/');
		assert_int_not_equal(record->cgroup.id, 0);
		if (!record->cgroup.path[1]) {
			told->roots++;
			told->root = record->cgroup.id;
		}
	} else {
		assert_int_equal(record->type, PERF_RECORD_NAMESPACES);
		told->last = record->namespaces;
		assert_true(told->last.count <= 16);
		memcpy(told->dev_inode, told->last.dev_inode, 16 * told->last.count);
	}
	if (told->count == told->stop_after)
		return ev_fail(err, ENOSPC, "full");
	return 0;
}

static void every_cgroup_is_told_by_its_path_and_the_root_is_one(void **state)
{
	(void)state;
	struct ev_err err = { 0 };
	struct told told = { 0 };
	int fd = ev_cgroup_open("/", &err);
	if (fd < 0)
		SKIP("every_cgroup_is_told_by_its_path_and_the_root_is_one", err.text);
	struct stat folder;
	assert_int_equal(fstat(fd, &folder), 0);
	close(fd);
	assert_int_equal(ev_synthesize_cgroups(look, &told, &err), 0);
	assert_int_equal(told.roots, 1);
	/* A folder of kernfs has its id as inode too. */
	assert_int_equal(told.root, folder.st_ino);
	told = (struct told){ .stop_after = 1 };
	assert_int_equal(ev_synthesize_cgroups(look, &told, &err), -ENOSPC);
	assert_int_equal(told.count, 1);
}

static void a_thread_is_told_with_its_namespaces_in_the_kernels_order(void **state)
{
	(void)state;
	uint32_t pid = (uint32_t)getpid();
	const struct ev_target target = { .kind = EV_TARGET_PIDS, .ids = &pid, .id_count = 1 };
	struct told told = { 0 };
	struct stat net, cgroup;
	if (stat("/proc/self/ns/net", &net) || stat("/proc/self/ns/cgroup", &cgroup))
		SKIP("a_thread_is_told_with_its_namespaces_in_the_kernels_order",
		     "this kernel has no such namespaces");
	assert_int_equal(ev_synthesize_namespaces(&target, look, &told, NULL), 0);
	assert_int_equal(told.count, 1);
	assert_int_equal(told.last.pid, pid);
	assert_int_equal(told.last.tid, pid);
	assert_int_equal(told.last.count, 7);
	assert_int_equal(told.dev_inode[0], net.st_dev);
	assert_int_equal(told.dev_inode[1], net.st_ino);
	assert_int_equal(told.dev_inode[13], cgroup.st_ino);
}

static void who_is_gone_is_told_nothing_of(void **state)
{
	(void)state;
	uint32_t pid = 0x7ffffffe;
	const struct ev_target target = { .kind = EV_TARGET_PIDS, .ids = &pid, .id_count = 1 };
	struct told told = { 0 };
	assert_int_equal(ev_synthesize_namespaces(&target, look, &told, NULL), 0);
	assert_int_equal(told.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_cgroup_is_told_by_its_path_and_the_root_is_one),
		cmocka_unit_test(a_thread_is_told_with_its_namespaces_in_the_kernels_order),
		cmocka_unit_test(who_is_gone_is_told_nothing_of),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
