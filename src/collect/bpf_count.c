/* The events of a sampler get BPF programs that count their samples by stack, thread and CPU. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include "bpf_count.h"
#include "bpf_filter.h"
#include "bpf_walk.h"
#include "bpf_watched.h"
#include "sampler.h"
#include "syscalls.h"

#ifndef EV_HAVE_BPF
#define EV_HAVE_BPF 0
#endif
#ifndef EV_BPF_WHY
#define EV_BPF_WHY "the build was not told of it"
#endif

#if EV_HAVE_BPF

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <count.skel.h>

enum {
	KEYS_MIN = 4096,
	KEYS_MAX = 1 << 16, /* then maps are fetched more often */
	NOTES_MIN_BYTES = 1 << 20,
	NOTES_MAX_BYTES = 16 << 20,
	KEY_BYTES = 128, /* what one entry of a map takes, about */
	MARK_PERCENT = 50,
};

/* ---- loading ----------------------------------------------------------------------------------
 */

/* Keys for all samples of an interval, were they all different, twice over; as far as the rates of
 * the events tell. */
static uint32_t room_for(const struct ev_sampler *sampler, uint64_t interval_ns)
{
	uint64_t rate = 0, keys;
	for (size_t i = 0; i < sampler->listed; i++) {
		const struct perf_event_attr *attr = &sampler->events[i].opening.attr;
		if (sampler->events[i].counted)
			rate += attr->freq ? attr->sample_freq : 1000;
	}
	keys = rate * ev_cpus_online() * (interval_ns / 1000000) / 1000 * 2;
	if (keys > KEYS_MAX)
		return KEYS_MAX;
	uint32_t room = KEYS_MIN;
	while (room < keys)
		room *= 2;
	return room;
}

static uint32_t notes_bytes(uint32_t room)
{
	uint64_t bytes = NOTES_MIN_BYTES;
	while (bytes < NOTES_MAX_BYTES && bytes < (uint64_t)room * 256)
		bytes *= 2;
	return (uint32_t)bytes;
}

static void size_maps(struct count_bpf *programs, uint32_t room)
{
	bpf_map__set_max_entries(programs->maps.counts_even, room);
	bpf_map__set_max_entries(programs->maps.counts_odd, room);
	bpf_map__set_max_entries(programs->maps.known_even, room);
	bpf_map__set_max_entries(programs->maps.known_odd, room);
	bpf_map__set_max_entries(programs->maps.notes, notes_bytes(room));
}

/* All programs fill the maps of the first. */
static int share_maps(struct count_bpf *programs, const struct count_bpf *first)
{
	struct {
		struct bpf_map *mine, *theirs;
	} shared[] = {
		{ programs->maps.counts_even, first->maps.counts_even },
		{ programs->maps.counts_odd, first->maps.counts_odd },
		{ programs->maps.known_even, first->maps.known_even },
		{ programs->maps.known_odd, first->maps.known_odd },
		{ programs->maps.notes, first->maps.notes },
		{ programs->maps.bss, first->maps.bss },
	};
	int rc = 0;
	for (size_t i = 0; i < EV_LENGTH(shared) && !rc; i++)
		rc = bpf_map__reuse_fd(shared[i].mine, bpf_map__fd(shared[i].theirs));
	return rc;
}

/* Whom the program of one event watches where the kernel does not choose. */
struct watching {
	struct ev_target target;
	struct ev_watch_target watch;
	const char *cgroup;
	bool at_exec;
};

static void plan_watching(struct watching *watching, const struct ev_bpf_counts *counts,
			  const struct ev_sampled_event *sampled, const struct ev_target *target)
{
	watching->target = *target;
	watching->watch.target = &watching->target;
	watching->cgroup = sampled->event->cgroup;
	if (watching->cgroup) {
		watching->watch.cgroups = &watching->cgroup;
		watching->watch.cgroup_count = 1;
	}
	watching->at_exec = target->kind == EV_TARGET_COMMAND && counts->options.at_exec;
}

static void set_constants(struct count_bpf *programs, const struct ev_bpf_counts *counts,
			  size_t index, const struct watching *watching)
{
	const struct perf_event_attr *attr = &counts->sampler->events[index].opening.attr;
	const struct ev_bpf_counts_options *options = &counts->options;
	bool tracepoint = attr->type == PERF_TYPE_TRACEPOINT;
	programs->rodata->event_index = (uint32_t)ev_sampler_recorded(counts->sampler, index);
	programs->rodata->mark = counts->room * MARK_PERCENT / 100;
	programs->rodata->every =
		tracepoint && !attr->freq && attr->sample_period ? attr->sample_period : 1;
	programs->rodata->picks = tracepoint && watching->target.kind != EV_TARGET_SYSTEM;
	programs->rodata->picks |= tracepoint && watching->cgroup;
	programs->rodata->switched = tracepoint;
	/* Where only a place is wanted, that of a tracepoint is where the kernel called it. */
	programs->rodata->wants_kernel = tracepoint || (options->callchain && !options->user_only);
	programs->rodata->wants_user = options->callchain && !options->kernel_only;
	programs->rodata->walk_wanted = programs->rodata->wants_user && options->walk;
	programs->rodata->keeps_kernel = options->callchain && !options->user_only;
	programs->rodata->watch = ev_watched_plan(&watching->watch);
	programs->rodata->begin_pid = watching->at_exec ? (int)watching->target.ids[0] : 0;
}

/* Which of them an event needs. */
static void choose(struct count_bpf *programs, bool tracepoint, bool watches, bool at_exec,
		   bool raw)
{
	bpf_program__set_autoload(programs->progs.count_sample, !tracepoint);
	bpf_program__set_autoload(programs->progs.count_tracepoint, tracepoint);
	bpf_program__set_autoload(programs->progs.typed_exec, at_exec);
	bpf_program__set_autoload(programs->progs.raw_exec, at_exec);
	bpf_program__set_autoload(programs->progs.typed_fork, watches);
	bpf_program__set_autoload(programs->progs.raw_fork, watches);
	bpf_program__set_autoload(programs->progs.typed_free, watches);
	bpf_program__set_autoload(programs->progs.raw_free, watches);
	ev_watched_choose(programs->obj, raw);
}

/* What follows forks and waits for an exec; the program that counts is attached to its event. */
static int attach_watchers(struct count_bpf *programs, bool raw)
{
	struct {
		struct bpf_program *program;
		struct bpf_link **link;
	} watchers[] = {
		{ raw ? programs->progs.raw_exec : programs->progs.typed_exec,
		  raw ? &programs->links.raw_exec : &programs->links.typed_exec },
		{ raw ? programs->progs.raw_fork : programs->progs.typed_fork,
		  raw ? &programs->links.raw_fork : &programs->links.typed_fork },
		{ raw ? programs->progs.raw_free : programs->progs.typed_free,
		  raw ? &programs->links.raw_free : &programs->links.typed_free },
	};
	for (size_t i = 0; i < EV_LENGTH(watchers); i++) {
		if (!bpf_program__autoload(watchers[i].program))
			continue;
		*watchers[i].link = bpf_program__attach(watchers[i].program);
		if (!*watchers[i].link)
			return -errno;
	}
	return 0;
}

static void set_filter(struct count_bpf *programs, const struct ev_bpf_filter *filter)
{
	memcpy((void *)programs->rodata->filter, filter->steps, sizeof(filter->steps));
	memcpy((void *)programs->rodata->globs, filter->globs, sizeof(filter->globs));
	programs->rodata->has_filter = filter->step_count > 0;
}

static int load(struct ev_bpf_counts *counts, size_t index, const struct watching *watching,
		const struct ev_bpf_filter *filter, bool raw, struct count_bpf **loaded)
{
	const struct perf_event_attr *attr = &counts->sampler->events[index].opening.attr;
	bool tracepoint = attr->type == PERF_TYPE_TRACEPOINT;
	struct count_bpf *programs = count_bpf__open();
	int rc = 0;
	if (!programs)
		return -errno;
	set_constants(programs, counts, index, watching);
	set_filter(programs, filter);
	bool watches = programs->rodata->picks && !watching->cgroup;
	choose(programs, tracepoint, watches, watches && watching->at_exec, raw);
	ev_watched_size(programs->obj, &watching->watch);
	size_maps(programs, counts->room);
	ev_bpf_walk_plan(programs->obj, programs->rodata->walk_wanted,
			 watching->target.kind == EV_TARGET_SYSTEM);
	if (counts->program_count)
		rc = share_maps(programs, counts->programs[0]);
	if (!rc && counts->program_count && programs->rodata->walk_wanted)
		rc = ev_bpf_walk_share(programs->obj, counts->programs[0]->obj);
	if (!rc)
		rc = count_bpf__load(programs);
	if (!rc)
		rc = attach_watchers(programs, raw);
	if (rc) {
		count_bpf__destroy(programs);
		programs = NULL;
	}
	*loaded = programs;
	return rc;
}

/* ---- attaching --------------------------------------------------------------------------------
 */

static int attach(struct ev_bpf_counts *counts, size_t index, struct count_bpf *programs,
		  struct ev_err *err)
{
	struct ev_sampler *sampler = counts->sampler;
	struct ev_sampled_event *sampled = &sampler->events[index];
	size_t places = sampler->ring_count * sampler->tid_count;
	bool tracepoint = sampled->opening.attr.type == PERF_TYPE_TRACEPOINT;
	int program = bpf_program__fd(tracepoint ? programs->progs.count_tracepoint
						 : programs->progs.count_sample);
	for (size_t place = 0; place < places; place++) {
		int fd = sampler->fds[index * places + place];
		int rc = fd < 0 ? 0
				: ev_sys_ioctl(fd, PERF_EVENT_IOC_SET_BPF,
					       (void *)(uintptr_t)(unsigned)program);
		if (rc < 0)
			return ev_fail(err, -rc, "%s cannot be counted in the kernel: %s%s",
				       sampled->event->name, strerror(-rc),
				       rc == -EOPNOTSUPP ? ": its counter has no overflow interrupt"
							 : "");
		if (tracepoint && fd >= 0)
			break; /* one for all CPUs */
	}
	if (tracepoint)
		counts->programs[0]->bss->on[programs->rodata->event_index] =
			programs->rodata->begin_pid != 0;
	if (tracepoint)
		sampled->gate = &counts->programs[0]->bss->on[programs->rodata->event_index];
	return 0;
}

static int open_event(struct ev_bpf_counts *counts, size_t index, const struct ev_target *target,
		      struct ev_err *err)
{
	struct count_bpf *programs;
	struct watching watching = { 0 };
	struct ev_bpf_filter filter = { 0 };
	const char *condition = counts->sampler->events[index].event->condition;
	if (condition && ev_bpf_filter_parse(&filter, condition, err))
		return -EINVAL;
	plan_watching(&watching, counts, &counts->sampler->events[index], target);
	int rc = load(counts, index, &watching, &filter, false, &programs);
	if (rc)
		rc = load(counts, index, &watching, &filter, true, &programs);
	if (rc)
		return ev_fail(err, -rc, "the kernel refuses the BPF program that counts %s: %s",
			       counts->sampler->events[index].event->name, strerror(-rc));
	counts->programs[counts->program_count++] = programs;
	if (programs->rodata->picks && !programs->rodata->begin_pid)
		rc = ev_watched_begin(programs->obj, &watching.watch, err);
	return rc ? rc : attach(counts, index, programs, err);
}

/* The samples of a counted event as the file has them. */
static void describe(const struct ev_bpf_counts *counts, size_t index,
		     struct ev_recording *recording)
{
	size_t recorded = ev_sampler_recorded(counts->sampler, index);
	struct perf_event_attr *attr = &recording->events[recorded].attr;
	attr->sample_type |= PERF_SAMPLE_PERIOD | PERF_SAMPLE_WEIGHT;
	if (counts->options.callchain)
		attr->sample_type |= PERF_SAMPLE_CALLCHAIN;
	else
		attr->sample_type &= ~(uint64_t)PERF_SAMPLE_CALLCHAIN;
}

static uint64_t map_bytes(const struct ev_bpf_counts *counts)
{
	return (uint64_t)counts->room * KEY_BYTES * 4 + notes_bytes(counts->room);
}

static int open_all(struct ev_bpf_counts *counts, const struct ev_event_list *events,
		    const struct ev_target *target, struct ev_recording *recording,
		    struct ev_err *err)
{
	int rc = 0;
	for (size_t i = 0; i < counts->sampler->listed && !rc; i++) {
		const char *why;
		if (!ev_sampler_may_count(&events->items[i], target, &why)) {
			ev_recording_add_note(recording, "fallback",
					      "%s: samples are taken one by one, not counted in "
					      "the kernel: %s",
					      events->items[i].name, why);
			continue;
		}
		rc = open_event(counts, i, target, err);
		describe(counts, i, recording);
	}
	if (!rc && !counts->program_count)
		rc = ev_fail(err, EOPNOTSUPP,
			     "none of these events can be counted in the kernel: leave --bpf out");
	return rc;
}

int ev_bpf_counts_open(struct ev_bpf_counts **counts, struct ev_sampler *sampler,
		       const struct ev_event_list *events, const struct ev_target *target,
		       const struct ev_bpf_counts_options *options, struct ev_recording *recording,
		       struct ev_err *err)
{
	char absence[256];
	*counts = NULL;
	if (ev_bpf_absence(absence, sizeof(absence)))
		return ev_fail(err, EPERM, "BPF programs cannot be used: %s", absence);
	if (sampler->listed > EV_COUNT_EVENTS_MAX)
		return ev_fail(err, E2BIG, "at most %d events can be counted in the kernel",
			       EV_COUNT_EVENTS_MAX);
	libbpf_set_print(NULL); /* it would speak to the user itself */
	struct ev_bpf_counts *made = ev_alloc(sizeof(*made));
	made->sampler = sampler;
	made->recording = recording;
	made->options = *options;
	made->room = options->room ? options->room : room_for(sampler, options->interval_ns);
	made->programs = ev_alloc(sampler->listed * sizeof(*made->programs));
	made->keys = ev_alloc(EV_COUNT_BATCH * sizeof(*made->keys));
	made->values = ev_alloc(EV_COUNT_BATCH * sizeof(*made->values));
	made->known = ev_alloc(EV_COUNT_BATCH * 2 * sizeof(*made->known));
	made->told = ev_alloc(EV_COUNT_BATCH * sizeof(*made->told));
	made->tally.map_bytes = map_bytes(made);
	made->fetched_ns = ev_now_ns();
	int rc = open_all(made, events, target, recording, err);
	if (!rc) {
		made->notes = ring_buffer__new(bpf_map__fd(made->programs[0]->maps.notes),
					       ev_bpf_counts_note, made, NULL);
		if (!made->notes)
			rc = ev_fail(err, errno, "cannot map the ring of the BPF programs: %s",
				     strerror(errno));
	}
	if (!rc && made->programs[0]->rodata->walk_wanted)
		rc = ev_bpf_walk_open(&made->walk, made->programs[0]->obj,
				      &(struct ev_bpf_walk_options){ 0 }, err);
	if (rc) {
		ev_bpf_counts_close(made);
		made = NULL;
	}
	*counts = made;
	return rc;
}

void ev_bpf_counts_know(struct ev_bpf_counts *counts, const struct ev_record *record)
{
	if (counts->walk)
		ev_bpf_walk_note(counts->walk, record);
}

bool ev_bpf_counts_step(struct ev_bpf_counts *counts)
{
	return counts->walk && ev_bpf_walk_step(counts->walk);
}

bool ev_bpf_counts_walked(const struct ev_bpf_counts *counts, struct ev_bpf_walk_tally *tally)
{
	if (counts->walk)
		ev_bpf_walk_tally(counts->walk, tally);
	return counts->walk;
}

static int source_fd(void *self)
{
	return ring_buffer__epoll_fd(((struct ev_bpf_counts *)self)->notes);
}

struct ev_bpf_source ev_bpf_counts_source(struct ev_bpf_counts *counts)
{
	return (struct ev_bpf_source){ counts, source_fd, ev_bpf_counts_drain };
}

void ev_bpf_counts_tally(const struct ev_bpf_counts *counts, struct ev_bpf_counts_tally *tally)
{
	*tally = counts->tally;
	if (!counts->program_count)
		return;
	tally->seen = counts->programs[0]->bss->hits;
	tally->lost += counts->programs[0]->bss->lost;
	tally->passed_on = counts->programs[0]->bss->uncounted;
	tally->collided = counts->programs[0]->bss->collided;
}

void ev_bpf_counts_close(struct ev_bpf_counts *counts)
{
	if (!counts)
		return;
	for (size_t i = 0; i < counts->sampler->event_count; i++)
		counts->sampler->events[i].gate = NULL;
	ring_buffer__free(counts->notes);
	ev_bpf_walk_close(counts->walk);
	/* The first one's maps are the others' as well. */
	while (counts->program_count)
		count_bpf__destroy(counts->programs[--counts->program_count]);
	for (size_t i = 0; i < EV_LENGTH(counts->generations); i++) {
		ev_map_done(&counts->generations[i].ids);
		ev_array_done(&counts->generations[i].stacks);
		ev_array_done(&counts->generations[i].addresses);
	}
	free(counts->programs);
	free(counts->keys);
	free(counts->values);
	free(counts->known);
	free(counts->told);
	free(counts);
}

#else

int ev_bpf_counts_open(struct ev_bpf_counts **counts, struct ev_sampler *sampler,
		       const struct ev_event_list *events, const struct ev_target *target,
		       const struct ev_bpf_counts_options *options, struct ev_recording *recording,
		       struct ev_err *err)
{
	(void)sampler, (void)events, (void)target, (void)options, (void)recording;
	*counts = NULL;
	return ev_fail(err, ENOSYS, "BPF programs cannot be used: not built in: %s", EV_BPF_WHY);
}

void ev_bpf_counts_know(struct ev_bpf_counts *counts, const struct ev_record *record)
{
	(void)counts, (void)record;
}

bool ev_bpf_counts_step(struct ev_bpf_counts *counts)
{
	(void)counts;
	return false;
}

bool ev_bpf_counts_walked(const struct ev_bpf_counts *counts, struct ev_bpf_walk_tally *tally)
{
	(void)counts, (void)tally;
	return false;
}

struct ev_bpf_source ev_bpf_counts_source(struct ev_bpf_counts *counts)
{
	(void)counts;
	return (struct ev_bpf_source){ 0 };
}

void ev_bpf_counts_tally(const struct ev_bpf_counts *counts, struct ev_bpf_counts_tally *tally)
{
	(void)counts;
	*tally = (struct ev_bpf_counts_tally){ 0 };
}

void ev_bpf_counts_close(struct ev_bpf_counts *counts)
{
	(void)counts;
}

#endif
