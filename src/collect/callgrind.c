/* Callgrind's text becomes lines of costs with full names and addresses: names are abbreviated
 * "(3)" after "(3) name", addresses are steps "+4" from the line before, "*" for none. */
#include <ctype.h>
#include <errno.h>
#include <string.h>
#include "callgrind.h"

enum { COLUMNS_MAX = 64, UNKNOWN = -1 };

/* Three lists of abbreviated names, each with numbers of its own. */
enum kind { OBJECT, SOURCE, FUNCTION };

struct span { /* the rest of a line */
	const char *at, *end;
};

struct reader {
	struct ev_strings *strings;
	struct ev_callgrind_header *header;
	struct ev_map names;      /* (number, kind) -> string id */
	int columns[COLUMNS_MAX]; /* enum ev_cost, or UNKNOWN */
	size_t column_count;
	size_t position_count, address_position; /* subpositions of a line, which is the address */
	uint64_t positions[2];
	struct ev_callgrind_line line; /* object and function of the lines to come */
	uint32_t called_object, called_function;
	bool has_called_object;
	uint64_t calls; /* the next line is what these cost */
	bool skip_line; /* the next line says where a jump was */
	ev_callgrind_take take;
	void *context;
};

/* ---- words -------------------------------------------------------------------------------------
 */

static void skip_spaces(struct span *text)
{
	while (text->at < text->end && (*text->at == ' ' || *text->at == '\t'))
		text->at++;
}

static bool begins(const struct span *text, const char *word)
{
	size_t length = strlen(word);
	return (size_t)(text->end - text->at) >= length && !memcmp(text->at, word, length);
}

static bool take_word(struct span *text, const char *word)
{
	if (!begins(text, word))
		return false;
	text->at += strlen(word);
	return true;
}

/* Decimal, or hexadecimal behind 0x. False for none, or one that does not fit. */
static bool take_number(struct span *text, uint64_t *value)
{
	bool hex = take_word(text, "0x") || take_word(text, "0X");
	const char *from = text->at;
	*value = 0;
	for (; text->at < text->end; text->at++) {
		unsigned char letter = (unsigned char)*text->at;
		unsigned digit;
		if (isdigit(letter))
			digit = letter - '0';
		else if (hex && isxdigit(letter))
			digit = (unsigned)tolower(letter) - 'a' + 10;
		else
			break;
		if (__builtin_mul_overflow(*value, hex ? 16u : 10u, value) ||
		    __builtin_add_overflow(*value, digit, value))
			return false;
	}
	return text->at > from;
}

static void copy(char *out, size_t size_bytes, const struct span *text)
{
	snprintf(out, size_bytes, "%.*s", (int)(text->end - text->at), text->at);
}

/* ---- header ------------------------------------------------------------------------------------
 */

static void read_columns(struct reader *reader, struct span text)
{
	static const char *const names[EV_COST_COUNT] = { "Ir",   "Dr",   "Dw",   "I1mr", "D1mr",
							  "D1mw", "ILmr", "DLmr", "DLmw", "Bc",
							  "Bcm",  "Bi",   "Bim" };
	reader->column_count = 0;
	for (skip_spaces(&text); text.at < text.end && reader->column_count < COLUMNS_MAX;
	     skip_spaces(&text)) {
		const char *from = text.at;
		while (text.at < text.end && *text.at != ' ' && *text.at != '\t')
			text.at++;
		size_t length = (size_t)(text.at - from);
		int *column = &reader->columns[reader->column_count++];
		*column = UNKNOWN;
		for (int i = 0; i < EV_COST_COUNT; i++)
			if (strlen(names[i]) == length && !memcmp(names[i], from, length))
				*column = i;
	}
}

static void read_positions(struct reader *reader, struct span text)
{
	reader->position_count = 0;
	reader->header->has_addresses = false;
	for (skip_spaces(&text); text.at < text.end && reader->position_count < 2;
	     skip_spaces(&text)) {
		const char *from = text.at;
		while (text.at < text.end && *text.at != ' ')
			text.at++;
		if (text.at - from == 5 && !memcmp(from, "instr", 5)) {
			reader->header->has_addresses = true;
			reader->address_position = reader->position_count;
		}
		reader->position_count++;
	}
}

/* "key: value" lines; another dump may begin with them in the midst of a file. */
static void read_header(struct reader *reader, struct span text)
{
	struct ev_callgrind_header *header = reader->header;
	uint64_t number;
	if (take_word(&text, "positions:")) {
		read_positions(reader, text);
	} else if (take_word(&text, "events:")) {
		read_columns(reader, text);
	} else if (take_word(&text, "creator: ")) {
		copy(header->creator, sizeof(header->creator), &text);
	} else if (take_word(&text, "cmd:")) {
		skip_spaces(&text);
		copy(header->command, sizeof(header->command), &text);
	} else if (take_word(&text, "pid: ")) {
		if (take_number(&text, &number) && number <= UINT32_MAX)
			header->pid = (uint32_t)number;
	} else if (take_word(&text, "thread: ")) {
		if (take_number(&text, &number) && number <= UINT32_MAX)
			header->thread = (uint32_t)number;
	} else if (begins(&text, "part:")) {
		header->complete = false;
	} else if (begins(&text, "totals:")) {
		header->complete = true;
	}
}

/* ---- names -------------------------------------------------------------------------------------
 */

/* "(12) name", "(12)" or "name". */
static uint32_t read_name(struct reader *reader, enum kind kind, struct span text)
{
	struct span rest = text;
	uint64_t number;
	if (!take_word(&rest, "(") || !take_number(&rest, &number) || !take_word(&rest, ")"))
		return ev_strings_add(reader->strings, text.at, (size_t)(text.end - text.at));
	skip_spaces(&rest);
	uint32_t *known = ev_map_add(&reader->names, number, kind, NULL);
	if (rest.at < rest.end)
		*known = ev_strings_add(reader->strings, rest.at, (size_t)(rest.end - rest.at));
	return *known;
}

/* True when the line was one. */
static bool read_place(struct reader *reader, struct span text)
{
	if (take_word(&text, "fn=")) {
		reader->line.function = read_name(reader, FUNCTION, text);
	} else if (take_word(&text, "ob=")) {
		reader->line.object = read_name(reader, OBJECT, text);
	} else if (take_word(&text, "cfn=")) {
		reader->called_function = read_name(reader, FUNCTION, text);
	} else if (take_word(&text, "cob=")) {
		reader->called_object = read_name(reader, OBJECT, text);
		reader->has_called_object = true;
	} else if (take_word(&text, "fl=") || take_word(&text, "fi=") || take_word(&text, "fe=") ||
		   take_word(&text, "cfi=") || take_word(&text, "cfl=")) {
		read_name(reader, SOURCE, text);
	} else {
		return false;
	}
	return true;
}

/* ---- costs -------------------------------------------------------------------------------------
 */

static bool take_position(struct span *text, uint64_t *position)
{
	uint64_t step;
	skip_spaces(text);
	if (take_word(text, "*"))
		return true;
	if (take_word(text, "+")) {
		if (!take_number(text, &step))
			return false;
		*position += step;
		return true;
	}
	if (take_word(text, "-")) {
		if (!take_number(text, &step))
			return false;
		*position -= step;
		return true;
	}
	return take_number(text, position);
}

/* Costs that are missing at the end of a line are 0. */
static bool take_costs(struct reader *reader, struct span *text, uint64_t costs[EV_COST_COUNT])
{
	memset(costs, 0, EV_COST_COUNT * sizeof(*costs));
	for (size_t i = 0;; i++) {
		uint64_t value;
		skip_spaces(text);
		if (text->at == text->end)
			return true;
		if (i == reader->column_count || !take_number(text, &value))
			return false;
		if (reader->columns[i] != UNKNOWN)
			costs[reader->columns[i]] = value;
	}
}

/* 1 for a line that is damaged. */
static int read_costs(struct reader *reader, struct span text, struct ev_err *err)
{
	struct ev_callgrind_line *line = &reader->line;
	for (size_t i = 0; i < reader->position_count; i++)
		if (!take_position(&text, &reader->positions[i]))
			return 1;
	if (reader->skip_line) {
		reader->skip_line = false;
		return 0;
	}
	if (!take_costs(reader, &text, line->costs))
		return 1;
	line->address =
		reader->header->has_addresses ? reader->positions[reader->address_position] : 0;
	line->calls = reader->calls;
	line->called_function = reader->called_function;
	line->called_object = reader->has_called_object ? reader->called_object : line->object;
	reader->calls = 0;
	if (line->calls)
		reader->has_called_object = false;
	return reader->take(reader->context, line, err);
}

/* "calls=COUNT TARGET": what they cost follows. */
static int read_calls(struct reader *reader, struct span text)
{
	if (!take_number(&text, &reader->calls))
		return 1;
	if (!reader->calls) /* unknown is not "no call" */
		reader->calls = 1;
	return 0;
}

/* ---- lines -------------------------------------------------------------------------------------
 */

static int read_line(struct reader *reader, struct span text, struct ev_err *err)
{
	if (text.at < text.end && text.end[-1] == '\r')
		text.end--;
	skip_spaces(&text);
	if (text.at == text.end || *text.at == '#')
		return 0;
	if (isdigit((unsigned char)*text.at) || strchr("+-*", *text.at))
		return reader->column_count ? read_costs(reader, text, err) : 1;
	if (read_place(reader, text))
		return 0;
	if (take_word(&text, "calls="))
		return read_calls(reader, text);
	if (begins(&text, "jump=") || begins(&text, "jcnd=")) {
		reader->skip_line = true;
		return 0;
	}
	if (!memchr(text.at, ':', (size_t)(text.end - text.at)))
		return 1;
	read_header(reader, text);
	return 0;
}

int ev_callgrind_parse(const char *text, size_t size_bytes, struct ev_strings *strings,
		       struct ev_callgrind_header *header, ev_callgrind_take take, void *context,
		       struct ev_err *err)
{
	struct reader reader = { .strings = strings,
				 .header = header,
				 .position_count = 1,
				 .take = take,
				 .context = context };
	const char *at = text, *end = text + size_bytes;
	size_t number = 0;
	int rc = 0;
	*header = (struct ev_callgrind_header){ 0 };
	while (at < end && !rc) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		number++;
		rc = read_line(&reader, (struct span){ at, stop ? stop : end }, err);
		at = stop ? stop + 1 : end;
	}
	ev_map_done(&reader.names);
	if (rc == 1)
		rc = ev_fail(err, EINVAL, "line %zu is not what callgrind writes", number);
	return rc;
}
