/* A process and a path as it knows it become a descriptor, unless what is there is someone else's.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "process_files.h"

char *ev_process_root(const struct process_view *view, uint32_t pid, unsigned n)
{
	int kept = view->symfs ? -1 : ev_roots_root(view->roots, pid);
	if (view->symfs)
		return n ? NULL : ev_strdup(view->symfs);
	switch (n + (kept < 0)) {
	case 0:
		return ev_printf("/proc/self/fd/%d", kept);
	case 1:
		return ev_printf("/proc/%u/root", pid);
	case 2:
		return ev_strdup("");
	default:
		return NULL;
	}
}

static uint32_t pid_inside_now(uint32_t pid)
{
	char path[64], *text, *at;
	size_t size;
	snprintf(path, sizeof(path), "/proc/%u/status", pid);
	if (ev_file_read(path, &text, &size))
		return pid;
	at = strstr(text, "\nNSpid:");
	if (at) {
		at[strcspn(at + 1, "\n") + 1] = 0;
		char *last = strrchr(at, '\t');
		unsigned long inside = last ? strtoul(last + 1, NULL, 10) : 0;
		if (inside && inside <= UINT32_MAX)
			pid = (uint32_t)inside;
	}
	free(text);
	return pid;
}

uint32_t ev_process_pid_inside(const struct process_view *view, uint32_t pid)
{
	uint32_t kept = ev_roots_pid_inside(view->roots, pid);
	return kept ? kept : pid_inside_now(pid);
}

/* A map written by anyone else would put names of their choice into the report. */
static bool owner_is_trusted(const struct process_view *view, const struct stat *file, uint32_t pid)
{
	char path[32];
	struct stat process;
	if (!file->st_uid || file->st_uid == geteuid())
		return true;
	if (view->symfs)
		return false;
	uint32_t user = ev_roots_user(view->roots, pid);
	if (user != UINT32_MAX)
		return file->st_uid == user;
	snprintf(path, sizeof(path), "/proc/%u", pid);
	return !stat(path, &process) && process.st_uid == file->st_uid;
}

/* Nobody is led elsewhere by a link; where a pipe stands nobody waits. */
static int open_plain(const char *path, struct stat *status)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	return fd < 0 ? -errno : fstat(fd, status) ? (close(fd), -EIO) : fd;
}

static int checked(const struct process_view *view, int fd, const struct stat *status, uint32_t pid)
{
	int code = !S_ISREG(status->st_mode)              ? -EINVAL
		   : !owner_is_trusted(view, status, pid) ? -EACCES
							  : fd;
	if (code < 0)
		close(fd);
	return code;
}

static int open_in(const struct process_view *view, uint32_t pid, const char *root,
		   const char *path, struct stat *status)
{
	char *whole = ev_printf("%s%s", root, path);
	int fd = open_plain(whole, status);
	free(whole);
	return fd < 0 ? (fd == -ELOOP ? -EINVAL : fd) : checked(view, fd, status, pid);
}

int ev_process_file_open(const struct process_view *view, uint32_t pid, const char *path,
			 const char *path_here, struct stat *status)
{
	int kept = view->symfs ? -1 : ev_roots_file(view->roots, pid, path);
	if (kept >= 0 && (kept = fcntl(kept, F_DUPFD_CLOEXEC, 0)) >= 0)
		return fstat(kept, status) ? (close(kept), -EIO) : checked(view, kept, status, pid);
	int code = -ENOENT;
	char *root;
	for (unsigned n = 0; code < 0 && (root = ev_process_root(view, pid, n)); n++) {
		const char *there = *root ? path : path_here;
		int tried = there ? open_in(view, pid, root, there, status) : -ENOENT;
		/* What is wrong with the first that is there at all says the most. */
		if (tried >= 0 || code == -ENOENT || code == -ENOTDIR)
			code = tried;
		free(root);
	}
	return code;
}

uint32_t ev_jitdump_pid(const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	char *end;
	if (strncmp(name, "jit-", 4) || name[4] < '1' || name[4] > '9')
		return 0;
	unsigned long pid = strtoul(name + 4, &end, 10);
	return strcmp(end, ".dump") || pid > UINT32_MAX ? 0 : (uint32_t)pid;
}
