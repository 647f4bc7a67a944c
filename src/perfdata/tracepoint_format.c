/* A tracepoint's `format` file -> its fields, and its `print fmt` cut into pieces. */
#include <stdlib.h>
#include <string.h>
#include "tracepoint.h"

/* Each name in print fmt is looked for among them all: more than any kernel's would take hours. */
enum { FIELDS_LIMIT = 1024 };

/* ---- fields ---------------------------------------------------------------------------------- */

struct words {
	const char *at, *end;
};

/* "\tkey:" and what stands behind it up to ';', NULL when there is none in this line. */
static const char *value_of(struct words line, const char *key, size_t *length)
{
	size_t key_bytes = strlen(key);
	for (const char *at = line.at; at + key_bytes < line.end; at++) {
		if (memcmp(at, key, key_bytes) || at[key_bytes] != ':')
			continue;
		const char *value = at + key_bytes + 1;
		const char *stop = memchr(value, ';', (size_t)(line.end - value));
		*length = stop ? (size_t)(stop - value) : 0;
		return stop ? value : NULL;
	}
	return NULL;
}

static uint32_t number_of(struct words line, const char *key)
{
	size_t length;
	const char *value = value_of(line, key, &length);
	uint64_t number = 0;
	char text[16];
	if (!value || length >= sizeof(text))
		return 0;
	memcpy(text, value, length);
	text[length] = 0;
	return ev_parse_u64(text, &number) || number > UINT32_MAX ? 0 : (uint32_t)number;
}

static bool has_word(const char *type, size_t length, const char *word)
{
	return memmem(type, length, word, strlen(word)) != NULL;
}

static unsigned flags_of_type(const char *type, size_t length, bool array)
{
	unsigned flags = 0;
	if (has_word(type, length, "__data_loc"))
		flags |= FIELD_DYNAMIC;
	if (has_word(type, length, "__rel_loc"))
		flags |= FIELD_DYNAMIC | FIELD_RELATIVE;
	if (!flags && memchr(type, '*', length))
		flags |= FIELD_POINTER;
	if ((array || flags & FIELD_DYNAMIC) && has_word(type, length, "char") &&
	    !has_word(type, length, "unsigned") && !(flags & FIELD_POINTER))
		flags |= FIELD_TEXT;
	if (has_word(type, length, "long"))
		flags |= FIELD_LONG;
	return flags;
}

/* Bytes of one item of a dynamic array, whose own size is that of its locator. */
static uint32_t element_of_type(const char *type, size_t length)
{
	static const struct {
		const char *word;
		uint32_t size_bytes;
	} sizes[] = { { "char", 1 }, { "64", 8 },    { "32", 4 },  { "16", 2 },
		      { "8", 1 },    { "short", 2 }, { "int", 4 }, { "long", 8 } };
	for (size_t i = 0; i < EV_LENGTH(sizes); i++)
		if (has_word(type, length, sizes[i].word))
			return sizes[i].size_bytes;
	return 1;
}

/* "unsigned char name[16]", "__data_loc char[] name" */
static void add_field(struct trace_format *format, struct words line, bool common,
		      struct ev_arena *arena)
{
	size_t length;
	const char *type = value_of(line, "field", &length);
	struct trace_field field = { .offset = number_of(line, "offset"),
				     .size_bytes = number_of(line, "size") };
	if (!type)
		return;
	if (format->fields.count == FIELDS_LIMIT) {
		format->failure =
			ev_arena_printf(arena, "it has more than %d fields", FIELDS_LIMIT);
		return;
	}
	size_t end = length, items = 0;
	bool array = length && type[length - 1] == ']';
	if (array) {
		while (end && type[end - 1] != '[')
			end--;
		if (end)
			items = strtoul(type + end, NULL, 0);
		end = end ? end - 1 : 0;
	}
	size_t start = end;
	while (start && !strchr(" *", type[start - 1]))
		start--;
	field.name = ev_arena_text(arena, type + start, end - start);
	array |= memchr(type, '[', length) != NULL;
	field.flags = flags_of_type(type, start, array);
	if (number_of(line, "signed"))
		field.flags |= FIELD_SIGNED;
	if (common)
		field.flags |= FIELD_COMMON;
	if (field.flags & FIELD_DYNAMIC) {
		field.element_bytes = element_of_type(type, start);
	} else if (array) {
		field.flags |= FIELD_ARRAY;
		field.element_bytes =
			items && field.size_bytes % items == 0 && field.size_bytes >= items
				? (uint32_t)(field.size_bytes / items)
				: 1;
	}
	*ev_array_add(&format->fields) = field;
}

/* ---- print fmt ------------------------------------------------------------------------------- */

static bool is_one_of(char letter, const char *letters)
{
	return letter && strchr(letters, letter);
}

static const char *parse_count(const char *at, int *count)
{
	if (*at == '*') {
		*count = -2;
		return at + 1;
	}
	*count = 0;
	while (*at >= '0' && *at <= '9') {
		*count = *count * 10 + (*at++ - '0');
		if (*count > 512)
			*count = 512;
	}
	return at;
}

/* Behind '%'; NULL for a conversion that is not known. */
static const char *parse_conversion(struct trace_piece *piece, const char *at,
				    const struct trace_machine *machine)
{
	size_t flags = 0;
	unsigned longs = 0, shorts = 0;
	piece->width = piece->precision = -1;
	for (; is_one_of(*at, "-+ #0"); at++)
		if (flags + 1 < sizeof(piece->flags) && !strchr(piece->flags, *at))
			piece->flags[flags++] = *at;
	if (*at == '*' || (*at >= '1' && *at <= '9'))
		at = parse_count(at, &piece->width);
	if (*at == '.')
		at = parse_count(at + 1, &piece->precision);
	for (; is_one_of(*at, "lhzLqjt"); at++) {
		longs += *at == 'l' || *at == 'z' || *at == 't' ? 1 : *at == 'h' ? 0 : 2;
		shorts += *at == 'h';
	}
	piece->size_bytes = longs > 1    ? 8
			    : longs      ? machine->long_bytes
			    : shorts > 1 ? 1
			    : shorts     ? 2
					 : 4;
	if (!is_one_of(*at, "diuxXocsp"))
		return NULL;
	piece->conversion = *at == 'i' ? 'd' : *at;
	if (*at++ != 'p')
		return at;
	/* %pS, %pI4, %pISpc: letters and digits that belong to it. */
	static const char *const kinds[] = { "SR",  "I6c", "ISpc", "ISc", "I4", "I6", "i4", "i6",
					     "ISp", "IS",  "Mf",   "MF",  "M",  "m",  "U",  "S",
					     "s",   "F",   "f",    "B",   "K",  "x",  "bl" };
	for (size_t i = 0; i < EV_LENGTH(kinds); i++) {
		size_t length = strlen(kinds[i]);
		if (strncmp(at, kinds[i], length))
			continue;
		memcpy(piece->pointer, kinds[i], length < 3 ? length : 3);
		at += length;
		if (is_one_of(*piece->pointer, "U"))
			while (is_one_of(*at, "bBlL"))
				at++;
		if (is_one_of(*piece->pointer, "Ii"))
			while (is_one_of(*at, "hnbl"))
				at++;
		break;
	}
	return at;
}

/* One argument, behind its comma. */
static const struct trace_node *parse_argument(struct trace_format *format,
					       struct trace_scanner *scanner,
					       const struct trace_machine *machine)
{
	if (!ev_trace_is_sign(scanner, ',')) {
		format->failure = "it has too few arguments";
		return NULL;
	}
	ev_trace_scan(scanner);
	return ev_trace_expression(scanner, format, machine, &format->failure);
}

static bool parse_arguments(struct trace_format *format, struct trace_piece *piece,
			    struct trace_scanner *scanner, const struct trace_machine *machine)
{
	if (piece->width == -2 && !(piece->width_from = parse_argument(format, scanner, machine)))
		return false;
	if (piece->precision == -2 &&
	    !(piece->precision_from = parse_argument(format, scanner, machine)))
		return false;
	piece->argument = parse_argument(format, scanner, machine);
	return piece->argument;
}

static void parse_print(struct trace_format *format, const char *text, const char *end,
			const struct trace_machine *machine, struct ev_arena *arena)
{
	struct trace_scanner scanner = { .at = text, .end = end, .arena = arena };
	ev_trace_scan(&scanner);
	if (scanner.token != TOKEN_TEXT) {
		format->failure = "it has no format";
		return;
	}
	const char *at = scanner.text, *literal = at;
	ev_trace_scan(&scanner);
	for (; *at && !format->failure; literal = at) {
		at = strchrnul(at, '%');
		struct trace_piece piece = { .literal = literal,
					     .literal_bytes = (size_t)(at - literal) };
		if (*at && at[1] == '%') {
			piece.literal_bytes++;
			at += 2;
		} else if (*at) {
			at = parse_conversion(&piece, at + 1, machine);
			if (!at) {
				format->failure = "it has a conversion that is not known";
				return;
			}
			if (!parse_arguments(format, &piece, &scanner, machine))
				return;
		}
		*ev_array_add(&format->pieces) = piece;
	}
}

bool ev_trace_format_parse(struct trace_format *format, const char *text, size_t size_bytes,
			   const struct trace_machine *machine, struct ev_arena *arena)
{
	static const char print[] = "print fmt:";
	const char *at = text, *end = text + size_bytes;
	bool common = true, named = false;
	while (at < end) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		struct words line = { at, stop ? stop : end };
		size_t length = (size_t)(line.end - at), value_bytes;
		if (length > sizeof(print) && !memcmp(at, print, sizeof(print) - 1)) {
			/* The only one that may be of several lines, and the last. */
			if (!format->failure)
				parse_print(format, at + sizeof(print) - 1, end, machine, arena);
			return named;
		}
		if (length > 6 && !memcmp(at, "name: ", 6)) {
			format->name = ev_arena_text(arena, at + 6, length - 6);
			named = true;
		} else if (length > 4 && !memcmp(at, "ID: ", 4)) {
			char number[16] = "";
			uint64_t id;
			memcpy(number, at + 4, length - 4 < 15 ? length - 4 : 15);
			if (!ev_parse_u64(number, &id))
				format->id = (uint32_t)id;
		} else if (value_of(line, "field", &value_bytes)) {
			add_field(format, line, common, arena);
		} else if (!length && format->fields.count) {
			common = false; /* an empty line ends the common ones */
		}
		at = stop ? stop + 1 : end;
	}
	if (!format->failure)
		format->failure = "it has no format";
	return named;
}

void ev_trace_format_done(struct trace_format *format)
{
	ev_array_done(&format->fields);
	ev_array_done(&format->pieces);
}
