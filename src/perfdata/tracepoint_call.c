/* A call in a tracepoint's `print fmt`, of what the kernel's headers have for its formats, as
 * __print_flags -> a node of the tree. */
#include "tracepoint_parser.h"

static const struct trace_node *parse_field_call(struct trace_parser *parser, enum trace_kind kind)
{
	const struct trace_field *field = ev_trace_parse_field(parser);
	struct trace_node *node = field ? ev_trace_node_new(parser, kind, NULL, NULL) : NULL;
	if (!node || !ev_trace_need_sign(parser, ')'))
		return NULL;
	node->field = field;
	return node;
}

/* { value, "name" }, … ) */
static bool parse_pairs(struct trace_parser *parser, struct trace_node *node)
{
	struct trace_scanner *scanner = parser->scanner;
	struct trace_pair **last = &node->pairs;
	while (ev_trace_take_sign(parser, ',')) {
		if (!ev_trace_take_sign(parser, '{')) /* some lists end with a bare value */
			return ev_trace_fail_here(parser);
		if (ev_trace_take_sign(parser, '}')) /* an empty list has one empty pair */
			continue;
		struct trace_pair *pair = ev_arena_take(scanner->arena, sizeof(*pair));
		pair->value = ev_trace_parse_choice(parser);
		if (!pair->value || !ev_trace_need_sign(parser, ','))
			return false;
		if (pair->value->depth >= node->depth)
			node->depth = pair->value->depth + 1;
		bool ends = scanner->token != TOKEN_TEXT; /* with no name: { -1, NULL } */
		pair->name = scanner->text;
		if (ends && !ev_trace_parse_choice(parser))
			return false;
		if (!ends)
			ev_trace_scan(parser->scanner);
		if (!ev_trace_need_sign(parser, '}'))
			return false;
		if (ends)
			continue;
		*last = pair;
		last = &pair->next;
	}
	return ev_trace_need_sign(parser, ')');
}

static const struct trace_node *parse_names(struct trace_parser *parser, enum trace_kind kind)
{
	const struct trace_node *value = ev_trace_parse_choice(parser);
	struct trace_node *node = value ? ev_trace_node_new(parser, kind, value, NULL) : NULL;
	if (!node)
		return NULL;
	if (kind == NODE_FLAGS) {
		node->delimiter = "";
		if (!ev_trace_need_sign(parser, ','))
			return NULL;
		if (parser->scanner->token == TOKEN_TEXT) {
			node->delimiter = parser->scanner->text;
			ev_trace_scan(parser->scanner);
		}
	}
	return parse_pairs(parser, node) ? node : NULL;
}

static const struct trace_node *parse_bytes(struct trace_parser *parser, bool spaced)
{
	const struct trace_node *bytes = ev_trace_parse_choice(parser);
	const struct trace_node *count =
		bytes && ev_trace_need_sign(parser, ',') ? ev_trace_parse_choice(parser) : NULL;
	struct trace_node *node = count ? ev_trace_node_new(parser, NODE_HEX, bytes, count) : NULL;
	if (!node || !ev_trace_need_sign(parser, ')'))
		return NULL;
	node->spaced = spaced;
	return node;
}

static const struct trace_node *parse_array(struct trace_parser *parser)
{
	const struct trace_node *items = ev_trace_parse_choice(parser);
	const struct trace_node *count =
		items && ev_trace_need_sign(parser, ',') ? ev_trace_parse_choice(parser) : NULL;
	const struct trace_node *each =
		count && ev_trace_need_sign(parser, ',') ? ev_trace_parse_choice(parser) : NULL;
	struct trace_node *node = each ? ev_trace_node_new(parser, NODE_ARRAY, items, count) : NULL;
	if (!node || !ev_trace_need_sign(parser, ')'))
		return NULL;
	node->third = each;
	if (each->depth >= node->depth)
		node->depth = each->depth + 1;
	return node;
}

static const struct trace_node *parse_expected(struct trace_parser *parser)
{
	const struct trace_node *node = ev_trace_parse_choice(parser);
	if (!node || !ev_trace_need_sign(parser, ',') || !ev_trace_parse_choice(parser) ||
	    !ev_trace_need_sign(parser, ')'))
		return NULL;
	return node;
}

static const struct trace_node *parse_sizeof(struct trace_parser *parser)
{
	struct trace_node *node = ev_trace_node_new(parser, NODE_NUMBER, NULL, NULL);
	struct trace_node type = { 0 };
	if (ev_trace_is_name(parser->scanner, "REC")) {
		ev_trace_scan(parser->scanner);
		const struct trace_field *field =
			ev_trace_need_sign(parser, OP_ARROW) ? ev_trace_parse_field(parser) : NULL;
		if (!field || !ev_trace_need_sign(parser, ')'))
			return NULL;
		node->number = field->size_bytes;
		return node;
	}
	if (!ev_trace_parse_type(parser, &type))
		return NULL;
	node->number = type.type.is_pointer ? parser->machine->long_bytes : type.type.size_bytes;
	return node->number ? node : ev_trace_fail_here(parser);
}

/* A function that only the kernel has: its value is not known. */
static const struct trace_node *skip_call(struct trace_parser *parser, const char *name,
					  size_t length)
{
	size_t open = 1;
	while (open) {
		open += ev_trace_is_sign(parser->scanner, '(');
		open -= ev_trace_is_sign(parser->scanner, ')');
		if (parser->scanner->token == TOKEN_END || parser->scanner->token == TOKEN_BAD)
			return ev_trace_fail_here(parser);
		ev_trace_scan(parser->scanner);
	}
	struct trace_node *node = ev_trace_node_new(parser, NODE_UNKNOWN, NULL, NULL);
	node->text = ev_arena_text(parser->scanner->arena, name, length);
	return node;
}

/* Behind "name (". */
const struct trace_node *ev_trace_parse_call(struct trace_parser *parser, const char *name,
					     size_t length)
{
	static const struct {
		const char *name;
		enum trace_kind kind;
	} of_field[] = {
		{ "__get_str", NODE_DYNAMIC },
		{ "__get_rel_str", NODE_DYNAMIC },
		{ "__get_dynamic_array", NODE_DYNAMIC },
		{ "__get_rel_dynamic_array", NODE_DYNAMIC },
		{ "__get_sockaddr", NODE_DYNAMIC },
		{ "__get_rel_sockaddr", NODE_DYNAMIC },
		{ "__get_dynamic_array_len", NODE_DYNAMIC_LENGTH },
		{ "__get_rel_dynamic_array_len", NODE_DYNAMIC_LENGTH },
		{ "__get_bitmask", NODE_BITMASK },
		{ "__get_rel_bitmask", NODE_BITMASK },
		{ "__get_cpumask", NODE_BITMASK },
		{ "__get_rel_cpumask", NODE_BITMASK },
	};
	struct trace_scanner called = { .token = TOKEN_NAME, .start = name, .length = length };
	for (size_t i = 0; i < EV_LENGTH(of_field); i++)
		if (ev_trace_is_name(&called, of_field[i].name))
			return parse_field_call(parser, of_field[i].kind);
	if (ev_trace_is_name(&called, "__print_flags") ||
	    ev_trace_is_name(&called, "__print_flags_u64"))
		return parse_names(parser, NODE_FLAGS);
	if (ev_trace_is_name(&called, "__print_symbolic") ||
	    ev_trace_is_name(&called, "__print_symbolic_u64"))
		return parse_names(parser, NODE_SYMBOLIC);
	if (ev_trace_is_name(&called, "__print_hex"))
		return parse_bytes(parser, true);
	if (ev_trace_is_name(&called, "__print_hex_str"))
		return parse_bytes(parser, false);
	if (ev_trace_is_name(&called, "__print_array"))
		return parse_array(parser);
	if (ev_trace_is_name(&called, "__builtin_expect"))
		return parse_expected(parser);
	if (ev_trace_is_name(&called, "sizeof"))
		return parse_sizeof(parser);
	return skip_call(parser, name, length);
}
