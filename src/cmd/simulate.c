/* What to simulate: the options of --simulate become a plan of events and caches. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "simulate.h"

int simulate_check(const struct simulate_options *options, const struct target_options *target,
		   char *const *command, struct ev_err *err)
{
	if (!options->on && options->caches.count)
		return ev_fail(err, EINVAL, "--cache describes what --simulate simulates: add it");
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

static int add_event(struct simulate_plan *plan, const struct ev_event *event, struct ev_err *err)
{
	const struct ev_simulated_event *simulated = ev_simulated_event_of(event);
	if (!simulated)
		return ev_simulated_refuse(event, err);
	for (size_t i = 0; i < plan->events.count; i++)
		if (plan->events.items[i] == simulated)
			return 0;
	*ev_array_add(&plan->events) = simulated;
	return 0;
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
		for (size_t k = 0; k < one.count && !rc; k++)
			rc = add_event(plan, &one.items[k], err);
		ev_event_list_done(&one);
	}
	for (size_t i = 0; i < list.count && !rc; i++) {
		plan->grouped |= list.items[i].leader != i;
		rc = add_event(plan, &list.items[i], err);
	}
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
}
