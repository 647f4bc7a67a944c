/* What was typed becomes what is shown: keys, columns, format; and which objects lack names. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "report.h"

static int parse_widths(struct report_options *options, struct ev_err *err)
{
	EV_ARRAY(uint32_t) widths = { 0 };
	char *words = ev_strdup(options->widths), *rest = words;
	int rc = 0;
	for (char *word; !rc && (word = strsep(&rest, ","));) {
		uint64_t width;
		if (ev_parse_u64(word, &width) || width > 10000)
			rc = ev_fail(err, EINVAL,
				     "-w takes column widths such as 10,20,40, not '%s'",
				     options->widths);
		else
			*ev_array_add(&widths) = (uint32_t)width;
	}
	free(words);
	options->view.widths = widths.items;
	options->view.width_count = widths.count;
	return rc;
}

static int parse_format(struct report_options *options, struct report_plan *plan,
			struct ev_err *err)
{
	const char *name = options->format ? options->format : "text";
	plan->format = ev_report_format_find(name);
	if (plan->format)
		return 0;
	struct ev_buffer names = { 0 };
	for (size_t i = 0; i < ev_report_format_count; i++)
		ev_buffer_printf(&names, "%s%s", i ? ", " : "", ev_report_formats[i].name);
	ev_buffer_u8(&names, 0);
	int rc = ev_fail(err, EINVAL, "there is no format '%s'; there are %s", name,
			 (char *)names.bytes);
	ev_buffer_done(&names);
	return rc;
}

/* A file that was named must be there: without it other names would be shown, silently. */
static int check_named_files(const struct ev_symbolizer_options *symbols, struct ev_err *err)
{
	const char *const named[] = { symbols->symfs, symbols->kallsyms, symbols->vmlinux };
	for (size_t i = 0; i < EV_LENGTH(named); i++)
		if (named[i] && access(named[i], R_OK))
			return ev_fail(err, errno, "cannot read '%s': %m", named[i]);
	return 0;
}

/* Only instructions that are shown have a style; it is checked here and kept for those. */
static int check_style(const char *style, struct ev_err *err)
{
	if (!style || !strcmp(style, "intel") || !strcmp(style, "att"))
		return 0;
	return ev_fail(err, EINVAL, "-M takes intel or att, not '%s'", style);
}

static int parse_small(struct report_options *options, struct ev_err *err)
{
	const char *percentage = options->percentage, *separator = options->separator;
	if (percentage && strcmp(percentage, "relative") && strcmp(percentage, "absolute"))
		return ev_fail(err, EINVAL, "--percentage is relative or absolute, not '%s'",
			       percentage);
	options->filter.absolute = !percentage || !strcmp(percentage, "absolute");
	if (separator && (strlen(separator) != 1) && strcmp(separator, "\\t"))
		return ev_fail(err, EINVAL, "-t takes one character, not '%s'", separator);
	if (separator)
		options->view.separator = *separator == '\\' ? '\t' : *separator;
	if (options->view.percent_limit < 0 || options->view.percent_limit > 100)
		return ev_fail(err, EINVAL, "--percent-limit is a percentage");
	return 0;
}

bool report_wants_children(const struct report_options *options, const struct report_plan *plan)
{
	bool text = plan->format == ev_report_format_find("text");
	if (options->children != 1)
		return options->children;
	return options->view.chains != EV_CHAIN_NONE || !text ||
	       report_has_field(plan, EV_FIELD_CHILDREN);
}

int report_plan(struct report_options *options, struct report_plan *plan, struct ev_err *err)
{
	int rc = parse_format(options, plan, err);
	if (!rc)
		rc = parse_small(options, err);
	if (!rc)
		rc = check_named_files(&options->symbols, err);
	if (!rc)
		rc = check_style(options->style, err);
	if (!rc && options->widths)
		rc = parse_widths(options, err);
	if (!rc)
		rc = report_columns(options, plan, err);
	if (!rc && !options->order_given)
		options->view.order =
			report_wants_children(options, plan) ? EV_CHAIN_CALLER : EV_CHAIN_CALLEE;
	options->view.groups = options->group > 0;
	options->view.group = options->group > 1;
	return rc;
}

void report_plan_done(struct report_plan *plan)
{
	ev_array_done(&plan->columns);
	ev_array_done(&plan->order);
}

/* ---- objects without names ---------------------------------------------------------------------
 */

void report_worst(struct ev_report *report, struct ev_symbolizer *symbolizer)
{
	struct ev_unresolved worst[EV_LENGTH(report->worst)];
	report->worst_count = ev_named_unresolved(report->named, worst, EV_LENGTH(worst));
	for (size_t i = 0; i < report->worst_count; i++) {
		report->worst[i].object = worst[i].object;
		report->worst[i].samples = worst[i].samples;
		report->worst[i].trouble = ev_symbolizer_trouble(symbolizer, worst[i].object);
	}
}
