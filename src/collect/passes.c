/* Events become passes: sets that the hardware can count at once, found by opening them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "counters.h"

#define TRY_NS 2000000 /* counters that get no place show it at once */

/* Had every counter that was opened the hardware all the time? The kernel's two clocks may be a
 * little apart when counters are switched on one after another. */
static bool had_hardware(struct ev_counters *counters, const bool *only)
{
	for (size_t i = 0; i < counters->events->count; i++) {
		struct ev_count count;
		bool wanted = !only || only[i];
		if (!wanted || counters->events->items[i].kind != EV_EVENT_KERNEL)
			continue;
		int rc = ev_counters_read(counters, i, 0, &count);
		if (rc == -ENOENT)
			continue; /* refused */
		if (rc || count.running_ns < count.enabled_ns - count.enabled_ns / 100)
			return false;
	}
	return true;
}

int ev_counters_try(const struct ev_event_list *events, const bool *only)
{
	uint32_t tid = (uint32_t)gettid();
	const struct ev_target self = {
		.kind = EV_TARGET_TIDS, .ids = &tid, .id_count = 1, .no_inherit = true
	};
	const struct ev_counters_options options = { .only = only };
	struct ev_counters *counters;
	int rc = ev_counters_open(&counters, events, &self, &options, NULL);
	if (rc)
		return rc;
	for (size_t i = 0; i < events->count && !rc; i++) {
		if (events->items[i].kind == EV_EVENT_KERNEL && (!only || only[i]))
			rc = -ev_counters_opening(counters, i)->error;
	}
	uint64_t end_ns = ev_now_ns() + TRY_NS;
	while (ev_now_ns() < end_ns)
		;
	if (!had_hardware(counters, only))
		rc = -ENOSPC;
	ev_counters_close(counters);
	return rc;
}

/* ---- the plan ----------------------------------------------------------------------------------
 */

static size_t leader_of(const struct ev_event_list *events, size_t index)
{
	size_t leader = events->items[index].leader;
	return leader < index ? leader : index;
}

/* Does a group of events need the hardware at all? */
static bool needs_hardware(const struct ev_event_list *events, size_t leader)
{
	for (size_t i = leader; i < events->count; i++) {
		if (leader_of(events, i) == leader && events->items[i].kind == EV_EVENT_KERNEL &&
		    ev_event_is_hardware(&events->items[i].attr))
			return true;
	}
	return false;
}

static void choose(const struct ev_event_list *events, size_t leader, bool *only, bool on)
{
	for (size_t i = leader; i < events->count; i++) {
		if (leader_of(events, i) == leader)
			only[i] = on;
	}
}

size_t ev_passes_plan(const struct ev_event_list *events, const bool *common, unsigned *pass_of,
		      size_t *unfit)
{
	bool *only = ev_alloc((events->count + 1) * sizeof(*only)), empty = true;
	unsigned pass = 0;
	*unfit = 0;
	memcpy(only, common, events->count * sizeof(*only));
	for (size_t i = 0; i < events->count; i++) {
		size_t leader = leader_of(events, i);
		if (leader != i) {
			pass_of[i] = pass_of[leader];
			continue;
		}
		pass_of[i] = 0;
		if (common[i] || !needs_hardware(events, i))
			continue;
		choose(events, i, only, true);
		/* What is refused is so in every pass, and says why in the first. */
		bool full = ev_counters_try(events, only) == -ENOSPC;
		if (full && !empty) {
			pass++;
			memcpy(only, common, events->count * sizeof(*only));
			choose(events, i, only, true);
			full = ev_counters_try(events, only) == -ENOSPC;
		}
		*unfit += full;
		empty = false;
		pass_of[i] = pass;
	}
	free(only);
	return pass + 1;
}
