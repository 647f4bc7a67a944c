/* Files that debug info refers to, when they are not here. */
#ifndef SYMBOL_DEBUG_MISSING_H
#define SYMBOL_DEBUG_MISSING_H

#include <elfutils/libdw.h>

/* Name of the .dwo file of a skeleton unit; free() it. NULL: none named. */
char *ev_debug_split_name(Dwarf_Die *skeleton);
/* Name of what dwz took out of several files to share it, when it can't be found; free() it. While
 * the file is open, since it is looked for beside it. */
char *ev_debug_shared_missing(Dwarf *dwarf, Elf *elf);

#endif
