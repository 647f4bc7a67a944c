/* Folded stacks of several writers. */
#include "imported.h"

static struct ev_import *import_text(const char *text, bool comm)
{
	return import_bytes(text, strlen(text), comm);
}

static void counts_stand_behind_the_last_space_of_names_with_spaces(void **state)
{
	(void)state;
	struct ev_import *import =
		import_text("main;a b c;op<int, 3> (x) 12\n# no\n\nmain 1", false);
	assert_int_equal(import->samples.count, 2);
	assert_string_equal(sample_text(import, 0), "samples [unknown] 1/1 main@[imported];a b "
						    "c@[imported];op<int, 3> (x)@[imported] 12 12");
	assert_string_equal(sample_text(import, 1), "samples [unknown] 1/1 main@[imported] 1 1");
	assert_null(ev_import_trouble(import));
	assert_int_equal(ev_import_samples(import), 13);
	ev_import_close(import);
}

static void the_first_name_may_be_the_threads(void **state)
{
	(void)state;
	struct ev_import *import = import_text("my prog;main 1\nother;main 2\nmy prog;f 3\n", true);
	assert_string_equal(sample_text(import, 0), "samples my prog 1/1 main@[imported] 1 1");
	assert_string_equal(sample_text(import, 1), "samples other 2/2 main@[imported] 2 2");
	assert_string_equal(sample_text(import, 2), "samples my prog 1/1 f@[imported] 3 3");
	ev_import_close(import);
}

static void how_far_the_text_was_read_is_told(void **state)
{
	static const char text[] = "main;a 1\nmain;b 2\n";
	_Atomic uint64_t done_permille = 0;
	struct ev_import_options how = { .done_permille = &done_permille };
	struct ev_import *import = NULL;
	struct ev_err err;
	(void)state;
	assert_int_equal(ev_import_open(&import, text, strlen(text), &how, &err), 0);
	assert_int_equal(done_permille, 500);
	ev_import_close(import);
}

static void marks_tell_the_kernel_and_what_is_inlined(void **state)
{
	(void)state;
	struct ev_import *import = import_text("a;b_[i];c_[i];read_[k];jitted_[j] 4\n", false);
	assert_string_equal(sample_text(import, 0),
			    "samples [unknown] 1/1 "
			    "a>b>c@[imported];read@[kernel.kallsyms];jitted@[imported] 4 4");
	ev_import_close(import);
}

static void a_place_behind_a_name_is_its_line(void **state)
{
	(void)state;
	struct ev_import *import =
		import_text("run (/a b/x.py:7);f (y.py:0) (z);g (y.py:99999999999) 4\n", false);
	assert_string_equal(sample_text(import, 0),
			    "samples [unknown] 1/1 run(/a b/x.py:7)@[imported];f (y.py:0) "
			    "(z)@[imported];g (y.py:99999999999)@[imported] 4 4");
	ev_import_close(import);
}

static void lines_that_make_no_sense_are_told_and_the_rest_is_read(void **state)
{
	(void)state;
	struct ev_import *import =
		import_text("main;f 3\nmain;f 1.5\nbad\nmain;g 99999999999999999999\n"
			    "main;h 2\r\n",
			    false);
	assert_int_equal(import->samples.count, 2);
	assert_string_equal(ev_import_trouble(import),
			    "line 2 has no whole number behind its stack (and 2 more like it)");
	assert_string_equal(sample_text(import, 1),
			    "samples [unknown] 1/1 main@[imported];h@[imported] 2 2");
	ev_import_close(import);
}

static void empty_names_are_unknown(void **state)
{
	(void)state;
	struct ev_import *import = import_text(";a;;b 1\n", false);
	assert_string_equal(sample_text(import, 0),
			    "samples [unknown] 1/1 [unknown]@[imported];a@[imported];"
			    "[unknown]@[imported];b@[imported] 1 1");
	ev_import_close(import);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_stand_behind_the_last_space_of_names_with_spaces),
		cmocka_unit_test(the_first_name_may_be_the_threads),
		cmocka_unit_test(how_far_the_text_was_read_is_told),
		cmocka_unit_test(marks_tell_the_kernel_and_what_is_inlined),
		cmocka_unit_test(a_place_behind_a_name_is_its_line),
		cmocka_unit_test(lines_that_make_no_sense_are_told_and_the_rest_is_read),
		cmocka_unit_test(empty_names_are_unknown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
