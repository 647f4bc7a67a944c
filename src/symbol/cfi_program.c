/* Instructions of call frame information (DWARF 5, 6.4.2) become rules for ranges of addresses. */
#include <dwarf.h>
#include <elf.h>
#include <string.h>
#include "cfi_expression.h"
#include "cfi_program.h"

/* States put aside; compilers use one. */
enum { REMEMBERED = 8 };

static const struct cfi_machine machines[] = {
	{ EM_X86_64, .word_bytes = 8, .sp = 7, .fp = 6, .ra = 16 },
	{ EM_386, .word_bytes = 4, .sp = 4, .fp = 5, .ra = 8 },
	{ EM_AARCH64, .word_bytes = 8, .sp = 31, .fp = 29, .ra = 30, .links = true },
	{ EM_ARM, .word_bytes = 4, .sp = 13, .fp = 11, .ra = 14, .links = true },
	{ EM_RISCV, .word_bytes = 8, .sp = 2, .fp = 8, .ra = 1, .links = true },
};

const struct cfi_machine *ev_cfi_machine_of(uint16_t machine)
{
	for (size_t i = 0; i < EV_LENGTH(machines); i++)
		if (machines[i].machine == machine)
			return &machines[i];
	return NULL;
}

/* A register's rule. CFI_ELSEWHERE: it takes more to find it than a rule of ours can say. */
enum { CFI_ELSEWHERE = EV_CFI_IN_REGISTER + 1 };
struct saved {
	uint8_t where;
	int64_t offset;
};
struct state {
	uint64_t cfa_register;
	int64_t cfa_offset;
	bool by_expression;
	struct ev_cursor expression;
	struct saved fp, ra;
};
struct run {
	const struct cfi_machine *machine;
	struct frame_section *section;
	const struct frame_origin *origin;
	struct state state, initial, remembered[REMEMBERED];
	size_t depth;
	uint64_t address, end;
	struct ev_cursor at;
};

/* ---- the state as a rule ----------------------------------------------------------------------
 */

static bool fits(int64_t offset)
{
	return offset >= INT32_MIN && offset <= INT32_MAX;
}

static uint8_t base_of(const struct cfi_machine *machine, uint64_t number)
{
	return number == machine->sp   ? EV_CFI_SP
	       : number == machine->fp ? EV_CFI_FP
	       : number < 32           ? EV_CFI_REGISTER
				       : EV_CFI_NOTHING;
}

static void set_cfa(const struct run *run, struct ev_cfi_rule *rule)
{
	const struct state *state = &run->state;
	struct cfi_expression expression = { .number = state->cfa_register,
					     .offset = state->cfa_offset };
	if (state->by_expression &&
	    !ev_cfi_expression_read(state->expression, run->machine, &expression))
		return;
	if (!fits(expression.offset) || !fits(expression.beyond))
		return;
	rule->base = expression.plt ? EV_CFI_PLT : base_of(run->machine, expression.number);
	if (rule->base == EV_CFI_REGISTER)
		rule->base_register = (uint8_t)expression.number;
	rule->cfa_offset = (int32_t)expression.offset;
	rule->beyond = (int32_t)expression.beyond;
	rule->indirect = expression.indirect;
}

static struct ev_cfi_rule rule_of(const struct run *run)
{
	const struct state *state = &run->state;
	struct ev_cfi_rule rule = { .signal = run->origin->signal,
				    .fp = state->fp.where,
				    .ra = state->ra.where,
				    .ra_offset = (int32_t)state->ra.offset };
	set_cfa(run, &rule);
	/* Without the frame pointer one can still go on for a while. */
	if (state->fp.where == CFI_ELSEWHERE || !fits(state->fp.offset))
		rule.fp = EV_CFI_LOST;
	else
		rule.fp_offset = (int32_t)state->fp.offset;
	if (state->ra.where == CFI_ELSEWHERE || !fits(state->ra.offset) ||
	    (rule.base == EV_CFI_NOTHING && rule.ra != EV_CFI_LOST))
		return (struct ev_cfi_rule){ 0 };
	return rule;
}

/* ---- instructions -----------------------------------------------------------------------------
 */

static struct saved *saved_of(struct state *state, const struct run *run, uint64_t number)
{
	return number == run->machine->fp  ? &state->fp
	       : number == run->origin->ra ? &state->ra
					   : NULL;
}

static void save(struct run *run, uint64_t number, uint8_t where, int64_t offset)
{
	struct saved *saved = saved_of(&run->state, run, number);
	if (saved)
		*saved = (struct saved){ where, offset };
}

static void restore(struct run *run, uint64_t number)
{
	struct saved *saved = saved_of(&run->state, run, number);
	if (saved)
		*saved = *saved_of(&run->initial, run, number);
}

/* A place told by an expression: relative to a register we know. */
static void save_by_expression(struct run *run, uint64_t number, struct ev_cursor bytes)
{
	struct cfi_expression expression = { 0 };
	uint8_t where = CFI_ELSEWHERE;
	if (ev_cfi_expression_read(bytes, run->machine, &expression) && !expression.indirect &&
	    !expression.plt)
		where = expression.number == run->machine->sp   ? EV_CFI_AT_SP
			: expression.number == run->machine->fp ? EV_CFI_AT_FP
								: CFI_ELSEWHERE;
	save(run, number, where, expression.offset);
}

/* Only the return address is looked for there: what makes a system call by hand keeps it so. */
static void save_in_register(struct run *run, uint64_t number, uint64_t other)
{
	bool known = number == run->origin->ra && other < 32;
	save(run, number, known ? EV_CFI_IN_REGISTER : CFI_ELSEWHERE, known ? (int64_t)other : 0);
}

static int64_t scaled(int64_t count, int64_t unit)
{
	int64_t product;
	return __builtin_mul_overflow(count, unit, &product) ? INT64_MAX : product;
}

static void define_cfa(struct run *run, uint64_t number, int64_t offset)
{
	run->state.cfa_register = number;
	run->state.cfa_offset = offset;
	run->state.by_expression = false;
}

static void define_cfa_by_expression(struct run *run)
{
	run->state.by_expression = true;
	run->state.expression = ev_cursor_part(&run->at, ev_leb(&run->at));
}

/* Instructions that say how something is found; false for others. */
static bool define(struct run *run, uint8_t code)
{
	struct ev_cursor *at = &run->at;
	int64_t unit = run->origin->data_unit;
	uint64_t number;
	switch (code) {
	case DW_CFA_def_cfa:
		number = ev_leb(at);
		define_cfa(run, number, (int64_t)ev_leb(at));
		return true;
	case DW_CFA_def_cfa_sf:
		number = ev_leb(at);
		define_cfa(run, number, scaled(ev_leb_signed(at), unit));
		return true;
	case DW_CFA_def_cfa_register:
		define_cfa(run, ev_leb(at), run->state.cfa_offset);
		return true;
	case DW_CFA_def_cfa_offset:
		define_cfa(run, run->state.cfa_register, (int64_t)ev_leb(at));
		return true;
	case DW_CFA_def_cfa_offset_sf:
		define_cfa(run, run->state.cfa_register, scaled(ev_leb_signed(at), unit));
		return true;
	case DW_CFA_def_cfa_expression:
		define_cfa_by_expression(run);
		return true;
	case DW_CFA_offset_extended:
		number = ev_leb(at);
		save(run, number, EV_CFI_AT_CFA, scaled((int64_t)ev_leb(at), unit));
		return true;
	case DW_CFA_offset_extended_sf:
		number = ev_leb(at);
		save(run, number, EV_CFI_AT_CFA, scaled(ev_leb_signed(at), unit));
		return true;
	case DW_CFA_GNU_negative_offset_extended:
		number = ev_leb(at);
		save(run, number, EV_CFI_AT_CFA, -scaled((int64_t)ev_leb(at), unit));
		return true;
	case DW_CFA_expression:
		number = ev_leb(at);
		save_by_expression(run, number, ev_cursor_part(at, ev_leb(at)));
		return true;
	default:
		return false;
	}
}

/* Those that only say that a register is kept, lost, or to be found in ways that are not followed;
 * false for others. */
static bool let_be(struct run *run, uint8_t code)
{
	struct ev_cursor *at = &run->at;
	uint64_t number;
	switch (code) {
	case DW_CFA_nop:
	case DW_CFA_AARCH64_negate_ra_state: /* signs the return address; its mask takes that off */
		return true;
	case DW_CFA_undefined:
		save(run, ev_leb(at), EV_CFI_LOST, 0);
		return true;
	case DW_CFA_same_value:
		save(run, ev_leb(at), EV_CFI_KEPT, 0);
		return true;
	case DW_CFA_restore_extended:
		restore(run, ev_leb(at));
		return true;
	case DW_CFA_register:
		number = ev_leb(at);
		save_in_register(run, number, ev_leb(at));
		return true;
	case DW_CFA_val_offset:
	case DW_CFA_val_offset_sf:
		number = ev_leb(at);
		ev_leb(at);
		save(run, number, CFI_ELSEWHERE, 0);
		return true;
	case DW_CFA_val_expression:
		number = ev_leb(at);
		ev_cursor_skip(at, ev_leb(at));
		save(run, number, CFI_ELSEWHERE, 0);
		return true;
	case DW_CFA_GNU_args_size:
		ev_leb(at);
		return true;
	case DW_CFA_remember_state:
		if (run->depth < REMEMBERED)
			run->remembered[run->depth++] = run->state;
		else
			at->bad = true;
		return true;
	case DW_CFA_restore_state:
		if (run->depth)
			run->state = run->remembered[--run->depth];
		else
			at->bad = true;
		return true;
	default:
		return false;
	}
}

/* Does the instruction move on to another address? */
static bool advances(struct run *run, uint8_t code, uint64_t *to)
{
	struct ev_cursor *at = &run->at;
	uint64_t units;
	if ((code & 0xc0) == DW_CFA_advance_loc)
		units = code & 0x3f;
	else if (code == DW_CFA_advance_loc1)
		units = ev_cursor_u8(at);
	else if (code == DW_CFA_advance_loc2)
		units = ev_cursor_u16(at);
	else if (code == DW_CFA_advance_loc4)
		units = ev_cursor_u32(at);
	else if (code == DW_CFA_MIPS_advance_loc8)
		units = ev_cursor_u64(at);
	else if (code == DW_CFA_set_loc) {
		*to = ev_frame_section_pointer(run->section, run->origin, at);
		return true;
	} else
		return false;
	uint64_t bytes;
	if (__builtin_mul_overflow(units, run->origin->code_unit, &bytes) ||
	    __builtin_add_overflow(run->address, bytes, to))
		at->bad = true;
	return true;
}

static void instruct(struct run *run, uint8_t code)
{
	uint8_t low = code & 0x3f;
	if ((code & 0xc0) == DW_CFA_offset)
		save(run, low, EV_CFI_AT_CFA,
		     scaled((int64_t)ev_leb(&run->at), run->origin->data_unit));
	else if ((code & 0xc0) == DW_CFA_restore)
		restore(run, low);
	else if (!define(run, code) && !let_be(run, code))
		run->at.bad = true;
}

void ev_cfi_program_run(struct frame_section *section, const struct cfi_machine *machine,
			const struct frame_function *function, cfi_taker *take, void *context)
{
	static const struct ev_cfi_rule nothing;
	const struct frame_origin *origin = ev_frame_section_origin(section, function->origin);
	struct run run = {
		.machine = machine,
		.section = section,
		.origin = origin,
		.address = function->start,
		.end = function->start + function->size_bytes,
	};
	uint64_t to;
	if (!origin || origin->ra != machine->ra)
		return;
	/* What is not mentioned was not touched; where calls push, that can't be. */
	run.state.ra.where = machine->links ? EV_CFI_KEPT : CFI_ELSEWHERE;
	run.at = origin->program;
	while (!run.at.bad && ev_cursor_left(&run.at)) {
		uint8_t code = ev_cursor_u8(&run.at);
		if (!advances(&run, code, &to))
			instruct(&run, code);
	}
	if (run.at.bad)
		return;
	run.initial = run.state;
	run.at = function->program;
	while (!run.at.bad && ev_cursor_left(&run.at)) {
		uint8_t code = ev_cursor_u8(&run.at);
		if (!advances(&run, code, &to)) {
			instruct(&run, code);
			continue;
		}
		if (run.at.bad || to < run.address || to >= run.end)
			break;
		struct ev_cfi_rule rule = rule_of(&run);
		if (to > run.address)
			take(context, run.address, &rule);
		run.address = to;
	}
	struct ev_cfi_rule last = rule_of(&run);
	take(context, run.address, run.at.bad ? &nothing : &last);
}
