/* What the agents in simulated Python programs have told, and the contexts in which the simulator
 * saw their calls -> the Python functions that each cost belongs to. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "python_agent.h"
#include "simulation_python.h"

enum { GENERATIONS = 64, WHY_BYTES = 200, FUNCTION_MAX_BYTES = 1 << 16 };

struct context {
	uint32_t pid, function; /* its text */
	uint32_t first, count;  /* of its Python frames, in names */
	uint32_t parent;        /* + 1; of a context that was cut */
	uint32_t level;         /* so many calls to one that was not; + 1, 0 = not known */
	bool python_last;       /* its outermost function is Python's */
	bool cut;               /* it may have more callers */
	bool native_first;      /* its innermost function is not Python's */
	bool whole;             /* its costs are not told by instruction */
	uint32_t outside;       /* in its text: where functions begin that no Python one called */
	uint32_t object,
		named; /* where its code is: one of its instructions, best one that calls */
	uint64_t address;
	uint64_t calls; /* 0: no instruction that calls is known */
};
struct arc {
	uint32_t from, to;
	uint64_t calls;
};
struct ev_simulated_python {
	struct ev_python_functions *functions;
	unsigned callers;      /* to which the simulator keeps functions apart */
	struct ev_map by_call; /* (address, pid) -> index + 1 in places */
	EV_ARRAY(uint64_t) places;
	struct ev_map context_ids; /* (text, pid) -> context + 1 */
	EV_ARRAY(struct context) contexts;
	EV_ARRAY(uint64_t) frames;
	EV_ARRAY(struct arc) arcs;
	struct ev_map arc_ids; /* (from, to) -> arc + 1 */
	struct ev_map programs;
	bool related; /* parents are found */
	char why[WHY_BYTES];
};

struct ev_simulated_python *ev_simulated_python_open(struct ev_python_functions *functions,
						     unsigned callers)
{
	struct ev_simulated_python *python = ev_alloc(sizeof(*python));
	python->functions = functions;
	python->callers = callers;
	return python;
}

/* ---- the agent's words --------------------------------------------------------------------------
 */

static bool take_function(struct ev_simulated_python *python, struct ev_cursor *in, uint32_t pid)
{
	struct python_agent_function head;
	const void *bytes = ev_cursor_bytes(in, sizeof(head));
	if (!bytes)
		return false;
	memcpy(&head, bytes, sizeof(head));
	if (head.size_bytes < sizeof(head) || head.size_bytes > FUNCTION_MAX_BYTES ||
	    head.name_bytes > head.size_bytes - sizeof(head) ||
	    head.file_bytes > head.size_bytes - sizeof(head) - head.name_bytes)
		return false;
	const char *text = ev_cursor_bytes(in, head.size_bytes - sizeof(head));
	if (!text)
		return false;
	if (!head.address) {
		snprintf(python->why, sizeof(python->why), "%.*s", (int)head.name_bytes, text);
		return true;
	}
	char *name = ev_printf("%.*s", (int)head.name_bytes, text);
	char *file = ev_printf("%.*s", (int)head.file_bytes, text + head.name_bytes);
	uint32_t function = ev_python_function_add(python->functions, name, file, head.first_line);
	free(name);
	free(file);
	*ev_array_add(&python->places) =
		ev_python_function_address(python->functions, function, head.first_line);
	*ev_map_add(&python->by_call, head.address, pid, NULL) = (uint32_t)python->places.count;
	return true;
}

void ev_simulated_python_read(struct ev_simulated_python *python, const void *bytes,
			      size_t size_bytes, uint32_t pid, uint32_t program)
{
	struct ev_cursor in = ev_cursor_of(bytes, size_bytes, false);
	ev_map_add(&python->programs, pid, program, NULL);
	while (ev_cursor_left(&in) && take_function(python, &in, pid))
		;
}

/* A forked child has what its parent had. */
static uint64_t place_of(const struct ev_simulation *simulation, uint32_t pid, uint64_t address)
{
	const struct ev_simulated_python *python = simulation->python;
	for (int i = 0; i < GENERATIONS; i++) {
		const uint32_t *index = ev_map_find(&python->by_call, address, pid);
		if (index)
			return python->places.items[*index - 1];
		const uint32_t *parent = ev_map_find(&simulation->parents, pid, 0);
		if (!parent)
			break;
		pid = *parent;
	}
	return 0;
}

/* ---- contexts -----------------------------------------------------------------------------------
 */

/* "0x0000030000000040" */
static bool is_call(const char *name, uint64_t *address)
{
	if (strncmp(name, "0x", 2))
		return false;
	*address = strtoull(name, NULL, 16);
	return *address >= PYTHON_AGENT_CALLS_AT && *address < PYTHON_AGENT_CALLS_END;
}

static bool is_agent(const char *name)
{
	return !strncmp(name, PYTHON_AGENT_PREFIX, strlen(PYTHON_AGENT_PREFIX));
}

static uint32_t context_of(struct ev_simulation *simulation, uint32_t pid, uint32_t function)
{
	struct ev_simulated_python *python = simulation->python;
	const char *text = ev_strings_text(simulation->strings, function), *name = text;
	struct context context = { .pid = pid,
				   .function = function,
				   .first = (uint32_t)python->frames.count };
	unsigned depth = 0;
	bool added;
	uint32_t *id = ev_map_add(&python->context_ids, function, pid, &added);
	if (!added)
		return *id - 1;
	while (name) {
		uint64_t address, place = 0;
		context.python_last = is_call(name, &address);
		if (context.python_last)
			place = place_of(simulation, pid, address);
		if (place)
			*ev_array_add(&python->frames) = place;
		else if (!depth)
			context.native_first = true;
		if (!depth)
			context.whole = place || is_agent(name);
		context.python_last &= place != 0;
		name = strchr(name, '\'');
		name += name != NULL;
		if (place || !depth)
			context.outside = (uint32_t)((name ? name : text + strlen(text)) - text);
		depth++;
	}
	context.count = (uint32_t)python->frames.count - context.first;
	context.cut = depth > python->callers;
	*ev_array_add(&python->contexts) = context;
	*id = (uint32_t)python->contexts.count;
	return *id - 1;
}

uint64_t ev_simulated_python_see(struct ev_simulation *simulation, uint32_t pid,
				 const struct ev_callgrind_line *line, uint32_t named)
{
	uint32_t index = context_of(simulation, pid, line->function);
	struct context *context = &simulation->python->contexts.items[index];
	if (!context->object || line->calls > context->calls) {
		context->object = line->object;
		context->named = named;
		context->address = line->address;
		context->calls = line->calls;
	}
	return context->whole && !line->calls ? context->address : line->address;
}

void ev_simulated_python_call(struct ev_simulation *simulation, uint32_t pid,
			      const struct ev_callgrind_line *line, uint32_t named)
{
	struct ev_simulated_python *python = simulation->python;
	struct arc arc = { .from = context_of(simulation, pid, line->function),
			   .to = context_of(simulation, pid, line->called_function) };
	bool added;
	ev_simulated_python_see(simulation, pid, line, named);
	if (!python->contexts.items[arc.to].cut || arc.from == arc.to)
		return;
	uint32_t *id = ev_map_add(&python->arc_ids, arc.from, arc.to, &added);
	if (added) {
		*ev_array_add(&python->arcs) = arc;
		*id = (uint32_t)python->arcs.count;
	}
	python->arcs.items[*id - 1].calls += line->calls;
}

static int by_from(const void *one, const void *other)
{
	const struct arc *a = one, *b = other;
	return a->from < b->from ? -1 : a->from > b->from;
}

/* How many calls each cut context is away from one that has all its callers. */
static void find_levels(struct ev_simulated_python *python, uint32_t *queue)
{
	struct context *contexts = python->contexts.items;
	size_t arcs = python->arcs.count, head = 0, tail = 0;
	for (uint32_t i = 0; i < python->contexts.count; i++)
		if (!contexts[i].cut) {
			contexts[i].level = 1;
			queue[tail++] = i;
		}
	while (head < tail) {
		uint32_t from = queue[head++];
		size_t low = 0, high = arcs;
		while (low < high) {
			size_t middle = low + (high - low) / 2;
			if (python->arcs.items[middle].from < from)
				low = middle + 1;
			else
				high = middle;
		}
		for (; low < arcs && python->arcs.items[low].from == from; low++) {
			struct context *to = &contexts[python->arcs.items[low].to];
			if (to->level)
				continue;
			to->level = contexts[from].level + 1;
			queue[tail++] = python->arcs.items[low].to;
		}
	}
}

/* Of the callers that are nearest to the outermost function the busiest one. */
static void relate(struct ev_simulated_python *python)
{
	struct context *contexts = python->contexts.items;
	uint32_t *queue = ev_alloc((python->contexts.count + 1) * sizeof(*queue));
	uint64_t *calls = ev_alloc((python->contexts.count + 1) * sizeof(*calls));
	if (python->arcs.count)
		qsort(python->arcs.items, python->arcs.count, sizeof(*python->arcs.items), by_from);
	find_levels(python, queue);
	for (size_t i = 0; i < python->arcs.count; i++) {
		const struct arc *arc = &python->arcs.items[i];
		struct context *to = &contexts[arc->to];
		if (contexts[arc->from].level + 1 != to->level || arc->calls <= calls[arc->to])
			continue;
		calls[arc->to] = arc->calls;
		to->parent = arc->from + 1;
	}
	free(queue);
	free(calls);
	python->related = true;
}

/* Functions that called the outermost of Python, as far as the one that is below main: the first
 * that every program has. */
static size_t add_outside(struct ev_simulation *simulation, uint32_t function, uint32_t pid,
			  uint32_t from, struct ev_simulated_frame *out, size_t limit)
{
	static const char below_main[] = "(below main)";
	struct ev_simulated_python *python = simulation->python;
	const char *text = ev_strings_text(simulation->strings, function);
	char *copy = ev_strdup(text + from), *name = copy; /* strings may move */
	size_t count = 0;
	bool over = false;
	while (*name && count < limit && !over) {
		char *end = strchrnul(name, '\'');
		uint32_t id = ev_strings_add_text(simulation->strings, name);
		const uint32_t *index = ev_map_find(&python->context_ids, id, pid);
		const struct context *context = index ? &python->contexts.items[*index - 1] : NULL;
		over = !strncmp(name, below_main, strlen(below_main));
		if (context && context->object && !is_agent(name))
			out[count++] = (struct ev_simulated_frame){ .object = context->object,
								    .named = context->named,
								    .address = context->address };
		name = *end ? end + 1 : end;
	}
	free(copy);
	return count;
}

size_t ev_simulated_python_chain(struct ev_simulation *simulation,
				 const struct ev_simulated_row *row, struct ev_simulated_frame *out,
				 size_t limit, bool *is_python)
{
	struct ev_simulated_python *python = simulation->python;
	uint32_t pid = simulation->tasks.items[row->task].pid;
	uint32_t index = context_of(simulation, pid, row->function);
	if (!python->related)
		relate(python);
	const struct context *context = &python->contexts.items[index];
	uint32_t function = row->function;
	size_t count = 0;
	*is_python = !context->native_first;
	for (; count < context->count && count < limit; count++)
		out[count] = (struct ev_simulated_frame){
			.python = python->frames.items[context->first + count]
		};
	/* A caller's context is the same with one function more at its end. */
	while (context->cut && context->parent && count < limit) {
		context = &python->contexts.items[context->parent - 1];
		function = context->function;
		if (context->cut && context->python_last && context->count)
			out[count++] = (struct ev_simulated_frame){
				.python = python->frames.items[context->first + context->count - 1]
			};
	}
	if (!context->cut)
		count += add_outside(simulation, function, pid, context->outside, out + count,
				     limit - count);
	return count;
}

void ev_simulation_python_tally(const struct ev_simulation *simulation,
				struct ev_simulation_python *tally)
{
	const struct ev_simulated_python *python = simulation->python;
	*tally = (struct ev_simulation_python){ 0 };
	if (!python)
		return;
	tally->programs = python->programs.count;
	tally->functions = ev_python_function_count(python->functions);
	for (size_t i = 0; i < python->contexts.count; i++)
		tally->cut += python->contexts.items[i].cut;
	snprintf(tally->why, sizeof(tally->why), "%s", python->why);
}

void ev_simulated_python_close(struct ev_simulated_python *python)
{
	if (!python)
		return;
	ev_map_done(&python->by_call);
	ev_array_done(&python->places);
	ev_map_done(&python->context_ids);
	ev_array_done(&python->contexts);
	ev_array_done(&python->frames);
	ev_array_done(&python->arcs);
	ev_map_done(&python->arc_ids);
	ev_map_done(&python->programs);
	free(python);
}
