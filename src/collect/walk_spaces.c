/* Records become the list of mappings that each process has now. Rings are read one after another,
 * so that what happened on one CPU may come after what followed from it on another: events are
 * sorted, and those that come too late give way to what is known from later times. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <linux/perf_event.h>
#include "walk_spaces.h"

enum event_kind { MAPPED, BEGAN, FORKED, ENDED };

struct walk_space *ev_walk_space_find(const struct walk_spaces *spaces, uint32_t pid)
{
	const uint32_t *at = ev_map_find(&spaces->by_pid, pid, 0);
	return at ? spaces->list.items[*at - 1] : NULL;
}

static struct walk_space *space_of(struct walk_spaces *spaces, uint32_t pid)
{
	uint32_t *at = ev_map_add(&spaces->by_pid, pid, 0, NULL);
	if (*at)
		return spaces->list.items[*at - 1];
	struct walk_space *space = ev_alloc(sizeof(*space));
	space->pid = pid;
	space->begun = true;
	*ev_array_add(&spaces->list) = space;
	*at = (uint32_t)spaces->list.count;
	return space;
}

/* ---- mappings ---------------------------------------------------------------------------------
 */

static void keep(const struct walk_spaces *spaces, uint32_t object)
{
	spaces->objects.keep(spaces->objects.context, object);
}

static void let_go(const struct walk_spaces *spaces, uint32_t object)
{
	spaces->objects.let_go(spaces->objects.context, object);
}

static void drop_mappings(const struct walk_spaces *spaces, struct walk_space *space,
			  uint64_t before_ns)
{
	size_t kept = 0;
	for (size_t i = 0; i < space->mappings.count; i++) {
		struct walk_mapping mapping = space->mappings.items[i];
		if (mapping.time_ns < before_ns)
			let_go(spaces, mapping.object);
		else
			space->mappings.items[kept++] = mapping;
	}
	space->mappings.count = kept;
}

static void insert_at(struct walk_space *space, size_t at, const struct walk_mapping *mapping)
{
	ev_array_add(&space->mappings);
	memmove(&space->mappings.items[at + 1], &space->mappings.items[at],
		(space->mappings.count - 1 - at) * sizeof(*mapping));
	space->mappings.items[at] = *mapping;
}

/* The first mapping that ends behind an address. */
static size_t place_of(const struct walk_space *space, uint64_t address)
{
	size_t low = 0, high = space->mappings.count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (space->mappings.items[middle].end <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool ev_walk_space_object(const struct walk_space *space, uint64_t address, uint32_t *object)
{
	size_t at = place_of(space, address);
	if (at == space->mappings.count || space->mappings.items[at].start > address)
		return false;
	*object = space->mappings.items[at].object;
	return true;
}

static struct walk_mapping from_on(const struct walk_mapping *mapping, uint64_t start)
{
	struct walk_mapping rest = *mapping;
	rest.file_offset += (uint32_t)(start - mapping->start);
	rest.start = start;
	return rest;
}

/* Makes room for what is mapped over others. */
static void cut_out(const struct walk_spaces *spaces, struct walk_space *space, uint64_t start,
		    uint64_t end)
{
	size_t at = place_of(space, start);
	while (at < space->mappings.count && space->mappings.items[at].start < end) {
		struct walk_mapping *mapping = &space->mappings.items[at];
		struct walk_mapping rest = from_on(mapping, end);
		bool has_rest = mapping->end > end;
		if (mapping->start < start) {
			mapping->end = start;
			at++;
			if (has_rest) {
				keep(spaces, rest.object);
				insert_at(space, at, &rest);
			}
		} else if (has_rest) {
			*mapping = rest;
		} else {
			let_go(spaces, mapping->object);
			space->mappings.count--;
			memmove(mapping, mapping + 1,
				(space->mappings.count - at) * sizeof(*mapping));
			continue;
		}
		if (has_rest)
			break;
	}
}

static bool is_covered_by_later(const struct walk_space *space, const struct walk_mapping *mapping)
{
	size_t at = place_of(space, mapping->start);
	return at < space->mappings.count && space->mappings.items[at].start < mapping->end &&
	       space->mappings.items[at].time_ns > mapping->time_ns;
}

/* The mapping's object is kept for it already. */
static void add_mapping(const struct walk_spaces *spaces, struct walk_space *space,
			const struct walk_mapping *mapping)
{
	if (mapping->time_ns < space->began_ns || is_covered_by_later(space, mapping)) {
		let_go(spaces, mapping->object);
		return;
	}
	cut_out(spaces, space, mapping->start, mapping->end);
	insert_at(space, place_of(space, mapping->start), mapping);
	space->changed = true;
}

/* ---- events -----------------------------------------------------------------------------------
 */

static void fork_space(struct walk_spaces *spaces, const struct walk_event *event)
{
	struct walk_space *child = space_of(spaces, event->pid);
	const struct walk_space *parent = ev_walk_space_find(spaces, event->parent);
	if (child->began_ns > event->time_ns)
		return;
	drop_mappings(spaces, child, event->time_ns);
	child->began_ns = 0;
	child->changed = true;
	child->begun = event->fresh;
	for (size_t i = 0; !event->fresh && parent && i < parent->mappings.count; i++) {
		struct walk_mapping mapping = parent->mappings.items[i];
		keep(spaces, mapping.object);
		add_mapping(spaces, child, &mapping);
	}
	child->began_ns = event->time_ns;
	child->main_over = child->over = false;
	child->threads = 0;
}

static void apply(struct walk_spaces *spaces, const struct walk_event *event)
{
	struct walk_space *space;
	switch ((enum event_kind)event->kind) {
	case MAPPED:
		add_mapping(spaces, space_of(spaces, event->pid), &event->mapping);
		break;
	case BEGAN:
		space = space_of(spaces, event->pid);
		if (space->began_ns > event->time_ns)
			break;
		drop_mappings(spaces, space, event->time_ns);
		space->began_ns = event->time_ns;
		space->threads = 0;
		space->changed = space->begun = true;
		break;
	case FORKED:
		if (event->pid != event->parent)
			fork_space(spaces, event);
		else
			space_of(spaces, event->pid)->threads++;
		break;
	case ENDED:
		space = ev_walk_space_find(spaces, event->pid);
		if (!space || event->time_ns < space->began_ns)
			break;
		space->main_over |= event->pid == event->tid;
		space->threads -= event->pid != event->tid && space->threads;
		space->over = space->main_over && !space->threads;
		break;
	}
}

void ev_walk_spaces_note(struct walk_spaces *spaces, const struct ev_record *record)
{
	struct walk_event event = { .time_ns = record->time_ns, .pid = record->pid };
	const struct ev_mmap *mmap = &record->mmap;
	switch (record->type) {
	case PERF_RECORD_MMAP:
	case PERF_RECORD_MMAP2:
		if (!mmap->executable || mmap->pid == UINT32_MAX || !mmap->length ||
		    mmap->start + mmap->length < mmap->start)
			return;
		event.kind = MAPPED;
		event.pid = mmap->pid;
		event.mapping = (struct walk_mapping){ .start = mmap->start,
						       .end = mmap->start + mmap->length,
						       .time_ns = record->time_ns };
		/* Tables know no code beyond; to those it looks as if it were at the beginning. */
		event.mapping.file_offset = (uint32_t)mmap->file_offset;
		event.mapping.object = spaces->objects.find(spaces->objects.context, record);
		keep(spaces, event.mapping.object);
		break;
	case PERF_RECORD_COMM:
		if (!record->comm.exec)
			return;
		event.kind = BEGAN;
		event.pid = record->comm.pid;
		break;
	case PERF_RECORD_FORK:
	case PERF_RECORD_EXIT:
		event.kind = record->type == PERF_RECORD_FORK ? FORKED : ENDED;
		event.pid = record->task.pid;
		event.tid = record->task.tid;
		event.parent = record->task.parent_pid;
		event.fresh = record->misc & PERF_RECORD_MISC_FORK_EXEC;
		break;
	default:
		return;
	}
	*ev_array_add(&spaces->events) = event;
}

void ev_walk_spaces_apply(struct walk_spaces *spaces)
{
	size_t count = spaces->events.count;
	struct ev_keyed *order = ev_alloc((count + 1) * sizeof(*order));
	for (size_t i = 0; i < count; i++)
		order[i] = (struct ev_keyed){ spaces->events.items[i].time_ns, (uint32_t)i };
	ev_sort_keyed(order, count);
	for (size_t i = 0; i < count; i++)
		apply(spaces, &spaces->events.items[order[i].id]);
	free(order);
	spaces->events.count = 0;
}

/* ---- the end ----------------------------------------------------------------------------------
 */

static void free_space(const struct walk_spaces *spaces, struct walk_space *space)
{
	drop_mappings(spaces, space, UINT64_MAX);
	ev_array_done(&space->mappings);
	free(space);
}

void ev_walk_spaces_forget(struct walk_spaces *spaces)
{
	size_t kept = 0;
	while (kept < spaces->list.count && !spaces->list.items[kept]->over)
		kept++;
	for (size_t i = kept; i < spaces->list.count; i++) {
		struct walk_space *space = spaces->list.items[i];
		if (space->over) {
			ev_map_remove(&spaces->by_pid, space->pid, 0);
			free_space(spaces, space);
			continue;
		}
		spaces->list.items[kept++] = space;
		*ev_map_add(&spaces->by_pid, space->pid, 0, NULL) = (uint32_t)kept;
	}
	spaces->list.count = kept;
}

void ev_walk_spaces_done(struct walk_spaces *spaces)
{
	for (size_t i = 0; i < spaces->events.count; i++)
		if (spaces->events.items[i].kind == MAPPED)
			let_go(spaces, spaces->events.items[i].mapping.object);
	for (size_t i = 0; i < spaces->list.count; i++)
		free_space(spaces, spaces->list.items[i]);
	ev_array_done(&spaces->events);
	ev_array_done(&spaces->list);
	ev_map_done(&spaces->by_pid);
}
