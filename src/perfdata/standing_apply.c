/* One record after another, in the order of time, changes what stands. */
#include <stdlib.h>
#include <string.h>
#include "standing.h"

/* More are those of a program that maps new code all day: the oldest of them go. */
enum { MAPPINGS_MAX = 32768, FACTS_MAX = 65536 };

/* ---- mappings ---------------------------------------------------------------------------------
 */

static void let_go(struct ev_mapping *mapping)
{
	if (!--mapping->users)
		free(mapping);
}

static void clear(struct ev_mapping_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		let_go(list->items[i]);
	ev_array_done(list);
}

static void remove_at(struct ev_mapping_list *list, size_t index)
{
	let_go(list->items[index]);
	list->count--;
	memmove(list->items + index, list->items + index + 1,
		(list->count - index) * sizeof(*list->items));
}

static bool covers(const struct ev_mmap *one, const struct ev_mmap *other)
{
	return one->start <= other->start &&
	       other->length <= one->length - (other->start - one->start) &&
	       other->start - one->start <= one->length;
}

static void add_mapping(struct ev_mapping_list *list, const struct ev_record *record)
{
	size_t length = strlen(record->mmap.path);
	struct ev_mapping *mapping = ev_alloc(sizeof(*mapping) + length + 1);

	mapping->users = 1;
	mapping->type = record->type;
	mapping->misc = record->misc;
	mapping->mmap = record->mmap;
	memcpy(mapping->path, record->mmap.path, length + 1);
	mapping->mmap.path = mapping->path;
	for (size_t i = list->count; i-- > 0;)
		if (covers(&mapping->mmap, &list->items[i]->mmap))
			remove_at(list, i);
	if (list->count >= MAPPINGS_MAX)
		remove_at(list, 0);
	*ev_array_add(list) = mapping;
}

/* ---- processes --------------------------------------------------------------------------------
 */

static struct ev_standing_process **place_of(struct ev_standing *standing, uint32_t pid)
{
	struct ev_standing_process **place =
		&standing->buckets[ev_hash64(pid) % EV_LENGTH(standing->buckets)];

	while (*place && (*place)->pid != pid)
		place = &(*place)->next;
	return place;
}

static struct ev_standing_process *find_or_add(struct ev_standing *standing, uint32_t pid)
{
	struct ev_standing_process **place = place_of(standing, pid);

	if (!*place) {
		*place = ev_alloc(sizeof(**place));
		(*place)->pid = pid;
		standing->process_count++;
	}
	return *place;
}

static void remove_process(struct ev_standing *standing, struct ev_standing_process **place)
{
	struct ev_standing_process *process = *place;

	*place = process->next;
	clear(&process->mappings);
	ev_array_done(&process->threads);
	free(process);
	standing->process_count--;
}

static struct ev_standing_thread *find_thread(const struct ev_standing_process *process,
					      uint32_t tid)
{
	for (size_t i = 0; i < process->threads.count; i++)
		if (process->threads.items[i].tid == tid)
			return &process->threads.items[i];
	return NULL;
}

static void name_thread(struct ev_standing_process *process, uint32_t tid, const char *comm)
{
	struct ev_standing_thread *thread = find_thread(process, tid);
	char kept[sizeof(thread->comm)] = "";

	/* `comm` may be that of another thread in the same array. */
	snprintf(kept, sizeof(kept), "%s", comm);
	if (!thread) {
		thread = ev_array_add(&process->threads);
		thread->tid = tid;
	}
	memcpy(thread->comm, kept, sizeof(kept));
}

/* ---- records ----------------------------------------------------------------------------------
 */

static void apply_mmap(struct ev_standing *standing, const struct ev_record *record)
{
	bool user = (record->misc & PERF_RECORD_MISC_CPUMODE_MASK) == PERF_RECORD_MISC_USER;

	if (!user || record->mmap.pid == UINT32_MAX)
		add_mapping(&standing->everywhere, record);
	else
		add_mapping(&find_or_add(standing, record->mmap.pid)->mappings, record);
}

static void apply_comm(struct ev_standing *standing, const struct ev_record *record)
{
	struct ev_standing_process *process = find_or_add(standing, record->comm.pid);

	if (record->comm.exec)
		clear(&process->mappings);
	name_thread(process, record->comm.tid, record->comm.comm);
}

static void inherit(struct ev_standing_process *process, const struct ev_standing_process *parent)
{
	for (size_t i = 0; i < parent->mappings.count; i++) {
		parent->mappings.items[i]->users++;
		*ev_array_add(&process->mappings) = parent->mappings.items[i];
	}
}

static void apply_fork(struct ev_standing *standing, const struct ev_record *record)
{
	const struct ev_task *task = &record->task;
	bool is_thread = task->pid == task->parent_pid;
	struct ev_standing_process *parent = *place_of(standing, task->parent_pid), *process;
	const struct ev_standing_thread *forked =
		parent ? find_thread(parent, task->parent_tid) : NULL;
	char comm[sizeof(forked->comm)] = "";

	if (forked)
		memcpy(comm, forked->comm, sizeof(comm));
	/* A number that is used again, by one whose end was not told. */
	if (!is_thread && *place_of(standing, task->pid))
		remove_process(standing, place_of(standing, task->pid));
	process = find_or_add(standing, task->pid);
	if (!is_thread)
		process->parent = task->parent_pid;
	if (!is_thread && parent && !(record->misc & PERF_RECORD_MISC_FORK_EXEC))
		inherit(process, parent);
	name_thread(process, task->tid, comm);
}

static void apply_exit(struct ev_standing *standing, const struct ev_record *record)
{
	struct ev_standing_process **place = place_of(standing, record->task.pid);
	struct ev_standing_thread *thread;

	if (!*place)
		return;
	thread = find_thread(*place, record->task.tid);
	if (thread)
		*thread = (*place)->threads.items[--(*place)->threads.count];
	if (!(*place)->threads.count)
		remove_process(standing, place);
}

static void remove_fact(struct ev_standing *standing, uint32_t type, uint64_t key)
{
	for (size_t i = 0; i < standing->facts.count; i++) {
		struct ev_standing_fact *fact = &standing->facts.items[i];

		if (fact->type != type || fact->key != key)
			continue;
		free(fact->bytes);
		*fact = standing->facts.items[--standing->facts.count];
		return;
	}
}

static void set_fact(struct ev_standing *standing, const struct ev_record *record, uint64_t key,
		     bool gone)
{
	struct ev_buffer bytes = { 0 };
	struct ev_standing_fact *fact;

	remove_fact(standing, record->type, key);
	if (gone || standing->facts.count >= FACTS_MAX ||
	    ev_encode(standing->recording, record, &bytes, NULL)) {
		ev_buffer_done(&bytes);
		return;
	}
	fact = ev_array_add(&standing->facts);
	*fact = (struct ev_standing_fact){ record->type, key, bytes.bytes };
}

/* BPF_EVENT: 1 loaded, 2 unloaded. KSYMBOL: flag 1 = gone. */
enum { BPF_UNLOADED = 2, KSYMBOL_GONE = 1 };

void ev_standing_apply(struct ev_standing *standing, const struct ev_record *record)
{
	switch (record->type) {
	case PERF_RECORD_MMAP:
	case PERF_RECORD_MMAP2:
		apply_mmap(standing, record);
		break;
	case PERF_RECORD_COMM:
		apply_comm(standing, record);
		break;
	case PERF_RECORD_FORK:
		apply_fork(standing, record);
		break;
	case PERF_RECORD_EXIT:
		apply_exit(standing, record);
		break;
	case PERF_RECORD_KSYMBOL:
		set_fact(standing, record, record->ksymbol.address,
			 record->ksymbol.flags & KSYMBOL_GONE);
		break;
	case PERF_RECORD_BPF_EVENT:
		set_fact(standing, record, record->bpf.id, record->bpf.kind == BPF_UNLOADED);
		break;
	case PERF_RECORD_CGROUP:
		set_fact(standing, record, record->cgroup.id, false);
		break;
	case PERF_RECORD_NAMESPACES:
		set_fact(standing, record, record->namespaces.tid, false);
		break;
	default:
		break;
	}
}

void ev_standing_forget(struct ev_standing *standing)
{
	for (size_t b = 0; b < EV_LENGTH(standing->buckets); b++)
		while (standing->buckets[b])
			remove_process(standing, &standing->buckets[b]);
	clear(&standing->everywhere);
	while (standing->facts.count)
		free(standing->facts.items[--standing->facts.count].bytes);
	ev_array_done(&standing->facts);
}
