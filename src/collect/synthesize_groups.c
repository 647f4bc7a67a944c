/* The cgroups that are there and the namespaces of what already runs, as records. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "cgroups.h"
#include "synthesize.h"
#include "syscalls.h"
#include "tasks.h"

/* As the kernel counts them in a NAMESPACES record. */
static const char *const spaces[] = { "net", "uts", "ipc", "pid", "user", "mnt", "cgroup" };

int ev_synthesize_cgroups(ev_take_record take, void *context, struct ev_err *err)
{
	struct ev_arena arena = { 0 };
	const char **names = NULL;
	size_t count = 0;
	int rc = ev_cgroup_match("", &arena, &names, &count, err);
	for (size_t i = 0; i < count && !rc; i++) {
		struct ev_record record = { .type = PERF_RECORD_CGROUP };
		int fd = ev_cgroup_open(names[i], NULL);
		bool known = fd >= 0 && !ev_sys_file_handle(fd, &record.cgroup.id);
		if (fd >= 0)
			close(fd);
		record.cgroup.path =
			*names[i] == '/' ? names[i] : ev_arena_printf(&arena, "/%s", names[i]);
		if (known) /* else it is gone meanwhile */
			rc = take(context, &record, err);
	}
	free(names);
	ev_arena_done(&arena);
	return rc;
}

static int give_spaces(uint32_t pid, uint32_t tid, ev_take_record take, void *context,
		       struct ev_err *err)
{
	uint64_t dev_inode[2 * EV_LENGTH(spaces)] = { 0 };
	struct ev_record record = { .type = PERF_RECORD_NAMESPACES, .pid = pid, .tid = tid };
	bool any = false;
	for (size_t i = 0; i < EV_LENGTH(spaces); i++) {
		char path[80];
		struct stat file;
		snprintf(path, sizeof(path), "/proc/%u/task/%u/ns/%s", pid, tid, spaces[i]);
		if (stat(path, &file))
			continue;
		any = true;
		dev_inode[2 * i] = file.st_dev;
		dev_inode[2 * i + 1] = file.st_ino;
	}
	record.namespaces = (struct ev_namespaces){ pid, tid, EV_LENGTH(spaces), dev_inode };
	return any ? take(context, &record, err) : 0;
}

int ev_synthesize_namespaces(const struct ev_target *target, ev_take_record take, void *context,
			     struct ev_err *err)
{
	struct ev_task_list pids = { 0 }, threads = { 0 };
	int rc = 0;
	ev_synthesized_processes(target, &pids);
	for (size_t i = 0; i < pids.count && !rc; i++) {
		threads.count = 0;
		if (ev_process_threads(pids.items[i], &threads))
			continue;
		for (size_t k = 0; k < threads.count && !rc; k++)
			rc = give_spaces(pids.items[i], threads.items[k], take, context, err);
	}
	ev_array_done(&pids);
	ev_array_done(&threads);
	return rc;
}
