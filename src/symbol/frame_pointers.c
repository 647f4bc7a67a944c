/* A place becomes the answer whether the function there keeps a frame pointer, by the unwind tables
 * of its file. */
#include <stdlib.h>
#include "cfi.h"
#include "elf_symbols.h"
#include "symbolizer.h"

/* The tables of a file; NULL where they can't be read, or say nothing of frame pointers. */
static struct cfi *open_tables(const struct ev_symbolizer *symbolizer, const struct object *object)
{
	struct image image;
	const char *trouble;
	char *path;
	if (object->shown.kind != EV_OBJECT_FILE ||
	    ev_object_open(symbolizer, object, &image, &path, &trouble))
		return NULL;
	/* Go's compiler keeps them, and describes frames by the stack pointer alone. */
	struct cfi *cfi =
		ev_go_table_find(&image) ? NULL : ev_cfi_open(&image, path, symbolizer->symfs);
	ev_image_close(&image);
	free(path);
	return cfi;
}

enum ev_frame_pointers ev_frame_pointers_at(struct ev_symbolizer *symbolizer, struct ev_place place,
					    bool behind_call)
{
	uint32_t count = ev_space_set_object_count(symbolizer->set);
	if (!place.object || place.object >= count || symbolizer->no_local_files)
		return EV_FRAME_POINTERS_UNKNOWN;
	while (symbolizer->tables.count < count)
		ev_array_add(&symbolizer->tables);
	struct unwind_table *table = &symbolizer->tables.items[place.object];
	if (!table->tried)
		table->cfi =
			open_tables(symbolizer, ev_space_object(symbolizer->set, place.object));
	table->tried = true;
	if (!table->cfi)
		return EV_FRAME_POINTERS_UNKNOWN;
	return ev_cfi_frame_pointers(table->cfi, place.offset - (behind_call && place.offset));
}

void ev_frame_pointers_forget(struct ev_symbolizer *symbolizer)
{
	for (size_t i = 0; i < symbolizer->tables.count; i++)
		ev_cfi_close(symbolizer->tables.items[i].cfi);
	ev_array_done(&symbolizer->tables);
}
