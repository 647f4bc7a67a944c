/* Records of threads that leave and enter CPUs become intervals off them, each with the stack of
 * the thread's last sample. */
#include <stdlib.h>
#include <string.h>
#include <evprof/collect_waits.h>

enum happening { SAMPLED, BORN, LEFT, PREEMPTED, ENTERED, ENDED };

/* One record, as far as it matters here. */
struct step {
	uint64_t time_ns;
	size_t order; /* as they came */
	uint32_t pid, tid, chain;
	enum happening what;
};
struct thread {
	uint32_t pid, tid;
	uint32_t chain; /* of the last sample, 0 = none yet */
	bool left;
	enum ev_wait_state state;
	uint64_t left_ns, entered_ns; /* 0 = not known */
	uint64_t on_ns;
};
struct sum {
	size_t thread;
	enum ev_wait_state state;
	uint32_t chain;
	uint64_t ns, last_ns;
};
struct chain {
	size_t at, count; /* in words */
};

struct ev_switch_waits {
	uint64_t shortest_ns, from_ns;
	struct ev_on_cpu *on;
	EV_ARRAY(struct step) steps;
	uint64_t seen_ns, known_ns; /* latest times in all rounds, and in those before the last */
	EV_ARRAY(struct thread) threads;
	struct ev_map by_tid; /* index + 1 */
	EV_ARRAY(struct sum) sums;
	struct ev_map by_kind; /* index + 1 */
	EV_ARRAY(uint64_t) words;
	EV_ARRAY(struct chain) chains; /* the first stands for none */
	struct ev_map by_hash;         /* index */
	struct ev_switch_waits_tally tally;
	ev_switch_waits_take take;
	void *context;
	struct ev_err *err;
	int failed;
};

struct ev_switch_waits *ev_switch_waits_open(uint64_t shortest_ns, uint64_t from_ns,
					     struct ev_on_cpu *on)
{
	struct ev_switch_waits *waits = ev_alloc(sizeof(*waits));
	waits->shortest_ns = shortest_ns;
	waits->from_ns = from_ns;
	waits->on = on;
	ev_array_add(&waits->chains);
	return waits;
}

/* ---- what comes ---------------------------------------------------------------------------------
 */

/* The user's side of a chain, each only once. */
static uint32_t chain_of(struct ev_switch_waits *waits, const struct ev_sample *sample)
{
	size_t first = 0;
	while (first < sample->chain_count && sample->chain[first] != (uint64_t)PERF_CONTEXT_USER)
		first++;
	const uint64_t *from = sample->chain + first;
	size_t count = sample->chain_count - first;
	if (!count)
		return 0;
	bool added;
	uint32_t *index = ev_map_add(&waits->by_hash, ev_hash_bytes(from, count * sizeof(*from)),
				     count, &added);
	if (!added) {
		const struct chain *known = &waits->chains.items[*index];
		if (!memcmp(&waits->words.items[known->at], from, count * sizeof(*from)))
			return *index;
	}
	*index = (uint32_t)waits->chains.count;
	*ev_array_add(&waits->chains) = (struct chain){ waits->words.count, count };
	for (size_t i = 0; i < count; i++)
		*ev_array_add(&waits->words) = from[i];
	return (uint32_t)waits->chains.count - 1;
}

void ev_switch_waits_add(struct ev_switch_waits *waits, const struct ev_record *record)
{
	struct step step = { .time_ns = record->time_ns,
			     .order = waits->steps.count,
			     .pid = record->pid,
			     .tid = record->tid };
	switch (record->type) {
	case PERF_RECORD_SAMPLE:
		if (ev_wait_state_is(record->sample.ip))
			return;
		step.what = SAMPLED;
		step.chain = chain_of(waits, &record->sample);
		break;
	case PERF_RECORD_SWITCH:
	case PERF_RECORD_SWITCH_CPU_WIDE:
		step.what = !record->context_switch.out        ? ENTERED
			    : record->context_switch.preempted ? PREEMPTED
							       : LEFT;
		break;
	case PERF_RECORD_FORK:
	case PERF_RECORD_EXIT:
		step.what = record->type == PERF_RECORD_FORK ? BORN : ENDED;
		step.pid = record->task.pid;
		step.tid = record->task.tid;
		break;
	default:
		return;
	}
	/* What was made up of what ran before has no time; nor is the idle loop anybody. */
	if (!step.time_ns || !step.tid)
		return;
	if (step.time_ns > waits->seen_ns)
		waits->seen_ns = step.time_ns;
	*ev_array_add(&waits->steps) = step;
}

/* ---- intervals ----------------------------------------------------------------------------------
 */

static void give(struct ev_switch_waits *waits, const struct thread *thread,
		 enum ev_wait_state state, uint32_t chain, uint64_t end_ns, uint64_t ns)
{
	const struct chain *of = &waits->chains.items[chain];
	struct ev_switch_wait wait = { .pid = thread->pid,
				       .tid = thread->tid,
				       .state = state,
				       .end_ns = end_ns,
				       .ns = ns,
				       .chain = of->count ? &waits->words.items[of->at] : NULL,
				       .chain_count = of->count };
	if (!waits->failed)
		waits->failed = waits->take(waits->context, &wait, waits->err);
}

static void add_up(struct ev_switch_waits *waits, size_t index, uint64_t end_ns, uint64_t ns)
{
	const struct thread *thread = &waits->threads.items[index];
	bool added;
	uint32_t *known = ev_map_add(&waits->by_kind, (uint64_t)index << 8 | thread->state,
				     thread->chain, &added);
	if (added) {
		*ev_array_add(&waits->sums) = (struct sum){ .thread = index,
							    .state = thread->state,
							    .chain = thread->chain };
		*known = (uint32_t)waits->sums.count;
	}
	struct sum *sum = &waits->sums.items[*known - 1];
	sum->ns += ns;
	sum->last_ns = end_ns;
	waits->tally.shorts++;
	waits->tally.short_ns += ns;
}

static void end_wait(struct ev_switch_waits *waits, size_t index, uint64_t end_ns)
{
	struct thread *thread = &waits->threads.items[index];
	if (!thread->left || end_ns <= thread->left_ns)
		return;
	uint64_t ns = end_ns - thread->left_ns;
	thread->left = false;
	waits->tally.intervals++;
	waits->tally.ns += ns;
	waits->tally.without_stack += !thread->chain;
	if (ns < waits->shortest_ns)
		add_up(waits, index, end_ns, ns);
	else
		give(waits, thread, thread->state, thread->chain, end_ns, ns);
}

static void leave(struct ev_switch_waits *waits, struct thread *thread, const struct step *step)
{
	if (thread->entered_ns && step->time_ns > thread->entered_ns)
		thread->on_ns += step->time_ns - thread->entered_ns;
	if (step->what != ENDED || thread->entered_ns)
		ev_on_cpu_ran(waits->on, thread->pid, thread->tid, thread->entered_ns,
			      step->time_ns);
	thread->entered_ns = 0;
	ev_on_cpu_measured(waits->on, thread->pid, thread->tid, step->time_ns, thread->on_ns,
			   step->what == ENDED);
}

static void take_step(struct ev_switch_waits *waits, const struct step *step)
{
	bool added;
	uint32_t *index = ev_map_add(&waits->by_tid, step->tid, 0, &added);
	if (added || step->what == BORN) {
		/* One that was there before the recording waits since then. */
		*ev_array_add(&waits->threads) =
			(struct thread){ .pid = step->pid,
					 .tid = step->tid,
					 .left = waits->from_ns && step->what == ENTERED,
					 .left_ns = waits->from_ns,
					 .state = EV_STATE_BLOCKED };
		*index = (uint32_t)waits->threads.count;
	}
	size_t at = *index - 1;
	struct thread *thread = &waits->threads.items[at];
	switch (step->what) {
	case BORN:
		break;
	case SAMPLED:
		if (step->chain)
			thread->chain = step->chain;
		break;
	case ENTERED:
		end_wait(waits, at, step->time_ns);
		thread->entered_ns = step->time_ns;
		break;
	case LEFT:
	case PREEMPTED:
		leave(waits, thread, step);
		thread->left = true;
		thread->left_ns = step->time_ns;
		thread->state = step->what == PREEMPTED ? EV_STATE_PREEMPTED : EV_STATE_BLOCKED;
		break;
	case ENDED:
		leave(waits, thread, step);
		thread->left = false;
		break;
	}
}

static int by_time(const void *one, const void *other)
{
	const struct step *a = one, *b = other;
	if (a->time_ns != b->time_ns)
		return a->time_ns < b->time_ns ? -1 : 1;
	return a->order < b->order ? -1 : a->order > b->order;
}

static void end_all(struct ev_switch_waits *waits, uint64_t now_ns)
{
	for (size_t i = 0; i < waits->threads.count; i++) {
		struct thread *thread = &waits->threads.items[i];
		struct step step = { .time_ns = now_ns, .what = LEFT };
		if (thread->entered_ns)
			leave(waits, thread, &step);
		if (!thread->left || now_ns <= thread->left_ns)
			continue;
		waits->tally.open++;
		waits->tally.open_ns += now_ns - thread->left_ns;
		end_wait(waits, i, now_ns);
	}
	for (size_t i = 0; i < waits->sums.count; i++) {
		const struct sum *sum = &waits->sums.items[i];
		give(waits, &waits->threads.items[sum->thread], sum->state, sum->chain,
		     sum->last_ns, sum->ns);
	}
}

int ev_switch_waits_round(struct ev_switch_waits *waits, bool last, uint64_t now_ns,
			  ev_switch_waits_take take, void *context, struct ev_err *err)
{
	size_t done = 0, count = waits->steps.count;
	waits->take = take;
	waits->context = context;
	waits->err = err;
	if (count)
		qsort(waits->steps.items, count, sizeof(struct step), by_time);
	while (done < count && (last || waits->steps.items[done].time_ns <= waits->known_ns))
		take_step(waits, &waits->steps.items[done++]);
	for (size_t i = done; i < count; i++) {
		waits->steps.items[i - done] = waits->steps.items[i];
		waits->steps.items[i - done].order = i - done;
	}
	waits->steps.count = count - done;
	waits->known_ns = waits->seen_ns;
	if (last)
		end_all(waits, now_ns);
	return waits->failed;
}

struct ev_switch_waits_tally ev_switch_waits_tally(const struct ev_switch_waits *waits)
{
	return waits->tally;
}

void ev_switch_waits_close(struct ev_switch_waits *waits)
{
	if (!waits)
		return;
	ev_array_done(&waits->steps);
	ev_array_done(&waits->threads);
	ev_array_done(&waits->sums);
	ev_array_done(&waits->words);
	ev_array_done(&waits->chains);
	ev_map_done(&waits->by_tid);
	ev_map_done(&waits->by_kind);
	ev_map_done(&waits->by_hash);
	free(waits);
}
