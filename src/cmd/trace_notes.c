/* What a trace's figures leave out or are not sure of, in sentences. */
#include <stdlib.h>
#include <string.h>
#include "trace.h"

static void add(struct trace_run *run, const char *text)
{
	*ev_array_add(&run->notes) = text;
}

static const char *grouped(struct trace_run *run, uint64_t value)
{
	char text[32];
	ev_format_grouped(text, sizeof(text), value);
	return ev_arena_text(&run->arena, text, strlen(text));
}

static const char *name_of(struct trace_run *run, size_t function)
{
	return ev_text_safe(&run->arena, run->points.items[function].name);
}

/* ---- costs ------------------------------------------------------------------------------------
 */

static const char *microseconds(struct trace_run *run, double time_ns)
{
	char text[64];
	ev_format_fixed(text, sizeof(text), time_ns / 1000, 2);
	return ev_arena_text(&run->arena, text, strlen(text));
}

static void note_costs(struct trace_run *run)
{
	double least = 0, most = 0;
	for (size_t i = 0; i < EV_TRACE_COSTS; i++) {
		const struct ev_trace_cost *cost = &run->result.costs[i];
		double whole = cost->inside_ns + cost->outside_ns;
		if (!cost->used)
			continue;
		least = !least || whole < least ? whole : least;
		most = whole > most ? whole : most;
	}
	const char *range = microseconds(run, most);
	if (least < most)
		range = ev_arena_printf(&run->arena, "%s to %s", microseconds(run, least), range);
	add(run,
	    ev_arena_printf(&run->arena,
			    "Cost: tracing one call takes %s us, measured before the start and "
			    "taken off the times.",
			    range));
	if (run->walker && run->options->exits == TRACE_EXITS_AUTO)
		add(run, ev_arena_printf(&run->arena,
					 "Returns are seen at their instructions because of %s "
					 "(--exits=kernel costs less, and may end such a program).",
					 run->walker));
}

/* ---- single functions -------------------------------------------------------------------------
 */

static void note_let_go(struct trace_run *run)
{
	for (size_t i = 0; i < run->points.count; i++) {
		const struct ev_trace_sums *sums = &run->result.functions[i];
		if (sums->let_go_per_second)
			add(run, ev_arena_printf(
					 &run->arena,
					 "Warning: '%s' would be called about %s times a second, "
					 "more than --max-rate: it was let go after %s calls; the "
					 "rest are not counted, and their time is their callers'.",
					 name_of(run, i), grouped(run, sums->let_go_per_second),
					 grouped(run, sums->calls)));
		if (sums->refused)
			add(run, ev_arena_printf(&run->arena,
						 "Warning: the kernel refuses to probe '%s'.",
						 name_of(run, i)));
	}
}

/* A sum over all functions with the one that has most of it. */
struct most {
	uint64_t sum, largest;
	size_t function;
};

static struct most sum_up(const struct trace_run *run, uint64_t (*of)(const struct ev_trace_sums *))
{
	struct most most = { 0 };
	for (size_t i = 0; i < run->points.count; i++) {
		uint64_t value = of(&run->result.functions[i]);
		most.sum += value;
		if (value > most.largest) {
			most.largest = value;
			most.function = i;
		}
	}
	return most;
}

static uint64_t left(const struct ev_trace_sums *sums)
{
	return sums->left;
}

static uint64_t jumped(const struct ev_trace_sums *sums)
{
	return sums->jumped;
}

static uint64_t unfinished(const struct ev_trace_sums *sums)
{
	return sums->unfinished;
}

static uint64_t under_way(const struct ev_trace_sums *sums)
{
	return sums->calls > sums->ended ? sums->calls - sums->ended : 0;
}

static uint64_t too_deep(const struct ev_trace_sums *sums)
{
	return sums->too_deep;
}

static void note_sum(struct trace_run *run, uint64_t (*of)(const struct ev_trace_sums *),
		     const char *before, const char *behind)
{
	struct most most = sum_up(run, of);
	if (most.sum)
		add(run, ev_arena_printf(&run->arena, "%s: %s call%s (%s'%s') %s", before,
					 grouped(run, most.sum), most.sum > 1 ? "s" : "",
					 most.sum > most.largest ? "most of " : "of ",
					 name_of(run, most.function), behind));
}

/* ---- all --------------------------------------------------------------------------------------
 */

static void note_count(struct trace_run *run, uint64_t count, const char *text)
{
	if (count)
		add(run, ev_arena_printf(&run->arena, "Warning: %s %s", grouped(run, count), text));
}

void trace_note(struct trace_run *run)
{
	size_t silent = 0;
	for (size_t i = 0; i < run->points.count; i++)
		silent += !run->result.functions[i].calls;
	if (silent)
		add(run, ev_arena_printf(&run->arena, "Not called: %s of %s functions.",
					 grouped(run, silent), grouped(run, run->points.count)));
	note_costs(run);
	note_let_go(run);
	note_sum(run, left, "Left",
		 "ended without a return (longjmp, an exception, another stack): at the time when "
		 "that began, or of the last call or return before.");
	note_sum(run, jumped, "Jumped",
		 "ended with a jump to a function that is not traced (a tail call), whose time is "
		 "that of the callers.");
	note_sum(run, unfinished, "Unfinished",
		 "ended with the thread or program; the time is counted up to there.");
	note_sum(run, under_way, "Under way",
		 "had not ended when the tracing did: counted, without time.");
	note_sum(run, too_deep, "Too deep",
		 "nested deeper than the kernel watches returns, with times that are not exact "
		 "(they are with --exits=code).");
	note_count(run, run->points.left_out,
		   "more functions are meant than --limit allows, and are not traced.");
	note_count(run, run->unknown,
		   "functions are not traced: where they return can not be read from their code.");
	note_count(run, run->result.no_room,
		   "calls were not counted: too many were under way at once.");
	note_count(run, run->result.no_edge, "calls are not in the graph: it has too many edges.");
	note_count(run, run->result.unsettled,
		   "times more calls ended at once than could be looked at; counts may be wrong.");
	note_count(run, run->result.children_missed, "child processes could not be followed.");
}
