/* A profile's stacks become sums of functions: what each weighs itself and with what it called, of
 * all stacks, also of those that a page leaves out. */
#include <stdlib.h>
#include <string.h>
#include "report_html.h"

/* What the numbers of a function take in the page, about. */
enum { FUNCTION_BYTES = 56 };
#define LEAST_SHARE 1e-7
#define LEAST_GROWS 1.3

/* Frames of one function have one number; those without a symbol are their object's. */
static uint32_t *number_frames(const struct ev_named *named, struct ev_html_functions *functions)
{
	uint32_t *number_of = ev_alloc((named->frames.count + 1) * sizeof(*number_of));
	struct ev_map known = { 0 };
	for (size_t i = 0; i < named->frames.count; i++) {
		const struct ev_frame *frame = &named->frames.items[i];
		bool named_so = frame->resolved ||
				*ev_strings_text(named->profile->strings, frame->function) == '[';
		bool added;
		uint32_t *number = ev_map_add(&known, frame->object,
					      named_so ? frame->function : UINT32_MAX, &added);
		if (added) {
			*number = (uint32_t)functions->items.count;
			ev_array_add(&functions->items)->frame = (uint32_t)i;
		}
		number_of[i] = *number;
	}
	ev_map_done(&known);
	return number_of;
}

struct weight {
	uint64_t samples, period;
};

static struct weight plus(struct weight one, struct weight other)
{
	return (struct weight){ one.samples + other.samples, one.period + other.period };
}

static void add_up(struct ev_html_functions *functions, const struct ev_named *named,
		   const uint32_t *number_of, const struct weight *own, struct weight *whole)
{
	size_t count = named->stacks.count;
	uint32_t *open = ev_alloc((functions->items.count + 1) * sizeof(*open));
	EV_ARRAY(uint32_t) path = { 0 };
	for (size_t i = count - 1; i > 0; i--) {
		uint32_t parent = named->stacks.items[i].parent;
		whole[i] = plus(whole[i], own[i]);
		whole[parent] = plus(whole[parent], whole[i]);
	}
	for (size_t i = 1; i < count; i++) {
		const struct ev_stack *stack = &named->stacks.items[i];
		while (path.count && path.items[path.count - 1] != stack->parent) {
			uint32_t left = path.items[--path.count];
			open[number_of[named->stacks.items[left].place]]--;
		}
		struct ev_html_function *function =
			&functions->items.items[number_of[stack->place]];
		function->self_samples += own[i].samples;
		function->self_period += own[i].period;
		if (!open[number_of[stack->place]]++) {
			function->children_samples += whole[i].samples;
			function->children_period += whole[i].period;
		}
		*ev_array_add(&path) = (uint32_t)i;
	}
	ev_array_done(&path);
	free(open);
}

static void find_weights(struct ev_html_functions *functions, const struct ev_report *report,
			 size_t event)
{
	const struct ev_named *named = report->named;
	size_t count = named->stacks.count;
	uint32_t *number_of = number_frames(named, functions);
	struct weight *own = ev_alloc(count * sizeof(*own));
	struct weight *whole = ev_alloc(count * sizeof(*whole));
	for (size_t i = 0; i < named->cells.count; i++) {
		const struct ev_cell *cell = &named->cells.items[i];
		struct weight weight = { cell->samples, cell->period };
		if (named->profile->tags.items[cell->tag].event != event ||
		    !ev_table_passes(report->table, named, cell))
			continue;
		own[cell->stack] = plus(own[cell->stack], weight);
	}
	add_up(functions, named, number_of, own, whole);
	/* Samples without any frame are the first one's. */
	struct ev_html_function *nowhere = &functions->items.items[number_of[0]];
	nowhere->self_samples += own[0].samples;
	nowhere->self_period += own[0].period;
	nowhere->children_samples += own[0].samples;
	nowhere->children_period += own[0].period;
	free(own);
	free(whole);
	free(number_of);
}

static double share_of(const struct ev_report *report, const struct ev_html_function *function,
		       size_t event)
{
	double samples =
		ev_percent(function->children_samples, report->table->total_samples[event]);
	double period = ev_percent(function->children_period, report->table->total_period[event]);
	return (samples > period ? samples : period) / 100;
}

static uint64_t bytes_above(const struct ev_html_functions *functions,
			    const struct ev_report *report, size_t event, double least)
{
	const struct ev_named *named = report->named;
	uint64_t bytes = 0;
	for (size_t i = 0; i < functions->items.count; i++) {
		const struct ev_html_function *function = &functions->items.items[i];
		double share = share_of(report, function, event);
		uint32_t name = named->frames.items[function->frame].function;
		if (share >= least && share > 0)
			bytes += FUNCTION_BYTES +
				 strnlen(ev_strings_text(named->profile->strings, name),
					 EV_HTML_NAME_BYTES);
	}
	return bytes;
}

void ev_html_functions_find(struct ev_html_functions *functions, const struct ev_report *report,
			    size_t event, uint64_t limit_bytes)
{
	double least = 0;
	size_t kept = 0;
	if (!report->named->stacks.count || !report->named->frames.count)
		return;
	find_weights(functions, report, event);
	while (bytes_above(functions, report, event, least) > limit_bytes && least <= 1)
		least = least > 0 ? least * LEAST_GROWS : LEAST_SHARE;
	for (size_t i = 0; i < functions->items.count; i++) {
		double share = share_of(report, &functions->items.items[i], event);
		functions->all += share > 0;
		if (share >= least && share > 0)
			functions->items.items[kept++] = functions->items.items[i];
	}
	functions->items.count = kept;
}

void ev_html_functions_done(struct ev_html_functions *functions)
{
	ev_array_done(&functions->items);
}
