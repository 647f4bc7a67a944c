/* A comparison on the browser's table. */
#include "browsed.h"
#include "invented_diff.h"

struct compared {
	struct invented_diff made;
	struct browsed on; /* its report is the comparison's */
	struct ev_browse_wishes wishes;
};

static struct compared *compared_of(void *self)
{
	return (struct compared *)((char *)self - offsetof(struct compared, on));
}

static int report(void *self, const struct ev_browse_wishes *wishes,
		  const struct ev_report **report_, const struct ev_report_options **options,
		  struct ev_err *err)
{
	struct compared *it = compared_of(self);
	if (it->on.refuses)
		return ev_fail(err, EINVAL, "it can't be compared so");
	it->wishes = *wishes;
	it->made.diff.how.compute = wishes->compute;
	it->made.diff.how.order = wishes->order;
	*report_ = &it->made.it.report;
	*options = &it->made.it.options;
	return 0;
}

static const struct ev_diff *diff(void *self)
{
	return &compared_of(self)->made.diff;
}

static void compare(struct compared *it, const char *keys, bool of_stacks)
{
	*it = (struct compared){ 0 };
	invented_diff_open(&it->made);
	it->made.of_stacks = of_stacks;
	invented_diff_add(&it->made, "main;parse;work", 4000, 1000);
	invented_diff_add(&it->made, "main;print;work", 500, 500);
	invented_diff_add(&it->made, "main;print;old", 1000, 0);
	invented_diff_add(&it->made, "main;parse;lib:new", 0, 2000);
	invented_diff_add(&it->made, "main;same", 4500, 4500);
	invented_diff_add(&it->made, "main;few", 2, 3);
	invented_diff_print(&it->made, keys, "text");
	it->made.it.profile->quality.with_stack = 1;
	it->made.it.report.stacks_loaded = true;
	it->made.it.options.chains = EV_CHAIN_GRAPH;
	it->made.it.options.order = EV_CHAIN_CALLEE;
	it->on.source = (struct ev_browse_source){
		.self = &it->on, .title = "evprof diff: two", .report = report, .diff = diff
	};
	it->on.options.wishes =
		(struct ev_browse_wishes){ .compute = EV_COMPUTE_DELTA_ABS, .order = 1 };
	assert_int_equal(ev_browser_open(&it->on.browser, &it->on.source, &it->on.options, NULL),
			 0);
}

static void compare_done(struct compared *it)
{
	ev_browser_close(it->on.browser);
	ev_screen_done(&it->on.screen);
	invented_diff_done(&it->made);
}

static void rows_have_the_columns_of_the_text(void **state)
{
	(void)state;
	struct compared it;
	compare(&it, "dso,sym", false);
	const char *text = browsed_draw(&it.on, 100, 12);
	assert_non_null(strstr(text, "evprof diff: two  cycles  10,002 -> 8,003 samples"));
	assert_non_null(strstr(text, "Old     New  Shared Object  Symbol\n"));
	assert_non_null(strstr(text, "gone  prog           [.] old\n"));
	assert_non_null(strstr(text, "new  24.99%  lib.so         [.] new\n"));
	assert_non_null(strstr(text, "44.99%  18.74%  prog           [.] work<\n"));
	assert_null(strstr(text, "few"));
	browsed_press(&it.on, "A");
	text = browsed_draw(&it.on, 100, 12);
	assert_non_null(strstr(text, "+ ~"));
	assert_non_null(strstr(text, "[.] few\n"));
	browsed_press(&it.on, "p");
	assert_non_null(strstr(browsed_draw(&it.on, 100, 12), "Old period  New period"));
	browsed_press(&it.on, "Ap");
	assert_null(strstr(browsed_draw(&it.on, 100, 12), "few"));
	compare_done(&it);
}

static void chains_of_both_are_one_tree(void **state)
{
	(void)state;
	struct compared it;
	compare(&it, "dso,sym", false);
	browsed_press(&it.on, "/work^Ee");
	const char *text = browsed_draw(&it.on, 100, 16);
	assert_non_null(strstr(text, "44.99%    18.74%  work  prog\n"));
	assert_non_null(strstr(text, "39.99%    12.50%  parse  prog\n"));
	assert_non_null(strstr(text, "5.00%     6.25%  print  prog\n"));
	browsed_press(&it.on, "V");
	assert_non_null(strstr(browsed_draw(&it.on, 100, 16), "(4,000,000 -> 1,000,000)  parse"));
	compare_done(&it);
}

static void what_is_new_or_gone_is_so_in_its_chains(void **state)
{
	(void)state;
	struct compared it;
	compare(&it, "dso,sym", false);
	browsed_press(&it.on, "/old^Ee");
	assert_shows(&it.on, "10.00%      gone  print  prog\n");
	browsed_press(&it.on, "^L/lib^E");
	browsed_draw(&it.on, 80, 24);
	browsed_press(&it.on, "e");
	assert_shows(&it.on, "new    24.99%  parse  prog\n");
	compare_done(&it);
}

static void rows_are_compared_in_other_ways(void **state)
{
	(void)state;
	struct compared it;
	compare(&it, "sym", false);
	browsed_press(&it.on, "c");
	assert_int_equal(it.wishes.compute, EV_COMPUTE_DELTA);
	assert_shows(&it.on, "what has grown most first");
	browsed_press(&it.on, "c");
	assert_int_equal(it.wishes.compute, EV_COMPUTE_RATIO);
	assert_shows(&it.on, "Ratio");
	browsed_press(&it.on, "c");
	assert_int_equal(it.wishes.compute, EV_COMPUTE_DELTA_ABS);
	browsed_press(&it.on, "0");
	assert_int_equal(it.wishes.order, 0);
	browsed_press(&it.on, "2");
	assert_int_equal(it.wishes.order, 0);
	assert_shows(&it.on, "there are 2 here, from 0 on");
	browsed_press(&it.on, "s");
	assert_shows(&it.on, "this shows no single recording");
	browsed_press(&it.on, "a");
	assert_shows(&it.on, "no function in this row to annotate");
	compare_done(&it);
}

static void stacks_are_rows_that_do_not_open(void **state)
{
	(void)state;
	struct compared it;
	compare(&it, "sym", true);
	assert_shows(&it.on, "main;parse;work<\n");
	browsed_press(&it.on, "^E");
	assert_shows(&it.on, "there is no function in this row");
	browsed_press(&it.on, "+");
	assert_shows(&it.on, "nothing is below this");
	browsed_press(&it.on, "t");
	assert_shows(&it.on, "the thread is no column here");
	browsed_press(&it.on, "/parse;NEW^E");
	assert_shows(&it.on, "main;parse;new<\n");
	assert_shows_not(&it.on, "main;parse;work");
	compare_done(&it);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_have_the_columns_of_the_text),
		cmocka_unit_test(chains_of_both_are_one_tree),
		cmocka_unit_test(what_is_new_or_gone_is_so_in_its_chains),
		cmocka_unit_test(rows_are_compared_in_other_ways),
		cmocka_unit_test(stacks_are_rows_that_do_not_open),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
