/* A verb's table becomes its help, in lines that the terminal has room for. */
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "options.h"

enum {
	OPTION_WIDTH = 30,          /* what an option is called, where it is not longer */
	TEXT_AT = 3 + OPTION_WIDTH, /* where what it does begins */
	NARROW_AT = 10,             /* and on a terminal that has hardly room behind that */
	NARROW_TEXT = 28,
};

/* The columns of the terminal that `out` is; 0 where it is none. */
static unsigned width_of(FILE *out)
{
	struct winsize size;
	return isatty(fileno(out)) && !ioctl(fileno(out), TIOCGWINSZ, &size) ? size.ws_col : 0;
}

/* How many columns the bytes take: of UTF-8 the first byte of each character. */
static unsigned columns_of(const char *text, size_t length)
{
	unsigned columns = 0;
	for (size_t i = 0; i < length; i++)
		columns += ((unsigned char)text[i] & 0xc0) != 0x80;
	return columns;
}

void print_wrapped(FILE *out, const char *text, unsigned indent)
{
	unsigned width = width_of(out), at = indent;
	for (const char *gap = ""; *text;) {
		size_t length = strcspn(text, " \n");
		unsigned columns = columns_of(text, length);
		if (width && *gap == ' ' && at + 1 + columns > width) {
			fprintf(out, "\n%*s", (int)indent, "");
			at = indent;
			gap = "";
		}
		fprintf(out, "%s%.*s", gap, (int)length, text);
		at += (unsigned)strlen(gap) + columns;
		gap = " ";
		text += length;
		if (*text == '\n') {
			fprintf(out, "\n%*s", text[1] ? (int)indent : 0, "");
			at = indent;
			gap = "";
		}
		text += *text ? 1 : 0;
	}
	putc('\n', out);
}

static bool mentions(const struct option_row *row, const char *keyword)
{
	return !keyword || strstr(row->name, keyword) || strstr(row->help, keyword);
}

static void print_option(FILE *out, const struct option_row *row)
{
	char words[120];
	unsigned width = width_of(out);
	int used = row->letter ? snprintf(words, sizeof(words), "-%c, --%s", row->letter, row->name)
			       : snprintf(words, sizeof(words), "    --%s", row->name);
	if (row->value)
		snprintf(words + used, sizeof(words) - (size_t)used,
			 row->value_is_optional ? "[=%s]" : " %s", row->value);
	bool is_narrow = width && width < TEXT_AT + NARROW_TEXT;
	unsigned indent = is_narrow ? NARROW_AT : TEXT_AT;
	if (is_narrow || strlen(words) > OPTION_WIDTH)
		fprintf(out, "  %s\n%*s", words, (int)indent, "");
	else
		fprintf(out, "  %-*s ", OPTION_WIDTH, words);
	print_wrapped(out, row->help, indent);
}

void print_usage(FILE *out, const struct verb *verb, const char *keyword)
{
	fprintf(out, "usage: evprof %s %s\n\n", verb->name, verb->synopsis);
	print_wrapped(out, verb->about, 0);
	if (!verb->options)
		return;
	for (const struct option_row *row = verb->options; row->name; row++) {
		if (!*row->name && !keyword)
			fprintf(out, "\n%s\n", row->help);
		else if (*row->name && !row->hidden && mentions(row, keyword))
			print_option(out, row);
	}
	if (verb->examples && verb->examples->command && !keyword) {
		fputs("\nExamples\n", out);
		for (const struct example *e = verb->examples; e->command; e++) {
			fprintf(out, "  %s\n      ", e->command);
			print_wrapped(out, e->about, 6);
		}
	}
	if (verb->notes && !keyword)
		fprintf(out, "\n%s\n", verb->notes);
}
