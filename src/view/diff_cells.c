/* The cells of a table of differences: what changed, within what, what it was and is, and names. */
#include <inttypes.h>
#include <math.h>
#include <string.h>
#include "diff_table.h"

static const char *fixed(struct ev_arena *arena, double value, int decimals, bool sign)
{
	char number[64];
	ev_format_fixed(number, sizeof(number), value, decimals);
	return ev_arena_printf(arena, "%s%s", sign && value >= 0 ? "+" : "", number);
}

const char *ev_diff_figure(struct ev_diff_printing *it, double value, bool sign)
{
	const char *text = fixed(&it->scratch,
				 ev_diff_is_share(it) ? value * 100 : value / it->scale, 2, sign);
	return ev_diff_is_share(it) ? ev_arena_printf(&it->scratch, "%s%%", text) : text;
}

static const char *change_text(struct ev_diff_printing *it, const struct ev_difference_side *side)
{
	if (!side->change.known || side->presence == EV_IN_NEITHER)
		return "";
	if (it->diff->how.compute == EV_COMPUTE_RATIO)
		return fixed(&it->scratch, side->change.value, 4, false);
	return ev_diff_figure(it, side->change.value, true);
}

/* Intervals near 0 and 100 % are not even: the half that points to no change says whether there is
 * one. */
static const char *half_text(struct ev_diff_printing *it, const struct ev_difference_side *side)
{
	const struct ev_change *change = &side->change;
	if (!change->known || side->presence == EV_IN_NEITHER)
		return "";
	double none = it->diff->how.compute == EV_COMPUTE_RATIO ? 1 : 0;
	double half =
		change->value > none ? change->value - change->low : change->high - change->value;
	if (it->diff->how.compute == EV_COMPUTE_RATIO)
		return ev_arena_printf(&it->scratch, "±%s", fixed(&it->scratch, half, 4, false));
	return ev_arena_printf(&it->scratch, "±%s", ev_diff_figure(it, half, false));
}

static const char *side_text(struct ev_diff_printing *it, const struct ev_difference_row *row,
			     size_t at)
{
	const struct ev_difference_side *side = &row->sides[at];
	if (!side->samples && it->options->separator)
		return "";
	if (!side->samples && at)
		return row->sides[0].samples ? "gone" : "-";
	if (!side->samples)
		return "new";
	return ev_diff_figure(it, side->figure.value, false);
}

/* What a change was computed of, as perf writes it. */
static const char *formula_text(struct ev_diff_printing *it, const struct ev_difference_row *row,
				size_t at)
{
	const struct ev_difference *difference = it->difference;
	const struct ev_difference_options *how = &it->diff->how;
	const struct ev_difference_side *old = &row->sides[0], *new = &row->sides[at];
	struct ev_arena *arena = &it->scratch;
	if (how->compute == EV_COMPUTE_WEIGHTED)
		return ev_arena_printf(arena, "(%" PRIu64 " * %s) - (%" PRIu64 " * %s)",
				       new->period, fixed(arena, how->new_weight, 0, false),
				       old->period, fixed(arena, how->old_weight, 0, false));
	if (how->compute == EV_COMPUTE_RATIO && !ev_diff_is_share(it))
		return ev_arena_printf(arena, "%" PRIu64 " / %" PRIu64, new->period, old->period);
	if (!ev_diff_is_share(it))
		return ev_arena_printf(arena, "%" PRIu64 " - %" PRIu64, new->period, old->period);
	return ev_arena_printf(arena,
			       "(%" PRIu64 " * 100 / %" PRIu64 ") %s (%" PRIu64 " * 100 / %" PRIu64
			       ")",
			       new->period, difference->total_period[at],
			       how->compute == EV_COMPUTE_RATIO ? "/" : "-", old->period,
			       difference->total_period[0]);
}

static const char *key_text(struct ev_diff_printing *it, const struct ev_difference_row *row,
			    size_t key)
{
	const struct ev_table *table = it->diff->table;
	const struct ev_row *of = &table->rows[row->item];
	const char *text =
		ev_report_safe(&it->scratch, ev_row_text(table, it->diff->named, of, key));
	if (table->keys[key] != EV_KEY_SYMBOL)
		return text;
	bool kernel = it->diff->named->frames.items[of->frame].kernel;
	return ev_arena_printf(&it->scratch, "%s%s", kernel ? "[k] " : "[.] ", text);
}

static const char *stack_text(struct ev_diff_printing *it, const struct ev_difference_row *row)
{
	ev_folded_move(&it->line, it->diff->named, row->item);
	return it->line.text.size_bytes
		       ? ev_arena_text(&it->scratch, (const char *)it->line.text.bytes + 1,
				       it->line.text.size_bytes - 1)
		       : "[unknown]";
}

const char *ev_diff_cell(struct ev_diff_printing *it, const struct ev_difference_row *row,
			 const struct ev_diff_column *column)
{
	switch (column->kind) {
	case EV_DIFF_MARK:
		return row->stands_out ? "" : "~";
	case EV_DIFF_CHANGE:
		return change_text(it, &row->sides[column->at]);
	case EV_DIFF_HALF:
		return half_text(it, &row->sides[column->at]);
	case EV_DIFF_FIGURE:
		return side_text(it, row, column->at);
	case EV_DIFF_PERIOD:
		return ev_arena_printf(&it->scratch, "%" PRIu64, row->sides[column->at].period);
	case EV_DIFF_FORMULA:
		return formula_text(it, row, column->at);
	case EV_DIFF_KEY:
		return key_text(it, row, column->at);
	case EV_DIFF_STACK:
		return stack_text(it, row);
	}
	return "";
}
