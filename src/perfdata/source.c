/* Where the bytes of a recording come from: a file or memory (any place of it), or a pipe. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "layout.h"

int ev_source_open(struct ev_source *source, const char *path, struct ev_err *err)
{
	bool is_stdin = strcmp(path, "-") == 0;
	struct stat st;

	memset(source, 0, sizeof(*source));
	source->fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	if (source->fd < 0)
		return ev_fail(err, errno, "can't open %s: %s", path, strerror(errno));
	source->owned = !is_stdin;
	if (fstat(source->fd, &st) < 0) {
		int code = errno;

		ev_source_close(source);
		return ev_fail(err, code, "can't look at %s: %s", path, strerror(code));
	}
	if (S_ISDIR(st.st_mode)) {
		ev_source_close(source);
		return ev_fail(err, EISDIR, "%s is a folder, not a recording", path);
	}
	source->seekable = S_ISREG(st.st_mode);
	source->size_bytes = source->seekable ? (uint64_t)st.st_size : 0;
	return 0;
}

ssize_t ev_source_read_at(const struct ev_source *source, uint64_t offset, void *bytes,
			  size_t size_bytes)
{
	uint8_t *to = bytes;
	size_t done = 0;

	if (offset >= source->size_bytes)
		return 0;
	if (size_bytes > source->size_bytes - offset)
		size_bytes = source->size_bytes - offset;
	if (source->memory) {
		memcpy(bytes, source->memory + offset, size_bytes);
		return (ssize_t)size_bytes;
	}
	while (done < size_bytes) {
		ssize_t got =
			pread(source->fd, to + done, size_bytes - done, (off_t)(offset + done));

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0) /* cut short behind our back */
			break;
		done += (size_t)got;
	}
	return (ssize_t)done;
}

ssize_t ev_source_read_more(const struct ev_source *source, void *bytes, size_t size_bytes)
{
	for (;;) {
		ssize_t got = read(source->fd, bytes, size_bytes);

		if (got >= 0)
			return got;
		if (errno != EINTR)
			return -errno;
	}
}

void ev_source_close(struct ev_source *source)
{
	if (source->owned)
		close(source->fd);
	memset(source, 0, sizeof(*source));
	source->fd = -1;
}
