/* Places that call the interpreter's main function, learned from call chains -> its parts that the
 * linker has put elsewhere, and which have no name in a stripped file. */
#include "record_agent_sites.h"

/* So many places are far more than there are in an interpreter with its extensions. */
#define SITES_MAX (1 << 16)

static const struct ev_python_range *range_of(const struct ev_python_stack *stack, uint64_t address)
{
	for (uint32_t i = 0; i < stack->range_count; i++)
		if (address >= stack->ranges[i].start && address < stack->ranges[i].end)
			return &stack->ranges[i];
	return NULL;
}

static bool runs(const struct ev_python_stack *stack, uint64_t address, bool innermost)
{
	const struct ev_python_range *range = range_of(stack, address - !innermost);
	return range && range->evaluates;
}

static const struct ev_python_range *main_of(const struct ev_python_stack *stack)
{
	for (uint32_t i = 0; i < stack->range_count; i++)
		if (stack->ranges[i].evaluates && !stack->ranges[i].part)
			return &stack->ranges[i];
	return NULL;
}

bool record_sites_have(const struct ev_python_stack *stack, uint64_t address)
{
	return range_of(stack, address) || range_of(stack, address - 1);
}

void record_sites_apply(struct record_sites *sites, uint32_t pid,
			const struct ev_python_stack *stack, uint64_t *chain, size_t count)
{
	const struct ev_python_range *main = main_of(stack);
	size_t first = 0, calls = 0, entries = 0;
	while (first < count && chain[first] != (uint64_t)PERF_CONTEXT_USER)
		first++;
	if (!main || ++first >= count || !stack->complete)
		return;
	for (size_t i = first; i < count && chain[i] < (uint64_t)PERF_CONTEXT_MAX; i++)
		calls += runs(stack, chain[i], i == first);
	for (size_t i = 0; i < stack->count; i++)
		entries += stack->frames[i] >> 63;
	/* Markers end it: what follows is no code. */
	for (size_t i = first; i + 1 < count && chain[i + 1] < (uint64_t)PERF_CONTEXT_MAX; i++) {
		bool is_main = runs(stack, chain[i], i == first);
		if (is_main && entries == calls && sites->known.count < SITES_MAX)
			*ev_map_add(&sites->known, chain[i + 1], pid, NULL) = 1;
		if (is_main || entries <= calls || range_of(stack, chain[i] - (i > first)) ||
		    !ev_map_find(&sites->known, chain[i + 1], pid))
			continue;
		chain[i] = main->start + (i > first);
		calls++;
	}
}

void record_sites_done(struct record_sites *sites)
{
	ev_map_done(&sites->known);
}
