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

static uint32_t pid_inside(uint32_t pid)
{
	char path[64], *text, *at;
	size_t size;
	snprintf(path, sizeof(path), "/proc/%u/status", pid);
	if (ev_file_read(path, &text, &size))
		return pid;
	at = strstr(text, "\nNSpid:");
	if (at) {
		at[strcspn(at + 1, "\n") + 1] = 0;
		char *last = strrchr(at, '\t');
		unsigned long inside = last ? strtoul(last + 1, NULL, 10) : 0;
		if (inside && inside <= UINT32_MAX)
			pid = (uint32_t)inside;
	}
	free(text);
	return pid;
}

/* A map written by anyone else would put names of their choice into the report. */
static bool owner_is_trusted(const struct stat *file, uint32_t pid, bool alive)
{
	char path[32];
	struct stat process;
	if (!file->st_uid || file->st_uid == geteuid())
		return true;
	snprintf(path, sizeof(path), "/proc/%u", pid);
	return alive && !stat(path, &process) && process.st_uid == file->st_uid;
}

static const char *read_at(struct perf_map *map, const char *path, uint32_t pid, bool alive)
{
	struct stat status;
	char *text;
	size_t size;
	int code = ev_regular_read(path, FILE_LIMIT, &text, &size, &status);
	if (code)
		return code == -ENOENT || code == -ENOTDIR ? "generated code without a perf map"
		       : code == -EINVAL                   ? "the perf map is no regular file"
		       : code == -EFBIG                    ? "the perf map is too big"
							   : "the perf map can not be read";
	if (!owner_is_trusted(&status, pid, alive)) {
		free(text);
		return "the perf map belongs to another user";
	}
	ev_perf_map_parse(map, text, size);
	return map->entries.count ? NULL : "the perf map is empty";
}

const char *ev_perf_map_read(struct perf_map *map, uint32_t pid, const char *symfs)
{
	char *path;
	const char *trouble = NULL;
	*map = (struct perf_map){ 0 };
	if (!symfs) {
		path = ev_printf("/proc/%u/root/tmp/perf-%u.map", pid, pid_inside(pid));
		trouble = read_at(map, path, pid, true);
		free(path);
		if (!trouble)
			return NULL;
		ev_perf_map_done(map);
	}
	path = ev_printf("%s/tmp/perf-%u.map", symfs ? symfs : "", pid);
	trouble = read_at(map, path, pid, false);
	free(path);
	return trouble;
}

bool ev_perf_map_exists(uint32_t pid)
{
	char path[80];
	snprintf(path, sizeof(path), "/proc/%u/root/tmp/perf-%u.map", pid, pid_inside(pid));
	if (!access(path, F_OK))
		return true;
	snprintf(path, sizeof(path), "/tmp/perf-%u.map", pid);
	return !access(path, F_OK);
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
