/* Traced calls become the table that Python's cProfile prints, and its lists of callers and
 * callees. */
#include <stdlib.h>
#include <string.h>
#include <evprof/view_calls.h>

#define TIME_COLUMNS 8

const char *ev_call_function_text(struct ev_arena *arena, const struct ev_call_function *function)
{
	const char *name = ev_text_safe(arena, function->name);
	const char *path = function->source ? function->source : function->object;
	const char *slash = strrchr(path, '/');
	const char *file = ev_text_safe(arena, slash ? slash + 1 : path);
	if (!function->source || !function->line)
		return ev_arena_printf(arena, "%s (%s)", name, file);
	return ev_arena_printf(arena, "%s (%s:%u)", name, file, function->line);
}

/* As many decimals as let the longest time have eight columns; Python's three at least. */
static int decimals_for(const struct ev_calls_total *total)
{
	int64_t longest = total->own_ns > total->largest_ns ? total->own_ns : total->largest_ns;
	int decimals = 6;
	for (double limit = 9.9999; decimals > 3 && ev_calls_seconds(longest) > limit; limit *= 10)
		decimals--;
	return decimals;
}

static void print_time(FILE *out, double seconds, int decimals)
{
	char text[64];
	fprintf(out, "%*s", TIME_COLUMNS, ev_format_fixed(text, sizeof(text), seconds, decimals));
}

static void print_per(FILE *out, double seconds, uint64_t calls, int decimals)
{
	fputc(' ', out);
	if (calls)
		print_time(out, seconds / (double)calls, decimals);
	else
		fprintf(out, "%*s", TIME_COLUMNS, "");
}

static const char *count_text(char *text, size_t size_bytes, uint64_t calls, uint64_t primitive)
{
	if (calls == primitive)
		snprintf(text, size_bytes, "%llu", (unsigned long long)calls);
	else
		snprintf(text, size_bytes, "%llu/%llu", (unsigned long long)calls,
			 (unsigned long long)primitive);
	return text;
}

static size_t print_head(FILE *out, const struct ev_calls_view *view, uint32_t *order, int decimals,
			 const struct ev_calls_total *total)
{
	char text[64];
	size_t count = ev_calls_order(view->calls, view->keys, view->key_count, order);
	size_t rows = view->row_limit && view->row_limit < count ? (size_t)view->row_limit : count;
	fprintf(out, "         %llu function calls", (unsigned long long)total->calls);
	if (total->calls != total->primitive_calls)
		fprintf(out, " (%llu primitive calls)", (unsigned long long)total->primitive_calls);
	fprintf(out, " in %s seconds\n\n   Ordered by: ",
		ev_format_fixed(text, sizeof(text), ev_calls_seconds(total->own_ns), decimals));
	for (size_t i = 0; i < view->key_count; i++)
		fprintf(out, "%s%s", i ? ", " : "", ev_call_key_title(view->keys[i]));
	fputc('\n', out);
	if (rows < count)
		fprintf(out, "   List reduced from %zu to %zu due to restriction <%zu>\n", count,
			rows, rows);
	fputc('\n', out);
	return rows;
}

static void print_row(FILE *out, const struct ev_call_function *function, int decimals)
{
	const struct ev_trace_sums *sums = function->sums;
	struct ev_arena arena = { 0 };
	char count[64];
	double own = ev_calls_seconds(sums->own_ns), whole = ev_calls_seconds(sums->total_ns);
	count_text(count, sizeof(count), sums->calls, sums->primitive_calls);
	fprintf(out, "%9s ", count);
	print_time(out, own, decimals);
	print_per(out, own, sums->calls, decimals);
	fputc(' ', out);
	print_time(out, whole, decimals);
	print_per(out, whole, sums->primitive_calls, decimals);
	fprintf(out, " %s%s\n", ev_call_function_text(&arena, function),
		sums->let_go_per_second ? " [let go]" : "");
	ev_arena_done(&arena);
}

static void print_notes(FILE *out, const struct ev_calls_view *view)
{
	if (view->note_count)
		fputc('\n', out);
	for (size_t i = 0; i < view->note_count; i++)
		fprintf(out, "# %s\n", view->notes[i]);
}

void ev_calls_print(FILE *out, const struct ev_calls_view *view)
{
	struct ev_calls_total total = ev_calls_total(view->calls);
	uint32_t *order = ev_alloc((view->calls->count + 1) * sizeof(*order));
	int decimals = decimals_for(&total);
	size_t rows = print_head(out, view, order, decimals, &total);
	fputs("   ncalls  tottime  percall  cumtime  percall function (file:line)\n", out);
	for (size_t i = 0; i < rows; i++)
		print_row(out, &view->calls->functions[order[i]], decimals);
	free(order);
	print_notes(out, view);
}

/* ---- who calls whom ---------------------------------------------------------------------------
 */

static void print_edge(FILE *out, const struct ev_calls_view *view,
		       const struct ev_trace_edge *edge, uint32_t other, int decimals)
{
	struct ev_arena arena = { 0 };
	char count[64];
	const char *name = "(not traced)";
	if (other)
		name = ev_call_function_text(&arena, &view->calls->functions[other - 1]);
	count_text(count, sizeof(count), edge->calls, edge->primitive_calls);
	fprintf(out, "%9s ", count);
	print_time(out, ev_calls_seconds(edge->own_ns), decimals);
	fputc(' ', out);
	print_time(out, ev_calls_seconds(edge->total_ns), decimals);
	fprintf(out, "  %s\n", name);
	ev_arena_done(&arena);
}

static void print_side(FILE *out, const struct ev_calls_view *view, const uint32_t *order,
		       size_t rows, bool callees, int decimals)
{
	struct ev_arena arena = { 0 };
	const char *arrow = callees ? "->" : "<-";
	size_t width = strlen("Function");
	for (size_t i = 0; i < rows; i++) {
		const char *name = ev_call_function_text(&arena, &view->calls->functions[order[i]]);
		size_t columns = ev_text_columns(name);
		width = columns > width ? columns : width;
	}
	fprintf(out, "%-*s  %s...\n", (int)width, "Function", callees ? "called" : "was called by");
	fprintf(out, "%*s     ncalls  tottime  cumtime\n", (int)width, "");
	for (size_t i = 0; i < rows; i++) {
		const struct ev_trace_edge **edges;
		size_t count = ev_calls_edges(view->calls, order[i], callees, &edges);
		const char *name = ev_call_function_text(&arena, &view->calls->functions[order[i]]);
		fprintf(out, "%s%*s  %s", name, (int)(width - ev_text_columns(name)), "", arrow);
		for (size_t k = 0; k < count; k++) {
			if (k)
				fprintf(out, "%*s", (int)width + 4, "");
			print_edge(out, view, edges[k],
				   callees ? edges[k]->callee : edges[k]->caller, decimals);
		}
		if (!count)
			fputc('\n', out);
		free(edges);
	}
	ev_arena_done(&arena);
}

void ev_calls_print_graph(FILE *out, const struct ev_calls_view *view)
{
	struct ev_calls_total total = ev_calls_total(view->calls);
	uint32_t *order = ev_alloc((view->calls->count + 1) * sizeof(*order));
	int decimals = decimals_for(&total);
	size_t rows = print_head(out, view, order, decimals, &total);
	print_side(out, view, order, rows, false, decimals);
	fputc('\n', out);
	print_side(out, view, order, rows, true, decimals);
	free(order);
	print_notes(out, view);
}
