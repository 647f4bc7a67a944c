/* For one event of a sampler: a BPF program that counts its samples, with maps that all programs
 * share, and those that know whom it is to watch. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "bpf_count.h"
#include "bpf_filter.h"
#include "bpf_walk.h"
#include "bpf_watched.h"
#include "opening.h"
#include "sampler.h"

#ifndef EV_HAVE_BPF
#define EV_HAVE_BPF 0
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

uint32_t ev_bpf_counts_room(const struct ev_sampler *sampler, bool streams, uint64_t interval_ns)
{
	uint64_t rate = 0, keys;
	for (size_t i = 0; i < sampler->listed; i++) {
		const struct perf_event_attr *attr = &sampler->events[i].opening.attr;
		if (sampler->events[i].counted || streams)
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

/* Of what is counted only new stacks are told. */
static uint32_t notes_bytes(uint32_t room, bool streams)
{
	uint64_t bytes = NOTES_MIN_BYTES, each = streams ? 1024 : 256;
	while (bytes < NOTES_MAX_BYTES && bytes < room * each)
		bytes *= 2;
	return (uint32_t)bytes;
}

static void size_maps(struct count_bpf *programs, uint32_t room, bool streams)
{
	uint32_t counted = streams ? 1 : room;
	bpf_map__set_max_entries(programs->maps.counts_even, counted);
	bpf_map__set_max_entries(programs->maps.counts_odd, counted);
	bpf_map__set_max_entries(programs->maps.known_even, counted);
	bpf_map__set_max_entries(programs->maps.known_odd, counted);
	bpf_map__set_max_entries(programs->maps.notes, notes_bytes(room, streams));
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
	programs->rodata->streams = options->streams;
	programs->rodata->is_clock = ev_attr_is_clock(attr);
	programs->rodata->every =
		tracepoint && !attr->freq && attr->sample_period ? attr->sample_period : 1;
	programs->rodata->picks = tracepoint && watching->target.kind != EV_TARGET_SYSTEM;
	programs->rodata->picks |= tracepoint && watching->cgroup;
	programs->rodata->switched = tracepoint;
	/* Where only a place is wanted, that of a tracepoint is where the kernel called it. */
	programs->rodata->wants_kernel = tracepoint || (options->callchain && !options->user_only);
	programs->rodata->wants_user = options->callchain && !options->kernel_only;
	programs->rodata->walk_wanted = programs->rodata->wants_user && options->walk;
	programs->rodata->python_wanted = programs->rodata->wants_user && options->python;
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
	size_maps(programs, counts->room, counts->options.streams);
	ev_bpf_walk_plan(programs->obj, programs->rodata->walk_wanted,
			 watching->target.kind == EV_TARGET_SYSTEM);
	if (counts->program_count)
		rc = share_maps(programs, counts->programs[0]);
	if (!rc && counts->program_count && programs->rodata->walk_wanted)
		rc = ev_bpf_walk_share(programs->obj, counts->programs[0]->obj);
	if (!rc)
		rc = ev_bpf_python_share(programs->rodata->python_wanted ? counts->options.python
									 : NULL,
					 programs->obj);
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

uint64_t ev_bpf_counts_map_bytes(uint32_t room)
{
	return (uint64_t)room * KEY_BYTES * 4 + notes_bytes(room, false);
}

int ev_bpf_counts_load(struct ev_bpf_counts *counts, size_t index, const struct ev_target *target,
		       struct count_bpf **loaded, struct ev_err *err)
{
	struct count_bpf *programs = NULL;
	struct watching watching = { 0 };
	struct ev_bpf_filter filter = { 0 };
	const char *condition = counts->sampler->events[index].event->condition;
	if (condition && ev_bpf_filter_parse(&filter, condition, err))
		return -EINVAL;
	*loaded = NULL;
	plan_watching(&watching, counts, &counts->sampler->events[index], target);
	int rc = load(counts, index, &watching, &filter, false, &programs);
	if (rc)
		rc = load(counts, index, &watching, &filter, true, &programs);
	if (rc)
		return ev_fail(err, -rc, "the kernel refuses the BPF program that counts %s: %s",
			       counts->sampler->events[index].event->name, strerror(-rc));
	*loaded = programs;
	if (programs->rodata->picks && !programs->rodata->begin_pid)
		rc = ev_watched_begin(programs->obj, &watching.watch, err);
	return rc;
}

#endif
