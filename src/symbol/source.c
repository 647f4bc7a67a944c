/* The path of a source file, as debug info names it, becomes the lines of a file here. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <evprof/symbol.h>
#include "regular_file.h"

#define FILE_LIMIT ((size_t)64 << 20)
#define ALL_LIMIT ((size_t)512 << 20)

struct ev_source_text {
	char *bytes;
	size_t size_bytes;
	EV_ARRAY(uint32_t) starts; /* of the lines */
};
struct ev_sources {
	struct ev_source_options options;
	struct ev_strings *paths;           /* asked for */
	EV_ARRAY(struct ev_source *) found; /* by id of the path */
	size_t read_bytes;
	struct ev_arena arena;
};

static const char *option(struct ev_arena *arena, const char *text)
{
	return text && *text ? ev_arena_text(arena, text, strlen(text)) : NULL;
}

struct ev_sources *ev_sources_open(const struct ev_source_options *options)
{
	struct ev_sources *sources = ev_alloc(sizeof(*sources));
	sources->paths = ev_strings_open();
	if (options) {
		sources->options = *options;
		sources->options.symfs = option(&sources->arena, options->symfs);
		sources->options.prefix = option(&sources->arena, options->prefix);
	}
	return sources;
}

void ev_sources_close(struct ev_sources *sources)
{
	if (!sources)
		return;
	for (size_t i = 0; i < sources->found.count; i++) {
		struct ev_source *source = sources->found.items[i];
		struct ev_source_text *text = source ? (struct ev_source_text *)source->text : NULL;
		if (!text)
			continue;
		free(text->bytes);
		ev_array_done(&text->starts);
		free(text);
	}
	ev_array_done(&sources->found);
	ev_strings_close(sources->paths);
	ev_arena_done(&sources->arena);
	free(sources);
}

/* ---- where it may be --------------------------------------------------------------------------
 */

/* Without its first `count` folders; NULL when there are not so many. */
static const char *stripped(const char *path, uint64_t count)
{
	while (*path == '/')
		path++;
	for (; count; count--) {
		path = strchr(path, '/');
		if (!path)
			return NULL;
		while (*path == '/')
			path++;
	}
	return *path ? path : NULL;
}

/* The n-th place where the file may be, NULL after the last. */
static const char *candidate(struct ev_sources *sources, const char *path, unsigned n)
{
	const struct ev_source_options *options = &sources->options;
	uint64_t folders = options->prefix_strip;
	if (options->symfs && !n--)
		return ev_arena_printf(&sources->arena, "%s/%s", options->symfs, path);
	unsigned tries = !options->prefix ? 0 : options->prefix_strip_given ? 1 : 64;
	if (n < tries) {
		const char *rest = stripped(path, folders + n);
		if (rest)
			return ev_arena_printf(&sources->arena, "%s/%s", options->prefix, rest);
		return tries == 1 ? "" : path;
	}
	return n == tries ? path : NULL;
}

static const char *why_not(int code)
{
	switch (code) {
	case -ENOENT:
	case -ENOTDIR:
		return "not found";
	case -EACCES:
	case -EPERM:
		return "may not be read";
	case -EINVAL:
		return "not a regular file";
	case -EFBIG:
		return "too large";
	default:
		return "can not be read";
	}
}

/* ---- reading ----------------------------------------------------------------------------------
 */

static void find_lines(struct ev_source_text *text)
{
	for (size_t at = 0; at < text->size_bytes;) {
		*ev_array_add(&text->starts) = (uint32_t)at;
		const char *end = memchr(text->bytes + at, '\n', text->size_bytes - at);
		at = end ? (size_t)(end - text->bytes) + 1 : text->size_bytes;
	}
}

static int read_source(struct ev_sources *sources, struct ev_source *source, const char *path)
{
	size_t left = ALL_LIMIT - sources->read_bytes,
	       limit = left < FILE_LIMIT ? left : FILE_LIMIT;
	struct stat status;
	char *bytes;
	size_t size;
	int code = ev_regular_read(path, limit, &bytes, &size, &status);
	if (code)
		return code;
	struct ev_source_text *text = ev_alloc(sizeof(*text));
	text->bytes = bytes;
	text->size_bytes = size;
	sources->read_bytes += size;
	find_lines(text);
	source->text = text;
	source->path = path;
	source->trouble = NULL;
	source->line_count = (uint32_t)text->starts.count;
	source->changed_s = status.st_mtime;
	return 0;
}

static struct ev_source *look_for(struct ev_sources *sources, const char *path)
{
	struct ev_source *source = ev_arena_take(&sources->arena, sizeof(*source));
	const char *at;
	for (unsigned n = 0; (at = candidate(sources, path, n)); n++) {
		int code = *at ? read_source(sources, source, at) : -ENOENT;
		if (!code)
			break;
		/* What stands in the way is more than that other places have nothing. */
		if (!source->trouble || (code != -ENOENT && code != -ENOTDIR)) {
			source->path = *at ? at : path;
			source->trouble = why_not(code);
		}
	}
	return source;
}

const struct ev_source *ev_sources_find(struct ev_sources *sources, const char *path)
{
	uint32_t id = ev_strings_add_text(sources->paths, path);
	while (sources->found.count <= id)
		ev_array_add(&sources->found);
	if (!sources->found.items[id]) {
		struct ev_source *source = look_for(sources, ev_strings_text(sources->paths, id));
		sources->found.items[id] = source;
	}
	return sources->found.items[id];
}

const char *ev_source_line(const struct ev_source *source, uint32_t line, size_t *length)
{
	const struct ev_source_text *text = source->text;
	if (!text || !line || line > text->starts.count)
		return NULL;
	size_t from = text->starts.items[line - 1];
	size_t to = line < text->starts.count ? text->starts.items[line] : text->size_bytes;
	while (to > from && (text->bytes[to - 1] == '\n' || text->bytes[to - 1] == '\r'))
		to--;
	*length = to - from;
	return text->bytes + from;
}
