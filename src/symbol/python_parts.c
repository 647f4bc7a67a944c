/* The jumps of the interpreter's main function -> its part that the compiler has put elsewhere, for
 * it thinks that it seldom runs: in a stripped file that has no name, and it may be the very loop
 * in which all Python runs. Two ranges of code that jump into the middle of one another are one
 * function, for others are entered at their beginnings. */
#include <stdlib.h>
#include <string.h>
#include "frame_index.h"
#include "python_parts.h"

enum {
	CODE_MAX_BYTES = 1 << 20, /* of a function */
	JUMPS_MIN = 2,            /* each way, for bytes that only look like one */
	TARGETS_MAX = 4096,
};

struct range {
	uint64_t start, end;
};

static int32_t number(const uint8_t *bytes)
{
	int32_t value;
	memcpy(&value, bytes, sizeof(value));
	return value;
}

/* The function around an address, up to the next one; false when there is none. */
static bool find_around(const struct frame_index *index, uint64_t address, struct range *range)
{
	size_t before = ev_frame_index_before(index, address);
	if (!before || before == index->count)
		return false;
	*range = (struct range){ ev_frame_index_start(index, before - 1),
				 ev_frame_index_start(index, before) };
	return range->end > range->start && range->end - range->start <= CODE_MAX_BYTES;
}

/* ---- jumps --------------------------------------------------------------------------------------
 */

/* How far the instruction at *at jumps, and *at becomes what that is counted from; 0: it does not.
 */
static int64_t jump_x86(const uint8_t *code, size_t left, size_t *at)
{
	if (left >= 5 && code[0] == 0xe9) {
		*at += 5;
		return number(code + 1);
	}
	if (left >= 6 && code[0] == 0x0f && (code[1] & 0xf0) == 0x80) {
		*at += 6;
		return number(code + 2);
	}
	return 0;
}

static int64_t jump_arm64(const uint8_t *code, size_t left, size_t *at)
{
	uint32_t word = left >= 4 ? (uint32_t)number(code) : 0;
	if (*at % 4)
		return 0;
	if ((word & 0xfc000000) == 0x14000000)
		return (int64_t)(int32_t)(word << 6) >> 4;
	if ((word & 0xff000010) == 0x54000000 || (word & 0x7e000000) == 0x34000000)
		return (int64_t)(int32_t)(word << 8 & 0xffffe000) >> 11;
	return 0;
}

struct jumps {
	uint64_t targets[TARGETS_MAX];
	size_t count;
};

/* Where the code of a range jumps to, outside of itself. */
static void find_jumps(struct jumps *jumps, const struct image *image, struct range range)
{
	uint64_t offset;
	uint8_t *code;
	size_t size_bytes = range.end - range.start;
	jumps->count = 0;
	if (!ev_image_offset(image, range.start, &offset) ||
	    ev_image_read(image, offset, size_bytes, &code))
		return;
	for (size_t i = 0; i < size_bytes && jumps->count < TARGETS_MAX; i++) {
		size_t from = i;
		int64_t far = 0;
		if (image->machine == EM_X86_64)
			far = jump_x86(code + i, size_bytes - i, &from);
		else if (image->machine == EM_AARCH64)
			far = jump_arm64(code + i, size_bytes - i, &from);
		uint64_t target = range.start + from + (uint64_t)far;
		if (far && (target < range.start || target >= range.end))
			jumps->targets[jumps->count++] = target;
	}
	free(code);
}

/* How many go into the middle of a range. */
static size_t count_into(const struct jumps *jumps, struct range range)
{
	size_t count = 0;
	for (size_t i = 0; i < jumps->count; i++)
		count += jumps->targets[i] > range.start && jumps->targets[i] < range.end;
	return count;
}

static bool find_part(const struct image *image, const struct frame_index *index, struct range main,
		      struct range *part)
{
	struct jumps *out = ev_alloc(sizeof(*out)), *back = ev_alloc(sizeof(*back));
	bool found = false;
	uint64_t tried = 0;
	find_jumps(out, image, main);
	for (size_t i = 0; i < out->count && !found; i++) {
		if (!find_around(index, out->targets[i], part) || part->start == tried)
			continue;
		tried = part->start;
		if (part->start >= main.start && part->start < main.end)
			continue;
		if (count_into(out, *part) < JUMPS_MIN)
			continue;
		find_jumps(back, image, *part);
		found = count_into(back, main) >= JUMPS_MIN;
	}
	free(out);
	free(back);
	return found;
}

void ev_python_parts_add(struct ev_python_file *file, const struct image *image)
{
	struct range main = { 0 }, part;
	struct frame_index index;
	for (uint32_t i = 0; i < file->range_count; i++) {
		const struct ev_python_range *range = &file->ranges[i];
		if (range->evaluates && (main.end || range->part))
			return; /* its parts have names */
		if (range->evaluates)
			main = (struct range){ range->start, range->end };
	}
	if (!main.end || main.end - main.start > CODE_MAX_BYTES ||
	    file->range_count == EV_PYTHON_RANGES)
		return;
	if (ev_frame_index_open(&index, image) && find_part(image, &index, main, &part))
		file->ranges[file->range_count++] = (struct ev_python_range){ .start = part.start,
									      .end = part.end,
									      .evaluates = true };
	ev_frame_index_close(&index);
}
