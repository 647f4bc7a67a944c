/* The last line of a text report: the command that says more about this very data. */
#include <string.h>
#include "report.h"

static bool has_key(const struct ev_table *table, enum ev_key key)
{
	for (size_t i = 0; i < table->key_count; i++)
		if (table->keys[i] == key)
			return true;
	return false;
}

static bool has_stacks(const struct ev_report *report)
{
	return report->named->profile->quality.with_stack > 0;
}

static bool without_samples(const struct ev_report *report, const struct ev_report_options *options)
{
	(void)options;
	return !report->named->profile->quality.samples;
}

static bool losing(const struct ev_report *report, const struct ev_report_options *options)
{
	const struct ev_quality *quality = &report->named->profile->quality;
	(void)options;
	return quality->lost > quality->samples / 100;
}

static bool stacks_unseen(const struct ev_report *report, const struct ev_report_options *options)
{
	return options->chains == EV_CHAIN_NONE && has_stacks(report);
}

static bool stacks_unrecorded(const struct ev_report *report,
			      const struct ev_report_options *options)
{
	return options->chains == EV_CHAIN_NONE && !has_stacks(report) &&
	       !ev_report_has_chains(report);
}

static bool stacks_skipped(const struct ev_report *report, const struct ev_report_options *options)
{
	return options->chains == EV_CHAIN_NONE && !report->stacks_loaded &&
	       ev_report_has_chains(report);
}

static bool simulated_flat(const struct ev_report *report, const struct ev_report_options *options)
{
	return stacks_unrecorded(report, options) && ev_report_simulated(report);
}

/* Branches that are not only there for call chains. */
static bool branches_unseen(const struct ev_report *report, const struct ev_report_options *options)
{
	const struct ev_recording *recording = report->recording;
	(void)options;
	for (size_t i = 0; recording && i < recording->event_count; i++) {
		const struct perf_event_attr *attr = &recording->events[i].attr;
		if (attr->sample_type & PERF_SAMPLE_BRANCH_STACK &&
		    !(attr->branch_sample_type & PERF_SAMPLE_BRANCH_CALL_STACK))
			return !report->named->profile->of_branches &&
			       !report->named->profile->has_history;
	}
	return false;
}

static bool lines_unseen(const struct ev_report *report, const struct ev_report_options *options)
{
	(void)options;
	return !has_key(report->table, EV_KEY_SRCLINE) && has_key(report->table, EV_KEY_SYMBOL);
}

static bool always(const struct ev_report *report, const struct ev_report_options *options)
{
	(void)report;
	(void)options;
	return true;
}

/* The first that fits is told. %s is the recording, as an option, where it is not the default. */
static const struct {
	bool (*fits)(const struct ev_report *report, const struct ev_report_options *options);
	const char *text;
} tips[] = {
	{ without_samples,
	  "nothing was sampled; a lower count per sample may help: evprof record -c N" },
	{ losing, "samples were lost; a bigger ring helps: evprof record -m 4M" },
	{ branches_unseen, "which branches were taken: evprof report%s -b" },
	{ stacks_unseen, "who calls these functions: evprof report%s -g caller" },
	{ stacks_skipped, "who calls these functions: evprof report%s -g" },
	{ simulated_flat,
	  "to see who calls these functions, keep their callers: evprof record --simulate -g" },
	{ stacks_unrecorded,
	  "to see who calls these functions, record their stacks: evprof record -g" },
	{ lines_unseen, "which lines: evprof annotate%s" },
	{ always, "for a flame graph: evprof report%s --format folded" },
};

const char *ev_report_quoted(struct ev_arena *arena, const char *text)
{
	text = ev_text_safe(arena, text);
	bool plain = *text && text[strcspn(text, " \t'\"\\$`!*?[](){}<>|&;#~")] == 0;
	return plain ? text : strchr(text, '\'') ? "…" : ev_arena_printf(arena, "'%s'", text);
}

const char *ev_report_input(const struct ev_report *report, struct ev_arena *arena)
{
	const char *options = "";
	for (size_t i = 0; i < report->part_count; i++)
		options = ev_arena_printf(arena, "%s -i %s", options,
					  ev_report_quoted(arena, report->parts[i].path));
	if (report->part_count)
		return options;
	return !report->path || !strcmp(report->path, "perf.data")
		       ? ""
		       : ev_arena_printf(arena, " -i %s", ev_report_quoted(arena, report->path));
}

void ev_print_tip(FILE *out, const struct ev_report *report,
		  const struct ev_report_options *options)
{
	struct ev_arena arena = { 0 };
	size_t i = 0;
	while (!tips[i].fits(report, options))
		i++;
	fputs("#\n# (Tip: ", out);
	fprintf(out, tips[i].text, ev_report_input(report, &arena));
	fputs(")\n#\n", out);
	ev_arena_done(&arena);
}
