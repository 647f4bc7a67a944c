/* A profile's stacks become a tree that a page of limited size can hold: what is too small gives
 * its weight to a node that says so. */
#include <stdlib.h>
#include <string.h>
#include "report_html.h"

/* What a thing takes in the page, about. */
enum { NODE_BYTES = 14, CELL_BYTES = 28, FRAME_BYTES = 24 };
/* The share below which stacks are left out begins here, and grows until the rest fits. */
#define LEAST_SHARE 1e-7
#define LEAST_GROWS 1.3

struct choice {
	const struct ev_report *report;
	const struct ev_html_threads *threads;
	size_t count;        /* of stacks */
	double *share;       /* of a stack with all above it: the greatest of any event */
	uint32_t *own_cells; /* of a stack: events and threads that it has weight of */
	uint32_t *stamps;    /* of frames: the last round that counted it */
	uint32_t round;
};

static bool passes(const struct ev_report *report, const struct ev_cell *cell)
{
	return (cell->samples || cell->period) &&
	       ev_table_passes(report->table, report->named, cell);
}

static void find_shares_of(struct choice *choice, size_t event, bool by_period, double *weights)
{
	const struct ev_named *named = choice->report->named;
	memset(weights, 0, choice->count * sizeof(*weights));
	for (size_t i = 0; i < named->cells.count; i++) {
		const struct ev_cell *cell = &named->cells.items[i];
		if (named->profile->tags.items[cell->tag].event == event &&
		    passes(choice->report, cell))
			weights[cell->stack] += (double)(by_period ? cell->period : cell->samples);
	}
	for (size_t i = choice->count - 1; i > 0; i--)
		weights[named->stacks.items[i].parent] += weights[i];
	for (size_t i = 1; i < choice->count && weights[0] > 0; i++)
		if (weights[i] / weights[0] > choice->share[i])
			choice->share[i] = weights[i] / weights[0];
}

/* Cells go by stack. */
static void count_cells(struct choice *choice)
{
	const struct ev_named *named = choice->report->named;
	size_t threads = choice->threads->items.count;
	size_t events = choice->report->table->event_count;
	uint32_t *seen = ev_alloc((events * threads + 1) * sizeof(*seen)); /* stack + 1 */
	for (size_t i = 0; i < named->cells.count; i++) {
		const struct ev_cell *cell = &named->cells.items[i];
		const struct ev_tag *tag = &named->profile->tags.items[cell->tag];
		if (tag->event >= events || !passes(choice->report, cell))
			continue;
		uint32_t *last = &seen[tag->event * threads + choice->threads->of_tag[cell->tag]];
		choice->own_cells[cell->stack] += *last != cell->stack + 1;
		*last = cell->stack + 1;
	}
	free(seen);
}

static void find_shares(struct choice *choice)
{
	double *weights = ev_alloc(choice->count * sizeof(*weights));
	for (size_t e = 0; e < choice->report->table->event_count; e++) {
		find_shares_of(choice, e, false, weights);
		find_shares_of(choice, e, true, weights);
	}
	free(weights);
	count_cells(choice);
}

static uint64_t frame_bytes(const struct choice *choice, uint32_t frame)
{
	const struct ev_named *named = choice->report->named;
	uint32_t function = named->frames.items[frame].function;
	size_t length = strlen(ev_strings_text(named->profile->strings, function));
	return FRAME_BYTES + (length < EV_HTML_NAME_BYTES ? length : EV_HTML_NAME_BYTES);
}

static uint64_t bytes_above(struct choice *choice, double least)
{
	const struct ev_named *named = choice->report->named;
	uint64_t bytes = 0;
	choice->round++;
	for (size_t i = 1; i < choice->count; i++) {
		uint32_t frame = named->stacks.items[i].place;
		if (choice->share[i] < least || choice->share[i] <= 0)
			continue;
		bytes += NODE_BYTES + (uint64_t)CELL_BYTES * choice->own_cells[i];
		if (choice->stamps[frame] != choice->round)
			bytes += frame_bytes(choice, frame);
		choice->stamps[frame] = choice->round;
	}
	return bytes;
}

static uint32_t add_node(struct ev_html_stacks *stacks, uint32_t parent, uint32_t frame)
{
	*ev_array_add(&stacks->nodes) = (struct ev_html_node){ parent, frame };
	return (uint32_t)stacks->nodes.count - 1;
}

/* The node of every stack. Of small ones those that stand on one node share another. */
static uint32_t *place_stacks(struct ev_html_stacks *stacks, const struct choice *choice)
{
	const struct ev_named *named = choice->report->named;
	uint32_t *node_of = ev_alloc(choice->count * sizeof(*node_of));
	struct ev_map small = { 0 };
	add_node(stacks, 0, 0);
	for (size_t i = 1; i < choice->count; i++) {
		const struct ev_stack *stack = &named->stacks.items[i];
		uint32_t parent = node_of[stack->parent];
		bool added = false;
		if (choice->share[i] <= 0)
			continue;
		if (parent && stacks->nodes.items[parent].frame == EV_HTML_LEFT_OUT) {
			node_of[i] = parent;
		} else if (choice->share[i] >= stacks->least) {
			node_of[i] = add_node(stacks, parent, stack->place);
		} else {
			uint32_t *node = ev_map_add(&small, parent, 0, &added);
			if (added)
				*node = add_node(stacks, parent, EV_HTML_LEFT_OUT);
			node_of[i] = *node;
		}
		if (choice->own_cells[i] &&
		    stacks->nodes.items[node_of[i]].frame == EV_HTML_LEFT_OUT)
			stacks->left_out++;
	}
	ev_map_done(&small);
	if (choice->own_cells[0])
		node_of[0] = add_node(stacks, 0, 0); /* samples without any frame */
	return node_of;
}

void ev_html_stacks_find(struct ev_html_stacks *stacks, const struct ev_report *report,
			 const struct ev_html_threads *threads, uint64_t limit_bytes)
{
	const struct ev_named *named = report->named;
	size_t count = named->stacks.count ? named->stacks.count : 1;
	struct choice choice = {
		.report = report,
		.threads = threads,
		.count = count,
		.share = ev_alloc(count * sizeof(double)),
		.own_cells = ev_alloc(count * sizeof(uint32_t)),
		.stamps = ev_alloc((named->frames.count + 1) * sizeof(uint32_t)),
	};
	find_shares(&choice);
	while ((stacks->bytes = bytes_above(&choice, stacks->least)) > limit_bytes &&
	       stacks->least <= 1)
		stacks->least = stacks->least > 0 ? stacks->least * LEAST_GROWS : LEAST_SHARE;
	stacks->node_of = place_stacks(stacks, &choice);
	free(choice.share);
	free(choice.own_cells);
	free(choice.stamps);
}

void ev_html_stacks_done(struct ev_html_stacks *stacks)
{
	ev_array_done(&stacks->nodes);
	free(stacks->node_of);
	*stacks = (struct ev_html_stacks){ 0 };
}
