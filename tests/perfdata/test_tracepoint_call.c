/* Calls of a print fmt are those that the kernel's headers have for it, or of nobody known. */
#include "tracepoint_samples.h"

static void pairs_may_end_with_nothing(void **state)
{
	(void)state;
	expect_text("\"%s\", __print_symbolic(REC->flags, { 4, \"four\" }, { 5, \"five\" }, { -1, "
		    "((void *)0) })",
		    "five");
	expect_text("\"%s\", __print_symbolic(REC->flags, { })", "0x5");
	expect_text("\"%s\", __print_flags(REC->flags, \"|\", { 1, \"A\" }, { 4, \"B\" }, { -1, "
		    "NULL })",
		    "A|B");
}

static void a_call_that_only_the_kernel_has_is_passed_over_whole(void **state)
{
	(void)state;
	expect_text("\"%s %d\", mc_name(f(REC->flags, (1)), \")\"), REC->small", "? -3");
}

static void a_call_that_is_cut_short_has_a_reason(void **state)
{
	static const struct {
		const char *print, *reason;
	} cases[] = {
		{ "\"%s\", __print_flags(REC->flags, \"|\", { 1, \"A\" ", "not understood" },
		{ "\"%s\", __print_symbolic(REC->flags, 1, 2)", "not understood" },
		{ "\"%s\", __print_hex(REC->mac)", "not understood" },
		{ "\"%s\", __print_array(REC->mac, 6)", "not understood" },
		{ "\"%s\", __get_str(nosuch)", "there is no field 'nosuch'" },
		{ "\"%s\", __get_str(path", "not understood" },
		{ "\"%d\", __builtin_expect(1)", "not understood" },
		{ "\"%d\", sizeof(REC->nosuch)", "there is no field 'nosuch'" },
		{ "\"%d\", sizeof(struct sock)", "not understood" },
		{ "\"%d\", mc_name((1)", "not understood" },
	};
	(void)state;
	for (size_t i = 0; i < EV_LENGTH(cases); i++)
		expect_failure(cases[i].print, cases[i].reason);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pairs_may_end_with_nothing),
		cmocka_unit_test(a_call_that_only_the_kernel_has_is_passed_over_whole),
		cmocka_unit_test(a_call_that_is_cut_short_has_a_reason),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
