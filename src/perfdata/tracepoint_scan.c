/* C text of a tracepoint's `print fmt` -> tokens. */
#include <stdlib.h>
#include <string.h>
#include "tracepoint.h"

static bool is_letter(char letter)
{
	return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
	       letter == '_';
}

static bool is_digit(char letter)
{
	return letter >= '0' && letter <= '9';
}

static char unescaped(char letter)
{
	switch (letter) {
	case 'n':
		return '\n';
	case 't':
		return '\t';
	case 'r':
		return '\r';
	default:
		return letter;
	}
}

/* Where the text that begins behind a quote ends; NULL when nothing closes it. */
static const char *closing_quote(const char *at, const char *end)
{
	for (; at < end && *at != '"'; at++)
		if (*at == '\\' && at + 1 < end)
			at++;
	return at < end ? at : NULL;
}

/* The quote that opens a text right behind this one, NULL when there is none. */
static const char *next_quote(const char *at, const char *end)
{
	while (at < end && *at && strchr(" \t\n", *at))
		at++;
	return at < end && *at == '"' ? at : NULL;
}

/* Behind the opening quote; texts side by side are one. */
static void scan_text(struct trace_scanner *scanner)
{
	const char *begin = scanner->at, *end = scanner->end, *close = NULL;
	size_t length = 0;
	scanner->token = TOKEN_BAD;
	for (const char *at = begin - 1; at; at = next_quote(close + 1, end))
		if (!(close = closing_quote(at + 1, end)))
			return;
	char *text = ev_arena_take(scanner->arena, (size_t)(close - begin) + 1);
	for (const char *at = begin - 1; at; at = next_quote(at + 1, end))
		for (at++; *at != '"'; at++) {
			bool escaped = *at == '\\' && at + 1 < end;
			text[length++] = escaped ? unescaped(*++at) : *at;
		}
	scanner->at = close + 1;
	scanner->text = text;
	scanner->token = TOKEN_TEXT;
}

static void scan_number(struct trace_scanner *scanner)
{
	char digits[32];
	size_t length = 0, left = (size_t)(scanner->end - scanner->at);
	while (length < left && (is_letter(scanner->at[length]) || is_digit(scanner->at[length])))
		length++;
	scanner->token = TOKEN_BAD;
	if (length >= sizeof(digits))
		return;
	memcpy(digits, scanner->at, length);
	digits[length] = 0;
	char *rest;
	scanner->number = strtoull(digits, &rest, 0);
	if (rest[strspn(rest, "uUlL")])
		return;
	scanner->at += length;
	scanner->token = TOKEN_NUMBER;
}

static void scan_character(struct trace_scanner *scanner)
{
	const char *at = scanner->at + 1;
	scanner->token = TOKEN_BAD;
	if (scanner->end - at < 2)
		return;
	char letter = *at++;
	if (letter == '\\')
		letter = unescaped(*at++);
	if (at >= scanner->end || *at != '\'')
		return;
	scanner->number = (unsigned char)letter;
	scanner->at = at + 1;
	scanner->token = TOKEN_NUMBER;
}

static void scan_sign(struct trace_scanner *scanner)
{
	static const struct {
		char text[3];
		int sign;
	} doubles[] = { { "<<", OP_SHL }, { ">>", OP_SHR }, { "==", OP_EQ },
			{ "!=", OP_NE },  { "<=", OP_LE },  { ">=", OP_GE },
			{ "&&", OP_AND }, { "||", OP_OR },  { "->", OP_ARROW } };
	scanner->token = TOKEN_SIGN;
	for (size_t i = 0; i < EV_LENGTH(doubles); i++) {
		if (scanner->end - scanner->at < 2 || memcmp(scanner->at, doubles[i].text, 2))
			continue;
		scanner->sign = doubles[i].sign;
		scanner->at += 2;
		return;
	}
	scanner->sign = (unsigned char)*scanner->at++;
}

void ev_trace_scan(struct trace_scanner *scanner)
{
	while (scanner->at < scanner->end && strchr(" \t\n\r", *scanner->at) && *scanner->at)
		scanner->at++;
	if (scanner->at == scanner->end) {
		scanner->token = TOKEN_END;
		return;
	}
	char first = *scanner->at;
	if (is_letter(first)) {
		scanner->start = scanner->at;
		while (scanner->at < scanner->end &&
		       (is_letter(*scanner->at) || is_digit(*scanner->at)))
			scanner->at++;
		scanner->length = (size_t)(scanner->at - scanner->start);
		scanner->token = TOKEN_NAME;
	} else if (is_digit(first)) {
		scan_number(scanner);
	} else if (first == '"') {
		scanner->at++;
		scan_text(scanner);
	} else if (first == '\'') {
		scan_character(scanner);
	} else {
		scan_sign(scanner);
	}
}

bool ev_trace_is_name(const struct trace_scanner *scanner, const char *name)
{
	return scanner->token == TOKEN_NAME && strlen(name) == scanner->length &&
	       !memcmp(scanner->start, name, scanner->length);
}

bool ev_trace_is_sign(const struct trace_scanner *scanner, int sign)
{
	return scanner->token == TOKEN_SIGN && scanner->sign == sign;
}
