/* The content of a code object -> a number by which it is known again: what is made in the memory
 * of one that is gone may have each of its parts where that had them, so it is told by what they
 * say. How much of them is looked at is bounded. */
#include <string.h>
#include <python.h>
#include "python_check.h"

static uint64_t word(const uint8_t *bytes, size_t at)
{
	uint64_t value;
	memcpy(&value, bytes + at, sizeof(value));
	return value;
}

static uint32_t half(const uint8_t *bytes, size_t at)
{
	uint32_t value;
	memcpy(&value, bytes + at, sizeof(value));
	return value;
}

static uint64_t mix(uint64_t hash, uint64_t with)
{
	hash = (hash ^ with) * UINT64_C(0x9e3779b97f4a7c15);
	return hash ^ hash >> 29;
}

static size_t at_most(uint64_t size_bytes, size_t limit)
{
	return size_bytes < limit ? (size_t)size_bytes : limit;
}

static uint64_t mix_bytes(uint64_t hash, const uint8_t *bytes, size_t size_bytes)
{
	for (size_t i = 0; i < size_bytes; i += sizeof(uint64_t)) {
		uint64_t one = 0;
		memcpy(&one, bytes + i, at_most(size_bytes - i, sizeof(one)));
		hash = mix(hash, one);
	}
	return hash;
}

/* The beginning and the end. */
static uint64_t mix_ends(uint64_t hash, const uint8_t *bytes, size_t size_bytes)
{
	size_t first = at_most(size_bytes, EV_PYTHON_LOOK_FIRST);
	size_t last = at_most(size_bytes - first, EV_PYTHON_LOOK_LAST);
	return mix_bytes(mix_bytes(hash, bytes, first), bytes + size_bytes - last, last);
}

uint64_t ev_python_check_self(const struct python_layout *layout, const uint8_t *bytes)
{
	/* How many instructions it has, from 3.11 on; something that stays before. */
	uint64_t hash = mix(PYTHON_PART_SELF, word(bytes, layout->bytes_size));
	/* The names of file and function follow. */
	for (size_t i = 0; i < EV_PYTHON_CODE_FIXED + 24; i += sizeof(uint64_t))
		hash = mix(hash, word(bytes, layout->code_file - EV_PYTHON_CODE_FIXED + i));
	hash = mix(hash, word(bytes, layout->code_lines));
	return mix(hash, half(bytes, layout->code_first_line));
}

uint64_t ev_python_check_text(enum python_part part, uint64_t length, unsigned kind, bool ascii,
			      const uint8_t *bytes, size_t size_bytes)
{
	size_t looked = at_most(length, EV_PYTHON_LOOK_TEXT_BYTES) * kind;
	looked = at_most(looked, EV_PYTHON_LOOK_TEXT_BYTES);
	if (size_bytes < looked)
		return 0;
	return mix_ends(mix(part, length << 8 | kind << 1 | ascii), bytes, looked);
}

uint64_t ev_python_check_lines(uint64_t length, const uint8_t *bytes, size_t size_bytes)
{
	size_t looked = at_most(length, EV_PYTHON_LOOK_LINES_BYTES);
	if (size_bytes < looked)
		return 0;
	return mix_ends(mix(PYTHON_PART_LINES, length), bytes, looked);
}

uint32_t ev_python_check_fold(uint64_t hash)
{
	return (uint32_t)(hash ^ hash >> 32);
}
