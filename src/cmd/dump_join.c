/* Registers, stacks and Python frames of a process's threads -> one stack each, the interpreter's
 * own frames replaced by those that they run. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <evprof/symbol_unwind.h>
#include "cache_folder.h"
#include "dump.h"

enum { CHAIN_MAX = 1 << 14, INLINES_MAX = 64 };
#define ALL_STACKS_BYTES ((size_t)256 << 20)
#define STACK_BYTES_MAX ((size_t)8 << 20)

typedef EV_ARRAY(struct ev_dump_frame) frame_list;

static int add_record(void *set, const struct ev_record *record, struct ev_err *err)
{
	(void)err;
	ev_space_set_add(set, record);
	return 0;
}

void dump_native_take(struct dump_run *run)
{
	struct ev_err err = { 0 };
	struct ev_target target = { .kind = EV_TARGET_PIDS, .ids = &run->pid, .id_count = 1 };
	size_t unreadable = 0, count = run->stopped.threads.count;
	size_t limit = ALL_STACKS_BYTES / count;
	run->set = ev_space_set_open();
	if (ev_synthesize(&target, add_record, run->set, &unreadable, &err))
		dump_note(run, "native frames have no names: %s", err.text);
	ev_space_set_ready(run->set);
	run->moments = ev_alloc(count * sizeof(*run->moments));
	limit = limit > STACK_BYTES_MAX ? STACK_BYTES_MAX : limit;
	for (size_t i = 0; i < count; i++) {
		struct dump_moment *moment = &run->moments[i];
		moment->taken =
			ev_stopped_sample(run->pid, &run->stopped.threads.items[i], &moment->values,
					  &moment->stack, limit, &moment->sample);
	}
}

/* ---- joining ------------------------------------------------------------------------------------
 */

struct joining {
	struct dump_run *run;
	struct ev_unwinder *unwinder;
	struct ev_symbolizer *symbolizer;
	struct ev_space_cache *cache;
	uint64_t *chain;
	frame_list frames;
	const struct ev_python_thread *python;
	size_t python_at; /* the next Python frame that is to be placed */
	bool in_part;     /* the last native frame was a part of the interpreter's main function */
};

static void add_python(struct joining *joining, bool to_entry)
{
	const struct ev_python_thread *thread = joining->python;
	while (thread && joining->python_at < thread->frame_count) {
		const struct ev_python_frame *frame = &thread->frames[joining->python_at++];
		*ev_array_add(&joining->frames) = (struct ev_dump_frame){
			.python = true,
			.function = frame->function,
			.file = frame->file,
			.line = frame->line,
		};
		if (to_entry && frame->entry)
			return;
	}
}

static const struct ev_python_range *range_of(const struct ev_python_runtime *runtime,
					      uint64_t address)
{
	for (uint32_t i = 0; i < runtime->range_count; i++)
		if (address >= runtime->ranges[i].start && address < runtime->ranges[i].end)
			return &runtime->ranges[i];
	return NULL;
}

static bool is_interpreter(const struct ev_symbol *symbols, size_t count)
{
	static const char name[] = "_PyEval_EvalFrameDefault";
	for (size_t i = 0; i < count; i++)
		if (symbols[i].function && !strncmp(symbols[i].function, name, sizeof(name) - 1) &&
		    (!symbols[i].function[sizeof(name) - 1] ||
		     symbols[i].function[sizeof(name) - 1] == '.'))
			return true;
	return false;
}

static void add_native(struct joining *joining, uint64_t address, bool innermost)
{
	struct dump_run *run = joining->run;
	struct ev_symbol symbols[INLINES_MAX];
	unsigned flags = EV_SYMBOL_LINES | EV_SYMBOL_INLINES | (innermost ? EV_SYMBOL_EXACT : 0);
	struct ev_place place = ev_space_find(run->set, joining->cache, run->pid, 0, address,
					      PERF_RECORD_MISC_USER);
	const struct ev_object *object = ev_space_set_object(run->set, place.object);
	size_t count = ev_symbolize(joining->symbolizer, place, flags, symbols, INLINES_MAX);
	const struct ev_python_range *range = range_of(&run->runtime, address - !innermost);
	bool main = range ? range->evaluates : is_interpreter(symbols, count);
	bool again = main && joining->in_part && !(range && range->part);
	joining->in_part = main && range && range->part;
	if (again)
		return;
	if (main && joining->python && joining->python_at < joining->python->frame_count) {
		add_python(joining, true);
		return;
	}
	for (size_t i = 0; i < count; i++)
		*ev_array_add(&joining->frames) = (struct ev_dump_frame){
			.function = symbols[i].function
					    ? symbols[i].function
					    : ev_arena_printf(&run->arena, "0x%llx",
							      (unsigned long long)address),
			.file = symbols[i].file,
			.line = symbols[i].line,
			.object = object->path,
			.inlined = symbols[i].inlined,
		};
}

static const char *join_native(struct joining *joining, const struct dump_moment *moment)
{
	struct ev_record record = { .type = PERF_RECORD_SAMPLE, .pid = joining->run->pid };
	struct ev_unwound how = { 0 };
	if (!moment->taken)
		return "no native frames: its registers are not known";
	record.tid = moment->sample.tid;
	record.sample = moment->sample;
	size_t count = ev_unwind(joining->unwinder, &record, joining->chain, CHAIN_MAX, &how);
	for (size_t i = 0; i < count; i++)
		add_native(joining, joining->chain[i], !i);
	if (how.end == EV_UNWOUND_COMPLETE)
		return NULL;
	return ev_arena_printf(&joining->run->arena, "native frames are missing: they %s",
			       ev_unwound_words(how.end));
}

static void open_joining(struct joining *joining, char *cache)
{
	struct ev_symbolizer_options options = { .cache = cache };
	const struct dump_run *run = joining->run;
	if (!run->set)
		return;
	joining->unwinder = ev_unwinder_open(run->set, NULL, &options);
	joining->symbolizer = ev_symbolizer_open(run->set, NULL, &options);
	joining->cache = ev_alloc(sizeof(*joining->cache));
	joining->chain = ev_alloc(CHAIN_MAX * sizeof(*joining->chain));
}

/* Names are copied: the symbolizer's end with it. */
static void keep(struct joining *joining, struct ev_dump_thread *thread)
{
	struct ev_arena *arena = &joining->run->arena;
	frame_list *frames = &joining->frames;
	for (size_t i = 0; i < frames->count; i++) {
		struct ev_dump_frame *frame = &frames->items[i];
		if (frame->python)
			continue;
		frame->function = ev_arena_printf(arena, "%s", frame->function);
		if (frame->file)
			frame->file = ev_arena_printf(arena, "%s", frame->file);
	}
	thread->frame_count = frames->count;
	if (frames->count)
		thread->frames =
			ev_arena_copy(arena, frames->items, frames->count * sizeof(*frames->items));
	frames->count = 0;
}

void dump_join(struct dump_run *run, struct ev_dump_thread *threads)
{
	struct joining joining = { .run = run };
	char *cache = cache_folder();
	open_joining(&joining, cache);
	for (size_t i = 0; i < run->stopped.threads.count; i++) {
		const struct ev_stopped_thread *stopped = &run->stopped.threads.items[i];
		struct ev_dump_thread *thread = &threads[i];
		joining.python = run->of_thread[i];
		joining.python_at = 0;
		joining.in_part = false;
		*thread = (struct ev_dump_thread){ .tid = stopped->tid,
						   .name = stopped->name,
						   .state = stopped->state,
						   .python = joining.python != NULL };
		if (run->set)
			thread->trouble = join_native(&joining, &run->moments[i]);
		else if (!joining.python)
			thread->trouble = "it runs no Python, as far as can be told";
		add_python(&joining, false);
		if (joining.python) {
			thread->holds_gil = joining.python->holds_gil;
			if (joining.python->trouble)
				thread->trouble = joining.python->trouble;
		}
		keep(&joining, thread);
	}
	ev_array_done(&joining.frames);
	free(joining.chain);
	free(joining.cache);
	ev_symbolizer_close(joining.symbolizer);
	ev_unwinder_close(joining.unwinder);
	free(cache);
}
