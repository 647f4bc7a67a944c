/* The text "address type name [module]" becomes lines. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "kallsyms_lines.h"
#include "regular_file.h"

#define FILE_LIMIT ((uint64_t)64 << 20)
#define BUFFER_BYTES ((size_t)64 << 10) /* longer lines are no lines */

static int digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static size_t word(const char **at, const char *end)
{
	const char *from = *at;
	while (from < end && (*from == ' ' || *from == '\t'))
		from++;
	const char *stop = from;
	while (stop < end && (unsigned char)*stop > ' ')
		stop++;
	*at = stop;
	return (size_t)(stop - from);
}

bool ev_kallsyms_line_parse(const char *at, const char *end, struct kallsyms_line *line)
{
	*line = (struct kallsyms_line){ .module = "" };
	const char *from = at;
	for (int value; at < end && at - from < 16 && (value = digit(*at)) >= 0; at++)
		line->address = line->address << 4 | (uint64_t)value;
	if (at == from || end - at < 4 || *at != ' ')
		return false;
	line->type = at[1];
	at += 2;
	line->name_length = word(&at, end);
	line->name = at - line->name_length;
	line->module_length = word(&at, end);
	line->module = at - line->module_length;
	return line->name_length;
}

struct lines {
	int fd;
	char bytes[BUFFER_BYTES];
	size_t used;
	uint64_t total;
	bool skipping; /* what comes before the next end of line */
};

/* More bytes behind the used ones: how many, or -errno. */
static ssize_t fill(struct lines *lines)
{
	ssize_t got;
	if (lines->used == sizeof(lines->bytes)) {
		lines->used = 0;
		lines->skipping = true;
	}
	do
		got = read(lines->fd, lines->bytes + lines->used,
			   sizeof(lines->bytes) - lines->used);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;
	lines->used += (size_t)got;
	lines->total += (uint64_t)got;
	return lines->total > FILE_LIMIT ? -EFBIG : got;
}

int ev_kallsyms_lines(const char *path,
		      bool (*take)(void *context, const struct kallsyms_line *line), void *context)
{
	struct stat status;
	struct kallsyms_line line;
	int fd = ev_regular_open(path, &status);
	if (fd < 0)
		return fd;
	struct lines *lines = ev_alloc(sizeof(*lines));
	lines->fd = fd;
	ssize_t got;
	bool more = true;
	while (more && (got = fill(lines)) >= 0) {
		const char *at = lines->bytes, *end = at + lines->used, *stop;
		while (more && at < end) {
			stop = memchr(at, '\n', (size_t)(end - at));
			if (!stop && got)
				break;
			if (!stop)
				stop = end; /* the last line need not end */
			if (!lines->skipping && ev_kallsyms_line_parse(at, stop, &line))
				more = take(context, &line);
			lines->skipping = false;
			at = stop < end ? stop + 1 : end;
		}
		lines->used = (size_t)(end - at);
		memmove(lines->bytes, at, lines->used);
		more = more && got;
	}
	close(fd);
	free(lines);
	return more ? (int)got : 0;
}
