/* Samples and turns on the CPUs, as threads began and ended them, become what each sample is worth:
 * all of a thread's together are the time that it was on a CPU. */
#include <stdlib.h>
#include <string.h>
#include <evprof/collect_waits.h>

/* Timers are late where a host takes the CPUs away; a sample that is later than this is rather one
 * of another turn, whose end nobody told. */
#define LATEST_PERIODS 4
#define SETTLED_AFTER_NS 5000000000u /* threads that have ended, for what comes late */
#define SETTLE_EVERY_NS 1000000000u
#define WORTH_TELLING_NS 1000000u /* without a sample, before the thread's next sample */

struct ev_on_cpu_step {
	uint64_t time_ns, begin_ns; /* begin: of a turn */
	size_t order;               /* as they came */
	uint32_t pid, tid;
	/* Of a sample; NULL = a turn ended. */
	void *record;
	size_t record_bytes;
	uint64_t nominal_ns;
	uint64_t *chain;
	size_t chain_count;
};

/* While shares are given away. */
struct giving {
	struct ev_on_cpu *on;
	ev_on_cpu_take take;
	void *context;
	struct ev_err *err;
	int failed;
};

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

/* ---- what is told -------------------------------------------------------------------------------
 */

static struct ev_on_cpu_step *add_step(struct ev_on_cpu *on, uint64_t time_ns, uint32_t pid,
				       uint32_t tid)
{
	struct ev_on_cpu_step *step = ev_array_add(&on->steps);
	*step = (struct ev_on_cpu_step){
		.time_ns = time_ns, .order = on->steps.count, .pid = pid, .tid = tid
	};
	if (time_ns > on->seen_ns[0])
		on->seen_ns[0] = time_ns;
	return step;
}

static void *copy_of(const void *bytes, size_t size_bytes)
{
	return size_bytes ? memcpy(ev_alloc(size_bytes), bytes, size_bytes) : NULL;
}

void ev_on_cpu_sampled(struct ev_on_cpu *on, const struct ev_record *record, uint64_t nominal_ns,
		       const void *bytes, size_t size_bytes)
{
	const struct ev_sample *sample = &record->sample;
	struct ev_on_cpu_step *step = add_step(on, record->time_ns, record->pid, record->tid);
	size_t first = 0;
	while (first < sample->chain_count && sample->chain[first] != (uint64_t)PERF_CONTEXT_USER)
		first++;
	step->record = copy_of(bytes, size_bytes);
	step->record_bytes = size_bytes;
	step->nominal_ns = nominal_ns;
	step->chain_count = sample->chain_count - first;
	step->chain = copy_of(sample->chain + first, step->chain_count * sizeof(*sample->chain));
}

void ev_on_cpu_ran(struct ev_on_cpu *on, uint32_t pid, uint32_t tid, uint64_t begin_ns,
		   uint64_t end_ns)
{
	add_step(on, end_ns, pid, tid)->begin_ns = begin_ns;
}

void ev_on_cpu_given(struct ev_on_cpu *on, uint32_t pid, uint32_t tid, uint64_t ns)
{
	thread_of(on, pid, tid)->given_ns += ns;
	on->tally.between_ns += ns;
}

void ev_on_cpu_measured(struct ev_on_cpu *on, uint32_t pid, uint32_t tid, uint64_t time_ns,
			uint64_t all_ns, bool ended)
{
	struct ev_on_cpu_thread *thread = thread_of(on, pid, tid);
	thread->measured_ns = all_ns;
	thread->ended = ended;
	seen(thread, time_ns);
}

void ev_on_cpu_ended(struct ev_on_cpu *on, uint32_t pid, uint32_t tid, uint64_t time_ns)
{
	const uint32_t *index = ev_map_find(&on->by_tid, (uint64_t)pid << 32 | tid, 0);
	if (!index)
		return;
	on->threads.items[*index - 1].ended = true;
	seen(&on->threads.items[*index - 1], time_ns);
}

/* ---- shares -------------------------------------------------------------------------------------
 */

static void give(struct giving *giving, struct ev_on_cpu_thread *thread,
		 struct ev_on_cpu_share share)
{
	share.pid = thread->pid;
	share.tid = thread->tid;
	thread->given_ns += share.ns;
	if (share.record)
		giving->on->tally.samples++;
	else
		giving->on->tally.between_ns += share.ns;
	if (!giving->failed)
		giving->failed = giving->take(giving->context, &share, giving->err);
}

/* The sample that is held back goes, with what is owed; no sample is worth nothing. */
static void release(struct giving *giving, struct ev_on_cpu_thread *thread)
{
	int64_t ns = (int64_t)thread->held_ns + thread->owed_ns;
	if (!thread->held)
		return;
	thread->owed_ns = ns < 1 ? ns - 1 : 0;
	give(giving, thread,
	     (struct ev_on_cpu_share){ .time_ns = thread->sampled_at_ns,
				       .ns = ns < 1 ? 1 : (uint64_t)ns,
				       .record = thread->held,
				       .record_bytes = thread->held_bytes });
	free(thread->held);
	thread->held = NULL;
}

static void give_between(struct giving *giving, struct ev_on_cpu_thread *thread, uint64_t ns,
			 uint64_t time_ns)
{
	give(giving, thread,
	     (struct ev_on_cpu_share){ .time_ns = time_ns,
				       .ns = ns,
				       .chain = thread->chain,
				       .chain_count = thread->chain_count });
}

static void take_sample(struct giving *giving, struct ev_on_cpu_thread *thread,
			struct ev_on_cpu_step *step)
{
	uint64_t since_ns = step->time_ns - thread->sampled_at_ns;
	bool known = thread->in_turn && thread->held && since_ns &&
		     since_ns <= LATEST_PERIODS * step->nominal_ns;
	if (!thread->in_turn && thread->owed_ns >= (int64_t)WORTH_TELLING_NS) {
		give_between(giving, thread, (uint64_t)thread->owed_ns, thread->last_ns);
		thread->owed_ns = 0;
	}
	int64_t owed_ns = thread->owed_ns;
	/* The turn is not over: what is owed is for its last sample. */
	if (owed_ns > 0)
		thread->owed_ns = 0;
	release(giving, thread);
	thread->owed_ns += owed_ns > 0 ? owed_ns : 0;
	thread->held = step->record;
	thread->held_bytes = step->record_bytes;
	thread->held_ns = known ? since_ns : step->nominal_ns;
	thread->turn_ns += thread->held_ns;
	thread->sampled_at_ns = step->time_ns;
	thread->in_turn = true;
	free(thread->chain);
	thread->chain = step->chain;
	thread->chain_count = step->chain_count;
	step->record = NULL;
	step->chain = NULL;
}

static void end_turn(struct giving *giving, struct ev_on_cpu_thread *thread,
		     const struct ev_on_cpu_step *step)
{
	if (step->begin_ns)
		thread->owed_ns +=
			(int64_t)(step->time_ns - step->begin_ns) - (int64_t)thread->turn_ns;
	thread->turn_ns = 0;
	thread->in_turn = false;
	release(giving, thread);
}

static int by_time(const void *one, const void *other)
{
	const struct ev_on_cpu_step *a = one, *b = other;
	if (a->time_ns != b->time_ns)
		return a->time_ns < b->time_ns ? -1 : 1;
	return a->order < b->order ? -1 : a->order > b->order;
}

static void free_step(struct ev_on_cpu_step *step)
{
	free(step->record);
	free(step->chain);
}

static void take_steps(struct giving *giving, uint64_t until_ns)
{
	struct ev_on_cpu *on = giving->on;
	size_t done = 0, count = on->steps.count;
	if (count)
		qsort(on->steps.items, count, sizeof(*on->steps.items), by_time);
	for (; done < count && on->steps.items[done].time_ns <= until_ns; done++) {
		struct ev_on_cpu_step *step = &on->steps.items[done];
		struct ev_on_cpu_thread *thread = thread_of(on, step->pid, step->tid);
		if (step->record)
			take_sample(giving, thread, step);
		else
			end_turn(giving, thread, step);
		seen(thread, step->time_ns);
		free_step(step);
	}
	for (size_t i = done; i < count; i++) {
		on->steps.items[i - done] = on->steps.items[i];
		on->steps.items[i - done].order = i - done;
	}
	on->steps.count = count - done;
}

/* ---- the end of threads -------------------------------------------------------------------------
 */

/* What was measured and nobody was given. */
static void settle(struct giving *giving, struct ev_on_cpu_thread *thread)
{
	uint64_t told_ns = thread->given_ns + (thread->held ? thread->held_ns : 0);
	if (thread->in_turn) /* it still runs, or its last turn was not told */
		thread->owed_ns = 0;
	if (thread->held && thread->measured_ns > told_ns &&
	    thread->measured_ns - told_ns < LATEST_PERIODS * thread->held_ns)
		thread->owed_ns = (int64_t)(thread->measured_ns - told_ns);
	release(giving, thread);
	if (thread->measured_ns > thread->given_ns)
		give_between(giving, thread, thread->measured_ns - thread->given_ns,
			     thread->last_ns);
}

static void free_thread(struct ev_on_cpu_thread *thread)
{
	free(thread->held);
	free(thread->chain);
}

/* Of threads that have ended, or of all; those are forgotten. */
static void settle_threads(struct giving *giving, bool last, uint64_t before_ns)
{
	struct ev_on_cpu *on = giving->on;
	size_t kept = 0;
	ev_map_done(&on->by_tid);
	for (size_t i = 0; i < on->threads.count; i++) {
		struct ev_on_cpu_thread *thread = &on->threads.items[i];
		if (last || (thread->ended && thread->last_ns < before_ns)) {
			settle(giving, thread);
			free_thread(thread);
			continue;
		}
		on->threads.items[kept++] = *thread;
		*ev_map_add(&on->by_tid, (uint64_t)thread->pid << 32 | thread->tid, 0, NULL) =
			(uint32_t)kept;
	}
	on->threads.count = kept;
}

int ev_on_cpu_round(struct ev_on_cpu *on, bool last, uint64_t now_ns, ev_on_cpu_take take,
		    void *context, struct ev_err *err)
{
	struct giving giving = { .on = on, .take = take, .context = context, .err = err };
	take_steps(&giving, last ? UINT64_MAX : on->seen_ns[2]);
	on->seen_ns[2] = on->seen_ns[1];
	on->seen_ns[1] = on->seen_ns[0];
	if (last || now_ns - on->settled_ns >= SETTLE_EVERY_NS) {
		on->settled_ns = now_ns;
		settle_threads(&giving, last, now_ns - SETTLED_AFTER_NS);
	}
	return giving.failed;
}

void ev_on_cpu_done(struct ev_on_cpu *on)
{
	for (size_t i = 0; i < on->threads.count; i++)
		free_thread(&on->threads.items[i]);
	for (size_t i = 0; i < on->steps.count; i++)
		free_step(&on->steps.items[i]);
	ev_array_done(&on->threads);
	ev_array_done(&on->steps);
	ev_map_done(&on->by_tid);
}
