/* Files of a simulator as totals and as costs per task and instruction. */
#include "simulated.h"

static struct ev_simulation_options options;

static struct ev_simulation *begin(bool rows)
{
	options = (struct ev_simulation_options){ .events = two_events(),
						  .event_count = rows ? 2 : 0 };
	return made_up_simulation(&options);
}

static void threads_and_processes_add_up(void **state)
{
	struct ev_simulation *simulation = begin(false);
	struct ev_simulation_result result;
	struct ev_err err = { 0 };
	(void)state;
	leave(simulation, "cost.5", "");
	leave(simulation, "cost.5-01",
	      HEAD(5, "./a", 1) "fn=(1) f\n0x10 7 1\n+4 3\ntotals: 10 1\n");
	leave(simulation, "cost.5-02", HEAD(5, "./a", 2) "fn=(1) f\n0x10 2 0 0 0 1\ntotals: 2\n");
	leave(simulation, "cost.6", "");
	leave(simulation, "cost.6-01", HEAD(6, "./b", 1) "fn=(1) g\n0x10 1\ntotals: 1\n");
	assert_int_equal(ev_simulation_read(simulation, &result, &err), 0);
	assert_int_equal(result.totals[EV_COST_IR], 13);
	assert_int_equal(result.totals[EV_COST_DR], 1);
	assert_int_equal(result.totals[EV_COST_D1MR], 1);
	assert_int_equal(result.processes, 2);
	assert_int_equal(result.threads, 3);
	assert_string_equal(result.simulator, "callgrind 9.8");
	assert_string_equal(result.trouble, "");
	assert_int_equal(simulation->rows.count, 0);
	ev_simulation_close(simulation);
}

static void parts_of_one_thread_are_one_row_for_each_instruction(void **state)
{
	struct ev_simulation *simulation = begin(true);
	struct ev_simulation_result result;
	struct ev_err err = { 0 };
	(void)state;
	leave(simulation, "kept.0",
	      HEAD(5, "./a", 1) "ob=(1) /a\nfn=(1) f\n0x10 7 4 0 0 2\n+4 0 4\ntotals: 7\n");
	leave(simulation, "cost.5-01",
	      HEAD(5, "./a", 1) "ob=(1) /a\nfn=(1) f\n0x10 3 4 0 0 1\nfn=(2) g\n* 1\ntotals: 4\n");
	assert_int_equal(ev_simulation_read(simulation, &result, &err), 0);
	/* The one that only read data has no cost of these events. */
	assert_int_equal(simulation->rows.count, 1);
	assert_int_equal(simulation->rows.items[0].address, 0x10);
	assert_int_equal(simulation->costs.items[0], 11);
	assert_int_equal(simulation->costs.items[1], 3);
	assert_false(ev_simulation_has_order(simulation));
	ev_simulation_close(simulation);
}

static void programs_of_one_process_stay_apart_in_their_order(void **state)
{
	struct ev_simulation *simulation = begin(true);
	struct ev_simulation_result result;
	struct ev_err err = { 0 };
	(void)state;
	leave(simulation, "kept.0",
	      HEAD(5, "sh -c x", 1) "ob=(1) /sh\nfn=(1) f\n0x10 7\ntotals: 7\n");
	leave(simulation, "cost.5-01",
	      HEAD(5, "./x", 1) "ob=(1) /x\nfn=(1) f\n0x10 3\ntotals: 3\n");
	assert_int_equal(ev_simulation_read(simulation, &result, &err), 0);
	assert_int_equal(result.threads, 1);
	assert_int_equal(simulation->tasks.count, 2);
	assert_int_equal(simulation->tasks.items[0].order, 0);
	assert_int_equal(simulation->tasks.items[1].order, 1);
	assert_string_equal(ev_strings_text(simulation->strings,
					    simulation->tasks.items[1].command),
			    "./x");
	assert_true(ev_simulation_has_order(simulation));
	ev_simulation_close(simulation);
}

static void damaged_and_unfinished_results_are_kept_and_told(void **state)
{
	static const struct {
		const char *text, *why;
		uint64_t instructions;
	} cases[] = {
		{ HEAD(5, "./a", 1) "fn=(1) f\n0x10 7\n+4 x\n", "line 10", 7 },
		{ HEAD(5, "./a", 1) "fn=(1) f\n0x10 7\n", "ends early", 7 },
		{ "events: Ir\npositions: line\nfn=f\n1 7\ntotals: 7\n", "no addresses", 7 },
	};
	(void)state;
	for (size_t i = 0; i < EV_LENGTH(cases); i++) {
		struct ev_simulation *simulation = begin(true);
		struct ev_simulation_result result;
		struct ev_err err = { 0 };
		leave(simulation, "cost.5-01", cases[i].text);
		assert_int_equal(ev_simulation_read(simulation, &result, &err), 0);
		assert_int_equal(result.totals[EV_COST_IR], cases[i].instructions);
		assert_non_null(strstr(result.trouble, "partial"));
		assert_non_null(strstr(result.trouble, cases[i].why));
		ev_simulation_close(simulation);
	}
}

static void a_process_that_left_nothing_is_told(void **state)
{
	struct ev_simulation *simulation = begin(false);
	struct ev_simulation_result result;
	struct ev_err err = { 0 };
	(void)state;
	leave(simulation, "cost.5", "");
	leave(simulation, "cost.6", "");
	leave(simulation, "cost.5-01", HEAD(5, "./a", 1) "fn=(1) f\n0x10 7\ntotals: 7\n");
	assert_int_equal(ev_simulation_read(simulation, &result, &err), 0);
	assert_non_null(strstr(result.trouble, "1 of 2 processes"));
	ev_simulation_close(simulation);
}

/* A child's counts begin with its parent's, unless that one wrote them down as it forked. */
static void counts_that_a_child_took_along_are_told(void **state)
{
	static const char log[] = "==5== Parent PID: 3\n--5-- Reading syms from /a\n"
				  "--5--    svma 0x10, avma 0x20\n";
	(void)state;
	for (int divided = 0; divided < 2; divided++) {
		struct ev_simulation *simulation = begin(false);
		struct ev_simulation_result result;
		struct ev_err err = { 0 };
		leave(simulation, "log.5", log);
		leave(simulation, "log.6", "==6== Parent PID: 5\n");
		if (divided)
			leave(simulation, "kept.0",
			      HEAD(5, "./a", 1) "fn=(1) f\n0x10 7\ntotals: 7\n");
		leave(simulation, "cost.5-01", HEAD(5, "./a", 1) "fn=(1) f\n0x10 1\ntotals: 1\n");
		leave(simulation, "cost.6-01", HEAD(6, "./a", 1) "fn=(1) f\n0x10 9\ntotals: 9\n");
		assert_int_equal(ev_simulation_read(simulation, &result, &err), 0);
		assert_int_equal(!strstr(result.trouble, "1 forked process hold"), divided);
		ev_simulation_close(simulation);
	}
}

static void an_instruction_that_the_simulator_does_not_know_is_told(void **state)
{
	struct ev_simulation *simulation = begin(false);
	struct ev_simulation_result result;
	struct ev_err err = { 0 };
	(void)state;
	leave(simulation, "log.5",
	      "==5== Parent PID: 3\nvex amd64->IR: unhandled instruction bytes: 0x62\n");
	leave(simulation, "cost.5-01", HEAD(5, "./a", 1) "fn=(1) f\n0x10 7\ntotals: 7\n");
	assert_int_equal(ev_simulation_read(simulation, &result, &err), 0);
	assert_non_null(strstr(result.trouble, "SIGILL"));
	assert_int_equal(*ev_map_find(&simulation->parents, 5, 0), 3);
	ev_simulation_close(simulation);
}

static void nothing_at_all_is_a_failure(void **state)
{
	struct ev_simulation *simulation = begin(false);
	struct ev_simulation_result result;
	struct ev_err err = { 0 };
	(void)state;
	leave(simulation, "cost.5", "");
	assert_int_equal(ev_simulation_read(simulation, &result, &err), -ENODATA);
	assert_non_null(strstr(err.text, "no counts"));
	ev_simulation_close(simulation);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(threads_and_processes_add_up),
		cmocka_unit_test(parts_of_one_thread_are_one_row_for_each_instruction),
		cmocka_unit_test(programs_of_one_process_stay_apart_in_their_order),
		cmocka_unit_test(damaged_and_unfinished_results_are_kept_and_told),
		cmocka_unit_test(a_process_that_left_nothing_is_told),
		cmocka_unit_test(counts_that_a_child_took_along_are_told),
		cmocka_unit_test(an_instruction_that_the_simulator_does_not_know_is_told),
		cmocka_unit_test(nothing_at_all_is_a_failure),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
