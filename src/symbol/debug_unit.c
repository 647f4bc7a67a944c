/* The tree of a compilation unit becomes sorted ranges of functions, and a function's subtree the
 * list of what was inlined into it; both only when an address asks for them. */
#include <dwarf.h>
#include <stdlib.h>
#include "debug_unit.h"

#define DEPTH_LIMIT 128
/* Ranges of one function or inlined function; lists may be shared, so the file's size is no bound.
 */
#define RANGE_LIMIT 4096
#define ENTRY_LIMIT ((size_t)4 << 20)

/* Next entry of the same parent; false at the end and for broken trees. */
static bool next_sibling(Dwarf_Die *die)
{
	Dwarf_Die next;
	if (dwarf_siblingof(die, &next))
		return false;
	*die = next;
	return true;
}

static void add_function(struct unit *unit, Dwarf_Die *die)
{
	Dwarf_Addr base, low, high;
	ptrdiff_t at = 0;
	bool first = true;
	for (unsigned n = 0; n < RANGE_LIMIT && unit->ranges.count < ENTRY_LIMIT; n++) {
		at = dwarf_ranges(die, at, &base, &low, &high);
		if (at <= 0)
			break;
		if (low >= high || !low) /* 0: thrown away by the linker */
			continue;
		if (first)
			*ev_array_add(&unit->functions) =
				(struct function){ .die = *die, .low = low, .high = high };
		first = false;
		*ev_array_add(&unit->ranges) =
			(struct address_range){ low, high, (uint32_t)(unit->functions.count - 1) };
	}
}

static bool may_hold_functions(int tag)
{
	switch (tag) {
	case DW_TAG_namespace:
	case DW_TAG_module:
	case DW_TAG_class_type:
	case DW_TAG_structure_type:
	case DW_TAG_union_type:
	case DW_TAG_interface_type:
	case DW_TAG_enumeration_type:
		return true;
	default:
		return false;
	}
}

/* `deep`: functions inside functions, which the first pass leaves out since bodies are most of the
 * tree. */
static void walk(struct unit *unit, Dwarf_Die *parent, bool deep, bool inside, unsigned depth)
{
	Dwarf_Die die;
	if (depth > DEPTH_LIMIT || dwarf_child(parent, &die))
		return;
	do {
		int tag = dwarf_tag(&die);
		bool function = tag == DW_TAG_subprogram;
		if (function && inside == deep)
			add_function(unit, &die);
		if (may_hold_functions(tag) || (deep && (function || tag == DW_TAG_lexical_block)))
			walk(unit, &die, deep, inside || function, depth + 1);
	} while (unit->functions.count < ENTRY_LIMIT && next_sibling(&die));
}

static int by_low(const void *one, const void *other)
{
	const struct address_range *a = one, *b = other;
	if (a->low != b->low)
		return a->low < b->low ? -1 : 1;
	return a->high > b->high ? -1 : a->high < b->high;
}

static void enter(struct unit *unit, bool deep)
{
	walk(unit, &unit->scopes, deep, false, 0);
	if (unit->ranges.count)
		qsort(unit->ranges.items, unit->ranges.count, sizeof(*unit->ranges.items), by_low);
}

static struct function *search(struct unit *unit, uint64_t address)
{
	size_t low = 0, high = unit->ranges.count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (unit->ranges.items[middle].low <= address)
			low = middle + 1;
		else
			high = middle;
	}
	/* Functions do not overlap in sane files; a few steps back find an enclosing one. */
	for (unsigned tries = 0; low > 0 && tries < 8; low--, tries++)
		if (address < unit->ranges.items[low - 1].high)
			return &unit->functions.items[unit->ranges.items[low - 1].of];
	return NULL;
}

struct function *ev_debug_unit_find(struct unit *unit, uint64_t address)
{
	if (!unit->entered) {
		unit->entered = true;
		enter(unit, false);
	}
	struct function *found = search(unit, address);
	if (!found && !unit->searched_deep) {
		unit->searched_deep = true;
		enter(unit, true);
		found = search(unit, address);
	}
	return found;
}

/* ---- what was inlined -------------------------------------------------------------------------
 */

static uint32_t add_inlined(struct function *function, Dwarf_Die *die)
{
	Dwarf_Addr base, low, high;
	ptrdiff_t at = 0;
	uint32_t index = (uint32_t)function->inlines.count;
	struct inlined *inlined = ev_array_add(&function->inlines);
	inlined->die = *die;
	inlined->ranges_from = (uint32_t)function->ranges.count;
	for (unsigned n = 0; n < RANGE_LIMIT && function->ranges.count < ENTRY_LIMIT; n++) {
		at = dwarf_ranges(die, at, &base, &low, &high);
		if (at <= 0)
			break;
		*ev_array_add(&function->ranges) = (struct address_range){ low, high, index };
		inlined->ranges_count++;
	}
	return index;
}

static void walk_body(struct function *function, Dwarf_Die *parent, unsigned depth)
{
	Dwarf_Die die;
	if (depth > DEPTH_LIMIT || dwarf_child(parent, &die))
		return;
	do {
		int tag = dwarf_tag(&die);
		bool inlined = tag == DW_TAG_inlined_subroutine;
		if (!inlined && tag != DW_TAG_lexical_block && tag != DW_TAG_try_block &&
		    tag != DW_TAG_catch_block)
			continue;
		uint32_t index = inlined ? add_inlined(function, &die) : 0;
		walk_body(function, &die, depth + 1);
		if (inlined)
			function->inlines.items[index].next = (uint32_t)function->inlines.count;
	} while (function->inlines.count < ENTRY_LIMIT && next_sibling(&die));
}

static bool covers(const struct function *function, const struct inlined *inlined, uint64_t address)
{
	const struct address_range *range = &function->ranges.items[inlined->ranges_from];
	for (uint32_t i = 0; i < inlined->ranges_count; i++, range++)
		if (address >= range->low && address < range->high)
			return true;
	return false;
}

size_t ev_debug_function_inlines(struct function *function, uint64_t address, Dwarf_Die *out,
				 size_t limit)
{
	size_t found = 0;
	if (!function->entered) {
		function->entered = true;
		walk_body(function, &function->die, 0);
	}
	for (uint32_t i = 0; i < function->inlines.count && found < limit;) {
		const struct inlined *inlined = &function->inlines.items[i];
		if (covers(function, inlined, address)) {
			out[found++] = inlined->die;
			i++;
		} else {
			i = inlined->next;
		}
	}
	return found;
}

void ev_debug_unit_done(struct unit *unit)
{
	for (size_t i = 0; i < unit->functions.count; i++) {
		ev_array_done(&unit->functions.items[i].inlines);
		ev_array_done(&unit->functions.items[i].ranges);
	}
	ev_array_done(&unit->functions);
	ev_array_done(&unit->ranges);
}
