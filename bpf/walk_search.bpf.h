/* What is mapped at an address, and the row of the unwind tables for a place: by halving, in loops
 * that the verifier looks at once. */
#ifndef BPF_WALK_SEARCH_BPF_H
#define BPF_WALK_SEARCH_BPF_H

#include "walk_machine.bpf.h"
#include "walk_recent.bpf.h"
#include "walk_tables.bpf.h"

/* The last of the items [low, high], counted from `base`, that does not begin behind the key. */
struct walk_search {
	__u64 key;
	__u32 base, low, high, unused;
};

static __always_inline long walk_halve(struct walk_search *search, bool behind, __u32 middle)
{
	if (behind)
		search->high = middle - 1;
	else
		search->low = middle;
	return 0;
}

static long walk_halve_mappings(__u32 index, void *context)
{
	struct walk_search *search = context;
	__u32 low = search->low, high = search->high;
	if (low >= high)
		return 1;
	__u32 middle = low + (high - low + 1) / 2, at = search->base + middle;
	const struct ev_walk_mapping *mapping = bpf_map_lookup_elem(&walk_mappings, &at);
	return mapping ? walk_halve(search, mapping->start > search->key, middle) : 1;
}

/* 1 when user space told of what is mapped at the address, and it is in `walk`. */
__noinline int walk_find_told(struct walk *walk, __u64 address)
{
	if (!walk_wanted || !walk)
		return 0;
	if (address >= walk->start && address < walk->end)
		return 1;
	if (!walk->count)
		return 0;
	struct walk_search search = { address, walk->first, 0, walk->count - 1, 0 };
	bpf_loop(20, walk_halve_mappings, &search, 0);
	__u32 at = search.base + search.low;
	const struct ev_walk_mapping *mapping = bpf_map_lookup_elem(&walk_mappings, &at);
	if (!mapping || address < mapping->start || address >= mapping->end)
		return 0;
	walk_take_mapping(walk, mapping);
	return 1;
}

/* 1 when the address is mapped, and the mapping is in `walk`. Neither is called by the other: what
 * lies on the stack at once, of all functions, is at most 512 bytes. */
static __always_inline int walk_find_mapping(struct walk *walk, __u64 address)
{
	return walk_find_told(walk, address) || walk_find_recent(walk, address);
}

static __always_inline const struct ev_walk_row *walk_row_at(__u32 number)
{
	__u32 segment = number / EV_WALK_SEGMENT_ROWS, at = number % EV_WALK_SEGMENT_ROWS;
	void *rows = bpf_map_lookup_elem(&walk_rows, &segment);
	return rows ? bpf_map_lookup_elem(rows, &at) : NULL;
}

static long walk_halve_rows(__u32 index, void *context)
{
	struct walk_search *search = context;
	__u32 low = search->low, high = search->high;
	if (low >= high)
		return 1;
	__u32 middle = low + (high - low + 1) / 2;
	const struct ev_walk_row *row = walk_row_at(search->base + middle);
	return row ? walk_halve(search, row->offset > search->key, middle) : 1;
}

#endif
