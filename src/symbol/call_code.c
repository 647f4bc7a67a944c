/* A function's instructions, one after the other, become the list of those by which it is left: to
 * see a call end without touching its return address, which C++ exceptions and anything else that
 * walks the stack need as it is. */
#include <stdlib.h>
#include <string.h>
#include "call_code.h"

/* A function and its seldom run halves. */
enum { PARTS_MAX = 8 };
struct parts {
	const struct probe_function *items[PARTS_MAX];
	size_t count;
};

static bool is_half_of(const struct probe_function *other, const struct probe_function *function,
		       size_t length)
{
	return !strncmp(other->name, function->name, length) &&
	       !strncmp(other->name + length, ".cold", 5) && other->size_bytes;
}

static void find_parts(struct parts *parts, const struct probe_function *function,
		       const struct probe_functions *functions)
{
	size_t length = strlen(function->name);
	*parts = (struct parts){ .items = { function }, .count = 1 };
	for (size_t i = 0; i < functions->count && parts->count < PARTS_MAX; i++)
		if (is_half_of(&functions->items[i], function, length))
			parts->items[parts->count++] = &functions->items[i];
}

static bool is_inside(const struct parts *parts, uint64_t address)
{
	for (size_t i = 0; i < parts->count; i++)
		if (address - parts->items[i]->address < parts->items[i]->size_bytes)
			return true;
	return false;
}

static void note(struct call_code *out, const struct parts *parts, enum code_step step,
		 uint64_t address, uint64_t target)
{
	bool leaves = step == CODE_LEAVE || (step == CODE_JUMP && !is_inside(parts, target));
	if (step == CODE_RETURN)
		*ev_array_add(&out->returns) = address;
	if (leaves) {
		*ev_array_add(&out->jumps) = address;
		*ev_array_add(&out->targets) = target;
	}
	if (target && (step == CODE_CALL || leaves))
		*ev_array_add(&out->callees) = target;
}

/* False when something in it is no instruction. */
static bool read_part(struct call_code *out, struct disassembler *disassembler,
		      const struct parts *parts, size_t part, const struct probe_code *code)
{
	size_t size, length;
	const struct probe_function *function = parts->items[part];
	const uint8_t *bytes = ev_probe_code_of(code, function, &size);
	if (!bytes || !size || size != function->size_bytes)
		return false;
	for (size_t at = 0; at < size; at += length) {
		enum code_step step;
		uint64_t target;
		int32_t growth;
		if (!ev_instruction_step(disassembler, bytes + at, size - at,
					 function->address + at, &length, &step, &target, &growth))
			return false;
		note(out, parts, step, function->address + at, target);
	}
	return true;
}

static void follow_stack(struct call_code *out, struct disassembler *disassembler,
			 const struct probe_spot *spot, const struct probe_code *code)
{
	size_t size, length;
	const uint8_t *bytes = ev_probe_code_of(code, spot->function, &size);
	int64_t grown = 0;
	out->stack_known = false;
	for (size_t at = 0; at < spot->into_bytes; at += length) {
		enum code_step step;
		uint64_t target;
		int32_t growth;
		if (!bytes || at >= size ||
		    !ev_instruction_step(disassembler, bytes + at, size - at,
					 spot->function->address + at, &length, &step, &target,
					 &growth) ||
		    growth == INT32_MIN)
			return;
		grown += growth;
	}
	out->stack_known = grown >= 0 && grown <= INT32_MAX;
	out->stack_bytes = out->stack_known ? (uint32_t)grown : 0;
}

void ev_call_code_read(struct call_code *out, struct disassembler *disassembler,
		       const struct probe_spot *spot, const struct probe_functions *functions,
		       const struct probe_code *code)
{
	struct parts parts;
	*out = (struct call_code){ .stack_known = !spot->into_bytes };
	if (!disassembler || code->image->machine != EM_X86_64)
		return;
	find_parts(&parts, spot->function, functions);
	out->known = true;
	for (size_t i = 0; i < parts.count && out->known; i++)
		out->known = read_part(out, disassembler, &parts, i, code);
	follow_stack(out, disassembler, spot, code);
}

void ev_call_code_done(struct call_code *out)
{
	ev_array_done(&out->returns);
	ev_array_done(&out->jumps);
	ev_array_done(&out->targets);
	ev_array_done(&out->callees);
}
