/* Traced calls for programs: JSON, CSV, and a graph for graphviz. */
#include <stdlib.h>
#include <string.h>
#include <evprof/view_calls.h>

static void print_number(FILE *out, const char *name, double value)
{
	char text[64];
	fprintf(out, ", \"%s\": %s", name, ev_format_fixed(text, sizeof(text), value, 9));
}

static void print_count(FILE *out, const char *name, uint64_t value)
{
	fprintf(out, ", \"%s\": %llu", name, (unsigned long long)value);
}

/* ---- JSON -------------------------------------------------------------------------------------
 */

static void print_histogram(FILE *out, const struct ev_trace_sums *sums)
{
	bool some = false;
	fputs(", \"histogram\": [", out);
	for (unsigned i = 0; i < EV_TRACE_BUCKETS; i++) {
		if (!sums->histogram[i])
			continue;
		fprintf(out, "%s{\"from_ns\": %llu, \"below_ns\": %llu, \"calls\": %llu}",
			some ? ", " : "", i ? 1ull << (i - 1) : 0, 1ull << i,
			(unsigned long long)sums->histogram[i]);
		some = true;
	}
	fputs("]", out);
}

static void print_function(FILE *out, const struct ev_call_function *function)
{
	const struct ev_trace_sums *sums = function->sums;
	fputs("{\"name\": ", out);
	ev_json_text(out, function->name);
	fputs(", \"file\": ", out);
	if (function->source)
		ev_json_text(out, function->source);
	else
		fputs("null", out);
	print_count(out, "line", function->line);
	fputs(", \"object\": ", out);
	ev_json_text(out, function->object);
	print_count(out, "ncalls", sums->calls);
	print_count(out, "pcalls", sums->primitive_calls);
	print_number(out, "tottime_s", ev_calls_seconds(sums->own_ns));
	print_number(out, "cumtime_s", ev_calls_seconds(sums->total_ns));
	print_count(out, "shortest_ns", sums->shortest_ns);
	print_count(out, "longest_ns", sums->longest_ns);
	print_count(out, "left", sums->left);
	print_count(out, "jumped", sums->jumped);
	print_count(out, "unfinished", sums->unfinished + (sums->calls - sums->ended));
	fprintf(out, ", \"let_go\": %s", sums->let_go_per_second ? "true" : "false");
	print_histogram(out, sums);
	fputc('}', out);
}

static void print_edges(FILE *out, const struct ev_calls *calls)
{
	fputs("\"edges\": [", out);
	for (size_t i = 0; i < calls->edge_count; i++) {
		const struct ev_trace_edge *edge = &calls->edges[i];
		fprintf(out, "%s\n  {\"caller\": ", i ? "," : "");
		if (edge->caller)
			ev_json_text(out, calls->functions[edge->caller - 1].name);
		else
			fputs("null", out);
		fputs(", \"callee\": ", out);
		ev_json_text(out, calls->functions[edge->callee - 1].name);
		print_count(out, "ncalls", edge->calls);
		print_count(out, "pcalls", edge->primitive_calls);
		print_number(out, "tottime_s", ev_calls_seconds(edge->own_ns));
		print_number(out, "cumtime_s", ev_calls_seconds(edge->total_ns));
		fputc('}', out);
	}
	fputs("]", out);
}

static void print_costs(FILE *out, const struct ev_trace_cost *costs)
{
	static const char *const words[EV_TRACE_COSTS][2] = {
		[EV_TRACE_COST_STEPPED_KERNEL] = { "stepped", "kernel" },
		[EV_TRACE_COST_CHEAP_KERNEL] = { "emulated", "kernel" },
		[EV_TRACE_COST_STEPPED_CODE] = { "stepped", "code" },
		[EV_TRACE_COST_CHEAP_CODE] = { "emulated", "code" },
		[EV_TRACE_COST_SINGLE] = { "stepped", "same instruction" },
		[EV_TRACE_COST_LEFT] = { "emulated", "none" },
		[EV_TRACE_COST_STUB] = { "emulated", "none, same instruction" },
	};
	bool some = false;
	fputs("\"cost\": [", out);
	for (size_t i = 0; i < EV_TRACE_COSTS; i++) {
		if (!costs[i].used)
			continue;
		fprintf(out, "%s{\"entry\": \"%s\", \"return\": \"%s\"", some ? ", " : "",
			words[i][0], words[i][1]);
		print_number(out, "inside_ns", costs[i].inside_ns);
		print_number(out, "outside_ns", costs[i].outside_ns);
		fputc('}', out);
		some = true;
	}
	fputs("]", out);
}

void ev_calls_print_json(FILE *out, const struct ev_calls_view *view)
{
	uint32_t *order = ev_alloc((view->calls->count + 1) * sizeof(*order));
	size_t count = ev_calls_order(view->calls, view->keys, view->key_count, order);
	struct ev_calls_total total = ev_calls_total(view->calls);
	fputs("{\"target\": ", out);
	ev_json_text(out, view->target);
	print_count(out, "ncalls", total.calls);
	print_count(out, "pcalls", total.primitive_calls);
	print_number(out, "tottime_s", ev_calls_seconds(total.own_ns));
	fputs(",\n\"functions\": [", out);
	for (size_t i = 0; i < count && (!view->row_limit || i < view->row_limit); i++) {
		fprintf(out, "%s\n  ", i ? "," : "");
		print_function(out, &view->calls->functions[order[i]]);
	}
	fputs("],\n", out);
	print_edges(out, view->calls);
	fputs(",\n", out);
	print_costs(out, view->costs);
	fputs(",\n\"notes\": [", out);
	for (size_t i = 0; i < view->note_count; i++) {
		fputs(i ? ", " : "", out);
		ev_json_text(out, view->notes[i]);
	}
	fputs("]}\n", out);
	free(order);
}

/* ---- CSV --------------------------------------------------------------------------------------
 */

void ev_calls_print_csv(FILE *out, const struct ev_calls_view *view)
{
	uint32_t *order = ev_alloc((view->calls->count + 1) * sizeof(*order));
	size_t count = ev_calls_order(view->calls, view->keys, view->key_count, order);
	fputs("ncalls,pcalls,tottime_s,cumtime_s,name,file,line,object\n", out);
	for (size_t i = 0; i < count && (!view->row_limit || i < view->row_limit); i++) {
		const struct ev_call_function *function = &view->calls->functions[order[i]];
		const struct ev_trace_sums *sums = function->sums;
		char own[64], whole[64];
		fprintf(out, "%llu,%llu,%s,%s,", (unsigned long long)sums->calls,
			(unsigned long long)sums->primitive_calls,
			ev_format_fixed(own, sizeof(own), ev_calls_seconds(sums->own_ns), 9),
			ev_format_fixed(whole, sizeof(whole), ev_calls_seconds(sums->total_ns), 9));
		ev_csv_text(out, function->name);
		fputc(',', out);
		ev_csv_text(out, function->source ? function->source : "");
		fprintf(out, ",%u,", function->line);
		ev_csv_text(out, function->object);
		fputc('\n', out);
	}
	free(order);
}

/* ---- graphviz ---------------------------------------------------------------------------------
 */

/* Quoted, as the language of graphviz has it. */
static void print_quoted(FILE *out, const char *text)
{
	struct ev_arena arena = { 0 };
	fputc('"', out);
	for (const char *at = ev_text_safe(&arena, text); *at; at++) {
		if (*at == '"' || *at == '\\')
			fputc('\\', out);
		fputc(*at, out);
	}
	fputc('"', out);
	ev_arena_done(&arena);
}

static void print_node(FILE *out, const struct ev_calls *calls, uint32_t function)
{
	const struct ev_call_function *is = &calls->functions[function];
	struct ev_arena arena = { 0 };
	char own[64], whole[64];
	fprintf(out, "\tf%u [label=", function + 1);
	ev_format_fixed(own, sizeof(own), ev_calls_seconds(is->sums->own_ns), 6);
	ev_format_fixed(whole, sizeof(whole), ev_calls_seconds(is->sums->total_ns), 6);
	print_quoted(out,
		     ev_arena_printf(&arena, "%s: %llu calls, %s s of its own, %s s in all",
				     is->name, (unsigned long long)is->sums->calls, own, whole));
	fputs("];\n", out);
	ev_arena_done(&arena);
}

void ev_calls_print_dot(FILE *out, const struct ev_calls_view *view)
{
	const struct ev_calls *calls = view->calls;
	fputs("digraph calls {\n\tnode [shape=box];\n", out);
	for (uint32_t i = 0; i < calls->count; i++)
		if (calls->functions[i].sums->calls)
			print_node(out, calls, i);
	for (size_t i = 0; i < calls->edge_count; i++)
		if (calls->edges[i].caller)
			fprintf(out, "\tf%u -> f%u [label=\"%llu\"];\n", calls->edges[i].caller,
				calls->edges[i].callee, (unsigned long long)calls->edges[i].calls);
	fputs("}\n", out);
}
