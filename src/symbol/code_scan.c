/* Instructions from an address to the next return become the rule that an unwind table would have
 * had. Each is taken apart by capstone, and only what it does to the stack pointer is kept. */
#include <stdlib.h>
#include <string.h>
#include "cfi_thread.h"
#include "code_scan.h"

#if EV_HAVE_CAPSTONE
#include <capstone/capstone.h>

enum {
	WINDOW_BYTES = 8192,
	LONGEST_INSTRUCTION = 15,
	INSTRUCTION_LIMIT = 600, /* of all paths together */
	PATH_LIMIT = 16,         /* branches that are still to be tried */
	WORD = 8,
};

struct code_scan {
	struct image image;
	csh handle;
	cs_insn *instruction;
	uint64_t window_at; /* offset in the file */
	size_t window_bytes;
	uint8_t *window;
	struct ev_map known; /* offset -> index + 1 in rules, 0: there is none */
	EV_ARRAY(struct ev_cfi_rule) rules;
};

struct code_scan *ev_code_scan_open(const char *path)
{
	struct image image;
	if (ev_image_open(&image, path))
		return NULL;
	struct code_scan *scan = ev_alloc(sizeof(*scan));
	scan->image = image;
	if (image.machine != EM_X86_64 ||
	    cs_open(CS_ARCH_X86, CS_MODE_64, &scan->handle) != CS_ERR_OK) {
		ev_image_close(&scan->image);
		free(scan);
		return NULL;
	}
	cs_option(scan->handle, CS_OPT_DETAIL, CS_OPT_ON);
	scan->instruction = cs_malloc(scan->handle);
	return scan;
}

void ev_code_scan_close(struct code_scan *scan)
{
	if (!scan)
		return;
	cs_free(scan->instruction, 1);
	cs_close(&scan->handle);
	free(scan->window);
	ev_map_done(&scan->known);
	ev_array_done(&scan->rules);
	ev_image_close(&scan->image);
	free(scan);
}

/* Bytes at an offset, up to `want`; how many there are. */
static size_t bytes_at(struct code_scan *scan, uint64_t offset, size_t want, const uint8_t **bytes)
{
	uint64_t file = scan->image.size_bytes;
	if (offset >= file)
		return 0;
	if (want > file - offset)
		want = (size_t)(file - offset);
	if (offset < scan->window_at || offset - scan->window_at > scan->window_bytes ||
	    scan->window_bytes - (offset - scan->window_at) < want) {
		free(scan->window);
		scan->window = NULL;
		scan->window_bytes = 0;
		scan->window_at = offset < WINDOW_BYTES / 4 ? 0 : offset - WINDOW_BYTES / 4;
		uint64_t left = file - scan->window_at;
		size_t size = left < WINDOW_BYTES ? (size_t)left : WINDOW_BYTES;
		if (ev_image_read(&scan->image, scan->window_at, size, &scan->window))
			return 0;
		scan->window_bytes = size;
	}
	*bytes = scan->window + (offset - scan->window_at);
	return want;
}

/* ---- a way to the return ----------------------------------------------------------------------
 */

/* One path through the code. The stack pointer is `depth` bytes above where it was, or above where
 * the frame pointer points to. */
struct way {
	uint64_t at;
	int64_t depth;
	bool from_fp;
	bool fp_saved, fp_lost;
	int64_t fp_depth; /* where the caller's is, when the code takes it from the stack */
};
enum outcome { GOES_ON, RETURNS, ENDS };
struct scanning {
	struct code_scan *scan;
	struct way way, others[PATH_LIMIT];
	size_t other_count;
};

static void set_sp_to_fp(struct way *way, int64_t offset)
{
	way->from_fp = true;
	way->depth = offset;
}

/* lea and mov to the stack pointer: from itself or from the frame pointer. */
static bool move_sp(struct way *way, x86_reg from, int64_t offset)
{
	if (from == X86_REG_RBP && !way->fp_saved && !way->fp_lost)
		set_sp_to_fp(way, offset);
	else if (from == X86_REG_RSP)
		way->depth += offset;
	else
		return false;
	return true;
}

static bool writes(const cs_x86 *x86, x86_reg reg, x86_reg low_half)
{
	const cs_x86_op *to = &x86->operands[0];
	return x86->op_count && to->type == X86_OP_REG && (to->reg == reg || to->reg == low_half) &&
	       to->access & CS_AC_WRITE;
}

/* The frame pointer gets a value: the caller's, out of its place on the stack, or any. */
static void set_fp(struct way *way, const cs_insn *instruction)
{
	const cs_x86_op *from = &instruction->detail->x86.operands[1];
	bool reloaded = instruction->id == X86_INS_MOV && from->type == X86_OP_MEM &&
			from->mem.base == X86_REG_RSP && from->mem.index == X86_REG_INVALID;
	way->fp_saved = reloaded;
	way->fp_lost = !reloaded;
	way->fp_depth = reloaded ? way->depth + from->mem.disp : 0;
}

static void pop(struct way *way, const cs_x86_op *to)
{
	if (to->type == X86_OP_REG && to->reg == X86_REG_RBP) {
		way->fp_saved = true;
		way->fp_lost = false;
		way->fp_depth = way->depth;
	}
	way->depth += WORD;
}

static void leave_frame(struct way *way)
{
	set_sp_to_fp(way, 0);
	way->fp_saved = true;
	way->fp_depth = 0;
	way->depth = WORD; /* it was popped */
}

static enum outcome arithmetic(struct way *way, const cs_insn *instruction)
{
	const cs_x86 *x86 = &instruction->detail->x86;
	const cs_x86_op *from = &x86->operands[1];
	bool by_number = x86->op_count == 2 && from->type == X86_OP_IMM;
	switch (instruction->id) {
	case X86_INS_ADD:
		way->depth += by_number ? from->imm : 0;
		return by_number ? GOES_ON : ENDS;
	case X86_INS_SUB:
		way->depth -= by_number ? from->imm : 0;
		return by_number ? GOES_ON : ENDS;
	case X86_INS_LEA:
		return from->mem.index == X86_REG_INVALID &&
				       move_sp(way, from->mem.base, from->mem.disp)
			       ? GOES_ON
			       : ENDS;
	case X86_INS_MOV:
		return from->type == X86_OP_REG && move_sp(way, from->reg, 0) ? GOES_ON : ENDS;
	default:
		return ENDS;
	}
}

static enum outcome jump(struct scanning *scanning, const cs_insn *instruction)
{
	const cs_x86_op *to = &instruction->detail->x86.operands[0];
	if (to->type != X86_OP_IMM)
		return instruction->id == X86_INS_JMP ? ENDS : GOES_ON;
	if (instruction->id == X86_INS_JMP)
		scanning->way.at = (uint64_t)to->imm;
	else if (scanning->other_count < PATH_LIMIT) {
		scanning->others[scanning->other_count] = scanning->way;
		scanning->others[scanning->other_count++].at = (uint64_t)to->imm;
	}
	return GOES_ON;
}

static enum outcome follow(struct scanning *scanning, const cs_insn *instruction)
{
	const cs_detail *detail = instruction->detail;
	struct way *way = &scanning->way;
	switch (instruction->id) {
	case X86_INS_RET:
		return RETURNS;
	case X86_INS_PUSH:
	case X86_INS_PUSHFQ:
		way->depth -= WORD;
		return GOES_ON;
	case X86_INS_POP:
		pop(way, &detail->x86.operands[0]);
		return detail->x86.operands[0].type == X86_OP_REG &&
				       detail->x86.operands[0].reg == X86_REG_RSP
			       ? ENDS
			       : GOES_ON;
	case X86_INS_POPFQ:
		way->depth += WORD;
		return GOES_ON;
	case X86_INS_LEAVE:
		leave_frame(way);
		return GOES_ON;
	case X86_INS_HLT:
	case X86_INS_UD2:
	case X86_INS_INT3:
		return ENDS;
	default:
		break;
	}
	for (unsigned i = 0; i < detail->groups_count; i++)
		if (detail->groups[i] == CS_GRP_JUMP)
			return jump(scanning, instruction);
	if (writes(&detail->x86, X86_REG_RBP, X86_REG_EBP))
		set_fp(way, instruction);
	return writes(&detail->x86, X86_REG_RSP, X86_REG_ESP) ? arithmetic(way, instruction)
							      : GOES_ON;
}

static enum outcome advance(struct scanning *scanning)
{
	struct code_scan *scan = scanning->scan;
	struct way *way = &scanning->way;
	const uint8_t *bytes;
	uint64_t address = way->at;
	size_t left = bytes_at(scan, way->at, LONGEST_INSTRUCTION, &bytes);
	if (!left || !cs_disasm_iter(scan->handle, &bytes, &left, &address, scan->instruction))
		return ENDS;
	way->at = address;
	return follow(scanning, scan->instruction);
}

static bool rule_of(const struct way *way, struct ev_cfi_rule *rule)
{
	int64_t cfa = way->depth + WORD;
	if (cfa < WORD || cfa > INT32_MAX)
		return false;
	*rule = (struct ev_cfi_rule){ .base = way->from_fp ? EV_CFI_FP : EV_CFI_SP,
				      .cfa_offset = (int32_t)cfa,
				      .ra = EV_CFI_AT_CFA,
				      .ra_offset = -WORD,
				      .fp = way->fp_lost ? EV_CFI_LOST : EV_CFI_KEPT };
	if (way->fp_saved) {
		rule->fp = EV_CFI_AT_CFA;
		rule->fp_offset = (int32_t)(way->fp_depth - cfa);
	}
	return way->fp_depth <= cfa && way->fp_depth >= INT32_MIN / 2;
}

static bool search(struct code_scan *scan, uint64_t offset, struct ev_cfi_rule *rule)
{
	struct scanning scanning = { .scan = scan, .way = { .at = offset } };
	for (unsigned i = 0; i < INSTRUCTION_LIMIT; i++) {
		enum outcome outcome = advance(&scanning);
		if (outcome == RETURNS && rule_of(&scanning.way, rule))
			return true;
		if (outcome == GOES_ON)
			continue;
		if (!scanning.other_count)
			return false;
		scanning.way = scanning.others[--scanning.other_count];
	}
	return false;
}

bool ev_code_scan_find(struct code_scan *scan, uint64_t offset, struct ev_cfi_rule *rule)
{
	bool added;
	uint32_t *known = ev_map_add(&scan->known, offset, 0, &added);
	if (added && search(scan, offset, rule)) {
		*ev_array_add(&scan->rules) = *rule;
		*known = (uint32_t)scan->rules.count;
	}
	if (*known)
		*rule = scan->rules.items[*known - 1];
	return *known;
}

bool ev_code_scan_is_called(struct code_scan *scan, uint64_t offset)
{
	enum { CALL_NEAR = 0xe8, CALL_NEAR_BYTES = 5, CALL_INDIRECT = 0xff };
	const uint8_t *bytes;
	if (offset < 8 || bytes_at(scan, offset - 8, 8, &bytes) != 8)
		return false;
	if (bytes[8 - CALL_NEAR_BYTES] == CALL_NEAR)
		return true;
	/* Of two to seven bytes; what is done is told by three bits of the second. */
	for (unsigned length = 2; length <= 7; length++)
		if (bytes[8 - length] == CALL_INDIRECT && (bytes[9 - length] >> 3 & 7) == 2)
			return true;
	return false;
}

bool ev_code_scan_begins_context(struct code_scan *scan, uint64_t offset)
{
	/* mov %rbx,%rsp; mov (%rsp),%rdi; test %rdi,%rdi: glibc's __start_context, which has no
	 * table, so that unwinding ends there. */
	static const uint8_t start[] = {
		0x48, 0x89, 0xdc, 0x48, 0x8b, 0x3c, 0x24, 0x48, 0x85, 0xff
	};
	const uint8_t *bytes;
	return bytes_at(scan, offset, sizeof(start), &bytes) == sizeof(start) &&
	       !memcmp(bytes, start, sizeof(start));
}

bool ev_code_scan_makes_thread(struct code_scan *scan, uint64_t offset)
{
	enum { BEFORE = BEFORE_THREAD_BYTES };
	const uint8_t *bytes;
	return offset >= BEFORE && bytes_at(scan, offset - BEFORE, BEFORE, &bytes) == BEFORE &&
	       ev_code_makes_thread(bytes);
}

#else

struct code_scan *ev_code_scan_open(const char *path)
{
	(void)path;
	return NULL;
}

bool ev_code_scan_find(struct code_scan *scan, uint64_t offset, struct ev_cfi_rule *rule)
{
	(void)scan, (void)offset, (void)rule;
	return false;
}

bool ev_code_scan_is_called(struct code_scan *scan, uint64_t offset)
{
	(void)scan, (void)offset;
	return false;
}

bool ev_code_scan_begins_context(struct code_scan *scan, uint64_t offset)
{
	(void)scan, (void)offset;
	return false;
}

bool ev_code_scan_makes_thread(struct code_scan *scan, uint64_t offset)
{
	(void)scan, (void)offset;
	return false;
}

void ev_code_scan_close(struct code_scan *scan)
{
	(void)scan;
}

#endif
