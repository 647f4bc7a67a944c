/* Machine code becomes instructions in text, by capstone: where each begins, what it says, and
 * where it jumps to. */
#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include "assembly.h"

#ifndef EM_RISCV
#define EM_RISCV 243
#endif

#if EV_HAVE_CAPSTONE
#include <capstone/capstone.h>

struct dialect {
	uint16_t machine;
	bool wide;
	cs_arch arch;
	cs_mode mode;
	bool other_mode; /* code of the same file may be in this mode too: nothing but the code
			  * itself tells */
	cs_mode other;
	uint8_t unit_bytes; /* instructions begin at multiples of it */
};
static const struct dialect dialects[] = {
	{ EM_X86_64, true, CS_ARCH_X86, CS_MODE_64, false, 0, 1 },
	{ EM_X86_64, false, CS_ARCH_X86, CS_MODE_64, false, 0, 1 }, /* x32 */
	{ EM_386, false, CS_ARCH_X86, CS_MODE_32, false, 0, 1 },
	{ EM_AARCH64, true, CS_ARCH_ARM64, CS_MODE_ARM, false, 0, 4 },
	{ EM_ARM, false, CS_ARCH_ARM, CS_MODE_ARM, true, CS_MODE_THUMB, 2 },
	{ EM_PPC64, true, CS_ARCH_PPC, CS_MODE_64, false, 0, 4 },
	{ EM_PPC, false, CS_ARCH_PPC, CS_MODE_32, false, 0, 4 },
	{ EM_S390, true, CS_ARCH_SYSZ, CS_MODE_BIG_ENDIAN, false, 0, 2 },
#if CS_API_MAJOR >= 5
	{ EM_RISCV, true, CS_ARCH_RISCV, CS_MODE_RISCV64 | CS_MODE_RISCVC, false, 0, 2 },
	{ EM_RISCV, false, CS_ARCH_RISCV, CS_MODE_RISCV32 | CS_MODE_RISCVC, false, 0, 2 },
#endif
};

const char *ev_assembly_absence(void)
{
	return NULL;
}

static const struct dialect *dialect_of(const struct machine_code *code)
{
	for (size_t i = 0; i < EV_LENGTH(dialects); i++)
		if (dialects[i].machine == code->machine && dialects[i].wide == code->wide)
			return &dialects[i];
	return NULL;
}

static bool is_big_endian(const struct machine_code *code)
{
	return code->swap != (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__);
}

/* ---- where it goes ----------------------------------------------------------------------------
 */

static bool in_group(csh handle, const cs_insn *instruction, unsigned group)
{
	return cs_insn_group(handle, instruction, group);
}

/* The last operand, where it is a number. */
#define LAST_NUMBER(detail, kind)                                                                  \
	((detail)->op_count && (detail)->operands[(detail)->op_count - 1].type == (kind)           \
		 ? (*number = (uint64_t)(detail)->operands[(detail)->op_count - 1].imm, true)      \
		 : false)

static bool last_number(cs_arch arch, const cs_detail *detail, uint64_t *number)
{
	switch (arch) {
	case CS_ARCH_X86:
		return LAST_NUMBER(&detail->x86, X86_OP_IMM);
	case CS_ARCH_ARM64:
		return LAST_NUMBER(&detail->arm64, ARM64_OP_IMM);
	case CS_ARCH_ARM:
		return LAST_NUMBER(&detail->arm, ARM_OP_IMM);
	case CS_ARCH_PPC:
		return LAST_NUMBER(&detail->ppc, PPC_OP_IMM);
	case CS_ARCH_SYSZ:
		return LAST_NUMBER(&detail->sysz, SYSZ_OP_IMM);
#if CS_API_MAJOR >= 5
	case CS_ARCH_RISCV: /* a distance */
		return LAST_NUMBER(&detail->riscv, RISCV_OP_IMM);
#endif
	default:
		return false;
	}
}

static void find_flow(csh handle, const struct dialect *dialect, const cs_insn *from,
		      struct ev_instruction *to)
{
	uint64_t number;
	if (in_group(handle, from, CS_GRP_RET) || in_group(handle, from, CS_GRP_IRET))
		to->flow = EV_FLOW_RETURN;
	else if (in_group(handle, from, CS_GRP_CALL) || !strcmp(from->mnemonic, "bl") ||
		 !strcmp(from->mnemonic, "brasl"))
		to->flow = EV_FLOW_CALL;
	else if (in_group(handle, from, CS_GRP_JUMP))
		to->flow = EV_FLOW_JUMP;
	if ((to->flow != EV_FLOW_CALL && to->flow != EV_FLOW_JUMP) || !from->detail ||
	    !last_number(dialect->arch, from->detail, &number))
		return;
	if (dialect->machine == EM_RISCV)
		number += from->address;
	to->has_target = true;
	to->target_offset = dialect->wide ? number : (uint32_t)number;
}

/* ---- the walk ---------------------------------------------------------------------------------
 */

/* How long a vector instruction is that capstone does not know (libc is full of them since
 * AVX-512): so that what stands behind it is still taken apart from its begin. 0 for what is none.
 */
static size_t vector_bytes(const uint8_t *bytes, size_t left)
{
	enum { TWO_BYTES = 0xc5, THREE_BYTES = 0xc4, FOUR_BYTES = 0x62 };
	static const uint8_t with_number[] = { 0x70, 0x71, 0x72, 0x73, 0xc2, 0xc4, 0xc5, 0xc6 };
	size_t prefix = *bytes == TWO_BYTES     ? 2
			: *bytes == THREE_BYTES ? 3
			: *bytes == FOUR_BYTES  ? 4
						: 0;
	if (!prefix || left < prefix + 2)
		return 0;
	unsigned map = prefix == 2 ? 1 : bytes[1] & (prefix == 3 ? 31 : 7);
	uint8_t opcode = bytes[prefix], operands = bytes[prefix + 1];
	unsigned mode = operands >> 6, other = operands & 7;
	size_t size = prefix + 2;
	if (mode != 3 && other == 4) {
		if (left <= size)
			return 0;
		other = bytes[size++] & 7; /* scale, index and base */
	}
	size += mode == 1 ? 1 : mode == 2 || (!mode && other == 5) ? 4 : 0;
	size += map == 3 || (map == 1 && memchr(with_number, opcode, sizeof(with_number)));
	return map >= 1 && map <= 6 && size <= left ? size : 0;
}

static void add_unknown(struct ev_assembly *out, const uint8_t *bytes, size_t size,
			uint64_t address)
{
	struct ev_instruction *instruction = ev_array_add(&out->items);
	char text[96];
	size_t used = (size_t)snprintf(text, sizeof(text), ".byte ");
	for (size_t i = 0; i < size && used + 8 < sizeof(text); i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s0x%02x",
					 i ? "," : " ", bytes[i]);
	instruction->address = address;
	instruction->bytes = ev_arena_copy(&out->arena, bytes, size);
	instruction->size_bytes = (uint8_t)size;
	instruction->text = ev_arena_text(&out->arena, text, used);
}

/* How many units of the code are no instruction; fills `out` where it is given. */
static size_t walk(csh handle, const struct dialect *dialect, const struct machine_code *code,
		   struct ev_assembly *out)
{
	cs_insn *at_hand = cs_malloc(handle);
	const uint8_t *at = code->bytes;
	size_t left = code->size_bytes, unknown = 0;
	uint64_t address = code->address;
	while (left && at_hand) {
		const uint8_t *bytes = at;
		if (cs_disasm_iter(handle, &at, &left, &address, at_hand) && at > bytes) {
			if (!out)
				continue;
			struct ev_instruction *instruction = ev_array_add(&out->items);
			size_t size = (size_t)(at - bytes);
			*instruction = (struct ev_instruction){
				.address = at_hand->address,
				.bytes = ev_arena_copy(&out->arena, bytes, size),
				.size_bytes = (uint8_t)size,
				.text = *at_hand->op_str ? ev_arena_printf(&out->arena, "%-6s %s",
									   at_hand->mnemonic,
									   at_hand->op_str)
							 : ev_arena_printf(&out->arena, "%s",
									   at_hand->mnemonic),
			};
			find_flow(handle, dialect, at_hand, instruction);
			continue;
		}
		size_t size = left < dialect->unit_bytes ? left : dialect->unit_bytes;
		size_t vector = dialect->arch == CS_ARCH_X86 ? vector_bytes(bytes, left) : 0;
		if (vector)
			size = vector;
		if (out)
			add_unknown(out, bytes, size, address);
		unknown++;
		at = bytes + size;
		left -= size;
		address += size;
	}
	if (at_hand)
		cs_free(at_hand, 1);
	return unknown;
}

int ev_assembly_decode(const struct machine_code *code, enum ev_assembly_style style,
		       struct ev_assembly *out, struct ev_err *err)
{
	const struct dialect *dialect = dialect_of(code);
	csh handle;
	if (!dialect)
		return ev_fail(err, ENOTSUP,
			       "instructions of this processor (ELF machine %u) are not known to "
			       "capstone %d.%d",
			       (unsigned)code->machine, CS_API_MAJOR, CS_API_MINOR);
	cs_mode order = is_big_endian(code) ? CS_MODE_BIG_ENDIAN : CS_MODE_LITTLE_ENDIAN;
	if (cs_open(dialect->arch, (cs_mode)(dialect->mode | order), &handle) != CS_ERR_OK)
		return ev_fail(err, ENOTSUP, "this capstone was built without ELF machine %u",
			       (unsigned)code->machine);
	if (dialect->other_mode) {
		cs_mode other = (cs_mode)(dialect->other | order);
		size_t unknown = walk(handle, dialect, code, NULL);
		cs_option(handle, CS_OPT_MODE, other);
		/* In the wrong mode there are more bytes that are no instruction. */
		if (walk(handle, dialect, code, NULL) >= unknown)
			cs_option(handle, CS_OPT_MODE, (size_t)(dialect->mode | order));
	}
	cs_option(handle, CS_OPT_DETAIL, CS_OPT_ON);
	if (dialect->arch == CS_ARCH_X86)
		cs_option(handle, CS_OPT_SYNTAX,
			  style == EV_ASSEMBLY_INTEL ? CS_OPT_SYNTAX_INTEL : CS_OPT_SYNTAX_ATT);
	walk(handle, dialect, code, out);
	cs_close(&handle);
	return 0;
}

#else

const char *ev_assembly_absence(void)
{
	return "instructions can't be shown: built without capstone (" EV_CAPSTONE_WHY ")";
}

int ev_assembly_decode(const struct machine_code *code, enum ev_assembly_style style,
		       struct ev_assembly *out, struct ev_err *err)
{
	(void)code, (void)style, (void)out;
	return ev_fail(err, ENOTSUP, "%s", ev_assembly_absence());
}

#endif
