/* MMAP, COMM, FORK and KSYMBOL records become, per process and thread, a history sorted by time. */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "space.h"

/* So many mappings are looked through one by one before they are put into a tree. */
#define PENDING_LIMIT 16

/* The bit by which simpleperf marks generated code that it has put into a file: the symbols of that
 * are at the addresses where it ran, and all that one file holds is mapped from one offset. */
#define SIMPLEPERF_JIT 0x4000

struct ev_space_set *ev_space_set_open(void)
{
	struct ev_space_set *set = ev_alloc(sizeof(*set));
	set->texts = ev_strings_open();
	struct object *unknown = ev_arena_take(&set->arena, sizeof(*unknown));
	*ev_array_add(&set->objects) = unknown;
	unknown->shown = (struct ev_object){ .kind = EV_OBJECT_UNKNOWN,
					     .path = "[unknown]",
					     .name = "[unknown]" };
	/* A cache that knew another set at this address must not take this one for it. */
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	set->generation = (uint64_t)now.tv_sec << 32 | (uint64_t)now.tv_nsec;
	set->build_ids = ev_strings_open();
	ev_array_add(&set->builds);   /* build 0 is none */
	ev_array_add(&set->mappings); /* mapping 0 maps nothing */
	return set;
}

static void forget_histories(struct ev_space_set *set)
{
	for (size_t i = 0; i < set->processes.count; i++)
		ev_array_done(&set->processes.items[i].steps);
	for (size_t i = 0; i < set->threads.count; i++)
		ev_array_done(&set->threads.items[i].names);
	ev_array_done(&set->processes);
	ev_array_done(&set->threads);
	ev_map_done(&set->process_by_pid);
	ev_map_done(&set->thread_by_tid);
	ev_segments_done(&set->segments);
	set->applied = 0;
	set->last_ns = 0;
}

void ev_space_set_close(struct ev_space_set *set)
{
	if (!set)
		return;
	forget_histories(set);
	ev_strings_close(set->texts);
	ev_array_done(&set->events);
	ev_array_done(&set->mappings);
	ev_array_done(&set->builds);
	ev_strings_close(set->build_ids);
	ev_array_done(&set->objects);
	ev_map_done(&set->object_by_key);
	ev_map_done(&set->build_by_path);
	ev_map_done(&set->header_by_path);
	for (size_t i = 0; i < set->dumps.count; i++) {
		ev_jitdump_done(set->dumps.items[i]);
		free(set->dumps.items[i]);
	}
	ev_array_done(&set->dumps);
	ev_map_done(&set->dump_by_path);
	ev_arena_done(&set->arena);
	free(set);
}

void ev_space_set_restart(struct ev_space_set *set)
{
	forget_histories(set);
	ev_array_done(&set->events);
	ev_array_done(&set->mappings);
	ev_array_add(&set->mappings); /* mapping 0 maps nothing */
	set->generation++;
}

size_t ev_space_set_weight(const struct ev_space_set *set)
{
	return set->events.count;
}

/* ---- adding -----------------------------------------------------------------------------------
 */

uint32_t ev_space_build_add(struct ev_space_set *set, const uint8_t *id, uint8_t bytes)
{
	if (!bytes || bytes > sizeof(set->builds.items->id))
		return 0;
	uint32_t build = ev_strings_add(set->build_ids, (const char *)id, bytes);
	while (set->builds.count <= build)
		ev_array_add(&set->builds);
	memcpy(set->builds.items[build].id, id, bytes);
	set->builds.items[build].bytes = bytes;
	return build;
}

static bool is_kernel(const struct ev_record *record, uint32_t pid)
{
	return pid == KERNEL_PROCESS ||
	       (record->misc & PERF_RECORD_MISC_CPUMODE_MASK) == PERF_RECORD_MISC_KERNEL;
}

static uint64_t end_of(uint64_t start, uint64_t length)
{
	return length > UINT64_MAX - start ? UINT64_MAX : start + length;
}

static void add_mmap(struct ev_space_set *set, const struct ev_record *record)
{
	const struct ev_mmap *mmap = &record->mmap;
	struct mapping *mapping = ev_array_add(&set->mappings);
	*mapping = (struct mapping){
		.start = mmap->start,
		.end = end_of(mmap->start, mmap->length),
		.file_offset = mmap->file_offset,
		.path = ev_strings_add_text(set->texts, mmap->path ? mmap->path : ""),
	};
	if (mmap->prot & SIMPLEPERF_JIT)
		mapping->file_offset = mmap->start;
	uint32_t build = ev_space_build_add(set, mmap->build_id, mmap->build_id_bytes);
	mapping->build = build;
	if (build) {
		/* 0: several, else the only one + 1 */
		bool added;
		uint32_t *only = ev_map_add(&set->build_by_path, mapping->path, 0, &added);
		*only = added || *only == build + 1 ? build + 1 : 0;
	}
	*ev_array_add(&set->events) = (struct event){
		.kind = MAPPED,
		.time_ns = record->time_ns,
		.pid = is_kernel(record, mmap->pid) ? KERNEL_PROCESS : mmap->pid,
		.what = (uint32_t)(set->mappings.count - 1),
	};
}

static void add_ksymbol(struct ev_space_set *set, const struct ev_record *record)
{
	const struct ev_ksymbol *symbol = &record->ksymbol;
	bool gone = symbol->flags & PERF_RECORD_KSYMBOL_FLAGS_UNREGISTER;
	*ev_array_add(&set->mappings) = (struct mapping){
		.start = symbol->address,
		.end = end_of(symbol->address, symbol->length),
		.path = gone ? 0
			     : ev_strings_add_text(set->texts, symbol->name ? symbol->name : ""),
		.ksymbol = true,
	};
	*ev_array_add(&set->events) = (struct event){
		.kind = MAPPED,
		.time_ns = record->time_ns,
		.pid = KERNEL_PROCESS,
		.what = (uint32_t)(set->mappings.count - 1),
	};
}

void ev_space_set_add(struct ev_space_set *set, const struct ev_record *record)
{
	switch (record->type) {
	case PERF_RECORD_MMAP:
	case PERF_RECORD_MMAP2:
		add_mmap(set, record);
		break;
	case PERF_RECORD_KSYMBOL:
		add_ksymbol(set, record);
		break;
	case PERF_RECORD_COMM:
		*ev_array_add(&set->events) = (struct event){
			.kind = record->comm.exec ? EXECUTED : NAMED,
			.time_ns = record->time_ns,
			.pid = record->comm.pid,
			.tid = record->comm.tid,
			.what = ev_strings_add_text(set->texts,
						    record->comm.comm ? record->comm.comm : ""),
		};
		break;
	case PERF_RECORD_FORK:
		*ev_array_add(&set->events) = (struct event){
			.kind = FORKED,
			.time_ns = record->time_ns,
			.pid = record->task.pid,
			.tid = record->task.tid,
			.parent_pid = record->task.parent_pid,
			.parent_tid = record->task.parent_tid,
			.fresh = record->misc & PERF_RECORD_MISC_FORK_EXEC,
		};
		break;
	default: /* EXIT ends nothing: late samples still belong to the process, a reused pid begins
		    with a FORK */
		break;
	}
}

void ev_space_set_build_ids(struct ev_space_set *set, const struct ev_recording *recording)
{
	for (size_t i = 0; i < recording->build_id_count; i++) {
		const struct ev_build_id *header = &recording->build_ids[i];
		if (!header->path)
			continue;
		uint32_t build = ev_space_build_add(set, header->id, header->id_bytes);
		uint32_t path = ev_strings_add_text(set->texts, header->path);
		if (build)
			*ev_map_add(&set->header_by_path, path, 0, NULL) = build;
	}
}

/* ---- histories --------------------------------------------------------------------------------
 */

/* `dumped`: what lies on top of the mappings that the kernel knows. */
static struct process *process_of(struct ev_space_set *set, uint32_t pid, bool dumped)
{
	bool added;
	uint32_t *index = ev_map_add(&set->process_by_pid, pid, dumped, &added);
	if (!added)
		return &set->processes.items[*index];
	*index = (uint32_t)set->processes.count;
	return ev_array_add(&set->processes);
}

static struct thread *thread_of(struct ev_space_set *set, uint32_t tid)
{
	bool added;
	uint32_t *index = ev_map_add(&set->thread_by_tid, tid, 0, &added);
	if (!added)
		return &set->threads.items[*index];
	*index = (uint32_t)set->threads.count;
	return ev_array_add(&set->threads);
}

static void add_step(struct process *process, uint64_t time_ns, enum step_kind kind, uint32_t what)
{
	*ev_array_add(&process->steps) =
		(struct step){ .from_ns = time_ns, .kind = kind, .what = what };
	process->pending = kind == STEP_ADD ? process->pending + 1 : 0;
}

/* The tree of everything the process has mapped now; a checkpoint is made when there is none. */
static uint32_t current_tree(struct ev_space_set *set, struct process *process)
{
	size_t count = process->steps.count;
	size_t first = count - process->pending;
	uint32_t tree = first ? process->steps.items[first - 1].what : 0;
	if (first == count)
		return tree;
	ev_segments_begin(&set->segments);
	for (size_t i = first; i < count; i++) {
		uint32_t what = process->steps.items[i].what;
		const struct mapping *mapping = &set->mappings.items[what];
		tree = ev_segments_insert(&set->segments, tree, mapping->start, mapping->end, what);
	}
	add_step(process, process->steps.items[count - 1].from_ns, STEP_TREE, tree);
	return tree;
}

static void apply_mapping(struct ev_space_set *set, const struct event *event)
{
	struct mapping *mapping = &set->mappings.items[event->what];
	mapping->object = mapping->dumped ? ev_space_dump_object(set, mapping->path, event->pid)
					  : ev_space_object_add(set, mapping, event->pid);
	struct process *process = process_of(set, event->pid, mapping->dumped);
	add_step(process, event->time_ns, STEP_ADD, event->what);
	if (process->pending >= PENDING_LIMIT)
		current_tree(set, process);
}

static void apply_name(struct ev_space_set *set, uint32_t tid, uint64_t time_ns, uint32_t text)
{
	struct thread *thread = thread_of(set, tid);
	size_t count = thread->names.count;
	if (count && thread->names.items[count - 1].text == text)
		return;
	*ev_array_add(&thread->names) = (struct name){ .from_ns = time_ns, .text = text };
}

/* Another address space: that of `parent` as it is now, or an empty one (KERNEL_PROCESS). */
static void reset(struct ev_space_set *set, const struct event *event, uint32_t parent)
{
	for (int dumped = 0; dumped < 2; dumped++) {
		const uint32_t *from = parent == KERNEL_PROCESS
					       ? NULL
					       : ev_map_find(&set->process_by_pid, parent, dumped);
		uint32_t tree = from ? current_tree(set, &set->processes.items[*from]) : 0;
		if (!dumped || tree || ev_map_find(&set->process_by_pid, event->pid, dumped))
			add_step(process_of(set, event->pid, dumped), event->time_ns, STEP_RESET,
				 tree);
	}
}

static void apply_fork(struct ev_space_set *set, const struct event *event)
{
	uint32_t *parent = ev_map_find(&set->thread_by_tid, event->parent_tid, 0);
	if (parent && set->threads.items[*parent].names.count && event->tid != event->parent_tid) {
		const struct thread *from = &set->threads.items[*parent];
		apply_name(set, event->tid, event->time_ns,
			   from->names.items[from->names.count - 1].text);
	}
	if (event->pid == event->parent_pid || event->pid == KERNEL_PROCESS)
		return; /* a thread */
	reset(set, event, event->fresh ? KERNEL_PROCESS : event->parent_pid);
}

static void apply(struct ev_space_set *set, const struct event *event)
{
	switch (event->kind) {
	case MAPPED:
		apply_mapping(set, event);
		break;
	case EXECUTED:
		if (event->pid != KERNEL_PROCESS)
			reset(set, event, KERNEL_PROCESS);
		apply_name(set, event->tid, event->time_ns, event->what);
		break;
	case NAMED:
		apply_name(set, event->tid, event->time_ns, event->what);
		break;
	case FORKED:
		apply_fork(set, event);
		break;
	}
}

struct order {
	uint64_t time_ns;
	size_t index;
};

static int by_time(const void *one, const void *other)
{
	const struct order *a = one, *b = other;
	if (a->time_ns != b->time_ns)
		return a->time_ns < b->time_ns ? -1 : 1;
	return a->index < b->index ? -1 : a->index > b->index;
}

/* Events from `from` on in the order of their time, those of one time as they were added. */
static void apply_sorted(struct ev_space_set *set, size_t from)
{
	size_t count = set->events.count - from;
	bool sorted = true;
	struct order *order = ev_alloc(count * sizeof(*order));
	for (size_t i = 0; i < count; i++) {
		order[i] = (struct order){ set->events.items[from + i].time_ns, from + i };
		sorted = sorted && (!i || order[i - 1].time_ns <= order[i].time_ns);
	}
	if (!sorted)
		qsort(order, count, sizeof(*order), by_time);
	for (size_t i = 0; i < count; i++)
		apply(set, &set->events.items[order[i].index]);
	if (count)
		set->last_ns = order[count - 1].time_ns;
	free(order);
	set->applied = set->events.count;
}

void ev_space_set_ready(struct ev_space_set *set)
{
	bool late = false;
	for (size_t i = set->applied; i < set->events.count && !late; i++)
		late = set->events.items[i].time_ns < set->last_ns;
	if (late)
		forget_histories(set);
	ev_space_kernel_object(set);
	/* Who looks every few milliseconds keeps what it found while nothing is new. */
	if (late || set->applied < set->events.count)
		set->generation++;
	apply_sorted(set, set->applied);
}
