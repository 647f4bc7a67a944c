/* Time that threads are off the CPUs, measured by a BPF program, becomes sample records. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/ioctl.h>
#include "bpf_filter.h"
#include "bpf_waits.h"
#include "bpf_watched.h"
#include "cgroups.h"
#include "sampler.h"
#include "syscalls.h"
#include "tasks.h"

#ifndef EV_HAVE_BPF
#define EV_HAVE_BPF 0
#endif
#ifndef EV_BPF_WHY
#define EV_BPF_WHY "the build was not told of it"
#endif

#define SUMS_EVERY_NS 1000000000u
#define FORGOTTEN_AFTER_NS 2000000000u /* kinds of short waits, many of threads that are gone */

#if EV_HAVE_BPF

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <waits.skel.h>

/* The first wait of a kind that is added up: what its sums are the sums of. */
struct kept {
	struct ev_wait *wait;
	uint64_t kind;
	uint64_t told_ns, told_count, told_run_ns;
};

struct ev_waits {
	struct waits_bpf *programs;
	struct ring_buffer *ring;
	size_t value_bytes; /* of the maps of waits */
	struct ev_bpf_filter filter;
	int event, waker_event;
	uint64_t id, waker_id;
	EV_ARRAY(struct kept) kept;
	struct ev_waits_tally tally;
	uint64_t sums_ns; /* when sums are told next */
	struct ev_wait_sample sample;
	struct ev_on_cpu *on;
	struct ev_sampler *marked; /* events of this one are marked */
	/* While records are given away. */
	ev_take_record take;
	void *context;
	struct ev_err *err;
	int failed;
};

/* ---- samples ----------------------------------------------------------------------------------
 */

static void give(struct ev_waits *waits, const struct ev_wait *wait, uint64_t period_ns)
{
	struct ev_record record;
	bool waker = wait->what == EV_WAIT_WAKER;
	if (waits->failed)
		return;
	ev_wait_record(wait, &waits->sample, &record);
	record.event = waker ? waits->waker_event : waits->event;
	record.id = record.sample.id = waker ? waits->waker_id : waits->id;
	record.sample.period = period_ns;
	if (!record.sample.ip)
		return;
	waits->tally.samples++;
	waits->failed = waits->take(waits->context, &record, waits->err);
}

/* Time on a CPU without a sample, until the thread left it where it waits. */
static void give_run(struct ev_waits *waits, const struct ev_wait *wait, uint64_t ns)
{
	if (!ns || !waits->on)
		return;
	uint64_t address = ev_wait_state_address(EV_STATE_RUNNING);
	struct ev_record record;
	ev_wait_record(wait, &waits->sample, &record);
	record.event = waits->event;
	record.id = record.sample.id = waits->id;
	record.sample.period = ns;
	record.sample.ip = waits->sample.chain[1] = address;
	record.time_ns = record.sample.time_ns = wait->begin_ns;
	waits->tally.samples++;
	waits->tally.run_ns += ns;
	ev_on_cpu_given(waits->on, wait->pid, wait->tid, ns);
	if (!waits->failed)
		waits->failed = waits->take(waits->context, &record, waits->err);
}

static void count(struct ev_waits *waits, uint64_t intervals, uint64_t ns)
{
	waits->tally.intervals += intervals;
	waits->tally.ns += ns;
}

static void tell_on_cpu(struct ev_waits *waits, const struct ev_wait *wait, uint64_t time_ns,
			uint64_t ns, bool ended)
{
	waits->tally.on_ns += ns;
	if (waits->on)
		ev_on_cpu_measured(waits->on, wait->pid, wait->tid, time_ns, ns, ended);
}

static void keep(struct ev_waits *waits, const struct ev_wait *wait, size_t size_bytes)
{
	struct kept *kept = ev_array_add(&waits->kept);
	*kept = (struct kept){ .wait = ev_alloc(size_bytes), .kind = wait->kind };
	memcpy(kept->wait, wait, size_bytes);
}

static int take_wait(void *context, void *bytes, size_t size_bytes)
{
	struct ev_waits *waits = context;
	const struct ev_wait *wait = bytes;
	if (size_bytes == sizeof(struct ev_wait_ran)) {
		const struct ev_wait_ran *ran = bytes;
		if (waits->on)
			ev_on_cpu_ran(waits->on, ran->pid, ran->tid, ran->begin_ns, ran->end_ns);
		return 0;
	}
	if (!ev_wait_is_whole(wait, size_bytes))
		return 0;
	if (wait->what == EV_WAIT_ENDED) {
		tell_on_cpu(waits, wait, wait->end_ns, wait->on_ns, true);
		return 0;
	}
	uint64_t ns = wait->end_ns - wait->begin_ns;
	if (wait->what == EV_WAIT_SHORT) {
		keep(waits, wait, size_bytes);
		waits->tally.shorts++;
		waits->tally.short_ns += ns;
	}
	if (wait->what != EV_WAIT_WAKER) {
		count(waits, 1, ns);
		give_run(waits, wait, wait->run_ns);
	}
	give(waits, wait, ns);
	return waits->failed ? -1 : 0;
}

/* What was added up of one kind since the last time. */
static void give_sum(struct ev_waits *waits, struct kept *kept, const struct ev_wait_sum *sum)
{
	uint64_t ns = sum->ns - kept->told_ns, intervals = sum->count - kept->told_count;
	uint64_t run_ns = sum->run_ns - kept->told_run_ns;
	if (!ns)
		return;
	kept->told_ns = sum->ns;
	kept->told_count = sum->count;
	kept->told_run_ns = sum->run_ns;
	count(waits, intervals, ns);
	waits->tally.shorts += intervals;
	waits->tally.short_ns += ns;
	kept->wait->begin_ns = kept->wait->end_ns = sum->last_ns;
	give_run(waits, kept->wait, run_ns);
	give(waits, kept->wait, ns);
}

/* Kinds that were not met for a while make room: the next of them is a first one again. */
static void give_sums(struct ev_waits *waits, uint64_t now_ns)
{
	int map = bpf_map__fd(waits->programs->maps.kinds);
	for (size_t i = waits->kept.count; i-- > 0 && !waits->failed;) {
		struct kept *kept = &waits->kept.items[i];
		struct ev_wait_sum sum;
		if (bpf_map_lookup_elem(map, &kept->kind, &sum))
			continue;
		bool forgotten = sum.last_ns + FORGOTTEN_AFTER_NS < now_ns &&
				 !bpf_map_lookup_and_delete_elem(map, &kept->kind, &sum);
		give_sum(waits, kept, &sum);
		if (!forgotten)
			continue;
		free(kept->wait);
		*kept = waits->kept.items[--waits->kept.count];
	}
}

/* As the program would decide, had it ended now. */
static bool passes(const struct ev_waits *waits, const struct ev_wait *wait, uint64_t now_ns)
{
	const uint64_t fields[] = {
		[EV_COUNT_PERIOD] = now_ns - wait->begin_ns,
		[EV_COUNT_CPU] = wait->cpu,
		[EV_COUNT_PID] = wait->pid,
		[EV_COUNT_TID] = wait->tid,
		[EV_COUNT_LATENCY] = now_ns - wait->begin_ns,
	};
	return ev_bpf_filter_passes(&waits->filter, fields, wait->facts);
}

static void give_open(struct ev_waits *waits)
{
	int map = bpf_map__fd(waits->programs->maps.waits);
	struct ev_wait *wait = ev_alloc(waits->value_bytes);
	uint32_t tid, *last = NULL, previous;
	uint64_t now_ns = ev_now_ns();
	while (!waits->failed && !bpf_map_get_next_key(map, last, &tid)) {
		previous = tid;
		last = &previous;
		if (bpf_map_lookup_elem(map, &tid, wait))
			continue;
		uint64_t on_ns = wait->on_ns;
		if (wait->on_since_ns && wait->on_since_ns < now_ns)
			on_ns += now_ns - wait->on_since_ns;
		tell_on_cpu(waits, wait, now_ns, on_ns, false);
		if (!wait->begin_ns || wait->begin_ns >= now_ns || !passes(waits, wait, now_ns))
			continue;
		wait->what = EV_WAIT_INTERVAL;
		wait->end_ns = now_ns;
		uint64_t ns = now_ns - wait->begin_ns;
		waits->tally.open++;
		waits->tally.open_ns += ns;
		count(waits, 1, ns);
		give_run(waits, wait, wait->run_ns);
		give(waits, wait, ns);
	}
	free(wait);
}

static int ready_fd(void *self)
{
	struct ev_waits *waits = self;
	return ring_buffer__epoll_fd(waits->ring);
}

static int drain(void *self, bool last, ev_take_record take, void *context, struct ev_err *err)
{
	struct ev_waits *waits = self;
	uint64_t now_ns = ev_now_ns();
	waits->take = take;
	waits->context = context;
	waits->err = err;
	waits->failed = 0;
	if (last)
		waits_bpf__detach(waits->programs);
	ring_buffer__consume(waits->ring);
	if (last || now_ns >= waits->sums_ns) {
		waits->sums_ns = now_ns + SUMS_EVERY_NS;
		give_sums(waits, now_ns);
	}
	if (last)
		give_open(waits);
	return waits->failed;
}

struct ev_bpf_source ev_waits_source(struct ev_waits *waits)
{
	return (struct ev_bpf_source){ .self = waits, .fd = ready_fd, .drain = drain };
}

struct ev_waits_tally ev_waits_tally(struct ev_waits *waits)
{
	const struct ev_wait_losses *losses = &waits->programs->bss->losses;
	waits->tally.dropped = losses->dropped;
	waits->tally.dropped_ns = losses->dropped_ns;
	waits->tally.missed = losses->missed;
	waits->tally.kinds = waits->kept.count;
	waits->tally.threads_left_out = losses->untold + waits->programs->bss->children_missed;
	return waits->tally;
}

/* ---- opening ----------------------------------------------------------------------------------
 */

static struct waits_bpf *load(bool raw, const struct ev_watch_target *target,
			      const struct ev_waits_options *options,
			      const struct ev_bpf_filter *filter, size_t value_bytes, int *error)
{
	struct waits_bpf *programs = waits_bpf__open();
	*error = errno;
	if (!programs)
		return NULL;
	programs->rodata->watch = ev_watched_plan(target);
	programs->rodata->options = (struct ev_wait_options){
		.shortest_ns = options->shortest_ns,
		.copy_bytes = options->stack_bytes,
		.user = options->user_stacks,
		.kernel = options->kernel_stacks,
		.wakers = options->wakers,
		.own_pid = getpid(),
	};
	if (filter->step_count) {
		programs->rodata->has_filter = true;
		memcpy((void *)programs->rodata->filter, filter->steps, sizeof(filter->steps));
		memcpy((void *)programs->rodata->globs, filter->globs, sizeof(filter->globs));
	}
	bpf_map__set_value_size(programs->maps.waits, (uint32_t)value_bytes);
	bpf_map__set_value_size(programs->maps.wakers, (uint32_t)value_bytes);
	bpf_map__set_value_size(programs->maps.blank, (uint32_t)value_bytes);
	ev_watched_choose(programs->obj, raw);
	ev_watched_size(programs->obj, target);
	if (!options->wakers) {
		bpf_program__set_autoload(programs->progs.typed_waking, false);
		bpf_program__set_autoload(programs->progs.raw_waking, false);
	}
	int rc = waits_bpf__load(programs);
	if (!rc)
		rc = waits_bpf__attach(programs);
	if (!rc)
		return programs;
	*error = -rc;
	waits_bpf__destroy(programs);
	return NULL;
}

/* The threads of a target as they are now; of a command none, it has not begun. */
static void list_threads(const struct ev_target *target, struct ev_task_list *tids)
{
	struct ev_task_list pids = { 0 };
	if (target->kind == EV_TARGET_SYSTEM)
		ev_processes_list(&pids, false, 0);
	else if (target->kind != EV_TARGET_COMMAND)
		ev_tasks_list(target, tids, NULL);
	for (size_t i = 0; i < pids.count; i++)
		ev_process_threads(pids.items[i], tids);
	ev_array_done(&pids);
}

static bool in_cgroup(void *context, uint64_t id)
{
	return ev_process_in_cgroup(*(const uint32_t *)context, id);
}

static uint32_t facts_of(const struct ev_waits *waits, const struct ev_wait *wait)
{
	char path[64], comm[32] = "";
	uint32_t pid = wait->pid;
	snprintf(path, sizeof(path), "/proc/%u/task/%u/comm", wait->pid, wait->tid);
	FILE *file = waits->filter.step_count ? fopen(path, "re") : NULL;
	if (file && fgets(comm, sizeof(comm), file))
		comm[strcspn(comm, "\n")] = 0;
	if (file)
		fclose(file);
	return ev_bpf_filter_facts(&waits->filter, comm, in_cgroup, &pid);
}

/* Threads that wait already do so from now on. Of one that wakes up or leaves its CPU meanwhile the
 * program has an entry already, or will write over this one. */
static void begin_waiting(struct ev_waits *waits, const struct ev_watch_target *target)
{
	struct ev_task_list tids = { 0 };
	struct ev_wait *wait = ev_alloc(sizeof(*wait));
	int map = bpf_map__fd(waits->programs->maps.waits);
	list_threads(target->target, &tids);
	for (size_t i = 0; i < tids.count; i++) {
		uint64_t now_ns = ev_now_ns();
		if (!ev_wait_of_task(tids.items[i], wait))
			continue;
		wait->begin_ns = now_ns;
		wait->facts = facts_of(waits, wait);
		bpf_map_update_elem(map, &tids.items[i], wait, BPF_NOEXIST);
	}
	ev_array_done(&tids);
	free(wait);
}

int ev_waits_open(struct ev_waits **waits, const struct ev_watch_target *target,
		  const struct ev_waits_options *options, struct ev_err *err)
{
	char absence[256];
	int error;
	*waits = NULL;
	if (ev_bpf_absence(absence, sizeof(absence)))
		return ev_fail(err, EPERM, "BPF programs cannot be used: %s", absence);
	if (options->stack_bytes > EV_WAIT_COPY_LIMIT)
		return ev_fail(err, EINVAL,
			       "copies of at most %d bytes can be taken of stacks that wait",
			       EV_WAIT_COPY_LIMIT);
	libbpf_set_print(NULL); /* it would speak to the user itself */
	size_t room = options->stack_bytes ? options->stack_bytes + EV_WAIT_CHUNK : 0;
	if (room < EV_WAIT_USER_FRAMES * sizeof(uint64_t))
		room = EV_WAIT_USER_FRAMES * sizeof(uint64_t);
	size_t value_bytes = offsetof(struct ev_wait, user) + ((room + 7) & ~(size_t)7);
	struct ev_bpf_filter filter = { 0 };
	if (options->condition && ev_bpf_filter_parse(&filter, options->condition, err))
		return -EINVAL;
	struct waits_bpf *programs = load(false, target, options, &filter, value_bytes, &error);
	if (!programs)
		programs = load(true, target, options, &filter, value_bytes, &error);
	if (!programs)
		return ev_fail(err, error, "the kernel refuses the BPF program: %s",
			       strerror(error));
	*waits = ev_alloc(sizeof(**waits));
	(*waits)->programs = programs;
	(*waits)->value_bytes = value_bytes;
	(*waits)->filter = filter;
	(*waits)->event = (*waits)->waker_event = -1;
	ev_wait_sample_init(&(*waits)->sample);
	(*waits)->ring =
		ring_buffer__new(bpf_map__fd(programs->maps.ring), take_wait, *waits, NULL);
	int rc = (*waits)->ring ? ev_watched_begin(programs->obj, target, err)
				: ev_fail(err, errno, "cannot read the BPF ring buffer: %s",
					  strerror(errno));
	(*waits)->programs->bss->opened_ns = ev_now_ns();
	if (!rc)
		begin_waiting(*waits, target);
	if (rc) {
		ev_waits_close(*waits);
		*waits = NULL;
	}
	return rc;
}

void ev_waits_are(struct ev_waits *waits, int event, uint64_t id, int waker_event,
		  uint64_t waker_id)
{
	waits->event = event;
	waits->id = id;
	waits->waker_event = waker_event;
	waits->waker_id = waker_id;
}

static bool mark(struct ev_waits *waits, struct ev_sampler *sampler)
{
	size_t places = sampler->ring_count * sampler->tid_count;
	size_t count = (sampler->event_count - sampler->has_teller) * places;
	int program = bpf_program__fd(waits->programs->progs.mark_sample);
	for (size_t i = 0; i < count; i++)
		if (sampler->fds[i] >= 0 && ev_sys_ioctl(sampler->fds[i], PERF_EVENT_IOC_SET_BPF,
							 (void *)(uintptr_t)(unsigned)program) < 0)
			return false;
	sampler->marked_by = program;
	waits->marked = sampler;
	return true;
}

void ev_waits_tell_on_cpu(struct ev_waits *waits, struct ev_sampler *sampler, struct ev_on_cpu *on)
{
	waits->on = on;
	waits->programs->bss->marking = mark(waits, sampler);
}

void ev_waits_turn(struct ev_waits *waits, bool on)
{
	waits->programs->bss->paused = !on;
}

void ev_waits_close(struct ev_waits *waits)
{
	if (!waits)
		return;
	if (waits->marked)
		waits->marked->marked_by = 0;
	ring_buffer__free(waits->ring);
	waits_bpf__destroy(waits->programs);
	for (size_t i = 0; i < waits->kept.count; i++)
		free(waits->kept.items[i].wait);
	ev_array_done(&waits->kept);
	free(waits);
}

#else

int ev_waits_open(struct ev_waits **waits, const struct ev_watch_target *target,
		  const struct ev_waits_options *options, struct ev_err *err)
{
	(void)target;
	(void)options;
	*waits = NULL;
	return ev_fail(err, ENOSYS, "BPF programs cannot be used: not built in: %s", EV_BPF_WHY);
}

void ev_waits_are(struct ev_waits *waits, int event, uint64_t id, int waker_event,
		  uint64_t waker_id)
{
	(void)waits;
	(void)event;
	(void)id;
	(void)waker_event;
	(void)waker_id;
}

void ev_waits_tell_on_cpu(struct ev_waits *waits, struct ev_sampler *sampler, struct ev_on_cpu *on)
{
	(void)waits, (void)sampler, (void)on;
}

void ev_waits_turn(struct ev_waits *waits, bool on)
{
	(void)waits;
	(void)on;
}

struct ev_bpf_source ev_waits_source(struct ev_waits *waits)
{
	(void)waits;
	return (struct ev_bpf_source){ 0 };
}

struct ev_waits_tally ev_waits_tally(struct ev_waits *waits)
{
	(void)waits;
	return (struct ev_waits_tally){ 0 };
}

void ev_waits_close(struct ev_waits *waits)
{
	(void)waits;
}

#endif
