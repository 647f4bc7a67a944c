/* /proc becomes lists of processes and threads. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "tasks.h"

static bool is_number(const char *text, uint32_t *number)
{
	uint64_t value;
	if (!isdigit((unsigned char)*text) || ev_parse_u64(text, &value) || value > UINT32_MAX)
		return false;
	*number = (uint32_t)value;
	return true;
}

int ev_process_threads(uint32_t pid, struct ev_task_list *list)
{
	char path[64];
	uint32_t tid;
	snprintf(path, sizeof(path), "/proc/%u/task", pid);
	DIR *folder = opendir(path);
	if (!folder)
		return -errno;
	size_t first = list->count;
	for (struct dirent *entry; (entry = readdir(folder));)
		if (is_number(entry->d_name, &tid))
			*ev_array_add(list) = tid;
	closedir(folder);
	/* The kernel lists the main thread first; what follows relies on it. */
	for (size_t i = first + 1; i < list->count; i++)
		if (list->items[i] == pid) {
			list->items[i] = list->items[first];
			list->items[first] = pid;
		}
	return list->count > first ? 0 : -ENOENT;
}

void ev_processes_list(struct ev_task_list *list, bool of_user, uint32_t uid)
{
	uint32_t pid;
	struct stat status;
	DIR *folder = opendir("/proc");
	if (!folder)
		return;
	for (struct dirent *entry; (entry = readdir(folder));) {
		if (!is_number(entry->d_name, &pid))
			continue;
		/* The folder of a process belongs to its effective user. */
		if (of_user &&
		    (fstatat(dirfd(folder), entry->d_name, &status, 0) || status.st_uid != uid))
			continue;
		*ev_array_add(list) = pid;
	}
	closedir(folder);
}

static int list_user(uint32_t uid, struct ev_task_list *list, struct ev_err *err)
{
	struct ev_task_list pids = { 0 };
	ev_processes_list(&pids, true, uid);
	for (size_t i = 0; i < pids.count; i++)
		ev_process_threads(pids.items[i], list);
	ev_array_done(&pids);
	return list->count ? 0 : ev_fail(err, ESRCH, "user %u has no process", uid);
}

/* A thread named twice is one thread. */
static void drop_repeated(struct ev_task_list *list)
{
	struct ev_map seen = { 0 };
	size_t kept = 0;
	for (size_t i = 0; i < list->count; i++) {
		bool added;
		ev_map_add(&seen, list->items[i], 0, &added);
		if (added)
			list->items[kept++] = list->items[i];
	}
	list->count = kept;
	ev_map_done(&seen);
}

int ev_tasks_list(const struct ev_target *target, struct ev_task_list *list, struct ev_err *err)
{
	bool whole = target->kind == EV_TARGET_PIDS;
	list->count = 0;
	if (!target->id_count)
		return ev_fail(err, EINVAL, "nobody to watch was named");
	if (target->kind == EV_TARGET_USER)
		return list_user(target->ids[0], list, err);
	for (size_t i = 0; i < target->id_count; i++) {
		uint32_t id = target->ids[i];
		if (whole ? ev_process_threads(id, list) : !ev_task_lives(id)) {
			if (target->by_name)
				continue;
			return ev_fail(err, ESRCH, "there is no %s %u",
				       whole ? "process" : "thread", id);
		}
		if (!whole)
			*ev_array_add(list) = id;
	}
	drop_repeated(list);
	return list->count
		       ? 0
		       : ev_fail(err, ESRCH, "the processes ended before they could be watched");
}

bool ev_tasks_grew(const struct ev_task_list *before, const struct ev_task_list *now)
{
	struct ev_map known = { 0 };
	bool grew = false;
	for (size_t i = 0; i < before->count; i++)
		ev_map_add(&known, before->items[i], 0, NULL);
	for (size_t i = 0; i < now->count && !grew; i++)
		grew = !ev_map_find(&known, now->items[i], 0);
	ev_map_done(&known);
	return grew;
}

void ev_task_comm(uint32_t tid, char comm[16])
{
	char path[64];
	snprintf(path, sizeof(path), "/proc/%u/comm", tid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? 0 : read(fd, comm, 15);
	if (fd >= 0)
		close(fd);
	comm[got > 0 ? got : 0] = 0;
	size_t length = strlen(comm);
	if (length && comm[length - 1] == '\n')
		comm[length - 1] = 0;
}

/* What stands behind the name in /proc/PID/stat, "12 (any (name) at all) S 1 …", and the name. */
static bool read_stat(uint32_t pid, char comm[16], char *status, uint32_t *parent)
{
	char path[64], *text;
	snprintf(path, sizeof(path), "/proc/%u/stat", pid);
	if (ev_file_read(path, &text, NULL))
		return false;
	const char *open_mark = strchr(text, '('), *close_mark = strrchr(text, ')');
	bool found = open_mark && close_mark && close_mark > open_mark &&
		     sscanf(close_mark + 1, " %c %u", status, parent) == 2;
	if (found)
		snprintf(comm, 16, "%.*s", (int)(close_mark - open_mark - 1), open_mark + 1);
	free(text);
	return found;
}

bool ev_process_parent(uint32_t pid, char comm[16], uint32_t *parent)
{
	char status;
	return read_stat(pid, comm, &status, parent);
}

bool ev_task_lives(uint32_t tid)
{
	char comm[16], status;
	uint32_t parent;
	/* What has ended stays there until its parent asks. */
	return read_stat(tid, comm, &status, &parent) && status != 'Z' && status != 'X';
}

bool ev_target_lives(const struct ev_target *target)
{
	struct ev_task_list tasks = { 0 };
	bool lives = false;
	for (size_t i = 0; i < target->id_count && !lives; i++) {
		lives = ev_task_lives(target->ids[i]);
		tasks.count = 0;
		/* A main thread may end before the others of its process. */
		if (!lives && target->kind == EV_TARGET_PIDS)
			ev_process_threads(target->ids[i], &tasks);
		for (size_t t = 0; t < tasks.count && !lives; t++)
			lives = ev_task_lives(tasks.items[t]);
	}
	ev_array_done(&tasks);
	return lives;
}

/* "1234 (any name) S 1 …": utime, stime, cutime and cstime are the 14th to 17th fields. */
bool ev_stat_times(const char *text, bool children, uint64_t *user, uint64_t *system)
{
	const char *at = strrchr(text, ')');
	uint64_t fields[4];
	size_t count = 0;
	if (!at)
		return false;
	for (int field = 2; count < EV_LENGTH(fields); field++) {
		at += strcspn(at, " ");
		at += strspn(at, " ");
		if (field < 13)
			continue;
		char *end;
		if (!isdigit((unsigned char)*at))
			return false;
		fields[count++] = strtoull(at, &end, 10);
		at = end;
	}
	*user = fields[0] + (children ? fields[2] : 0);
	*system = fields[1] + (children ? fields[3] : 0);
	return true;
}

bool ev_task_times(uint32_t id, bool thread, uint64_t *user_ns, uint64_t *system_ns)
{
	char path[64], *text;
	uint64_t user, system;
	long hz = sysconf(_SC_CLK_TCK);
	if (thread)
		snprintf(path, sizeof(path), "/proc/%u/task/%u/stat", id, id);
	else
		snprintf(path, sizeof(path), "/proc/%u/stat", id);
	if (hz <= 0 || ev_file_read(path, &text, NULL))
		return false;
	bool known = ev_stat_times(text, !thread, &user, &system);
	free(text);
	if (!known)
		return false;
	*user_ns = user * (1000000000u / (uint64_t)hz);
	*system_ns = system * (1000000000u / (uint64_t)hz);
	return true;
}
