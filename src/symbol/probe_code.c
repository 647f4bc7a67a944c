/* A function's first instructions are looked through for the one on which a probe costs least. The
 * kernel emulates a push, a call, a jump and a nop in under a microsecond; others it copies away
 * and single-steps, about ten times as slow. So a probe is moved past what must run first, but only
 * where that changes no count: past instructions that cannot fail, to a place that nothing but the
 * function's beginning leads to.
 *
 *     endbr64          <- the function's address
 *     mov %edi,%eax
 *     push %rbx        <- the probe, unless a branch anywhere in the file leads behind endbr64
 */
#include <stdlib.h>
#include <string.h>
#include "probe_code.h"

/* How far a probe is moved. */
#define REACH 32
#define STEPS 8

static const uint8_t endbr64[] = { 0xf3, 0x0f, 0x1e, 0xfa };

/* ---- reading ----------------------------------------------------------------------------------
 */

void ev_probe_code_read(struct probe_code *code, const struct image *image)
{
	*code = (struct probe_code){ .image = image };
	for (size_t i = 0; i < image->segment_count; i++) {
		const struct segment *segment = &image->segments[i];
		uint8_t *bytes;
		if (!segment->executable ||
		    ev_image_read(image, segment->offset, segment->file_bytes, &bytes))
			continue;
		*ev_array_add(&code->parts) = (struct code_part){
			.address = segment->address,
			.size_bytes = segment->file_bytes,
			.bytes = bytes,
		};
	}
}

void ev_probe_code_done(struct probe_code *code)
{
	for (size_t i = 0; i < code->parts.count; i++)
		free(code->parts.items[i].bytes);
	ev_array_done(&code->parts);
}

/* The bytes from an address on, NULL when the file has none. */
static const uint8_t *code_at(const struct probe_code *code, uint64_t address, size_t *left)
{
	for (size_t i = 0; i < code->parts.count; i++) {
		const struct code_part *part = &code->parts.items[i];
		uint64_t into = address - part->address;
		if (into >= part->size_bytes)
			continue;
		*left = part->size_bytes - into;
		return part->bytes + into;
	}
	return NULL;
}

const uint8_t *ev_probe_code_of(const struct probe_code *code,
				const struct probe_function *function, size_t *size)
{
	size_t left = 0;
	const uint8_t *bytes = code_at(code, function->address, &left);
	*size = function->size_bytes < left ? function->size_bytes : left;
	return bytes;
}

/* ---- what the kernel emulates (arch/x86/kernel/uprobes.c) --------------------------------------
 */

static bool is_cheap(const uint8_t *bytes, size_t size)
{
	if (!size)
		return false;
	uint8_t one = bytes[0], two = size > 1 ? bytes[1] : 0;
	if ((one & 0xf8) == 0x50 || (one == 0x41 && (two & 0xf8) == 0x50)) /* push */
		return true;
	if (one == 0x90 || (one == 0x0f && two == 0x1f)) /* nop */
		return true;
	return one == 0xe8 || one == 0xe9 || one == 0xeb || (one & 0xf0) == 0x70 ||
	       (one == 0x0f && (two & 0xf0) == 0x80);
}

/* ---- does something jump there? ---------------------------------------------------------------
 */

/* A place other than the beginning that must be reached from the beginning only. */
struct range {
	uint64_t first, last; /* addresses */
	size_t spot;
};
struct ranges {
	EV_ARRAY(struct range) items; /* by address, apart from one another */
	struct probe_spot *spots;
};

static int by_first(const void *one, const void *other)
{
	const struct range *a = one, *b = other;
	return a->first < b->first ? -1 : a->first > b->first;
}

static void give_up(struct ranges *ranges, uint64_t target, const char *why)
{
	size_t low = 0, high = ranges->items.count;
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (ranges->items.items[middle].last < target)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == ranges->items.count || ranges->items.items[low].first > target)
		return;
	struct probe_spot *spot = &ranges->spots[ranges->items.items[low].spot];
	spot->into_bytes = 0;
	spot->cheap = false;
	spot->why = why;
}

/* Every byte is taken for the start of a branch: real ones are all among them, whatever stands
 * between the functions, and one too many only costs speed. */
static void look_for_branches(struct ranges *ranges, const struct code_part *part)
{
	static const char why[] = "at its entry, single-stepped: a branch leads behind it";
	const uint8_t *bytes = part->bytes;
	for (size_t i = 0; i + 2 <= part->size_bytes; i++) {
		uint8_t one = bytes[i];
		bool near = one == 0xe8 || one == 0xe9 ||
			    (one == 0x0f && (bytes[i + 1] & 0xf0) == 0x80);
		bool nearest = one == 0xeb || (one & 0xf0) == 0x70 || (one & 0xfc) == 0xe0;
		size_t length = one == 0x0f ? 6 : 5;
		if (nearest)
			give_up(ranges,
				part->address + i + 2 + (uint64_t)(int64_t)(int8_t)bytes[i + 1],
				why);
		if (!near || i + length > part->size_bytes)
			continue;
		const uint8_t *end = bytes + i + length;
		int32_t distance = (int32_t)((uint32_t)end[-4] | (uint32_t)end[-3] << 8 |
					     (uint32_t)end[-2] << 16 | (uint32_t)end[-1] << 24);
		give_up(ranges, part->address + i + length + (uint64_t)(int64_t)distance, why);
	}
}

static void check_branches(struct probe_spot *spots, size_t count,
			   const struct probe_functions *functions, const struct probe_code *code)
{
	struct ranges ranges = { .spots = spots };
	for (size_t i = 0; i < count; i++)
		if (spots[i].into_bytes)
			*ev_array_add(&ranges.items) = (struct range){
				.first = spots[i].function->address + 1,
				.last = spots[i].function->address + spots[i].into_bytes,
				.spot = i,
			};
	if (!ranges.items.count)
		return;
	qsort(ranges.items.items, ranges.items.count, sizeof(*ranges.items.items), by_first);
	/* Overlapping ranges: the later function begins inside the earlier one's. */
	for (size_t i = 0; i + 1 < ranges.items.count; i++)
		if (ranges.items.items[i].last >= ranges.items.items[i + 1].first)
			ranges.items.items[i].last = ranges.items.items[i + 1].first - 1;
	for (size_t i = 0; i < functions->count; i++)
		give_up(&ranges, functions->items[i].address,
			"at its entry, single-stepped: another symbol stands behind it");
	for (size_t i = 0; i < code->parts.count; i++)
		look_for_branches(&ranges, &code->parts.items[i]);
	ev_array_done(&ranges.items);
}

/* ---- computed jumps ---------------------------------------------------------------------------
 */

/* Bytes that could be one: ff /4, ff /5. */
static bool may_jump_anywhere(const uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i + 2 <= size; i++)
		if (bytes[i] == 0xff && (bytes[i + 1] & 0x30) == 0x20)
			return true;
	return false;
}

/* Jump tables and the like are not read: a function with one may jump to wherever it likes. */
static bool jumps_anywhere(struct disassembler *disassembler, const struct probe_code *code,
			   const struct probe_function *function)
{
	size_t size, length;
	const uint8_t *bytes = ev_probe_code_of(code, function, &size);
	if (!may_jump_anywhere(bytes, size))
		return false;
	for (size_t at = 0; disassembler && at < size; at += length) {
		enum instruction what = ev_instruction_decode(disassembler, bytes + at, size - at,
							      function->address + at, &length);
		if (what == INSTRUCTION_INDIRECT || what == INSTRUCTION_UNKNOWN)
			return true;
	}
	return !disassembler;
}

/* The half of a function that is seldom run belongs to it: f.cold. */
static bool cold_half_jumps(struct disassembler *disassembler, const struct probe_code *code,
			    const struct probe_functions *functions,
			    const struct probe_function *function)
{
	size_t length = strlen(function->name);
	for (size_t i = 0; i < functions->count; i++) {
		const struct probe_function *other = &functions->items[i];
		if (!strncmp(other->name, function->name, length) &&
		    !strncmp(other->name + length, ".cold", 5) &&
		    jumps_anywhere(disassembler, code, other))
			return true;
	}
	return false;
}

/* ---- choosing ---------------------------------------------------------------------------------
 */

/* Where the first cheap instruction is that can be reached; false when there is none. */
static bool walk(struct disassembler *disassembler, const uint8_t *bytes, size_t size,
		 uint64_t address, uint64_t *into)
{
	size_t at = 0;
	for (unsigned step = 0; step < STEPS && at < size && at <= REACH; step++) {
		if (is_cheap(bytes + at, size - at)) {
			*into = at;
			return true;
		}
		size_t length = sizeof(endbr64);
		bool lands = size - at >= length && !memcmp(bytes + at, endbr64, length);
		if (!lands && (!disassembler ||
			       ev_instruction_decode(disassembler, bytes + at, size - at,
						     address + at, &length) != INSTRUCTION_PLAIN))
			return false;
		at += length;
	}
	return false;
}

static void choose(struct probe_spot *spot, struct disassembler *disassembler,
		   const struct probe_functions *functions, const struct probe_code *code)
{
	const struct probe_function *function = spot->function;
	size_t size;
	const uint8_t *bytes = ev_probe_code_of(code, function, &size);
	spot->into_bytes = 0;
	if (!bytes || !walk(disassembler, bytes, size, function->address, &spot->into_bytes)) {
		size_t left = 0;
		spot->cheap =
			(bytes = code_at(code, function->address, &left)) && is_cheap(bytes, left);
		spot->why = spot->cheap
				    ? "at its entry, which the kernel emulates"
				    : "at its entry, single-stepped: no instruction near it is one "
				      "that the kernel emulates";
	} else if (!spot->into_bytes) {
		spot->cheap = true;
		spot->why = "at its entry, which the kernel emulates";
	} else if (jumps_anywhere(disassembler, code, function) ||
		   cold_half_jumps(disassembler, code, functions, function)) {
		spot->into_bytes = 0;
		spot->why = "at its entry, single-stepped: a computed jump could lead behind it";
	} else {
		spot->cheap = true;
		spot->why = "on its first instruction that the kernel emulates";
	}
}

void ev_probe_spots_choose(struct probe_spot *spots, size_t count,
			   const struct probe_functions *functions, const struct probe_code *code)
{
	if (code->image->machine != EM_X86_64 || !code->image->wide) {
		for (size_t i = 0; i < count; i++)
			spots[i].why = "at its entry";
		return;
	}
	struct disassembler *disassembler = ev_disassembler_open(code->image->machine);
	for (size_t i = 0; i < count; i++)
		choose(&spots[i], disassembler, functions, code);
	ev_disassembler_close(disassembler);
	check_branches(spots, count, functions, code);
}

int ev_probe_boundary(const struct probe_code *code, const struct probe_function *function,
		      uint64_t into_bytes, uint64_t *before, uint64_t *after)
{
	size_t size, length;
	const uint8_t *bytes = ev_probe_code_of(code, function, &size);
	uint64_t at = 0;
	*before = *after = 0;
	if (code->image->machine == EM_AARCH64) {
		*before = into_bytes & ~(uint64_t)3;
		*after = *before + 4;
		return !(into_bytes & 3);
	}
	struct disassembler *disassembler =
		bytes ? ev_disassembler_open(code->image->machine) : NULL;
	int answer = -1;
	while (disassembler && at < size && at < into_bytes) {
		if (ev_instruction_decode(disassembler, bytes + at, size - at,
					  function->address + at, &length) == INSTRUCTION_UNKNOWN)
			break;
		*before = at;
		at += length;
	}
	*after = at;
	if (disassembler && at >= into_bytes)
		answer = at == into_bytes;
	ev_disassembler_close(disassembler);
	return answer;
}
