/* A program becomes the files that it maps as it begins: itself, its loader, and the libraries that
 * it and those name, as far as they are found without running it. */
#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <evprof/symbol.h>
#include "image.h"
#include "probe_files.h"
#include "probe_functions.h"

enum { FILES_MAX = 64, ENTRIES_MAX = 4096, ORIGIN_BYTES = sizeof("$ORIGIN") - 1 };

struct files {
	const char *paths[FILES_MAX];
	size_t count;
	struct ev_arena arena;
};
/* What .dynamic of one file says. */
struct dynamic {
	struct files *files;
	const char *path, *folders; /* folders: colons between them */
};

/* Under its own name, for many lead to a library. */
static void add(struct files *files, const char *path)
{
	char *whole = realpath(path, NULL);
	bool known = !whole || files->count == FILES_MAX;
	for (size_t i = 0; i < files->count && !known; i++)
		known = !strcmp(files->paths[i], whole);
	if (!known)
		files->paths[files->count++] = ev_arena_text(&files->arena, whole, strlen(whole));
	free(whole);
}

/* In one of the folders that the file names, where $ORIGIN is its own. */
static const char *find_beside(const struct dynamic *dynamic, const char *name)
{
	struct ev_arena *arena = &dynamic->files->arena;
	const char *slash = strrchr(dynamic->path, '/');
	for (const char *at = dynamic->folders; *at; at += *at == ':') {
		int length = (int)strcspn(at, ":");
		bool origin = !strncmp(at, "$ORIGIN", ORIGIN_BYTES) && slash;
		int skip = origin ? ORIGIN_BYTES : 0;
		const char *path = ev_arena_printf(arena, "%.*s%.*s/%s",
						   origin ? (int)(slash - dynamic->path) : 0,
						   dynamic->path, length - skip, at + skip, name);
		if (!access(path, R_OK))
			return path;
		at += length;
	}
	return NULL;
}

static int take_library(void *context, const char *name)
{
	struct dynamic *dynamic = context;
	const char *path = strchr(name, '/') ? name : find_beside(dynamic, name);
	if (!path)
		path = ev_library_find(name, &dynamic->files->arena);
	if (path)
		add(dynamic->files, path);
	return 0;
}

static const char *text_at(struct files *files, const uint8_t *names, size_t bytes, uint64_t at)
{
	return at < bytes ? ev_arena_text(&files->arena, (const char *)names + at,
					  strnlen((const char *)names + at, bytes - at))
			  : "";
}

static const char *folders_of(struct files *files, const struct image *image)
{
	const struct section *section = ev_image_find(image, ".dynamic");
	uint8_t *bytes, *names;
	size_t size, names_bytes;
	const char *found = "";
	if (!section || section->link >= image->section_count ||
	    ev_image_section(image, section, &bytes, &size))
		return found;
	if (!ev_image_section(image, &image->sections[section->link], &names, &names_bytes)) {
		struct ev_cursor at = ev_cursor_of(bytes, size, image->swap);
		for (unsigned i = 0; i < ENTRIES_MAX && ev_cursor_left(&at); i++) {
			uint64_t tag = image->wide ? ev_cursor_u64(&at) : ev_cursor_u32(&at);
			uint64_t value = image->wide ? ev_cursor_u64(&at) : ev_cursor_u32(&at);
			if (at.bad || tag == DT_NULL)
				break;
			if (tag == DT_RUNPATH || (tag == DT_RPATH && !*found))
				found = text_at(files, names, names_bytes, value);
		}
		free(names);
	}
	free(bytes);
	return found;
}

static void add_loader(struct files *files, const struct image *image)
{
	const struct section *section = ev_image_find(image, ".interp");
	uint8_t *bytes;
	size_t size;
	if (!section || ev_image_section(image, section, &bytes, &size))
		return;
	const char *path = text_at(files, bytes, size, 0);
	if (*path == '/')
		add(files, path);
	free(bytes);
}

void ev_program_files(const char *path, void (*take)(void *context, const char *path),
		      void *context)
{
	struct files files = { 0 };
	add(&files, path);
	for (size_t i = 0; i < files.count; i++) {
		struct image image;
		struct dynamic dynamic = { .files = &files, .path = files.paths[i] };
		if (ev_image_open(&image, files.paths[i]))
			continue;
		take(context, files.paths[i]);
		add_loader(&files, &image);
		dynamic.folders = folders_of(&files, &image);
		ev_needed_libraries(&image, take_library, &dynamic);
		ev_image_close(&image);
	}
	ev_arena_done(&files.arena);
}
