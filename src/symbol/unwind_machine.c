/* The name of an architecture becomes its table of registers. */
#include <elf.h>
#include <evprof/symbol_unwind.h>
#include <string.h>
#include <sys/utsname.h>
#include "unwind_machine.h"

static const uint8_t x86_64_registers[] = {
	0, 3, 2, 1, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23
};
static const uint8_t x86_registers[] = { 0, 2, 3, 1, 7, 6, 4, 5 };

static const struct unwind_machine machines[] = {
	{ .elf = EM_X86_64,
	  .abi = PERF_SAMPLE_REGS_ABI_64,
	  .names = { "x86_64" },
	  .word_bytes = 8,
	  .pc = 8,
	  .sp = 7,
	  .fp = 6,
	  .lr = NO_REGISTER,
	  .return_address = 1,
	  .address_mask = UINT64_MAX,
	  .of_dwarf = x86_64_registers,
	  .dwarf_count = 16 },
	{ .elf = EM_386,
	  .abi = PERF_SAMPLE_REGS_ABI_32,
	  .names = { "x86_64", "i686", "i586", "i386" },
	  .word_bytes = 4,
	  .pc = 8,
	  .sp = 7,
	  .fp = 6,
	  .lr = NO_REGISTER,
	  .return_address = 1,
	  .address_mask = UINT32_MAX,
	  .of_dwarf = x86_registers,
	  .dwarf_count = 8 },
	{ .elf = EM_AARCH64,
	  .abi = PERF_SAMPLE_REGS_ABI_64,
	  .names = { "aarch64", "arm64" },
	  .word_bytes = 8,
	  .pc = 32,
	  .sp = 31,
	  .fp = 29,
	  .lr = 30,
	  .return_address = 1,
	  .address_mask = ((uint64_t)1 << 48) - 1,
	  .dwarf_count = 31 },
	/* Thumb code calls to odd addresses. */
	{ .elf = EM_ARM,
	  .abi = PERF_SAMPLE_REGS_ABI_32,
	  .names = { "armv7l", "armv8l", "armv6l", "aarch64" },
	  .word_bytes = 4,
	  .pc = 15,
	  .sp = 13,
	  .fp = 11,
	  .lr = 14,
	  .caller_fp = -1,
	  .address_mask = UINT32_MAX - 1,
	  .dwarf_count = 15 },
	{ .elf = EM_RISCV,
	  .abi = PERF_SAMPLE_REGS_ABI_64,
	  .names = { "riscv64" },
	  .word_bytes = 8,
	  .pc = 0,
	  .sp = 2,
	  .fp = 8,
	  .lr = 1,
	  .caller_fp = -2,
	  .return_address = -1,
	  .address_mask = UINT64_MAX,
	  .dwarf_count = 32 },
};

const struct unwind_machine *ev_unwind_machine_of(const char *arch, uint64_t abi)
{
	for (size_t i = 0; i < EV_LENGTH(machines); i++)
		for (size_t j = 0; j < EV_LENGTH(machines[i].names); j++)
			if (machines[i].abi == abi && machines[i].names[j] &&
			    !strcmp(machines[i].names[j], arch))
				return &machines[i];
	return NULL;
}

uint8_t ev_unwind_machine_register(const struct unwind_machine *machine, uint8_t dwarf)
{
	if (dwarf >= machine->dwarf_count)
		return NO_REGISTER;
	return machine->of_dwarf ? machine->of_dwarf[dwarf] : dwarf;
}

static const struct unwind_machine *this_machine(void)
{
	struct utsname here;
	return uname(&here) ? NULL : ev_unwind_machine_of(here.machine, PERF_SAMPLE_REGS_ABI_64);
}

int ev_unwind_stack_register(void)
{
	const struct unwind_machine *machine = this_machine();
	return machine ? machine->sp : -1;
}

/* More than the three that lead from frame to frame: hand-written code finds its frame by others,
 * and beside a stack's copy they cost nothing. */
uint64_t ev_unwind_registers(void)
{
	const struct unwind_machine *machine = this_machine();
	if (!machine)
		return 0;
	uint64_t mask = (uint64_t)1 << machine->pc | (uint64_t)1 << machine->sp;
	for (uint8_t i = 0; i < machine->dwarf_count; i++)
		mask |= (uint64_t)1 << ev_unwind_machine_register(machine, i);
	return mask;
}
