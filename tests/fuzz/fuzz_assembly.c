/* Machine code of any processor: instructions follow one another without gaps, to the end. The
 * first two bytes choose the processor and the style. */
#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include "../../src/symbol/assembly.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
	static const struct {
		uint16_t machine;
		bool wide;
	} machines[] = {
		{ EM_X86_64, true }, { EM_386, false },  { EM_AARCH64, true },
		{ EM_ARM, false },   { EM_PPC64, true }, { EM_PPC, false },
		{ EM_S390, true },   { EM_RISCV, true }, { EM_MIPS, false },
	};
	struct ev_assembly assembly = { 0 };
	struct ev_err err = { 0 };
	if (size_bytes < 2)
		return 0;
	size_t which = bytes[0] % EV_LENGTH(machines);
	struct machine_code code = { .machine = machines[which].machine,
				     .wide = machines[which].wide,
				     .swap = bytes[1] & 1,
				     .bytes = bytes + 2,
				     .size_bytes = size_bytes - 2,
				     .address = 0x400000 };
	if (!ev_assembly_decode(&code, bytes[1] & 2 ? EV_ASSEMBLY_INTEL : EV_ASSEMBLY_ATT,
				&assembly, &err)) {
		uint64_t address = code.address;
		for (size_t i = 0; i < assembly.items.count; i++) {
			const struct ev_instruction *it = &assembly.items.items[i];
			if (it->address != address || !it->size_bytes || !it->text || !*it->text)
				abort();
			address += it->size_bytes;
		}
		if (address != code.address + code.size_bytes)
			abort();
	}
	ev_assembly_done(&assembly);
	return 0;
}
