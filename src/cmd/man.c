/* A verb's table becomes its manual page (man(7) macros), so that help and manual cannot differ. */
#include <string.h>
#include "options.h"

/* Text in which nothing is a roff request or escape. */
static void put(FILE *out, const char *text)
{
	bool line_start = true;
	for (; *text; text++) {
		if (line_start && (*text == '.' || *text == '\''))
			fputs("\\&", out);
		if (*text == '\\')
			fputs("\\e", out);
		else if (*text == '-')
			fputs("\\-", out);
		else
			putc(*text, out);
		line_start = *text == '\n';
	}
}

static void put_option(FILE *out, const struct option_row *row)
{
	fputs(".TP\n", out);
	if (row->letter)
		fprintf(out, "\\fB\\-%c\\fR, ", row->letter);
	fputs("\\fB\\-\\-", out);
	put(out, row->name);
	fputs("\\fR", out);
	if (row->value) {
		fputs(row->value_is_optional ? "[=\\fI" : " \\fI", out);
		put(out, row->value);
		fputs(row->value_is_optional ? "\\fR]" : "\\fR", out);
	}
	putc('\n', out);
	put(out, row->help);
	putc('\n', out);
}

void print_manual(FILE *out, const struct verb *verb)
{
	fprintf(out, ".TH EVPROF\\-%s 1 \"\" \"evprof %s\"\n.SH NAME\nevprof\\-%s \\- ", verb->name,
		EV_VERSION, verb->name);
	put(out, verb->about);
	fprintf(out, "\n.SH SYNOPSIS\n.B evprof %s\n", verb->name);
	put(out, verb->synopsis);
	fputs("\n.SH OPTIONS\n", out);
	for (const struct option_row *row = verb->options; row->name; row++) {
		if (!*row->name) {
			fputs(".SS ", out);
			put(out, row->help);
			putc('\n', out);
		} else if (!row->hidden) {
			put_option(out, row);
		}
	}
	fputs(".SH EXAMPLES\n", out);
	for (const struct example *e = verb->examples; e && e->command; e++) {
		fputs(".TP\n.B ", out);
		put(out, e->command);
		putc('\n', out);
		put(out, e->about);
		putc('\n', out);
	}
	if (verb->notes) {
		fputs(".SH NOTES\n", out);
		put(out, verb->notes);
		putc('\n', out);
	}
	fputs(".SH SEE ALSO\n.BR evprof (1),\n.BR perf (1)\n", out);
}
