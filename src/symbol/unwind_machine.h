/* A machine's registers as samples have them. */
#ifndef SYMBOL_UNWIND_MACHINE_H
#define SYMBOL_UNWIND_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

enum { NO_REGISTER = 255 };

/* Numbers are those of PERF_SAMPLE_REGS_USER (the kernel's asm/perf_regs.h). */
struct unwind_machine {
	uint16_t elf;
	uint8_t abi; /* PERF_SAMPLE_REGS_ABI_… */
	const char *names[4];
	uint8_t word_bytes, pc, sp, fp, lr;
	/* Where a frame pointer leads to by the machine's ABI: words from where it points to. */
	int8_t caller_fp, return_address;
	uint64_t address_mask; /* what is left of a signed return address */
	/* The sample's number of DWARF's registers 0 to dwarf_count - 1; NULL: the same. */
	const uint8_t *of_dwarf;
	uint8_t dwarf_count;
};

/* NULL for one that is not known. `arch` as uname has it. */
const struct unwind_machine *ev_unwind_machine_of(const char *arch, uint64_t abi);
/* The sample's number of DWARF's; NO_REGISTER when it has none. */
uint8_t ev_unwind_machine_register(const struct unwind_machine *machine, uint8_t dwarf);

#endif
