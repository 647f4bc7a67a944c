/* This thread -> the Python frames that it has, as its interpreter keeps them. */
#include <pthread.h>
#include "agent.h"

enum { THREADS_MAX = 4096 };

/* The state that Python keeps of this thread; 0: none. */
static uint64_t thread_state(void)
{
	uint64_t self = (uint64_t)(uintptr_t)pthread_self(), id, interpreter, state;
	uint64_t runtime = (uint64_t)(uintptr_t)agent.runtime;
	int made, key;
	memcpy(&made, agent.runtime + agent.at.thread_key, sizeof(made));
	memcpy(&key, agent.runtime + agent.at.thread_key + sizeof(made), sizeof(key));
	if (made && key >= 0) {
		state = (uint64_t)(uintptr_t)pthread_getspecific((pthread_key_t)key);
		if (agent_read_word(state, agent.at.thread_id, &id) && id == self)
			return state;
	}
	/* It is kept elsewhere, or this is none of its threads. */
	if (!made || !agent_read_word(runtime, agent.at.interpreters, &interpreter) ||
	    !agent_read_word(interpreter, agent.at.interpreter_threads, &state))
		return 0;
	for (unsigned i = 0; state && i < THREADS_MAX; i++)
		if (!agent_read_word(state, agent.at.thread_id, &id))
			return 0;
		else if (id == self)
			return state;
		else if (!agent_read_word(state, agent.at.thread_next, &state))
			return 0;
	return 0;
}

static size_t frame_bytes(void)
{
	const uint32_t offsets[] = {
		agent.at.frame_code, agent.at.frame_previous, agent.at.frame_position,
		agent.at.frame_mark == PYTHON_AGENT_NO_OFFSET ? 0 : agent.at.frame_mark
	};
	uint32_t largest = 0;
	for (unsigned i = 0; i < sizeof(offsets) / sizeof(*offsets); i++)
		largest = offsets[i] > largest ? offsets[i] : largest;
	return largest + sizeof(uint64_t);
}

static int32_t position(const uint8_t *frame, uint64_t code)
{
	int64_t offset = (int32_t)agent_number(frame, agent.at.frame_position);
	if (agent.at.position == PYTHON_AGENT_AT_POINTER)
		offset = (int64_t)(agent_word(frame, agent.at.frame_position) - code -
				   agent.at.code_instructions);
	else if (agent.at.position == PYTHON_AGENT_AT_UNITS)
		offset *= 2;
	return offset < -1 || offset > INT32_MAX / 2 ? -1 : (int32_t)offset;
}

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
		uint64_t code = agent_word(frame, agent.at.frame_code);
		uint8_t mark = agent.at.frame_mark == PYTHON_AGENT_NO_OFFSET
				       ? 0
				       : frame[agent.at.frame_mark];
		address = agent_word(frame, agent.at.frame_previous);
		if (agent.at.entry == PYTHON_AGENT_ENTRY_SHIM && mark == agent.at.frame_shim) {
			if (count)
				frames[count - 1].at |= 1;
			continue;
		}
		bool entry = agent.at.entry == PYTHON_AGENT_ENTRY_EACH ||
			     (agent.at.entry == PYTHON_AGENT_ENTRY_FLAG && mark == 1);
		frames[count].at = position(frame, code) * 2 | entry;
		frames[count++].code = agent_code_id(code);
	}
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
