/* The text of perf script in the spellings that its options give. */
#include "imported.h"

static struct ev_import *import_text(const char *text)
{
	return import_bytes(text, strlen(text), false);
}

static void a_sample_has_its_thread_time_period_and_stack(void **state)
{
	(void)state;
	struct ev_import *import =
		import_text("# a comment\nmy prog 12/13 [002]  5.123456:     250000 cycles:u: \n"
			    "\t  401136 leaf(int)+0x6 (/usr/bin/x)\n"
			    "\t  401200 main+0x10 (/usr/bin/x)\n\n");
	assert_string_equal(sample_text(import, 0),
			    "cycles:u my prog 12/13 main@/usr/bin/x;leaf(int)@/usr/bin/x 1 250000");
	assert_int_equal(import->samples.items[0].time_ns, 5123456000);
	assert_int_equal(import->samples.items[0].cpu, 3);
	assert_null(ev_import_trouble(import));
	ev_import_close(import);
}

static void inlined_functions_are_part_of_the_place_around_them(void **state)
{
	(void)state;
	struct ev_import *import = import_text("p 1 1.000001: 2 cpu-clock: \n"
					       "\t 40 in (inlined)\n\t  a.c:5\n"
					       "\t 40 around (/x)\n\t  b.c:6 (discriminator 2)\n"
					       "\t 80 main (/x)\n\n");
	assert_string_equal(sample_text(import, 0),
			    "cpu-clock p 1/1 main@/x;around(b.c:6)>in(a.c:5)@/x 1 2");
	ev_import_close(import);
}

static void objects_with_blanks_and_parentheses_stay_whole(void **state)
{
	(void)state;
	struct ev_import *import = import_text(
		"p 1 1.000001: 2 cycles: \n\t 40 operator()(a (*)(b))+0x3 (/a (b)/x y)\n"
		"\t 44 f+0x3 (/gone (deleted))\n\t 48 [unknown] (/lib/z.so)\n"
		"\t 4c [unknown] ([unknown])\n\n");
	assert_string_equal(sample_text(import, 0),
			    "cycles p 1/1 0x4c@[imported];[z.so+0x48]@/lib/z.so;f@/gone;"
			    "operator()(a (*)(b))@/a (b)/x y 1 2");
	ev_import_close(import);
}

static void a_sample_without_a_chain_has_its_frame_in_the_line(void **state)
{
	(void)state;
	struct ev_import *import =
		import_text("   p    1 [000] 1.000001:    2 cycles:  ffffffff81000010 do_it+0x10 "
			    "([kernel.kallsyms])\n"
			    ":-1 -1 [000] 1.000002:    3 cycles:  40 main+0x1 (/x)\n");
	assert_string_equal(sample_text(import, 0), "cycles p 1/1 do_it@[kernel.kallsyms] 1 2");
	assert_true(import->objects.items[0].kernel);
	assert_string_equal(sample_text(import, 1), "cycles :-1 -1/-1 main@/x 1 3");
	ev_import_close(import);
}

static void what_a_tracepoint_says_is_no_frame(void **state)
{
	(void)state;
	struct ev_import *import =
		import_text("p 1 [000] 1.000001: sched:sched_switch: dead: beef ==> c:\n");
	assert_string_equal(sample_text(import, 0), "sched:sched_switch p 1/1  1 1");
	ev_import_close(import);
}

static void times_and_periods_may_be_missing(void **state)
{
	(void)state;
	struct ev_import *import = import_text("my prog 12 cycles: \n\t 40 main (/x)\n\n");
	assert_string_equal(sample_text(import, 0), "cycles my prog 12/12 main@/x 1 1");
	assert_false(import->has_time);
	assert_non_null(ev_import_note(import, 0));
	ev_import_close(import);
}

static void a_stack_that_is_cut_is_told(void **state)
{
	static const char head[] = "p 1/1 1.000001: 2 cycles: \n", frame[] = "\t 40 f (/x)\n";
	struct ev_buffer text = { 0 };
	(void)state;
	ev_buffer_add(&text, head, sizeof(head) - 1);
	for (unsigned i = 0; i < 65536; i++)
		ev_buffer_add(&text, frame, sizeof(frame) - 1);
	struct ev_import *import = import_bytes(text.bytes, text.size_bytes, false);
	assert_string_not_equal(ev_import_note(import, 0),
				"stacks of more than 65536 places are cut");
	ev_import_close(import);
	ev_buffer_add(&text, frame, sizeof(frame) - 1);
	import = import_bytes(text.bytes, text.size_bytes, false);
	assert_string_equal(ev_import_note(import, 0), "stacks of more than 65536 places are cut");
	ev_import_close(import);
	ev_buffer_done(&text);
}

static void damage_is_told_and_the_rest_is_read(void **state)
{
	(void)state;
	struct ev_import *import = import_text("p 1 1.000001: 2 cycles: \n\t zz main (/x)\n"
					       "\t 44 f (/x)\n\nnonsense\n"
					       "p 1 1.000002: 2 cycles: \n\t 44 f (/x)");
	assert_int_equal(import->samples.count, 2);
	assert_string_equal(ev_import_trouble(import),
			    "line 2 is no sample and no frame of one (and 1 more like it)");
	assert_string_equal(sample_text(import, 0), "cycles p 1/1 f@/x 1 2");
	assert_string_equal(sample_text(import, 1), "cycles p 1/1 f@/x 1 2");
	ev_import_close(import);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sample_has_its_thread_time_period_and_stack),
		cmocka_unit_test(inlined_functions_are_part_of_the_place_around_them),
		cmocka_unit_test(objects_with_blanks_and_parentheses_stay_whole),
		cmocka_unit_test(a_sample_without_a_chain_has_its_frame_in_the_line),
		cmocka_unit_test(what_a_tracepoint_says_is_no_frame),
		cmocka_unit_test(times_and_periods_may_be_missing),
		cmocka_unit_test(a_stack_that_is_cut_is_told),
		cmocka_unit_test(damage_is_told_and_the_rest_is_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
