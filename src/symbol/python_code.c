/* The memory of a Python code object -> its names and line table. All of it may be torn or made up:
 * sizes are checked before anything is kept. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <python.h>
#include "python_check.h"
#include "python_code.h"

enum {
	NAME_MAX_CHARACTERS = 4096,
	TABLE_MAX_BYTES = 1 << 22,
	RECORD_MAX_BYTES = 512, /* of a code object, as far as it is looked at */
	COUNT_BYTES = 8,        /* of its instructions, behind what every object has */
};

static int fetch(const struct python_code_reader *reader, uint64_t address, void *bytes,
		 size_t size_bytes)
{
	if (!address || address > UINT64_MAX - size_bytes)
		return -EFAULT;
	return reader->memory->read(reader->memory->context, address, bytes, size_bytes);
}

static uint64_t word(const uint8_t *bytes, uint32_t at)
{
	uint64_t value;
	memcpy(&value, bytes + at, sizeof(value));
	return value;
}

static uint32_t half(const uint8_t *bytes, uint32_t at)
{
	uint32_t value;
	memcpy(&value, bytes + at, sizeof(value));
	return value;
}

/* Its part of the check, too. */
static int read_text(struct python_code_reader *reader, uint64_t address, enum python_part part,
		     const char **text, uint64_t *hash)
{
	const struct python_layout *layout = reader->layout;
	uint8_t head[RECORD_MAX_BYTES];
	size_t head_bytes = layout->text_state + sizeof(uint32_t);
	if (head_bytes < layout->text_length + sizeof(uint64_t))
		head_bytes = layout->text_length + sizeof(uint64_t);
	if (head_bytes > sizeof(head))
		return -EINVAL;
	int rc = fetch(reader, address, head, head_bytes);
	if (rc)
		return rc;
	uint32_t state = ev_python_text_state(half(head, layout->text_state));
	unsigned kind = state >> 2 & 7;
	bool compact = state >> 5 & 1, ascii = state >> 6 & 1;
	uint64_t length = word(head, layout->text_length);
	if (!compact || (kind != 1 && kind != 2 && kind != 4) || length > TABLE_MAX_BYTES ||
	    reader->kept_bytes >= reader->limit_bytes)
		return -EINVAL;
	size_t count = length < NAME_MAX_CHARACTERS ? length : NAME_MAX_CHARACTERS;
	uint8_t *characters = ev_alloc(count * kind + 1);
	rc = fetch(reader, address + (ascii ? layout->text_ascii : layout->text_compact),
		   characters, count * kind);
	if (!rc) {
		*text = ev_python_text(reader->arena, characters, count, kind);
		*hash = ev_python_check_text(part, length, kind, ascii, characters, count * kind);
		reader->kept_bytes += 4 * count;
	}
	free(characters);
	return rc;
}

/* Its part of the check; 0: it can't be read. Of a large one the beginning may be there still. */
static uint64_t read_lines(struct python_code_reader *reader, uint64_t address,
			   struct ev_python_code *code)
{
	uint64_t length, hash = 0;
	if (fetch(reader, address + reader->layout->bytes_size, &length, sizeof(length)) ||
	    length > TABLE_MAX_BYTES || reader->kept_bytes + length > reader->limit_bytes)
		return 0;
	size_t size_bytes = (size_t)length;
	uint8_t *lines = ev_alloc(size_bytes + 1);
	int rc = fetch(reader, address + reader->layout->bytes_data, lines, size_bytes);
	if (rc && size_bytes > EV_PYTHON_LOOK_LINES_BYTES) {
		size_bytes = EV_PYTHON_LOOK_LINES_BYTES;
		rc = fetch(reader, address + reader->layout->bytes_data, lines, size_bytes);
	}
	if (!rc) {
		code->lines = ev_arena_copy(reader->arena, lines, size_bytes);
		code->lines_bytes = size_bytes;
		reader->kept_bytes += size_bytes;
		hash = ev_python_check_lines(length, lines, size_bytes);
	}
	free(lines);
	return hash;
}

static size_t record_bytes(const struct python_layout *layout)
{
	const uint32_t ends[] = { layout->code_lines + 8, layout->code_file + 24,
				  layout->code_name + 8, layout->code_first_line + 8,
				  layout->code_qualname == PYTHON_NONE
					  ? 0
					  : layout->code_qualname + 8 };
	size_t largest = layout->bytes_size + COUNT_BYTES;
	for (size_t i = 0; i < EV_LENGTH(ends); i++)
		largest = ends[i] > largest ? ends[i] : largest;
	return largest;
}

int ev_python_code_read(struct python_code_reader *reader, uint64_t address,
			struct ev_python_code *code)
{
	const struct python_layout *layout = reader->layout;
	uint8_t bytes[RECORD_MAX_BYTES];
	size_t size_bytes = record_bytes(layout);
	if (size_bytes > sizeof(bytes) || layout->code_file < EV_PYTHON_CODE_FIXED ||
	    layout->bytes_size < 8)
		return -EINVAL;
	int rc = fetch(reader, address, bytes, size_bytes);
	if (rc)
		return rc;
	/* The type is the last of what every object has. */
	if (reader->code_type && word(bytes, layout->bytes_size - 8) != reader->code_type)
		return -EINVAL;
	bool qualified = layout->code_qualname != PYTHON_NONE;
	*code = (struct ev_python_code){ .lines_kind = layout->lines,
					 .first_line = half(bytes, layout->code_first_line) };
	uint64_t file = 0, name = 0, lines = 0;
	rc = read_text(reader, word(bytes, layout->code_file), PYTHON_PART_FILE, &code->file,
		       &file);
	if (!rc)
		rc = read_text(reader,
			       word(bytes, qualified ? layout->code_qualname : layout->code_name),
			       PYTHON_PART_NAME, &code->function, &name);
	if (!rc)
		lines = read_lines(reader, word(bytes, layout->code_lines), code);
	code->check =
		ev_python_check_fold(ev_python_check_self(layout, bytes) ^ name ^ file ^ lines);
	code->parts[0] = ev_python_check_fold(name);
	code->parts[1] = ev_python_check_fold(file);
	code->parts[2] = ev_python_check_fold(lines);
	return rc;
}

bool ev_python_code_is(const struct ev_python_code *code, uint32_t check)
{
	for (unsigned without = 0; without < 1u << EV_LENGTH(code->parts); without++) {
		uint32_t one = code->check;
		for (unsigned i = 0; i < EV_LENGTH(code->parts); i++)
			one ^= without >> i & 1 ? code->parts[i] : 0;
		if (one == check)
			return true;
	}
	return false;
}

uint32_t ev_python_code_line(const struct ev_python_code *code, int64_t offset_bytes)
{
	return ev_python_line(code->lines_kind, code->lines, code->lines_bytes, code->first_line,
			      offset_bytes);
}
