/* Callgrind's text as lines of costs, whole and damaged. */
#include <errno.h>
#include "live.h"
#include "callgrind.h"

#define START                                                                                      \
	"creator: callgrind-3.19.0\npid: 12\ncmd:  ./walk -n 2\npart: 1\nthread: 3\n"              \
	"positions: instr\nevents: Ir Dr Dw I1mr D1mr\n"

struct taken {
	struct ev_strings *strings;
	struct ev_callgrind_line lines[8];
	size_t count;
	struct ev_callgrind_header header;
	struct ev_err err;
};

static int take(void *context, const struct ev_callgrind_line *line, struct ev_err *err)
{
	struct taken *taken = context;
	(void)err;
	assert_true(taken->count < EV_LENGTH(taken->lines));
	taken->lines[taken->count++] = *line;
	return 0;
}

static int parse(struct taken *taken, const char *text)
{
	*taken = (struct taken){ .strings = ev_strings_open() };
	return ev_callgrind_parse(text, strlen(text), taken->strings, &taken->header, take, taken,
				  &taken->err);
}

static const char *text_of(const struct taken *taken, uint32_t id)
{
	return ev_strings_text(taken->strings, id);
}

static void costs_come_with_their_names_and_addresses(void **state)
{
	struct taken taken;
	(void)state;
	assert_int_equal(parse(&taken, START "ob=(1) /bin/walk\nfl=(1) a.c\nfn=(1) main\n"
					     "0x1000 5 4 3 2 1\n+16 7\n* 1\n-2 2\n"
					     "fn=(2) (below main)\n+1 3\nfn=(1)\n0x2000 9\n"
					     "totals: 27 4 3 2 1\n"),
			 0);
	assert_int_equal(taken.count, 6);
	assert_string_equal(text_of(&taken, taken.lines[0].object), "/bin/walk");
	assert_string_equal(text_of(&taken, taken.lines[0].function), "main");
	assert_int_equal(taken.lines[0].address, 0x1000);
	assert_int_equal(taken.lines[0].costs[EV_COST_IR], 5);
	assert_int_equal(taken.lines[0].costs[EV_COST_D1MR], 1);
	assert_int_equal(taken.lines[1].address, 0x1010);
	assert_int_equal(taken.lines[1].costs[EV_COST_DR], 0);
	assert_int_equal(taken.lines[2].address, 0x1010);
	assert_int_equal(taken.lines[3].address, 0x100e);
	assert_string_equal(text_of(&taken, taken.lines[4].function), "(below main)");
	assert_string_equal(text_of(&taken, taken.lines[5].function), "main");
	ev_strings_close(taken.strings);
}

static void the_lines_above_say_who_it_was(void **state)
{
	struct taken taken;
	(void)state;
	assert_int_equal(parse(&taken, START "totals: 0\n"), 0);
	assert_string_equal(taken.header.creator, "callgrind-3.19.0");
	assert_string_equal(taken.header.command, "./walk -n 2");
	assert_int_equal(taken.header.pid, 12);
	assert_int_equal(taken.header.thread, 3);
	assert_true(taken.header.has_addresses);
	assert_true(taken.header.complete);
	ev_strings_close(taken.strings);
}

static void what_calls_cost_is_not_the_callers_own(void **state)
{
	struct taken taken;
	(void)state;
	assert_int_equal(parse(&taken, START "ob=(1) a\nfn=(1) main\n0x10 1\ncob=(2) b\n"
					     "cfn=(2) sum'main\ncalls=3 0x99\n* 40\n+4 2\n"
					     "cfn=(2)\ncalls=1 0x99\n* 5\n"),
			 0);
	assert_int_equal(taken.count, 4);
	assert_int_equal(taken.lines[0].calls, 0);
	assert_int_equal(taken.lines[1].calls, 3);
	assert_int_equal(taken.lines[1].address, 0x10);
	assert_int_equal(taken.lines[1].costs[EV_COST_IR], 40);
	assert_string_equal(text_of(&taken, taken.lines[1].called_object), "b");
	assert_string_equal(text_of(&taken, taken.lines[1].called_function), "sum'main");
	assert_int_equal(taken.lines[2].calls, 0);
	assert_int_equal(taken.lines[2].address, 0x14);
	/* Without a word on it, the called one is in the same object. */
	assert_string_equal(text_of(&taken, taken.lines[3].called_object), "a");
	ev_strings_close(taken.strings);
}

static void columns_are_known_by_their_names(void **state)
{
	struct taken taken;
	(void)state;
	assert_int_equal(parse(&taken, "positions: line instr\nevents: Bim sysTime Ir\n"
				       "fn=x\n12 0x40 1 2 3\n"),
			 0);
	assert_int_equal(taken.lines[0].address, 0x40);
	assert_int_equal(taken.lines[0].costs[EV_COST_BIM], 1);
	assert_int_equal(taken.lines[0].costs[EV_COST_IR], 3);
	ev_strings_close(taken.strings);
}

static void a_text_that_ends_early_is_not_complete(void **state)
{
	struct taken taken;
	(void)state;
	assert_int_equal(parse(&taken, START "fn=(1) main\n0x1000 5 4\n"), 0);
	assert_int_equal(taken.count, 1);
	assert_false(taken.header.complete);
	/* A second dump in the file begins anew. */
	ev_strings_close(taken.strings);
	assert_int_equal(parse(&taken, START "totals: 1\npart: 2\nfn=(1) main\n"), 0);
	assert_false(taken.header.complete);
	ev_strings_close(taken.strings);
}

static void damage_is_told_with_its_line(void **state)
{
	static const char *const damaged[] = {
		"\x7f"
		"ELF\n",
		"0x10 1\n",
		START "+x 1\n",
		START "0x10 y\n",
		START "0x10 1 2 3 4 5 6\n",
		START "0x10 18446744073709551616\n",
		START "calls=\n",
		START "garbage\n",
		START "0x11111111111111111 1\n",
	};
	(void)state;
	for (size_t i = 0; i < EV_LENGTH(damaged); i++) {
		struct taken taken;
		assert_int_equal(parse(&taken, damaged[i]), -EINVAL);
		assert_non_null(strstr(taken.err.text, "line "));
		assert_int_equal(taken.count, 0);
		ev_strings_close(taken.strings);
	}
}

static int refuse(void *context, const struct ev_callgrind_line *line, struct ev_err *err)
{
	(void)context, (void)line;
	return ev_fail(err, EPIPE, "enough");
}

static void a_taker_that_has_enough_is_obeyed(void **state)
{
	static const char text[] = START "0x10 1\n";
	struct ev_strings *strings = ev_strings_open();
	struct ev_callgrind_header header;
	struct ev_err err = { 0 };
	(void)state;
	assert_int_equal(ev_callgrind_parse(text, strlen(text), strings, &header, refuse, NULL,
					    &err),
			 -EPIPE);
	assert_string_equal(err.text, "enough");
	ev_strings_close(strings);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(costs_come_with_their_names_and_addresses),
		cmocka_unit_test(the_lines_above_say_who_it_was),
		cmocka_unit_test(what_calls_cost_is_not_the_callers_own),
		cmocka_unit_test(columns_are_known_by_their_names),
		cmocka_unit_test(a_text_that_ends_early_is_not_complete),
		cmocka_unit_test(damage_is_told_with_its_line),
		cmocka_unit_test(a_taker_that_has_enough_is_obeyed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
