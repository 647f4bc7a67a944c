/* Records of processes as they come become descriptors of their file systems, held while they live:
 * when a container has gone, its files are still there to be read. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include "process_files.h"

#define HELD_LIMIT 128 /* descriptors, and at most an eighth of those allowed */

struct file_system {
	uint64_t mount_space, root; /* which it is */
	int root_fd;
	int space_fd; /* what is mounted stays mounted while the name space is held */
};
struct known_process {
	uint32_t user, pid_inside;
	uint32_t system; /* index + 1, 0 = this program's own */
};
struct held_file {
	uint32_t pid;
	char *path;
	int fd;
};
struct ev_roots {
	EV_ARRAY(struct known_process) processes;
	EV_ARRAY(struct file_system) systems;
	EV_ARRAY(struct held_file) files;
	struct ev_map by_pid; /* index + 1 */
	struct stat own_mounts, own_pids, own_root;
	size_t held, limit;
};

static bool look(uint32_t pid, const char *what, struct stat *status)
{
	char path[64];
	if (pid)
		snprintf(path, sizeof(path), "/proc/%u%s", pid, what);
	else
		snprintf(path, sizeof(path), "/proc/self%s", what);
	return !stat(path, status);
}

struct ev_roots *ev_roots_open(void)
{
	struct ev_roots *roots = ev_alloc(sizeof(*roots));
	struct rlimit files;
	look(0, "/ns/mnt", &roots->own_mounts);
	look(0, "/ns/pid", &roots->own_pids);
	look(0, "/root/", &roots->own_root);
	roots->limit = getrlimit(RLIMIT_NOFILE, &files) || files.rlim_cur / 8 > HELD_LIMIT
			       ? HELD_LIMIT
			       : files.rlim_cur / 8;
	return roots;
}

/* A descriptor more of a process' file, -1 when there may be none or it is not there. */
static int hold(struct ev_roots *roots, uint32_t pid, const char *path, int flags)
{
	if (roots->held >= roots->limit)
		return -1;
	char *whole = ev_printf("/proc/%u/%s", pid, path);
	int fd = open(whole, flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	free(whole);
	roots->held += fd >= 0;
	return fd;
}

static void let_go(struct ev_roots *roots, int fd)
{
	if (fd < 0)
		return;
	close(fd);
	roots->held--;
}

static uint32_t system_of(struct ev_roots *roots, uint32_t pid)
{
	struct stat mounts, root;
	if (!look(pid, "/ns/mnt", &mounts) || !look(pid, "/root/", &root))
		return 0;
	if (mounts.st_ino == roots->own_mounts.st_ino && root.st_ino == roots->own_root.st_ino &&
	    root.st_dev == roots->own_root.st_dev)
		return 0;
	for (size_t i = 0; i < roots->systems.count; i++)
		if (roots->systems.items[i].mount_space == mounts.st_ino &&
		    roots->systems.items[i].root == (root.st_dev ^ root.st_ino << 16))
			return (uint32_t)i + 1;
	int fd = hold(roots, pid, "root/", O_PATH | O_DIRECTORY);
	if (fd < 0)
		return 0;
	*ev_array_add(&roots->systems) = (struct file_system){
		.mount_space = mounts.st_ino,
		.root = root.st_dev ^ root.st_ino << 16,
		.root_fd = fd,
		.space_fd = hold(roots, pid, "ns/mnt", O_RDONLY),
	};
	return (uint32_t)roots->systems.count;
}

static uint32_t pid_inside(const struct ev_roots *roots, uint32_t pid)
{
	static const struct process_view nothing_kept;
	struct stat pids;
	if (look(pid, "/ns/pid", &pids) && pids.st_ino == roots->own_pids.st_ino)
		return pid;
	return ev_process_pid_inside(&nothing_kept, pid);
}

static struct known_process *add_process(struct ev_roots *roots, uint32_t pid)
{
	uint32_t *index = ev_map_add(&roots->by_pid, pid, 0, NULL);
	if (!*index) {
		ev_array_add(&roots->processes);
		*index = (uint32_t)roots->processes.count;
	}
	return &roots->processes.items[*index - 1];
}

static bool learn(struct ev_roots *roots, uint32_t pid)
{
	struct stat process;
	if (!pid || !look(pid, "", &process))
		return false; /* gone already: what is known stays */
	struct known_process *known = add_process(roots, pid);
	known->user = process.st_uid;
	known->pid_inside = pid_inside(roots, pid);
	known->system = system_of(roots, pid);
	return true;
}

static struct known_process *known_of(const struct ev_roots *roots, uint32_t pid)
{
	const uint32_t *index = roots ? ev_map_find(&roots->by_pid, pid, 0) : NULL;
	return index ? &roots->processes.items[*index - 1] : NULL;
}

/* A child that ended before it was seen lived where its parent does. */
static void note_fork(struct ev_roots *roots, const struct ev_task *task)
{
	if (task->pid != task->tid || task->pid == task->parent_pid || learn(roots, task->pid))
		return;
	if (!known_of(roots, task->parent_pid))
		learn(roots, task->parent_pid);
	const struct known_process *parent = known_of(roots, task->parent_pid);
	if (!parent)
		return;
	struct known_process child = { .user = parent->user, .system = parent->system };
	*add_process(roots, task->pid) = child;
}

static void note_mapping(struct ev_roots *roots, const struct ev_mmap *mmap)
{
	struct known_process *known = known_of(roots, mmap->pid);
	if (!known || !mmap->path || *mmap->path != '/')
		return;
	if (!ev_jitdump_pid(mmap->path) || ev_roots_file(roots, mmap->pid, mmap->path) >= 0)
		return;
	char *path = ev_printf("root%s", mmap->path);
	int fd = hold(roots, mmap->pid, path, O_RDONLY | O_NOFOLLOW);
	free(path);
	if (fd >= 0)
		*ev_array_add(&roots->files) =
			(struct held_file){ mmap->pid, ev_strdup(mmap->path), fd };
}

void ev_roots_note(struct ev_roots *roots, const struct ev_record *record)
{
	switch (record->type) {
	case PERF_RECORD_COMM:
		if (record->comm.exec || !known_of(roots, record->comm.pid))
			learn(roots, record->comm.pid);
		break;
	case PERF_RECORD_FORK:
		note_fork(roots, &record->task);
		break;
	case PERF_RECORD_MMAP:
	case PERF_RECORD_MMAP2:
		if (record->mmap.pid == UINT32_MAX || !record->mmap.executable)
			break;
		if (!known_of(roots, record->mmap.pid))
			learn(roots, record->mmap.pid);
		note_mapping(roots, &record->mmap);
		break;
	default:
		break;
	}
}

uint32_t ev_roots_user(const struct ev_roots *roots, uint32_t pid)
{
	const struct known_process *known = known_of(roots, pid);
	return known ? known->user : UINT32_MAX;
}

uint32_t ev_roots_pid_inside(const struct ev_roots *roots, uint32_t pid)
{
	const struct known_process *known = known_of(roots, pid);
	return known ? known->pid_inside : 0;
}

int ev_roots_root(const struct ev_roots *roots, uint32_t pid)
{
	const struct known_process *known = known_of(roots, pid);
	return known && known->system ? roots->systems.items[known->system - 1].root_fd : -1;
}

int ev_roots_file(const struct ev_roots *roots, uint32_t pid, const char *path)
{
	for (size_t i = 0; roots && i < roots->files.count; i++)
		if (roots->files.items[i].pid == pid && !strcmp(roots->files.items[i].path, path))
			return roots->files.items[i].fd;
	return -1;
}

void ev_roots_close(struct ev_roots *roots)
{
	if (!roots)
		return;
	for (size_t i = 0; i < roots->systems.count; i++) {
		let_go(roots, roots->systems.items[i].root_fd);
		let_go(roots, roots->systems.items[i].space_fd);
	}
	for (size_t i = 0; i < roots->files.count; i++) {
		let_go(roots, roots->files.items[i].fd);
		free(roots->files.items[i].path);
	}
	ev_array_done(&roots->systems);
	ev_array_done(&roots->files);
	ev_array_done(&roots->processes);
	ev_map_done(&roots->by_pid);
	free(roots);
}
