/* Traced calls as the tests of their views print them. */
#ifndef TESTS_VIEW_TRACED_H
#define TESTS_VIEW_TRACED_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <evprof/view_calls.h>

static const struct ev_trace_sums traced_sums[] = {
	{ .calls = 1,
	  .primitive_calls = 1,
	  .ended = 1,
	  .own_ns = 250000,
	  .total_ns = 1750000,
	  .shortest_ns = 1750000,
	  .longest_ns = 1750000,
	  .histogram = { [21] = 1 } },
	{ .calls = 30,
	  .primitive_calls = 10,
	  .ended = 29,
	  .own_ns = 1500000,
	  .total_ns = 1500000,
	  .shortest_ns = 3,
	  .longest_ns = 900000,
	  .left = 2,
	  .histogram = { [2] = 20, [4] = 9, [20] = 1 } },
	{ .calls = 0 },
};
static const struct ev_call_function traced_functions[] = {
	{ "main", "/src/a.c", 12, "/bin/a", &traced_sums[0] },
	{ "box::\x1b\"at\"(int)", NULL, 0, "/lib/libbox.so", &traced_sums[1] },
	{ "never", "/src/a.c", 3, "/bin/a", &traced_sums[2] },
};
static const struct ev_trace_edge traced_edges[] = {
	{ 0, 1, 1, 1, 250000, 1750000 },
	{ 1, 2, 10, 10, 500000, 1500000 },
	{ 2, 2, 20, 0, 1000000, 0 },
};
static const struct ev_calls traced_calls = { traced_functions, 3, traced_edges, 3 };
static const enum ev_call_key traced_keys[] = { EV_CALL_KEY_CUMULATIVE };
static const struct ev_trace_cost traced_costs[EV_TRACE_COSTS] = {
	[EV_TRACE_COST_CHEAP_CODE] = { true, 1200, 6500.5 },
};
static const char *const traced_notes[] = { "Cost: little.", "Left: two." };

static inline struct ev_calls_view traced_view(void)
{
	return (struct ev_calls_view){ .calls = &traced_calls,
				       .keys = traced_keys,
				       .key_count = 1,
				       .costs = traced_costs,
				       .notes = traced_notes,
				       .note_count = 2,
				       .target = "a" };
}

/* free() it */
static inline char *traced_text(void (*print)(FILE *, const struct ev_calls_view *),
				const struct ev_calls_view *view)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	print(out, view);
	fclose(out);
	return text;
}

static inline void expect_text(void (*print)(FILE *, const struct ev_calls_view *),
			       const struct ev_calls_view *view, const char *expected)
{
	char *text = traced_text(print, view);
	assert_string_equal(text, expected);
	free(text);
}

#endif
