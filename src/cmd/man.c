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

static void print_examples(FILE *out, const struct example *examples)
{
	fputs(".SH EXAMPLES\n", out);
	for (const struct example *e = examples; e && e->command; e++) {
		fputs(".TP\n.B ", out);
		put(out, e->command);
		putc('\n', out);
		put(out, e->about);
		putc('\n', out);
	}
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
	print_examples(out, verb->examples);
	if (verb->notes) {
		fputs(".SH NOTES\n", out);
		put(out, verb->notes);
		putc('\n', out);
	}
	fputs(".SH SEE ALSO\n.BR evprof (1),\n.BR perf (1)\n", out);
}

/* The page of the program itself, which those of its verbs refer to. */
void print_program_manual(FILE *out, const struct verb *program, const struct verb *const *verbs,
			  size_t count)
{
	fputs(".TH EVPROF 1 \"\" \"evprof " EV_VERSION "\"\n.SH NAME\nevprof \\- tells where a "
	      "program spends its events\n.SH SYNOPSIS\n.B evprof\n",
	      out);
	put(out, program->synopsis);
	fputs("\n.SH DESCRIPTION\n", out);
	put(out, program->about);
	fputs("\n.SH COMMANDS\n", out);
	for (size_t i = 0; i < count; i++) {
		fprintf(out, ".TP\n.BR evprof\\-%s (1)\n", verbs[i]->name);
		put(out, verbs[i]->about);
		putc('\n', out);
	}
	print_examples(out, program->examples);
	fputs(".SH SEE ALSO\n", out);
	for (size_t i = 0; i < count; i++)
		fprintf(out, ".BR evprof\\-%s (1),\n", verbs[i]->name);
	fputs(".BR perf (1)\n", out);
}
