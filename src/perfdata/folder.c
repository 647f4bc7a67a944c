/* A folder as `perf record --threads` leaves it -> one source: the file "data", which has the
 * header, and behind it the records of data.0, data.1 and so on.
 *
 *   data: header | records | features    data.0: records    data.1: records
 *   0                            size_bytes + a gap                                      */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "layout.h"

enum { PIECES_MAX = 65536 }; /* one for each CPU at most */

typedef EV_ARRAY(uint32_t) numbers;

/* A regular file of the folder; a fifo must not make anybody wait. */
static int open_file(int folder, const char *name, uint64_t *size_bytes)
{
	struct stat status;
	int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int code;

	if (fd < 0)
		return -errno;
	code = fstat(fd, &status) < 0 ? errno : S_ISREG(status.st_mode) ? 0 : EINVAL;
	if (code) {
		close(fd);
		return -code;
	}
	*size_bytes = (uint64_t)status.st_size;
	return fd;
}

static int rising(const void *one, const void *other)
{
	uint32_t a = *(const uint32_t *)one, b = *(const uint32_t *)other;

	return a < b ? -1 : a > b;
}

/* Which data.N there are, as N rises. */
static int find_pieces(int folder, numbers *found)
{
	int copy = dup(folder);
	DIR *stream = copy < 0 ? NULL : fdopendir(copy);
	const struct dirent *entry;

	if (!stream) {
		int code = errno;

		if (copy >= 0)
			close(copy);
		return -code;
	}
	while ((entry = readdir(stream)) && found->count < PIECES_MAX) {
		uint64_t number;
		char plain[32];

		if (strncmp(entry->d_name, "data.", 5) != 0 ||
		    ev_parse_u64(entry->d_name + 5, &number) || number > UINT32_MAX)
			continue;
		/* Not data.0x1 or data.007: each would be taken for another one's file. */
		snprintf(plain, sizeof(plain), "data.%u", (unsigned)number);
		if (strcmp(plain, entry->d_name) == 0)
			*ev_array_add(found) = (uint32_t)number;
	}
	closedir(stream);
	if (found->count)
		qsort(found->items, found->count, sizeof(*found->items), rising);
	return 0;
}

static int open_pieces(struct ev_source *source, int folder, const numbers *found, const char *path,
		       struct ev_err *err)
{
	source->pieces = ev_alloc((found->count + 1) * sizeof(*source->pieces));
	for (size_t i = 0; i < found->count; i++) {
		struct ev_source_piece *piece = &source->pieces[source->piece_count];
		char name[32];

		snprintf(name, sizeof(name), "data.%u", (unsigned)found->items[i]);
		piece->fd = open_file(folder, name, &piece->size_bytes);
		if (piece->fd < 0)
			return ev_fail(err, -piece->fd, "can't read %s/%s: %s", path, name,
				       strerror(-piece->fd));
		/* A gap, so that the end of one file is not the beginning of the next. */
		piece->from = (source->size_bytes + 15) & ~(uint64_t)7;
		source->size_bytes = piece->from + piece->size_bytes;
		source->piece_count++;
	}
	return 0;
}

int ev_source_open_folder(struct ev_source *source, int folder, const char *path,
			  struct ev_err *err)
{
	numbers found = { 0 };
	int rc;

	memset(source, 0, sizeof(*source));
	source->fd = open_file(folder, "data", &source->size_bytes);
	if (source->fd < 0)
		return ev_fail(err, source->fd == -ENOENT ? EISDIR : -source->fd,
			       "%s is a folder, and no recording: it has no readable file 'data'",
			       path);
	source->owned = source->seekable = true;
	source->first_bytes = source->size_bytes;
	rc = find_pieces(folder, &found);
	if (rc < 0)
		rc = ev_fail(err, -rc, "can't look into %s: %s", path, strerror(-rc));
	else if (found.count)
		rc = open_pieces(source, folder, &found, path, err);
	ev_array_done(&found);
	if (rc < 0)
		ev_source_close(source);
	return rc;
}
