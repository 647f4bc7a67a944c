/* The program of a function's entry, run from its beginning to its end. */
#ifndef SYMBOL_CFI_PROGRAM_H
#define SYMBOL_CFI_PROGRAM_H

#include <evprof/symbol_unwind.h>
#include "frame_section.h"

/* Numbers of registers in DWARF, from each processor's ABI supplement. */
struct cfi_machine {
	uint16_t machine; /* EM_… */
	uint8_t word_bytes, sp, fp, ra;
	bool links; /* a call leaves its return address in a register */
};
/* NULL for one that is not known. */
const struct cfi_machine *ev_cfi_machine_of(uint16_t machine);

/* What one rule of a function is told to: it holds from `address` on. */
typedef void cfi_taker(void *context, uint64_t address, const struct ev_cfi_rule *rule);
/* Rules in the order of addresses, none beyond the function's end; what comes after something that
 * makes no sense is left out, and has the rule EV_CFI_NOTHING. */
void ev_cfi_program_run(struct frame_section *section, const struct cfi_machine *machine,
			const struct frame_function *function, cfi_taker *take, void *context);

#endif
