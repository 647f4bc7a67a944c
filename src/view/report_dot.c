/* A profile becomes a graph for graphviz: functions with their share and own share, and the calls
 * between them, of the first event that has samples. Functions below 0.5 % and calls below 0.1 %
 * are left out, or below --percent-limit, both; a comment says how many. Colours as gprof2dot's,
 * from cold to hot. */
#include <inttypes.h>
#include <stdlib.h>
#include "export.h"

#define LEAST_FUNCTION_PERCENT 0.5
#define LEAST_CALL_PERCENT 0.1

struct graph {
	FILE *out;
	const struct ev_report *report;
	size_t event;
	uint64_t total;
	double least_function, least_call; /* per cent */
	struct ev_arena scratch;
};

static void put_quoted(struct graph *graph, const char *text)
{
	for (text = ev_report_safe(&graph->scratch, text); *text; text++) {
		if (*text == '"' || *text == '\\')
			putc('\\', graph->out);
		putc(*text, graph->out);
	}
	ev_arena_reset(&graph->scratch);
}

/* From blue for nothing over green and yellow to red for everything: hue, saturation, lightness. */
static void put_colour(struct graph *graph, double percent)
{
	char hue[32], value[32];
	double share = percent < 0 ? 0 : percent > 100 ? 1 : percent / 100;
	ev_format_fixed(hue, sizeof(hue), (1 - share) * 2 / 3, 3);
	ev_format_fixed(value, sizeof(value), 0.45 + 0.3 * share, 3);
	fprintf(graph->out, "\"%s 0.85 %s\"", hue, value);
}

static double share_of(const struct graph *graph, uint64_t weight)
{
	return ev_percent(weight, graph->total);
}

static void put_percent(struct graph *graph, double percent)
{
	char text[64];
	fprintf(graph->out, "%s%%", ev_format_fixed(text, sizeof(text), percent, 2));
}

static uint64_t inclusive(const struct graph *graph, const struct ev_row *row)
{
	return row->children ? row->children[graph->event] : row->period[graph->event];
}

static void draw_function(struct graph *graph, size_t index)
{
	const struct ev_report *report = graph->report;
	const struct ev_row *row = &report->table->rows[index];
	double share = share_of(graph, inclusive(graph, row));
	fprintf(graph->out, "\tn%zu [label=\"", index);
	put_quoted(graph, ev_row_text(report->table, report->named, row, 0));
	fputs("\\n", graph->out);
	put_percent(graph, share);
	fputs("\\n(", graph->out);
	put_percent(graph, share_of(graph, row->period[graph->event]));
	fprintf(graph->out, ")\\n%" PRIu64 "\", color=", row->samples[graph->event]);
	put_colour(graph, share);
	fputs("];\n", graph->out);
}

static void draw_call(struct graph *graph, const struct ev_edge *edge)
{
	char width[32];
	double share = share_of(graph, edge->period);
	fprintf(graph->out, "\tn%" PRIu32 " -> n%" PRIu32 " [label=\"", edge->caller, edge->callee);
	put_percent(graph, share);
	fprintf(graph->out, "%s\", penwidth=%s, color=", edge->inlined ? "\\ninlined" : "",
		ev_format_fixed(width, sizeof(width), 0.5 + share * 0.04, 2));
	put_colour(graph, share);
	fputs("];\n", graph->out);
}

static void draw(struct graph *graph)
{
	const struct ev_table *table = graph->report->table;
	struct ev_edges edges;
	size_t functions = 0, calls = 0;
	bool *drawn = ev_alloc((table->row_count + 1) * sizeof(*drawn));
	for (size_t i = 0; i < table->row_count; i++) {
		drawn[i] =
			share_of(graph, inclusive(graph, &table->rows[i])) >= graph->least_function;
		if (drawn[i])
			draw_function(graph, i);
		else
			functions += inclusive(graph, &table->rows[i]) > 0;
	}
	ev_edges_find(&edges, table, graph->report->named, (uint32_t)graph->event, NULL);
	for (size_t i = 0; i < edges.items.count; i++) {
		const struct ev_edge *edge = &edges.items.items[i];
		if (drawn[edge->caller] && drawn[edge->callee] &&
		    share_of(graph, edge->period) >= graph->least_call)
			draw_call(graph, edge);
		else
			calls++;
	}
	fprintf(graph->out, "\t// left out: %zu functions, %zu calls\n", functions, calls);
	ev_edges_done(&edges);
	free(drawn);
}

int ev_report_dot(FILE *out, const struct ev_report *report,
		  const struct ev_report_options *options, struct ev_err *err)
{
	bool limited = options->percent_limit > 0;
	struct graph graph = {
		.out = out,
		.report = report,
		.least_function = limited ? options->percent_limit : LEAST_FUNCTION_PERCENT,
		.least_call = limited ? options->percent_limit : LEAST_CALL_PERCENT,
	};
	(void)err;
	while (graph.event + 1 < report->table->event_count &&
	       !report->table->total_samples[graph.event])
		graph.event++;
	if (graph.event < report->table->event_count)
		graph.total = report->table->total_period[graph.event];
	fputs("digraph {\n\tgraph [fontname=Arial, label=\"", out);
	put_quoted(&graph, ev_report_event(report, graph.event, &graph.scratch));
	fputs(", ", out);
	put_quoted(&graph, ev_export_origin(report, &graph.scratch));
	fputs("\"];\n\tnode [fontname=Arial, shape=box, style=filled, fontcolor=white, "
	      "margin=0.1];\n"
	      "\tedge [fontname=Arial, fontsize=10];\n",
	      out);
	draw(&graph);
	fputs("}\n", out);
	ev_arena_done(&graph.scratch);
	return 0;
}
