/* One compilation unit: which function, and which inlined functions in it, an address belongs to.
 * Made when the first address of the unit is asked for. */
#ifndef SYMBOL_DEBUG_UNIT_H
#define SYMBOL_DEBUG_UNIT_H

#include <elfutils/libdw.h>
#include <evprof/base.h>

struct address_range {
	uint64_t low, high;
	uint32_t of; /* index of what it belongs to */
};
struct inlined {
	Dwarf_Die die;
	uint32_t ranges_from, ranges_count;
	uint32_t next; /* the first one that is not inside this one */
};
struct function {
	Dwarf_Die die;
	uint64_t low, high; /* of the first range */
	bool entered;
	EV_ARRAY(struct inlined) inlines; /* outer ones before inner ones */
	EV_ARRAY(struct address_range) ranges;
};
struct unit {
	Dwarf_Die die;    /* has the line table */
	Dwarf_Die scopes; /* has the functions: the same, or that of the split file */
	bool entered, searched_deep;
	EV_ARRAY(struct function) functions;
	EV_ARRAY(struct address_range) ranges; /* sorted; of = function */
};

/* The innermost function whose code holds the address, NULL when none. */
struct function *ev_debug_unit_find(struct unit *unit, uint64_t address);
/* Inlined functions at the address, outermost first. */
size_t ev_debug_function_inlines(struct function *function, uint64_t address, Dwarf_Die *out,
				 size_t limit);
void ev_debug_unit_done(struct unit *unit);

#endif
