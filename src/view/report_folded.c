/* A profile becomes folded stacks, one a line: "comm;root;…;leaf COUNT", as flame graph programs
 * read them. COUNT is samples, or the period when that is asked for. Kernel functions end in _[k],
 * inlined ones in _[i]; a place without a symbol is its [object], or what stands for a name such
 * as [sort+0x9a00]; ';' in a name becomes ':'. Where several events have samples, the event's name
 * stands in front as the outermost frame; so does that of a simulated one, which says what it is
 * and is counted by its period. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "folded_line.h"
#include "report.h"

struct folding {
	FILE *out;
	const struct ev_report *report;
	const struct ev_report_options *options;
	bool with_event, with_comm;
	struct ev_folded_line line;
	struct ev_arena scratch;
};

static void print_line(struct folding *fold, uint32_t event, uint32_t comm, uint64_t weight)
{
	struct ev_buffer start = { 0 };
	struct ev_arena names = { 0 };
	if (fold->with_event)
		ev_folded_name(&start, &fold->scratch,
			       ev_report_event(fold->report, event, &names));
	if (fold->with_comm) {
		const char *name = ev_strings_text(fold->report->named->profile->strings, comm);
		if (start.size_bytes)
			ev_buffer_u8(&start, ';');
		ev_folded_name(&start, &fold->scratch, *name ? name : "[unknown]");
	}
	const char *stack = (const char *)fold->line.text.bytes;
	int length = (int)fold->line.text.size_bytes;
	if (!length) {
		stack = ";[unknown]";
		length = (int)strlen(stack);
	}
	if (!start.size_bytes) {
		stack++;
		length--;
	}
	fprintf(fold->out, "%.*s%.*s %" PRIu64 "\n", (int)start.size_bytes,
		start.bytes ? (const char *)start.bytes : "", length, stack, weight);
	ev_buffer_done(&start);
	ev_arena_done(&names);
}

struct part {
	uint32_t event, comm;
	uint64_t weight;
};

static int by_event_and_comm(const void *one, const void *other)
{
	const struct part *a = one, *b = other;
	if (a->event != b->event)
		return a->event < b->event ? -1 : 1;
	return a->comm < b->comm ? -1 : a->comm > b->comm;
}

/* The lines of one stack: cells that differ only in what a line does not show are added up. */
static void print_stack(struct folding *fold, struct part *parts, size_t count)
{
	qsort(parts, count, sizeof(*parts), by_event_and_comm);
	for (size_t i = 0; i < count; i++) {
		if (i + 1 < count && !by_event_and_comm(&parts[i], &parts[i + 1]))
			parts[i + 1].weight += parts[i].weight;
		else if (parts[i].weight)
			print_line(fold, parts[i].event, parts[i].comm, parts[i].weight);
	}
}

static void choose_start(struct folding *fold)
{
	const struct ev_profile *profile = fold->report->named->profile;
	const struct ev_table *table = fold->report->table;
	size_t events = 0;
	for (size_t e = 0; e < table->event_count; e++)
		events += table->total_samples[e] > 0;
	fold->with_event = events > 1 || ev_report_simulated(fold->report);
	for (size_t i = 0; i < profile->tags.count; i++)
		fold->with_comm |= profile->tags.items[i].comm != 0;
}

int ev_report_folded(FILE *out, const struct ev_report *report,
		     const struct ev_report_options *options, struct ev_err *err)
{
	const struct ev_named *named = report->named;
	struct folding fold = { .out = out, .report = report, .options = options };
	EV_ARRAY(struct part) parts = { 0 };
	/* A simulated sample is an instruction: how many there are says nothing. */
	bool by_period = options->show_period || ev_report_simulated(report);
	(void)err;
	choose_start(&fold);
	for (size_t i = 0; i < named->cells.count; i++) {
		const struct ev_cell *cell = &named->cells.items[i];
		const struct ev_tag *tag = &named->profile->tags.items[cell->tag];
		if (ev_table_passes(report->table, named, cell))
			*ev_array_add(&parts) = (struct part){
				.event = fold.with_event ? tag->event : 0,
				.comm = fold.with_comm ? tag->comm : 0,
				.weight = by_period || ev_report_waits(report, tag->event)
						  ? cell->period
						  : cell->samples,
			};
		bool last = i + 1 == named->cells.count || cell[1].stack != cell->stack;
		if (last && parts.count) {
			ev_folded_move(&fold.line, named, cell->stack);
			print_stack(&fold, parts.items, parts.count);
			parts.count = 0;
		}
	}
	ev_array_done(&parts);
	ev_folded_line_done(&fold.line);
	ev_arena_done(&fold.scratch);
	return 0;
}
