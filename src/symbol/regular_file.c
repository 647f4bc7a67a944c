/* Paths from recordings and from other users become bytes: no device is opened, no pipe waited for.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
#include "regular_file.h"

#define STEP_BYTES ((size_t)1 << 20)

int ev_regular_open(const char *path, struct stat *status)
{
	/* Asked before opening, since the opening of a device may already do something, and again
	 * after it, since the path may have changed. */
	if (stat(path, status))
		return -errno;
	if (!S_ISREG(status->st_mode))
		return -EINVAL;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return -errno;
	int code = fstat(fd, status) ? -errno : S_ISREG(status->st_mode) ? 0 : -EINVAL;
	if (code) {
		close(fd);
		return code;
	}
	return fd;
}

int ev_regular_read(int fd, size_t limit_bytes, char **text, size_t *size_bytes,
		    const struct stat *status)
{
	int code = 0;
	/* The size is only a hint: files of /proc say 0. */
	size_t used = 0, room = 4096;
	if (status->st_size > 0 && (uint64_t)status->st_size < STEP_BYTES * 64)
		room = (size_t)status->st_size + 2;
	char *bytes = ev_realloc(NULL, room);
	for (;;) {
		if (used + 1 >= room)
			bytes = ev_realloc(bytes, room *= 2);
		ssize_t got = read(fd, bytes + used, room - used - 1);
		if (got < 0 && errno == EINTR)
			continue;
		code = got < 0 ? -errno : 0;
		if (got <= 0)
			break;
		used += (size_t)got;
		if (used > limit_bytes) {
			code = -EFBIG;
			break;
		}
	}
	close(fd);
	if (code) {
		free(bytes);
		return code;
	}
	bytes[used] = 0;
	*text = bytes;
	*size_bytes = used;
	return 0;
}

int ev_regular_read_at(int fd, uint64_t offset, void *bytes, size_t size_bytes)
{
	for (size_t used = 0; used < size_bytes;) {
		ssize_t got =
			pread(fd, (char *)bytes + used, size_bytes - used, (off_t)(offset + used));
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return -EIO;
		used += (size_t)got;
	}
	return 0;
}
