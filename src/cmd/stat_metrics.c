/* -M and --topdown: names of metrics become the events that their formulas need, and the choice of
 * figures to show. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "stat.h"

/* Does the text name an event (and not a constant of the formula's)? */
static bool is_event(const char *name)
{
	return strcmp(name, "event") && strcmp(name, "elapsed") && *name != '#';
}

static bool is_counted(const struct stat_run *run, const char *name)
{
	for (size_t i = 0; i < run->events.count; i++) {
		if (!strcmp(run->events.items[i].name, name))
			return true;
	}
	return false;
}

static bool is_of_topdown(const struct ev_metric *metric)
{
	return !strncmp(metric->group, "topdown-", 8);
}

/* One name of a formula, looked at alone. */
struct part {
	bool hardware, opens, known;
};
static struct part look_at(const char *name)
{
	struct ev_event_list alone = { 0 };
	struct part part = { 0 };
	if (!ev_event_parse(&alone, name, NULL) && alone.count) {
		const struct ev_event *event = &alone.items[0];
		part.known = true;
		part.hardware =
			event->kind == EV_EVENT_KERNEL && ev_event_is_hardware(&event->attr);
		part.opens = !ev_probe_count(event, NULL, 0);
	}
	ev_event_list_done(&alone);
	return part;
}

/* Does a group of the list hold all these names ("a,b,c") already? */
static bool is_grouped(const struct stat_run *run, const char *names)
{
	for (size_t leader = 0; leader < run->events.count; leader++) {
		bool all = true;
		for (const char *at = names; *at && all; at += *at == ',') {
			size_t length = strcspn(at, ",");
			bool found = false;
			for (size_t i = leader; i < run->events.count && !found; i++)
				found = run->events.items[i].leader == leader &&
					strlen(run->events.items[i].name) == length &&
					!strncmp(run->events.items[i].name, at, length);
			all = found;
			at += length;
		}
		if (all)
			return true;
	}
	return false;
}

static const char *fitting_clock(const struct stat_run *run, const char *name)
{
	bool task_clock = !strcmp(name, "task-clock");
	return task_clock && run->target.kind == EV_TARGET_SYSTEM ? "cpu-clock" : name;
}

/* Is the name of the formula optional (it may be missing on this CPU)? `at` is behind it. */
static bool is_optional(const char *at)
{
	return at[-1] == '?';
}

/* Is the name one of those in the text, which commas part? */
static bool holds(const struct ev_buffer *names, const char *name)
{
	const char *at = (const char *)names->bytes, *end = at + names->size_bytes;
	size_t wanted = strlen(name);
	while (at < end) {
		const char *comma = memchr(at, ',', (size_t)(end - at));
		size_t length = (size_t)((comma ? comma : end) - at);
		if (length == wanted && !strncmp(at, name, wanted))
			return true;
		at += length + 1;
	}
	return false;
}

/* The events of one metric: those of the hardware as a group that is broken where it does not fit,
 * so that the ratio is of the same time. */
static int add_events(struct stat_run *run, const struct ev_metric *metric, struct ev_err *err)
{
	struct ev_buffer group = { 0 };
	const char *at = metric->formula;
	char name[128];
	bool own = strstr(metric->formula, "event") && !strchr(metric->event, '*');
	int rc = 0;
	for (bool more = true; !rc && more;) {
		if (own) /* the row it stands at is not named by the formula, but meant */
			snprintf(name, sizeof(name), "%s", metric->event);
		else
			more = ev_formula_name(&at, name, sizeof(name));
		bool optional = !own && more && is_optional(at);
		own = false;
		if (!more || !is_event(name))
			continue;
		const char *event = fitting_clock(run, name);
		struct part part = look_at(event);
		if (optional && !part.opens)
			continue;
		if (part.hardware && !run->options->metric_no_group) {
			if (!holds(&group, event))
				ev_buffer_printf(&group, "%s%s", group.size_bytes ? "," : "",
						 event);
		} else if (!is_counted(run, event)) {
			rc = ev_event_parse(&run->events, event, err);
		}
	}
	ev_buffer_u8(&group, 0);
	const char *names = (const char *)group.bytes;
	if (!rc && *names && !is_grouped(run, names)) {
		char *text = ev_printf(strchr(names, ',') ? "{%s}:W" : "%s", names);
		rc = ev_event_parse(&run->events, text, err);
		free(text);
	}
	ev_buffer_done(&group);
	return rc;
}

/* ---- top-down ----------------------------------------------------------------------------------
 */

static bool opens(const struct ev_topdown_way *way)
{
	struct ev_event_list events = { 0 };
	int rc = ev_event_parse(&events, way->events, NULL);
	if (!rc)
		rc = ev_counters_try(&events, NULL);
	ev_event_list_done(&events);
	return !rc || rc == -ENOSPC; /* turns can be taken */
}

static int add_topdown(struct stat_run *run, struct ev_err *err)
{
	struct ev_recording host = { 0 };
	const struct ev_topdown_way *found = NULL;
	char absence[256];
	ev_describe_host(&host, 0, NULL);
	for (size_t i = 0; i < ev_topdown_way_count && !found; i++) {
		if (ev_topdown_suits(&ev_topdown_ways[i], host.cpuid) && opens(&ev_topdown_ways[i]))
			found = &ev_topdown_ways[i];
	}
	ev_recording_done(&host);
	ev_pmu_absence(absence, sizeof(absence));
	if (!found)
		return ev_fail(err, EOPNOTSUPP, "top-down analysis cannot be done here: %s%s",
			       *absence ? "no PMU: " : "",
			       *absence
				       ? absence
				       : "this CPU's PMU offers none of the sets of events it "
					 "is known to need (Intel, AMD Zen 4 and 5, Arm Neoverse)");
	run->slots = (double)ev_pmu_slots("");
	for (size_t i = 0; i < ev_metric_count; i++)
		run->metrics[i] |= !strcmp(ev_metrics[i].group, found->group);
	return ev_event_parse(&run->events, found->events, err);
}

/* ---- -M ----------------------------------------------------------------------------------------
 */

static int unknown_metric(const char *word, struct ev_err *err)
{
	const char *near = NULL;
	unsigned least = (unsigned)strlen(word) / 3 + 2;
	for (size_t i = 0; i < ev_metric_count; i++) {
		unsigned distance = ev_edit_distance(word, ev_metrics[i].name, least);
		if (distance < least && !is_of_topdown(&ev_metrics[i])) {
			least = distance;
			near = ev_metrics[i].name;
		}
	}
	return ev_fail(err, ENOENT,
		       "there is no metric '%s'%s%s%s; `evprof list metric` shows them", word,
		       near ? " (did you mean '" : "", near ? near : "", near ? "'?)" : "");
}

/* Can everything that the formula needs be counted here? */
static bool is_countable(const struct stat_run *run, const struct ev_metric *metric)
{
	const char *at = metric->formula;
	char name[128];
	if (!strchr(metric->event, '*') && !look_at(fitting_clock(run, metric->event)).opens)
		return false;
	while (ev_formula_name(&at, name, sizeof(name))) {
		if (is_event(name) && !is_optional(at) && !look_at(fitting_clock(run, name)).opens)
			return false;
	}
	return true;
}

/* A word for several metrics means those that this CPU has events for, if there are any. */
static bool some_are_countable(const struct stat_run *run, const char *word)
{
	for (size_t i = 0; i < ev_metric_count; i++) {
		if (!is_of_topdown(&ev_metrics[i]) && ev_metric_is_meant(&ev_metrics[i], word) &&
		    is_countable(run, &ev_metrics[i]))
			return true;
	}
	return false;
}

/* Whole CPUs have another clock than tasks: -1 for the metric of the one that is not counted, or
 * the index of the one that stands for it. */
static int fitting_metric(const struct stat_run *run, size_t index, const char *word)
{
	const char *event = ev_metrics[index].event;
	bool system = run->target.kind == EV_TARGET_SYSTEM;
	if (!system && !strcmp(event, "cpu-clock") && strcasecmp(word, ev_metrics[index].name))
		return -1;
	if (!system || strcmp(event, "task-clock"))
		return (int)index;
	for (size_t i = 0; i < ev_metric_count; i++) {
		if (!strcmp(ev_metrics[i].event, "cpu-clock"))
			return (int)i;
	}
	return -1;
}

static int add_word(struct stat_run *run, const char *word, struct ev_err *err)
{
	bool found = false, choose = some_are_countable(run, word);
	int rc = 0;
	if (ev_glob_match(word, "topdown") || ev_glob_match(word, "TopdownL1"))
		return add_topdown(run, err);
	for (size_t i = 0; !rc && i < ev_metric_count; i++) {
		const struct ev_metric *metric = &ev_metrics[i];
		if (is_of_topdown(metric) || !ev_metric_is_meant(metric, word))
			continue;
		found = true;
		int fitting = fitting_metric(run, i, word);
		if (fitting < 0 || (choose && !is_countable(run, metric)))
			continue;
		metric = &ev_metrics[fitting];
		run->metrics[fitting] = true;
		rc = add_events(run, metric, err);
	}
	return found ? rc : unknown_metric(word, err);
}

int stat_metrics_add(struct stat_run *run, struct ev_err *err)
{
	const struct option_list *words = &run->options->metrics;
	int rc = 0;
	if (!words->count && !run->options->topdown)
		return 0;
	run->metrics = ev_alloc(ev_metric_count * sizeof(*run->metrics));
	if (run->options->topdown)
		rc = add_topdown(run, err);
	for (size_t i = 0; !rc && i < words->count; i++) {
		for (const char *at = words->items[i].text; !rc && *at; at += *at == ',') {
			char word[128];
			size_t length = strcspn(at, ",");
			snprintf(word, sizeof(word), "%.*s", (int)length, at);
			if (*word)
				rc = add_word(run, word, err);
			at += length;
		}
	}
	if (!rc && !run->events.count)
		rc = ev_fail(err, EINVAL, "-M names no metric");
	return rc;
}

/* What was asked for and has no value, with what it lacks. */
void stat_metrics_note(const struct stat_run *run, const struct ev_stat_row *rows, size_t count,
		       struct ev_arena *arena, void (*note)(void *context, const char *text),
		       void *context)
{
	for (size_t i = 0; run->metrics && i < ev_metric_count; i++) {
		const char *at = ev_metrics[i].formula, *missing = "";
		char name[128];
		if (!run->metrics[i])
			continue;
		while (ev_formula_name(&at, name, sizeof(name))) {
			bool counted = !is_event(name) || is_optional(at);
			const char *event = fitting_clock(run, name);
			for (size_t j = 0; j < count && !counted; j++)
				counted = rows[j].state == EV_COUNTED &&
					  ev_metric_is_named(rows[j].event, event);
			if (!counted)
				missing = ev_arena_printf(arena, "%s%s%s", missing,
							  *missing ? ", " : "", event);
		}
		if (*missing)
			note(context, ev_arena_printf(arena, "%s: not known without %s",
						      ev_metrics[i].name, missing));
	}
}
