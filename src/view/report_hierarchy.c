/* Rows become a hierarchy: a line for every value of the first key, below it those of the second,
 * and so on, each with the sum of what is below it. */
#include <stdlib.h>
#include <string.h>
#include "report_block.h"

enum { INDENT = 3 }; /* columns a level, as in perf */

struct entry {
	size_t level;
	const struct ev_row *row; /* one of those that it stands for */
	size_t row_count;
	uint32_t first_child, next; /* entries, 0 = none; by falling weight */
	size_t numbers;             /* where its sums begin: columns * events */
	size_t samples;             /* where its samples begin: one per event of the table */
	size_t ratios;              /* where the sums of its ratios begin: one per ratio column */
};

struct hierarchy {
	struct ev_block *block;
	EV_ARRAY(struct entry) entries; /* the first is the root */
	EV_ARRAY(uint64_t) sums;
	EV_ARRAY(size_t) columns; /* of the block, those of numbers */
	EV_ARRAY(size_t) ratios;  /* and those of ratios */
	EV_ARRAY(struct ev_ratio_sums) ratio_sums;
	size_t key_width;
};

/* ---- sums -------------------------------------------------------------------------------------
 */

static uint32_t new_entry(struct hierarchy *all, size_t level, const struct ev_row *row)
{
	struct entry *entry = ev_array_add(&all->entries);
	*entry = (struct entry){ .level = level, .row = row, .numbers = all->sums.count };
	size_t numbers = all->columns.count * all->block->events.count;
	entry->samples = entry->numbers + numbers;
	for (size_t i = 0; i < numbers + all->block->report->table->event_count; i++)
		*ev_array_add(&all->sums) = 0;
	entry->ratios = all->ratio_sums.count;
	for (size_t i = 0; i < all->ratios.count; i++)
		*ev_array_add(&all->ratio_sums) = (struct ev_ratio_sums){ 0 };
	return (uint32_t)all->entries.count - 1;
}

static uint64_t number_of(const struct hierarchy *all, size_t column, size_t event,
			  const struct ev_row *row)
{
	const struct ev_shown *shown = &all->block->columns.items[all->columns.items[column]];
	uint64_t number;
	return ev_fields[shown->field].number(all->block->report, row, event, &number) ? number : 0;
}

static const struct ev_shown *ratio_column(const struct hierarchy *all, size_t ratio)
{
	return &all->block->columns.items[all->ratios.items[ratio]];
}

static void add_ratios(struct hierarchy *all, const struct entry *entry, const struct ev_row *row)
{
	const struct ev_report *report = all->block->report;
	size_t index = (size_t)(row - report->table->rows);
	for (size_t i = 0; i < all->ratios.count; i++)
		ev_ratio_sums_merge(&all->ratio_sums.items[entry->ratios + i],
				    &report->ratio_sums[index * report->ratios->items.count +
							ratio_column(all, i)->ratio]);
}

static void add_row(struct hierarchy *all, struct entry *entry, const struct ev_row *row)
{
	const struct ev_block *block = all->block;
	uint64_t *numbers = &all->sums.items[entry->numbers];
	uint64_t *samples = &all->sums.items[entry->samples];
	for (size_t c = 0; c < all->columns.count; c++)
		for (size_t e = 0; e < block->events.count; e++)
			numbers[c * block->events.count + e] +=
				number_of(all, c, block->events.first + e, row);
	for (size_t e = 0; e < block->report->table->event_count; e++)
		samples[e] += row->samples[e];
	add_ratios(all, entry, row);
	entry->row_count++;
}

static int by_values(const void *one, const void *other, void *context)
{
	const struct ev_table *table = context;
	const struct ev_row *a = *(const struct ev_row *const *)one;
	const struct ev_row *b = *(const struct ev_row *const *)other;
	for (size_t k = 0; k < table->key_count; k++)
		if (a->values[k] != b->values[k])
			return a->values[k] < b->values[k] ? -1 : 1;
	return a < b ? -1 : a > b;
}

/* Rows in the order of their values: an entry is new where one of the values up to its level is. */
static void fill(struct hierarchy *all)
{
	struct ev_block *block = all->block;
	const struct ev_table *table = block->report->table;
	uint32_t *open = ev_alloc((table->key_count + 1) * sizeof(*open));
	new_entry(all, 0, NULL);
	if (block->row_count)
		qsort_r(block->rows, block->row_count, sizeof(*block->rows), by_values,
			(void *)(uintptr_t)table);
	for (size_t i = 0; i < block->row_count; i++) {
		const struct ev_row *row = block->rows[i];
		size_t same = 0;
		while (i && same < table->key_count &&
		       row->values[same] == block->rows[i - 1]->values[same])
			same++;
		for (size_t k = same; k < table->key_count; k++) {
			uint32_t entry = new_entry(all, k, row);
			struct entry *parent = &all->entries.items[k ? open[k - 1] : 0];
			all->entries.items[entry].next = parent->first_child;
			parent->first_child = entry;
			open[k] = entry;
		}
		for (size_t k = 0; k < table->key_count; k++)
			add_row(all, &all->entries.items[open[k]], row);
	}
	free(open);
}

/* ---- order ------------------------------------------------------------------------------------
 */

static const char *text_of(struct hierarchy *all, const struct entry *entry)
{
	struct ev_row row = *entry->row;
	row.samples = &all->sums.items[entry->samples];
	struct ev_shown column = { .field = EV_FIELD_KEY, .key = entry->level };
	return ev_block_key_text(all->block, &column, &row);
}

static int by_numbers(const void *one, const void *other, void *context)
{
	struct hierarchy *all = context;
	const struct entry *a = &all->entries.items[*(const uint32_t *)one];
	const struct entry *b = &all->entries.items[*(const uint32_t *)other];
	for (size_t i = 0; i < all->columns.count * all->block->events.count; i++) {
		uint64_t left = all->sums.items[a->numbers + i];
		uint64_t right = all->sums.items[b->numbers + i];
		if (left != right)
			return left > right ? -1 : 1;
	}
	int order = strcmp(text_of(all, a), text_of(all, b));
	ev_arena_reset(&all->block->scratch);
	return order;
}

/* As wide as the widest key; entries stand in an array, so that no depth is too much. */
static void order_and_measure(struct hierarchy *all)
{
	EV_ARRAY(uint32_t) children = { 0 };
	for (size_t i = 0; i < all->entries.count; i++) {
		struct entry *parent = &all->entries.items[i];
		children.count = 0;
		for (uint32_t child = parent->first_child; child;
		     child = all->entries.items[child].next)
			*ev_array_add(&children) = child;
		if (children.count)
			qsort_r(children.items, children.count, sizeof(*children.items), by_numbers,
				all);
		parent->first_child = children.count ? children.items[0] : 0;
		for (size_t c = 0; c < children.count; c++)
			all->entries.items[children.items[c]].next =
				c + 1 < children.count ? children.items[c + 1] : 0;
		if (!i)
			continue;
		size_t width = parent->level * INDENT + ev_text_columns(text_of(all, parent));
		if (width > all->key_width)
			all->key_width = width;
		ev_arena_reset(&all->block->scratch);
	}
	ev_array_done(&children);
}

static struct ev_ratio_value ratio_of(const struct hierarchy *all, const struct entry *entry,
				      size_t ratio)
{
	const struct ev_report *report = all->block->report;
	size_t which = ratio_column(all, ratio)->ratio, count = report->ratios->items.count;
	return ev_ratio_estimate(&all->ratio_sums.items[entry->ratios + ratio],
				 &report->ratio_sums[report->table->row_count * count + which],
				 report->ratios->items.items[which].scale);
}

/* Sums have intervals where none of their rows has one. */
static void measure_ratios(struct hierarchy *all)
{
	struct ev_block *block = all->block;
	for (size_t i = 0; i < all->ratios.count; i++)
		for (size_t e = 1; e < all->entries.count; e++) {
			struct ev_ratio_value ratio = ratio_of(all, &all->entries.items[e], i);
			ev_block_widen_ratio(block, &block->columns.items[all->ratios.items[i]],
					     &ratio);
		}
}

/* ---- lines ------------------------------------------------------------------------------------
 */

static void print_dots(FILE *out, size_t count)
{
	while (count--)
		putc_unlocked('.', out);
}

static void print_heads(struct hierarchy *all)
{
	const struct ev_block *block = all->block;
	const struct ev_table *table = block->report->table;
	size_t indent = (table->key_count - 1) * INDENT, width = 0;
	FILE *out = block->out;
	fprintf(out, "# %*s", (int)indent, "");
	for (size_t c = 0; c < all->columns.count; c++) {
		const struct ev_shown *shown = &block->columns.items[all->columns.items[c]];
		fprintf(out, "%s%*s", c ? "  " : "", (int)shown->width, shown->title);
	}
	for (size_t i = 0; i < all->ratios.count; i++)
		fprintf(out, "  %*s", (int)ratio_column(all, i)->width,
			ratio_column(all, i)->title);
	fputs("  ", out);
	for (size_t k = 0; k < table->key_count; k++) {
		const char *title = ev_report_key_title(block->options, table->keys[k]);
		title += strspn(title, " ");
		fprintf(out, "%s%s", k ? " / " : "", title);
		width += ev_text_columns(title) + (k ? 3 : 0);
	}
	if (width > all->key_width)
		all->key_width = width;
	fputs("\n# ", out);
	print_dots(out, indent);
	for (size_t c = 0; c < all->columns.count; c++)
		print_dots(out, block->columns.items[all->columns.items[c]].width + (c ? 2 : 0));
	for (size_t i = 0; i < all->ratios.count; i++)
		print_dots(out, ratio_column(all, i)->width + 2);
	fputs("  ", out);
	print_dots(out, all->key_width);
	fputs("\n#\n", out);
}

static bool is_shown(const struct hierarchy *all, const struct entry *entry)
{
	const struct ev_block *block = all->block;
	for (size_t e = block->events.first; e < block->events.first + block->events.count; e++) {
		uint64_t period = 0;
		for (size_t c = 0; c < all->columns.count; c++)
			if (block->columns.items[all->columns.items[c]].field == EV_FIELD_OVERHEAD)
				period = all->sums.items[entry->numbers + c * block->events.count +
							 e - block->events.first];
		if (ev_percent(period, block->report->table->total_period[e]) >=
		    block->options->percent_limit)
			return true;
	}
	return false;
}

static void print_entry(struct hierarchy *all, const struct entry *entry)
{
	struct ev_block *block = all->block;
	const struct ev_table *table = block->report->table;
	char separator = block->options->separator;
	if (!separator)
		fprintf(block->out, "%*s", (int)(entry->level * INDENT), "");
	for (size_t c = 0; c < all->columns.count; c++) {
		const struct ev_shown *shown = &block->columns.items[all->columns.items[c]];
		if (!separator)
			fputs("  ", block->out);
		bool first = !c;
		for (size_t e = 0; e < block->events.count; e++) {
			if (ev_report_only_tells(block->report, block->events.first + e))
				continue;
			if (separator && !first)
				putc_unlocked(separator, block->out);
			first = false;
			ev_block_print_number(block, shown, block->events.first + e,
					      &all->sums.items[entry->numbers +
							       c * block->events.count + e]);
		}
	}
	for (size_t i = 0; i < all->ratios.count; i++) {
		struct ev_ratio_value ratio = ratio_of(all, entry, i);
		if (separator)
			putc_unlocked(separator, block->out);
		else
			fputs("  ", block->out);
		ev_block_print_ratio(block, ratio_column(all, i), &ratio);
	}
	if (separator)
		putc_unlocked(separator, block->out);
	else
		fprintf(block->out, "%*s", (int)((table->key_count - 1) * INDENT + 2), "");
	fputs(text_of(all, entry), block->out);
	putc_unlocked('\n', block->out);
	ev_arena_reset(&block->scratch);
	if (entry->level + 1 == table->key_count && entry->row_count == 1 &&
	    block->options->chains != EV_CHAIN_NONE)
		ev_print_chains(block->out, block->report, block->options, entry->row,
				block->events.first);
}

/* Every entry, then what is below it, along the links: `open` holds where each level goes on. */
static void print_entries(struct hierarchy *all)
{
	size_t limit = all->block->report->table->key_count, depth = 0;
	uint32_t *open = ev_alloc((limit + 1) * sizeof(*open));
	open[0] = all->entries.items[0].first_child;
	for (;;) {
		const struct entry *entry = &all->entries.items[open[depth]];
		if (!open[depth]) {
			if (!depth--)
				break;
			continue;
		}
		open[depth] = entry->next;
		if (!is_shown(all, entry))
			continue;
		print_entry(all, entry);
		if (entry->first_child)
			open[++depth] = entry->first_child;
	}
	free(open);
}

void ev_block_print_hierarchy(struct ev_block *block)
{
	struct hierarchy all = { .block = block };
	for (size_t c = 0; c < block->columns.count; c++)
		if (ev_fields[block->columns.items[c].field].number)
			*ev_array_add(&all.columns) = c;
		else if (block->columns.items[c].field == EV_FIELD_RATIO)
			*ev_array_add(&all.ratios) = c;
	fill(&all);
	order_and_measure(&all);
	measure_ratios(&all);
	if (!block->options->quiet && !block->options->separator)
		print_heads(&all);
	print_entries(&all);
	ev_array_done(&all.entries);
	ev_array_done(&all.sums);
	ev_array_done(&all.columns);
	ev_array_done(&all.ratios);
	ev_array_done(&all.ratio_sums);
}
