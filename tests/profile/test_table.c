/* Rows of flat tables: what they are keyed by, what they add up to, which pass the filters. */
#include <errno.h>
#include <evprof/tables.h>
#include "invented.h"

#define SYM_ONLY (const enum ev_key[]){ EV_KEY_SYMBOL }, 1

struct made {
	struct invented it;
	struct ev_named *named;
	struct ev_table table;
	struct ev_buffer text;
};

static void build(struct made *made, const enum ev_key *keys, size_t count, bool children,
		  const struct ev_filter *filter)
{
	if (!made->named)
		made->named = invented_name_all(&made->it, EV_SYMBOL_LINES, false);
	ev_table_done(&made->table);
	struct ev_err err = { 0 };
	assert_int_equal(ev_table_build(&made->table, made->named, keys, count, children, filter,
					&err),
			 0);
}

static void made_done(struct made *made)
{
	ev_table_done(&made->table);
	ev_named_close(made->named);
	ev_buffer_done(&made->text);
	invented_done(&made->it);
}

/* "children/self key key, …" of event 0, in the order of the rows. */
static const char *rows(struct made *made)
{
	made->text.size_bytes = 0;
	for (size_t i = 0; i < made->table.row_count; i++) {
		const struct ev_row *row = &made->table.rows[i];
		ev_buffer_printf(&made->text, "%s", i ? ", " : "");
		if (row->children)
			ev_buffer_printf(&made->text, "%lu/", (unsigned long)row->children[0]);
		ev_buffer_printf(&made->text, "%lu", (unsigned long)row->period[0]);
		for (size_t k = 0; k < made->table.key_count; k++)
			ev_buffer_printf(&made->text, " %s",
					 ev_row_text(&made->table, made->named, row, k));
	}
	ev_buffer_u8(&made->text, 0);
	return (const char *)made->text.bytes;
}

static void rows_are_by_falling_weight_then_by_name(void **state)
{
	(void)state;
	struct made made = { .it = invented_open() };
	invented_add(&made.it, "main c", 1, 10);
	invented_add(&made.it, "main b", 1, 10);
	invented_add(&made.it, "main a", 1, 5);
	invented_add(&made.it, "other a", 1, 15);
	build(&made, SYM_ONLY, false, NULL);
	assert_string_equal(rows(&made), "20 a, 10 b, 10 c");
	assert_int_equal(made.table.total_period[0], 40);
	assert_int_equal(made.table.total_samples[0], 4);
	made_done(&made);
}

static void names_that_begin_alike_are_in_order_however_long(void **state)
{
	(void)state;
	static const char alike[] = "abcdefgh";
	struct made made = { .it = invented_open() };
	/* "", "abcdefgh", … and each with a letter behind; the longest before the shortest. */
	for (int length = 60; length >= 0; length--)
		for (char last = 'c'; last >= 'a'; last--) {
			struct ev_buffer name = { 0 };
			ev_buffer_printf(&name, "main n");
			for (int i = 0; i < length; i++)
				ev_buffer_add(&name, alike, 8);
			ev_buffer_printf(&name, "%c", last);
			ev_buffer_u8(&name, 0);
			invented_add(&made.it, (const char *)name.bytes, 1, 10);
			ev_buffer_done(&name);
		}
	build(&made, SYM_ONLY, false, NULL);
	assert_int_equal(made.table.row_count, 3 * 61);
	for (size_t i = 1; i < made.table.row_count; i++)
		assert_true(strcmp(ev_row_text(&made.table, made.named, &made.table.rows[i - 1], 0),
				   ev_row_text(&made.table, made.named, &made.table.rows[i], 0)) <
			    0);
	made_done(&made);
}

static void a_function_counts_once_per_stack_however_deep_it_recurses(void **state)
{
	(void)state;
	struct made made = { .it = invented_open() };
	invented_add(&made.it, "main fib fib fib", 1, 10);
	invented_add(&made.it, "main fib even odd even", 1, 5);
	invented_add(&made.it, "main", 1, 1);
	build(&made, SYM_ONLY, true, NULL);
	assert_string_equal(rows(&made), "16/1 main, 15/10 fib, 5/5 even, 5/0 odd");
	assert_int_equal(made.table.rows[1].children_samples[0], 2);
	made_done(&made);
}

static void a_library_counts_once_per_stack_too(void **state)
{
	(void)state;
	struct made made = { .it = invented_open() };
	enum ev_key key = EV_KEY_OBJECT;
	invented_add(&made.it, "main lib:read lib:copy main lib:read", 1, 10);
	invented_add(&made.it, "main k:idle", 1, 3);
	build(&made, &key, 1, true, NULL);
	assert_string_equal(rows(&made), "13/0 prog, 10/10 lib.so, 3/3 [kernel.kallsyms]");
	made_done(&made);
}

static void commands_and_processes_keep_their_rows(void **state)
{
	(void)state;
	struct made made = { .it = invented_open() };
	struct ev_profile *profile = made.it.profile;
	enum ev_key keys[] = { EV_KEY_COMM, EV_KEY_SYMBOL };
	uint32_t stack = invented_stack(&made.it, "main work");
	ev_profile_add(profile, invented_tag_in(profile, 0, "one", 1), stack, 1, 10);
	ev_profile_add(profile, invented_tag_in(profile, 0, "one", 2), stack, 1, 20);
	ev_profile_add(profile, invented_tag_in(profile, 0, "two", 3), stack, 1, 5);
	build(&made, keys, 2, true, NULL);
	assert_string_equal(rows(&made),
			    "30/0 one main, 30/30 one work, 5/0 two main, 5/5 two work");
	keys[0] = EV_KEY_PID;
	build(&made, keys, 1, false, NULL);
	assert_string_equal(rows(&made), "20 2:one, 10 1:one, 5 3:two");
	keys[0] = EV_KEY_COMM;
	build(&made, keys, 1, true, NULL);
	assert_string_equal(rows(&made), "30/30 one, 5/5 two");
	made_done(&made);
}

/* A program is first called what its parent was called. */
static void a_process_is_called_as_it_was_last(void **state)
{
	(void)state;
	struct made made = { .it = invented_open() };
	struct ev_profile *profile = made.it.profile;
	enum ev_key keys[] = { EV_KEY_PID };
	uint32_t stack = invented_stack(&made.it, "main");
	ev_profile_add(profile, invented_tag_in(profile, 0, "sh", 9), stack, 1, 1);
	ev_profile_add(profile, invented_tag_in(profile, 0, "sorts", 9), stack, 1, 7);
	build(&made, keys, 1, false, NULL);
	assert_string_equal(rows(&made), "8 9:sorts");
	made_done(&made);
}

static void events_have_weights_of_their_own(void **state)
{
	(void)state;
	struct made made = { .it = invented_open() };
	struct ev_profile *profile = made.it.profile;
	uint32_t stack = invented_stack(&made.it, "main work");
	ev_profile_add(profile, invented_tag_in(profile, 0, "x", 1), stack, 1, 10);
	ev_profile_add(profile, invented_tag_in(profile, 1, "x", 1), stack, 3, 400);
	ev_profile_add(profile, invented_tag_in(profile, 1, "x", 1),
		       invented_stack(&made.it, "main"), 1, 50);
	build(&made, SYM_ONLY, true, NULL);
	assert_int_equal(made.table.event_count, 2);
	assert_string_equal(rows(&made), "10/0 main, 10/10 work");
	assert_int_equal(made.table.rows[0].children[1], 450);
	assert_int_equal(made.table.rows[0].period[1], 50);
	assert_int_equal(made.table.rows[1].samples[1], 3);
	assert_int_equal(made.table.total_period[1], 450);
	made_done(&made);
}

static void cpus_and_times_have_texts(void **state)
{
	(void)state;
	struct made made = { .it = invented_open() };
	struct ev_profile *profile = made.it.profile;
	enum ev_key keys[] = { EV_KEY_CPU, EV_KEY_TIME, EV_KEY_TID };
	struct ev_tag tag = { .cpu = 4, .slice = 12539, .tid = 77 };
	profile->slice_ns = 100000000;
	ev_profile_add(profile, ev_profile_tag(profile, &tag), invented_stack(&made.it, "main"), 1,
		       1);
	build(&made, keys, 3, false, NULL);
	assert_string_equal(rows(&made), "1 003 1253.800000 77");
	made_done(&made);
}

static void lines_and_files_are_short(void **state)
{
	(void)state;
	struct made made = { .it = invented_open() };
	enum ev_key keys[] = { EV_KEY_SRCLINE, EV_KEY_SRCFILE };
	invented_add(&made.it, "main@12", 1, 3);
	invented_add(&made.it, "main@14", 1, 2);
	invented_add(&made.it, "?5", 1, 1);
	made.named = invented_name_all(&made.it, EV_SYMBOL_LINES, true);
	build(&made, keys, 2, false, NULL);
	assert_string_equal(rows(&made), "3 prog.c:12 prog.c, 2 prog.c:14 prog.c, "
					 "1 prog[0x0000000000002001] ");
	made_done(&made);
}

/* Functions of two objects with one name are two functions. */
static void equal_names_of_two_objects_stay_apart(void **state)
{
	(void)state;
	struct made made = { .it = invented_open() };
	invented_add(&made.it, "main read", 1, 10);
	invented_add(&made.it, "main lib:read", 1, 20);
	build(&made, SYM_ONLY, false, NULL);
	assert_string_equal(rows(&made), "20 read, 10 read");
	made_done(&made);
}

static void filters_let_named_things_through(void **state)
{
	(void)state;
	static const struct {
		struct ev_filter filter;
		const char *rows;
		unsigned total;
	} cases[] = {
		{ { .comms = "two" }, "5 lib.so read", 5 },
		{ { .comms = "two,nobody" }, "5 lib.so read", 5 },
		{ { .comms = "nobody" }, "", 0 },
		{ { .objects = "lib.so" }, "25 lib.so read", 25 },
		{ { .objects = "prog,lib.so" },
		  "25 lib.so read, 10 prog work, 1 prog 0x0000000000004001",
		  36 },
		{ { .symbols = "work" }, "10 prog work", 10 },
		{ { .symbol_part = "or" }, "10 prog work", 10 },
		{ { .pids = "2-3" }, "20 lib.so read", 20 },
		{ { .tids = "1" }, "10 prog work, 5 lib.so read, 1 prog 0x0000000000004001", 16 },
		{ { .hide_unresolved = true }, "25 lib.so read, 10 prog work", 35 },
		{ { .comms = "two", .absolute = true }, "5 lib.so read", 36 },
	};
	struct made made = { .it = invented_open() };
	struct ev_profile *profile = made.it.profile;
	enum ev_key keys[] = { EV_KEY_OBJECT, EV_KEY_SYMBOL };
	uint32_t one = invented_tag_in(profile, 0, "one", 1);
	ev_profile_add(profile, one, invented_stack(&made.it, "main work"), 1, 10);
	ev_profile_add(profile, invented_tag_in(profile, 0, "one", 2),
		       invented_stack(&made.it, "main lib:read"), 1, 20);
	ev_profile_add(profile, invented_tag_in(profile, 0, "two", 1),
		       invented_stack(&made.it, "main lib:read"), 1, 5);
	ev_profile_add(profile, one, invented_stack(&made.it, "main ?1"), 1, 1);
	for (size_t i = 0; i < EV_LENGTH(cases); i++) {
		build(&made, keys, 2, false, &cases[i].filter);
		assert_string_equal(rows(&made), cases[i].rows);
		assert_int_equal(made.table.total_period[0], cases[i].total);
	}
	made_done(&made);
}

static void cpus_are_filtered_by_number(void **state)
{
	(void)state;
	struct made made = { .it = invented_open() };
	struct ev_profile *profile = made.it.profile;
	enum ev_key key = EV_KEY_CPU;
	for (uint32_t cpu = 0; cpu < 4; cpu++) {
		struct ev_tag tag = { .cpu = cpu + 1 };
		ev_profile_add(profile, ev_profile_tag(profile, &tag),
			       invented_stack(&made.it, "main"), 1, 10 + cpu);
	}
	build(&made, &key, 1, false, &(struct ev_filter){ .cpus = "0,2-3" });
	assert_string_equal(rows(&made), "13 003, 12 002, 10 000");
	made_done(&made);
}

/* In a table with children a stack counts as soon as something in it passes. */
static void filtered_children_are_part_of_the_stacks_they_are_in(void **state)
{
	(void)state;
	struct made made = { .it = invented_open() };
	invented_add(&made.it, "main work", 1, 10);
	invented_add(&made.it, "start idle", 1, 20);
	build(&made, SYM_ONLY, true, &(struct ev_filter){ .symbols = "main" });
	assert_string_equal(rows(&made), "10/0 main");
	assert_int_equal(made.table.total_period[0], 10);
	made_done(&made);
}

static void bad_numbers_in_a_filter_are_refused(void **state)
{
	(void)state;
	struct made made = { .it = invented_open() };
	struct ev_err err = { 0 };
	static const struct ev_filter bad[] = { { .pids = "x" },
						{ .cpus = "0-4294967295" },
						{ .tids = "1,,2" } };
	made.named = invented_name_all(&made.it, 0, false);
	for (size_t i = 0; i < EV_LENGTH(bad); i++) {
		assert_int_equal(ev_table_build(&made.table, made.named, SYM_ONLY, false, &bad[i],
						&err),
				 -EINVAL);
		ev_table_done(&made.table);
	}
	assert_non_null(strstr(err.text, "--tid"));
	made_done(&made);
}

static void samples_without_frames_have_a_row(void **state)
{
	(void)state;
	struct made made = { .it = invented_open() };
	enum ev_key keys[] = { EV_KEY_OBJECT, EV_KEY_SYMBOL };
	invented_add(&made.it, "", 1, 3);
	invented_add(&made.it, "main", 1, 2);
	build(&made, keys, 2, true, NULL);
	assert_string_equal(rows(&made), "3/3 [unknown] [unknown], 2/2 prog main");
	build(&made, keys, 2, false, NULL);
	assert_string_equal(rows(&made), "3 [unknown] [unknown], 2 prog main");
	made_done(&made);
}

static void an_empty_profile_has_no_rows(void **state)
{
	(void)state;
	struct made made = { .it = invented_open() };
	build(&made, SYM_ONLY, true, NULL);
	assert_int_equal(made.table.row_count, 0);
	assert_int_equal(made.table.total_period[0], 0);
	made_done(&made);
}

/* Random stacks against the plainest way to count: for every function look through every stack. */
static void totals_are_those_of_counting_by_hand(void **state)
{
	(void)state;
	enum { STACKS = 400, FUNCTIONS = 9, DEPTH = 14 };
	struct made made = { .it = invented_open() };
	uint64_t self[FUNCTIONS] = { 0 }, all[FUNCTIONS] = { 0 }, total = 0;
	for (unsigned i = 0; i < STACKS; i++) {
		char words[DEPTH * 4 + 1] = "";
		unsigned depth = 1 + ev_hash64(i) % DEPTH, seen = 0, leaf = 0;
		uint64_t weight = ev_hash64(i + 1000) % 50;
		for (unsigned d = 0; d < depth; d++) {
			leaf = ev_hash64(i * 64 + d) % FUNCTIONS;
			seen |= 1u << leaf;
			snprintf(words + strlen(words), 5, "f%u ", leaf);
		}
		for (unsigned f = 0; f < FUNCTIONS; f++)
			if (seen & 1u << f)
				all[f] += weight;
		self[leaf] += weight;
		total += weight;
		invented_add(&made.it, words, 1, weight);
	}
	build(&made, SYM_ONLY, true, NULL);
	assert_int_equal(made.table.row_count, FUNCTIONS);
	uint64_t sum = 0;
	for (size_t i = 0; i < made.table.row_count; i++) {
		const struct ev_row *row = &made.table.rows[i];
		unsigned f = (unsigned)atoi(ev_row_text(&made.table, made.named, row, 0) + 1);
		assert_int_equal(row->period[0], self[f]);
		assert_int_equal(row->children[0], all[f]);
		assert_true(!i || row->children[0] <= row[-1].children[0]);
		sum += row->period[0];
	}
	assert_int_equal(sum, total);
	assert_int_equal(made.table.total_period[0], total);
	made_done(&made);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_by_falling_weight_then_by_name),
		cmocka_unit_test(names_that_begin_alike_are_in_order_however_long),
		cmocka_unit_test(a_function_counts_once_per_stack_however_deep_it_recurses),
		cmocka_unit_test(a_library_counts_once_per_stack_too),
		cmocka_unit_test(commands_and_processes_keep_their_rows),
		cmocka_unit_test(a_process_is_called_as_it_was_last),
		cmocka_unit_test(events_have_weights_of_their_own),
		cmocka_unit_test(cpus_and_times_have_texts),
		cmocka_unit_test(lines_and_files_are_short),
		cmocka_unit_test(equal_names_of_two_objects_stay_apart),
		cmocka_unit_test(filters_let_named_things_through),
		cmocka_unit_test(cpus_are_filtered_by_number),
		cmocka_unit_test(filtered_children_are_part_of_the_stacks_they_are_in),
		cmocka_unit_test(bad_numbers_in_a_filter_are_refused),
		cmocka_unit_test(samples_without_frames_have_a_row),
		cmocka_unit_test(an_empty_profile_has_no_rows),
		cmocka_unit_test(totals_are_those_of_counting_by_hand),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
