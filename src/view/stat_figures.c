/* Counts become the figures beside and below their rows: which metrics stand where. */
#include <stdlib.h>
#include <string.h>
#include "stat.h"

struct slot_row {
	const char *slot;
	size_t row;
};

static int by_slot(const void *one, const void *other)
{
	const struct slot_row *a = one, *b = other;
	int order = strcmp(a->slot, b->slot);
	return order ? order : (a->row > b->row) - (a->row < b->row);
}

/* The rows of one slot that were counted: those can be divided by each other. */
struct slot_counts {
	const char **names;
	double *values;
	unsigned *groups;
	bool *shared;
	size_t *rows; /* which row each is */
	size_t count;
};

struct figures {
	const struct ev_stat *stat;
	struct ev_metric_value *beside;
	EV_ARRAY(struct ev_stat_line) below;
};

static void add_count(const struct ev_stat *stat, struct slot_counts *counts, size_t index)
{
	const struct ev_stat_row *row = &stat->rows[index];
	if (row->state != EV_COUNTED)
		return;
	counts->names[counts->count] = row->event;
	counts->values[counts->count] = row->value;
	counts->groups[counts->count] = row->group;
	counts->shared[counts->count] = ev_stat_is_scaled(row);
	counts->rows[counts->count++] = index;
}

/* A refused ratio has no place on the screen. */
static bool may_stand(const struct ev_stat *stat, const struct ev_metric_value *figure)
{
	return !(stat->strict && figure->apart);
}

/* Figures of the row's own that stand below it; those that were asked for, where one was not
 * placed beside it. Of several of a group the first is the one that says most. */
static void add_below(struct figures *figures, const struct ev_metric_counts *given, size_t at,
		      size_t row)
{
	const struct ev_stat *stat = figures->stat;
	const struct ev_metric *beside = figures->beside[row].metric;
	const char *group = "";
	for (size_t i = 0; i < ev_metric_count; i++) {
		const struct ev_metric *metric = &ev_metrics[i];
		struct ev_metric_value value;
		bool usual = metric->below && !metric->when_asked && strcmp(metric->group, group);
		if (metric == beside || !(stat->metrics ? stat->metrics[i] : usual) ||
		    !ev_metric_at(metric, given, at, &value))
			continue;
		if (!stat->metrics)
			group = metric->group;
		if (may_stand(stat, &value))
			*ev_array_add(&figures->below) = (struct ev_stat_line){ row, value };
	}
}

static bool find_beside(const struct ev_stat *stat, const struct ev_metric_counts *given, size_t at,
			const struct ev_stat_row *row, struct ev_metric_value *out)
{
	bool amount = row->unit && *row->unit && !row->is_time; /* Joules, ns */
	if (!stat->metrics)
		return !amount && ev_metric_of(given, at, out);
	for (size_t i = 0; i < ev_metric_count; i++) {
		if (stat->metrics[i] && ev_metric_at(&ev_metrics[i], given, at, out))
			return true;
	}
	return false;
}

static void fill_slot(struct figures *figures, const struct slot_counts *counts)
{
	const struct ev_stat *stat = figures->stat;
	const struct ev_metric_counts given = {
		.names = counts->names,
		.values = counts->values,
		.groups = counts->groups,
		.shared = counts->shared,
		.count = counts->count,
		.elapsed_s = stat->elapsed_s,
		.slots = stat->slots,
	};
	for (size_t i = 0; i < counts->count; i++) {
		size_t row = counts->rows[i];
		struct ev_metric_value *beside = &figures->beside[row];
		if (find_beside(stat, &given, i, &stat->rows[row], beside) &&
		    !may_stand(stat, beside))
			*beside = (struct ev_metric_value){ 0 };
		add_below(figures, &given, i, row);
	}
}

static int by_row(const void *one, const void *other)
{
	const struct ev_stat_line *a = one, *b = other;
	if (a->row != b->row)
		return a->row < b->row ? -1 : 1;
	return (a->figure.metric > b->figure.metric) - (a->figure.metric < b->figure.metric);
}

struct ev_stat_figures ev_stat_figures(const struct ev_stat *stat, struct ev_arena *arena)
{
	size_t count = stat->row_count;
	struct slot_row *rows = ev_arena_take(arena, (count + 1) * sizeof(*rows));
	struct slot_counts counts = {
		.names = ev_arena_take(arena, (count + 1) * sizeof(*counts.names)),
		.values = ev_arena_take(arena, (count + 1) * sizeof(*counts.values)),
		.groups = ev_arena_take(arena, (count + 1) * sizeof(*counts.groups)),
		.shared = ev_arena_take(arena, (count + 1) * sizeof(*counts.shared)),
		.rows = ev_arena_take(arena, (count + 1) * sizeof(*counts.rows)),
	};
	struct figures figures = { .stat = stat };
	figures.beside = ev_arena_take(arena, (count + 1) * sizeof(*figures.beside));
	for (size_t i = 0; i < count; i++)
		rows[i] = (struct slot_row){ stat->rows[i].slot ? stat->rows[i].slot : "", i };
	qsort(rows, count, sizeof(*rows), by_slot);
	for (size_t first = 0, end; first < count; first = end) {
		counts.count = 0;
		for (end = first; end < count && !strcmp(rows[first].slot, rows[end].slot); end++)
			add_count(stat, &counts, rows[end].row);
		fill_slot(&figures, &counts);
	}
	struct ev_stat_figures out = { .beside = figures.beside,
				       .below_count = figures.below.count };
	size_t bytes = out.below_count * sizeof(*out.below);
	out.below = ev_arena_take(arena, bytes + 1);
	if (bytes) {
		memcpy(out.below, figures.below.items, bytes);
		qsort(out.below, out.below_count, sizeof(*out.below), by_row);
	}
	ev_array_done(&figures.below);
	return out;
}

const char *ev_stat_apart(const struct ev_stat *stat)
{
	struct ev_stat open = *stat;
	struct ev_arena arena = { 0 };
	const struct ev_metric *found = NULL;
	open.strict = false;
	struct ev_stat_figures figures = ev_stat_figures(&open, &arena);
	for (size_t i = 0; i < stat->row_count && !found; i++) {
		if (figures.beside[i].apart)
			found = figures.beside[i].metric;
	}
	for (size_t i = 0; i < figures.below_count && !found; i++) {
		if (figures.below[i].figure.apart)
			found = figures.below[i].figure.metric;
	}
	ev_arena_done(&arena);
	return found ? found->name : NULL;
}
