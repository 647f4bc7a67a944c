/* Arguments of a print fmt are understood as the compiler would, or refused with a reason. */
#include "tracepoint_samples.h"

static void expect_number(const char *expression, const char *expected)
{
	char *print = ev_printf("\"%%lld\", %s", expression);
	expect_text(print, expected);
	free(print);
}

static void operators_bind_as_in_c(void **state)
{
	(void)state;
	expect_number("1 + 2 * 3", "7");
	expect_number("(1 + 2) * 3", "9");
	expect_number("10 - 3 - 2", "5");
	expect_number("1 << 2 + 1", "8");
	expect_number("7 & 3 == 3", "1");
	expect_number("6 & 3 | 8 ^ 1", "11");
	expect_number("1 ? 2 : 0 ? 3 : 4", "2");
	expect_number("0 ? 2 : 0 ? 3 : 4", "4");
	expect_number("-1 + ~0", "-2");
	expect_number("!5 || 3 && 0", "0");
	expect_number("__builtin_expect(!!(4), 1)", "1");
}

static void casts_sizes_and_parentheses_around_names_are_told_apart(void **state)
{
	(void)state;
	expect_number("(u8)(300)", "44");
	expect_number("(s8)200", "-56");
	expect_number("(unsigned int)-1", "4294967295");
	expect_number("(unsigned short)(REC->small)", "65533");
	expect_number("(int)(unsigned char)REC->flags", "5");
	expect_number("(REC->flags) + 1", "6");
	expect_number("(REC)->flags", "5");
	expect_number("( gfp_t)0x10", "16");
	expect_number("(enum migrate_mode)REC->flags", "5");
	expect_number("sizeof(u16) + sizeof(struct sock *)", "10");
	expect_number("sizeof(REC->comm)", "16");
}

static void what_only_the_kernel_knows_is_shown_as_a_question(void **state)
{
	(void)state;
	expect_text("\"%lu after %d %s\", jiffies - REC->big, REC->small, mc_name(REC->flags, (1))",
		    "? after -3 ?");
}

static void what_cannot_be_followed_has_a_reason(void **state)
{
	static const struct {
		const char *print, *reason;
	} cases[] = {
		{ "\"%d\", REC->nosuch", "there is no field 'nosuch'" },
		{ "\"%d\"", "it has too few arguments" },
		{ "\"%d\", ({ int x = 1; x; })", "not understood" },
		{ "\"%d\", REC->small.deep", "it looks into a structure" },
		{ "\"%k\", 1", "conversion" },
		{ "REC->small", "it has no format" },
		{ "\"%d\", 1 +", "not understood" },
	};
	(void)state;
	for (size_t i = 0; i < EV_LENGTH(cases); i++)
		expect_failure(cases[i].print, cases[i].reason);
}

/* Neither the reader nor who walks the tree may run out of stack. */
static void depth_is_bounded(void **state)
{
	static const char *const bricks[] = { "(", "-", "(u8)", "1 + (", "1 ? 1 : ", "1 + " };
	(void)state;
	for (size_t i = 0; i < EV_LENGTH(bricks); i++) {
		struct parsed parsed;
		struct ev_buffer text = { 0 };
		ev_buffer_printf(&text, "%s\"%%d\", ", FIELDS);
		for (int k = 0; k < 100000; k++)
			ev_buffer_add(&text, bricks[i], strlen(bricks[i]));
		ev_buffer_printf(&text, "1");
		ev_buffer_u8(&text, 0);
		parse(&parsed, (const char *)text.bytes);
		assert_non_null(parsed.format.failure);
		parsed_done(&parsed);
		ev_buffer_done(&text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(operators_bind_as_in_c),
		cmocka_unit_test(casts_sizes_and_parentheses_around_names_are_told_apart),
		cmocka_unit_test(what_only_the_kernel_knows_is_shown_as_a_question),
		cmocka_unit_test(what_cannot_be_followed_has_a_reason),
		cmocka_unit_test(depth_is_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
