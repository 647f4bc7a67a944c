/* Small files of /proc and /sys become text and numbers. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
#include <evprof/base.h>

int ev_file_read(const char *path, char **text, size_t *size_bytes)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	size_t room = 4096, used = 0;
	char *out = ev_realloc(NULL, room + 1);
	for (;;) {
		ssize_t got = read(fd, out + used, room - used);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			int error = errno;
			free(out);
			close(fd);
			return -error;
		}
		if (!got)
			break;
		used += (size_t)got;
		if (used == room)
			out = ev_realloc(out, (room *= 2) + 1);
	}
	close(fd);
	out[used] = 0;
	*text = out;
	if (size_bytes)
		*size_bytes = used;
	return 0;
}

int ev_file_number(const char *path, int64_t *value)
{
	char *text;
	int rc = ev_file_read(path, &text, NULL);
	if (rc)
		return rc;
	char *end;
	errno = 0;
	long long number = strtoll(text, &end, 0);
	rc = errno ? -errno : end == text ? -EINVAL : 0;
	free(text);
	if (!rc)
		*value = number;
	return rc;
}
