/* Instructions with weights, source lines between them. */
#include "invented_code.h"

static void open_code(struct invented *it)
{
	invented_open(it, "first\nsecond\nthird\n");
	invented_add(it, "work@1", 32);
	invented_finish(it);
	it->options.min_percent = 5;
	invented_code(it, invented_section(it, "work", 1, 2));
}

static void done(struct invented *it)
{
	ev_spots_done(&it->spots);
	invented_done(it);
}

static void hot_instructions_are_shown_and_the_others_counted(void **state)
{
	struct invented it;
	(void)state;
	open_code(&it);
	const char *text = invented_print(&it, false);
	expect(text, "  Samples  cycles        %   Address  Instruction\n");
	expect(text, "\342\200\246 3 instructions\n");
	/* Two places in one instruction are one row. */
	expect(text, "       31  31,000   96.88%   1020:    add    $1,%rax\n");
	/* The rest of the sum. */
	expect(text, "        1   1,000    3.12%       \342\200\246 2 instructions\n");
	refuse(text, "push");
	done(&it);
}

static void all_of_it_has_lines_jumps_and_targets(void **state)
{
	struct invented it;
	(void)state;
	open_code(&it);
	it.options.all = true;
	const char *text = invented_print(&it, false);
	expect(text, ":1  first\n");
	expect(text, " [inlined in in evprof-view-");
	expect(text, "third\n");
	expect(text, "\342\200\2721010:    push   %rbp\n");
	expect(text, " 1024:  \342\206\222 call   0x40 <f>\n");
	expect(text, " 1028:  \342\206\221 jne    0x1010\n");
	expect(text, " 102c:  \342\206\220 ret\n");
	it.options.raw_bytes = true;
	expect(invented_print(&it, false), " 102c:  0f 1f 40 00               \342\206\220 ret\n");
	done(&it);
}

static void code_that_is_not_there_has_its_reason(void **state)
{
	struct invented it;
	(void)state;
	open_code(&it);
	it.annotation.sections.items[0].code_trouble = "build-id differs: the file was rebuilt";
	expect(invented_print(&it, false),
	       "# not all instructions: build-id differs: the file was rebuilt\n");
	done(&it);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hot_instructions_are_shown_and_the_others_counted),
		cmocka_unit_test(all_of_it_has_lines_jumps_and_targets),
		cmocka_unit_test(code_that_is_not_there_has_its_reason),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
