/* A place in time and memory becomes (object, offset); a thread and a time become a name. */
#include <string.h>
#include "space.h"

/* An answer holds for what it finds in one block of the address space. Small enough that a block
 * mostly lies inside one mapping, big enough that a library takes few. */
#define BLOCK_BYTES ((uint64_t)64 << 10)
/* How far an answer's time is extended over later mappings that leave its range alone. */
#define EXTEND_LIMIT 64

/* Index of the last step at or before the time, -1 when there is none. */
static ptrdiff_t step_at(const struct process *process, uint64_t time_ns)
{
	size_t low = 0, high = process->steps.count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (process->steps.items[middle].from_ns <= time_ns)
			low = middle + 1;
		else
			high = middle;
	}
	return (ptrdiff_t)low - 1;
}

/* The mapping at an address once step `at` was made; 0 is none. Narrows the answer's range. */
static uint32_t mapping_at(const struct ev_space_set *set, const struct process *process,
			   ptrdiff_t at, uint64_t address, struct ev_space_answer *answer)
{
	for (; at >= 0; at--) {
		const struct step *step = &process->steps.items[at];
		if (step->kind != STEP_ADD) {
			const struct ev_segment *segment =
				ev_segments_find(&set->segments, step->what, address,
						 &answer->start, &answer->end);
			return segment ? segment->value : 0;
		}
		const struct mapping *mapping = &set->mappings.items[step->what];
		if (address < mapping->start) {
			if (mapping->start < answer->end)
				answer->end = mapping->start;
		} else if (address >= mapping->end) {
			if (mapping->end > answer->start)
				answer->start = mapping->end;
		} else {
			if (mapping->start > answer->start)
				answer->start = mapping->start;
			if (mapping->end < answer->end)
				answer->end = mapping->end;
			return step->what;
		}
	}
	return 0;
}

/* Until when the answer of step `at` holds: the next step that touches its range. */
static uint64_t holds_until(const struct ev_space_set *set, const struct process *process,
			    ptrdiff_t at, const struct ev_space_answer *answer)
{
	size_t next = (size_t)(at + 1), count = process->steps.count;
	for (size_t tries = 0; next < count && tries < EXTEND_LIMIT; next++, tries++) {
		const struct step *step = &process->steps.items[next];
		if (step->kind == STEP_RESET)
			break;
		if (step->kind == STEP_TREE)
			continue;
		const struct mapping *mapping = &set->mappings.items[step->what];
		if (mapping->start < answer->end && mapping->end > answer->start)
			break;
	}
	return next < count ? process->steps.items[next].from_ns : UINT64_MAX;
}

/* The mapping of one of a process' two histories; narrows the answer to where and when it holds. */
static uint32_t look_up(const struct ev_space_set *set, struct ev_space_answer *answer, bool dumped,
			uint64_t time_ns, uint64_t address)
{
	const uint32_t *index = ev_map_find(&set->process_by_pid, answer->process, dumped);
	if (!index)
		return 0;
	const struct process *process = &set->processes.items[*index];
	ptrdiff_t at = step_at(process, time_ns);
	uint32_t found = mapping_at(set, process, at, address, answer);
	uint64_t from_ns = at < 0 ? 0 : process->steps.items[at].from_ns;
	uint64_t to_ns = holds_until(set, process, at, answer);
	if (from_ns > answer->from_ns)
		answer->from_ns = from_ns;
	if (to_ns < answer->to_ns)
		answer->to_ns = to_ns;
	return found;
}

static void answer_anew(const struct ev_space_set *set, struct ev_space_answer *answer,
			uint32_t process_id, uint64_t time_ns, uint64_t address)
{
	uint64_t block = address & ~(BLOCK_BYTES - 1);
	*answer = (struct ev_space_answer){
		.process = process_id,
		.start = block,
		.end = block > UINT64_MAX - BLOCK_BYTES ? UINT64_MAX : block + BLOCK_BYTES,
		.to_ns = UINT64_MAX,
	};
	const struct mapping *mapping =
		&set->mappings.items[look_up(set, answer, false, time_ns, address)];
	answer->object = mapping->object;
	enum ev_object_kind kind = set->objects.items[answer->object]->shown.kind;
	/* Code is dumped for memory that holds no file: where one was mapped since, it has gone. */
	if (kind == EV_OBJECT_JIT || kind == EV_OBJECT_UNKNOWN) {
		uint32_t code = look_up(set, answer, true, time_ns, address);
		if (code) {
			answer->object = set->mappings.items[code].object;
			answer->bias = set->mappings.items[code].file_offset -
				       set->mappings.items[code].start;
			return;
		}
	}
	if (answer->object) {
		if (kind == EV_OBJECT_FILE)
			answer->bias = mapping->file_offset - mapping->start;
		else if (kind == EV_OBJECT_VDSO)
			answer->bias = -mapping->start; /* its file offset means nothing */
	} else if (process_id == KERNEL_PROCESS) {
		answer->object = set->kernel_object;
	}
}

/* The process whose map the address is in; false for what belongs to no known one (guests). */
static bool owner_of(uint32_t pid, uint64_t address, uint16_t cpumode, uint32_t *process)
{
	*process = pid;
	switch (cpumode & PERF_RECORD_MISC_CPUMODE_MASK) {
	case PERF_RECORD_MISC_KERNEL:
		*process = KERNEL_PROCESS;
		return true;
	case PERF_RECORD_MISC_CPUMODE_UNKNOWN:
		if (address >> 63)
			*process = KERNEL_PROCESS;
		return true;
	case PERF_RECORD_MISC_USER:
		return pid != KERNEL_PROCESS;
	default:
		return false;
	}
}

static bool answers(const struct ev_space_answer *answer, uint32_t process, uint64_t time_ns,
		    uint64_t address)
{
	return answer->process == process && address >= answer->start && address < answer->end &&
	       time_ns >= answer->from_ns && time_ns < answer->to_ns;
}

struct ev_place ev_space_find(const struct ev_space_set *set, struct ev_space_cache *cache,
			      uint32_t pid, uint64_t time_ns, uint64_t address, uint16_t cpumode)
{
	uint32_t process;
	if (!owner_of(pid, address, cpumode, &process))
		return (struct ev_place){ .offset = address };
	if (!time_ns)
		time_ns = UINT64_MAX - 1;
	if (cache->set != set || cache->generation != set->generation) {
		memset(cache, 0, sizeof(*cache));
		cache->set = set;
		cache->generation = set->generation;
	}
	uint64_t hash = (address / BLOCK_BYTES ^ (uint64_t)process << 32) * 0x9e3779b97f4a7c15ULL;
	struct ev_space_answer *answer =
		&cache->answers[(hash >> 32) & (EV_LENGTH(cache->answers) - 2)];
	if (!answers(answer, process, time_ns, address)) {
		/* The second of the pair; the first takes its place, so the older one goes. */
		struct ev_space_answer other = answer[1];
		answer[1] = answer[0];
		if (answers(&other, process, time_ns, address))
			answer[0] = other;
		else
			answer_anew(set, answer, process, time_ns, address);
	}
	return (struct ev_place){ .object = answer->object, .offset = address + answer->bias };
}

static const char *name_at(const struct ev_space_set *set, uint32_t tid, uint64_t time_ns)
{
	const uint32_t *index = ev_map_find(&set->thread_by_tid, tid, 0);
	if (!index)
		return NULL;
	const struct thread *thread = &set->threads.items[*index];
	size_t low = 0, high = thread->names.count;
	if (!high)
		return NULL;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (thread->names.items[middle].from_ns <= time_ns)
			low = middle + 1;
		else
			high = middle;
	}
	/* Before the first name that was recorded, that one is the best that is known. */
	return ev_strings_text(set->texts, thread->names.items[low ? low - 1 : 0].text);
}

const char *ev_space_comm(const struct ev_space_set *set, uint32_t pid, uint32_t tid,
			  uint64_t time_ns)
{
	if (!time_ns)
		time_ns = UINT64_MAX;
	const char *name = name_at(set, tid, time_ns);
	if (!name && pid != tid)
		name = name_at(set, pid, time_ns);
	/* The kernel's idle thread has no COMM record. */
	return name ? name : pid == 0 && tid == 0 ? "swapper" : "";
}
