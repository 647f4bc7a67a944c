/* An argument of a tracepoint's `print fmt`, C as the kernel's macros leave it -> a tree. */
#include <string.h>
#include "tracepoint_parser.h"

/* Trees that are deeper, or nested deeper while they are read, are refused. */
enum { DEPTH_LIMIT = 200 };

static const struct trace_node *parse_unary(struct trace_parser *parser);

static const struct trace_node *fail(struct trace_parser *parser, const char *fmt, const char *name,
				     size_t length)
{
	if (!parser->failure)
		parser->failure = ev_arena_printf(parser->scanner->arena, fmt,
						  (int)(length > 64 ? 64 : length), name);
	return NULL;
}

const struct trace_node *ev_trace_fail_here(struct trace_parser *parser)
{
	const struct trace_scanner *scanner = parser->scanner;
	const char *at = scanner->at;
	size_t left = (size_t)(scanner->end - at);
	return fail(parser, "not understood before '%.*s'", at, left < 24 ? left : 24);
}

static void next(struct trace_parser *parser)
{
	ev_trace_scan(parser->scanner);
}

bool ev_trace_take_sign(struct trace_parser *parser, int sign)
{
	if (!ev_trace_is_sign(parser->scanner, sign))
		return false;
	next(parser);
	return true;
}

bool ev_trace_need_sign(struct trace_parser *parser, int sign)
{
	if (ev_trace_take_sign(parser, sign))
		return true;
	ev_trace_fail_here(parser);
	return false;
}

struct trace_node *ev_trace_node_new(struct trace_parser *parser, enum trace_kind kind,
				     const struct trace_node *one, const struct trace_node *other)
{
	struct trace_node *node = ev_arena_take(parser->scanner->arena, sizeof(*node));
	node->kind = kind;
	node->one = one;
	node->other = other;
	node->unknown = kind == NODE_UNKNOWN || (one && one->unknown) || (other && other->unknown);
	if (one)
		node->depth = one->depth + 1;
	if (other && other->depth >= node->depth)
		node->depth = other->depth + 1;
	if (node->depth <= DEPTH_LIMIT)
		return node;
	fail(parser, "too deep%.*s", "", 0);
	return NULL;
}

/* ---- types ----------------------------------------------------------------------------------- */

static bool is_type_word(const struct trace_scanner *scanner)
{
	static const char *const words[] = { "unsigned", "signed", "char",    "short",  "int",
					     "long",     "const",  "void",    "struct", "union",
					     "enum",     "bool",   "volatile" };
	for (size_t i = 0; i < EV_LENGTH(words); i++)
		if (ev_trace_is_name(scanner, words[i]))
			return true;
	return false;
}

static const struct {
	const char *name;
	uint8_t size_bytes; /* 0 = of a long */
	bool is_signed;
} types[] = {
	{ "char", 1, true },      { "short", 2, true },      { "int", 4, true },
	{ "long", 0, true },      { "bool", 1, false },      { "u8", 1, false },
	{ "__u8", 1, false },     { "uint8_t", 1, false },   { "s8", 1, true },
	{ "__s8", 1, true },      { "u16", 2, false },       { "__u16", 2, false },
	{ "uint16_t", 2, false }, { "s16", 2, true },        { "__s16", 2, true },
	{ "u32", 4, false },      { "__u32", 4, false },     { "uint32_t", 4, false },
	{ "s32", 4, true },       { "__s32", 4, true },      { "u64", 8, false },
	{ "__u64", 8, false },    { "uint64_t", 8, false },  { "s64", 8, true },
	{ "__s64", 8, true },     { "size_t", 0, false },    { "ssize_t", 0, true },
	{ "pid_t", 4, true },     { "gfp_t", 4, false },     { "dev_t", 4, false },
	{ "umode_t", 2, false },  { "uintptr_t", 0, false }, { "ino_t", 0, false },
	{ "loff_t", 8, true },    { "sector_t", 8, false },
};

/* Names and stars up to the closing parenthesis, which is taken too. Types that are not known keep
 * all bits. */
bool ev_trace_parse_type(struct trace_parser *parser, struct trace_node *cast)
{
	struct trace_scanner *scanner = parser->scanner;
	unsigned longs = 0;
	bool is_unsigned = false, known = false;
	for (; scanner->token == TOKEN_NAME; next(parser)) {
		if (ev_trace_is_name(scanner, "unsigned"))
			is_unsigned = known = true;
		if (ev_trace_is_name(scanner, "long"))
			longs++;
		if (ev_trace_is_name(scanner, "int") && (longs || cast->type.size_bytes))
			continue; /* of long int, short int */
		for (size_t i = 0; i < EV_LENGTH(types); i++) {
			if (!ev_trace_is_name(scanner, types[i].name))
				continue;
			known = true;
			cast->type.size_bytes = types[i].size_bytes ? types[i].size_bytes
								    : parser->machine->long_bytes;
			cast->type.is_signed = types[i].is_signed;
		}
	}
	if (known && !cast->type.size_bytes)
		cast->type.size_bytes = 4; /* unsigned */
	if (longs > 1)
		cast->type.size_bytes = 8;
	if (is_unsigned)
		cast->type.is_signed = false;
	while (ev_trace_take_sign(parser, '*'))
		cast->type.is_pointer = true;
	return ev_trace_need_sign(parser, ')');
}

/* Behind an opening parenthesis: does a type stand in it? */
static bool is_cast(const struct trace_parser *parser)
{
	struct trace_scanner look = *parser->scanner;
	if (look.token != TOKEN_NAME || ev_trace_is_name(&look, "REC"))
		return false;
	if (is_type_word(&look))
		return true;
	while (look.token == TOKEN_NAME)
		ev_trace_scan(&look);
	bool starred = ev_trace_is_sign(&look, '*');
	while (ev_trace_is_sign(&look, '*'))
		ev_trace_scan(&look);
	if (!ev_trace_is_sign(&look, ')'))
		return false;
	ev_trace_scan(&look);
	return starred || look.token == TOKEN_NAME || look.token == TOKEN_NUMBER ||
	       ev_trace_is_sign(&look, '(');
}

/* ---- fields and operators -------------------------------------------------------------------- */

/* The field that is named here; the name is taken. */
const struct trace_field *ev_trace_parse_field(struct trace_parser *parser)
{
	const struct trace_scanner *scanner = parser->scanner;
	const struct trace_format *format = parser->format;
	for (size_t i = 0; i < format->fields.count; i++) {
		if (!ev_trace_is_name(scanner, format->fields.items[i].name))
			continue;
		next(parser);
		return &format->fields.items[i];
	}
	fail(parser, "there is no field '%.*s'", scanner->start,
	     scanner->token == TOKEN_NAME ? scanner->length : 0);
	return NULL;
}

/* Behind REC: "->field". */
static const struct trace_node *parse_record(struct trace_parser *parser)
{
	const struct trace_field *field =
		ev_trace_need_sign(parser, OP_ARROW) ? ev_trace_parse_field(parser) : NULL;
	struct trace_node *node = field ? ev_trace_node_new(parser, NODE_FIELD, NULL, NULL) : NULL;
	if (node)
		node->field = field;
	return node;
}

static const struct trace_node *parse_name(struct trace_parser *parser)
{
	struct trace_scanner *scanner = parser->scanner;
	const char *name = scanner->start;
	size_t length = scanner->length;
	bool record = ev_trace_is_name(scanner, "REC");
	struct trace_node *node;
	next(parser);
	if (record)
		return parse_record(parser);
	if (ev_trace_take_sign(parser, '('))
		return ev_trace_parse_call(parser, name, length);
	node = ev_trace_node_new(parser, NODE_UNKNOWN, NULL, NULL);
	node->text = ev_arena_text(scanner->arena, name, length);
	return node;
}

static const struct trace_node *parse_primary(struct trace_parser *parser)
{
	struct trace_scanner *scanner = parser->scanner;
	struct trace_node *node;
	switch (scanner->token) {
	case TOKEN_NUMBER:
		node = ev_trace_node_new(parser, NODE_NUMBER, NULL, NULL);
		node->number = scanner->number;
		next(parser);
		return node;
	case TOKEN_TEXT:
		node = ev_trace_node_new(parser, NODE_TEXT, NULL, NULL);
		node->text = scanner->text;
		next(parser);
		return node;
	case TOKEN_NAME:
		return parse_name(parser);
	default:
		return ev_trace_fail_here(parser);
	}
}

static const struct trace_node *parse_postfix(struct trace_parser *parser,
					      const struct trace_node *node)
{
	while (node && ev_trace_take_sign(parser, '[')) {
		const struct trace_node *index = ev_trace_parse_choice(parser);
		node = index && ev_trace_need_sign(parser, ']')
			       ? ev_trace_node_new(parser, NODE_INDEX, node, index)
			       : NULL;
	}
	if (node &&
	    (ev_trace_is_sign(parser->scanner, OP_ARROW) || ev_trace_is_sign(parser->scanner, '.')))
		return fail(parser, "it looks into a structure%.*s", "", 0);
	return node;
}

static const struct trace_node *parse_parenthesis(struct trace_parser *parser)
{
	if (is_cast(parser)) {
		struct trace_node *cast = ev_trace_node_new(parser, NODE_CAST, NULL, NULL);
		if (!ev_trace_parse_type(parser, cast))
			return NULL;
		const struct trace_node *what = parse_unary(parser);
		struct trace_node *node =
			what ? ev_trace_node_new(parser, NODE_CAST, what, NULL) : NULL;
		if (node)
			node->type = cast->type;
		return node;
	}
	if (ev_trace_is_name(parser->scanner, "REC")) { /* (REC)->field */
		struct trace_scanner look = *parser->scanner;
		ev_trace_scan(&look);
		if (ev_trace_is_sign(&look, ')')) {
			*parser->scanner = look;
			next(parser);
			return parse_postfix(parser, parse_record(parser));
		}
	}
	const struct trace_node *node = ev_trace_parse_choice(parser);
	return node && ev_trace_need_sign(parser, ')') ? parse_postfix(parser, node) : NULL;
}

static const struct trace_node *parse_unary(struct trace_parser *parser)
{
	static const char signs[] = "-~!+&*";
	const struct trace_scanner *scanner = parser->scanner;
	const struct trace_node *node;
	if (++parser->nesting > DEPTH_LIMIT)
		return fail(parser, "too deep%.*s", "", 0);
	if (ev_trace_take_sign(parser, '(')) {
		node = parse_parenthesis(parser);
	} else if (scanner->token == TOKEN_SIGN && scanner->sign < 256 &&
		   memchr(signs, scanner->sign, sizeof(signs) - 1)) {
		int sign = scanner->sign;
		next(parser);
		const struct trace_node *what = parse_unary(parser);
		struct trace_node *unary =
			what ? ev_trace_node_new(parser, NODE_UNARY, what, NULL) : NULL;
		if (unary)
			unary->operator_ = sign;
		node = unary;
	} else {
		node = parse_postfix(parser, parse_primary(parser));
	}
	parser->nesting--;
	return node;
}

static int rank_of(const struct trace_scanner *scanner)
{
	static const struct {
		int sign, rank;
	} ranks[] = { { '*', 10 },   { '/', 10 },   { '%', 10 },  { '+', 9 }, { '-', 9 },
		      { OP_SHL, 8 }, { OP_SHR, 8 }, { '<', 7 },   { '>', 7 }, { OP_LE, 7 },
		      { OP_GE, 7 },  { OP_EQ, 6 },  { OP_NE, 6 }, { '&', 5 }, { '^', 4 },
		      { '|', 3 },    { OP_AND, 2 }, { OP_OR, 1 } };
	for (size_t i = 0; i < EV_LENGTH(ranks) && scanner->token == TOKEN_SIGN; i++)
		if (ranks[i].sign == scanner->sign)
			return ranks[i].rank;
	return 0;
}

static const struct trace_node *parse_binary(struct trace_parser *parser, int lowest)
{
	const struct trace_node *left = parse_unary(parser);
	int rank;
	while (left && (rank = rank_of(parser->scanner)) >= lowest && rank) {
		int sign = parser->scanner->sign;
		next(parser);
		const struct trace_node *right = parse_binary(parser, rank + 1);
		struct trace_node *node =
			right ? ev_trace_node_new(parser, NODE_BINARY, left, right) : NULL;
		if (node)
			node->operator_ = sign;
		left = node;
	}
	return left;
}

const struct trace_node *ev_trace_parse_choice(struct trace_parser *parser)
{
	if (++parser->nesting > DEPTH_LIMIT)
		return fail(parser, "too deep%.*s", "", 0);
	const struct trace_node *node = parse_binary(parser, 1);
	if (node && ev_trace_take_sign(parser, '?')) {
		const struct trace_node *yes = ev_trace_parse_choice(parser);
		const struct trace_node *no = yes && ev_trace_need_sign(parser, ':')
						      ? ev_trace_parse_choice(parser)
						      : NULL;
		struct trace_node *choice =
			no ? ev_trace_node_new(parser, NODE_CHOICE, yes, no) : NULL;
		if (choice) {
			choice->third = node;
			choice->unknown |= node->unknown;
			if (node->depth >= choice->depth)
				choice->depth = node->depth + 1;
			if (choice->depth > DEPTH_LIMIT)
				return fail(parser, "too deep%.*s", "", 0);
		}
		node = choice;
	}
	parser->nesting--;
	return node;
}

const struct trace_node *ev_trace_expression(struct trace_scanner *scanner,
					     const struct trace_format *format,
					     const struct trace_machine *machine,
					     const char **failure)
{
	struct trace_parser parser = { .scanner = scanner, .format = format, .machine = machine };
	const struct trace_node *node = ev_trace_parse_choice(&parser);
	if (!node)
		*failure = parser.failure ? parser.failure : "not understood";
	return node;
}
