/* Stacks of several recordings become difffolded lines: "comm;root;…;leaf COUNT1 COUNT2", by
 * samples, or by period where that is asked for or the counts are simulated. Stacks that only one
 * of them has have a 0. */
#include <inttypes.h>
#include <stdlib.h>
#include "diff.h"
#include "folded_line.h"

struct folding {
	FILE *out;
	const struct ev_diff *diff;
	bool with_event, by_period;
	struct ev_folded_line line;
	uint64_t *weights; /* [event * part_count + part] */
	struct ev_arena scratch;
};

static void print_weights(struct folding *fold, size_t event, uint32_t comm)
{
	size_t parts = fold->diff->part_count;
	struct ev_strings *strings = fold->diff->named->profile->strings;
	struct ev_buffer start = { 0 };
	uint64_t *weights = &fold->weights[event * parts];
	uint64_t any = 0;
	for (size_t r = 0; r < parts; r++)
		any |= weights[r];
	if (!any)
		return;
	if (fold->with_event)
		ev_folded_name(&start, &fold->scratch,
			       ev_diff_event(fold->diff, event, &fold->scratch));
	if (comm && start.size_bytes)
		ev_buffer_u8(&start, ';');
	if (comm)
		ev_folded_name(&start, &fold->scratch, ev_strings_text(strings, comm));
	const char *stack =
		fold->line.text.size_bytes ? (const char *)fold->line.text.bytes : ";[unknown]";
	size_t length = fold->line.text.size_bytes ? fold->line.text.size_bytes : 10;
	size_t skip = start.size_bytes ? 0 : 1;
	fprintf(fold->out, "%.*s%.*s", (int)start.size_bytes,
		start.bytes ? (const char *)start.bytes : "", (int)(length - skip), stack + skip);
	for (size_t r = 0; r < parts; r++) {
		fprintf(fold->out, " %" PRIu64, weights[r]);
		weights[r] = 0;
	}
	putc('\n', fold->out);
	ev_buffer_done(&start);
}

struct part {
	uint32_t comm, event; /* of the table */
	uint64_t weight;
};

static int by_comm(const void *one, const void *other)
{
	const struct part *a = one, *b = other;
	return a->comm < b->comm ? -1 : a->comm > b->comm;
}

/* What one stack has, command by command. */
static void print_stack(struct folding *fold, struct part *items, size_t count)
{
	size_t width = fold->diff->width, parts = fold->diff->part_count;
	qsort(items, count, sizeof(*items), by_comm);
	for (size_t i = 0; i < count; i++) {
		size_t event = items[i].event % width, part = items[i].event / width;
		fold->weights[event * parts + part] += items[i].weight;
		if (i + 1 < count && items[i + 1].comm == items[i].comm)
			continue;
		for (size_t e = 0; e < width; e++)
			print_weights(fold, e, items[i].comm);
	}
}

int ev_diff_folded(FILE *out, const struct ev_diff *diff, const struct ev_diff_options *options,
		   struct ev_err *err)
{
	const struct ev_named *named = diff->named;
	bool simulated = ev_recording_note(diff->recording, EV_NOTE_SIMULATED, NULL);
	struct folding fold = { .out = out,
				.diff = diff,
				.by_period = options->show_period || simulated };
	EV_ARRAY(struct part) items = { 0 };
	size_t events = 0;
	(void)err;
	fold.weights = ev_alloc((diff->width * diff->part_count + 1) * sizeof(*fold.weights));
	for (size_t e = 0; e < diff->width; e++)
		events += ev_diff_has_event(diff, e);
	fold.with_event = events > 1 || simulated;
	for (size_t i = 0; i < named->cells.count; i++) {
		const struct ev_cell *cell = &named->cells.items[i];
		const struct ev_tag *tag = &named->profile->tags.items[cell->tag];
		if (ev_table_passes(diff->table, named, cell))
			*ev_array_add(&items) = (struct part){
				.comm = tag->comm,
				.event = tag->event,
				.weight = fold.by_period ? cell->period : cell->samples,
			};
		bool last = i + 1 == named->cells.count || cell[1].stack != cell->stack;
		if (!last || !items.count)
			continue;
		ev_folded_move(&fold.line, named, cell->stack);
		print_stack(&fold, items.items, items.count);
		items.count = 0;
	}
	free(fold.weights);
	ev_array_done(&items);
	ev_folded_line_done(&fold.line);
	ev_arena_done(&fold.scratch);
	return 0;
}
