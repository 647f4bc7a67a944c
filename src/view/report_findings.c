/* A profile becomes the few sentences that matter about it, each with the figure that it rests on
 * and the command that shows more: one rule of a table for each, which says nothing where its data
 * does not reach its threshold. */
#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include "export.h"
#include "report_findings.h"
#include "report_purposes.h"

/* Per cent from which something is worth a sentence. */
#define HOT 25          /* a function by itself */
#define FAMILY 8        /* functions of one purpose, with what they call */
#define KERNEL 25       /* the kernel */
#define ONE_THREAD 80   /* a thread among others */
#define BURST 50        /* within BURST_TIME per cent of the time */
#define BURST_TIME 10   /* per cent */
#define LOST 1          /* samples */
#define UNRESOLVED 10   /* samples */
#define TRUNCATED 10    /* stacks */
#define FEW_SAMPLES 100 /* samples in all */

struct finder {
	const struct ev_report *report;
	size_t event;
	struct ev_html_functions functions; /* of the event, all */
	struct ev_arena *arena;
	const char *input; /* " -i FILE", or "" */
};

static double share(const struct finder *it, uint64_t period)
{
	return ev_percent(period, it->report->table->total_period[it->event]);
}

static const char *percent_text(const struct finder *it, double percent)
{
	char text[64];
	ev_format_fixed(text, sizeof(text), percent, percent < 10 ? 1 : 0);
	return ev_arena_printf(it->arena, "%s%%", text);
}

static const struct ev_frame *frame_of(const struct finder *it,
				       const struct ev_html_function *function)
{
	return &it->report->named->frames.items[function->frame];
}

static const char *name_of(const struct finder *it, const struct ev_html_function *function)
{
	return ev_export_name(it->report->named, frame_of(it, function), it->arena);
}

static const char *event_of(const struct finder *it)
{
	return ev_report_safe(it->arena, ev_report_event(it->report, it->event, it->arena));
}

/* ---- how far the profile can be trusted -------------------------------------------------------
 */

static bool find_losses(struct finder *it, struct ev_finding *out)
{
	const struct ev_quality *quality = &it->report->named->profile->quality;
	double lost = ev_percent(quality->lost, quality->lost + quality->samples);
	if (lost < LOST)
		return false;
	out->matters = 60 + lost;
	out->text = ev_arena_printf(it->arena,
				    "%s of the samples were lost: the ring was full before it was "
				    "read",
				    percent_text(it, lost));
	out->command = "evprof record -m 4M …";
	return true;
}

static bool find_unresolved(struct finder *it, struct ev_finding *out)
{
	const struct ev_report *report = it->report;
	const struct ev_quality *quality = &report->named->profile->quality;
	double part = ev_percent(quality->unresolved, quality->samples);
	if (part < UNRESOLVED)
		return false;
	out->matters = part;
	out->text = ev_arena_printf(it->arena, "%s of the samples are in code without names",
				    percent_text(it, part));
	if (report->worst_count && report->worst[0].object < report->named->object_count) {
		uint32_t name = report->named->object_names[report->worst[0].object];
		const char *trouble = report->worst[0].trouble;
		out->text = ev_arena_printf(it->arena, "%s, most of them in %s%s%s%s", out->text,
					    ev_report_safe(it->arena,
							   ev_strings_text(report->named->profile
										   ->strings,
									   name)),
					    trouble ? " (" : "",
					    trouble ? ev_report_safe(it->arena, trouble) : "",
					    trouble ? ")" : "");
	}
	out->command = ev_arena_printf(it->arena, "evprof report%s -s dso,sym", it->input);
	return true;
}

static bool find_truncated(struct finder *it, struct ev_finding *out)
{
	const struct ev_quality *quality = &it->report->named->profile->quality;
	double part = ev_percent(quality->truncated_stacks, quality->with_stack);
	if (!it->report->stacks_loaded || part < TRUNCATED)
		return false;
	out->matters = part;
	out->text = ev_arena_printf(it->arena,
				    "%s of the stacks are truncated: who called is missing there",
				    percent_text(it, part));
	out->command = "evprof record --call-graph dwarf,65528 …";
	return true;
}

static bool find_few(struct finder *it, struct ev_finding *out)
{
	uint64_t samples = it->report->table->total_samples[it->event];
	if (samples >= FEW_SAMPLES || ev_report_simulated(it->report) ||
	    ev_report_waits(it->report, it->event))
		return false;
	out->matters = 90;
	out->text = ev_arena_printf(it->arena,
				    samples == 1 ? "Only %zu sample: shares say little"
						 : "Only %zu samples: shares are rough",
				    (size_t)samples);
	out->command = "evprof record -F max …";
	return true;
}

/* ---- where the weight is ----------------------------------------------------------------------
 */

/* Not what a thread waits for, which has a rule of its own. */
static bool is_state(const struct finder *it, const struct ev_html_function *function)
{
	const char *name = name_of(it, function);
	return *name == '[' && !frame_of(it, function)->resolved;
}

static bool find_hot(struct finder *it, struct ev_finding *out)
{
	const struct ev_html_function *hot = NULL;
	for (size_t i = 0; i < it->functions.items.count; i++) {
		const struct ev_html_function *function = &it->functions.items.items[i];
		if ((!hot || function->self_period > hot->self_period) &&
		    strncmp(name_of(it, function), "[waiting: ", 10))
			hot = function;
	}
	if (!hot || share(it, hot->self_period) < HOT || is_state(it, hot))
		return false;
	out->matters = share(it, hot->self_period);
	out->text = ev_arena_printf(it->arena, "%s of %s in one function: %s",
				    percent_text(it, out->matters), event_of(it), name_of(it, hot));
	out->command = ev_arena_printf(it->arena, "evprof annotate%s %s", it->input,
				       ev_report_quoted(it->arena, name_of(it, hot)));
	out->view = "function";
	out->frame = hot->frame;
	return true;
}

/* What of the event is in stacks through frames that are marked, once. */
static uint64_t period_through(const struct finder *it, const bool *marked)
{
	const struct ev_named *named = it->report->named;
	bool *under = ev_alloc(named->stacks.count + 1);
	uint64_t period = 0;
	for (size_t i = 1; i < named->stacks.count; i++)
		under[i] = under[named->stacks.items[i].parent] ||
			   marked[named->stacks.items[i].place];
	for (size_t i = 0; i < named->cells.count; i++) {
		const struct ev_cell *cell = &named->cells.items[i];
		if (under[cell->stack] &&
		    named->profile->tags.items[cell->tag].event == it->event &&
		    ev_table_passes(it->report->table, named, cell))
			period += cell->period;
	}
	free(under);
	return period;
}

static bool find_purpose(struct finder *it, const struct ev_purpose *purpose,
			 struct ev_finding *out)
{
	const struct ev_named *named = it->report->named;
	const struct ev_strings *strings = named->profile->strings;
	bool *marked = ev_alloc(named->frames.count + 1), any = false;
	regex_t pattern;
	uint64_t period = 0;
	if (regcomp(&pattern, purpose->pattern, REG_EXTENDED | REG_NOSUB)) {
		free(marked);
		return false;
	}
	for (size_t i = 0; i < named->frames.count; i++) {
		const struct ev_frame *frame = &named->frames.items[i];
		const char *name = ev_strings_text(strings, frame->function);
		if (frame->kernel == purpose->kernel && !regexec(&pattern, name, 0, NULL, 0))
			any = marked[i] = true;
	}
	regfree(&pattern);
	if (any)
		period = period_through(it, marked);
	free(marked);
	out->matters = share(it, period);
	if (out->matters < FAMILY)
		return false;
	out->text = ev_arena_printf(it->arena, "%s of %s: %s", percent_text(it, out->matters),
				    event_of(it), purpose->text);
	if (purpose->command && strstr(purpose->command, "%s")) {
		const char *behind = strstr(purpose->command, "%s") + 2;
		out->command = ev_arena_printf(it->arena, "evprof %.*s%s%s",
					       (int)(behind - 2 - purpose->command),
					       purpose->command, it->input, behind);
	} else if (purpose->command) {
		out->command = ev_arena_printf(it->arena, "evprof %s", purpose->command);
	}
	out->view = "search";
	out->search = purpose->pattern;
	return true;
}

static bool find_kernel(struct finder *it, struct ev_finding *out)
{
	const struct ev_named *named = it->report->named;
	const struct ev_html_function *most = NULL;
	uint64_t period = 0;
	for (size_t i = 0; i < it->functions.items.count; i++) {
		const struct ev_html_function *function = &it->functions.items.items[i];
		if (!named->frames.items[function->frame].kernel)
			continue;
		period += function->self_period;
		if (!most || function->self_period > most->self_period)
			most = function;
	}
	out->matters = share(it, period);
	if (out->matters < KERNEL)
		return false;
	out->text =
		ev_arena_printf(it->arena, "%s of %s is the kernel, most of it itself in %s (%s)",
				percent_text(it, out->matters), event_of(it), name_of(it, most),
				percent_text(it, share(it, most->self_period)));
	out->command = ev_arena_printf(it->arena, "evprof report%s -g callee --symbols %s",
				       it->input, ev_report_quoted(it->arena, name_of(it, most)));
	out->view = "function";
	out->frame = most->frame;
	return true;
}

/* ---- threads and time -------------------------------------------------------------------------
 */

static bool find_one_thread(struct finder *it, struct ev_finding *out)
{
	const struct ev_named *named = it->report->named;
	struct ev_html_threads threads = { 0 };
	ev_html_threads_find(&threads, it->report);
	uint64_t *period = ev_alloc((threads.items.count + 1) * sizeof(*period));
	size_t count = 0, most = 0;
	for (size_t i = 0; i < named->cells.count; i++) {
		const struct ev_cell *cell = &named->cells.items[i];
		if (named->profile->tags.items[cell->tag].event == it->event &&
		    ev_table_passes(it->report->table, named, cell))
			period[threads.of_tag[cell->tag]] += cell->period;
	}
	for (size_t i = 0; i < threads.items.count; i++) {
		count += period[i] ? threads.items.items[i].merged : 0;
		most = period[i] > period[most] ? i : most;
	}
	const struct ev_html_thread *thread =
		threads.items.count ? &threads.items.items[most] : NULL;
	out->matters = thread && thread->merged == 1 ? share(it, period[most]) : 0;
	free(period);
	/* Whoever starts a program is a thread as well: two are not "several". */
	bool found = out->matters >= ONE_THREAD && count > 2;
	if (found) {
		const char *name =
			ev_report_safe(it->arena,
				       ev_strings_text(named->profile->strings, thread->comm));
		out->text = ev_arena_printf(it->arena, "One of %zu threads carries %s of %s: %s %u",
					    count, percent_text(it, out->matters), event_of(it),
					    name, thread->tid);
		out->command = ev_arena_printf(it->arena, "evprof report%s --tid %u", it->input,
					       thread->tid);
		out->view = "threads";
	}
	ev_html_threads_done(&threads);
	return found;
}

/* The part of the time, of a tenth of it, in which most happened. */
static bool find_burst(struct finder *it, struct ev_finding *out)
{
	const struct ev_named *named = it->report->named;
	const struct ev_profile *profile = named->profile;
	enum { PARTS = 50, LONG = PARTS * BURST_TIME / 100 };
	uint64_t parts[PARTS] = { 0 }, sum = 0, best = 0;
	size_t at = 0;
	if (ev_html_timeless(it->report) || ev_report_waits(it->report, it->event))
		return false;
	for (size_t i = 0; i < named->cells.count; i++) {
		const struct ev_cell *cell = &named->cells.items[i];
		const struct ev_tag *tag = &profile->tags.items[cell->tag];
		if (tag->event == it->event && tag->block && tag->block <= EV_PAGE_COLUMNS &&
		    ev_table_passes(it->report->table, named, cell))
			parts[(tag->block - 1) * PARTS / EV_PAGE_COLUMNS] += cell->period;
	}
	for (size_t i = 0; i < PARTS; i++) {
		sum += parts[i];
		sum -= i >= LONG ? parts[i - LONG] : 0;
		if (sum > best && i + 1 >= LONG) {
			best = sum;
			at = i + 1 - LONG;
		}
	}
	out->matters = share(it, best);
	if (out->matters < BURST)
		return false;
	out->text = ev_arena_printf(it->arena, "%s of %s within a tenth of the time",
				    percent_text(it, out->matters), event_of(it));
	out->command = ev_arena_printf(it->arena, "evprof report%s --time %zu%%-%zu%%", it->input,
				       at * 100 / PARTS, (at + LONG) * 100 / PARTS);
	out->view = "timeline";
	return true;
}

/* ---- the rules --------------------------------------------------------------------------------
 */

static const struct {
	const char *name;
	bool (*find)(struct finder *it, struct ev_finding *out);
	bool once; /* of the recording, not of every event */
} rules[] = {
	{ "lost samples", find_losses, true },        { "unresolved", find_unresolved, true },
	{ "truncated stacks", find_truncated, true }, { "few samples", find_few, false },
	{ "hot function", find_hot, false },          { "kernel", find_kernel, false },
	{ "one thread", find_one_thread, false },     { "burst", find_burst, false },
};

static void add(struct ev_findings *findings, const char *rule, const struct finder *it,
		struct ev_finding finding)
{
	finding.rule = rule;
	finding.event = it->event;
	*ev_array_add(&findings->items) = finding;
}

static int by_matter(const void *one, const void *other)
{
	const struct ev_finding *a = one, *b = other;
	if (a->matters != b->matters)
		return a->matters > b->matters ? -1 : 1;
	int order = strcmp(a->rule, b->rule);
	return order ? order : a->event < b->event ? -1 : a->event > b->event;
}

static void find_in_event(struct ev_findings *findings, struct finder *it, bool first)
{
	ev_html_functions_find(&it->functions, it->report, it->event, UINT64_MAX);
	for (size_t i = 0; i < EV_LENGTH(rules); i++) {
		struct ev_finding found = { 0 };
		if ((first || !rules[i].once) && rules[i].find(it, &found))
			add(findings, rules[i].name, it, found);
	}
	for (size_t i = 0; i < ev_purpose_count; i++) {
		struct ev_finding found = { 0 };
		if (find_purpose(it, &ev_purposes[i], &found))
			add(findings, ev_purposes[i].name, it, found);
	}
	ev_html_functions_done(&it->functions);
}

void ev_findings_find(struct ev_findings *findings, const struct ev_report *report)
{
	bool first = true;
	struct finder it = { .report = report, .arena = &findings->arena };
	it.input = ev_report_input(report, &findings->arena);
	for (it.event = 0; it.event < report->table->event_count; it.event++) {
		/* The first event, and waiting beside it: others would say the same again. */
		if (!report->table->total_samples[it.event] ||
		    (!first && !ev_report_waits(report, it.event)))
			continue;
		find_in_event(findings, &it, first);
		first = false;
	}
	if (findings->items.count)
		qsort(findings->items.items, findings->items.count, sizeof(*findings->items.items),
		      by_matter);
	if (findings->items.count > EV_FINDINGS_SHOWN)
		findings->items.count = EV_FINDINGS_SHOWN;
}

void ev_findings_done(struct ev_findings *findings)
{
	ev_array_done(&findings->items);
	ev_arena_done(&findings->arena);
}
