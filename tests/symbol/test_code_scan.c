/* Ways out of functions written by hand, against what their code does to the stack. */
#include "code_scan.h"
#include "assembled.h"

static const char source[] =
	".globl _start\n.type _start,@function\n_start: call plain\n"
	".type behind,@function\nbehind: nop\n"
	".type plain,@function\nplain: ret\n"
	".type pushes,@function\npushes: push %rbp\n push %rbx\n sub $0x18, %rsp\n call plain\n"
	".type body,@function\nbody: mov $1, %ebp\n add $0x18, %rsp\n"
	".type pops,@function\npops: pop %rbx\n pop %rbp\n ret\n"
	".type framed,@function\nframed: mov %rsp, %rsp\n leave\n ret\n"
	".type by_lea,@function\nby_lea: lea -8(%rbp), %rsp\n pop %rbx\n pop %rbp\n ret\n"
	".type reloads,@function\nreloads: mov 0x10(%rsp), %rbp\n add $0x18, %rsp\n ret\n"
	".type tail,@function\ntail: add $0x20, %rsp\n jmp pushes\n"
	".type branches,@function\nbranches: test %eax, %eax\n jne 1f\n hlt\n1: add $8, %rsp\n "
	"ret\n"
	".type loops,@function\nloops: nop\n jmp loops\n"
	".type switches,@function\nswitches: jmp *%rax\n"
	".type moves,@function\nmoves: mov %rbx, %rsp\n ret\n"
	".type aligns,@function\naligns: and $-16, %rsp\n ret\n"
	".type indirect,@function\ncall *0x10(%rbx)\nindirect: nop\n ud2\n"
	".type context,@function\ncontext: mov %rbx, %rsp\n mov (%rsp), %rdi\n test %rdi, %rdi\n"
	".type cloned,@function\nmov $435, %eax\n syscall\ncloned: test %rax, %rax\n ret\n"
	".type written,@function\nmov $1, %eax\n syscall\nwritten: test %rax, %rax\n ret\n"
	"mov $56, %eax\n nop\n"
	".type moved,@function\nmov %rax, %rax\nmoved: ret\n";

/* NULL, and why on the screen, where there is nothing to scan with. */
static struct code_scan *scan_or_skip(void **state, const char *test)
{
	struct code_scan *scan = assembles() ? ev_code_scan_open(in_folder(state, "p")) : NULL;
	if (!scan) {
		print_message("SKIP %s: needs gcc on x86-64 and capstone\n", test);
		skip();
	}
	return scan;
}

static int setup(void **state)
{
	return assemble(state, source, "-static");
}

static uint64_t offset_of(void **state, const char *label)
{
	uint64_t offset = 0;
	assert_int_equal(ev_function_offset(in_folder(state, "p"), label, &offset, NULL), 0);
	return offset;
}

static void the_way_to_the_return_becomes_a_rule(void **state)
{
	static const struct {
		const char *label;
		uint8_t base, fp;
		int32_t cfa, fp_offset;
	} rows[] = {
		{ "plain", EV_CFI_SP, EV_CFI_KEPT, 8, 0 },
		{ "pushes", EV_CFI_SP, EV_CFI_AT_CFA, 8, -16 }, /* not there yet, and not read */
		{ "body", EV_CFI_SP, EV_CFI_AT_CFA, 48, -16 },
		{ "pops", EV_CFI_SP, EV_CFI_AT_CFA, 24, -16 },
		{ "framed", EV_CFI_FP, EV_CFI_AT_CFA, 16, -16 },
		{ "by_lea", EV_CFI_FP, EV_CFI_AT_CFA, 16, -16 },
		{ "reloads", EV_CFI_SP, EV_CFI_AT_CFA, 32, -16 },
		{ "tail", EV_CFI_SP, EV_CFI_AT_CFA, 40, -16 },
		{ "branches", EV_CFI_SP, EV_CFI_KEPT, 16, 0 },
	};
	static const char *const none[] = { "loops", "switches", "moves", "aligns", "indirect" };
	struct ev_cfi_rule rule;
	struct code_scan *scan = scan_or_skip(state, __func__);
	for (unsigned round = 0; round < 2; round++)
		for (size_t i = 0; i < EV_LENGTH(rows); i++) {
			assert_true(
				ev_code_scan_find(scan, offset_of(state, rows[i].label), &rule));
			assert_int_equal(rule.base, rows[i].base);
			assert_int_equal(rule.cfa_offset, rows[i].cfa);
			assert_int_equal(rule.fp, rows[i].fp);
			assert_int_equal(rule.fp_offset, rows[i].fp_offset);
			assert_int_equal(rule.ra, EV_CFI_AT_CFA);
			assert_int_equal(rule.ra_offset, -8);
		}
	for (size_t i = 0; i < EV_LENGTH(none); i++)
		assert_false(ev_code_scan_find(scan, offset_of(state, none[i]), &rule));
	assert_false(ev_code_scan_find(scan, UINT64_MAX, &rule));
	ev_code_scan_close(scan);
}

static void calls_and_contexts_are_known_by_their_bytes(void **state)
{
	struct code_scan *scan = scan_or_skip(state, __func__);
	assert_true(ev_code_scan_is_called(scan, offset_of(state, "behind")));
	assert_true(ev_code_scan_is_called(scan, offset_of(state, "body")));
	assert_true(ev_code_scan_is_called(scan, offset_of(state, "indirect")));
	assert_false(ev_code_scan_is_called(scan, offset_of(state, "plain")));
	assert_false(ev_code_scan_is_called(scan, 3));
	assert_false(ev_code_scan_is_called(scan, UINT64_MAX - 3));
	assert_true(ev_code_scan_begins_context(scan, offset_of(state, "context")));
	assert_false(ev_code_scan_begins_context(scan, offset_of(state, "moves")));
	ev_code_scan_close(scan);
}

static void any_bytes_are_survived(void **state)
{
	struct ev_cfi_rule rule;
	uint64_t random = 88172645463325252u;
	char *bytes;
	size_t size;
	struct code_scan *scan = scan_or_skip(state, __func__);
	ev_code_scan_close(scan);
	assert_int_equal(ev_file_read(in_folder(state, "p"), &bytes, &size), 0);
	uint64_t from = offset_of(state, "_start");
	for (uint64_t at = from; at < size; at++) {
		random ^= random << 13;
		random ^= random >> 7;
		random ^= random << 17;
		bytes[at] = (char)random;
	}
	write_file(in_folder(state, "random"), bytes, size);
	scan = ev_code_scan_open(in_folder(state, "random"));
	for (uint64_t at = from; at < size + 20; at++)
		if (ev_code_scan_find(scan, at, &rule))
			assert_true(rule.cfa_offset >= 8 && rule.fp_offset <= 0);
	ev_code_scan_close(scan);
	free(bytes);
	assert_null(ev_code_scan_open(in_folder(state, "p.s")));
	assert_null(ev_code_scan_open("/nonexistent"));
	ev_code_scan_close(NULL);
}

static void a_new_thread_begins_behind_the_call_that_made_it(void **state)
{
	struct code_scan *scan = scan_or_skip(state, __func__);
	assert_true(ev_code_scan_makes_thread(scan, offset_of(state, "cloned")));
	assert_false(ev_code_scan_makes_thread(scan, offset_of(state, "cloned") + 1));
	assert_false(ev_code_scan_makes_thread(scan, offset_of(state, "moved")));
	assert_false(ev_code_scan_makes_thread(scan, offset_of(state, "plain")));
	assert_false(ev_code_scan_makes_thread(scan, 0));
	assert_false(ev_code_scan_makes_thread(scan, UINT64_MAX));
	ev_code_scan_close(scan);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_way_to_the_return_becomes_a_rule),
		cmocka_unit_test(calls_and_contexts_are_known_by_their_bytes),
		cmocka_unit_test(any_bytes_are_survived),
		cmocka_unit_test(a_new_thread_begins_behind_the_call_that_made_it),
	};
	return cmocka_run_group_tests(tests, setup, folder_remove);
}
