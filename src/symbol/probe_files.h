/* Which files a probe means. */
#ifndef SYMBOL_PROBE_FILES_H
#define SYMBOL_PROBE_FILES_H

#include <evprof/base.h>

struct probe_files {
	const char **items; /* absolute, each file once */
	size_t count, room;
};
/* `wanted` is a path, a bare name that is a file here, a program of PATH or a library that the
 * loader finds, or a glob of one of those. At least one file, or -ENOENT with a sentence. Strings
 * live in `arena`, the caller frees with ev_array_done. */
int ev_probe_files(const char *wanted, struct ev_arena *arena, struct probe_files *files,
		   struct ev_err *err);
/* The library that the loader would take for a name such as libc.so.6; NULL when it finds none. */
const char *ev_library_find(const char *name, struct ev_arena *arena);

/* One library of the loader's cache; 0 goes on. `cache` is the content of /etc/ld.so.cache. */
typedef int (*ev_take_library)(void *context, const char *name, const char *path);
int ev_library_cache_read(const void *cache, size_t size_bytes, ev_take_library take,
			  void *context);

#endif
