/* Formulas in words, right and wrong ones. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>
#include <evprof/figures.h>

static bool find(void *context, const char *name, double *value)
{
	static const struct {
		const char *name;
		double value;
	} known[] = { { "a", 6 }, { "b-c", 3 }, { "cpu/x=1,y/", 2 }, { "zero", 0 } };
	(void)context;
	for (size_t i = 0; i < EV_LENGTH(known); i++) {
		if (strcmp(name, known[i].name))
			continue;
		*value = known[i].value;
		return true;
	}
	return false;
}

static void assert_value(const char *formula, double expected)
{
	double value = -1;
	if (!ev_formula_value(formula, find, NULL, &value))
		fail_msg("%s has no value", formula);
	assert_true(fabs(value - expected) < 1e-12);
}

static void refuse(const char *formula)
{
	double value = 42;
	if (ev_formula_value(formula, find, NULL, &value))
		fail_msg("%s has the value %f", formula, value);
	assert_true(value == 42);
}

static void products_bind_closer_than_sums(void **state)
{
	(void)state;
	assert_value("a", 6);
	assert_value("1 + 2 * 3", 7);
	assert_value("( 1 + 2 ) * 3", 9);
	assert_value("8 / 4 / 2", 1);
	assert_value("1 - 2 - 3", -4);
	assert_value("2.25 * 4", 9);
	assert_value("1 max 2 max 1", 2);
}

static void names_hold_any_character_but_a_blank(void **state)
{
	(void)state;
	assert_value("b-c - 1", 2);
	assert_value("100 * cpu/x=1,y/ / a", 100.0 / 3);
}

static void optional_names_count_as_nothing_while_another_is_there(void **state)
{
	(void)state;
	assert_value("( a? max none? ) / b-c", 2);
	assert_value("( none? max a? ) / b-c", 2);
	refuse("none? max gone?");
	refuse("none?");
}

static void what_has_no_value_is_refused(void **state)
{
	(void)state;
	refuse("none");
	refuse("a / zero");
	refuse("a / ( b-c - 3 )");
}

static void what_is_no_formula_is_refused(void **state)
{
	(void)state;
	static const char *const wrong[] = { "",      " ",       "+",     "a +", "a a",    "( a",
					     "a )",   "( )",     "1.2.3", "1x",  "* a",    "max",
					     "a - -", "a / * a", "1e9",   "(a)", "( ( a )" };
	for (size_t i = 0; i < EV_LENGTH(wrong); i++)
		refuse(wrong[i]);
	char deep[2000] = "";
	for (int i = 0; i < 500; i++)
		strcat(deep, "( ");
	refuse(deep);
}

static void names_come_one_after_another(void **state)
{
	(void)state;
	const char *at = "100 * ( a? max b-c ) / cpu/x=1,y/";
	char name[8];
	assert_true(ev_formula_name(&at, name, sizeof(name)));
	assert_string_equal(name, "a");
	assert_true(ev_formula_name(&at, name, sizeof(name)));
	assert_string_equal(name, "b-c");
	assert_true(ev_formula_name(&at, name, sizeof(name)));
	assert_string_equal(name, "cpu/x=1");
	assert_false(ev_formula_name(&at, name, sizeof(name)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(products_bind_closer_than_sums),
		cmocka_unit_test(names_hold_any_character_but_a_blank),
		cmocka_unit_test(optional_names_count_as_nothing_while_another_is_there),
		cmocka_unit_test(what_has_no_value_is_refused),
		cmocka_unit_test(what_is_no_formula_is_refused),
		cmocka_unit_test(names_come_one_after_another),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
