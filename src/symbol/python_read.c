/* The memory of a running CPython -> its threads and their frames. Everything read may be torn or
 * made up: walks are bounded, loops are noticed, sizes are checked before anything is kept. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "python_code.h"

enum {
	FRAMES_MAX = 1 << 17, /* of a thread */
	THREADS_MAX = 1 << 16,
	INTERPRETERS_MAX = 1 << 12,
	/* Of all code objects together, which a process that makes up its memory may have many of.
	 */
	ALL_FRAMES_MAX = 1 << 20,
	KEPT_MAX_BYTES = 256 << 20,
	RECORD_MAX_BYTES = 512, /* of a frame or code object, as far as it is looked at */
};

struct walk {
	const struct python_layout *layout;
	const struct ev_python_runtime *runtime;
	const struct ev_python_memory *memory;
	struct ev_python_state *state;
	struct ev_map known; /* address of a code object -> index + 1 */
	EV_ARRAY(struct ev_python_code) codes;
	struct python_code_reader reader;
	uint64_t frame_count;
	uint64_t holder; /* thread state that has the GIL of this interpreter, 0: none */
};

static int fetch(const struct walk *walk, uint64_t address, void *bytes, size_t size_bytes)
{
	if (!address || address > UINT64_MAX - size_bytes)
		return -EFAULT;
	return walk->memory->read(walk->memory->context, address, bytes, size_bytes);
}

static int fetch_word(const struct walk *walk, uint64_t address, uint32_t offset, uint64_t *value)
{
	*value = 0;
	return fetch(walk, address + offset, value, sizeof(*value));
}

static uint64_t word(const uint8_t *bytes, uint32_t at)
{
	uint64_t value;
	memcpy(&value, bytes + at, sizeof(value));
	return value;
}

static int32_t number(const uint8_t *bytes, uint32_t at)
{
	int32_t value;
	memcpy(&value, bytes + at, sizeof(value));
	return value;
}

static const struct ev_python_code *find_code(struct walk *walk, uint64_t address)
{
	bool added;
	struct ev_python_code code;
	uint32_t *index = ev_map_add(&walk->known, address, 0, &added);
	if (added && !ev_python_code_read(&walk->reader, address, &code)) {
		*ev_array_add(&walk->codes) = code;
		*index = (uint32_t)walk->codes.count;
	}
	return *index ? &walk->codes.items[*index - 1] : NULL;
}

/* ---- frames -------------------------------------------------------------------------------------
 */

/* Where they begin: threads without the GIL run a copy of their own each. 0: not known. */
static uint64_t instructions(const struct walk *walk, const uint8_t *frame, uint64_t code)
{
	const struct python_layout *layout = walk->layout;
	uint64_t copies, start;
	int32_t copy = layout->frame_copy == PYTHON_NONE ? 0 : number(frame, layout->frame_copy);
	if (copy <= 0)
		return code + layout->code_instructions;
	if (fetch_word(walk, code, layout->code_copies, &copies) ||
	    fetch_word(walk, copies + (uint64_t)copy * sizeof(copies), sizeof(copies), &start))
		return 0;
	return start;
}

static int64_t position(const struct walk *walk, const uint8_t *frame, uint64_t code)
{
	const struct python_layout *layout = walk->layout;
	int64_t lasti;
	if (layout->position == PYTHON_AT_POINTER) {
		uint64_t start = instructions(walk, frame, code);
		lasti = (int64_t)(word(frame, layout->frame_position) - start);
		return !start || lasti > INT32_MAX || lasti < -INT32_MAX ? -1 : lasti;
	}
	lasti = number(frame, layout->frame_position);
	return layout->position == PYTHON_AT_UNITS ? lasti * 2 : lasti;
}

static size_t frame_bytes(const struct python_layout *layout)
{
	const uint32_t ends[] = { layout->frame_code, layout->frame_previous,
				  layout->frame_position,
				  layout->frame_mark == PYTHON_NONE ? 0 : layout->frame_mark,
				  layout->frame_copy == PYTHON_NONE ? 0 : layout->frame_copy };
	size_t largest = 0;
	for (size_t i = 0; i < EV_LENGTH(ends); i++)
		largest = ends[i] > largest ? ends[i] : largest;
	return largest + sizeof(uint64_t);
}

typedef EV_ARRAY(struct ev_python_frame) frame_list;

/* One frame; NULL, or why it is none. */
static const char *add_frame(struct walk *walk, const uint8_t *bytes, frame_list *frames)
{
	const struct python_layout *layout = walk->layout;
	uint64_t address = word(bytes, layout->frame_code) & ~PYTHON_REFERENCE_MARKS;
	const struct ev_python_code *code = find_code(walk, address);
	if (!code)
		return "a frame without code";
	*ev_array_add(frames) = (struct ev_python_frame){
		.function = code->function,
		.file = code->file,
		.line = ev_python_code_line(code, position(walk, bytes, address)),
		.first_line = code->first_line,
		.entry = layout->entry == PYTHON_ENTRY_EACH ||
			 (layout->entry == PYTHON_ENTRY_FLAG && bytes[layout->frame_mark] == 1),
	};
	return NULL;
}

/* From the innermost frame outwards; NULL, or why it ended early. */
static const char *walk_frames(struct walk *walk, uint64_t at, frame_list *frames)
{
	const struct python_layout *layout = walk->layout;
	uint8_t bytes[RECORD_MAX_BYTES];
	size_t size_bytes = frame_bytes(layout);
	struct ev_map seen = { 0 };
	const char *trouble = NULL;
	if (size_bytes > sizeof(bytes))
		return "frames of an absurd size";
	for (; at && !trouble; at = word(bytes, layout->frame_previous)) {
		bool added;
		ev_map_add(&seen, at, 0, &added);
		if (!added)
			trouble = "a list of frames that runs in a circle";
		else if (seen.count > FRAMES_MAX || ++walk->frame_count > ALL_FRAMES_MAX)
			trouble = "more frames than are followed";
		else if (fetch(walk, at, bytes, size_bytes))
			trouble = "a frame in memory that can't be read";
		else if (layout->entry == PYTHON_ENTRY_SHIM &&
			 PYTHON_IS_SHIM(bytes[layout->frame_mark])) {
			if (frames->count)
				frames->items[frames->count - 1].entry = true;
		} else {
			trouble = add_frame(walk, bytes, frames);
		}
		if (trouble)
			break;
	}
	ev_map_done(&seen);
	return trouble;
}

/* ---- threads ------------------------------------------------------------------------------------
 */

static void read_frames(struct walk *walk, uint64_t at, struct ev_python_thread *thread)
{
	const struct python_layout *layout = walk->layout;
	frame_list frames = { 0 };
	uint64_t frame;
	int rc = fetch_word(walk, at, layout->thread_frame, &frame);
	if (!rc && frame && layout->cframe_frame != PYTHON_NONE)
		rc = fetch_word(walk, frame, layout->cframe_frame, &frame);
	thread->trouble =
		rc ? "a thread in memory that can't be read" : walk_frames(walk, frame, &frames);
	if (frames.count) {
		thread->frames = ev_arena_copy(&walk->state->arena, frames.items,
					       frames.count * sizeof(*frames.items));
		thread->frame_count = frames.count;
	}
	ev_array_done(&frames);
}

static void walk_threads(struct walk *walk, uint64_t at, uint32_t interpreter)
{
	const struct python_layout *layout = walk->layout;
	struct ev_map seen = { 0 };
	bool added;
	while (at && walk->state->threads.count < THREADS_MAX) {
		struct ev_python_thread thread = { .interpreter = interpreter,
						   .holds_gil = at == walk->holder };
		uint64_t native = 0;
		ev_map_add(&seen, at, 0, &added);
		if (!added || fetch_word(walk, at, layout->thread_id, &thread.pthread))
			break;
		if (layout->thread_native != PYTHON_NONE)
			fetch_word(walk, at, layout->thread_native, &native);
		thread.native_id = (uint32_t)native;
		read_frames(walk, at, &thread);
		*ev_array_add(&walk->state->threads) = thread;
		if (fetch_word(walk, at, layout->thread_next, &at))
			break;
	}
	ev_map_done(&seen);
}

/* Who has the GIL: one of the runtime, later one of each interpreter. */
static uint64_t find_holder(struct walk *walk, uint64_t interpreter)
{
	const struct python_layout *layout = walk->layout;
	uint64_t holder = 0, gil;
	int32_t locked, enabled;
	if (layout->current != PYTHON_NONE) {
		walk->state->gil_known |=
			!fetch_word(walk, walk->runtime->address, layout->current, &holder);
		return holder;
	}
	if (layout->interpreter_gil == PYTHON_NONE ||
	    fetch_word(walk, interpreter, layout->interpreter_gil, &gil))
		return 0;
	if (layout->gil_enabled != PYTHON_NONE &&
	    !fetch(walk, gil + layout->gil_enabled, &enabled, sizeof(enabled)) && !enabled) {
		walk->state->free_threaded = true;
		return 0;
	}
	if (fetch(walk, gil + layout->gil_locked, &locked, sizeof(locked)) ||
	    fetch_word(walk, gil, layout->gil_holder, &holder))
		return 0;
	walk->state->gil_known = true;
	return locked > 0 ? holder : 0;
}

static void walk_interpreters(struct walk *walk, uint64_t at)
{
	const struct python_layout *layout = walk->layout;
	struct ev_map seen = { 0 };
	uint64_t threads;
	bool added;
	for (uint32_t count = 0; at && count < INTERPRETERS_MAX; count++) {
		ev_map_add(&seen, at, 0, &added);
		if (!added || fetch_word(walk, at, layout->interpreter_threads, &threads))
			break;
		walk->holder = find_holder(walk, at);
		walk_threads(walk, threads, count);
		if (fetch_word(walk, at, layout->interpreter_next, &at))
			break;
	}
	ev_map_done(&seen);
}

int ev_python_read(const struct ev_python_runtime *runtime, const struct ev_python_memory *memory,
		   struct ev_python_state *state, struct ev_err *err)
{
	uint8_t published[PYTHON_PUBLISHED_BYTES];
	struct python_layout layout;
	struct walk walk = { .layout = &layout, .runtime = runtime, .memory = memory };
	uint64_t first;
	*state = (struct ev_python_state){ 0 };
	walk.state = state;
	walk.reader = (struct python_code_reader){ .layout = &layout,
						   .memory = memory,
						   .code_type = runtime->code_type,
						   .arena = &state->arena,
						   .limit_bytes = KEPT_MAX_BYTES };
	bool readable = !fetch(&walk, runtime->address, published, sizeof(published));
	int rc = ev_python_layout_find(runtime->version, readable ? published : NULL, &layout, err);
	if (rc)
		return rc;
	state->newer = layout.newer;
	if (fetch_word(&walk, runtime->address, layout.interpreters, &first))
		return ev_fail(err, EFAULT, "the memory of its interpreter can't be read");
	if (!first)
		return ev_fail(err, ENODATA, "its interpreter is not set up, or was taken down");
	walk_interpreters(&walk, first);
	ev_map_done(&walk.known);
	ev_array_done(&walk.codes);
	return 0;
}

void ev_python_state_done(struct ev_python_state *state)
{
	ev_array_done(&state->threads);
	ev_arena_done(&state->arena);
	*state = (struct ev_python_state){ 0 };
}
