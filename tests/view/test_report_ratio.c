/* Ratios as columns of the text and as objects of the JSON. */
#include "invented_report.h"
#include "report.h"

struct made {
	struct invented it;
	struct ev_ratio_list ratios;
	struct ev_ratio_sums sums[4]; /* of steady, few, none; of all */
};

static void add(struct made *made, size_t row, double x, double y)
{
	ev_ratio_sums_add(&made->sums[row], x, y);
	ev_ratio_sums_add(&made->sums[3], x, y);
}

/* A group of two events and their ratio in three functions. */
static void make(struct made *made)
{
	*made = (struct made){ 0 };
	struct invented *it = &made->it;
	invented_open(it);
	it->recording.events[0].name = "cycles";
	ev_recording_add_event(&it->recording)->name = "instructions";
	it->recording.events[1].leader = 0;
	invented_add(it, "steady", 20, 2000);
	invented_add(it, "few", 5, 500);
	invented_add(it, "none", 1, 100);
	invented_add_to(it, 1, "prog", 7, "steady", 20, 3000);
	invented_add_to(it, 1, "prog", 7, "few", 5, 500);
	invented_finish(it, "sym", false, NULL);
	it->options.groups = true;
	*ev_array_add(&made->ratios.items) = (struct ev_ratio){ "IPC", 1, 0, 1 };
	for (int i = 0; i < 20; i++)
		add(made, 0, 100, i % 2 ? 140 : 160);
	for (int i = 0; i < 5; i++)
		add(made, 1, 100, 100);
	it->report.ratios = &made->ratios;
	it->report.ratio_sums = made->sums;
}

static void made_done(struct made *made)
{
	ev_ratios_done(&made->ratios);
	invented_done(&made->it);
}

static void ratios_are_columns_with_intervals_and_marks(void **state)
{
	(void)state;
	struct made made;
	make(&made);
	const char *text = invented_print(&made.it, "text");
	assert_non_null(strstr(text, "# Samples: 51  of events 'anon group { cycles, instructions "
				     "}'\n"
				     "# Event count (approx.): 6100\n"
				     "# IPC of all: 1.40 ±0.09\n"
				     "#\n"
				     "#         Overhead           IPC  Symbol    \n"
				     "# ................  ............  ..........\n"
				     "#\n"
				     "    76.92%  85.71%  1.50 ±0.05    [.] steady\n"
				     "    19.23%  14.29%  1.00 ±0.00 ?  [.] few\n"
				     "     3.85%   0.00%                [.] none\n"
				     "#\n"
				     "# ± is half the 95% interval of a ratio over the row's own "
				     "samples; ?: fewer than 10 samples"));
	made_done(&made);
}

static void few_samples_are_dim_where_there_is_colour(void **state)
{
	(void)state;
	struct made made;
	make(&made);
	made.it.options.colour = true;
	const char *text = invented_print(&made.it, "text");
	assert_non_null(strstr(text, "  1.50 ±0.05  [.] steady\n"));
	assert_non_null(strstr(text, "  \33[2m1.00 ±0.00\33[m  [.] few\n"));
	assert_non_null(strstr(text, "samples; dim: fewer than 10 samples"));
	made_done(&made);
}

static void events_of_a_group_stand_apart_when_asked(void **state)
{
	(void)state;
	struct made made;
	make(&made);
	made.it.options.groups = false;
	const char *text = invented_print(&made.it, "text");
	assert_non_null(strstr(text, "of event 'cycles'"));
	assert_non_null(strstr(text, "of event 'instructions'"));
	assert_non_null(strstr(text, "    85.71%  1.50 ±0.05    [.] steady\n"));
	made_done(&made);
}

static void separated_ratios_are_one_field(void **state)
{
	(void)state;
	struct made made;
	make(&made);
	made.it.options.separator = ';';
	const char *text = invented_print(&made.it, "text");
	assert_non_null(strstr(text, "# Overhead;Overhead;IPC;Symbol\n"
				     "76.92%;85.71%;1.50 ±0.05;[.] steady\n"
				     "19.23%;14.29%;1.00 ±0.00 ?;[.] few\n"
				     "3.85%;0.00%;;[.] none\n"));
	made_done(&made);
}

static void ratios_of_a_row_are_in_the_json(void **state)
{
	(void)state;
	struct made made;
	make(&made);
	const char *text = invented_print(&made.it, "json");
	assert_non_null(strstr(text, "\"ratios\": [{\"name\": \"IPC\", \"value\": 1.50000, "
				     "\"low\": 1.45"));
	assert_non_null(strstr(text, "\"samples\": 20, \"few\": false}]"));
	assert_non_null(strstr(text, "\"samples\": 5, \"few\": true}]"));
	assert_non_null(strstr(text, "\"value\": null, \"low\": null, \"high\": null, \"samples\": "
				     "0, \"few\": true}]"));
	made_done(&made);
}

static void titles_cannot_command_the_terminal(void **state)
{
	(void)state;
	struct made made;
	make(&made);
	made.ratios.items.items[0].name = "a\33]0;x\a/b";
	const char *text = invented_print(&made.it, "text");
	assert_null(strchr(text, '\33'));
	assert_null(strchr(text, '\a'));
	made_done(&made);
}

static void decimals_follow_the_size_of_the_value(void **state)
{
	(void)state;
	assert_int_equal(ev_ratio_decimals(171.3), 1);
	assert_int_equal(ev_ratio_decimals(1.4), 2);
	assert_int_equal(ev_ratio_decimals(0), 8);
	assert_true(ev_ratio_decimals(0.01) > ev_ratio_decimals(0.5));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ratios_are_columns_with_intervals_and_marks),
		cmocka_unit_test(few_samples_are_dim_where_there_is_colour),
		cmocka_unit_test(events_of_a_group_stand_apart_when_asked),
		cmocka_unit_test(separated_ratios_are_one_field),
		cmocka_unit_test(ratios_of_a_row_are_in_the_json),
		cmocka_unit_test(titles_cannot_command_the_terminal),
		cmocka_unit_test(decimals_follow_the_size_of_the_value),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
