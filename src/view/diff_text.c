/* Differences become a table: how much each row changed and within what, what it was and is, and
 * which rows differ by no more than chance. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "diff_table.h"

/* ---- columns ----------------------------------------------------------------------------------
 */

static void add_column(struct ev_diff_printing *it, enum ev_diff_cell kind, size_t at,
		       const char *title)
{
	*ev_array_add(&it->columns) = (struct ev_diff_column){
		.kind = kind,
		.at = at,
		.title = title,
		.width = ev_text_columns(title),
		.is_text = kind == EV_DIFF_MARK || kind == EV_DIFF_KEY || kind == EV_DIFF_STACK,
	};
}

/* "Delta", "Delta/2" of several, "Delta ms". */
static const char *title_of(struct ev_diff_printing *it, const char *name, size_t recording)
{
	bool several = it->diff->part_count > 2 && recording;
	const char *unit = strcmp(name, "Ratio") ? it->unit : "";
	const char *number = several ? ev_arena_printf(&it->titles, "/%zu", recording) : "";
	return ev_arena_printf(&it->titles, "%s%s%s%s", name, number, *unit ? " " : "", unit);
}

static const char *change_title(const struct ev_diff_printing *it)
{
	switch (it->diff->how.compute) {
	case EV_COMPUTE_RATIO:
		return "Ratio";
	case EV_COMPUTE_WEIGHTED:
		return "Weighted diff";
	case EV_COMPUTE_DELTA_ABS:
	case EV_COMPUTE_DELTA:
		break;
	}
	return "Delta";
}

static void choose_columns(struct ev_diff_printing *it)
{
	const struct ev_table *table = it->diff->table;
	size_t parts = it->diff->part_count;
	if (it->options->all || it->options->separator)
		add_column(it, EV_DIFF_MARK, 0, it->options->separator ? "Mark" : "");
	for (size_t r = 1; r < parts; r++) {
		add_column(it, EV_DIFF_CHANGE, r, title_of(it, change_title(it), r));
		if (!it->diff->how.exact)
			add_column(it, EV_DIFF_HALF, r, "±");
		if (it->options->show_formula)
			add_column(it, EV_DIFF_FORMULA, r, "Formula");
		if (r == 1)
			add_column(it, EV_DIFF_FIGURE, 0, title_of(it, "Old", 0));
		add_column(it, EV_DIFF_FIGURE, r, title_of(it, "New", r));
	}
	for (size_t r = 0; it->options->show_period && r < parts; r++)
		add_column(it, EV_DIFF_PERIOD, r,
			   r ? parts > 2 ? ev_arena_printf(&it->titles, "New period/%zu", r)
					 : "New period"
			     : "Old period");
	if (it->difference->of_stacks)
		add_column(it, EV_DIFF_STACK, 0, "Stack");
	for (size_t k = 0; !it->difference->of_stacks && k < table->key_count; k++)
		add_column(it, EV_DIFF_KEY, k, ev_keys[table->keys[k]].title);
}

/* Exact figures differ however little: those that would read 0.00 % are folded too. */
bool ev_diff_is_shown(const struct ev_diff_printing *it, const struct ev_difference_row *row)
{
	double least = it->diff->how.exact && ev_diff_is_share(it) ? 0.00005 : 0;
	bool enough = least <= 0;
	for (size_t r = 1; r < it->diff->part_count; r++)
		enough |= fabs(row->sides[r].change.value) >= least;
	return it->options->all || (row->stands_out && enough);
}

static size_t count_shown(const struct ev_diff_printing *it)
{
	size_t count = 0;
	for (size_t i = 0; i < it->difference->row_count; i++)
		count += ev_diff_is_shown(it, &it->difference->rows[i]);
	return count;
}

static void measure(struct ev_diff_printing *it)
{
	for (size_t i = 0; i < it->difference->row_count; i++) {
		const struct ev_difference_row *row = &it->difference->rows[i];
		if (!ev_diff_is_shown(it, row))
			continue;
		for (size_t c = 0; c < it->columns.count; c++) {
			struct ev_diff_column *column = &it->columns.items[c];
			size_t width = ev_text_columns(ev_diff_cell(it, row, column));
			if (c + 1 < it->columns.count && width > column->width)
				column->width = width;
		}
		ev_arena_reset(&it->scratch);
	}
}

/* Time is shown in ms; other counts by thousands, so that the greatest has few digits. */
static void choose_unit(struct ev_diff_printing *it)
{
	static const char *const units[] = { "", "K", "M", "G", "T", "P" };
	const char *name = ev_diff_event(it->diff, it->event, &it->titles);
	double greatest = 0;
	size_t unit = 0;
	it->scale = 1;
	it->unit = "";
	if (ev_diff_is_share(it))
		return;
	bool per_second = it->diff->how.measure == EV_MEASURE_SECOND;
	if (strstr(name, "cpu-clock") || strstr(name, "task-clock")) {
		it->scale = 1e6;
		it->unit = per_second ? "ms/s" : "ms";
		return;
	}
	for (size_t i = 0; i < it->difference->row_count; i++)
		for (size_t r = 0; r < it->diff->part_count; r++)
			greatest = fmax(greatest, it->difference->rows[i].sides[r].figure.value);
	for (; greatest >= 100000 && unit + 1 < EV_LENGTH(units); unit++) {
		greatest /= 1000;
		it->scale *= 1000;
	}
	it->unit = per_second ? ev_arena_printf(&it->titles, "%s/s", units[unit]) : units[unit];
}

/* ---- lines ------------------------------------------------------------------------------------
 */

static void print_cell(struct ev_diff_printing *it, const struct ev_diff_column *column,
		       const char *text, bool last)
{
	size_t width = ev_text_columns(text);
	size_t pad = width < column->width ? column->width - width : 0;
	if (it->options->separator) {
		for (; *text; text++)
			putc(*text == it->options->separator ? '.' : *text, it->out);
		return;
	}
	fprintf(it->out, "%*s%s%*s", column->is_text ? 0 : (int)pad, "", text,
		column->is_text && !last ? (int)pad : 0, "");
}

static const char *colour_of(const struct ev_diff_printing *it, const struct ev_difference_row *row)
{
	if (!it->options->colour)
		return NULL;
	if (!row->stands_out)
		return "\33[2m";
	const struct ev_difference_side *side = &row->sides[1];
	double none = it->diff->how.compute == EV_COMPUTE_RATIO ? 1 : 0;
	return !side->stands_out ? NULL : side->change.value > none ? "\33[31m" : "\33[32m";
}

static const char *gap(const struct ev_diff_column *column)
{
	return column->kind == EV_DIFF_HALF ? " " : "  ";
}

void ev_diff_print_titles(struct ev_diff_printing *it)
{
	for (size_t c = 0; c < it->columns.count; c++) {
		const struct ev_diff_column *column = &it->columns.items[c];
		fputs(c ? gap(column) : "", it->out);
		print_cell(it, column, column->title, c + 1 == it->columns.count);
	}
}

void ev_diff_print_cells(struct ev_diff_printing *it, const struct ev_difference_row *row)
{
	const char *colour = colour_of(it, row);
	fputs(colour ? colour : "", it->out);
	for (size_t c = 0; c < it->columns.count; c++) {
		const struct ev_diff_column *column = &it->columns.items[c];
		if (c && it->options->separator)
			putc(it->options->separator, it->out);
		else if (c)
			fputs(gap(column), it->out);
		print_cell(it, column, ev_diff_cell(it, row, column), c + 1 == it->columns.count);
	}
	fputs(colour ? "\33[m" : "", it->out);
	ev_arena_reset(&it->scratch);
}

static void print_row(struct ev_diff_printing *it, const struct ev_difference_row *row)
{
	if (!it->options->separator)
		fputs(it->columns.items[0].kind == EV_DIFF_MARK ? " " : "  ", it->out);
	ev_diff_print_cells(it, row);
	putc('\n', it->out);
}

static void print_heads(struct ev_diff_printing *it)
{
	bool separated = it->options->separator;
	for (int line = 0; line < (separated ? 1 : 2); line++) {
		fputs(separated ? "# " : "#", it->out);
		for (size_t c = 0; c < it->columns.count; c++) {
			const struct ev_diff_column *column = &it->columns.items[c];
			if (c && separated)
				putc(it->options->separator, it->out);
			else if (!separated)
				fputs(c ? gap(column) : "", it->out);
			/* The # stands where the first column is padded. */
			struct ev_diff_column shown = *column;
			if (!c && !separated)
				shown.width += column->kind != EV_DIFF_MARK;
			if (!line)
				print_cell(it, &shown, column->title, c + 1 == it->columns.count);
			for (size_t i = 0; line && i < shown.width; i++)
				putc(i || c || column->kind == EV_DIFF_MARK ? '.' : ' ', it->out);
		}
		putc('\n', it->out);
	}
	fputs(separated ? "" : "#\n", it->out);
}

static void print_part(struct ev_diff_printing *it, size_t at)
{
	const struct ev_report_part *part = &it->diff->parts[at];
	const struct ev_recording *recording = part->recording;
	struct ev_arena *arena = &it->scratch;
	char number[48], seconds[48];
	fprintf(it->out, "#  %s", at ? "New" : "Old");
	if (at && it->diff->part_count > 2)
		fprintf(it->out, "/%zu", at);
	fprintf(it->out, ": %s, ", ev_text_safe(arena, part->path));
	if (!ev_diff_was_recorded(it->diff, at, it->event)) {
		fputs("did not record it\n", it->out);
		ev_arena_reset(arena);
		return;
	}
	fprintf(it->out, "%s samples, %s s",
		ev_format_grouped(number, sizeof(number), it->difference->total_samples[at]),
		ev_format_fixed(seconds, sizeof(seconds), it->diff->seconds[at], 2));
	if (recording && recording->hostname)
		fprintf(it->out, ", %s", ev_text_safe(arena, recording->hostname));
	if (part->quality->samples)
		fprintf(it->out, ", %s%% resolved",
			ev_format_fixed(seconds, sizeof(seconds),
					floor(10 * ev_percent(part->quality->samples -
								      part->quality->unresolved,
							      part->quality->samples)) /
						10,
					1));
	if (part->quality->lost)
		fprintf(it->out, ", %s lost",
			ev_format_grouped(number, sizeof(number), part->quality->lost));
	putc('\n', it->out);
	ev_arena_reset(arena);
}

static void print_top(struct ev_diff_printing *it)
{
	const char *notes[8];
	const char *simulated = ev_recording_note(it->diff->recording, EV_NOTE_SIMULATED, NULL);
	const char *name = ev_diff_event(it->diff, it->event, &it->titles);
	fprintf(it->out, "# Event '%s'\n#\n", ev_report_safe(&it->titles, name));
	for (size_t r = 0; r < it->diff->part_count; r++)
		print_part(it, r);
	if (simulated)
		fprintf(it->out,
			"# Simulated: exact counts of a model, nothing was measured (%s)\n",
			ev_text_safe(&it->titles, simulated));
	size_t count = ev_diff_notes(it->diff, it->event, &it->titles, notes);
	for (size_t i = 0; i < count; i++)
		fprintf(it->out, "# Note: %s\n", notes[i]);
	fputs("#\n", it->out);
}

/* How large a difference the rows that do not stand out could hide. */
static double greatest_hidden(const struct ev_diff_printing *it)
{
	double greatest = 0;
	for (size_t i = 0; i < it->difference->row_count; i++) {
		const struct ev_difference_row *row = &it->difference->rows[i];
		for (size_t r = 1; r < it->diff->part_count && !row->stands_out; r++) {
			const struct ev_difference_side *side = &row->sides[r];
			struct ev_change change =
				ev_change_difference(row->sides[0].figure, side->figure);
			if (side->presence != EV_IN_NEITHER)
				greatest =
					fmax(greatest, fmax(fabs(change.low), fabs(change.high)));
		}
	}
	return greatest;
}

static void print_foot(struct ev_diff_printing *it)
{
	const struct ev_difference *difference = it->difference;
	size_t hidden = difference->row_count - difference->stand_out;
	char number[32];
	size_t shown = count_shown(it);
	fputs(shown ? "#\n" : "", it->out);
	if (it->diff->how.exact && difference->row_count) {
		hidden = difference->row_count - shown;
		if (hidden)
			fprintf(it->out, "# … %s %s as before or nearly so (--all shows them).\n",
				ev_format_grouped(number, sizeof(number), hidden),
				hidden == 1 ? "row is" : "rows are");
		fputs("# Counts of a simulation are exact: every difference is real.\n", it->out);
		return;
	}
	if (!difference->row_count)
		fputs("# No samples in any recording.\n", it->out);
	else if (!difference->stand_out)
		fprintf(it->out, "# No row differs by more than chance (%s %s compared%s).\n",
			ev_format_grouped(number, sizeof(number), hidden),
			hidden == 1 ? "row" : "rows", it->options->all ? "" : "; --all shows them");
	else if (hidden)
		fprintf(it->out, "# … %s %s by no more than chance%s.\n",
			ev_format_grouped(number, sizeof(number), hidden),
			hidden == 1 ? "row differs" : "rows differ",
			it->options->all ? ", marked ~" : " (--all shows them)");
	if (hidden && it->diff->how.compute != EV_COMPUTE_RATIO)
		fprintf(it->out, "# Of those none differs by more than %s%s%s (95%% each).\n",
			ev_diff_figure(it, greatest_hidden(it), false), *it->unit ? " " : "",
			it->unit);
	if (difference->row_count)
		fputs("# ± is the half of one row's 95% interval that points to no change. Of the "
		      "rows that\n"
		      "# stand out at most 5% do so by chance, however many were compared\n"
		      "# (Benjamini-Hochberg).\n",
		      it->out);
	ev_arena_reset(&it->scratch);
}

void ev_diff_begin(struct ev_diff_printing *it)
{
	choose_unit(it);
	choose_columns(it);
	if (!it->options->separator)
		measure(it);
}

void ev_diff_end(struct ev_diff_printing *it)
{
	ev_array_done(&it->columns);
	ev_folded_line_done(&it->line);
	ev_arena_done(&it->titles);
	ev_arena_done(&it->scratch);
}

static void print_absent(struct ev_diff_printing *it, const char *path)
{
	const char *name = ev_diff_event(it->diff, it->event, &it->titles);
	fprintf(it->out, "# Event '%s'\n#\n", ev_report_safe(&it->titles, name));
	fprintf(it->out, "# Note: nothing to compare: it was not recorded in %s\n",
		ev_text_safe(&it->titles, path));
}

static void print_event(FILE *out, const struct ev_diff *diff,
			const struct ev_diff_options *options, size_t event)
{
	struct ev_diff_printing it = {
		.out = out,
		.diff = diff,
		.options = options,
		.difference = &diff->differences[event],
		.event = event,
	};
	const char *absent = ev_diff_absence(diff, event);
	if (absent) {
		if (!options->quiet)
			print_absent(&it, absent);
		ev_diff_end(&it);
		return;
	}
	ev_diff_begin(&it);
	if (!options->quiet) {
		print_top(&it);
		if (count_shown(&it))
			print_heads(&it);
	}
	for (size_t i = 0; i < it.difference->row_count; i++)
		if (ev_diff_is_shown(&it, &it.difference->rows[i]))
			print_row(&it, &it.difference->rows[i]);
	if (!options->quiet)
		print_foot(&it);
	ev_diff_end(&it);
}

int ev_diff_text(FILE *out, const struct ev_diff *diff, const struct ev_diff_options *options,
		 struct ev_err *err)
{
	size_t printed = 0;
	(void)err;
	for (size_t e = 0; e < diff->width; e++) {
		if (!ev_diff_has_event(diff, e))
			continue;
		fputs(printed++ && !options->quiet ? "\n\n" : "", out);
		print_event(out, diff, options, e);
	}
	if (!printed && !options->quiet)
		fputs("# No samples.\n", out);
	return 0;
}
