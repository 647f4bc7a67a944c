/* Lines "START SIZE name" become names of generated code; a later line overrides earlier ones. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "perf_map.h"
#include "regular_file.h"

#define FILE_LIMIT ((size_t)256 << 20)
#define ENTRY_LIMIT ((size_t)4 << 20)

static bool parse_hex(const char **at, uint64_t *value)
{
	unsigned digits = 0;
	*value = 0;
	if ((*at)[0] == '0' && ((*at)[1] == 'x' || (*at)[1] == 'X'))
		*at += 2; /* not of the format, but written by some */
	for (;; ++*at, digits++) {
		char c = **at;
		int digit = c >= '0' && c <= '9'   ? c - '0'
			    : c >= 'a' && c <= 'f' ? c - 'a' + 10
			    : c >= 'A' && c <= 'F' ? c - 'A' + 10
						   : -1;
		if (digit < 0 || digits == 16)
			break;
		*value = *value << 4 | (uint64_t)digit;
	}
	return digits && **at == ' ';
}

static void parse_line(struct perf_map *map, char *line)
{
	struct perf_map_entry entry;
	const char *at = line;
	if (!parse_hex(&at, &entry.start))
		return;
	at++;
	if (!parse_hex(&at, &entry.size_bytes))
		return;
	entry.name = at + 1;
	if (!*entry.name || !entry.size_bytes || entry.size_bytes > UINT64_MAX - entry.start)
		return;
	map->tree =
		ev_segments_insert(&map->segments, map->tree, entry.start,
				   entry.start + entry.size_bytes, (uint32_t)map->entries.count);
	*ev_array_add(&map->entries) = entry;
}

void ev_perf_map_parse(struct perf_map *map, char *text, size_t size_bytes)
{
	*map = (struct perf_map){ .text = text };
	ev_segments_begin(&map->segments);
	for (char *at = text, *end = text + size_bytes, *stop;
	     at < end && map->entries.count < ENTRY_LIMIT; at = stop + 1) {
		stop = memchr(at, '\n', (size_t)(end - at));
		if (!stop)
			break; /* the program may be writing this line */
		*stop = 0;
		parse_line(map, at);
	}
}

static const char *why_not(int code)
{
	switch (code) {
	case -ENOENT:
	case -ENOTDIR:
		return "generated code without a perf map";
	case -EINVAL:
		return "the perf map is no regular file";
	case -EFBIG:
		return "the perf map is too big";
	case -EACCES:
		return "the perf map belongs to another user";
	default:
		return "the perf map can not be read";
	}
}

static int open_map(const struct process_view *view, uint32_t pid, struct stat *status)
{
	/* Under another root the file bears the number that the process knows itself by. */
	char *path =
		ev_printf("/tmp/perf-%u.map", view->symfs ? pid : ev_process_pid_inside(view, pid));
	char *path_here = ev_printf("/tmp/perf-%u.map", pid);
	int fd = ev_process_file_open(view, pid, path, path_here, status);
	free(path);
	free(path_here);
	return fd;
}

const char *ev_perf_map_read(struct perf_map *map, uint32_t pid, const struct process_view *view)
{
	struct stat status;
	char *text;
	size_t size;
	*map = (struct perf_map){ 0 };
	int code = open_map(view, pid, &status);
	if (code >= 0)
		code = ev_regular_read(code, FILE_LIMIT, &text, &size, &status);
	if (code)
		return why_not(code);
	ev_perf_map_parse(map, text, size);
	return map->entries.count ? NULL : "the perf map is empty";
}

bool ev_perf_map_exists(uint32_t pid)
{
	const struct process_view view = { 0 };
	struct stat status;
	int fd = open_map(&view, pid, &status);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

const struct perf_map_entry *ev_perf_map_find(const struct perf_map *map, uint64_t address)
{
	uint64_t low = 0, high = UINT64_MAX;
	const struct ev_segment *segment =
		ev_segments_find(&map->segments, map->tree, address, &low, &high);
	return segment ? &map->entries.items[segment->value] : NULL;
}

void ev_perf_map_done(struct perf_map *map)
{
	free(map->text);
	ev_array_done(&map->entries);
	ev_segments_done(&map->segments);
	*map = (struct perf_map){ 0 };
}
