/* For how long an answer of the histories holds, so that readers may keep what they found. */
#include "space.h"

static void narrow(struct ev_span *span, uint64_t from_ns, uint64_t time_ns)
{
	if (from_ns > time_ns) {
		if (from_ns < span->to_ns)
			span->to_ns = from_ns;
	} else if (from_ns > span->from_ns) {
		span->from_ns = from_ns;
	}
}

static void narrow_to_steps(struct ev_span *span, const struct process *process, uint64_t time_ns)
{
	size_t low = 0, high = process->steps.count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (process->steps.items[middle].from_ns <= time_ns)
			low = middle + 1;
		else
			high = middle;
	}
	if (low)
		narrow(span, process->steps.items[low - 1].from_ns, time_ns);
	if (low < process->steps.count)
		narrow(span, process->steps.items[low].from_ns, time_ns);
}

struct ev_span ev_space_still(const struct ev_space_set *set, uint32_t pid, uint64_t time_ns)
{
	struct ev_span span = { 0, UINT64_MAX };
	for (int dumped = 0; dumped < 2 && time_ns; dumped++) {
		const uint32_t *index = ev_map_find(&set->process_by_pid, pid, dumped);
		if (index)
			narrow_to_steps(&span, &set->processes.items[*index], time_ns);
	}
	return span;
}

struct ev_span ev_space_comm_still(const struct ev_space_set *set, uint32_t pid, uint32_t tid,
				   uint64_t time_ns)
{
	struct ev_span span = { 0, UINT64_MAX };
	const uint32_t tasks[] = { tid, pid };
	for (size_t i = 0; i < EV_LENGTH(tasks) && time_ns; i++) {
		const uint32_t *index = ev_map_find(&set->thread_by_tid, tasks[i], 0);
		const struct thread *thread = index ? &set->threads.items[*index] : NULL;
		for (size_t name = 0; thread && name < thread->names.count; name++)
			narrow(&span, thread->names.items[name].from_ns, time_ns);
	}
	return span;
}
