/* What was typed becomes what is shown: keys, columns, format; and which objects lack names. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "join.h"
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
	const char *name = options->format      ? options->format
			   : options->view.peek ? "pprof-tree"
						: "text";
	plan->format = ev_report_format_find(name);
	if (plan->format && options->view.peek && strcmp(name, "pprof-tree"))
		return ev_fail(err, EINVAL, "--peek has a format of its own: not with --format %s",
			       name);
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
	if (options->inverted) {
		options->view.order = EV_CHAIN_CALLER;
		options->order_given = true;
		if (options->view.chains == EV_CHAIN_NONE)
			options->view.chains = EV_CHAIN_GRAPH;
	}
	return 0;
}

/* ---- what counts ------------------------------------------------------------------------------
 */

/* Before columns are chosen: what they are by default. */
static int choose_modes(struct report_options *options, const struct report_plan *plan,
			struct ev_err *err)
{
	if (options->by_branch && options->by_weight)
		return ev_fail(err, EINVAL, "-b counts branches, --mem-mode weights: not both");
	if (options->by_branch && options->branch_history)
		return ev_fail(err, EINVAL,
			       "-b shows branches one by one, --branch-history in stacks: not "
			       "both");
	if (options->view.hierarchy && options->fields)
		return ev_fail(err, EINVAL, "--hierarchy goes by the keys of -s: not with -F");
	if (options->view.hierarchy && !plan->format->text)
		return ev_fail(err, EINVAL, "--hierarchy is a layout of text: not with --format %s",
			       plan->format->name);
	if (options->by_weight || options->view.hierarchy)
		options->children = false;
	if (options->branch_history && options->view.chains == EV_CHAIN_NONE)
		options->view.chains = EV_CHAIN_GRAPH;
	return 0;
}

/* Keys of branches want branches to count. */
static int settle_modes(struct report_options *options, const struct report_plan *plan,
			struct ev_err *err)
{
	for (enum ev_key key = 0; key < EV_KEY_COUNT; key++) {
		if (!ev_keys[key].of_branch || !report_has_key(plan, key))
			continue;
		if (options->by_weight || options->branch_history)
			return ev_fail(err, EINVAL, "the key %s is of branches: not with %s",
				       ev_keys[key].name,
				       options->by_weight ? "--mem-mode" : "--branch-history");
		options->by_branch = true;
	}
	if (plan->format->by_function && (plan->key_count != 1 || !ev_keys[plan->keys[0]].of_frame))
		return ev_fail(err, EINVAL,
			       "--format %s goes by one key: -s sym, srcline, srcfile or dso",
			       plan->format->name);
	if (options->by_branch) {
		options->children = false;
		options->view.chains = EV_CHAIN_NONE;
	}
	return 0;
}

bool report_wants_children(const struct report_options *options, const struct report_plan *plan)
{
	bool text = plan->format->text;
	if (options->children != 1)
		return options->children;
	return options->view.chains != EV_CHAIN_NONE || !text ||
	       report_has_field(plan, EV_FIELD_CHILDREN);
}

int report_plan(struct report_options *options, struct report_plan *plan, struct ev_err *err)
{
	int rc = parse_format(options, plan, err);
	if (!rc)
		rc = choose_modes(options, plan, err);
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
	if (!rc)
		rc = report_filters(options, plan, err);
	if (!rc)
		rc = settle_modes(options, plan, err);
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
	ev_array_done(&plan->filters);
	ev_arena_done(&plan->texts);
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

void report_worst_joined(struct ev_report *report, const struct joined *joined)
{
	struct ev_unresolved worst[EV_LENGTH(report->worst)];
	report->worst_count = ev_named_unresolved(report->named, worst, EV_LENGTH(worst));
	for (size_t i = 0; i < report->worst_count; i++) {
		report->worst[i].object = worst[i].object;
		report->worst[i].samples = worst[i].samples;
		report->worst[i].trouble = joined_trouble(joined, worst[i].object);
	}
}
