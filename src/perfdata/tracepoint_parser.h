/* What reads an expression of a `print fmt`: its operators and types, and the calls in it. */
#ifndef PERFDATA_TRACEPOINT_PARSER_H
#define PERFDATA_TRACEPOINT_PARSER_H

#include "tracepoint.h"

struct trace_parser {
	struct trace_scanner *scanner;
	const struct trace_format *format;
	const struct trace_machine *machine;
	const char *failure; /* the first one */
	unsigned nesting;
};

/* NULL, and the failure is that nothing is understood from here on. */
const struct trace_node *ev_trace_fail_here(struct trace_parser *parser);
bool ev_trace_take_sign(struct trace_parser *parser, int sign);
/* The same, and a failure where it does not stand here. */
bool ev_trace_need_sign(struct trace_parser *parser, int sign);
/* NULL when the tree would be too deep; never for a leaf. */
struct trace_node *ev_trace_node_new(struct trace_parser *parser, enum trace_kind kind,
				     const struct trace_node *one, const struct trace_node *other);

/* Each takes what it reads, and is NULL or false after a failure. A whole expression: */
const struct trace_node *ev_trace_parse_choice(struct trace_parser *parser);
/* A type up to its closing parenthesis, which is taken too. */
bool ev_trace_parse_type(struct trace_parser *parser, struct trace_node *cast);
/* The name of a field. */
const struct trace_field *ev_trace_parse_field(struct trace_parser *parser);
/* What stands behind "name (". */
const struct trace_node *ev_trace_parse_call(struct trace_parser *parser, const char *name,
					     size_t length);

#endif
