/* A profile becomes perf's text table: one block per event, or events side by side. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "report.h"

enum column_kind { COLUMN_CHILDREN, COLUMN_SELF, COLUMN_SAMPLES, COLUMN_PERIOD, COLUMN_KEY };

struct column {
	enum column_kind kind;
	size_t key; /* of the table, for COLUMN_KEY */
	const char *title;
	size_t width;
	bool fixed; /* by -w: longer texts are cut */
};
enum { SHARE_WIDTH = 8, NUMBER_WIDTH = 12, PID_WIDTH = 7, COMMAND_WIDTH = 7 };

/* One table: the events beside one another in each of its number columns. */
struct block {
	FILE *out;
	const struct ev_report *report;
	const struct ev_report_options *options;
	size_t first_event, event_count;
	struct column columns[EV_KEY_COUNT + 4];
	size_t column_count;
	const struct ev_row **rows;
	size_t row_count;
	struct ev_arena scratch; /* of one row */
};

/* ---- columns -------------------------------------------------------------------------------- */

static void add_column(struct block *block, enum column_kind kind, size_t key, const char *title,
		       size_t width)
{
	const struct ev_report_options *options = block->options;
	size_t at = block->column_count++;
	struct column *column = &block->columns[at];
	*column = (struct column){ .kind = kind, .key = key, .title = title, .width = width };
	if (at >= options->width_count || !options->widths[at])
		return;
	column->width = options->widths[at];
	column->fixed = true;
	/* Texts are cut to the width, numbers and what stands above them never. */
	size_t least = kind == COLUMN_KEY ? 0 : block->event_count > 1 ? width : strlen(title);
	if (column->width < least)
		column->width = least;
}

static size_t key_index(const struct ev_table *table, enum ev_key key)
{
	size_t i = 0;
	while (i < table->key_count && table->keys[i] != key)
		i++;
	return i;
}

static void choose_columns(struct block *block)
{
	const struct ev_report_options *options = block->options;
	const struct ev_table *table = block->report->table;
	size_t count = block->event_count;
	if (table->has_children)
		add_column(block, COLUMN_CHILDREN, 0, "Children", SHARE_WIDTH * count);
	add_column(block, COLUMN_SELF, 0, table->has_children ? "Self" : "Overhead",
		   SHARE_WIDTH * count);
	if (options->show_samples)
		add_column(block, COLUMN_SAMPLES, 0, "Samples", NUMBER_WIDTH * count);
	if (options->show_period)
		add_column(block, COLUMN_PERIOD, 0, "Period", NUMBER_WIDTH * count);
	size_t key_count = options->field_count ? options->field_count : table->key_count;
	for (size_t i = 0; i < key_count; i++) {
		size_t key = options->field_count ? key_index(table, options->fields[i]) : i;
		if (key < table->key_count)
			add_column(block, COLUMN_KEY, key, ev_keys[table->keys[key]].title, 0);
	}
}

/* ---- cells ---------------------------------------------------------------------------------- */

/* As perf marks where a function runs. */
static const char *level_mark(const struct block *block, const struct ev_row *row)
{
	return block->report->named->frames.items[row->frame].kernel ? "[k] " : "[.] ";
}

static const char *joined(struct ev_arena *arena, const char *first, const char *second)
{
	size_t before = strlen(first), after = strlen(second);
	char *text = ev_arena_take(arena, before + after + 1);
	memcpy(text, first, before);
	memcpy(text + before, second, after);
	return text;
}

static const char *key_text(struct block *block, const struct column *column,
			    const struct ev_row *row)
{
	const struct ev_table *table = block->report->table;
	const char *text = ev_row_text(table, block->report->named, row, column->key);
	const char *safe = ev_report_safe(&block->scratch, text);
	enum ev_key key = table->keys[column->key];
	if (key == EV_KEY_SYMBOL)
		return joined(&block->scratch, level_mark(block, row), safe);
	if ((key == EV_KEY_PID || key == EV_KEY_TID) && !block->options->separator) {
		int digits = (int)strspn(safe, "0123456789");
		return ev_arena_printf(&block->scratch, "%*.*s%s", PID_WIDTH, digits, safe,
				       safe + digits);
	}
	return safe;
}

static const char *colour_of(double percent)
{
	return percent >= 5 ? "\33[31m" : percent >= 0.5 ? "\33[32m" : NULL;
}

/* "%.2f" for a share that needs no care: most of the time of a long table goes here. */
static size_t format_share(char *out, size_t size_bytes, double percent)
{
	double hundredths = percent * 100;
	uint64_t whole = (uint64_t)hundredths;
	double rest = hundredths - (double)whole;
	if (percent >= 1e6 || (rest > 0.4999 && rest < 0.5001)) {
		ev_format_fixed(out, size_bytes, percent, 2);
		return strlen(out);
	}
	whole += rest > 0.5;
	char digits[24];
	size_t count = 0, length = 0;
	for (; whole || count < 3; whole /= 10)
		digits[count++] = (char)('0' + whole % 10);
	while (count) {
		if (count == 2)
			out[length++] = '.';
		out[length++] = digits[--count];
	}
	out[length] = 0;
	return length;
}

static void print_share(struct block *block, const struct column *column, uint64_t part,
			uint64_t whole)
{
	double percent = ev_percent(part, whole);
	char number[48];
	const char *colour = block->options->colour ? colour_of(percent) : NULL;
	size_t width = block->options->separator ? 0 : column->width / block->event_count;
	size_t length = format_share(number, sizeof(number), percent);
	for (size_t i = length + 1; i < width; i++)
		putc_unlocked(' ', block->out);
	fputs(colour ? colour : "", block->out);
	fputs(number, block->out);
	fputs(colour ? "%\33[m" : "%", block->out);
}

static void print_numbers(struct block *block, const struct column *column,
			  const struct ev_row *row)
{
	const struct ev_table *table = block->report->table;
	const struct ev_report_options *options = block->options;
	int width = options->separator ? 0 : (int)(column->width / block->event_count);
	for (size_t i = 0; i < block->event_count; i++) {
		size_t e = block->first_event + i;
		if (i && options->separator)
			putc_unlocked(options->separator, block->out);
		if (column->kind == COLUMN_CHILDREN)
			print_share(block, column, row->children[e], table->total_period[e]);
		else if (column->kind == COLUMN_SELF)
			print_share(block, column, row->period[e], table->total_period[e]);
		else
			fprintf(block->out, "%*" PRIu64, width,
				column->kind == COLUMN_SAMPLES ? row->samples[e] : row->period[e]);
	}
}

/* Text in a column of its width; the separator inside a text would make two fields of one. */
static void print_text(struct block *block, const struct column *column, const char *text,
		       bool last)
{
	size_t columns = ev_text_columns(text);
	if (block->options->separator) {
		for (; *text; text++)
			putc_unlocked(*text == block->options->separator ? '.' : *text, block->out);
		return;
	}
	if (column->fixed && columns > column->width) {
		size_t bytes = strlen(text);
		char *cut = ev_arena_text(&block->scratch, text, bytes);
		while (ev_text_columns(cut) > column->width) {
			do
				bytes--;
			while (bytes && ((uint8_t)cut[bytes] & 0xc0) == 0x80);
			cut[bytes] = 0;
		}
		text = cut;
		columns = ev_text_columns(text);
	}
	fputs(text, block->out);
	for (; !last && columns < column->width; columns++)
		putc_unlocked(' ', block->out);
}

/* ---- lines ---------------------------------------------------------------------------------- */

static void measure(struct block *block)
{
	const struct ev_table *table = block->report->table;
	for (size_t c = 0; c < block->column_count; c++) {
		struct column *column = &block->columns[c];
		if (column->kind != COLUMN_KEY || column->fixed)
			continue;
		column->width = strlen(column->title);
		for (size_t i = 0; i < block->row_count; i++) {
			size_t width = ev_text_columns(key_text(block, column, block->rows[i]));
			if (width > column->width)
				column->width = width;
			ev_arena_reset(&block->scratch);
		}
		enum ev_key key = table->keys[column->key];
		if ((key == EV_KEY_PID || key == EV_KEY_TID) &&
		    column->width < PID_WIDTH + 1 + COMMAND_WIDTH)
			column->width = PID_WIDTH + 1 + COMMAND_WIDTH;
	}
}

static void print_column_heads(struct block *block)
{
	char separator = block->options->separator;
	fputs("# ", block->out);
	for (size_t c = 0; c < block->column_count; c++) {
		const struct column *column = &block->columns[c];
		const char *title = column->title;
		if (separator) {
			size_t fields = column->kind == COLUMN_KEY ? 1 : block->event_count;
			for (size_t i = 0; i < fields; i++) {
				if (c || i)
					putc_unlocked(separator, block->out);
				fputs(title + strspn(title, " "), block->out);
			}
			continue;
		}
		fputs(c ? "  " : "", block->out);
		if (column->kind == COLUMN_KEY)
			print_text(block, column, title, false);
		else
			fprintf(block->out, "%*s", (int)column->width, title);
	}
	putc_unlocked('\n', block->out);
	if (separator)
		return;
	fputs("# ", block->out);
	for (size_t c = 0; c < block->column_count; c++) {
		fputs(c ? "  " : "", block->out);
		for (size_t i = 0; i < block->columns[c].width; i++)
			putc_unlocked('.', block->out);
	}
	fputs("\n#\n", block->out);
}

static void print_row(struct block *block, const struct ev_row *row)
{
	char separator = block->options->separator;
	for (size_t c = 0; c < block->column_count; c++) {
		const struct column *column = &block->columns[c];
		if (separator && c)
			putc_unlocked(separator, block->out);
		else if (!separator)
			fputs("  ", block->out);
		if (column->kind == COLUMN_KEY)
			print_text(block, column, key_text(block, column, row),
				   c + 1 == block->column_count);
		else
			print_numbers(block, column, row);
	}
	putc_unlocked('\n', block->out);
	ev_arena_reset(&block->scratch);
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

static void print_events(struct block *block)
{
	const struct ev_report *report = block->report;
	const struct ev_table *table = report->table;
	uint64_t samples = 0, period = 0;
	bool one_group = true;
	for (size_t e = block->first_event; e < block->first_event + block->event_count; e++) {
		samples += table->total_samples[e];
		period += table->total_period[e];
		if (e < report->recording->event_count)
			one_group &= report->recording->events[e].leader ==
				     report->recording->events[block->first_event].leader;
	}
	fputs("# Samples: ", block->out);
	print_short(block->out, samples);
	fputs(block->event_count > 1 ? " of events '" : " of event '", block->out);
	if (block->event_count > 1 && one_group)
		fputs("anon group { ", block->out);
	for (size_t i = 0; i < block->event_count; i++) {
		const char *name = ev_report_event(report, block->first_event + i, &block->scratch);
		fprintf(block->out, "%s%s", i ? ", " : "", ev_report_safe(&block->scratch, name));
	}
	if (block->event_count > 1 && one_group)
		fputs(" }", block->out);
	fprintf(block->out, "'\n# Event count (approx.): %" PRIu64 "\n#\n", period);
}

static void print_block(FILE *out, const struct ev_report *report,
			const struct ev_report_options *options, size_t first_event,
			size_t event_count)
{
	struct block block = { .out = out,
			       .report = report,
			       .options = options,
			       .first_event = first_event,
			       .event_count = event_count };
	block.rows =
		ev_report_rows(report, options, first_event, event_count > 1, &block.row_count);
	choose_columns(&block);
	if (!options->separator)
		measure(&block);
	if (!options->quiet) {
		print_events(&block);
		print_column_heads(&block);
	}
	for (size_t i = 0; i < block.row_count; i++) {
		print_row(&block, block.rows[i]);
		if (options->chains != EV_CHAIN_NONE)
			ev_print_chains(out, report, options, block.rows[i], first_event);
	}
	fputs("\n\n", out);
	free(block.rows);
	ev_arena_done(&block.scratch);
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

int ev_report_text(FILE *out, const struct ev_report *report,
		   const struct ev_report_options *options, struct ev_err *err)
{
	const struct ev_table *table = report->table;
	size_t printed = 0;
	(void)err;
	if (!options->quiet)
		print_top(out, report, options);
	else
		ev_print_simulated(out, report, "# ");
	if (options->group && table->event_count > 1) {
		print_block(out, report, options, 0, table->event_count);
		printed++;
	}
	for (size_t e = 0; e < table->event_count && !(options->group && printed); e++) {
		if (!table->total_samples[e])
			continue;
		print_block(out, report, options, e, 1);
		printed++;
	}
	if (!printed && !options->quiet)
		print_nothing(out, report);
	if (!options->quiet)
		ev_print_tip(out, report, options);
	return 0;
}
