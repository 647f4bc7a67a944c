/* Records of processes as they come become descriptors of their file systems, and of the files that
 * they run, held while they live: when a container or a program has gone, its files are still there
 * to be read. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include "process_files.h"
#include "regular_file.h"

#define HELD_LIMIT 128  /* descriptors, and at most an eighth of those allowed */
#define CODE_LIMIT 4096 /* files that are run, and at most another eighth */
#define FORGOTTEN_AFTER_NS 10000000000u
#define LOOKED_AT 16 /* of those, when there are so many, for one that can be read again */

struct file_system {
	uint64_t mount_space, root; /* which it is */
	int root_fd;
	int space_fd; /* what is mounted stays mounted while the name space is held */
};
struct known_process {
	uint64_t began_ns; /* 0 = nobody told */
	uint32_t pid, user, pid_inside;
	uint32_t system; /* index + 1, 0 = this program's own */
	bool inherited;  /* its parent was looked at */
	/* What is asked of it after its end: */
	bool ran_first, makes_code; /* where the file is; names of code that no file holds */
};
struct held_file {
	uint32_t pid;
	char *path;
	int fd;
};
struct held_code {
	char *path;
	uint32_t pid; /* of the first that ran it */
	dev_t device;
	ino_t inode;
	int fd;
};
struct ev_roots {
	EV_ARRAY(struct known_process) processes;
	EV_ARRAY(struct file_system) systems;
	EV_ARRAY(struct held_file) files;
	struct ev_map by_pid; /* index + 1 */
	struct ev_ended ended;
	struct stat own_mounts, own_pids, own_root;
	size_t held, limit;
	EV_ARRAY(struct held_code) code;
	struct ev_map code_by_file; /* by path and what else is known of the file: index + 1 */
	size_t code_limit, hand;    /* hand: where the next one to be let go is looked for */
	uint64_t code_left_out;
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
	roots->code_limit = getrlimit(RLIMIT_NOFILE, &files) || files.rlim_cur / 8 > CODE_LIMIT
				    ? CODE_LIMIT
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
		ev_array_add(&roots->processes)->pid = pid;
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
	known->inherited = false;
	return true;
}

static struct known_process *known_of(const struct ev_roots *roots, uint32_t pid)
{
	const uint32_t *index = roots ? ev_map_find(&roots->by_pid, pid, 0) : NULL;
	return index ? &roots->processes.items[*index - 1] : NULL;
}

/* A child lives where its parent does, until it runs a program or maps code of its own: that is
 * when it is looked at. In another space of numbers only the child itself knows its own. */
static void note_fork(struct ev_roots *roots, const struct ev_task *task, uint64_t time_ns)
{
	if (task->pid != task->tid || task->pid == task->parent_pid)
		return;
	if (!known_of(roots, task->parent_pid))
		learn(roots, task->parent_pid);
	const struct known_process *parent = known_of(roots, task->parent_pid);
	struct known_process as = parent ? *parent : (struct known_process){ 0 };
	bool shares_numbers = parent && as.pid_inside == task->parent_pid;
	bool seen = !shares_numbers && learn(roots, task->pid);
	if (!seen && !parent)
		return;
	struct known_process *child = add_process(roots, task->pid);
	if (!seen) {
		child->user = as.user;
		child->pid_inside = shares_numbers ? task->pid : 0;
		child->system = as.system;
		child->inherited = true;
	}
	child->began_ns = time_ns;
	child->makes_code = as.makes_code;
}

static void note_exit(struct ev_roots *roots, const struct ev_record *record)
{
	struct ev_ended_one one;
	if (record->task.pid != record->task.tid)
		return;
	ev_ended_add(&roots->ended, record->task.pid, record->time_ns);
	while (ev_ended_take(&roots->ended, FORGOTTEN_AFTER_NS, &one)) {
		const uint32_t *index = ev_map_find(&roots->by_pid, one.id, 0);
		struct known_process *process = known_of(roots, one.id);
		/* Its number may be that of another one already. */
		if (!process || process->began_ns > one.time_ns || process->ran_first ||
		    process->makes_code)
			continue;
		*process = roots->processes.items[--roots->processes.count];
		*ev_map_find(&roots->by_pid, process->pid, 0) = *index;
		ev_map_remove(&roots->by_pid, one.id, 0);
	}
}

/* ---- files that are run -------------------------------------------------------------------------
 */

/* Is this the file of the record? One with a build-id is checked when it is read. */
static bool is_mapped(const struct ev_mmap *mmap, const struct stat *status)
{
	return mmap->build_id_bytes || (status->st_ino == mmap->inode &&
					status->st_dev == makedev(mmap->major, mmap->minor));
}

static int open_checked(const struct ev_mmap *mmap, struct stat *status, char *path)
{
	int fd = ev_regular_open(path, status);
	free(path);
	if (fd >= 0 && !is_mapped(mmap, status)) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/* By its name, as the process sees it; by the mapping, where the name has gone already. */
static int open_code(const struct ev_mmap *mmap, bool lives_here, struct stat *status)
{
	int fd = open_checked(mmap, status, ev_printf("/proc/%u/root%s", mmap->pid, mmap->path));
	if (fd < 0)
		fd = open_checked(mmap, status,
				  ev_printf("/proc/%u/map_files/%" PRIx64 "-%" PRIx64, mmap->pid,
					    mmap->start, mmap->start + mmap->length));
	if (fd < 0 && lives_here)
		fd = open_checked(mmap, status, ev_strdup(mmap->path));
	return fd;
}

static uint64_t hash_of_file(const struct ev_mmap *mmap)
{
	return mmap->build_id_bytes ? ev_hash_bytes(mmap->build_id, mmap->build_id_bytes)
				    : ev_hash64(mmap->inode ^ (uint64_t)mmap->major << 52 ^
						(uint64_t)mmap->minor << 40);
}

/* Is it still there by its name? Then it can be read later as well, as far as one can tell. */
static bool is_there(const struct held_code *code)
{
	struct stat status;
	return !stat(code->path, &status) && status.st_ino == code->inode &&
	       status.st_dev == code->device;
}

/* Room for one more: at the end, or that of one that is still there. NULL = there is none. */
static struct held_code *code_room(struct ev_roots *roots)
{
	if (roots->code.count < roots->code_limit)
		return ev_array_add(&roots->code);
	for (size_t i = 0; i < LOOKED_AT && roots->code.count; i++) {
		struct held_code *code = &roots->code.items[roots->hand++ % roots->code.count];
		if (!is_there(code))
			continue;
		close(code->fd);
		free(code->path);
		return code;
	}
	return NULL;
}

static bool is_file(const char *path)
{
	static const char *const no_files[] = { "//", "/dev/", "/memfd:", "/SYSV",
						"/anon_hugepage" };
	bool is = *path == '/';
	for (size_t i = 0; i < EV_LENGTH(no_files) && is; i++)
		is = strncmp(path, no_files[i], strlen(no_files[i])) != 0;
	return is;
}

/* Each file once; one that was let go for another is not taken again. True for the first who runs
 * it. */
static bool hold_code(struct ev_roots *roots, const struct ev_mmap *mmap, bool lives_here)
{
	struct stat status;
	bool added;
	uint64_t name = ev_hash_bytes(mmap->path, strlen(mmap->path));
	ev_map_add(&roots->code_by_file, name, hash_of_file(mmap), &added);
	int fd = added ? open_code(mmap, lives_here, &status) : -1;
	if (fd < 0)
		return added;
	struct held_code *code = code_room(roots);
	if (!code) {
		roots->code_left_out++;
		close(fd);
		return true;
	}
	*code = (struct held_code){ .path = ev_strdup(mmap->path),
				    .pid = mmap->pid,
				    .device = status.st_dev,
				    .inode = status.st_ino,
				    .fd = fd };
	return true;
}

int ev_roots_code(const struct ev_roots *roots, const char *path, size_t length, size_t *from)
{
	for (; roots && *from < roots->code.count; (*from)++) {
		const struct held_code *code = &roots->code.items[*from];
		if (!strncmp(code->path, path, length) && !code->path[length])
			return roots->code.items[(*from)++].fd;
	}
	return -1;
}

void ev_roots_tally(const struct ev_roots *roots, size_t *held, uint64_t *left_out)
{
	*held = roots ? roots->code.count : 0;
	*left_out = roots ? roots->code_left_out : 0;
}

static void note_comm(struct ev_roots *roots, const struct ev_comm *comm)
{
	struct known_process *known;
	if (comm->exec || !known_of(roots, comm->pid))
		learn(roots, comm->pid);
	known = comm->exec ? known_of(roots, comm->pid) : NULL;
	if (known)
		known->makes_code = false;
}

static void note_mapping(struct ev_roots *roots, const struct ev_mmap *mmap)
{
	struct known_process *known = known_of(roots, mmap->pid);
	bool file = mmap->path && is_file(mmap->path);
	bool first = file && hold_code(roots, mmap, !known || !known->system);
	if (known) {
		known->ran_first |= first;
		known->makes_code |=
			!file && mmap->path && strncmp(mmap->path, "[v", 2); /* vdso, vsyscall */
	}
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
	const struct known_process *known;
	switch (record->type) {
	case PERF_RECORD_COMM:
		note_comm(roots, &record->comm);
		break;
	case PERF_RECORD_FORK:
		note_fork(roots, &record->task, record->time_ns);
		break;
	case PERF_RECORD_EXIT:
		note_exit(roots, record);
		break;
	case PERF_RECORD_MMAP:
	case PERF_RECORD_MMAP2:
		if (record->mmap.pid == UINT32_MAX || !record->mmap.executable)
			break;
		known = known_of(roots, record->mmap.pid);
		if (!known || known->inherited)
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
	for (size_t i = 0; i < roots->code.count; i++) {
		close(roots->code.items[i].fd);
		free(roots->code.items[i].path);
	}
	ev_array_done(&roots->code);
	ev_map_done(&roots->code_by_file);
	ev_array_done(&roots->systems);
	ev_array_done(&roots->files);
	ev_array_done(&roots->processes);
	ev_map_done(&roots->by_pid);
	ev_ended_done(&roots->ended);
	free(roots);
}
