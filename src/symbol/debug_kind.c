/* An ELF file becomes a word on how much is known about its code, here and in its debug file. */
#include <stdlib.h>
#include <string.h>
#include "build_id.h"
#include "symbolizer.h"

static bool has_content(const struct image *image, const char *name)
{
	const struct section *section = ev_image_find(image, name);
	return section && section->type != SHT_NOBITS && section->size_bytes;
}

static enum ev_debug_kind kind_of(const struct image *image)
{
	if (has_content(image, ".debug_info") || has_content(image, ".zdebug_info"))
		return EV_DEBUG_LINES;
	if (has_content(image, ".symtab") || has_content(image, ".gnu_debugdata"))
		return EV_DEBUG_NAMES;
	return EV_DEBUG_EXPORTS;
}

static enum ev_debug_kind kind_of_path(const char *path)
{
	struct image image;
	if (ev_image_open(&image, path))
		return EV_DEBUG_UNREADABLE;
	enum ev_debug_kind kind = kind_of(&image);
	ev_image_close(&image);
	return kind;
}

enum ev_debug_kind ev_debug_kind_of(const char *path)
{
	struct image image;
	if (ev_image_open(&image, path))
		return EV_DEBUG_UNREADABLE;
	enum ev_debug_kind kind = kind_of(&image);
	char *separate = kind == EV_DEBUG_LINES ? NULL : ev_debug_file_find(&image, path, NULL);
	enum ev_debug_kind better = separate ? kind_of_path(separate) : EV_DEBUG_UNREADABLE;
	free(separate);
	ev_image_close(&image);
	return better > kind ? better : kind;
}

enum ev_debug_kind ev_debug_kind_of_id(const uint8_t *id, size_t id_bytes)
{
	char text[41];
	if (id_bytes < 2 || id_bytes > 20)
		return EV_DEBUG_UNREADABLE;
	ev_build_id_text(id, id_bytes, text);
	char *path = ev_printf("/usr/lib/debug/.build-id/%.2s/%s.debug", text, text + 2);
	enum ev_debug_kind kind = kind_of_path(path);
	free(path);
	return kind;
}
