/* Counts events around a piece of its own code, through the library that evprof is made of: what do
 * the first and the second walk over the same memory cost?
 *   count_function [events]      as after `evprof stat -e` */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <sys/mman.h>
#include <evprof/collect.h>

static void walk(volatile char *memory, size_t size_bytes)
{
	for (size_t at = 0; at < size_bytes; at += 64)
		memory[at]++;
}

/* An event's count summed over what it was opened on, scaled to the time it was wanted. */
static double total(struct ev_counters *counters, size_t event)
{
	double sum = 0;

	for (size_t slot = 0; slot < ev_counters_slot_count(counters); slot++) {
		struct ev_count count;

		if (ev_counters_read(counters, event, slot, &count) == 0 && count.running_ns > 0)
			sum += (double)count.value * (double)count.enabled_ns /
			       (double)count.running_ns;
	}
	return sum;
}

/* Counters are never set back: what a piece of code cost is the difference of two readings. */
static int count_walk(struct ev_counters *counters, const struct ev_event_list *events,
		      const char *which, char *memory, size_t size_bytes, struct ev_err *err)
{
	double *before = ev_alloc(events->count * sizeof(*before));
	int code;

	for (size_t i = 0; i < events->count; i++)
		before[i] = total(counters, i);
	code = ev_counters_enable(counters, err);
	if (code == 0) {
		walk(memory, size_bytes);
		code = ev_counters_disable(counters, err);
	}
	for (size_t i = 0; code == 0 && i < events->count; i++)
		if (ev_counters_opening(counters, i)->error == 0)
			printf("%-12s %16.0f  %s\n", which, total(counters, i) - before[i],
			       events->items[i].name);
	free(before);
	return code;
}

int main(int argc, char **argv)
{
	size_t size_bytes = 64 << 20;
	uint32_t self = (uint32_t)getpid();
	struct ev_target target = { .kind = EV_TARGET_TIDS, .ids = &self, .id_count = 1 };
	struct ev_counters_options options = { .disabled = true };
	struct ev_event_list events = { 0 };
	struct ev_counters *counters = NULL;
	struct ev_err err = { 0 };
	char *memory =
		mmap(NULL, size_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int code = memory == MAP_FAILED ? ev_fail(&err, ENOMEM, "no memory to walk over") : 0;

	if (code == 0)
		code = ev_event_parse(&events, argc > 1 ? argv[1] : "page-faults,task-clock", &err);
	if (code == 0)
		code = ev_counters_open(&counters, &events, &target, &options, &err);
	for (size_t i = 0; code == 0 && i < events.count; i++)
		if (ev_counters_opening(counters, i)->error)
			printf("not counted: %s: %s\n", events.items[i].name,
			       ev_counters_opening(counters, i)->why);
	if (code == 0)
		code = count_walk(counters, &events, "first walk", memory, size_bytes, &err);
	if (code == 0)
		code = count_walk(counters, &events, "second walk", memory, size_bytes, &err);
	if (code)
		fprintf(stderr, "count_function: %s\n", err.text);
	ev_counters_close(counters);
	ev_event_list_done(&events);
	return code ? 1 : 0;
}
