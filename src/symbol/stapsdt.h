/* The markers of a program (USDT), which stand in its notes. */
#ifndef SYMBOL_STAPSDT_H
#define SYMBOL_STAPSDT_H

#include "image.h"

struct marker {
	const char *provider, *name;
	uint64_t address;   /* of the instruction, as the program is linked now */
	uint64_t semaphore; /* address of its semaphore, 0 = none */
};
struct markers {
	struct marker *items;
	size_t count, room;
	uint8_t *notes; /* what the names point into */
};
/* -ENOENT when the file has none, -ENOEXEC when its notes can't be understood. */
int ev_markers_read(struct markers *markers, const struct image *image);
/* The same from the bytes of notes; `base` is where .stapsdt.base is now, 0 when it is not there:
 * a prelinked file was moved after its notes were written. The names point into `notes`, which
 * stay the caller's. */
int ev_markers_parse(struct markers *markers, const void *notes, size_t size_bytes, uint64_t base,
		     bool wide, bool swap);
void ev_markers_done(struct markers *markers);

#endif
