/* Time on the CPUs as it was measured, less what samples stand for, is time between samples. */
#include <stdlib.h>
#include <evprof/collect_waits.h>

static struct ev_on_cpu_thread *thread_of(struct ev_on_cpu *on, uint32_t pid, uint32_t tid)
{
	bool added;
	uint32_t *index = ev_map_add(&on->by_tid, (uint64_t)pid << 32 | tid, 0, &added);
	if (added) {
		*ev_array_add(&on->threads) = (struct ev_on_cpu_thread){ .pid = pid, .tid = tid };
		*index = (uint32_t)on->threads.count;
	}
	return &on->threads.items[*index - 1];
}

static void seen(struct ev_on_cpu_thread *thread, uint64_t time_ns)
{
	if (time_ns > thread->last_ns)
		thread->last_ns = time_ns;
}

void ev_on_cpu_sampled(struct ev_on_cpu *on, uint32_t pid, uint32_t tid, uint64_t time_ns,
		       uint64_t ns)
{
	struct ev_on_cpu_thread *thread = thread_of(on, pid, tid);
	thread->sampled_ns += ns;
	seen(thread, time_ns);
}

void ev_on_cpu_measured(struct ev_on_cpu *on, uint32_t pid, uint32_t tid, uint64_t time_ns,
			uint64_t all_ns, bool ended)
{
	struct ev_on_cpu_thread *thread = thread_of(on, pid, tid);
	thread->measured_ns = all_ns;
	thread->ended = ended;
	seen(thread, time_ns);
}

uint64_t ev_on_cpu_rest(struct ev_on_cpu_thread *thread)
{
	uint64_t told_ns = thread->sampled_ns + thread->given_ns;
	uint64_t rest_ns = thread->measured_ns > told_ns ? thread->measured_ns - told_ns : 0;
	thread->given_ns += rest_ns;
	return rest_ns;
}

void ev_on_cpu_forget(struct ev_on_cpu *on, uint64_t before_ns)
{
	size_t kept = 0;
	ev_map_done(&on->by_tid);
	for (size_t i = 0; i < on->threads.count; i++) {
		struct ev_on_cpu_thread *thread = &on->threads.items[i];
		if (thread->ended && thread->last_ns < before_ns)
			continue;
		on->threads.items[kept++] = *thread;
		*ev_map_add(&on->by_tid, (uint64_t)thread->pid << 32 | thread->tid, 0, NULL) =
			(uint32_t)kept;
	}
	on->threads.count = kept;
}

void ev_on_cpu_done(struct ev_on_cpu *on)
{
	ev_array_done(&on->threads);
	ev_map_done(&on->by_tid);
}
