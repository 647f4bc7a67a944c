/* The bytes of a foreign profile, all at hand or read from a file as they are asked for, become
 * lines and progress: of a text no more is held than what was read last. */
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "import.h"

enum { ROOM_BYTES = 1 << 20, LINE_MAX_BYTES = 16 << 20 };

void ev_import_source_bytes(struct import_source *source, const void *bytes, size_t size_bytes)
{
	*source = (struct import_source){ .fd = -1,
					  .at = bytes,
					  .end = (const char *)bytes + size_bytes,
					  .size_bytes = size_bytes };
}

/* Adds what the file has next; false at its end, where it fails, and where there is no file. */
static bool read_more(struct import_source *source)
{
	size_t kept = (size_t)(source->end - source->at);
	if (source->fd < 0 || source->ended)
		return false;
	if (kept && source->at > source->room)
		memmove(source->room, source->at, kept);
	if (kept == source->room_bytes)
		source->room = ev_realloc(source->room, source->room_bytes *= 2);
	ssize_t got;
	do
		got = read(source->fd, source->room + kept, source->room_bytes - kept);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		source->failed = errno;
	source->ended = got <= 0;
	source->at = source->room;
	source->end = source->room + kept + (got > 0 ? got : 0);
	return got > 0;
}

void ev_import_source_file(struct import_source *source, int fd)
{
	struct stat status;
	*source = (struct import_source){ .fd = fd, .room_bytes = ROOM_BYTES };
	source->at = source->end = source->room = ev_alloc(ROOM_BYTES);
	if (!fstat(fd, &status) && S_ISREG(status.st_mode) && status.st_size > 0)
		source->size_bytes = (uint64_t)status.st_size;
	while (source->end - source->at < ROOM_BYTES && read_more(source))
		;
}

void ev_import_source_rest(struct import_source *source)
{
	while (read_more(source))
		;
}

bool ev_import_next(struct ev_import *import, struct import_source *source, const char **line,
		    size_t *length)
{
	const char *before = source->at;
	while (!memchr(source->at, '\n', (size_t)(source->end - source->at)) &&
	       source->end - source->at < LINE_MAX_BYTES && read_more(source))
		before = source->at;
	if (!ev_import_line(&source->at, source->end, line, length))
		return false;
	source->number++;
	ev_import_tell(import, source->passed_bytes, source->size_bytes, 0, 1000);
	source->passed_bytes += (uint64_t)(source->at - before);
	if (source->at[-1] == '\n' || source->ended || source->fd < 0)
		return true;
	/* Its beginning alone is nothing; of the rest only the end is looked for. */
	ev_import_complain(import, "line %llu is longer than %d MB",
			   (unsigned long long)source->number, LINE_MAX_BYTES >> 20);
	do {
		const char *stop = memchr(source->at, '\n', (size_t)(source->end - source->at));
		const char *past = stop ? stop + 1 : source->end;
		source->passed_bytes += (uint64_t)(past - source->at);
		source->at = past;
		if (stop)
			break;
	} while (read_more(source));
	*length = 0;
	return true;
}

void ev_import_source_done(struct import_source *source)
{
	free(source->room);
}

void ev_import_tell(struct ev_import *import, uint64_t done, uint64_t all, unsigned from,
		    unsigned to)
{
	if (!import->done_permille || !all || done > all)
		return;
	unsigned part = (unsigned)((double)done / (double)all * (to - from));
	atomic_store_explicit(import->done_permille, from + part, memory_order_relaxed);
}
