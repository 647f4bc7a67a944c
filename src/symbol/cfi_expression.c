/* The bytes of a DWARF expression become a register, an offset and what to do with their sum. */
#include <dwarf.h>
#include <string.h>
#include "cfi_expression.h"

/* "register + offset", in one of two forms. */
static bool read_based(struct ev_cursor *at, uint64_t *number, int64_t *offset)
{
	uint8_t code = ev_cursor_u8(at);
	if (code == DW_OP_bregx)
		*number = ev_leb(at);
	else if (code >= DW_OP_breg0 && code <= DW_OP_breg31)
		*number = code - DW_OP_breg0;
	else
		return false;
	*offset = ev_leb_signed(at);
	return !at->bad;
}

/* The stub of a lazily bound function pushes a number before its last jump; its one rule tells by
 * the address: breg(sp) word, breg(pc) 0, lit15, and, lit(N), ge, lit(log2 word), shl, plus. */
static bool is_plt(struct ev_cursor at, const struct cfi_machine *machine,
		   struct cfi_expression *expression)
{
	uint64_t number;
	int64_t offset;
	if (machine->links || expression->number != machine->sp ||
	    expression->offset != machine->word_bytes || !read_based(&at, &number, &offset) ||
	    number != machine->ra || offset || ev_cursor_left(&at) != 7)
		return false;
	const uint8_t *ops = ev_cursor_bytes(&at, 7);
	if (ops[0] != DW_OP_lit15 || ops[1] != DW_OP_and || ops[2] < DW_OP_lit0 ||
	    ops[2] > DW_OP_lit15 || ops[3] != DW_OP_ge ||
	    ops[4] != DW_OP_lit0 + (machine->word_bytes == 8 ? 3 : 2) || ops[5] != DW_OP_shl ||
	    ops[6] != DW_OP_plus)
		return false;
	expression->offset = ops[2] - DW_OP_lit0;
	expression->plt = true;
	return true;
}

bool ev_cfi_expression_read(struct ev_cursor bytes, const struct cfi_machine *machine,
			    struct cfi_expression *expression)
{
	*expression = (struct cfi_expression){ 0 };
	if (!read_based(&bytes, &expression->number, &expression->offset))
		return false;
	if (!ev_cursor_left(&bytes) || is_plt(bytes, machine, expression))
		return true;
	/* A stack that was realigned, or left for another, keeps the address of the old one. */
	if (ev_cursor_u8(&bytes) != DW_OP_deref)
		return false;
	expression->indirect = true;
	if (!ev_cursor_left(&bytes))
		return true;
	uint8_t code = ev_cursor_u8(&bytes);
	if (code == DW_OP_plus_uconst) {
		uint64_t beyond = ev_leb(&bytes);
		expression->beyond = (int64_t)beyond;
		return !bytes.bad && beyond <= INT32_MAX && !ev_cursor_left(&bytes);
	}
	expression->beyond = code - DW_OP_lit0;
	return code >= DW_OP_lit0 && code <= DW_OP_lit31 && ev_cursor_left(&bytes) == 1 &&
	       ev_cursor_u8(&bytes) == DW_OP_plus;
}
