/* Source lines and inlined functions of one object, out of its DWARF. */
#ifndef SYMBOL_DEBUG_INFO_H
#define SYMBOL_DEBUG_INFO_H

#include <evprof/symbol.h>

struct debug_info;
struct debug_frame {
	const char *function; /* as the linker knows it, else as in the source; NULL = not known */
	const char *file;     /* NULL = not known */
	uint32_t line;        /* 0 = not known */
	uint32_t declared;    /* line of `file` where the function begins; 0 = not known */
	bool inlined;         /* into the next frame */
	uint64_t start, end;  /* of the last frame's function; 0 when not known */
};

/* NULL when the file has no DWARF that can be read. `program`: the file that it belongs to, beside
 * which a package of its .dwo files may lie; NULL when that is the same or not known. `symfs`: a
 * folder with another machine's, NULL for none. */
struct debug_info *ev_debug_open(const char *path, const char *program, const char *symfs);
/* Where a function begins in a file that is not linked yet, whose addresses are the DWARF's own; of
 * those with this name the one whose size is nearest to, and not above, `most`. */
bool ev_debug_function(const struct debug_info *debug, const char *name, uint64_t most,
		       uint64_t *address);
/* The frames at an address of the object's own numbering, innermost first; 0 when there is nothing.
 * `flags`: EV_SYMBOL_LINES for files and lines, which cost as much again as all else, and
 * EV_SYMBOL_DECLARED; without EV_SYMBOL_INLINES at most one frame. Texts live as long as `debug`.
 */
size_t ev_debug_find(struct debug_info *debug, uint64_t address, unsigned flags,
		     struct debug_frame *out, size_t limit);
/* The first file that was found to be missing of what belongs to it: a .dwo or what dwz took out;
 * NULL when none was, so far. */
const char *ev_debug_lacks(const struct debug_info *debug);
void ev_debug_close(struct debug_info *debug);

#endif
