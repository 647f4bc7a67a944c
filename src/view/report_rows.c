/* Which rows of a table are shown, and in what order. */
#include <stdlib.h>
#include <string.h>
#include "report.h"

struct order {
	const struct ev_report *report;
	const struct ev_report_options *options;
	struct ev_events events;
};

static uint64_t weight(const struct ev_table *table, const struct ev_row *row, size_t event)
{
	return table->has_children ? row->children[event] : row->period[event];
}

/* The greater number first, and any before none. */
static int by_number(const struct order *order, const struct ev_field_info *info,
		     const struct ev_row *a, const struct ev_row *b)
{
	for (size_t i = 0; i < order->events.count; i++) {
		uint64_t left, right;
		size_t event = order->events.first + i;
		bool has_left = info->number(order->report, a, event, &left);
		bool has_right = info->number(order->report, b, event, &right);
		if (has_left != has_right)
			return has_left ? -1 : 1;
		if (left != right)
			return left > right ? -1 : 1;
	}
	return 0;
}

/* Ratios that few samples speak for come behind the others. */
static int by_ratio(const struct order *order, const struct ev_row *a, const struct ev_row *b)
{
	const struct ev_ratio_list *ratios = order->report->ratios;
	for (size_t i = 0; ratios && i < ratios->items.count; i++) {
		if (!ev_report_has_ratio(order->report, order->events, i))
			continue;
		struct ev_ratio_value left = ev_report_ratio(order->report, a, i);
		struct ev_ratio_value right = ev_report_ratio(order->report, b, i);
		int sound_left = left.known + (left.known && !left.few);
		int sound_right = right.known + (right.known && !right.few);
		if (sound_left != sound_right)
			return sound_left > sound_right ? -1 : 1;
		if (left.value > right.value || left.value < right.value)
			return left.value > right.value ? -1 : 1;
	}
	return 0;
}

/* Numbers by their value, then texts. */
static int by_key(const struct order *order, enum ev_key key, const struct ev_row *a,
		  const struct ev_row *b)
{
	const struct ev_table *table = order->report->table;
	size_t at = 0;
	while (at < table->key_count && table->keys[at] != key)
		at++;
	const char *left = ev_row_text(table, order->report->named, a, at);
	const char *right = ev_row_text(table, order->report->named, b, at);
	if (ev_keys[key].kind == EV_KEY_IS_OWNER || ev_keys[key].kind == EV_KEY_IS_NUMBER) {
		uint64_t one = strtoull(left, NULL, 10), other = strtoull(right, NULL, 10);
		if (one != other)
			return one < other ? -1 : 1;
	}
	return strcmp(left, right);
}

static int by_order(const void *one, const void *other, void *context)
{
	const struct order *order = context;
	const struct ev_row *a = *(const struct ev_row *const *)one;
	const struct ev_row *b = *(const struct ev_row *const *)other;
	for (size_t i = 0; i < order->options->row_order_count; i++) {
		const struct ev_column *column = &order->options->row_order[i];
		const struct ev_field_info *info = &ev_fields[column->field];
		int answer = column->field == EV_FIELD_KEY ? by_key(order, column->key, a, b)
			     : info->number                ? by_number(order, info, a, b)
							   : by_ratio(order, a, b);
		if (answer)
			return answer;
	}
	return a < b ? -1 : a > b; /* the table's own order */
}

static int by_event(const void *one, const void *other, void *context)
{
	const struct order *order = context;
	const struct ev_table *table = order->report->table;
	const struct ev_row *a = *(const struct ev_row *const *)one;
	const struct ev_row *b = *(const struct ev_row *const *)other;
	for (size_t i = 0; i < order->events.count; i++) {
		uint64_t left = weight(table, a, order->events.first + i);
		uint64_t right = weight(table, b, order->events.first + i);
		if (left != right)
			return left > right ? -1 : 1;
	}
	return a < b ? -1 : a > b; /* the table's own order */
}

static bool is_shown(const struct ev_table *table, const struct ev_row *row, size_t event,
		     double limit)
{
	bool any = row->samples[event] || (table->has_children && row->children_samples[event]);
	return any && ev_percent(weight(table, row, event), table->total_period[event]) >= limit;
}

const struct ev_row **ev_report_rows(const struct ev_report *report,
				     const struct ev_report_options *options,
				     struct ev_events events, size_t *count)
{
	const struct ev_table *table = report->table;
	const struct ev_row **rows = ev_alloc((table->row_count + 1) * sizeof(struct ev_row *));
	struct order order = { report, options, events };
	*count = 0;
	for (size_t i = 0; i < table->row_count; i++) {
		bool shown = false;
		for (size_t e = events.first; e < events.first + events.count; e++)
			shown |= is_shown(table, &table->rows[i], e, options->percent_limit);
		if (shown)
			rows[(*count)++] = &table->rows[i];
	}
	if (options->row_order_count)
		qsort_r(rows, *count, sizeof(struct ev_row *), by_order, &order);
	else if (events.first) /* the table's order is that of the first event */
		qsort_r(rows, *count, sizeof(struct ev_row *), by_event, &order);
	return rows;
}
