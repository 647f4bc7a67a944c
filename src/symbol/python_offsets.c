/* A version of CPython -> the offsets by which an agent inside the process finds its frames and the
 * names of their code. */
#include <errno.h>
#include <python.h>
#include "python_agent.h"
#include "python_layout.h"

/* autoTSSkey in _PyRuntime, from each version's own headers, with the GIL; 3.15 has none. The agent
 * checks that what it finds there is the state of its thread, and looks in the list of all of them
 * else. */
static const struct {
	uint32_t version, offset;
} thread_keys[] = {
	{ 0x0308, 1392 }, { 0x0309, 584 },  { 0x030a, 584 },  { 0x030b, 592 },
	{ 0x030c, 1544 }, { 0x030d, 2160 }, { 0x030e, 2336 },
};

_Static_assert((int)PYTHON_AGENT_PUBLISHED_BYTES == (int)PYTHON_PUBLISHED_BYTES, "as much is sent");
_Static_assert(PYTHON_AGENT_NO_OFFSET == PYTHON_NONE, "the same number is none");

/* The agent looks at objects in pieces of bounded size. */
static bool fits(const struct python_agent_offsets *offsets)
{
	enum { OBJECT = 240, FRAME = 2048 };
	const uint32_t objects[] = { offsets->code_file,  offsets->code_name,
				     offsets->code_lines, offsets->code_first_line,
				     offsets->bytes_size, offsets->text_length,
				     offsets->text_state };
	const uint32_t frames[] = { offsets->frame_code, offsets->frame_previous,
				    offsets->frame_position };
	for (size_t i = 0; i < EV_LENGTH(objects); i++)
		if (objects[i] > OBJECT)
			return false;
	for (size_t i = 0; i < EV_LENGTH(frames); i++)
		if (frames[i] > FRAME)
			return false;
	return (offsets->code_qualname <= OBJECT || offsets->code_qualname == PYTHON_NONE) &&
	       (offsets->frame_mark <= FRAME || offsets->frame_mark == PYTHON_NONE) &&
	       (offsets->frame_copy <= FRAME || offsets->frame_copy == PYTHON_NONE) &&
	       offsets->code_lines >= offsets->code_file &&
	       offsets->code_lines >= offsets->code_first_line;
}

int ev_python_agent_offsets(uint32_t version, const uint8_t *published,
			    struct python_agent_offsets *offsets, enum ev_python_lines *lines,
			    bool *newer, struct ev_err *err)
{
	struct python_layout from;
	int rc = ev_python_layout_find(version, published, &from, err);
	if (rc)
		return rc;
	*lines = from.lines;
	if (newer)
		*newer = from.newer;
	*offsets = (struct python_agent_offsets){
		.position = from.position,
		.entry = from.entry,
		.thread_key = PYTHON_NONE,
		.interpreters = from.interpreters,
		.interpreter_next = from.interpreter_next,
		.interpreter_threads = from.interpreter_threads,
		.thread_next = from.thread_next,
		.thread_id = from.thread_id,
		.thread_frame = from.thread_frame,
		.cframe_frame = from.cframe_frame,
		.frame_code = from.frame_code,
		.frame_previous = from.frame_previous,
		.frame_position = from.frame_position,
		.frame_mark = from.frame_mark,
		.frame_copy = from.frame_copy,
		.frame_shim = PYTHON_SHIM,
		.code_file = from.code_file,
		.code_name = from.code_name,
		.code_qualname = from.code_qualname,
		.code_first_line = from.code_first_line,
		.code_lines = from.code_lines,
		.code_instructions = from.code_instructions,
		.code_copies = from.code_copies,
		.code_number = from.numbered && !from.newer ? from.code_file - EV_PYTHON_CODE_NUMBER
							    : PYTHON_NONE,
		.bytes_size = from.bytes_size,
		.bytes_data = from.bytes_data,
		.text_length = from.text_length,
		.text_state = from.text_state,
		.text_ascii = from.text_ascii,
		.text_compact = from.text_compact,
	};
	for (size_t i = 0; i < EV_LENGTH(thread_keys); i++)
		if (thread_keys[i].version == version >> 16 && from.gil_enabled == PYTHON_NONE)
			offsets->thread_key = thread_keys[i].offset;
	if (!fits(offsets))
		return ev_fail(err, ENOTSUP, "what its interpreter publishes makes no sense");
	return 0;
}
