/* Rows become a list by falling weight: all that decides becomes numbers, and lists are ordered by
 * one number after the other, the least important first. */
#include <stdlib.h>
#include <string.h>
#include "table.h"

/* A row's text, or that of the object which parts equal symbols. */
static uint32_t text_of(const struct ev_table *table, const uint32_t *hidden, size_t row,
			size_t key)
{
	return key < table->key_count ? table->rows[row].values[key]
				      : hidden[table->rows[row].frame_key];
}

/* Eight bytes order most texts; so many of them all but those that are made to look alike. */
enum { STEP = 8, STEPS = 32 };

static uint64_t prefix_of(const char *text)
{
	uint64_t prefix = 0;
	for (unsigned i = 0; i < STEP; i++) {
		prefix = prefix << 8 | (uint8_t)*text;
		text += *text != 0;
	}
	return prefix;
}

static int by_text(const void *one, const void *other, void *context)
{
	const struct ev_keyed *a = one, *b = other;
	return strcmp(ev_strings_text(context, a->id), ev_strings_text(context, b->id));
}

/* By strcmp: texts are alike in their first `steps` times eight bytes. */
static void sort_texts(struct ev_keyed *texts, size_t count, unsigned steps,
		       struct ev_strings *strings)
{
	for (size_t i = 0; i < count; i++)
		texts[i].key = prefix_of(ev_strings_text(strings, texts[i].id) + steps * STEP);
	ev_sort_keyed(texts, count);
	for (size_t from = 0, to; from < count; from = to) {
		for (to = from + 1; to < count && texts[to].key == texts[from].key; to++)
			;
		if (to - from < 2 || !(texts[from].key & 0xff)) /* they end here */
			continue;
		if (steps + 1 < STEPS)
			sort_texts(&texts[from], to - from, steps + 1, strings);
		else
			qsort_r(&texts[from], to - from, sizeof(*texts), by_text, strings);
	}
}

/* For every text that is a value of this key in a row: its place among them, by strcmp. */
static void rank_texts(const struct ev_table *table, struct ev_strings *strings,
		       const uint32_t *hidden, size_t key, uint32_t *ranks)
{
	struct ev_keyed *texts = ev_realloc(NULL, (table->row_count + 1) * sizeof(*texts));
	size_t count = 0;
	for (size_t i = 0; i < table->row_count; i++)
		ranks[text_of(table, hidden, i, key)] = 0;
	for (size_t i = 0; i < table->row_count; i++) {
		uint32_t text = text_of(table, hidden, i, key);
		if (!ranks[text]++)
			texts[count++].id = text;
	}
	sort_texts(texts, count, 0, strings);
	for (uint32_t i = 0; i < count; i++)
		ranks[texts[i].id] = i;
	free(texts);
}

void ev_rows_order(struct ev_table *table, struct ev_strings *strings, const uint32_t *hidden)
{
	size_t count = table->row_count;
	struct ev_keyed *order = ev_realloc(NULL, (count + 1) * sizeof(*order));
	uint32_t *ranks = ev_alloc((ev_strings_count(strings) + 1) * sizeof(*ranks));
	for (uint32_t i = 0; i < count; i++)
		order[i].id = i;
	for (size_t k = table->key_count + (hidden ? 1 : 0); k-- > 0;) {
		rank_texts(table, strings, hidden, k, ranks);
		for (size_t i = 0; i < count; i++)
			order[i].key = ranks[text_of(table, hidden, order[i].id, k)];
		ev_sort_keyed(order, count);
	}
	for (size_t e = table->event_count; e-- > 0;) {
		for (size_t i = 0; i < count; i++)
			order[i].key = ~table->rows[order[i].id].period[e];
		ev_sort_keyed(order, count);
	}
	for (size_t i = 0; i < count; i++)
		order[i].key = table->rows[order[i].id].depth;
	ev_sort_keyed(order, count);
	for (size_t e = table->event_count; table->has_children && e-- > 0;) {
		for (size_t i = 0; i < count; i++)
			order[i].key = ~table->rows[order[i].id].children[e];
		ev_sort_keyed(order, count);
	}
	free(ranks);
	ev_order_items(table->rows, sizeof(*table->rows), order, count);
	free(order);
}
