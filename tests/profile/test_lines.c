/* Lines of functions with their weights, and what was inlined where. */
#include <evprof/tables.h>
#include "invented.h"

struct made {
	struct invented it;
	struct ev_named *named;
	struct ev_lines lines;
};

static void build(struct made *made, bool by_file, const struct ev_filter *filter)
{
	made->named = invented_name_all(&made->it, EV_SYMBOL_LINES | EV_SYMBOL_INLINES, true);
	assert_int_equal(ev_lines_build(&made->lines, made->named, by_file, filter, NULL), 0);
}

static void made_done(struct made *made)
{
	ev_lines_done(&made->lines);
	ev_named_close(made->named);
	invented_done(&made->it);
}

static const char *text(const struct made *made, uint32_t id)
{
	return ev_strings_text(made->named->profile->strings, id);
}

static uint32_t function_of(const struct made *made, const char *name)
{
	for (uint32_t i = 0; i < made->lines.functions.count; i++)
		if (!strcmp(text(made, made->lines.functions.items[i].name), name))
			return i;
	fail_msg("there is no function %s", name);
	return 0;
}

static size_t line_of(const struct made *made, const char *name, uint32_t number)
{
	const struct ev_line_function *function =
		&made->lines.functions.items[function_of(made, name)];
	for (size_t i = function->first_line; i < function->first_line + function->line_count; i++)
		if (made->lines.lines.items[i].line == number)
			return i;
	fail_msg("%s has no line %u", name, number);
	return 0;
}

/* Samples of a line. */
static uint64_t of(const struct made *made, const char *name, uint32_t line,
		   enum ev_line_measure measure)
{
	return ev_line_weight(&made->lines, line_of(made, name, line), measure)[0].samples;
}

static uint64_t of_function(const struct made *made, const char *name, enum ev_line_measure measure)
{
	return ev_line_function_weight(&made->lines, function_of(made, name), measure)[0].samples;
}

static void adds_up(const struct made *made)
{
	for (size_t f = 0; f < made->lines.functions.count; f++) {
		const struct ev_line_function *function = &made->lines.functions.items[f];
		for (enum ev_line_measure m = EV_MEASURE_SELF; m < EV_MEASURE_COUNT; m++) {
			if (m == EV_MEASURE_CALLED)
				continue;
			for (size_t e = 0; e < made->lines.event_count; e++) {
				struct ev_weight sum = { 0 };
				for (size_t i = 0; i < function->line_count; i++) {
					const struct ev_weight *weight =
						ev_line_weight(&made->lines,
							       function->first_line + i, m);
					sum.samples += weight[e].samples;
					sum.period += weight[e].period;
				}
				const struct ev_weight *all =
					ev_line_function_weight(&made->lines, f, m);
				assert_int_equal(sum.samples, all[e].samples);
				assert_int_equal(sum.period, all[e].period);
			}
		}
	}
}

static void a_sample_counts_for_its_own_line_and_those_of_its_callers(void **state)
{
	struct made made = { .it = invented_open() };
	(void)state;
	invented_add(&made.it, "main@5 work@10", 2, 20);
	invented_add(&made.it, "main@5 work@11", 1, 10);
	invented_add(&made.it, "main@7", 4, 40);
	build(&made, false, NULL);
	assert_int_equal(of(&made, "work", 10, EV_MEASURE_SELF), 2);
	assert_int_equal(of(&made, "work", 11, EV_MEASURE_SELF), 1);
	/* A caller's line is that of the call, one byte before where it returns to. */
	assert_int_equal(of(&made, "main", 4, EV_MEASURE_SELF), 0);
	assert_int_equal(of(&made, "main", 4, EV_MEASURE_CALLED), 3);
	assert_int_equal(of(&made, "main", 4, EV_MEASURE_INLINED), 0);
	assert_int_equal(of(&made, "main", 7, EV_MEASURE_SELF), 4);
	assert_int_equal(of_function(&made, "main", EV_MEASURE_CALLED), 7);
	assert_int_equal(of_function(&made, "main", EV_MEASURE_SELF), 4);
	assert_int_equal(of_function(&made, "main", EV_MEASURE_OWN), 4);
	assert_int_equal(made.lines.totals[0].period, 70);
	adds_up(&made);
	made_done(&made);
}

static void a_line_counts_once_per_stack_however_deep_it_recurses(void **state)
{
	struct made made = { .it = invented_open() };
	(void)state;
	invented_add(&made.it, "main@3 fib@9 fib@9 fib@9 fib@8", 5, 5);
	invented_add(&made.it, "main@3 fib@9 fib@20", 1, 1);
	build(&made, false, NULL);
	assert_int_equal(of(&made, "fib", 8, EV_MEASURE_CALLED), 6);
	assert_int_equal(of(&made, "fib", 8, EV_MEASURE_SELF), 5);
	assert_int_equal(of(&made, "fib", 20, EV_MEASURE_CALLED), 1);
	assert_int_equal(of_function(&made, "fib", EV_MEASURE_CALLED), 6);
	adds_up(&made);
	made_done(&made);
}

static void what_is_below_a_line_of_python_is_its_own_as_well(void **state)
{
	struct made made = { .it = invented_open() };
	(void)state;
	invented_add(&made.it, "main@3 py:run@9 py:work@6", 1, 10);
	invented_add(&made.it, "main@3 py:run@9 py:work@6 lib:sum@20", 2, 20);
	invented_add(&made.it, "main@3 py:run@9 py:work@6 lib:sum@20 k:fault@30", 4, 40);
	invented_add(&made.it, "main@3 py:run@9 lib:sort@15 py:key@40", 8, 80);
	invented_add(&made.it, "main@3 py:run@9 py:run@9 lib:sum@20", 16, 160);
	invented_add(&made.it, "main@3 lib:sum@20", 32, 320);
	build(&made, false, NULL);
	assert_int_equal(of(&made, "work", 5, EV_MEASURE_OWN), 6);
	assert_int_equal(of(&made, "work", 6, EV_MEASURE_OWN), 1);
	assert_int_equal(of(&made, "work", 5, EV_MEASURE_NATIVE), 2);
	assert_int_equal(of(&made, "work", 5, EV_MEASURE_SYSTEM), 4);
	assert_int_equal(of_function(&made, "work", EV_MEASURE_SELF), 1);
	assert_int_equal(of_function(&made, "work", EV_MEASURE_OWN), 7);
	/* The innermost line has it, once however deep it recurses. */
	assert_int_equal(of_function(&made, "run", EV_MEASURE_OWN), 16);
	assert_int_equal(of_function(&made, "run", EV_MEASURE_CALLED), 31);
	assert_int_equal(of_function(&made, "key", EV_MEASURE_OWN), 8);
	/* Of native code it is told what is a line's of Python as well. */
	assert_int_equal(of_function(&made, "sum", EV_MEASURE_OWN), 50);
	assert_int_equal(of_function(&made, "sum", EV_MEASURE_NATIVE), 18);
	assert_true(made.lines.functions.items[function_of(&made, "work")].python);
	assert_false(made.lines.functions.items[function_of(&made, "sum")].python);
	adds_up(&made);
	made_done(&made);
}

static void inlined_lines_are_their_own_functions_and_count_where_they_went(void **state)
{
	struct made made = { .it = invented_open() };
	(void)state;
	invented_add(&made.it, "main@3 in<one@10", 6, 60);
	invented_add(&made.it, "main@3 in<two@10", 2, 20);
	invented_add(&made.it, "main@3 in@10", 1, 10);
	invented_add(&made.it, "main@3 one@12", 3, 30);
	build(&made, false, NULL);
	/* Out of line or not, it is one function. */
	assert_int_equal(of(&made, "in", 10, EV_MEASURE_SELF), 9);
	assert_int_equal(of_function(&made, "one", EV_MEASURE_SELF), 3);
	assert_int_equal(of_function(&made, "one", EV_MEASURE_INLINED), 9);
	assert_int_equal(of(&made, "one", 10, EV_MEASURE_INLINED), 6);
	adds_up(&made);

	size_t line = line_of(&made, "in", 10);
	const struct ev_line *in = &made.lines.lines.items[line];
	assert_int_equal(in->link_count, 2);
	const struct ev_line_link *links = &made.lines.links.items[in->first_link];
	assert_int_equal(links[0].kind, EV_LINK_INTO);
	assert_string_equal(text(&made, links[0].name), "one");
	assert_int_equal(ev_line_link_weight(&made.lines, in->first_link)[0].samples, 6);
	assert_string_equal(text(&made, links[1].name), "two");
	assert_int_equal(ev_line_link_weight(&made.lines, in->first_link + 1)[0].period, 20);

	line = line_of(&made, "one", 10);
	const struct ev_line *host = &made.lines.lines.items[line];
	assert_int_equal(host->link_count, 1);
	assert_int_equal(made.lines.links.items[host->first_link].kind, EV_LINK_HERE);
	assert_string_equal(text(&made, made.lines.links.items[host->first_link].name), "in");
	made_done(&made);
}

static void by_file_a_line_is_one_in_all_its_functions(void **state)
{
	struct made made = { .it = invented_open() };
	(void)state;
	invented_add(&made.it, "add_int@10", 3, 30);
	invented_add(&made.it, "add_long@10", 1, 10);
	invented_add(&made.it, "?1", 2, 20);
	build(&made, true, NULL);
	assert_int_equal(of(&made, "/src/prog.c", 10, EV_MEASURE_SELF), 4);
	const struct ev_line *line = &made.lines.lines.items[line_of(&made, "/src/prog.c", 10)];
	uint32_t instances = 0;
	for (uint32_t i = 0; i < line->link_count; i++)
		instances += made.lines.links.items[line->first_link + i].kind == EV_LINK_OF;
	assert_int_equal(instances, 2);
	/* What has no line is in no file. */
	assert_int_equal(of_function(&made, "", EV_MEASURE_SELF), 2);
	adds_up(&made);
	made_done(&made);
}

static void events_are_kept_apart_and_filters_say_whose_samples_count(void **state)
{
	struct made made = { .it = invented_open() };
	struct ev_profile *profile = made.it.profile;
	struct ev_filter filter = { .pids = "7" };
	(void)state;
	ev_profile_add(profile, invented_tag_in(profile, 0, "prog", 7),
		       invented_stack(&made.it, "work@4"), 1, 100);
	ev_profile_add(profile, invented_tag_in(profile, 1, "prog", 7),
		       invented_stack(&made.it, "work@4"), 2, 5);
	ev_profile_add(profile, invented_tag_in(profile, 1, "prog", 8),
		       invented_stack(&made.it, "work@4"), 50, 50);
	build(&made, false, &filter);
	const struct ev_weight *weight =
		ev_line_weight(&made.lines, line_of(&made, "work", 4), EV_MEASURE_SELF);
	assert_int_equal(made.lines.event_count, 2);
	assert_int_equal(weight[0].period, 100);
	assert_int_equal(weight[1].samples, 2);
	assert_int_equal(made.lines.totals[1].samples, 2);
	adds_up(&made);
	made_done(&made);
}

static void a_filter_of_objects_marks_functions_and_changes_no_weight(void **state)
{
	struct made made = { .it = invented_open() };
	struct ev_filter filter = { .objects = "lib.so" };
	(void)state;
	invented_add(&made.it, "main@4 lib:read@5", 1, 1);
	build(&made, false, &filter);
	assert_true(made.lines.functions.items[function_of(&made, "read")].passes);
	assert_false(made.lines.functions.items[function_of(&made, "main")].passes);
	assert_int_equal(of_function(&made, "main", EV_MEASURE_CALLED), 1);
	made_done(&made);
}

static void samples_without_frames_and_without_lines_are_in_the_sums(void **state)
{
	struct made made = { .it = invented_open() };
	(void)state;
	invented_add(&made.it, "", 3, 30);
	invented_add(&made.it, "?7", 2, 20);
	build(&made, false, NULL);
	uint64_t sum = 0;
	for (size_t i = 0; i < made.lines.functions.count; i++)
		sum += ev_line_function_weight(&made.lines, i, EV_MEASURE_CALLED)[0].samples;
	assert_int_equal(sum, 5);
	adds_up(&made);
	made_done(&made);
}

static void a_profile_without_samples_has_no_weight(void **state)
{
	struct made made = { .it = invented_open() };
	(void)state;
	build(&made, false, NULL);
	assert_int_equal(made.lines.totals[0].samples, 0);
	adds_up(&made);
	made_done(&made);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sample_counts_for_its_own_line_and_those_of_its_callers),
		cmocka_unit_test(a_line_counts_once_per_stack_however_deep_it_recurses),
		cmocka_unit_test(what_is_below_a_line_of_python_is_its_own_as_well),
		cmocka_unit_test(inlined_lines_are_their_own_functions_and_count_where_they_went),
		cmocka_unit_test(by_file_a_line_is_one_in_all_its_functions),
		cmocka_unit_test(events_are_kept_apart_and_filters_say_whose_samples_count),
		cmocka_unit_test(a_filter_of_objects_marks_functions_and_changes_no_weight),
		cmocka_unit_test(samples_without_frames_and_without_lines_are_in_the_sums),
		cmocka_unit_test(a_profile_without_samples_has_no_weight),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
