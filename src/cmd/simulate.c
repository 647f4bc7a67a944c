/* What to simulate: the options of --simulate become a plan of events and caches. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "simulate.h"

#define LONGEST_OWN_TIME 1e7 /* four months */

int simulate_check(const struct simulate_options *options, const struct target_options *target,
		   char *const *command, struct ev_err *err)
{
	if (!options->on && options->caches.count)
		return ev_fail(err, EINVAL, "--cache describes what --simulate simulates: add it");
	if (!options->on && options->own_time_s != 0)
		return ev_fail(err, EINVAL, "--own-time is for the plan of --simulate: add it");
	if (options->own_time_s < 0 || options->own_time_s > LONGEST_OWN_TIME)
		return ev_fail(err, EINVAL,
			       "--own-time is the seconds that the program computes, as 'evprof "
			       "stat' tells them (user)");
	if (!options->on)
		return 0;
	if (target->pids || target->tids || target->user || target->cpus || target->system_wide ||
	    target->no_inherit)
		return ev_fail(err, EINVAL,
			       "--simulate runs a command from its beginning, with all its threads "
			       "and children: -p, -t, -u, -a, -C and -i do not go with it");
	if (!command)
		return ev_fail(err, EINVAL, "--simulate runs a command: give one");
	return 0;
}

/* An event that stands alone is there once, however often it was named. */
static bool is_there(const struct simulate_plan *plan, const struct ev_simulated_event *event)
{
	for (size_t i = 0; i < plan->events.count; i++)
		if (plan->events.items[i] == event && plan->places.items[i].leader == i)
			return true;
	return false;
}

static bool is_grouped(const struct ev_event_list *list, size_t index)
{
	for (size_t i = 0; i < list->count; i++)
		if (i != index && list->items[i].leader == list->items[index].leader)
			return true;
	return false;
}

/* A word that means the PMUs of several kinds of cores means one of the model's. */
static bool is_copy(const struct ev_event_list *list, size_t index)
{
	return list->items[index].written != index &&
	       ev_simulated_event_of(&list->items[index]) ==
		       ev_simulated_event_of(&list->items[list->items[index].written]);
}

static int add_list(struct simulate_plan *plan, const struct ev_event_list *list,
		    struct ev_err *err)
{
	size_t *place = ev_alloc((list->count + 1) * sizeof(*place));
	int rc = 0;
	for (size_t i = 0; i < list->count && !rc; i++) {
		const struct ev_event *event = &list->items[i];
		const struct ev_simulated_event *simulated = ev_simulated_event_of(event);
		bool grouped = is_grouped(list, i);
		place[i] = plan->events.count;
		if (!simulated)
			rc = ev_simulated_refuse(event, err);
		else if (is_copy(list, i) || (!grouped && is_there(plan, simulated)))
			continue;
		else
			*ev_array_add(&plan->events) = simulated;
		if (!rc)
			*ev_array_add(&plan->places) = (struct simulate_place){
				.leader = place[event->leader],
				.sample_read = grouped && event->fixed & EV_SAMPLE_READ,
			};
	}
	free(place);
	return rc;
}

int simulate_events(struct simulate_plan *plan, const struct event_options *named,
		    const char *const *defaults, struct ev_err *err)
{
	struct ev_event_list list = { 0 };
	int rc = events_parse(named, &list, err) ? -EINVAL : 0;
	events_limit_levels(named, &list);
	for (size_t i = 0; !list.count && defaults[i] && !rc; i++) {
		struct ev_event_list one = { 0 };
		rc = ev_event_parse(&one, defaults[i], err);
		if (!rc)
			rc = add_list(plan, &one, err);
		ev_event_list_done(&one);
	}
	if (!rc)
		rc = add_list(plan, &list, err);
	ev_event_list_done(&list);
	return rc;
}

int simulate_caches(struct simulate_plan *plan, const struct simulate_options *options,
		    struct ev_err *err)
{
	struct ev_caches *caches = &plan->how.caches;
	char text[256];
	ev_caches_of_machine(caches, "");
	for (size_t i = 0; i < options->caches.count; i++) {
		int rc = ev_caches_parse(caches, options->caches.items[i].text, err);
		if (rc)
			return rc;
	}
	ev_caches_fit(caches, plan->note, sizeof(plan->note));
	snprintf(plan->model, sizeof(plan->model), "callgrind: %s",
		 ev_caches_text(caches, text, sizeof(text)));
	return 0;
}

uint64_t simulate_total(const struct simulate_plan *plan, size_t event)
{
	uint64_t total = 0;
	for (size_t i = 0; i < EV_COST_COUNT; i++)
		if (plan->events.items[event]->costs & 1u << i)
			total += plan->result.totals[i];
	return total;
}

void simulate_close(struct simulate_plan *plan)
{
	ev_simulation_close(plan->simulation);
	plan->simulation = NULL;
}

void simulate_done(struct simulate_plan *plan)
{
	simulate_close(plan);
	ev_array_done(&plan->events);
	ev_array_done(&plan->places);
}
