/* Files that belong to a process: seen as it sees them, and believed only when it wrote them. */
#ifndef SYMBOL_PROCESS_FILES_H
#define SYMBOL_PROCESS_FILES_H

#include <sys/stat.h>
#include <evprof/symbol.h>

/* Where a process' files are to be looked for; both may be NULL. */
struct process_view {
	const char *symfs;
	const struct ev_roots *roots;
};

/* The n-th folder that may be the root of a process' file system, to put its paths behind; NULL
 * after the last, "" for this program's own. free() it. */
char *ev_process_root(const struct process_view *view, uint32_t pid, unsigned n);
/* Its number as itself knows it. */
uint32_t ev_process_pid_inside(const struct process_view *view, uint32_t pid);
/* A file that a process says something about itself in, opened for reading: a regular one, no link,
 * that it or root or whoever reads it owns. `path` is as the process has it, `path_here` what to
 * take instead outside of the process' own view, NULL for nowhere. -EACCES: somebody else's. */
int ev_process_file_open(const struct process_view *view, uint32_t pid, const char *path,
			 const char *path_here, struct stat *status);

/* Of what is kept of a process: its user (UINT32_MAX: not known), its number (0), its root
 * and the file at a path (-1). The descriptors stay the owner's. */
uint32_t ev_roots_user(const struct ev_roots *roots, uint32_t pid);
uint32_t ev_roots_pid_inside(const struct ev_roots *roots, uint32_t pid);
int ev_roots_root(const struct ev_roots *roots, uint32_t pid);
/* Of a file that was run under this name, the next one at or behind *from, which moves behind it;
 * -1 when there is no more. The descriptor is the roots' own. */
int ev_roots_code(const struct ev_roots *roots, const char *path, size_t length, size_t *from);
int ev_roots_file(const struct ev_roots *roots, uint32_t pid, const char *path);
/* Is it the name of a jitdump, "jit-123.dump"? The number, 0 when not. */
uint32_t ev_jitdump_pid(const char *path);

#endif
