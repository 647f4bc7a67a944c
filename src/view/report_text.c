/* A profile becomes perf's text table: one block per event, or events side by side. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "report_block.h"

/* ---- columns -------------------------------------------------------------------------------- */

static bool is_there(const struct ev_block *block, const struct ev_shown *shown)
{
	for (size_t i = 0; i < block->columns.count; i++) {
		const struct ev_shown *other = &block->columns.items[i];
		if (other->field == shown->field && other->key == shown->key &&
		    other->ratio == shown->ratio && other->half == shown->half)
			return true;
	}
	return false;
}

static void add_column(struct ev_block *block, struct ev_shown shown)
{
	const struct ev_report_options *options = block->options;
	size_t at = block->columns.count, fields = ev_block_fields(block, &shown);
	if (is_there(block, &shown))
		return;
	struct ev_shown *column = ev_array_add(&block->columns);
	*column = shown;
	column->width = ev_fields[shown.field].width * fields;
	size_t least = fields > 1 ? column->width : ev_text_columns(shown.title);
	if (at < options->width_count && options->widths[at]) {
		column->width = options->widths[at];
		column->fixed = true;
	}
	/* Texts are cut to the width, numbers and what stands above them never. */
	if (shown.field != EV_FIELD_KEY && column->width < least)
		column->width = least;
}

static void add_ratios(struct ev_block *block)
{
	const struct ev_report *report = block->report;
	size_t count = report->ratios ? report->ratios->items.count : 0;
	for (size_t i = 0; i < count; i++) {
		if (!ev_report_has_ratio(report, block->events, i))
			continue;
		struct ev_ratio_value all = ev_report_ratio(report, NULL, i);
		add_column(block,
			   (struct ev_shown){
				   .field = EV_FIELD_RATIO,
				   .ratio = i,
				   .title = ev_report_safe(&block->titles,
							   report->ratios->items.items[i].name),
				   .decimals = ev_ratio_decimals(all.value > 0 ? all.value
									       : all.high) });
	}
}

static void add_key(struct ev_block *block, enum ev_key key)
{
	const struct ev_table *table = block->report->table;
	for (size_t i = 0; i < table->key_count; i++)
		if (table->keys[i] == key)
			add_column(block,
				   (struct ev_shown){
					   .field = EV_FIELD_KEY,
					   .key = i,
					   .title = ev_report_key_title(block->options, key) });
}

static void add_field(struct ev_block *block, const struct ev_column *column, const char *title)
{
	if (column->field == EV_FIELD_KEY)
		add_key(block, column->key);
	else if (column->field == EV_FIELD_RATIO)
		add_ratios(block);
	else
		add_column(block, (struct ev_shown){ .field = column->field, .title = title });
	if (block->report->scatters &&
	    (column->field == EV_FIELD_OVERHEAD || column->field == EV_FIELD_CHILDREN))
		add_column(block,
			   (struct ev_shown){ .field = column->field, .title = "±", .half = true });
}

static void add_usual(struct ev_block *block)
{
	const struct ev_report_options *options = block->options;
	bool children = block->report->table->has_children;
	const struct {
		enum ev_field field;
		bool shown;
		const char *title;
	} usual[] = {
		{ EV_FIELD_CHILDREN, children, "Children" },
		{ EV_FIELD_OVERHEAD, true, children ? "Self" : "Overhead" },
		{ EV_FIELD_SAMPLES, options->show_samples, "Samples" },
		{ EV_FIELD_PERIOD, options->show_period, "Period" },
		{ EV_FIELD_RATIO, true, NULL },
	};
	for (size_t i = 0; i < EV_LENGTH(usual); i++)
		if (usual[i].shown)
			add_field(block, &(struct ev_column){ .field = usual[i].field },
				  usual[i].title);
}

static void choose_columns(struct ev_block *block)
{
	const struct ev_report_options *options = block->options;
	const struct ev_table *table = block->report->table;
	bool is_usual = !options->column_count || options->columns_added;
	if (is_usual)
		add_usual(block);
	for (size_t i = 0; i < options->column_count; i++)
		add_field(block, &options->columns[i], ev_fields[options->columns[i].field].title);
	for (size_t i = 0; is_usual && i < table->key_count; i++)
		add_key(block, table->keys[i]);
}

/* ---- lines ---------------------------------------------------------------------------------- */

/* The widest text of a key's column. Many rows have the same. */
static size_t widest(struct ev_block *block, const struct ev_shown *column)
{
	const struct ev_table *table = block->report->table;
	const struct ev_strings *strings = block->report->named->profile->strings;
	bool is_total = ev_keys[table->keys[column->key]].is_total;
	bool *seen = ev_alloc(ev_strings_count(strings) + 1);
	size_t widest = strlen(column->title);
	for (size_t i = 0; i < block->row_count; i++) {
		bool *known = &seen[block->rows[i]->values[column->key]];
		if (*known && !is_total)
			continue;
		*known = true;
		const char *text = ev_block_key_text(block, column, block->rows[i]);
		/* No character takes more columns than it has bytes. */
		size_t width = strlen(text);
		if (width > widest)
			width = ev_text_columns(text);
		if (width > widest)
			widest = width;
		ev_arena_reset(&block->scratch);
	}
	free(seen);
	return widest;
}

static void measure(struct ev_block *block)
{
	const struct ev_table *table = block->report->table;
	for (size_t c = 0; c < block->columns.count; c++) {
		struct ev_shown *column = &block->columns.items[c];
		if (column->field == EV_FIELD_RATIO)
			ev_block_measure_ratio(block, column);
		if (column->field != EV_FIELD_KEY || column->fixed)
			continue;
		column->width = widest(block, column);
		if (ev_keys[table->keys[column->key]].kind == EV_KEY_IS_OWNER &&
		    column->width < EV_PID_WIDTH + 1 + EV_COMMAND_WIDTH)
			column->width = EV_PID_WIDTH + 1 + EV_COMMAND_WIDTH;
	}
}

void ev_block_print_title(struct ev_block *block, const struct ev_shown *column)
{
	const char *title = column->title;
	if (column->field == EV_FIELD_KEY)
		ev_block_print_text(block, column, title, false);
	else
		fprintf(block->out, "%*s%s", (int)(column->width - ev_text_columns(title)), "",
			title);
}

static void print_column_heads(struct ev_block *block)
{
	char separator = block->options->separator;
	fputs("# ", block->out);
	for (size_t c = 0; c < block->columns.count; c++) {
		const struct ev_shown *column = &block->columns.items[c];
		const char *title = column->title;
		if (separator) {
			size_t fields = ev_block_fields(block, column);
			for (size_t i = 0; i < fields; i++) {
				if (c || i)
					putc_unlocked(separator, block->out);
				fputs(title + strspn(title, " "), block->out);
			}
			continue;
		}
		fputs(c ? "  " : "", block->out);
		ev_block_print_title(block, column);
	}
	putc_unlocked('\n', block->out);
	if (separator)
		return;
	fputs("# ", block->out);
	for (size_t c = 0; c < block->columns.count; c++) {
		fputs(c ? "  " : "", block->out);
		for (size_t i = 0; i < block->columns.items[c].width; i++)
			putc_unlocked('.', block->out);
	}
	fputs("\n#\n", block->out);
}

/* 2324 -> "2K", as perf abbreviates. */
static void print_short(FILE *out, uint64_t number)
{
	static const char units[] = " KMGTPE";
	size_t unit = 0;
	for (; number >= 1000 && unit + 2 < sizeof(units); unit++)
		number /= 1000;
	fprintf(out, "%" PRIu64 "%c", number, units[unit]);
}

/* The ratios of all that is in the table's columns. */
static void print_whole_ratios(struct ev_block *block)
{
	for (size_t c = 0; c < block->columns.count; c++) {
		const struct ev_shown *column = &block->columns.items[c];
		if (column->field != EV_FIELD_RATIO)
			continue;
		struct ev_ratio_value all = ev_report_ratio(block->report, NULL, column->ratio);
		char value[64], half[64];
		if (!all.known)
			continue;
		fprintf(block->out, "# %s of all: %s", column->title,
			ev_format_fixed(value, sizeof(value), all.value, column->decimals));
		if (all.bounded)
			fprintf(block->out, " ±%s",
				ev_format_fixed(half, sizeof(half), all.high - all.value,
						column->decimals));
		putc('\n', block->out);
	}
}

static void print_events(struct ev_block *block)
{
	const struct ev_report *report = block->report;
	const struct ev_table *table = report->table;
	uint64_t samples = 0, period = 0;
	char time[32];
	bool one_group = true, first = true;
	size_t shown = ev_report_shown_events(report, block->events);
	for (size_t e = block->events.first; e < block->events.first + block->events.count; e++) {
		if (ev_report_only_tells(report, e))
			continue;
		samples += table->total_samples[e];
		period += table->total_period[e];
		if (e < report->recording->event_count)
			one_group &= report->recording->events[e].leader ==
				     report->recording->events[block->events.first].leader;
	}
	fputs("# Samples: ", block->out);
	print_short(block->out, samples);
	fputs(shown > 1 ? " of events '" : " of event '", block->out);
	if (shown > 1 && one_group)
		fputs("anon group { ", block->out);
	for (size_t i = 0; i < block->events.count; i++) {
		if (ev_report_only_tells(report, block->events.first + i))
			continue;
		const char *name =
			ev_report_event(report, block->events.first + i, &block->scratch);
		fprintf(block->out, "%s%s", first ? "" : ", ",
			ev_report_safe(&block->scratch, name));
		first = false;
	}
	if (shown > 1 && one_group)
		fputs(" }", block->out);
	fprintf(block->out, "'\n# %s: %" PRIu64,
		report->named->profile->of_weights ? "Total weight " : "Event count (approx.)",
		period);
	if (block->events.count == 1 && ev_report_waits(report, block->events.first))
		fprintf(block->out, " ns, %s", ev_report_time(time, sizeof(time), period));
	putc('\n', block->out);
	print_whole_ratios(block);
	fputs("#\n", block->out);
}

/* What the marks in ratio columns mean. */
static void explain_ratios(const struct ev_block *block)
{
	for (size_t c = 0; c < block->columns.count; c++) {
		if (block->columns.items[c].field != EV_FIELD_RATIO)
			continue;
		if (ev_report_simulated(block->report)) {
			fputs("#\n# Ratios of a simulation are exact: there is no ± to them.\n",
			      block->out);
			return;
		}
		fputs("#\n# ± is half the 95% interval of a ratio over the row's own samples",
		      block->out);
		if (block->has_few)
			fprintf(block->out,
				"; %s: fewer than %d samples, or ± more than half of the value and "
				"a "
				"tenth of the ratio of all",
				block->options->colour ? "dim" : "?", EV_RATIO_FEW_SAMPLES);
		fputs(".\n", block->out);
		return;
	}
}

static void explain_intervals(const struct ev_block *block)
{
	if (block->options->intervals && !block->report->scatters)
		fputs("#\n# Counts of a simulation are exact: there is no ± to them.\n",
		      block->out);
	if (block->report->scatters)
		fputs("#\n# ± is half of a share's 95% interval, from how it changes in the course "
		      "of "
		      "the recording.\n",
		      block->out);
}

void ev_block_begin(struct ev_block *block)
{
	struct ev_report_options all = *block->options;
	if (all.hierarchy) /* small rows may be big together */
		all.percent_limit = 0;
	block->rows = ev_report_rows(block->report, &all, block->events, &block->row_count);
	block->shown = ev_report_shown_events(block->report, block->events);
	choose_columns(block);
	if (!all.separator)
		measure(block);
}

void ev_block_done(struct ev_block *block)
{
	free(block->rows);
	block->rows = NULL;
	ev_array_done(&block->columns);
	ev_arena_done(&block->titles);
	ev_arena_done(&block->scratch);
}

static void print_block(FILE *out, const struct ev_report *report,
			const struct ev_report_options *options, struct ev_events events)
{
	struct ev_block block = {
		.out = out, .report = report, .options = options, .events = events
	};
	ev_block_begin(&block);
	if (!options->quiet) {
		print_events(&block);
		if (!options->hierarchy)
			print_column_heads(&block);
	}
	if (options->hierarchy)
		ev_block_print_hierarchy(&block);
	else
		ev_block_print_rows(&block);
	if (!options->quiet && !block.row_count)
		fputs("# No row: nothing passes the filters and limits that were asked for.\n",
		      out);
	if (!options->quiet) {
		explain_ratios(&block);
		explain_intervals(&block);
		ev_print_ranking(out, report, options, events.first, block.rows, block.row_count);
	}
	fputs("\n\n", out);
	ev_block_done(&block);
}

static void print_top(FILE *out, const struct ev_report *report,
		      const struct ev_report_options *options)
{
	if (!options->header)
		fputs("# What the recording says about itself is shown by --header.\n#\n", out);
	fprintf(out, "# Total Lost Samples: %" PRIu64 "\n#\n",
		report->named->profile->quality.lost);
	ev_print_quality(out, report, "# ");
	fputs("#\n", out);
}

static void print_nothing(FILE *out, const struct ev_report *report)
{
	struct ev_arena scratch = { 0 };
	if (report->partial)
		fprintf(out, "# No samples: %s\n#\n", ev_text_safe(&scratch, report->partial));
	else
		fputs("# No samples.\n#\n", out);
	ev_arena_done(&scratch);
}

bool ev_report_events(const struct ev_report *report, const struct ev_report_options *options,
		      struct ev_events *events)
{
	const struct ev_recording *recording = report->recording;
	size_t count = report->table->event_count, first = events->first;
	events->count = 1;
	if (options->group && first == 0)
		events->count = count;
	while (options->groups && !options->group && first + events->count < count &&
	       first + events->count < recording->event_count &&
	       recording->events[first + events->count].leader == (int)first)
		events->count++;
	while (events->count > 1 && ev_report_only_tells(report, first + events->count - 1))
		events->count--;
	return first < count;
}

bool ev_report_has_samples(const struct ev_report *report, struct ev_events events)
{
	for (size_t i = 0; i < events.count; i++)
		if (report->table->total_samples[events.first + i])
			return true;
	return false;
}

int ev_report_text(FILE *out, const struct ev_report *report,
		   const struct ev_report_options *options, struct ev_err *err)
{
	struct ev_events events = { 0 };
	size_t printed = 0;
	(void)err;
	if (!options->quiet)
		print_top(out, report, options);
	else
		ev_print_simulated(out, report, "# ");
	for (; ev_report_events(report, options, &events); events.first += events.count) {
		if (!ev_report_has_samples(report, events))
			continue;
		print_block(out, report, options, events);
		printed++;
	}
	if (!printed && !options->quiet)
		print_nothing(out, report);
	if (!options->quiet)
		ev_print_tip(out, report, options);
	return 0;
}
