/* Debug information that a program left to its .dwo files, found in the package (.dwp) made of
 * them, or in one that holds types in sections of their own. */
#ifndef SYMBOL_DEBUG_SPLIT_H
#define SYMBOL_DEBUG_SPLIT_H

#include <elfutils/libdw.h>

struct debug_split;
/* The package may lie beside `path`, the file with the program's debug information, or beside
 * `program` (NULL = the same file), and what the compiler made below `symfs` (NULL = nowhere else)
 * as below the root. Nothing is opened until a unit is asked for. */
struct debug_split *ev_debug_split_open(Dwarf *dwarf, const char *path, const char *program,
					const char *symfs);
/* The unit of this number, which the skeleton stands for; false when there is none. The die lives
 * as long as `split`. */
bool ev_debug_split_find(struct debug_split *split, Dwarf_Die *skeleton, uint64_t id,
			 Dwarf_Die *die);
void ev_debug_split_close(struct debug_split *split);

#endif
