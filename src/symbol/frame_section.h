/* Call frame information as it stands in a file, .eh_frame or .debug_frame: one entry for each
 * function, with the program that tells where its caller's registers are. */
#ifndef SYMBOL_FRAME_SECTION_H
#define SYMBOL_FRAME_SECTION_H

#include "image.h"

/* What the entries of one compiled file have in common (a CIE). */
struct frame_origin {
	size_t at; /* in the section */
	bool good; /* it can be understood */
	bool sized, signal;
	uint8_t encoding, address_bytes;
	uint64_t code_unit, ra; /* ra: the return address' register */
	int64_t data_unit;
	struct ev_cursor program; /* where every function of it begins */
};
/* One function's entry (an FDE). */
struct frame_function {
	uint64_t start, size_bytes; /* addresses */
	size_t at, origin;          /* in the section */
	struct ev_cursor program;
};
struct frame_section {
	uint8_t *bytes;
	size_t size_bytes;
	uint64_t address; /* where it is loaded */
	bool debug, swap, wide;
	bool origin_known;
	struct frame_origin origin; /* the last one looked at */
};

/* The image's .eh_frame, or .debug_frame, unpacked; false when there is none to be read. */
bool ev_frame_section_open(struct frame_section *section, const struct image *image, bool debug);
/* The next function at or after *at, which moves behind it; false at the end. An entry that makes
 * no sense is left out. */
bool ev_frame_section_next(struct frame_section *section, size_t *at,
			   struct frame_function *function);
/* By its place in the section; NULL when that holds none. Good until another one is asked for. */
const struct frame_origin *ev_frame_section_origin(struct frame_section *section, size_t at);
/* A pointer in the program of a function: DW_CFA_set_loc alone has one. */
uint64_t ev_frame_section_pointer(const struct frame_section *section,
				  const struct frame_origin *origin, struct ev_cursor *at);
uint64_t ev_leb(struct ev_cursor *at);
int64_t ev_leb_signed(struct ev_cursor *at);
/* A zeroed section is closed. */
void ev_frame_section_close(struct frame_section *section);

#endif
