/* A report becomes the lines of a browser's table: its rows, and below those that are expanded the
 * nodes of their call trees. */
#include <stdlib.h>
#include <string.h>
#include "browse.h"
#include "diff.h"

enum { EXPANDED_LIMIT = 300 }; /* rows that E expands: each is a tree to make */

/* ---- who an item is ----------------------------------------------------------------------------
 */

static uint64_t mix(uint64_t id, const char *text)
{
	id = ev_hash64(id ^ ev_hash_bytes(text, strlen(text)));
	return id ? id : 1;
}

static uint64_t row_id(const struct ev_browser *browser, size_t at)
{
	const struct ev_table *table = browser->report->table;
	const struct ev_row *row = browser->block.rows[at];
	uint64_t id = 1;
	if (!row) /* a stack that is compared: the same as long as the recordings are */
		return ev_hash64(browser->compared_rows[at]->item) | 1;
	for (size_t key = 0; key < table->key_count; key++)
		id = mix(id, ev_row_text(table, browser->report->named, row, key));
	return id;
}

static uint64_t node_id(const struct ev_browser *browser, uint64_t parent, uint32_t frame)
{
	const struct ev_named *named = browser->report->named;
	const struct ev_strings *strings = named->profile->strings;
	const struct ev_frame *of = &named->frames.items[frame];
	uint64_t id = mix(parent, ev_strings_text(strings, of->function));
	if (of->object < named->object_count)
		id = mix(id, ev_strings_text(strings, named->object_names[of->object]));
	return mix(id, of->inlined ? "inlined" : "");
}

static bool is_expanded(const struct ev_browser *browser, uint64_t id)
{
	const uint32_t *found = ev_map_find(&browser->expanded, id, 0);
	return found && *found;
}

/* ---- trees --------------------------------------------------------------------------------------
 */

static uint64_t weight_of(const struct ev_browser *browser, const struct ev_row *row)
{
	size_t event = browser->events.first;
	return browser->report->table->has_children ? row->children[event] : row->period[event];
}

/* Nodes below the report's limit are left out, as in the text. */
static bool is_worth(const struct ev_browser *browser, const struct ev_row_tree *tree,
		     uint32_t node)
{
	const uint64_t *totals = browser->report->table->total_period;
	double limit = browser->view.chain_limit;
	if (tree->before) {
		size_t now = ev_browser_compared_event(browser, false);
		size_t before = ev_browser_compared_event(browser, true);
		return ev_percent(tree->before[node], totals[before]) >= limit ||
		       ev_percent(tree->tree.nodes.items[node].total, totals[now]) >= limit;
	}
	return ev_percent(tree->tree.nodes.items[node].total, totals[browser->events.first]) >=
	       limit;
}

static uint32_t first_worth(const struct ev_browser *browser, const struct ev_row_tree *tree,
			    uint32_t node)
{
	while (node && !is_worth(browser, tree, node))
		node = tree->tree.nodes.items[node].next;
	return node;
}

static const struct ev_row_tree *find_tree(const struct ev_browser *browser, size_t row)
{
	for (size_t i = 0; i < browser->trees.count; i++)
		if (browser->trees.items[i].row == row)
			return &browser->trees.items[i];
	return NULL;
}

/* The same tree as below the row in a text report. */
static const struct ev_row_tree *tree_of(struct ev_browser *browser, size_t row)
{
	const struct ev_row_tree *found = find_tree(browser, row);
	if (found)
		return found;
	const struct ev_report *report = browser->report;
	struct ev_row_tree *made = ev_array_add(&browser->trees);
	uint32_t event = (uint32_t)browser->events.first;
	bool fold = !report->named->profile->has_history;
	made->row = row;
	if (browser->diff) {
		ev_browser_compare_trees(browser, made);
		return made;
	}
	if (browser->view.order == EV_CHAIN_CALLEE)
		ev_tree_of_row(&made->tree, report->table, report->named, browser->block.rows[row],
			       event, true, fold);
	else
		ev_tree_to_row(&made->tree, report->table, report->named, browser->block.rows[row],
			       event, fold);
	return made;
}

static void drop_trees(struct ev_browser *browser)
{
	for (size_t i = 0; i < browser->trees.count; i++) {
		ev_tree_done(&browser->trees.items[i].tree);
		free(browser->trees.items[i].before);
	}
	browser->trees.count = 0;
}

/* ---- items --------------------------------------------------------------------------------------
 */

static void add_nodes(struct ev_browser *browser, size_t row, uint64_t row_id_)
{
	const struct ev_row_tree *tree = tree_of(browser, row);
	const struct ev_node *nodes = tree->tree.nodes.items;
	EV_ARRAY(struct ev_item) open = { 0 }; /* from the row to where the walk is */
	uint32_t node = first_worth(browser, tree, nodes[0].first_child);
	*ev_array_add(&open) = (struct ev_item){ .id = row_id_ };
	while (open.count) {
		if (!node) {
			node = open.items[--open.count].node;
			if (node)
				node = first_worth(browser, tree, nodes[node].next);
			continue;
		}
		uint32_t inner = first_worth(browser, tree, nodes[node].first_child);
		struct ev_item item = {
			.row = row,
			.node = node,
			.depth = (uint32_t)open.count,
			.id = node_id(browser, open.items[open.count - 1].id, nodes[node].frame),
			.has_more = inner,
		};
		item.expanded = inner && is_expanded(browser, item.id);
		*ev_array_add(&browser->items) = item;
		if (item.expanded) {
			*ev_array_add(&open) = item;
			node = inner;
		} else {
			node = first_worth(browser, tree, nodes[node].next);
		}
	}
	ev_array_done(&open);
}

static bool passes(struct ev_browser *browser, size_t at)
{
	const struct ev_table *table = browser->report->table;
	const char *part = ev_buffer_text(&browser->filter);
	if (!*part)
		return true;
	if (browser->diff)
		return ev_browser_compared_has(browser, at, part);
	for (size_t key = 0; key < table->key_count; key++)
		if (ev_text_has(ev_row_text(table, browser->report->named, browser->block.rows[at],
					    key),
				part))
			return true;
	return false;
}

/* The root of a row's tree may have nothing that is worth showing: told only once it was made. */
static bool may_expand(const struct ev_browser *browser, size_t row)
{
	const struct ev_row_tree *tree = find_tree(browser, row);
	if (browser->view.chains == EV_CHAIN_NONE || !browser->report->stacks_loaded ||
	    !browser->report->named->profile->quality.with_stack || !browser->block.rows[row])
		return false;
	if (tree)
		return first_worth(browser, tree, tree->tree.nodes.items[0].first_child);
	if (browser->diff)
		return true;
	uint64_t total = browser->report->table->total_period[browser->events.first];
	return ev_percent(weight_of(browser, browser->block.rows[row]), total) >=
	       browser->view.chain_limit;
}

static void select_again(struct ev_browser *browser)
{
	for (size_t i = 0; browser->selected_id && i < browser->items.count; i++) {
		if (browser->items.items[i].id != browser->selected_id)
			continue;
		/* It stays where it is on the screen, too. */
		size_t below = browser->selected - browser->top;
		browser->selected = i;
		browser->top = i > below ? i - below : 0;
		return;
	}
	if (!browser->selected_id)
		browser->selected = browser->top = 0;
	if (browser->selected >= browser->items.count)
		browser->selected = browser->items.count ? browser->items.count - 1 : 0;
}

void ev_browser_list(struct ev_browser *browser)
{
	browser->items.count = 0;
	for (size_t i = 0; i < browser->block.row_count; i++) {
		if (!passes(browser, i))
			continue;
		struct ev_item item = { .row = i, .id = row_id(browser, i) };
		item.expanded = is_expanded(browser, item.id) && may_expand(browser, i) &&
				tree_of(browser, i);
		item.has_more = may_expand(browser, i);
		item.expanded &= item.has_more;
		*ev_array_add(&browser->items) = item;
		if (item.expanded)
			add_nodes(browser, i, item.id);
	}
	select_again(browser);
}

/* ---- the report ---------------------------------------------------------------------------------
 */

void ev_browser_drop_report(struct ev_browser *browser)
{
	drop_trees(browser);
	ev_browser_drop_diff(browser);
	ev_block_done(&browser->block);
	browser->items.count = 0;
}

/* Rows that have most of another event than the first of those side by side. */
static int by_chosen_event(const void *one, const void *other, void *context)
{
	const struct ev_browser *browser = context;
	const struct ev_row *a = *(const struct ev_row *const *)one;
	const struct ev_row *b = *(const struct ev_row *const *)other;
	size_t event = browser->events.first + browser->sort_event;
	bool children = browser->report->table->has_children;
	uint64_t left = children ? a->children[event] : a->period[event];
	uint64_t right = children ? b->children[event] : b->period[event];
	if (left != right)
		return left > right ? -1 : 1;
	return a < b ? -1 : a > b; /* the table's own order */
}

void ev_browser_take_report(struct ev_browser *browser)
{
	if (browser->diff) {
		ev_browser_take_diff(browser);
		return;
	}
	const struct ev_report *report = browser->report;
	struct ev_events events = { 0 }, first = { 0 };
	bool kept = false;
	/* The events that were shown, else the first that have samples. */
	for (; ev_report_events(report, &browser->view, &events); events.first += events.count) {
		if (!first.count && ev_report_has_samples(report, events))
			first = events;
		if (browser->events.count && events.first == browser->events.first) {
			browser->events = events;
			kept = ev_report_has_samples(report, events);
		}
	}
	if (!kept && first.count)
		browser->events = first;
	if (!browser->events.count)
		browser->events.count = 1;
	browser->block = (struct ev_block){
		.out = browser->cells,
		.report = report,
		.options = &browser->view,
		.events = browser->events,
	};
	ev_block_begin(&browser->block);
	if (browser->sort_event && browser->sort_event < browser->events.count)
		qsort_r(browser->block.rows, browser->block.row_count, sizeof(*browser->block.rows),
			by_chosen_event, browser);
}

/* All that have samples: one of a comparison, or those side by side. */
static size_t find_events(const struct ev_browser *browser, struct ev_events all[], size_t most)
{
	struct ev_events events = { 0 };
	size_t count = 0;
	for (size_t e = 0; browser->diff && e < browser->diff->width && count < most; e++)
		if (ev_diff_has_event(browser->diff, e))
			all[count++] = (struct ev_events){ e, 1 };
	for (; !browser->diff && count < most &&
	       ev_report_events(browser->report, &browser->view, &events);
	     events.first += events.count)
		if (ev_report_has_samples(browser->report, events))
			all[count++] = events;
	return count;
}

void ev_browser_turn_events(struct ev_browser *browser, bool back)
{
	struct ev_events all[64];
	size_t count = find_events(browser, all, EV_LENGTH(all)), at = 0;
	for (size_t i = 0; i < count; i++)
		if (all[i].first == browser->events.first)
			at = i;
	if (count < 2) {
		ev_browser_tell(browser, "there are samples of one event only");
		return;
	}
	ev_browser_drop_report(browser);
	browser->events = all[(at + (back ? count - 1 : 1)) % count];
	ev_browser_take_report(browser);
	ev_browser_list(browser);
}

/* ---- one item -----------------------------------------------------------------------------------
 */

const struct ev_item *ev_browser_selected(const struct ev_browser *browser)
{
	return browser->selected < browser->items.count ? &browser->items.items[browser->selected]
							: NULL;
}

const struct ev_node *ev_browser_node(const struct ev_browser *browser, const struct ev_item *item,
				      uint64_t *before)
{
	const struct ev_row_tree *tree = item->node ? find_tree(browser, item->row) : NULL;
	if (tree && before && tree->before)
		*before = tree->before[item->node];
	return tree ? &tree->tree.nodes.items[item->node] : NULL;
}

const char *ev_browser_row_text(const struct ev_browser *browser, const struct ev_item *item,
				enum ev_key key)
{
	const struct ev_table *table = browser->report->table;
	for (size_t i = 0; i < table->key_count && browser->block.rows[item->row]; i++)
		if (table->keys[i] == key)
			return ev_row_text(table, browser->report->named,
					   browser->block.rows[item->row], i);
	return NULL;
}

struct ev_browse_place ev_browser_place(const struct ev_browser *browser,
					const struct ev_item *item)
{
	const struct ev_named *named = browser->report->named;
	const struct ev_node *node = ev_browser_node(browser, item, NULL);
	struct ev_browse_place place = { .event = browser->events.first };
	if (!node) {
		place.function = ev_browser_row_text(browser, item, EV_KEY_SYMBOL);
		place.object = ev_browser_row_text(browser, item, EV_KEY_OBJECT);
		return place;
	}
	const struct ev_frame *frame = &named->frames.items[node->frame];
	place.function = ev_strings_text(named->profile->strings, frame->function);
	if (frame->object < named->object_count)
		place.object = ev_strings_text(named->profile->strings,
					       named->object_names[frame->object]);
	return place;
}

/* ---- expanding ----------------------------------------------------------------------------------
 */

static void set_expanded(struct ev_browser *browser, uint64_t id, bool expanded)
{
	*ev_map_add(&browser->expanded, id, 0, NULL) = expanded;
}

/* All nodes of a row's tree from one on, whose id is known. One that stands alone is expanded with
 * what it stands in: there is nothing to choose. */
static void set_below(struct ev_browser *browser, size_t row, uint32_t from, uint64_t id,
		      bool whole)
{
	const struct ev_row_tree *tree = tree_of(browser, row);
	const struct ev_node *nodes = tree->tree.nodes.items;
	uint64_t *ids = ev_alloc(tree->tree.nodes.count * sizeof(*ids));
	ids[from] = id;
	for (uint32_t i = from + 1; i < tree->tree.nodes.count; i++) {
		uint32_t parent = nodes[i].parent;
		if (!ids[parent] || !is_worth(browser, tree, i))
			continue;
		uint32_t first = first_worth(browser, tree, nodes[parent].first_child);
		bool alone = first == i && !first_worth(browser, tree, nodes[i].next);
		if (!whole && !alone)
			continue;
		ids[i] = node_id(browser, ids[parent], nodes[i].frame);
		set_expanded(browser, ids[i], true);
	}
	free(ids);
}

static void expand(struct ev_browser *browser, const struct ev_item *item, bool whole)
{
	set_expanded(browser, item->id, true);
	set_below(browser, item->row, item->node, item->id, whole);
}

void ev_browser_toggle(struct ev_browser *browser, const struct ev_item *item, bool whole)
{
	if (!item->has_more)
		return;
	if (item->expanded)
		set_expanded(browser, item->id, false);
	else
		expand(browser, item, whole);
	ev_browser_list(browser);
}

void ev_browser_expand_all(struct ev_browser *browser, bool expand_them)
{
	size_t expanded = 0;
	bool more = false;
	ev_map_done(&browser->expanded);
	for (size_t i = 0; expand_them && i < browser->items.count; i++) {
		const struct ev_item *item = &browser->items.items[i];
		if (item->node || !item->has_more)
			continue;
		more = expanded == EXPANDED_LIMIT;
		if (more)
			break;
		expand(browser, item, true);
		expanded++;
	}
	if (!expand_them) { /* from within a chain to its row */
		const struct ev_item *item = ev_browser_selected(browser);
		if (item && item->node)
			browser->selected_id = row_id(browser, item->row);
	}
	ev_browser_list(browser);
	if (more)
		ev_browser_tell(browser, "the first %d rows were expanded", EXPANDED_LIMIT);
}
