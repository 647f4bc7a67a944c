/* A failing path says one sentence and returns its code in one statement. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>
#include <evprof/base.h>

static void fail_sets_the_sentence_and_returns_the_negative_code(void **state)
{
	(void)state;
	struct ev_err err = { 0 };
	assert_int_equal(ev_fail(&err, ENOENT, "no event '%s'", "x"), -ENOENT);
	assert_string_equal(err.text, "no event 'x'");
	assert_int_equal(err.code, ENOENT);
}

static void context_comes_in_front_and_the_code_stays(void **state)
{
	(void)state;
	struct ev_err err = { 0 };
	ev_fail(&err, EACCES, "permission denied");
	assert_int_equal(ev_fail_in(&err, "perf.data"), -EACCES);
	assert_string_equal(err.text, "perf.data: permission denied");
}

static void nobody_has_to_listen(void **state)
{
	(void)state;
	assert_int_equal(ev_fail(NULL, EIO, "lost"), -EIO);
}

static void a_long_sentence_is_cut_not_overrun(void **state)
{
	(void)state;
	struct ev_err err = { 0 };
	char name[3000];
	memset(name, 'a', sizeof(name) - 1);
	name[sizeof(name) - 1] = 0;
	ev_fail(&err, EINVAL, "%s", name);
	ev_fail_in(&err, "%s", name);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fail_sets_the_sentence_and_returns_the_negative_code),
		cmocka_unit_test(context_comes_in_front_and_the_code_stays),
		cmocka_unit_test(nobody_has_to_listen),
		cmocka_unit_test(a_long_sentence_is_cut_not_overrun),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
