/* Which events a recording samples: the named ones or refusal, else the best this machine has. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "record.h"

/* What is tried in turn when no event was named. */
static const char *const defaults[] = { "cycles:P", "cpu-clock", "task-clock" };
enum { FIRST_CLOCK = 1 };

/* Names of events that can be sampled here, for the sentence of a refusal. */
static void list_samplable(char *out, size_t size_bytes)
{
	static const char *const tried[] = { "cycles", "cpu-clock", "task-clock", "page-faults",
					     "context-switches" };
	size_t used = 0;
	*out = 0;
	for (size_t i = 0; i < EV_LENGTH(tried); i++) {
		struct ev_event_list list = { 0 };
		if (!ev_event_parse(&list, tried[i], NULL) &&
		    !ev_probe_sample(&list.items[0], NULL, 0))
			used += (size_t)snprintf(out + used,
						 used < size_bytes ? size_bytes - used : 0, "%s%s",
						 used ? ", " : "", tried[i]);
		ev_event_list_done(&list);
	}
}

static int check_named(const struct record_run *run, struct ev_err *err)
{
	for (size_t i = 0; i < run->events.count; i++) {
		const struct ev_event *event = &run->events.items[i];
		char why[512], others[256];
		/* One place speaks for all of a word: closing a probe takes long. */
		if (event->probe && event->written != i)
			continue;
		int error = event->kind == EV_EVENT_TOOL ? EOPNOTSUPP
							 : ev_probe_sample(event, why, sizeof(why));
		if (!error && (error = ev_probe_filter(event, why, sizeof(why))))
			return ev_fail(err, error, "%s: %s", event->name, why);
		if (!error)
			continue;
		if (event->kind == EV_EVENT_TOOL)
			snprintf(why, sizeof(why),
				 "it is measured once per run and has no samples");
		list_samplable(others, sizeof(others));
		struct ev_arena arena = { 0 };
		const char *hint = ev_event_is_hardware(&event->attr)
					   ? record_simulate_hint(run, &arena)
					   : NULL;
		size_t length = strlen(event->name) + strlen(why) + strlen(others) + 120;
		if (hint && length + strlen(hint) > sizeof(err->text))
			hint = NULL; /* whole, or not at all */
		ev_fail(err, error, "%s cannot be sampled: %s%s%s%s%s", event->name, why,
			*others ? ". Here you can sample: " : "", others,
			hint ? "\n  caches and branches can be simulated instead: " : "",
			hint ? hint : "");
		ev_arena_done(&arena);
		return -error;
	}
	return 0;
}

static int choose_default(struct record_run *run, struct ev_err *err)
{
	/* Cycles are no time. */
	size_t first = run->options->wall ? FIRST_CLOCK : 0;
	char why[512], absence[256];
	int error = ENOENT;
	for (size_t i = first; i < EV_LENGTH(defaults); i++) {
		int rc = ev_event_parse(&run->events, defaults[i], err);
		if (rc)
			return rc;
		/* One for each kind of core. */
		error = 0;
		for (size_t k = 0; !error && k < run->events.count; k++)
			error = ev_probe_sample(&run->events.items[k], why, sizeof(why));
		run->may_simulate = i > first && *ev_pmu_absence(absence, sizeof(absence));
		if (!error && run->may_simulate)
			ev_recording_add_note(&run->recording, "fallback",
					      "%s instead of cycles, no hardware counters: %s",
					      defaults[i], absence);
		else if (!error && i > first)
			ev_recording_add_note(&run->recording, "fallback",
					      "%s instead of cycles, which cannot be sampled here",
					      defaults[i]);
		if (!error)
			return 0;
		ev_event_list_done(&run->events);
	}
	return ev_fail(err, error,
		       "nothing can be sampled: %s; evprof doctor tells what "
		       "works here",
		       why);
}

/* -b and -j are the term branch_type= of every event that has none of its own. */
static int choose_branches(struct record_run *run, struct ev_err *err)
{
	const char *kinds = run->options->branch_kinds;
	struct ev_event_list list = { 0 };
	struct ev_err why = { 0 };
	if (!kinds && !run->options->branches)
		return 0;
	if (kinds && kinds[strcspn(kinds, "'/")])
		return ev_fail(err, EINVAL, "-j takes kinds of branches, not '%s'", kinds);
	char *text = ev_printf("dummy/branch_type='%s'/", kinds ? kinds : "any");
	int rc = ev_event_parse(&list, text, &why);
	/* Below the sentence stands the text that nobody wrote. */
	if (rc)
		ev_fail(err, EINVAL, "-j: %.*s", (int)strcspn(why.text, "\n"), why.text);
	for (size_t i = 0; !rc && i < run->events.count; i++)
		if (!run->events.items[i].attr.branch_sample_type)
			run->events.items[i].attr.branch_sample_type =
				list.items[0].attr.branch_sample_type;
	ev_event_list_done(&list);
	free(text);
	return rc;
}

int record_events(struct record_run *run, struct ev_err *err)
{
	const struct record_options *options = run->options;
	if (events_parse(&options->events, &run->events, err))
		return -EINVAL;
	int rc = run->events.count ? check_named(run, err) : choose_default(run, err);
	for (size_t i = 0; !rc && i < options->events.words.count; i++)
		if (options->events.conditions && !events_are_named(&options->events) &&
		    !options->events.words.items[i].row->letter)
			rc = ev_event_condition(&run->events, options->events.words.items[i].text,
						true, err);
	const char *waits = events_wait_condition(&options->events, &run->recording.arena);
	if (!rc && waits &&
	    ev_bpf_filter_check(waits, options->wall ? EV_BPF_FILTERED_WALL : EV_BPF_FILTERED_WAITS,
				err))
		return -EINVAL;
	for (size_t i = 0; !rc && i < run->events.count; i++)
		if (run->events.items[i].condition &&
		    ev_bpf_filter_check(run->events.items[i].condition, EV_BPF_FILTERED_SAMPLES,
					err))
			return -EINVAL;
	events_limit_levels(&options->events, &run->events);
	if (!rc)
		rc = choose_branches(run, err);
	for (size_t i = 0; options->chains == RECORD_CHAINS_LBR && i < run->events.count; i++)
		if (run->events.items[i].call_graph == EV_CALL_GRAPH_UNSET)
			run->events.items[i].call_graph = EV_CALL_GRAPH_LBR;
	return rc == -EINVAL ? -EOPNOTSUPP : rc;
}
