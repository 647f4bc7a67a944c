/* Sums by the rows of a table: of counts that were read together, and of the kernel's part. */
#include <evprof/tables.h>
#include "invented.h"

struct made {
	struct invented it;
	struct ev_joints joints;
	struct ev_named *named;
	struct ev_table table;
	struct ev_ratio_sums *sums;
};

static void sample(struct made *made, const char *comm, const char *words, uint32_t ratio, double x,
		   double y)
{
	uint32_t tag = invented_tag_in(made->it.profile, 0, comm, 7);
	uint32_t stack = invented_stack(&made->it, words);
	ev_profile_add(made->it.profile, tag, stack, 1, (uint64_t)x);
	ev_joints_add(&made->joints, ratio, tag, stack, x, y);
}

static void build(struct made *made, enum ev_key key, const struct ev_filter *filter)
{
	if (!made->named)
		made->named = invented_name_all(&made->it, EV_SYMBOL_LINES, true);
	free(made->sums);
	ev_table_done(&made->table);
	assert_int_equal(ev_table_build(&made->table, made->named, &key, 1, false, filter, NULL),
			 0);
	made->sums = ev_table_ratio_sums(&made->table, made->named, &made->joints, 2);
}

static void made_done(struct made *made)
{
	free(made->sums);
	ev_joints_done(&made->joints);
	ev_table_done(&made->table);
	ev_named_close(made->named);
	invented_done(&made->it);
}

/* The sums of the row whose first key reads so; of all for NULL. */
static const struct ev_ratio_sums *of(struct made *made, const char *text, size_t ratio)
{
	size_t i = 0;
	while (text && i < made->table.row_count &&
	       strcmp(ev_row_text(&made->table, made->named, &made->table.rows[i], 0), text))
		i++;
	return &made->sums[(text ? i : made->table.row_count) * 2 + ratio];
}

static void three_functions(struct made *made)
{
	*made = (struct made){ .it = invented_open() };
	sample(made, "prog", "main a", 0, 100, 10);
	sample(made, "prog", "other a", 0, 200, 20);
	sample(made, "prog", "main b", 0, 50, 7);
	sample(made, "else", "main a", 0, 30, 3);
	sample(made, "prog", "main a", 1, 1, 1000);
}

static void samples_of_a_function_are_added_up_whoever_called_it(void **state)
{
	(void)state;
	struct made made;
	three_functions(&made);
	build(&made, EV_KEY_SYMBOL, NULL);
	assert_int_equal(of(&made, "a", 0)->samples, 3);
	assert_true(of(&made, "a", 0)->x == 330 && of(&made, "a", 0)->y == 33);
	assert_true(of(&made, "a", 0)->xx == 100 * 100 + 200 * 200 + 30 * 30);
	assert_int_equal(of(&made, "b", 0)->samples, 1);
	assert_int_equal(of(&made, "a", 1)->samples, 1);
	assert_int_equal(of(&made, "b", 1)->samples, 0);
	assert_int_equal(of(&made, NULL, 0)->samples, 4);
	assert_true(of(&made, NULL, 0)->y == 40);
	made_done(&made);
}

static void a_guessed_caller_that_is_none_moves_no_sums(void **state)
{
	(void)state;
	struct made made = { .it = invented_open() };
	struct ev_profile *profile = made.it.profile;
	uint32_t tag = invented_tag_in(profile, 0, "prog", 7);
	uint32_t guess = ev_profile_place(profile, invented_place(&made.it, "a@2"));
	uint32_t running = ev_profile_place(profile, invented_place(&made.it, "a@5"));
	uint32_t stack = ev_profile_stack(profile, invented_stack_in(&made.it, profile, "main"),
					  guess | EV_PLACE_GUESSED);
	stack = ev_profile_stack(profile, stack, running);
	profile->has_guesses = true;
	ev_profile_add(profile, tag, stack, 1, 100);
	ev_joints_add(&made.joints, 0, tag, stack, 100, 10);
	sample(&made, "prog", "main b", 0, 50, 7);
	build(&made, EV_KEY_SYMBOL, NULL);
	assert_int_equal(of(&made, "a", 0)->samples, 1);
	assert_true(of(&made, "a", 0)->x == 100 && of(&made, "a", 0)->y == 10);
	assert_true(of(&made, "b", 0)->x == 50 && of(&made, "b", 0)->y == 7);
	made_done(&made);
}

static void rows_may_be_of_anything(void **state)
{
	(void)state;
	struct made made;
	three_functions(&made);
	build(&made, EV_KEY_COMM, NULL);
	assert_true(of(&made, "prog", 0)->x == 350);
	assert_true(of(&made, "else", 0)->x == 30);
	made_done(&made);
}

static void what_is_filtered_out_is_in_no_sum(void **state)
{
	(void)state;
	struct made made;
	three_functions(&made);
	build(&made, EV_KEY_SYMBOL, &(struct ev_filter){ .comms = "else" });
	assert_true(of(&made, "a", 0)->x == 30);
	assert_true(of(&made, NULL, 0)->x == 30);
	made_done(&made);
}

static void the_kernels_part_is_that_of_its_functions(void **state)
{
	(void)state;
	struct made made = { .it = invented_open() };
	invented_add(&made.it, "main k:sys_read", 1, 30);
	invented_add(&made.it, "main", 1, 70);
	build(&made, EV_KEY_COMM, NULL);
	uint64_t *kernel = ev_table_kernel_period(&made.table, made.named);
	assert_int_equal(made.table.row_count, 1);
	assert_int_equal(kernel[0], 30);
	free(kernel);
	made_done(&made);
}

static void an_instruction_has_the_sums_of_its_own_samples(void **state)
{
	(void)state;
	struct made made = { .it = invented_open() };
	struct ev_lines lines;
	struct ev_spots spots;
	sample(&made, "prog", "main a@1", 0, 100, 10);
	sample(&made, "prog", "other a@1", 0, 200, 20);
	sample(&made, "prog", "main a@2", 0, 50, 7);
	sample(&made, "else", "main a@1", 1, 30, 3);
	made.named = invented_name_all(&made.it, EV_SYMBOL_LINES, true);
	assert_int_equal(ev_lines_build(&lines, made.named, false,
					&(struct ev_filter){ .comms = "prog" }, NULL),
			 0);
	ev_spots_build(&spots, &lines);
	made.sums = ev_spots_ratio_sums(&spots, &lines, &made.joints, 2);
	struct ev_place one = invented_place(&made.it, "a@1"),
			two = invented_place(&made.it, "a@2");
	size_t first = ev_spots_find(&spots, one.object, one.offset);
	size_t second = ev_spots_find(&spots, two.object, two.offset);
	assert_true(made.sums[first * 2].x == 300 && made.sums[first * 2].y == 30);
	assert_int_equal(made.sums[first * 2 + 1].samples, 0); /* of another command */
	assert_true(made.sums[second * 2].x == 50 && made.sums[second * 2].samples == 1);
	ev_spots_done(&spots);
	ev_lines_done(&lines);
	made_done(&made);
}

static void samples_of_members_are_not_counted_twice_in_the_quality(void **state)
{
	(void)state;
	struct made made = { .it = invented_open() };
	struct ev_profile *profile = made.it.profile;
	uint32_t stack = invented_stack(&made.it, "?7");
	for (uint32_t event = 0; event < 2; event++) {
		ev_profile_add(profile, invented_tag_in(profile, event, "prog", 7), stack, 3, 9);
		*ev_array_add(&profile->is_member) = event == 1;
	}
	build(&made, EV_KEY_SYMBOL, NULL);
	assert_int_equal(profile->quality.unresolved, 3);
	made_done(&made);
}

static void lines_have_the_sums_of_their_own_samples(void **state)
{
	struct made made = { .it = invented_open() };
	struct ev_filter filter = { .comms = "prog" };
	struct ev_lines lines;
	(void)state;
	sample(&made, "prog", "main@4 a@7", 0, 100, 10);
	sample(&made, "prog", "main@4", 0, 50, 5);
	sample(&made, "prog", "other@2 a@7", 0, 20, 2);
	sample(&made, "else", "other@2 a@7", 0, 1000, 1000);
	sample(&made, "prog", "main@4 a@7", 1, 1, 9);
	made.named = invented_name_all(&made.it, EV_SYMBOL_LINES | EV_SYMBOL_INLINES, true);
	assert_int_equal(ev_lines_build(&lines, made.named, false, &filter, NULL), 0);
	made.sums = ev_lines_ratio_sums(&lines, &made.joints, 2);
	for (size_t i = 0; i < lines.lines.count; i++) {
		if (lines.lines.items[i].line == 7) {
			assert_float_equal(made.sums[2 * i].x, 120, 1e-9);
			assert_float_equal(made.sums[2 * i].y, 12, 1e-9);
			assert_float_equal(made.sums[2 * i + 1].y, 9, 1e-9);
		} else if (lines.lines.items[i].line == 4) {
			assert_float_equal(made.sums[2 * i].x, 50, 1e-9);
		} else {
			assert_int_equal(made.sums[2 * i].samples, 0);
		}
	}
	assert_float_equal(made.sums[2 * lines.lines.count].x, 170, 1e-9);
	ev_lines_done(&lines);
	made_done(&made);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_have_the_sums_of_their_own_samples),
		cmocka_unit_test(samples_of_a_function_are_added_up_whoever_called_it),
		cmocka_unit_test(a_guessed_caller_that_is_none_moves_no_sums),
		cmocka_unit_test(rows_may_be_of_anything),
		cmocka_unit_test(what_is_filtered_out_is_in_no_sum),
		cmocka_unit_test(the_kernels_part_is_that_of_its_functions),
		cmocka_unit_test(an_instruction_has_the_sums_of_its_own_samples),
		cmocka_unit_test(samples_of_members_are_not_counted_twice_in_the_quality),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
