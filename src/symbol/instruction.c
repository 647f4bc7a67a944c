/* One machine instruction, taken apart by capstone, is sorted by what a probe may do with it. */
#include <stdlib.h>
#include <string.h>
#include "call_code.h"

#if EV_HAVE_CAPSTONE
#include <capstone/capstone.h>

struct disassembler {
	csh handle;
	cs_insn *instruction;
	uint16_t machine;
};

struct disassembler *ev_disassembler_open(uint16_t machine)
{
	if (machine != EM_X86_64)
		return NULL;
	struct disassembler *disassembler = ev_alloc(sizeof(*disassembler));
	if (cs_open(CS_ARCH_X86, CS_MODE_64, &disassembler->handle) != CS_ERR_OK) {
		free(disassembler);
		return NULL;
	}
	cs_option(disassembler->handle, CS_OPT_DETAIL, CS_OPT_ON);
	disassembler->instruction = cs_malloc(disassembler->handle);
	disassembler->machine = machine;
	return disassembler;
}

void ev_disassembler_close(struct disassembler *disassembler)
{
	if (!disassembler)
		return;
	cs_free(disassembler->instruction, 1);
	cs_close(&disassembler->handle);
	free(disassembler);
}

/* Those that compute in registers, as functions begin with. */
static bool is_computing(unsigned id)
{
	static const unsigned ids[] = {
		X86_INS_MOV,  X86_INS_MOVABS, X86_INS_MOVZX, X86_INS_MOVSX, X86_INS_MOVSXD,
		X86_INS_LEA,  X86_INS_XOR,    X86_INS_AND,   X86_INS_OR,    X86_INS_ADD,
		X86_INS_SUB,  X86_INS_CMP,    X86_INS_TEST,  X86_INS_NEG,   X86_INS_NOT,
		X86_INS_INC,  X86_INS_DEC,    X86_INS_SHL,   X86_INS_SHR,   X86_INS_SAR,
		X86_INS_PXOR, X86_INS_XORPS,  X86_INS_MOVAPS
	};
	for (size_t i = 0; i < EV_LENGTH(ids); i++)
		if (ids[i] == id)
			return true;
	return false;
}

static bool is_general(x86_reg reg)
{
	return !(reg >= X86_REG_CR0 && reg <= X86_REG_DR15) && reg != X86_REG_CS &&
	       reg != X86_REG_DS && reg != X86_REG_ES && reg != X86_REG_FS && reg != X86_REG_GS &&
	       reg != X86_REG_SS;
}

/* A load may fault, and the call would have happened without being counted. */
static bool is_plain(const cs_insn *instruction)
{
	const cs_x86 *x86 = &instruction->detail->x86;
	if (instruction->id == X86_INS_NOP)
		return true;
	if (!is_computing(instruction->id) || x86->prefix[0])
		return false;
	for (unsigned i = 0; i < x86->op_count; i++) {
		const cs_x86_op *operand = &x86->operands[i];
		if (operand->type == X86_OP_MEM && instruction->id != X86_INS_LEA)
			return false;
		if (operand->type == X86_OP_REG && !is_general(operand->reg))
			return false;
	}
	return true;
}

/* A jump through a fixed word is one into another library; any other may go back into the function
 * itself. */
static bool is_indirect(const cs_insn *instruction)
{
	const cs_x86_op *to = &instruction->detail->x86.operands[0];
	if (instruction->id != X86_INS_JMP && instruction->id != X86_INS_LJMP)
		return false;
	if (to->type == X86_OP_IMM)
		return false;
	return to->type != X86_OP_MEM || to->mem.base != X86_REG_RIP ||
	       to->mem.index != X86_REG_INVALID;
}

enum instruction ev_instruction_decode(struct disassembler *disassembler, const uint8_t *bytes,
				       size_t size_bytes, uint64_t address, size_t *length)
{
	const uint8_t *at = bytes;
	size_t left = size_bytes;
	if (!cs_disasm_iter(disassembler->handle, &at, &left, &address, disassembler->instruction))
		return INSTRUCTION_UNKNOWN;
	*length = disassembler->instruction->size;
	if (is_plain(disassembler->instruction))
		return INSTRUCTION_PLAIN;
	return is_indirect(disassembler->instruction) ? INSTRUCTION_INDIRECT : INSTRUCTION_OTHER;
}

/* ---- how it goes on ---------------------------------------------------------------------------
 */

static bool is_stack_pointer(x86_reg reg)
{
	return reg == X86_REG_RSP || reg == X86_REG_ESP || reg == X86_REG_SP || reg == X86_REG_SPL;
}

/* By how much the stack grows. */
static int32_t growth_of(struct disassembler *disassembler)
{
	const cs_insn *instruction = disassembler->instruction;
	const cs_x86 *x86 = &instruction->detail->x86;
	cs_regs read, written;
	uint8_t read_count, written_count;
	bool grows = instruction->id == X86_INS_SUB, shrinks = instruction->id == X86_INS_ADD;
	if ((grows || shrinks) && x86->op_count == 2 && x86->operands[0].type == X86_OP_REG &&
	    x86->operands[0].reg == X86_REG_RSP && x86->operands[1].type == X86_OP_IMM &&
	    x86->operands[1].imm > INT32_MIN && x86->operands[1].imm <= INT32_MAX)
		return (int32_t)(grows ? x86->operands[1].imm : -x86->operands[1].imm);
	if (cs_regs_access(disassembler->handle, instruction, read, &read_count, written,
			   &written_count) != CS_ERR_OK)
		return INT32_MIN;
	for (unsigned i = 0; i < written_count; i++)
		if (is_stack_pointer(written[i]))
			return INT32_MIN;
	return 0;
}

/* Tables of a function are jumped through by a register, or by an index into them; a word at a
 * fixed place of an object or the file is another function's address. */
static bool is_other_function(const cs_x86 *x86)
{
	const cs_x86_op *to = &x86->operands[0];
	return to->type == X86_OP_MEM && to->mem.index == X86_REG_INVALID &&
	       to->mem.segment == X86_REG_INVALID && to->mem.base != X86_REG_INVALID;
}

bool ev_instruction_step(struct disassembler *disassembler, const uint8_t *bytes, size_t size_bytes,
			 uint64_t address, size_t *length, enum code_step *step, uint64_t *target,
			 int32_t *growth)
{
	const uint8_t *at = bytes;
	size_t left = size_bytes;
	const cs_insn *instruction = disassembler->instruction;
	if (!cs_disasm_iter(disassembler->handle, &at, &left, &address, disassembler->instruction))
		return false;
	const cs_x86 *x86 = &instruction->detail->x86;
	bool fixed = x86->op_count && x86->operands[0].type == X86_OP_IMM;
	*length = instruction->size;
	*step = CODE_NEXT;
	*target = 0;
	*growth = growth_of(disassembler);
	if (instruction->id == X86_INS_CALL || instruction->id == X86_INS_JMP) {
		bool call = instruction->id == X86_INS_CALL;
		*target = fixed ? (uint64_t)x86->operands[0].imm : 0;
		if (call || fixed)
			*step = call ? CODE_CALL : CODE_JUMP;
		else if (is_other_function(x86))
			*step = CODE_LEAVE;
	} else if (instruction->id == X86_INS_RET) {
		*step = CODE_RETURN;
	}
	return true;
}

#else

bool ev_instruction_step(struct disassembler *disassembler, const uint8_t *bytes, size_t size_bytes,
			 uint64_t address, size_t *length, enum code_step *step, uint64_t *target,
			 int32_t *growth)
{
	(void)disassembler, (void)bytes, (void)size_bytes, (void)address, (void)length;
	(void)step, (void)target, (void)growth;
	return false;
}

struct disassembler *ev_disassembler_open(uint16_t machine)
{
	(void)machine;
	return NULL;
}

void ev_disassembler_close(struct disassembler *disassembler)
{
	(void)disassembler;
}

enum instruction ev_instruction_decode(struct disassembler *disassembler, const uint8_t *bytes,
				       size_t size_bytes, uint64_t address, size_t *length)
{
	(void)disassembler, (void)bytes, (void)size_bytes, (void)address, (void)length;
	return INSTRUCTION_UNKNOWN;
}

#endif
