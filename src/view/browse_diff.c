/* A comparison on the browser's table: its rows with what they were, are and how they changed, and
 * below those that are expanded the call trees of both recordings as one. */
#include <stdlib.h>
#include <string.h>
#include "browse.h"
#include "diff_table.h"

enum { FIGURE_COLUMNS = 8 }; /* of a node */

static size_t now_of(const struct ev_browser *browser)
{
	size_t order = browser->diff->how.order;
	return order && order < browser->diff->part_count ? order : 1;
}

size_t ev_browser_compared_event(const struct ev_browser *browser, bool baseline)
{
	size_t recording = baseline ? 0 : now_of(browser);
	return recording * browser->diff->width + browser->events.first;
}

/* ---- rows ---------------------------------------------------------------------------------------
 */

/* The event that was shown, else the first that has samples. */
static void choose_event(struct ev_browser *browser)
{
	const struct ev_diff *diff = browser->diff;
	size_t at = browser->events.count ? browser->events.first : 0;
	if (at >= diff->width || !ev_diff_has_event(diff, at))
		for (at = 0; at + 1 < diff->width && !ev_diff_has_event(diff, at);)
			at++;
	browser->events = (struct ev_events){ at, 1 };
}

void ev_browser_take_diff(struct ev_browser *browser)
{
	const struct ev_diff *diff = browser->diff;
	struct ev_diff_printing *it = browser->compared = ev_alloc(sizeof(*it));
	choose_event(browser);
	const struct ev_difference *difference = &diff->differences[browser->events.first];
	browser->diff_view.all = browser->wishes.all;
	browser->diff_view.colour = true;
	browser->diff_view.separator = 0;
	*it = (struct ev_diff_printing){ .out = browser->cells,
					 .diff = diff,
					 .options = &browser->diff_view,
					 .difference = difference,
					 .event = browser->events.first };
	ev_diff_begin(it);
	browser->block = (struct ev_block){
		.rows = ev_alloc((difference->row_count + 1) * sizeof(*browser->block.rows)),
	};
	browser->compared_rows =
		ev_alloc((difference->row_count + 1) * sizeof(*browser->compared_rows));
	for (size_t i = 0; i < difference->row_count; i++) {
		const struct ev_difference_row *row = &difference->rows[i];
		size_t at = browser->block.row_count;
		if (!ev_diff_is_shown(it, row))
			continue;
		browser->compared_rows[at] = row;
		browser->block.rows[at] =
			difference->of_stacks ? NULL : &diff->table->rows[row->item];
		browser->block.row_count++;
	}
}

void ev_browser_drop_diff(struct ev_browser *browser)
{
	if (browser->compared)
		ev_diff_end(browser->compared);
	free(browser->compared);
	free(browser->compared_rows);
	browser->compared = NULL;
	browser->compared_rows = NULL;
}

bool ev_browser_compared_has(struct ev_browser *browser, size_t row, const char *part)
{
	struct ev_diff_printing *it = browser->compared;
	bool has = false;
	for (size_t c = 0; c < it->columns.count && !has; c++) {
		const struct ev_diff_column *column = &it->columns.items[c];
		if (column->kind == EV_DIFF_KEY || column->kind == EV_DIFF_STACK)
			has = ev_text_has(ev_diff_cell(it, browser->compared_rows[row], column),
					  part);
	}
	ev_arena_reset(&it->scratch);
	return has;
}

/* ---- printing -----------------------------------------------------------------------------------
 */

void ev_browser_print_compared(struct ev_browser *browser, size_t row)
{
	ev_diff_print_cells(browser->compared, browser->compared_rows[row]);
}

void ev_browser_print_compared_heads(struct ev_browser *browser)
{
	ev_diff_print_titles(browser->compared);
}

static double figure_of(const struct ev_browser *browser, uint64_t period, size_t recording)
{
	const struct ev_diff *diff = browser->diff;
	size_t event = recording * diff->width + browser->events.first;
	double total = (double)diff->table->total_period[event];
	switch (diff->how.measure) {
	case EV_MEASURE_SHARE:
		return total > 0 ? (double)period / total : 0;
	case EV_MEASURE_SECOND:
		return diff->seconds[recording] > 0 ? (double)period / diff->seconds[recording] : 0;
	case EV_MEASURE_TOTAL:
		break;
	}
	return (double)period;
}

/* As the columns have it: the change, what it was, what it is. */
void ev_browser_print_compared_node(struct ev_browser *browser, uint64_t before, uint64_t now)
{
	struct ev_diff_printing *it = browser->compared;
	double old = figure_of(browser, before, 0);
	double new = figure_of(browser, now, now_of(browser));
	char ratio[64];
	const char *change = ev_diff_figure(it, new - old, true);
	if (browser->diff->how.compute == EV_COMPUTE_RATIO)
		change = before ? ev_format_fixed(ratio, sizeof(ratio), new / old, 4) : "";
	const char *colour = !now ? "\33[32m" : !before ? "\33[31m" : "";
	fprintf(browser->cells, "%s%*s\33[m  %*s  %*s  ", colour, FIGURE_COLUMNS, change,
		FIGURE_COLUMNS, before ? ev_diff_figure(it, old, false) : "new", FIGURE_COLUMNS,
		now ? ev_diff_figure(it, new, false) : "gone");
	ev_arena_reset(&it->scratch);
}

void ev_browser_print_compared_title(struct ev_browser *browser)
{
	const struct ev_difference *difference = browser->compared->difference;
	char number[32];
	fprintf(browser->cells, "%s  ",
		ev_report_safe(&browser->scratch,
			       ev_diff_event(browser->diff, browser->events.first,
					     &browser->scratch)));
	for (size_t r = 0; r < browser->diff->part_count; r++)
		fprintf(browser->cells, "%s%s", r ? r == 1 ? " -> " : ", " : "",
			ev_format_grouped(number, sizeof(number), difference->total_samples[r]));
	fprintf(browser->cells, " samples  %s of ",
		ev_format_grouped(number, sizeof(number), difference->stand_out));
	fprintf(browser->cells, "%s rows differ",
		ev_format_grouped(number, sizeof(number), difference->row_count));
}

/* ---- trees --------------------------------------------------------------------------------------
 */

static void tree_of(struct ev_browser *browser, size_t row, size_t event, struct ev_tree *tree)
{
	const struct ev_diff *diff = browser->diff;
	const struct ev_row *of = browser->block.rows[row];
	if (browser->view.order == EV_CHAIN_CALLEE)
		ev_tree_of_row(tree, diff->table, diff->named, of, (uint32_t)event, true, true);
	else
		ev_tree_to_row(tree, diff->table, diff->named, of, (uint32_t)event, true);
}

struct joining {
	const struct ev_browser *browser;
	struct ev_row_tree *made;
	uint64_t totals[2];
};

/* Children of one parent together, those that had or have most of all first. */
static int by_parent_and_share(const void *one, const void *other, void *context)
{
	const struct joining *all = context;
	const struct ev_node *nodes = all->made->tree.nodes.items;
	uint32_t a = *(const uint32_t *)one, b = *(const uint32_t *)other;
	if (nodes[a].parent != nodes[b].parent)
		return nodes[a].parent < nodes[b].parent ? -1 : 1;
	double left[2] = { ev_percent(all->made->before[a], all->totals[0]),
			   ev_percent(nodes[a].total, all->totals[1]) };
	double right[2] = { ev_percent(all->made->before[b], all->totals[0]),
			    ev_percent(nodes[b].total, all->totals[1]) };
	double most_left = left[0] > left[1] ? left[0] : left[1];
	double most_right = right[0] > right[1] ? right[0] : right[1];
	if (most_left > most_right || most_left < most_right)
		return most_left > most_right ? -1 : 1;
	return a < b ? -1 : a > b;
}

static void link_children(struct joining *all)
{
	struct ev_tree *tree = &all->made->tree;
	size_t count = tree->nodes.count;
	uint32_t *order = ev_alloc(count * sizeof(*order));
	for (uint32_t i = 0; i < count; i++) {
		order[i] = i;
		tree->nodes.items[i].first_child = tree->nodes.items[i].next = 0;
	}
	if (count > 2)
		qsort_r(order + 1, count - 1, sizeof(*order), by_parent_and_share, all);
	for (size_t i = count; i-- > 1;) {
		struct ev_node *node = &tree->nodes.items[order[i]];
		struct ev_node *parent = &tree->nodes.items[node->parent];
		node->next = parent->first_child;
		parent->first_child = order[i];
	}
	free(order);
}

/* What both have is one node, parents before what is in them. */
void ev_browser_compare_trees(struct ev_browser *browser, struct ev_row_tree *made)
{
	struct ev_tree old = { 0 }, *tree = &made->tree;
	struct ev_map ids = { 0 };
	size_t events[] = { ev_browser_compared_event(browser, true),
			    ev_browser_compared_event(browser, false) };
	struct joining all = { .browser = browser, .made = made };
	for (size_t i = 0; i < EV_LENGTH(events); i++)
		all.totals[i] = browser->diff->table->total_period[events[i]];
	tree_of(browser, made->row, events[1], tree);
	tree_of(browser, made->row, events[0], &old);
	if (!tree->nodes.count)
		ev_array_add(&tree->nodes);
	made->before = ev_alloc((tree->nodes.count + old.nodes.count) * sizeof(*made->before));
	for (uint32_t i = 1; i < tree->nodes.count; i++) {
		const struct ev_node *node = &tree->nodes.items[i];
		*ev_map_add(&ids, (uint64_t)node->parent << 32 | node->frame, 0, NULL) = i;
	}
	uint32_t *place = ev_alloc((old.nodes.count + 1) * sizeof(*place));
	for (uint32_t i = 1; i < old.nodes.count; i++) {
		const struct ev_node *node = &old.nodes.items[i];
		uint32_t parent = place[node->parent];
		bool added;
		uint32_t *id = ev_map_add(&ids, (uint64_t)parent << 32 | node->frame, 0, &added);
		if (added) {
			*id = (uint32_t)tree->nodes.count;
			*ev_array_add(&tree->nodes) =
				(struct ev_node){ .frame = node->frame,
						  .parent = parent,
						  .calls_least = node->calls_least,
						  .calls_most = node->calls_most };
		}
		place[i] = *id;
		made->before[*id] += node->total;
	}
	link_children(&all);
	free(place);
	ev_map_done(&ids);
	ev_tree_done(&old);
}
