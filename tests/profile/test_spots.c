/* Instructions that samples were at, with their weights. */
#include <evprof/tables.h>
#include "invented.h"

static uint32_t function_of(const struct ev_lines *lines, const char *name)
{
	for (uint32_t i = 0; i < lines->functions.count; i++)
		if (!strcmp(ev_strings_text(lines->named->profile->strings,
					    lines->functions.items[i].name),
			    name))
			return i;
	fail_msg("there is no function %s", name);
	return 0;
}

static void spots_are_the_leaves_and_belong_to_the_function_whose_code_they_are(void **state)
{
	struct invented it = invented_open();
	struct ev_lines lines;
	struct ev_spots spots;
	(void)state;
	invented_add(&it, "main@3 work@10", 2, 20);
	invented_add(&it, "other@3 work@10", 1, 10);
	invented_add(&it, "main@3 in<work@12", 4, 40);
	invented_add(&it, "main@9", 8, 80);
	struct ev_named *named = invented_name_all(&it, EV_SYMBOL_LINES | EV_SYMBOL_INLINES, true);
	assert_int_equal(ev_lines_build(&lines, named, false, NULL, NULL), 0);
	ev_spots_build(&spots, &lines);
	assert_int_equal(spots.items.count, 3);
	uint32_t work = function_of(&lines, "work");
	uint64_t sum = 0;
	for (size_t i = 0; i < spots.items.count; i++) {
		if (i)
			assert_true(spots.items.items[i].place.offset >
				    spots.items.items[i - 1].place.offset);
		if (spots.items.items[i].function == work)
			sum += spots.weights[i].period;
	}
	assert_int_equal(sum, ev_line_function_weight(&lines, work, EV_MEASURE_INLINED)[0].period);

	assert_int_equal(sum, spots.of_functions[work].period);
	size_t from = work ? spots.function_end[work - 1] : 0;
	assert_int_equal(spots.function_end[work] - from, 2);
	for (size_t i = from; i < spots.function_end[work]; i++)
		assert_int_equal(spots.items.items[spots.by_function[i]].function, work);

	struct ev_place place = invented_place(&it, "work@10");
	size_t at = ev_spots_find(&spots, place.object, place.offset);
	assert_int_equal(spots.weights[at].samples, 3);
	assert_int_equal(spots.items.items[at].place.offset, place.offset);
	/* Behind a spot is the next one. */
	assert_int_equal(ev_spots_find(&spots, place.object, place.offset + 1), at + 1);
	assert_int_equal(ev_spots_find(&spots, 3, 0), spots.items.count);

	/* An inlined function has a place too, in the code that it went into. */
	place = invented_place(&it, "in<work@12");
	uint32_t example = spots.example[function_of(&lines, "in")];
	assert_int_not_equal(example, 0);
	assert_int_equal(spots.items.items[example - 1].place.offset, place.offset);
	assert_int_equal(spots.example[function_of(&lines, "other")], 0);
	ev_spots_done(&spots);
	ev_lines_done(&lines);
	ev_named_close(named);
	invented_done(&it);
}

static void samples_that_are_filtered_out_have_no_weight(void **state)
{
	struct invented it = invented_open();
	struct ev_filter filter = { .pids = "8" };
	struct ev_lines lines;
	struct ev_spots spots;
	(void)state;
	invented_add(&it, "work@10", 2, 20);
	struct ev_named *named = invented_name_all(&it, EV_SYMBOL_LINES, true);
	assert_int_equal(ev_lines_build(&lines, named, false, &filter, NULL), 0);
	ev_spots_build(&spots, &lines);
	for (size_t i = 0; i < spots.items.count; i++)
		assert_int_equal(spots.weights[i].samples, 0);
	ev_spots_done(&spots);
	ev_lines_done(&lines);
	ev_named_close(named);
	invented_done(&it);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			spots_are_the_leaves_and_belong_to_the_function_whose_code_they_are),
		cmocka_unit_test(samples_that_are_filtered_out_have_no_weight),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
