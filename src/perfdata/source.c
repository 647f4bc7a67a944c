/* Where the bytes of a recording come from: a file or memory (any place of it), several files of a
 * folder, one behind another, or a pipe. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
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
		int folder = source->fd;
		int rc = ev_source_open_folder(source, folder, path, err);

		if (!is_stdin)
			close(folder);
		return rc;
	}
	source->seekable = S_ISREG(st.st_mode);
	source->size_bytes = source->seekable ? (uint64_t)st.st_size : 0;
	source->first_bytes = source->size_bytes;
	return 0;
}

/* The piece that begins last at or before `offset`; NULL when the first file is meant. */
static const struct ev_source_piece *piece_at(const struct ev_source *source, uint64_t offset)
{
	size_t low = 0, high = source->piece_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (source->pieces[middle].from <= offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? &source->pieces[low - 1] : NULL;
}

uint64_t ev_source_end(const struct ev_source *source, uint64_t offset)
{
	const struct ev_source_piece *piece = piece_at(source, offset);

	return piece ? piece->from + piece->size_bytes : source->first_bytes;
}

uint64_t ev_source_next(const struct ev_source *source, uint64_t offset)
{
	const struct ev_source_piece *piece = piece_at(source, offset);
	size_t next = piece ? (size_t)(piece - source->pieces) + 1 : 0;

	return next < source->piece_count ? source->pieces[next].from : UINT64_MAX;
}

ssize_t ev_source_read_at(const struct ev_source *source, uint64_t offset, void *bytes,
			  size_t size_bytes)
{
	const struct ev_source_piece *piece = piece_at(source, offset);
	uint64_t end = piece ? piece->size_bytes : source->first_bytes;
	int fd = piece ? piece->fd : source->fd;
	uint8_t *to = bytes;
	size_t done = 0;

	if (piece)
		offset -= piece->from;
	if (offset >= end)
		return 0;
	if (size_bytes > end - offset)
		size_bytes = end - offset;
	if (source->memory) {
		memcpy(bytes, source->memory + offset, size_bytes);
		return (ssize_t)size_bytes;
	}
	while (done < size_bytes) {
		ssize_t got = pread(fd, to + done, size_bytes - done, (off_t)(offset + done));

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
	for (size_t i = 0; i < source->piece_count; i++)
		close(source->pieces[i].fd);
	free(source->pieces);
	memset(source, 0, sizeof(*source));
	source->fd = -1;
}
