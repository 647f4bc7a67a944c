/* The unwind program of a function, run by libdw up to an address, becomes a rule that is followed
 * in nanoseconds. */
#include <dwarf.h>
#include <elfutils/libdw.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>
#include "cfi.h"

enum { ENTRY_CODE_BYTES = 128 };

/* Numbers of registers in DWARF, from each processor's ABI supplement. */
struct registers {
	uint16_t machine;
	uint8_t sp, fp, ra;
};
static const struct registers machines[] = {
	{ EM_X86_64, .sp = 7, .fp = 6, .ra = 16 },
	{ EM_386, .sp = 4, .fp = 5, .ra = 8 },
	{ EM_AARCH64, .sp = 31, .fp = 29, .ra = 30 },
	{ EM_RISCV, .sp = 2, .fp = 8, .ra = 1 },
};

struct cfi {
	const struct registers *registers;
	struct image image; /* for its segments */
	Elf *elf;
	Dwarf_CFI *table;
	uint64_t entry;      /* address, 0 = none */
	struct ev_map known; /* offset -> rule */
	EV_ARRAY(struct cfi_rule) rules;
};

/* ---- a rule -----------------------------------------------------------------------------------
 */

static bool fits(int64_t offset)
{
	return offset >= INT32_MIN && offset <= INT32_MAX;
}

/* "register + offset" as libdw writes it: one operation, in one of two forms. */
static bool is_based(const Dwarf_Op *op, unsigned *number, int64_t *offset)
{
	if (op->atom == DW_OP_bregx) {
		*number = (unsigned)op->number;
		*offset = (int64_t)op->number2;
	} else if (op->atom >= DW_OP_breg0 && op->atom <= DW_OP_breg31) {
		*number = op->atom - DW_OP_breg0;
		*offset = (int64_t)op->number;
	} else {
		return false;
	}
	return fits(*offset);
}

/* The stub of a lazily bound function pushes a number before its last jump; its one rule tells by
 * the address: breg(sp) 8, breg(pc) 0, lit15, and, lit(N), ge, lit3, shl, plus. */
static bool is_plt(const Dwarf_Op *ops, size_t count, unsigned pc, int32_t *from)
{
	unsigned number;
	int64_t offset;
	if (count != 9 || !is_based(&ops[1], &number, &offset) || number != pc || offset)
		return false;
	if (ops[2].atom != DW_OP_lit15 || ops[3].atom != DW_OP_and || ops[5].atom != DW_OP_ge ||
	    ops[6].atom != DW_OP_lit3 || ops[7].atom != DW_OP_shl || ops[8].atom != DW_OP_plus ||
	    ops[4].atom < DW_OP_lit0 || ops[4].atom > DW_OP_lit15)
		return false;
	*from = ops[4].atom - DW_OP_lit0;
	return true;
}

static void read_cfa(const struct registers *registers, Dwarf_Frame *frame, struct cfi_rule *rule)
{
	Dwarf_Op *ops;
	size_t count;
	unsigned number;
	int64_t offset;
	if (dwarf_frame_cfa(frame, &ops, &count) || !count || !is_based(&ops[0], &number, &offset))
		return;
	uint8_t base = number == registers->sp   ? CFI_SP
		       : number == registers->fp ? CFI_FP
						 : CFI_NOTHING;
	bool indirect = count == 2 && ops[1].atom == DW_OP_deref;
	if (count == 1 || indirect) {
		rule->base = base;
		rule->indirect = indirect;
		rule->cfa_offset = (int32_t)offset;
	} else if (base == CFI_SP && offset == 8 &&
		   is_plt(ops, count, registers->ra, &rule->cfa_offset)) {
		rule->base = CFI_PLT;
	}
}

/* Where the caller's value of a register is; false when it takes more to find it. */
static bool read_register(const struct registers *registers, Dwarf_Frame *frame, int number,
			  uint8_t *where, int32_t *offset)
{
	Dwarf_Op memory[3], *ops;
	size_t count;
	unsigned base;
	int64_t distance = 0;
	if (dwarf_frame_register(frame, number, memory, &ops, &count))
		return false;
	*where = ops ? CFI_LOST : CFI_KEPT;
	if (!count)
		return true;
	if (ops[count - 1].atom == DW_OP_stack_value)
		return false; /* a value, not a place */
	if (ops[0].atom == DW_OP_regx || (ops[0].atom >= DW_OP_reg0 && ops[0].atom <= DW_OP_reg31))
		return false;
	bool from_cfa = ops[0].atom == DW_OP_call_frame_cfa;
	if (from_cfa && count == 2 && ops[1].atom == DW_OP_plus_uconst)
		distance = (int64_t)ops[1].number;
	else if (from_cfa && count == 2 && is_based(&ops[1], &base, &distance))
		from_cfa = false; /* an expression begins with the CFA and need not use it */
	else if (!from_cfa || count != 1)
		return false;
	if (!fits(distance))
		return false;
	*offset = (int32_t)distance;
	if (from_cfa)
		*where = CFI_AT_CFA;
	else if (base == registers->sp)
		*where = CFI_AT_SP;
	else if (base == registers->fp)
		*where = CFI_AT_FP;
	else
		return false;
	return true;
}

static struct cfi_rule rule_of(const struct registers *registers, Dwarf_Frame *frame, bool signal)
{
	struct cfi_rule rule = { .signal = signal };
	read_cfa(registers, frame, &rule);
	if (!read_register(registers, frame, registers->ra, &rule.ra, &rule.ra_offset))
		return (struct cfi_rule){ 0 };
	/* Without the frame pointer one can still go on for a while. */
	if (!read_register(registers, frame, registers->fp, &rule.fp, &rule.fp_offset)) {
		rule.fp = CFI_LOST;
		rule.fp_offset = 0;
	}
	if (rule.base == CFI_NOTHING && rule.ra != CFI_LOST)
		return (struct cfi_rule){ 0 };
	return rule;
}

/* ---- an object --------------------------------------------------------------------------------
 */

struct cfi *ev_cfi_open(const struct image *image)
{
	struct cfi *cfi = ev_alloc(sizeof(*cfi));
	for (size_t i = 0; i < EV_LENGTH(machines); i++)
		if (machines[i].machine == image->machine)
			cfi->registers = &machines[i];
	elf_version(EV_CURRENT);
	if (cfi->registers && image->memory)
		cfi->elf = elf_memory((char *)(uintptr_t)image->memory, image->size_bytes);
	else if (cfi->registers)
		cfi->elf = elf_begin(image->fd, ELF_C_READ_MMAP, NULL);
	if (cfi->elf)
		cfi->table = dwarf_getcfi_elf(cfi->elf);
	if (!cfi->table) {
		ev_cfi_close(cfi);
		return NULL;
	}
	elf_cntl(cfi->elf, ELF_C_FDDONE);
	GElf_Ehdr header;
	if (gelf_getehdr(cfi->elf, &header))
		cfi->entry = header.e_entry;
	cfi->image = (struct image){
		.machine = image->machine,
		.segments = ev_alloc((image->segment_count + 1) * sizeof(*image->segments)),
		.segment_count = image->segment_count,
	};
	if (image->segment_count)
		memcpy(cfi->image.segments, image->segments,
		       image->segment_count * sizeof(*image->segments));
	return cfi;
}

static struct cfi_rule look_up(struct cfi *cfi, uint64_t offset)
{
	struct cfi_rule rule = { 0 };
	Dwarf_Frame *frame;
	Dwarf_Addr begins, ends;
	uint64_t address;
	bool signal;
	if (!ev_image_address(&cfi->image, offset, &address) ||
	    dwarf_cfi_addrframe(cfi->table, address, &frame))
		return rule;
	if (dwarf_frame_info(frame, &begins, &ends, &signal) == cfi->registers->ra)
		rule = rule_of(cfi->registers, frame, signal);
	free(frame);
	return rule;
}

struct cfi_rule ev_cfi_find(struct cfi *cfi, uint64_t offset)
{
	bool added;
	uint32_t *known = ev_map_add(&cfi->known, offset, 0, &added);
	if (added) {
		*known = (uint32_t)cfi->rules.count;
		*ev_array_add(&cfi->rules) = look_up(cfi, offset);
	}
	return cfi->rules.items[*known];
}

bool ev_cfi_begins_at(const struct cfi *cfi, uint64_t offset)
{
	uint64_t address;
	return ev_image_address(&cfi->image, offset, &address) && cfi->entry &&
	       address - cfi->entry < ENTRY_CODE_BYTES;
}

uint16_t ev_cfi_machine(const struct cfi *cfi)
{
	return cfi->registers->machine;
}

void ev_cfi_close(struct cfi *cfi)
{
	if (!cfi)
		return;
	dwarf_cfi_end(cfi->table);
	elf_end(cfi->elf);
	ev_image_close(&cfi->image);
	ev_map_done(&cfi->known);
	ev_array_done(&cfi->rules);
	free(cfi);
}
