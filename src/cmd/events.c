/* -e, --filter, -G, --all-user and --all-kernel become the list of events. */
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <evprof/symbol.h>
#include "events.h"

bool events_are_named(const struct event_options *options)
{
	for (size_t i = 0; i < options->words.count; i++)
		if (options->words.items[i].row->letter == 'e')
			return true;
	return false;
}

static bool is_for_waits(const struct option_word *event)
{
	return !event || !strncmp(event->text, "dummy", 5);
}

const char *events_wait_condition(const struct event_options *options, struct ev_arena *arena)
{
	const struct option_word *event = NULL;
	const char *condition = NULL;
	for (size_t i = 0; options->waits && i < options->words.count; i++) {
		const struct option_word *word = &options->words.items[i];
		if (word->row->letter == 'e')
			event = word;
		else if (!word->row->letter && is_for_waits(event))
			condition = condition ? ev_arena_printf(arena, "(%s) && (%s)", condition,
								word->text)
					      : word->text;
	}
	return condition;
}

static int add_filter(const struct event_options *options, struct ev_event_list *list,
		      const char *text, struct ev_err *err)
{
	bool of_kernel =
		!list->count || list->items[list->count - 1].attr.type == PERF_TYPE_TRACEPOINT;
	return options->conditions && !of_kernel ? ev_event_condition(list, text, false, err)
						 : ev_event_filter(list, text, err);
}

/* What is not counted by the kernel is in no group. */
static void make_one_group(struct ev_event_list *list)
{
	size_t leader = 0;
	while (leader < list->count && list->items[leader].kind != EV_EVENT_KERNEL)
		leader++;
	for (size_t i = leader; i < list->count; i++)
		if (list->items[i].kind == EV_EVENT_KERNEL)
			list->items[i].leader = (unsigned)leader;
}

int events_parse(const struct event_options *options, struct ev_event_list *list,
		 struct ev_err *err)
{
	if (options->all_user && options->all_kernel)
		return ev_fail(err, EINVAL,
			       "--all-user and --all-kernel leave nothing to look at: give one");
	size_t in_cgroups = 0;
	const struct option_word *event = NULL;
	for (size_t i = 0; i < options->words.count; i++) {
		const struct option_word *word = &options->words.items[i];
		bool is_event = word->row->letter == 'e';
		if (word->row->letter == 'G') {
			int rc = events_put_in_cgroups(list, &in_cgroups, word->text, err);
			if (rc)
				return rc;
			continue;
		}
		event = is_event ? word : event;
		if (!is_event && options->waits && is_for_waits(event))
			continue;
		/* For the event that is chosen when none is named. */
		if (!is_event && options->conditions && !events_are_named(options))
			continue;
		if (!is_event && !list->count)
			return ev_fail(err, EINVAL,
				       "--filter belongs to a tracepoint: name one with -e first");
		int rc = is_event ? ev_event_parse(list, word->text, err)
				  : add_filter(options, list, word->text, err);
		if (rc)
			return rc;
	}
	if (options->grouped)
		make_one_group(list);
	for (size_t i = 0; options->all_kernel && i < list->count; i++)
		if (list->items[i].probe)
			return ev_fail(err, EINVAL,
				       "%s is hit in user space, which --all-kernel leaves out",
				       list->items[i].name);
	return ev_event_place_probes(list, ev_probe_find, NULL, err);
}

void events_limit_levels(const struct event_options *options, struct ev_event_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		struct ev_event *event = &list->items[i];
		if (options->all_user)
			event->attr.exclude_kernel = event->attr.exclude_hv = 1;
		if (options->all_kernel)
			event->attr.exclude_user = 1;
		if (options->all_user || options->all_kernel)
			event->fixed |= EV_FIXED_LEVEL;
	}
}

/* For each the kernel waits until no CPU can be in its code any more. */
#define MANY_PROBES 20

void events_tell_closing(const struct verb *verb, const struct ev_event_list *list)
{
	size_t probes = 0;
	for (size_t i = 0; i < list->count; i++)
		probes += list->items[i].probe != NULL;
	if (probes > MANY_PROBES && isatty(STDERR_FILENO))
		complain_text(verb, 0, "the kernel is taking %zu probes away: some %zu seconds",
			      probes, probes / 12 + 1);
}

void events_done(struct event_options *options)
{
	options_list_done(&options->words);
}
