/* Differences become one JSON object:
 *
 *   evprof      version of this program
 *   recordings  [{path, hostname, seconds, samples, lost}], the baseline first
 *   simulated   the model that made the counts, or null for measured ones
 *   compute     "delta", "delta-abs", "ratio" or "wdiff"
 *   measure     "share" (0 to 1), "second" (period per second) or "total" (period)
 *   keys        the keys of a row, or ["stack"]
 *   events      [{name, notes: [...], tested, stand_out, totals: [{samples, period}], rows: [
 *                 {a value for each key, sides: [{samples, period, value, low, high}],
 *                  changes: [{value, low, high, chance, presence, stands_out}]}]}]
 *
 * A row has a side for every recording and a change for every one but the first. low and high bound
 * 95 %; chance is that of so great a difference where there is none; stands_out heeds how many rows
 * were compared. presence is "both", "new", "gone" or "neither". A change that is not known (a
 * ratio to nothing) is null. All rows are there. */
#include <inttypes.h>
#include <math.h>
#include "diff.h"
#include "folded_line.h"

static void print_number(FILE *out, double value)
{
	char number[64];
	if (!isfinite(value))
		fputs("null", out);
	else if (fabs(value) < 1e15)
		fputs(ev_format_fixed(number, sizeof(number), value, fabs(value) < 1000 ? 8 : 2),
		      out);
	else
		fprintf(out, "%.0f", value);
}

static void print_named(FILE *out, const char *name, double value)
{
	fprintf(out, "\"%s\": ", name);
	print_number(out, value);
}

static void print_text(FILE *out, const char *text)
{
	if (text)
		ev_json_text(out, text);
	else
		fputs("null", out);
}

static void print_recordings(FILE *out, const struct ev_diff *diff)
{
	fputs("  \"recordings\": [", out);
	for (size_t r = 0; r < diff->part_count; r++) {
		const struct ev_report_part *part = &diff->parts[r];
		fputs(r ? ",\n    {\"path\": " : "\n    {\"path\": ", out);
		print_text(out, part->path);
		fputs(", \"hostname\": ", out);
		print_text(out, part->recording ? part->recording->hostname : NULL);
		fputs(", ", out);
		print_named(out, "seconds", diff->seconds[r]);
		fprintf(out, ", \"samples\": %" PRIu64 ", \"lost\": %" PRIu64 "}",
			part->quality->samples, part->quality->lost);
	}
	fputs("\n  ],\n", out);
}

static void print_side(FILE *out, const struct ev_difference_side *side)
{
	fprintf(out, "{\"samples\": %" PRIu64 ", \"period\": %" PRIu64 ", ", side->samples,
		side->period);
	print_named(out, "value", side->figure.value);
	fputs(", ", out);
	print_named(out, "low", side->figure.low);
	fputs(", ", out);
	print_named(out, "high", side->figure.high);
	putc('}', out);
}

static void print_change(FILE *out, const struct ev_difference_side *side)
{
	static const char *const presences[] = { "both", "new", "gone", "neither" };
	const struct ev_change *change = &side->change;
	const struct {
		const char *name;
		double value;
	} numbers[] = { { "value", change->value },
			{ "low", change->low },
			{ "high", change->high } };
	putc('{', out);
	for (size_t i = 0; i < EV_LENGTH(numbers); i++) {
		print_named(out, numbers[i].name, change->known ? numbers[i].value : NAN);
		fputs(", ", out);
	}
	print_named(out, "chance", change->chance);
	fprintf(out, ", \"presence\": \"%s\", \"stands_out\": %s}", presences[side->presence],
		side->stands_out ? "true" : "false");
}

static void print_keys(FILE *out, const struct ev_diff *diff, const struct ev_difference_row *row,
		       bool of_stacks, struct ev_folded_line *line)
{
	const struct ev_table *table = diff->table;
	if (of_stacks) {
		struct ev_buffer text = { 0 };
		ev_folded_move(line, diff->named, row->item);
		if (line->text.size_bytes)
			ev_buffer_add(&text, line->text.bytes + 1, line->text.size_bytes - 1);
		else
			ev_buffer_printf(&text, "[unknown]");
		ev_buffer_u8(&text, 0);
		fputs("\"stack\": ", out);
		ev_json_text(out, (const char *)text.bytes);
		ev_buffer_done(&text);
		return;
	}
	for (size_t k = 0; k < table->key_count; k++) {
		fprintf(out, "%s\"%s\": ", k ? ", " : "", ev_keys[table->keys[k]].json);
		ev_json_text(out, ev_row_text(table, diff->named, &table->rows[row->item], k));
	}
}

static void print_rows(FILE *out, const struct ev_diff *diff,
		       const struct ev_difference *difference)
{
	struct ev_folded_line line = { 0 };
	fputs("\"rows\": [", out);
	for (size_t i = 0; i < difference->row_count; i++) {
		const struct ev_difference_row *row = &difference->rows[i];
		fputs(i ? ",\n      {" : "\n      {", out);
		print_keys(out, diff, row, difference->of_stacks, &line);
		fputs(", \"sides\": [", out);
		for (size_t r = 0; r < diff->part_count; r++) {
			fputs(r ? ", " : "", out);
			print_side(out, &row->sides[r]);
		}
		fputs("], \"changes\": [", out);
		for (size_t r = 1; r < diff->part_count; r++) {
			fputs(r > 1 ? ", " : "", out);
			print_change(out, &row->sides[r]);
		}
		fputs("]}", out);
	}
	fputs(difference->row_count ? "\n    ]" : "]", out);
	ev_folded_line_done(&line);
}

static void print_event(FILE *out, const struct ev_diff *diff, size_t event)
{
	const struct ev_difference *difference = &diff->differences[event];
	struct ev_arena arena = { 0 };
	const char *notes[8];
	size_t count = ev_diff_notes(diff, event, &arena, notes);
	fputs("    {\"name\": ", out);
	ev_json_text(out, ev_diff_event(diff, event, &arena));
	fputs(", \"notes\": [", out);
	for (size_t i = 0; i < count; i++) {
		fputs(i ? ", " : "", out);
		ev_json_text(out, notes[i]);
	}
	fprintf(out, "], \"tested\": %zu, \"stand_out\": %zu, \"totals\": [", difference->tested,
		difference->stand_out);
	for (size_t r = 0; r < diff->part_count; r++)
		fprintf(out, "%s{\"samples\": %" PRIu64 ", \"period\": %" PRIu64 "}", r ? ", " : "",
			difference->total_samples[r], difference->total_period[r]);
	fputs("], ", out);
	print_rows(out, diff, difference);
	putc('}', out);
	ev_arena_done(&arena);
}

int ev_diff_json(FILE *out, const struct ev_diff *diff, const struct ev_diff_options *options,
		 struct ev_err *err)
{
	static const char *const computes[] = { "delta", "delta-abs", "ratio", "wdiff" };
	static const char *const measures[] = { "share", "second", "total" };
	const struct ev_table *table = diff->table;
	bool of_stacks = diff->width && diff->differences[0].of_stacks;
	(void)options;
	(void)err;
	fputs("{\n  \"evprof\": \"" EV_VERSION "\",\n", out);
	print_recordings(out, diff);
	fputs("  \"simulated\": ", out);
	print_text(out, ev_recording_note(diff->recording, EV_NOTE_SIMULATED, NULL));
	fprintf(out, ",\n  \"compute\": \"%s\",\n  \"measure\": \"%s\",\n  \"keys\": [",
		computes[diff->how.compute], measures[diff->how.measure]);
	if (of_stacks)
		fputs("\"stack\"", out);
	for (size_t k = 0; !of_stacks && k < table->key_count; k++)
		fprintf(out, "%s\"%s\"", k ? ", " : "", ev_keys[table->keys[k]].json);
	fputs("],\n  \"events\": [", out);
	for (size_t e = 0; e < diff->width; e++) {
		fputs(e ? ",\n" : "\n", out);
		print_event(out, diff, e);
	}
	fputs("\n  ]\n}\n", out);
	return 0;
}
