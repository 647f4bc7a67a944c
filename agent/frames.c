/* This thread -> the Python frames that it has, as its interpreter keeps them. */
#include <pthread.h>
#include "agent.h"

enum { THREADS_MAX = 4096 };

static bool is_of(uint64_t state, uint64_t self)
{
	uint64_t id;
	return agent_read_word(state, agent.at.thread_id, &id) && id == self;
}

/* What the interpreter itself has as this thread's; 0: nothing, or it has no such thing. */
static uint64_t state_by_key(bool *made_up)
{
	int made, key;
	*made_up = true;
	if (agent.at.thread_key == PYTHON_AGENT_NO_OFFSET)
		return 0;
	memcpy(&made, agent.runtime + agent.at.thread_key, sizeof(made));
	memcpy(&key, agent.runtime + agent.at.thread_key + sizeof(made), sizeof(key));
	*made_up = made;
	return made && key >= 0 ? (uint64_t)(uintptr_t)pthread_getspecific((pthread_key_t)key) : 0;
}

/* Through the lists of all threads, one interpreter's after another's. */
static uint64_t search_state(uint64_t self)
{
	uint64_t runtime = (uint64_t)(uintptr_t)agent.runtime, interpreter, state;
	if (!agent_read_word(runtime, agent.at.interpreters, &interpreter))
		return 0;
	for (unsigned i = 0; interpreter && i < THREADS_MAX; i++) {
		if (!agent_read_word(interpreter, agent.at.interpreter_threads, &state))
			return 0;
		for (; state && i < THREADS_MAX; i++)
			if (is_of(state, self))
				return state;
			else if (!agent_read_word(state, agent.at.thread_next, &state))
				return 0;
		if (!agent_read_word(interpreter, agent.at.interpreter_next, &interpreter))
			return 0;
	}
	return 0;
}

/* The state that Python keeps of this thread; 0: none. What was found once is looked at first:
 * lists may be long. */
static uint64_t thread_state(void)
{
	static __thread uint64_t found __attribute__((tls_model("initial-exec")));
	uint64_t self = (uint64_t)(uintptr_t)pthread_self(), frame;
	bool made;
	uint64_t state = state_by_key(&made);
	if (state && is_of(state, self))
		return state;
	if (!made)
		return 0;
	if (found && is_of(found, self) && agent_read_word(found, agent.at.thread_frame, &frame) &&
	    frame)
		return found;
	return found = search_state(self);
}

static size_t frame_bytes(void)
{
	const uint32_t offsets[] = {
		agent.at.frame_code, agent.at.frame_previous, agent.at.frame_position,
		agent.at.frame_mark == PYTHON_AGENT_NO_OFFSET ? 0 : agent.at.frame_mark,
		agent.at.frame_copy == PYTHON_AGENT_NO_OFFSET ? 0 : agent.at.frame_copy
	};
	uint32_t largest = 0;
	for (unsigned i = 0; i < sizeof(offsets) / sizeof(*offsets); i++)
		largest = offsets[i] > largest ? offsets[i] : largest;
	return largest + sizeof(uint64_t);
}

/* Where they begin: threads without the GIL run a copy of their own each. 0: not known. */
static uint64_t instructions(const uint8_t *frame, uint64_t code)
{
	uint64_t copies, start;
	int32_t copy = agent.at.frame_copy == PYTHON_AGENT_NO_OFFSET
			       ? 0
			       : (int32_t)agent_number(frame, agent.at.frame_copy);
	if (copy <= 0)
		return code + agent.at.code_instructions;
	return agent_read_word(code, agent.at.code_copies, &copies) &&
			       agent_read_word(copies + (uint64_t)copy * sizeof(copies),
					       sizeof(copies), &start)
		       ? start
		       : 0;
}

static int32_t position(const uint8_t *frame, uint64_t code)
{
	int64_t offset = (int32_t)agent_number(frame, agent.at.frame_position);
	if (agent.at.position == PYTHON_AGENT_AT_POINTER) {
		uint64_t start = instructions(frame, code);
		offset = start ? (int64_t)(agent_word(frame, agent.at.frame_position) - start) : -1;
	} else if (agent.at.position == PYTHON_AGENT_AT_UNITS) {
		offset *= 2;
	}
	return offset < -1 || offset > INT32_MAX / 2 ? -1 : (int32_t)offset;
}

/* Of who has the turn: the code objects of frames. */
static uint64_t codes[AGENT_FRAMES_MAX];

static uint32_t walk_frames(uint64_t address, struct python_agent_frame *frames, uint32_t limit,
			    uint32_t *flags)
{
	size_t size_bytes = frame_bytes();
	uint32_t count = 0;
	for (unsigned steps = 0; address; steps++) {
		const uint8_t *frame = agent_read_frame(address, size_bytes);
		if (!frame || count == limit || steps > 2 * limit) {
			*flags |= frame ? PYTHON_AGENT_CUT : PYTHON_AGENT_TORN;
			break;
		}
		/* The lowest bits are marks, from 3.14 on. */
		uint64_t code = agent_word(frame, agent.at.frame_code) & ~(uint64_t)7;
		uint8_t mark = agent.at.frame_mark == PYTHON_AGENT_NO_OFFSET
				       ? 0
				       : frame[agent.at.frame_mark];
		address = agent_word(frame, agent.at.frame_previous);
		if (agent.at.entry == PYTHON_AGENT_ENTRY_SHIM &&
		    (mark == agent.at.frame_shim || mark == agent.at.frame_shim + 1)) {
			if (count)
				frames[count - 1].at |= 1;
			continue;
		}
		bool entry = agent.at.entry == PYTHON_AGENT_ENTRY_EACH ||
			     (agent.at.entry == PYTHON_AGENT_ENTRY_FLAG && mark == 1);
		frames[count].at = position(frame, code) * 2 | entry;
		codes[count++] = code;
	}
	agent_codes_again(codes, count);
	for (uint32_t i = 0; i < count; i++)
		frames[i].code = agent_code_id(codes[i]);
	return count;
}

uint32_t agent_walk_thread(struct python_agent_frame *frames, uint32_t limit, uint32_t *flags)
{
	uint64_t state = thread_state(), frame;
	if (!state)
		return 0;
	if (agent_read_word(state, agent.at.thread_frame, &frame) &&
	    (!frame || agent.at.cframe_frame == PYTHON_AGENT_NO_OFFSET ||
	     agent_read_word(frame, agent.at.cframe_frame, &frame)))
		return walk_frames(frame, frames, limit, flags);
	*flags |= PYTHON_AGENT_TORN;
	return 0;
}
