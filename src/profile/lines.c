/* A named profile becomes lines of functions with their weights, and what was inlined where. */
#include <stdlib.h>
#include <string.h>
#include "path.h"
#include "table.h"

const struct ev_weight *ev_line_weight(const struct ev_lines *lines, size_t line,
				       enum ev_line_measure measure)
{
	return &lines->of_lines[(line * EV_MEASURE_COUNT + measure) * lines->event_count];
}

const struct ev_weight *ev_line_function_weight(const struct ev_lines *lines, size_t function,
						enum ev_line_measure measure)
{
	return &lines->of_functions[(function * EV_MEASURE_COUNT + measure) * lines->event_count];
}

const struct ev_weight *ev_line_link_weight(const struct ev_lines *lines, size_t link)
{
	return &lines->of_links[link * lines->event_count];
}

static struct ev_weight *line_weight(struct ev_lines *lines, size_t line,
				     enum ev_line_measure measure)
{
	return &lines->of_lines[(line * EV_MEASURE_COUNT + measure) * lines->event_count];
}

static struct ev_weight *function_weight(struct ev_lines *lines, size_t function,
					 enum ev_line_measure measure)
{
	return &lines->of_functions[(function * EV_MEASURE_COUNT + measure) * lines->event_count];
}

static void add(struct ev_weight *weight, const struct ev_cell *cell)
{
	weight->samples += cell->samples;
	weight->period += cell->period;
}

/* ---- which lines there are --------------------------------------------------------------------
 */

/* The same function out of line and inlined is one. */
static int by_function(const struct ev_lines *lines, const struct ev_frame *a,
		       const struct ev_frame *b)
{
	if (lines->by_file) /* what has no line is in no file */
		return 0;
	if (a->object != b->object)
		return a->object < b->object ? -1 : 1;
	if (a->function != b->function)
		return a->function < b->function ? -1 : 1;
	return (int)a->kernel - (int)b->kernel;
}

static int by_file(const struct ev_frame *a, const struct ev_frame *b)
{
	/* A line without a number is none, whatever the file. */
	uint32_t a_file = a->line ? a->file : 0, b_file = b->line ? b->file : 0;
	return a_file < b_file ? -1 : a_file > b_file;
}

static int by_line(const void *one, const void *other, void *context)
{
	const struct ev_lines *lines = context;
	const struct ev_frame *frames = lines->named->frames.items;
	const struct ev_frame *a = &frames[*(const uint32_t *)one];
	const struct ev_frame *b = &frames[*(const uint32_t *)other];
	int order = by_function(lines, a, b);
	if (!order)
		order = by_file(a, b);
	return order ? order : a->line < b->line ? -1 : a->line > b->line;
}

static void add_function(struct ev_lines *lines, const struct ev_frame *frame)
{
	struct ev_line_function *function = ev_array_add(&lines->functions);
	function->first_line = (uint32_t)lines->lines.count;
	if (lines->by_file) {
		function->name = frame->line ? frame->file : 0;
		return;
	}
	function->name = frame->function;
	function->object = frame->object;
	function->kernel = frame->kernel;
}

static void find_lines(struct ev_lines *lines, const struct ev_sieve *sieve)
{
	const struct ev_frame *frames = lines->named->frames.items;
	size_t count = lines->named->frames.count;
	uint32_t *order = ev_alloc(count * sizeof(*order));
	lines->line_of = ev_alloc(count * sizeof(*lines->line_of));
	for (uint32_t i = 0; i < count; i++)
		order[i] = i;
	qsort_r(order, count, sizeof(*order), by_line, lines);
	for (size_t i = 0; i < count; i++) {
		const struct ev_frame *frame = &frames[order[i]];
		const struct ev_frame *before = i ? &frames[order[i - 1]] : NULL;
		if (!before || by_function(lines, before, frame) ||
		    (lines->by_file && by_file(before, frame)))
			add_function(lines, frame);
		struct ev_line_function *function =
			&lines->functions.items[lines->functions.count - 1];
		function->resolved |= frame->resolved;
		function->python |= frame->python;
		function->passes |= ev_sieve_frame(sieve, order[i]);
		if (!before || by_line(&order[i - 1], &order[i], lines)) {
			*ev_array_add(&lines->lines) = (struct ev_line){
				.function = (uint32_t)lines->functions.count - 1,
				.file = frame->line ? frame->file : 0,
				.line = frame->line,
			};
			function->line_count++;
		}
		lines->line_of[order[i]] = (uint32_t)lines->lines.count - 1;
	}
	free(order);
}

/* ---- inside one place -------------------------------------------------------------------------
 */

/* Links as they are found, in no order yet. */
struct linking {
	EV_ARRAY(struct ev_line_link) links;
	EV_ARRAY(struct ev_weight) weights; /* event_count for each */
	struct ev_map ids;
};

struct building {
	struct ev_lines *lines;
	struct ev_sieve sieve;
	struct linking linking;
	bool has_python;
	uint32_t *seen; /* per function: the cell + 1 that counted for it last */
};

static void link_up(struct building *build, uint32_t line, uint32_t frame,
		    enum ev_line_link_kind kind, uint32_t event, const struct ev_cell *cell)
{
	struct linking *linking = &build->linking;
	uint32_t name = build->lines->named->frames.items[frame].function;
	bool added;
	uint32_t *id = ev_map_add(&linking->ids, (uint64_t)line << 32 | name, kind, &added);
	if (added) {
		*id = (uint32_t)linking->links.count;
		*ev_array_add(&linking->links) = (struct ev_line_link){ line, name, kind };
		for (size_t i = 0; i < build->lines->event_count; i++)
			ev_array_add(&linking->weights);
	}
	add(&linking->weights.items[*id * build->lines->event_count + event], cell);
}

uint32_t ev_stack_python(const struct ev_named *named, uint32_t stack)
{
	while (stack && !named->frames.items[named->stacks.items[stack].place].python)
		stack = named->stacks.items[stack].parent;
	return stack;
}

static void add_own(struct building *build, uint32_t line, enum ev_line_measure measure,
		    uint32_t event, const struct ev_cell *cell)
{
	struct ev_lines *lines = build->lines;
	add(line_weight(lines, line, measure) + event, cell);
	add(function_weight(lines, lines->lines.items[line].function, measure) + event, cell);
}

/* A cell is its innermost line's own, and that of the line of Python that this was called from. */
static void add_owners(struct building *build, const struct ev_cell *cell, uint32_t event)
{
	const struct ev_lines *lines = build->lines;
	const struct ev_named *named = lines->named;
	const struct ev_frame *leaf = &named->frames.items[named->stacks.items[cell->stack].place];
	uint32_t python = build->has_python ? ev_stack_python(named, cell->stack) : 0;
	add_own(build, lines->line_of[named->stacks.items[cell->stack].place], EV_MEASURE_OWN,
		event, cell);
	if (!python || python == cell->stack)
		return;
	uint32_t line = lines->line_of[named->stacks.items[python].place];
	add_own(build, lines->line_of[named->stacks.items[cell->stack].place], EV_MEASURE_NATIVE,
		event, cell);
	add_own(build, line, EV_MEASURE_OWN, event, cell);
	add_own(build, line, leaf->kernel ? EV_MEASURE_SYSTEM : EV_MEASURE_NATIVE, event, cell);
}

/* The frames of the place that a cell ends in: its line, and outwards to the function whose machine
 * code it is. */
static void add_place(struct building *build, uint32_t index)
{
	struct ev_lines *lines = build->lines;
	const struct ev_named *named = lines->named;
	const struct ev_cell *cell = &named->cells.items[index];
	uint32_t event = named->profile->tags.items[cell->tag].event;
	uint32_t inner = named->stacks.items[cell->stack].place, leaf = lines->line_of[inner];
	add(line_weight(lines, leaf, EV_MEASURE_SELF) + event, cell);
	add(function_weight(lines, lines->lines.items[leaf].function, EV_MEASURE_SELF) + event,
	    cell);
	add_owners(build, cell, event);
	for (uint32_t stack = cell->stack;; stack = named->stacks.items[stack].parent) {
		uint32_t frame = named->stacks.items[stack].place, line = lines->line_of[frame];
		uint32_t function = lines->lines.items[line].function;
		if (build->seen[function] != index + 1) {
			build->seen[function] = index + 1;
			add(line_weight(lines, line, EV_MEASURE_INLINED) + event, cell);
			add(function_weight(lines, function, EV_MEASURE_INLINED) + event, cell);
			if (lines->by_file)
				link_up(build, line, frame, EV_LINK_OF, event, cell);
		}
		if (stack != cell->stack)
			link_up(build, line, inner, EV_LINK_HERE, event, cell);
		if (!stack || !named->frames.items[frame].inlined ||
		    !named->stacks.items[stack].parent) {
			if (stack != cell->stack)
				link_up(build, leaf, frame, EV_LINK_INTO, event, cell);
			return;
		}
		inner = frame;
	}
}

static int by_weight(const void *one, const void *other, void *context)
{
	const struct building *build = context;
	const struct linking *linking = &build->linking;
	size_t x = *(const uint32_t *)one, y = *(const uint32_t *)other;
	size_t events = build->lines->event_count;
	const struct ev_line_link *a = &linking->links.items[x], *b = &linking->links.items[y];
	if (a->line != b->line)
		return a->line < b->line ? -1 : 1;
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	for (size_t i = 0; i < events; i++) {
		uint64_t left = linking->weights.items[x * events + i].period;
		uint64_t right = linking->weights.items[y * events + i].period;
		if (left != right)
			return left > right ? -1 : 1;
	}
	return x < y ? -1 : x > y;
}

static void sort_links(struct building *build)
{
	struct ev_lines *lines = build->lines;
	const struct linking *linking = &build->linking;
	size_t count = linking->links.count, events = lines->event_count;
	uint32_t *order = ev_alloc((count + 1) * sizeof(*order));
	lines->of_links = ev_alloc((count * events + 1) * sizeof(*lines->of_links));
	for (uint32_t i = 0; i < count; i++)
		order[i] = i;
	qsort_r(order, count, sizeof(*order), by_weight, build);
	for (size_t i = 0; i < count; i++) {
		const struct ev_line_link *link = &linking->links.items[order[i]];
		struct ev_line *line = &lines->lines.items[link->line];
		if (!line->link_count++)
			line->first_link = (uint32_t)i;
		*ev_array_add(&lines->links) = *link;
		memcpy(&lines->of_links[i * events], &linking->weights.items[order[i] * events],
		       events * sizeof(*lines->of_links));
	}
	free(order);
}

/* ---- along the stacks -------------------------------------------------------------------------
 */

/* Weights of what was found under every open frame, for every event. */
struct sums {
	struct ev_weight *items;
	size_t room;          /* frames */
	uint32_t *open_lines; /* how often a line, a function is on the path */
	uint32_t *open_functions;
};

static void add_all(struct ev_weight *into, const struct ev_weight *from, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		into[i].samples += from[i].samples;
		into[i].period += from[i].period;
	}
}

/* A frame's sum goes to its line and its function, unless the same encloses it, and to the frame
 * outside it. */
static void close_frames(struct ev_lines *lines, const struct ev_path *path, struct sums *sums,
			 size_t shared)
{
	size_t events = lines->event_count;
	for (size_t depth = path->depth; depth-- > shared;) {
		uint32_t frame = lines->named->stacks.items[path->stacks[depth]].place;
		uint32_t line = lines->line_of[frame];
		uint32_t function = lines->lines.items[line].function;
		const struct ev_weight *sum = &sums->items[depth * events];
		if (!--sums->open_lines[line])
			add_all(line_weight(lines, line, EV_MEASURE_CALLED), sum, events);
		if (!--sums->open_functions[function])
			add_all(function_weight(lines, function, EV_MEASURE_CALLED), sum, events);
		if (depth)
			add_all(&sums->items[(depth - 1) * events], sum, events);
	}
}

static void open_frames(struct ev_lines *lines, const struct ev_path *path, struct sums *sums,
			size_t shared)
{
	size_t events = lines->event_count;
	if (path->depth > sums->room) {
		sums->room = path->depth * 2;
		sums->items = ev_realloc(sums->items, sums->room * events * sizeof(*sums->items));
	}
	for (size_t depth = shared; depth < path->depth; depth++) {
		uint32_t frame = lines->named->stacks.items[path->stacks[depth]].place;
		uint32_t line = lines->line_of[frame];
		sums->open_lines[line]++;
		sums->open_functions[lines->lines.items[line].function]++;
		memset(&sums->items[depth * events], 0, events * sizeof(*sums->items));
	}
}

static void add_stacks(struct building *build)
{
	struct ev_lines *lines = build->lines;
	const struct ev_named *named = lines->named;
	struct ev_path path = { 0 };
	struct sums sums = {
		.open_lines = ev_alloc(lines->lines.count * sizeof(uint32_t)),
		.open_functions = ev_alloc(lines->functions.count * sizeof(uint32_t)),
	};
	for (size_t i = 0; i < named->cells.count; i++) {
		const struct ev_cell *cell = &named->cells.items[i];
		uint32_t event = named->profile->tags.items[cell->tag].event;
		if (!lines->passes[cell->tag])
			continue;
		if (!cell->stack) { /* no frame to open */
			uint32_t line = lines->line_of[0];
			add(line_weight(lines, line, EV_MEASURE_CALLED) + event, cell);
			add(function_weight(lines, lines->lines.items[line].function,
					    EV_MEASURE_CALLED) +
				    event,
			    cell);
			continue;
		}
		size_t shared = ev_path_fork(&path, named->stacks.items, cell->stack);
		close_frames(lines, &path, &sums, shared);
		ev_path_enter(&path, shared);
		open_frames(lines, &path, &sums, shared);
		add(&sums.items[(path.depth - 1) * lines->event_count + event], cell);
	}
	close_frames(lines, &path, &sums, 0);
	ev_path_done(&path);
	free(sums.items);
	free(sums.open_lines);
	free(sums.open_functions);
}

/* ---- the whole --------------------------------------------------------------------------------
 */

static bool *tags_that_pass(const struct ev_sieve *sieve, const struct ev_profile *profile)
{
	bool *passes = ev_alloc(profile->tags.count + 1);
	for (size_t i = 0; i < profile->tags.count; i++)
		passes[i] = ev_sieve_tag(sieve, &profile->tags.items[i]);
	return passes;
}

int ev_lines_build(struct ev_lines *lines, const struct ev_named *named, bool by_file,
		   const struct ev_filter *filter, struct ev_err *err)
{
	struct building build = { .lines = lines };
	size_t events = named->profile->event_count ? named->profile->event_count : 1;
	*lines = (struct ev_lines){ .named = named, .by_file = by_file, .event_count = events };
	int rc = ev_sieve_open(&build.sieve, filter, named, err);
	if (rc)
		return rc;
	find_lines(lines, &build.sieve);
	size_t width = EV_MEASURE_COUNT * events * sizeof(struct ev_weight);
	lines->of_lines = ev_alloc(lines->lines.count * width);
	lines->of_functions = ev_alloc(lines->functions.count * width);
	lines->totals = ev_alloc(events * sizeof(*lines->totals));
	build.seen = ev_alloc(lines->functions.count * sizeof(*build.seen));
	for (size_t i = 0; i < lines->functions.count; i++)
		build.has_python |= lines->functions.items[i].python;
	lines->passes = tags_that_pass(&build.sieve, named->profile);
	for (uint32_t i = 0; i < named->cells.count; i++) {
		const struct ev_cell *cell = &named->cells.items[i];
		if (!lines->passes[cell->tag])
			continue;
		add(&lines->totals[named->profile->tags.items[cell->tag].event], cell);
		add_place(&build, i);
	}
	sort_links(&build);
	add_stacks(&build);
	free(build.seen);
	ev_array_done(&build.linking.links);
	ev_array_done(&build.linking.weights);
	ev_map_done(&build.linking.ids);
	ev_sieve_done(&build.sieve);
	return 0;
}

void ev_lines_done(struct ev_lines *lines)
{
	ev_array_done(&lines->lines);
	ev_array_done(&lines->functions);
	ev_array_done(&lines->links);
	free(lines->line_of);
	free(lines->passes);
	free(lines->of_lines);
	free(lines->of_functions);
	free(lines->of_links);
	free(lines->totals);
	*lines = (struct ev_lines){ 0 };
}
