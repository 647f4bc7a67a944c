/* Counts become the figures beside and below their rows: which metrics stand where. */
#include <stdlib.h>
#include <string.h>
#include "stat.h"

struct slot_row {
	const char *slot, *cgroup;
	size_t row;
};

static int by_where(const struct slot_row *a, const struct slot_row *b)
{
	int order = strcmp(a->slot, b->slot);
	return order ? order : strcmp(a->cgroup, b->cgroup);
}

static int by_slot(const void *one, const void *other)
{
	const struct slot_row *a = one, *b = other;
	int order = by_where(a, b);
	return order ? order : (a->row > b->row) - (a->row < b->row);
}

/* The rows of one slot and cgroup that were counted: those can be divided by each other. */
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

/* The usual figures of a row that stand below it. Of several of a group the first is the one that
 * says most. */
static void add_below(struct figures *figures, const struct ev_metric_counts *given, size_t at,
		      size_t row)
{
	const char *group = "";
	for (size_t i = 0; i < ev_metric_count; i++) {
		const struct ev_metric *metric = &ev_metrics[i];
		struct ev_metric_value value;
		if (!metric->below || metric->when_asked || !strcmp(metric->group, group) ||
		    !ev_metric_at(metric, given, at, &value))
			continue;
		group = metric->group;
		if (may_stand(figures->stat, &value))
			*ev_array_add(&figures->below) = (struct ev_stat_line){ row, value };
	}
}

static void fill_usual(struct figures *figures, const struct slot_counts *counts,
		       const struct ev_metric_counts *given)
{
	const struct ev_stat *stat = figures->stat;
	for (size_t i = 0; i < counts->count; i++) {
		const struct ev_stat_row *row = &stat->rows[counts->rows[i]];
		struct ev_metric_value *beside = &figures->beside[counts->rows[i]];
		bool amount = row->unit && *row->unit && !row->is_time; /* Joules, ns */
		if (!amount && ev_metric_of(given, i, beside) && !may_stand(stat, beside))
			*beside = (struct ev_metric_value){ 0 };
		add_below(figures, given, i, counts->rows[i]);
	}
}

/* ---- those that were asked for -----------------------------------------------------------------
 */

/* Does another metric of the group that was asked for stand at the event by name? */
static bool is_covered(const struct ev_stat *stat, const struct ev_metric *metric,
		       const char *event)
{
	for (size_t i = 0; i < ev_metric_count; i++) {
		const struct ev_metric *other = &ev_metrics[i];
		if (stat->metrics[i] && other != metric && !strcmp(other->group, metric->group) &&
		    !strchr(other->event, '*') && ev_metric_stands_at(other, event))
			return true;
	}
	return false;
}

/* An event may have been counted several times, in groups with others: a metric of it is told once,
 * where its operands were counted together. */
static bool is_best(const struct ev_metric *metric, const struct ev_metric_counts *given, size_t at,
		    const struct ev_metric_value *value)
{
	for (size_t i = 0; i < given->count; i++) {
		struct ev_metric_value other;
		if (i == at || strcmp(given->names[i], given->names[at]) ||
		    !ev_metric_at(metric, given, i, &other))
			continue;
		if (other.apart == value->apart ? i < at : !other.apart)
			return false;
	}
	return true;
}

static void fill_chosen(struct figures *figures, const struct slot_counts *counts,
			const struct ev_metric_counts *given)
{
	const struct ev_stat *stat = figures->stat;
	for (size_t m = 0; m < ev_metric_count; m++) {
		const struct ev_metric *metric = &ev_metrics[m];
		bool glob = strchr(metric->event, '*');
		for (size_t i = 0; stat->metrics[m] && i < counts->count; i++) {
			struct ev_metric_value value;
			size_t row = counts->rows[i];
			if (!ev_metric_at(metric, given, i, &value) || !may_stand(stat, &value) ||
			    !is_best(metric, given, i, &value) ||
			    (glob && is_covered(stat, metric, given->names[i])))
				continue;
			if (figures->beside[row].metric)
				*ev_array_add(&figures->below) =
					(struct ev_stat_line){ row, value };
			else
				figures->beside[row] = value;
		}
	}
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
	if (stat->metrics)
		fill_chosen(figures, counts, &given);
	else
		fill_usual(figures, counts, &given);
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
		rows[i] = (struct slot_row){ stat->rows[i].slot ? stat->rows[i].slot : "",
					     stat->rows[i].cgroup ? stat->rows[i].cgroup : "", i };
	qsort(rows, count, sizeof(*rows), by_slot);
	for (size_t first = 0, end; first < count; first = end) {
		counts.count = 0;
		for (end = first; end < count && !by_where(&rows[first], &rows[end]); end++)
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
