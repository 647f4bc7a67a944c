/* The debug information of one unit, out of a package, opened as if it were a .dwo file. */
#ifndef SYMBOL_SPLIT_UNIT_H
#define SYMBOL_SPLIT_UNIT_H

#include <elfutils/libdw.h>
#include "split_package.h"

/* What the program's own file says for the unit. */
struct split_program {
	struct span addresses; /* its part of .debug_addr, and what follows */
	struct span ranges;    /* before DWARF 5 its part of .debug_ranges */
	uint64_t base;         /* address that its ranges count from */
};

struct split_unit {
	Elf *elf;
	Dwarf *dwarf;
	uint8_t *moved, *names; /* range lists and the names of sections, made here */
	Dwarf_Die die;          /* of the unit */
};
/* Everything that is given must live as long as the unit. */
bool ev_split_unit_open(struct split_unit *unit, uint64_t id, const struct split_slices *slices,
			const struct split_program *program);
void ev_split_unit_close(struct split_unit *unit);

#endif
