/* Opening files that others chose: regular files only, never blocking, never more than a bound. */
#ifndef SYMBOL_REGULAR_FILE_H
#define SYMBOL_REGULAR_FILE_H

#include <sys/stat.h>
#include <evprof/base.h>

/* A descriptor for reading, or -errno; -EINVAL for what is no regular file. *status is its. */
int ev_regular_open(const char *path, struct stat *status);
/* The whole file with a NUL behind it, and closes the descriptor; -EFBIG when it has more than
 * `limit` bytes. */
int ev_regular_read(int fd, size_t limit_bytes, char **text, size_t *size_bytes,
		    const struct stat *status);
/* All of [offset, offset + size) or -EIO. */
int ev_regular_read_at(int fd, uint64_t offset, void *bytes, size_t size_bytes);

#endif
