/* While counters take turns on the hardware they are read every so often: what each slice of time
 * brought tells how far the scaled total may be off. Software events never take turns, unless they
 * are in a group with others. */
#include <stdlib.h>
#include "stat.h"

#define FIRST_WAIT_NS 10000000ull
#define LONGEST_WAIT_NS 100000000ull
#define IDLE_WAIT_NS 1000000000ull /* while every counter has the hardware for itself */
#define COST_SHARE 100             /* reading takes at most one part in so many */

bool stat_may_share(const struct stat_run *run, size_t event)
{
	const struct ev_event *items = run->events.items;
	if (items[event].kind != EV_EVENT_KERNEL)
		return false;
	for (size_t i = 0; i < run->events.count; i++) {
		if (items[i].leader == items[event].leader && items[i].kind == EV_EVENT_KERNEL &&
		    ev_event_is_hardware(&items[i].attr))
			return true;
	}
	return false;
}

struct stat_slice *stat_slice_of(struct stat_run *run, size_t slot, size_t event)
{
	size_t index = slot * run->events.count + event;
	while (run->slices.of.count <= index)
		*ev_array_add(&run->slices.of) = (struct stat_slice){ 0 };
	return &run->slices.of.items[index];
}

void stat_slice_add(struct stat_slice *slice, const struct ev_count *now)
{
	const struct ev_count part = {
		.value = now->value - slice->last.value,
		.enabled_ns = now->enabled_ns - slice->last.enabled_ns,
		.running_ns = now->running_ns - slice->last.running_ns,
	};
	if (!part.enabled_ns)
		return;
	slice->last = *now;
	ev_slices_add(&slice->whole, &part);
	ev_slices_add(&slice->interval, &part);
}

void stat_slices_begin(struct stat_run *run)
{
	struct stat_slices *slices = &run->slices;
	slices->of.count = 0;
	slices->wait_ns = FIRST_WAIT_NS;
	slices->next_ns = 0;
	for (size_t i = 0; run->counters && i < run->events.count; i++) {
		if (stat_may_share(run, i) && stat_pass_has(run, i) &&
		    !ev_counters_opening(run->counters, i)->error)
			slices->next_ns = ev_now_ns() + FIRST_WAIT_NS;
	}
}

void stat_slices_read(struct stat_run *run)
{
	struct stat_slices *slices = &run->slices;
	uint64_t begin_ns = ev_now_ns();
	bool shared = false;
	for (size_t event = 0; event < run->events.count; event++) {
		if (!stat_may_share(run, event))
			continue;
		for (size_t slot = 0; slot < ev_counters_slot_count(run->counters); slot++) {
			struct ev_count now;
			if (ev_counters_read(run->counters, event, slot, &now))
				continue;
			stat_slice_add(stat_slice_of(run, slot, event), &now);
			shared |= now.running_ns < now.enabled_ns;
		}
	}
	uint64_t end_ns = ev_now_ns(), least_ns = COST_SHARE * (end_ns - begin_ns);
	uint64_t most_ns = shared ? LONGEST_WAIT_NS : IDLE_WAIT_NS;
	slices->wait_ns += slices->wait_ns / 16;
	slices->wait_ns = slices->wait_ns < most_ns ? slices->wait_ns : most_ns;
	slices->wait_ns = slices->wait_ns > least_ns ? slices->wait_ns : least_ns;
	slices->next_ns = end_ns + slices->wait_ns;
}
