/* Stacks of Python threads, as programs in the kernel noted them beside each sample -> the one that
 * belongs to a sample. Which one does, no number says: it is of the same thread and place, and the
 * nearest in time, for the kernel takes the time of a sample a moment before or after. */
#include <stdlib.h>
#include <string.h>
#include "python_frames.h"
#include "python_processes.h"

enum { KEPT_ROUNDS = 4 }; /* samples wait in the recorder for one or two drains */
#define FARTHEST_NS 1000000
/* Both programs run one after another as a thread leaves its CPU. */
#define FARTHEST_LEFT_NS 100000

struct noted {
	uint64_t time_ns, ip;
	uint32_t tid, round;
	uint32_t first, count; /* of its frames, in those of its round */
	uint32_t process;      /* pid */
	uint8_t kind, flags;
};
/* As a thread left its CPU last: that may be long ago. */
struct left {
	struct noted noted;
	uint64_t *frames;
};

struct python_frames {
	struct python_processes processes;
	EV_ARRAY(struct noted) noted; /* by rising time */
	size_t gone;                  /* of them, from the first on */
	EV_ARRAY(uint64_t) frames[KEPT_ROUNDS];
	struct ev_map left_of; /* tid: index + 1 */
	EV_ARRAY(struct left) left;
	struct ev_bpf_python_tally tally;
	uint32_t round;
};

struct python_frames *ev_python_frames_open(struct ev_python_functions *functions)
{
	struct python_frames *frames = ev_alloc(sizeof(*frames));
	frames->processes.functions = functions;
	return frames;
}

int ev_python_frames_begin(struct python_frames *frames, uint32_t pid,
			   const struct ev_python_runtime *runtime,
			   struct ev_python_process *process, struct ev_err *err)
{
	return ev_python_process_begin(&frames->processes, pid, runtime, process, err);
}

void ev_python_frames_fork(struct python_frames *frames, uint32_t pid, uint32_t parent)
{
	ev_python_process_fork(&frames->processes, pid, parent);
}

void ev_python_frames_end(struct python_frames *frames, uint32_t pid, uint64_t time_ns)
{
	ev_python_process_end(&frames->processes, pid, time_ns);
}

void ev_python_frames_learn(struct python_frames *frames, const struct ev_python_code_note *note,
			    size_t size_bytes)
{
	ev_python_process_learn(&frames->processes, note, size_bytes);
}

/* ---- notes -------------------------------------------------------------------------------------
 */

/* Those of several CPUs come nearly in order. */
static void add_noted(struct python_frames *frames, const struct noted *noted)
{
	ev_array_add(&frames->noted);
	size_t at = frames->noted.count - 1;
	while (at > frames->gone && frames->noted.items[at - 1].time_ns > noted->time_ns) {
		frames->noted.items[at] = frames->noted.items[at - 1];
		at--;
	}
	frames->noted.items[at] = *noted;
}

static uint32_t add_frames(struct python_frames *frames, const uint64_t *addresses, size_t count)
{
	uint32_t slot = frames->round % KEPT_ROUNDS;
	uint32_t first = (uint32_t)frames->frames[slot].count;
	for (size_t i = 0; i < count; i++)
		*ev_array_add(&frames->frames[slot]) = addresses[i];
	return first;
}

/* The one before is still asked for by samples that are on their way. */
static void add_left(struct python_frames *frames, const struct noted *noted,
		     const uint64_t *addresses)
{
	bool added;
	uint32_t *index = ev_map_add(&frames->left_of, noted->tid, 0, &added);
	if (added) {
		ev_array_add(&frames->left);
		*index = (uint32_t)frames->left.count;
	}
	struct left *left = &frames->left.items[*index - 1];
	if (left->frames) {
		left->noted.round = frames->round;
		left->noted.first = add_frames(frames, left->frames, left->noted.count);
		add_noted(frames, &left->noted);
		free(left->frames);
	}
	left->noted = *noted;
	left->frames = ev_alloc((noted->count + 1) * sizeof(*addresses));
	memcpy(left->frames, addresses, noted->count * sizeof(*addresses));
}

static size_t translate(struct python_frames *frames, struct python_process *process,
			const struct ev_python_word *words, size_t count, uint64_t *out)
{
	for (size_t i = 0; i < count; i++)
		out[i] = !words[i].code ? EV_PYTHON_STACK_ENTRY
					: ev_python_process_address(&frames->processes, process,
								    &words[i]) |
						  (words[i].code & EV_PYTHON_ENTRY);
	return count;
}

_Static_assert(EV_PYTHON_STACK_ENTRY == EV_PYTHON_ENTRY, "one mark for both");

static void count_note(struct python_frames *frames, size_t count, uint32_t flags)
{
	frames->tally.notes += count > 0;
	frames->tally.deeper += (flags & EV_PYTHON_DEEPER) != 0;
	frames->tally.torn += (flags & (EV_PYTHON_CIRCLE | EV_PYTHON_TORN)) != 0;
}

static bool is_of_process(const struct python_process *process, struct ev_python_stack *stack)
{
	if (!process)
		return false;
	stack->ranges = process->runtime.ranges;
	stack->range_count = process->runtime.range_count;
	return true;
}

bool ev_python_frames_translate(struct python_frames *frames, const struct ev_bpf_python_told *told,
				uint64_t *addresses, struct ev_python_stack *stack)
{
	struct python_process *process =
		ev_python_process_at(&frames->processes, told->pid, told->time_ns);
	if (!is_of_process(process, stack) || told->count > EV_PYTHON_FRAMES_MAX)
		return false;
	count_note(frames, told->count, told->flags);
	stack->count = translate(frames, process, told->words, told->count, addresses);
	stack->complete = !told->flags;
	return stack->count;
}

void ev_python_frames_note(struct python_frames *frames, const struct ev_python_note *note,
			   size_t size_bytes)
{
	uint64_t addresses[EV_PYTHON_FRAMES_MAX];
	if (size_bytes < sizeof(*note) || note->count > EV_PYTHON_FRAMES_MAX ||
	    (size_bytes - sizeof(*note)) / sizeof(struct ev_python_word) < note->count)
		return;
	struct python_process *process = ev_python_process_find(&frames->processes, note->pid);
	if (!process)
		return;
	count_note(frames, note->count, note->flags);
	struct noted noted = { .time_ns = note->time_ns,
			       .ip = note->ip,
			       .tid = note->tid,
			       .round = frames->round,
			       .process = note->pid,
			       .kind = note->kind,
			       .flags = note->flags };
	noted.count = (uint32_t)translate(frames, process, (const void *)(note + 1), note->count,
					  addresses);
	if (note->kind == EV_PYTHON_SWITCH) {
		add_left(frames, &noted, addresses);
		return;
	}
	noted.first = add_frames(frames, addresses, noted.count);
	add_noted(frames, &noted);
}

void ev_python_frames_round(struct python_frames *frames)
{
	uint32_t oldest = frames->round >= KEPT_ROUNDS - 2 ? frames->round - (KEPT_ROUNDS - 2) : 0;
	frames->round++;
	while (frames->gone < frames->noted.count &&
	       frames->noted.items[frames->gone].round < oldest)
		frames->gone++;
	if (frames->gone * 2 > frames->noted.count) {
		frames->noted.count -= frames->gone;
		memmove(frames->noted.items, frames->noted.items + frames->gone,
			frames->noted.count * sizeof(*frames->noted.items));
		frames->gone = 0;
	}
	frames->frames[frames->round % KEPT_ROUNDS].count = 0;
	ev_python_processes_round(&frames->processes);
}

/* ---- finding -----------------------------------------------------------------------------------
 */

static uint64_t apart(uint64_t one, uint64_t other)
{
	return one > other ? one - other : other - one;
}

static bool is_of(const struct python_frames *frames, const struct noted *noted, uint32_t tid,
		  uint64_t ip, bool left)
{
	return noted->tid == tid && (noted->kind == EV_PYTHON_SWITCH) == left &&
	       (!noted->ip || !ip || noted->ip == ip) &&
	       frames->round - noted->round < KEPT_ROUNDS - 1;
}

/* The first one that is not before this time. */
static size_t find_time(const struct python_frames *frames, uint64_t time_ns)
{
	size_t low = frames->gone, high = frames->noted.count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (frames->noted.items[middle].time_ns < time_ns)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static const struct noted *find_nearest(const struct python_frames *frames, uint32_t tid,
					uint64_t time_ns, uint64_t ip, bool left)
{
	const struct noted *items = frames->noted.items, *best = NULL;
	uint64_t farthest = left ? FARTHEST_LEFT_NS : FARTHEST_NS;
	size_t after = find_time(frames, time_ns), before = after;
	for (; after < frames->noted.count && items[after].time_ns - time_ns <= farthest; after++)
		if (is_of(frames, &items[after], tid, ip, left)) {
			best = &items[after];
			farthest = best->time_ns - time_ns;
			break;
		}
	while (before-- > frames->gone && time_ns - items[before].time_ns <= farthest)
		if (is_of(frames, &items[before], tid, ip, left))
			return &items[before];
	return best;
}

static bool answer(struct python_frames *frames, const struct noted *noted,
		   const uint64_t *addresses, struct ev_python_stack *stack)
{
	const struct python_process *process =
		ev_python_process_find(&frames->processes, noted->process);
	*stack = (struct ev_python_stack){ .frames = addresses,
					   .count = noted->count,
					   .complete = !noted->flags };
	return is_of_process(process, stack) && noted->count;
}

bool ev_python_frames_find(struct python_frames *frames, uint32_t tid, uint64_t time_ns,
			   uint64_t ip, bool left, struct ev_python_stack *stack)
{
	const uint32_t *index = left ? ev_map_find(&frames->left_of, tid, 0) : NULL;
	if (index) {
		const struct left *last = &frames->left.items[*index - 1];
		if (apart(last->noted.time_ns, time_ns) <= FARTHEST_LEFT_NS)
			return answer(frames, &last->noted, last->frames, stack);
	}
	const struct noted *noted = find_nearest(frames, tid, time_ns, ip, left);
	return noted &&
	       answer(frames, noted,
		      frames->frames[noted->round % KEPT_ROUNDS].items + noted->first, stack);
}

void ev_python_frames_tally(const struct python_frames *frames, struct ev_bpf_python_tally *tally)
{
	tally->notes = frames->tally.notes;
	tally->deeper = frames->tally.deeper;
	tally->torn = frames->tally.torn;
	tally->processes = frames->processes.found;
	tally->newer = frames->processes.newer;
	tally->unreadable = frames->processes.unreadable;
}

void ev_python_frames_close(struct python_frames *frames)
{
	if (!frames)
		return;
	for (size_t i = 0; i < frames->left.count; i++)
		free(frames->left.items[i].frames);
	ev_array_done(&frames->left);
	ev_map_done(&frames->left_of);
	ev_array_done(&frames->noted);
	for (size_t i = 0; i < KEPT_ROUNDS; i++)
		ev_array_done(&frames->frames[i]);
	ev_python_processes_done(&frames->processes);
	free(frames);
}
