/* Rules for leaving functions, against directives written by hand, and with bytes changed. */
#include "cfi.h"
#include "assembled.h"

/* Each label is one byte of code with the rules of the directives before it. */
static const char source[] =
	".type _start,@function\n_start: nop\n nop\n" /* no rules: the entry */
	".balign 256\n"
	".type f,@function\nf: .cfi_startproc\n nop\n"
	".type pushed,@function\n.cfi_def_cfa_offset 16\n.cfi_offset %rbp, -16\npushed: nop\n"
	".type framed,@function\n.cfi_def_cfa_register %rbp\nframed: nop\n"
	".type big,@function\n.cfi_def_cfa %rsp, 65552\nbig: nop\n"
	".type other,@function\n.cfi_def_cfa %rbx, 8\nother: nop\n"
	/* DW_CFA_def_cfa_expression: breg6 -8, deref */
	".type realigned,@function\n.cfi_escape 0x0f, 0x03, 0x76, 0x78, 0x06\nrealigned: nop\n"
	/* breg7 152, deref, plus_uconst 8 */
	".type moved,@function\n.cfi_escape 0x0f, 0x06, 0x77, 0x98, 0x01, 0x06, 0x23, 0x08\n"
	"moved: nop\n"
	".type root,@function\n.cfi_def_cfa %rsp, 8\n.cfi_undefined %rip\nroot: nop\n.cfi_endproc\n"
	".type handler,@function\nhandler: .cfi_startproc\n.cfi_signal_frame\n"
	/* The CFA is what lies at rsp + 160; rip and rbp at rsp + 168 and + 120. */
	".cfi_escape 0x0f, 0x04, 0x77, 0xa0, 0x01, 0x06\n"
	".cfi_escape 0x10, 0x10, 0x03, 0x77, 0xa8, 0x01\n"
	".cfi_escape 0x10, 0x06, 0x03, 0x77, 0xf8, 0x00\n"
	".type trampoline,@function\ntrampoline: nop\n.cfi_endproc\n"
	".type popped,@function\npopped: .cfi_startproc\n.cfi_def_cfa_offset 0\n"
	".cfi_register %rip, %rdi\n.cfi_register %rbp, %rsi\n nop\n.cfi_endproc\n"
	".type stub,@function\nstub: .cfi_startproc\n"
	/* breg7 8, breg16 0, lit15, and, lit11, ge, lit3, shl, plus */
	".cfi_escape 0x0f,0x0b,0x77,0x08,0x80,0x00,0x3f,0x1a,0x3b,0x2a,0x33,0x24,0x22\n"
	" nop\n.cfi_endproc\n";

static int setup(void **state)
{
	return assemble(state, source, "-static");
}

static struct ev_cfi_rule rule_at(void **state, struct cfi *cfi, const char *label)
{
	uint64_t offset = 0;
	assert_int_equal(ev_function_offset(in_folder(state, "p"), label, &offset, NULL), 0);
	return ev_cfi_find(cfi, offset);
}

static void directives_become_rules(void **state)
{
	static const struct {
		const char *label;
		struct ev_cfi_rule rule;
	} rows[] = {
		{ "f",
		  { .base = EV_CFI_SP, .cfa_offset = 8, .ra = EV_CFI_AT_CFA, .ra_offset = -8 } },
		{ "pushed",
		  { .base = EV_CFI_SP,
		    .cfa_offset = 16,
		    .ra = EV_CFI_AT_CFA,
		    .ra_offset = -8,
		    .fp = EV_CFI_AT_CFA,
		    .fp_offset = -16 } },
		{ "framed",
		  { .base = EV_CFI_FP,
		    .cfa_offset = 16,
		    .ra = EV_CFI_AT_CFA,
		    .ra_offset = -8,
		    .fp = EV_CFI_AT_CFA,
		    .fp_offset = -16 } },
		{ "big",
		  { .base = EV_CFI_SP,
		    .cfa_offset = 65552,
		    .ra = EV_CFI_AT_CFA,
		    .ra_offset = -8,
		    .fp = EV_CFI_AT_CFA,
		    .fp_offset = -16 } },
		{ "other",
		  { .base = EV_CFI_REGISTER,
		    .base_register = 3,
		    .cfa_offset = 8,
		    .ra = EV_CFI_AT_CFA,
		    .ra_offset = -8,
		    .fp = EV_CFI_AT_CFA,
		    .fp_offset = -16 } },
		{ "moved",
		  { .base = EV_CFI_SP,
		    .cfa_offset = 152,
		    .indirect = true,
		    .beyond = 8,
		    .ra = EV_CFI_AT_CFA,
		    .ra_offset = -8,
		    .fp = EV_CFI_AT_CFA,
		    .fp_offset = -16 } },
		{ "realigned",
		  { .base = EV_CFI_FP,
		    .cfa_offset = -8,
		    .indirect = true,
		    .ra = EV_CFI_AT_CFA,
		    .ra_offset = -8,
		    .fp = EV_CFI_AT_CFA,
		    .fp_offset = -16 } },
		{ "trampoline",
		  { .base = EV_CFI_SP,
		    .cfa_offset = 160,
		    .indirect = true,
		    .signal = true,
		    .ra = EV_CFI_AT_SP,
		    .ra_offset = 168,
		    .fp = EV_CFI_AT_SP,
		    .fp_offset = 120 } },
		{ "popped",
		  { .base = EV_CFI_SP,
		    .ra = EV_CFI_IN_REGISTER,
		    .ra_offset = 5,
		    .fp = EV_CFI_LOST } },
		{ "stub",
		  { .base = EV_CFI_PLT, .cfa_offset = 11, .ra = EV_CFI_AT_CFA, .ra_offset = -8 } },
		{ "_start", { 0 } },
	};
	struct image image;
	needs_x86();
	assert_int_equal(ev_image_open(&image, in_folder(state, "p")), 0);
	struct cfi *cfi = ev_cfi_open(&image, NULL, NULL);
	assert_non_null(cfi);
	assert_int_equal(ev_cfi_machine(cfi)->machine, EM_X86_64);
	for (unsigned round = 0; round < 2; round++) /* looked up, then remembered */
		for (size_t i = 0; i < EV_LENGTH(rows); i++) {
			struct ev_cfi_rule rule = rule_at(state, cfi, rows[i].label);
			const struct ev_cfi_rule *want = &rows[i].rule;
			if (rule.base != want->base || rule.indirect != want->indirect ||
			    rule.signal != want->signal || rule.ra != want->ra ||
			    rule.fp != want->fp || rule.beyond != want->beyond ||
			    rule.cfa_offset != want->cfa_offset ||
			    rule.ra_offset != want->ra_offset || rule.fp_offset != want->fp_offset)
				print_message("%s\n", rows[i].label);
			assert_memory_equal(&rule, want, sizeof(rule));
		}
	assert_int_equal(rule_at(state, cfi, "root").ra, EV_CFI_LOST);
	uint64_t start, f;
	assert_int_equal(ev_function_offset(in_folder(state, "p"), "_start", &start, NULL), 0);
	assert_int_equal(ev_function_offset(in_folder(state, "p"), "f", &f, NULL), 0);
	assert_true(ev_cfi_begins_at(cfi, start + 1));
	assert_false(ev_cfi_begins_at(cfi, f));
	ev_cfi_close(cfi);
	ev_image_close(&image);
}

static void changed_bytes_are_survived(void **state)
{
	struct image image;
	char *bytes;
	size_t size;
	needs_x86();
	assert_int_equal(ev_file_read(in_folder(state, "p"), &bytes, &size), 0);
	assert_int_equal(ev_image_open_memory(&image, bytes, size), 0);
	const struct section *section = ev_image_find(&image, ".eh_frame");
	assert_non_null(section);
	size_t from = section->offset, to = from + section->size_bytes;
	for (size_t at = from; at < to; at++) {
		for (unsigned change = 1; change < 256; change *= 4) {
			bytes[at] = (char)(bytes[at] ^ (int)change);
			struct cfi *cfi = ev_cfi_open(&image, NULL, NULL);
			for (uint64_t offset = 0; cfi && offset < size; offset += 16)
				ev_cfi_find(cfi, offset);
			ev_cfi_close(cfi);
			bytes[at] = (char)(bytes[at] ^ (int)change);
		}
	}
	ev_image_close(&image);
	free(bytes);
}

static void what_is_no_code_has_no_rules(void **state)
{
	struct image image;
	(void)state;
	assert_int_equal(ev_image_open(&image, "/proc/self/exe"), 0);
	struct image unknown = image;
	unknown.machine = 0xfefe;
	assert_null(ev_cfi_open(&unknown, NULL, NULL));
	struct cfi *cfi = ev_cfi_open(&image, NULL, NULL);
	if (cfi) {
		assert_int_equal(ev_cfi_find(cfi, UINT64_MAX).base, EV_CFI_NOTHING);
		assert_int_equal(ev_cfi_find(cfi, 0).base, EV_CFI_NOTHING);
	}
	ev_cfi_close(cfi);
	ev_cfi_close(NULL);
	ev_image_close(&image);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(directives_become_rules, setup, folder_remove),
		cmocka_unit_test_setup_teardown(changed_bytes_are_survived, setup, folder_remove),
		cmocka_unit_test(what_is_no_code_has_no_rules),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
