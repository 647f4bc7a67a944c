/* A row's call tree becomes lines below it: perf's graph, or one block or line per chain. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "report.h"

enum {
	LEFT_MARGIN = 12,
	LEVEL_LIMIT = 100, /* branches shown inside one another; a line is already 1100 wide */
};

static const char *file_of(struct ev_chains *chains, const struct ev_frame *frame)
{
	const char *path = ev_strings_text(chains->report->named->profile->strings, frame->file);
	const char *slash = strrchr(path, '/');
	return ev_report_safe(&chains->scratch, slash ? slash + 1 : path);
}

const char *ev_chains_name(struct ev_chains *chains, uint32_t node)
{
	const struct ev_named *named = chains->report->named;
	const struct ev_frame *frame = &named->frames.items[chains->tree->nodes.items[node].frame];
	const char *name = ev_strings_text(named->profile->strings, frame->function);
	name = ev_report_safe(&chains->scratch, name);
	const struct ev_node *at = &chains->tree->nodes.items[node];
	if (named->profile->has_history && frame->file)
		name = ev_arena_printf(&chains->scratch, "%s %s:%" PRIu32, name,
				       file_of(chains, frame), frame->line);
	if (at->calls_most > 1)
		return ev_arena_printf(&chains->scratch, "… %s%" PRIu32 " more of %s",
				       at->calls_least < at->calls_most ? "up to " : "",
				       at->calls_most, name);
	return frame->inlined ? ev_arena_printf(&chains->scratch, "%s (inlined)", name) : name;
}

/* What a branch is worth. */
struct worth {
	uint64_t period, samples;
};

static void print_worth(const struct ev_chains *chains, struct worth worth, uint64_t whole)
{
	char number[48];
	if (chains->options->chain_value == EV_CHAIN_PERIOD)
		fprintf(chains->out, "%" PRIu64, worth.period);
	else if (chains->options->chain_value == EV_CHAIN_COUNT)
		fprintf(chains->out, "%" PRIu64, worth.samples);
	else
		fprintf(chains->out, "%s%%",
			ev_format_fixed(number, sizeof(number), ev_percent(worth.period, whole),
					2));
}

/* ---- graph ---------------------------------------------------------------------------------- */

/* The children of one node being shown. Levels are kept in an array: trees may be deep. */
struct level {
	uint32_t next;          /* the child to show next, 0 = none is left */
	uint64_t smallest;      /* weight of a child that is still shown */
	uint64_t whole;         /* what percentages refer to */
	struct worth remaining; /* of it, not shown yet */
	size_t shown;
	size_t depth; /* frames outside this level */
	bool pipe;    /* more follows: the line down goes on */
};
struct graph {
	struct ev_chains *chains;
	const struct ev_node *nodes;
	EV_ARRAY(struct level) levels;
	int margin;
};

static uint64_t smallest_of(const struct ev_chains *chains, uint64_t whole)
{
	double least = chains->options->chain_limit / 100 * (double)whole;
	uint64_t smallest = (uint64_t)least;
	return smallest + ((double)smallest < least);
}

static uint32_t first_shown(const struct graph *graph, uint32_t child, uint64_t smallest)
{
	while (child && (graph->nodes[child].total < smallest || !graph->nodes[child].total))
		child = graph->nodes[child].next;
	return child;
}

static bool at_limit(const struct graph *graph, size_t depth)
{
	size_t limit = graph->chains->options->max_depth;
	return limit && depth >= limit;
}

static void push_level(struct graph *graph, uint32_t parent, uint64_t whole, size_t depth)
{
	const struct ev_chains *chains = graph->chains;
	bool fractal = chains->options->chains == EV_CHAIN_FRACTAL;
	uint64_t smallest = smallest_of(chains, fractal ? whole : chains->total);
	uint32_t child = first_shown(graph, graph->nodes[parent].first_child, smallest);
	if (!child || at_limit(graph, depth))
		return;
	uint64_t samples = 0;
	for (uint32_t any = graph->nodes[parent].first_child; any; any = graph->nodes[any].next)
		samples += graph->nodes[any].samples;
	*ev_array_add(&graph->levels) = (struct level){ .next = child,
							.smallest = smallest,
							.whole = whole,
							.remaining = { whole, samples },
							.depth = depth,
							.pipe = true };
}

static void print_margin(struct graph *graph)
{
	fprintf(graph->chains->out, "%*s", graph->margin, "");
}

static void print_pipes(struct graph *graph, size_t count)
{
	print_margin(graph);
	for (size_t i = 0; i < count; i++)
		fputs(graph->levels.items[i].pipe ? "|          " : "           ",
		      graph->chains->out);
}

/* The frame's line: its level's share on the first line of a chain, blanks on the others. */
static void print_node(struct graph *graph, const char *name, const struct worth *worth)
{
	FILE *out = graph->chains->out;
	size_t last = graph->levels.count - 1;
	print_pipes(graph, last);
	putc(graph->levels.items[last].pipe ? '|' : ' ', out);
	if (worth) {
		fputs("--", out);
		print_worth(graph->chains, *worth, graph->levels.items[last].whole);
		fputs("--", out);
	} else {
		fputs("          ", out);
	}
	fprintf(out, "%s\n", name);
	ev_arena_reset(&graph->chains->scratch);
}

/* A frame with one callee that takes all of it stands above it without a branch. */
static uint32_t only_child(const struct graph *graph, uint32_t node)
{
	uint32_t child = graph->nodes[node].first_child;
	return child && graph->nodes[child].total == graph->nodes[node].total ? child : 0;
}

static void take_away(struct worth *from, struct worth part)
{
	from->period -= part.period <= from->period ? part.period : from->period;
	from->samples -= part.samples <= from->samples ? part.samples : from->samples;
}

static void show_child(struct graph *graph)
{
	struct ev_chains *chains = graph->chains;
	bool fractal = chains->options->chains == EV_CHAIN_FRACTAL;
	struct level *level = &graph->levels.items[graph->levels.count - 1];
	uint32_t node = level->next;
	struct worth worth = { graph->nodes[node].total, graph->nodes[node].samples };
	size_t depth = level->depth, most = chains->options->chain_entries;
	take_away(&level->remaining, worth);
	level->next = first_shown(graph, graph->nodes[node].next, level->smallest);
	if (most && ++level->shown >= most)
		level->next = 0;
	print_pipes(graph, graph->levels.count);
	putc('\n', chains->out);
	if (!level->next && (!fractal || !level->remaining.period))
		level->pipe = false;
	print_node(graph, ev_chains_name(chains, node), &worth);
	depth++;
	for (uint32_t child; (child = only_child(graph, node)) && !at_limit(graph, depth);
	     depth++) {
		node = child;
		print_node(graph, ev_chains_name(chains, node), NULL);
	}
	if (graph->levels.count == LEVEL_LIMIT) {
		if (graph->nodes[node].first_child)
			print_node(graph, "[deeper calls are not shown]", NULL);
		return;
	}
	push_level(graph, node,
		   fractal ? graph->nodes[node].total - graph->nodes[node].self : level->whole,
		   depth);
}

/* What was too small to be shown, in a fractal graph where shares should add up. */
static void close_level(struct graph *graph)
{
	struct level *level = &graph->levels.items[graph->levels.count - 1];
	if (graph->chains->options->chains == EV_CHAIN_FRACTAL && level->remaining.period &&
	    level->remaining.period != level->whole) {
		level->pipe = false;
		print_node(graph, "[...]", &level->remaining);
	}
	graph->levels.count--;
}

/* A single chain that takes the whole row begins without a percentage. Returns its last node. */
static uint32_t print_trunk(struct graph *graph, uint32_t node, size_t *depth, bool *printed)
{
	struct ev_chains *chains = graph->chains;
	const struct ev_frame *frames = chains->report->named->frames.items;
	bool own_symbol = chains->report->table->keys[0] == EV_KEY_SYMBOL &&
			  frames[graph->nodes[node].frame].function == chains->row->values[0];
	for (uint32_t next = node; next && !at_limit(graph, *depth);
	     next = only_child(graph, node)) {
		node = next;
		if ((*depth)++ == 0 && own_symbol)
			continue; /* it stands in the row already */
		print_margin(graph);
		if (!*printed) {
			fputs("|\n", chains->out);
			print_margin(graph);
			fputs("---", chains->out);
			graph->margin += 3;
		}
		*printed = true;
		fprintf(chains->out, "%s\n", ev_chains_name(chains, node));
		ev_arena_reset(&chains->scratch);
	}
	return node;
}

void ev_chains_graph(struct ev_chains *chains)
{
	struct graph graph = { .chains = chains,
			       .nodes = chains->tree->nodes.items,
			       .margin = LEFT_MARGIN };
	bool fractal = chains->options->chains == EV_CHAIN_FRACTAL, printed = false;
	uint64_t whole = fractal ? chains->row_weight : chains->total;
	uint64_t smallest = smallest_of(chains, whole);
	uint32_t first = first_shown(&graph, graph.nodes[0].first_child, smallest), node = 0;
	size_t depth = 0;
	if (first && !first_shown(&graph, graph.nodes[first].next, smallest) &&
	    graph.nodes[first].total == chains->row_weight)
		node = print_trunk(&graph, first, &depth, &printed);
	push_level(&graph, node, whole, depth);
	printed |= graph.levels.count > 0;
	while (graph.levels.count) {
		if (graph.levels.items[graph.levels.count - 1].next)
			show_child(&graph);
		else
			close_level(&graph);
	}
	if (printed)
		putc('\n', chains->out);
	ev_array_done(&graph.levels);
}

/* ---- flat and folded ------------------------------------------------------------------------ */

static int by_self(const void *one, const void *other, void *context)
{
	const struct ev_node *nodes = context;
	uint32_t a = *(const uint32_t *)one, b = *(const uint32_t *)other;
	if (nodes[a].self != nodes[b].self)
		return nodes[a].self > nodes[b].self ? -1 : 1;
	return a < b ? -1 : a > b;
}

/* The frames from the tree's root to a node, into `path`; returns how many. */
static size_t path_to(const struct ev_chains *chains, uint32_t node, uint32_t **path, size_t *room)
{
	const struct ev_node *nodes = chains->tree->nodes.items;
	size_t length = 0;
	for (uint32_t at = node; at; at = nodes[at].parent)
		length++;
	if (length > *room)
		*path = ev_realloc(*path, (*room = length * 2) * sizeof(**path));
	size_t left = length;
	for (uint32_t at = node; at; at = nodes[at].parent)
		(*path)[--left] = at;
	size_t limit = chains->options->max_depth;
	return limit && length > limit ? limit : length;
}

static void print_chain(struct ev_chains *chains, const uint32_t *path, size_t length,
			struct worth worth)
{
	bool folded = chains->options->chains == EV_CHAIN_FOLDED;
	if (!folded)
		fprintf(chains->out, "%*s", LEFT_MARGIN - 1, "");
	print_worth(chains, worth, chains->total);
	putc(folded ? ' ' : '\n', chains->out);
	for (size_t i = 0; i < length; i++) {
		const char *name = ev_chains_name(chains, path[i]);
		if (folded)
			fprintf(chains->out, "%s%s", i ? ";" : "", name);
		else
			fprintf(chains->out, "%*s%s\n", LEFT_MARGIN + 4, "", name);
		ev_arena_reset(&chains->scratch);
	}
	putc('\n', chains->out);
}

void ev_chains_lines(struct ev_chains *chains)
{
	const struct ev_tree *tree = chains->tree;
	uint64_t smallest = smallest_of(chains, chains->total);
	uint32_t *ends = ev_alloc(tree->nodes.count * sizeof(*ends)), *path = NULL;
	size_t count = 0, room = 0;
	for (uint32_t i = 1; i < tree->nodes.count; i++)
		if (tree->nodes.items[i].self && tree->nodes.items[i].self >= smallest)
			ends[count++] = i;
	qsort_r(ends, count, sizeof(*ends), by_self, tree->nodes.items);
	if (chains->options->chain_entries && count > chains->options->chain_entries)
		count = chains->options->chain_entries;
	for (size_t i = 0; i < count; i++) {
		const struct ev_node *nodes = tree->nodes.items, *end = &nodes[ends[i]];
		size_t length = path_to(chains, ends[i], &path, &room);
		struct worth worth = { end->self, end->samples };
		for (uint32_t child = end->first_child; child; child = nodes[child].next)
			worth.samples -= nodes[child].samples;
		print_chain(chains, path, length, worth);
	}
	free(path);
	free(ends);
}

/* ---- the row -------------------------------------------------------------------------------- */

void ev_print_chains(FILE *out, const struct ev_report *report,
		     const struct ev_report_options *options, const struct ev_row *row,
		     size_t event)
{
	const struct ev_table *table = report->table;
	struct ev_tree tree;
	struct ev_chains chains = {
		.out = out,
		.report = report,
		.options = options,
		.tree = &tree,
		.row = row,
		.row_weight = table->has_children ? row->children[event] : row->period[event],
		.total = table->total_period[event],
	};
	/* Nothing of a small row is big enough to be shown, so its tree need not be made. */
	if (options->chains != EV_CHAIN_FRACTAL &&
	    chains.row_weight < smallest_of(&chains, chains.total))
		return;
	bool graph = options->chains == EV_CHAIN_GRAPH || options->chains == EV_CHAIN_FRACTAL;
	bool fold = graph && !report->named->profile->has_history; /* no calls, but branches */
	if (options->order == EV_CHAIN_CALLEE)
		ev_tree_of_row(&tree, table, report->named, row, (uint32_t)event, true, fold);
	else
		ev_tree_to_row(&tree, table, report->named, row, (uint32_t)event, fold);
	if (graph)
		ev_chains_graph(&chains);
	else
		ev_chains_lines(&chains);
	ev_tree_done(&tree);
	ev_arena_done(&chains.scratch);
}
