/* Addresses of code objects that were seen elsewhere -> functions and lines, read out of the
 * process once and kept. */
#include <errno.h>
#include <stdlib.h>
#include "python_code.h"

enum {
	KEPT_MAX_BYTES = 64 << 20, /* of a process, which may make code without end */
	CODES_MAX = 1 << 18,
};

struct ev_python_codes {
	struct python_layout layout;
	struct ev_python_memory memory;
	struct python_code_reader reader;
	struct ev_arena arena;
	struct ev_map known; /* address, check -> index + 1 */
	EV_ARRAY(struct ev_python_code) codes;
};

static void forget(struct ev_python_codes *codes)
{
	ev_map_done(&codes->known);
	ev_array_done(&codes->codes);
	ev_arena_done(&codes->arena);
	codes->reader.kept_bytes = 0;
}

int ev_python_codes_open(struct ev_python_codes **codes, const struct ev_python_runtime *runtime,
			 const struct ev_python_memory *memory, struct ev_err *err)
{
	uint8_t published[PYTHON_PUBLISHED_BYTES];
	struct ev_python_codes *made = ev_alloc(sizeof(*made));
	bool readable =
		!memory->read(memory->context, runtime->address, published, sizeof(published));
	int rc = ev_python_layout_find(runtime->version, readable ? published : NULL, &made->layout,
				       err);
	*codes = rc ? NULL : made;
	if (rc) {
		free(made);
		return rc;
	}
	made->memory = *memory;
	made->reader = (struct python_code_reader){ .layout = &made->layout,
						    .memory = &made->memory,
						    .code_type = runtime->code_type,
						    .arena = &made->arena,
						    .limit_bytes = KEPT_MAX_BYTES };
	return 0;
}

const struct ev_python_code *ev_python_codes_known(const struct ev_python_codes *codes,
						   uint64_t address, uint32_t check)
{
	const uint32_t *index = ev_map_find(&codes->known, address, check);
	return index ? &codes->codes.items[*index - 1] : NULL;
}

static const struct ev_python_code *read_code(struct ev_python_codes *codes, uint64_t address,
					      uint32_t check)
{
	struct ev_python_code code;
	/* What is still used is soon read again. */
	if (codes->codes.count >= CODES_MAX ||
	    codes->reader.kept_bytes >= codes->reader.limit_bytes)
		forget(codes);
	if (ev_python_code_read(&codes->reader, address, &code) || !ev_python_code_is(&code, check))
		return NULL;
	*ev_array_add(&codes->codes) = code;
	*ev_map_add(&codes->known, address, check, NULL) = (uint32_t)codes->codes.count;
	return &codes->codes.items[codes->codes.count - 1];
}

const struct ev_python_code *ev_python_codes_find(struct ev_python_codes *codes, uint64_t address,
						  uint32_t check)
{
	const struct ev_python_code *known = ev_python_codes_known(codes, address, check);
	return known ? known : read_code(codes, address, check);
}

void ev_python_codes_learn(struct ev_python_codes *codes, uint64_t address, uint32_t check,
			   const struct ev_python_memory *kept)
{
	if (ev_python_codes_known(codes, address, check))
		return;
	codes->reader.memory = kept;
	read_code(codes, address, check);
	codes->reader.memory = &codes->memory;
}

void ev_python_codes_shape(const struct ev_python_codes *codes, struct ev_python_shape *shape)
{
	const struct python_layout *layout = &codes->layout;
	*shape = (struct ev_python_shape){
		.interpreters = layout->interpreters,
		.interpreter_next = layout->interpreter_next,
		.interpreter_threads = layout->interpreter_threads,
		.thread_next = layout->thread_next,
		.thread_id = layout->thread_id,
		.thread_native = layout->thread_native,
		.thread_frame = layout->thread_frame,
		.cframe_frame = layout->cframe_frame,
		.frame_code = layout->frame_code,
		.frame_previous = layout->frame_previous,
		.frame_position = layout->frame_position,
		.frame_mark = layout->frame_mark,
		.frame_copy = layout->frame_copy,
		.code_file = layout->code_file,
		.code_function = layout->code_qualname == PYTHON_NONE ? layout->code_name
								      : layout->code_qualname,
		.code_lines = layout->code_lines,
		.code_first_line = layout->code_first_line,
		.code_instructions = layout->code_instructions,
		.code_copies = layout->code_copies,
		.text_length = layout->text_length,
		.text_state = layout->text_state,
		.text_ascii = layout->text_ascii,
		.text_compact = layout->text_compact,
		.bytes_size = layout->bytes_size,
		.bytes_data = layout->bytes_data,
		.position = layout->position,
		.entry = layout->entry,
		.numbered = layout->numbered && !layout->newer,
		.based = layout->based,
		.newer = layout->newer,
	};
}

void ev_python_codes_close(struct ev_python_codes *codes)
{
	if (!codes)
		return;
	forget(codes);
	free(codes);
}
