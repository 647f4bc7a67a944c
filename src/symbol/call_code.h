/* By which instructions a function is left, and what it does before the one that is probed. */
#ifndef SYMBOL_CALL_CODE_H
#define SYMBOL_CALL_CODE_H

#include "probe_code.h"

struct code_list {
	uint64_t *items; /* addresses */
	size_t count, room;
};
struct call_code {
	bool known;               /* all of it could be read */
	struct code_list returns; /* instructions that go back to the caller */
	struct code_list jumps;   /* that go to the beginning of another function, for ever */
	struct code_list targets; /* where each of the jumps goes, 0 = computed */
	struct code_list callees; /* where calls and those jumps go, once per instruction */
	bool stack_known;         /* what it does to the stack before the probe */
	uint32_t stack_bytes;     /* by how much the stack grew until there */
};
/* Of the function that stands at `spot`, and its seldom run halves. Without a disassembler, or for
 * another machine, nothing is known. */
void ev_call_code_read(struct call_code *out, struct disassembler *disassembler,
		       const struct probe_spot *spot, const struct probe_functions *functions,
		       const struct probe_code *code);
void ev_call_code_done(struct call_code *out);

/* How an instruction goes on. */
enum code_step {
	CODE_NEXT,
	CODE_CALL, /* *target, 0 when it is computed */
	CODE_RETURN,
	CODE_JUMP,  /* *target, unconditional */
	CODE_LEAVE, /* to a computed place that is no table of the function */
};
/* One instruction: how long it is, what follows, and how far the stack grows by it (INT32_MIN: by
 * what is not known). False when there is none. */
bool ev_instruction_step(struct disassembler *disassembler, const uint8_t *bytes, size_t size_bytes,
			 uint64_t address, size_t *length, enum code_step *step, uint64_t *target,
			 int32_t *growth);

#endif
