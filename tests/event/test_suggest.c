/* The names that are offered for an unknown one. */
#include <errno.h>
#include "tree.h"

static void offers(const char *root, const char *text, const char *name)
{
	struct ev_err err;
	refused(root, text, &err);
	const char *offer = strstr(err.text, "did you mean: ");
	if (!offer || !strstr(offer, name))
		fail_msg("'%s' offers no '%s': %s", text, name, err.text);
}

static void near_names_are_offered(void **state)
{
	tree_plain(*state);
	offers(*state, "cycels", "cycles");
	offers(*state, "kache-misses", "cache-misses");
	offers(*state, "page-fault", "page-faults");
	offers(*state, "ctx-switches", "context-switches");
	offers(*state, "L1-dcache-load-mises", "L1-dcache-load-misses");
	offers(*state, "memloads", "mem-loads");
	offers(*state, "cpu/mem-laods/", "mem-loads");
	offers(*state, "power/energy-pkgs/", "energy-pkg");
	offers(*state, "sched:sched_swtich", "sched:sched_switch");
	offers(*state, "durationtime", "duration_time");
}

static void far_names_offer_nothing(void **state)
{
	struct ev_err err;
	static const char *const far[] = { "zzzzzzzz", "q", "frobnicate-the-foo", "*" };
	for (size_t i = 0; i < EV_LENGTH(far); i++) {
		assert_int_equal(refused(*state, far[i], &err), -ENOENT);
		assert_null(strstr(err.text, "did you mean"));
		assert_non_null(strstr(err.text, "Run 'evprof list'"));
	}
}

static void at_most_three_names_are_offered_and_each_once(void **state)
{
	struct ev_err err;
	tree_plain(*state);
	assert_int_equal(refused(*state, "cycle", &err), -ENOENT);
	const char *offer = strstr(err.text, "did you mean: cycles, ");
	assert_non_null(offer);
	size_t commas = 0;
	for (const char *at = offer; *at != '\n'; at++)
		commas += *at == ',';
	assert_true(commas <= 2);
	assert_null(strstr(offer + strlen("did you mean: cycles"), " cycles,"));
}

#define WITH_TREE(test) cmocka_unit_test_setup_teardown(test, tree_open, tree_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_TREE(near_names_are_offered),
		WITH_TREE(far_names_offer_nothing),
		WITH_TREE(at_most_three_names_are_offered_and_each_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
