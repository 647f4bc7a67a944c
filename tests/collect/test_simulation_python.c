/* Contexts of a simulator's functions, and what agents have told, as Python's functions. */
#include "python_agent.h"
#include "simulated.h"
#include "simulation_python.h"

#define OUTER "0x0000030000000000"
#define INNER "0x0000030000000020"
#define MAIN "(below main)"

static struct ev_simulation_options options;
static struct ev_python_functions *functions;

static struct ev_simulation *begin(unsigned callers)
{
	functions = ev_python_functions_open();
	options = (struct ev_simulation_options){
		.events = two_events(), .event_count = 2, .callers = callers, .python = functions
	};
	struct ev_simulation *simulation = made_up_simulation(&options);
	simulation->python = ev_simulated_python_open(functions, callers);
	return simulation;
}

static void end(struct ev_simulation *simulation)
{
	ev_simulation_close(simulation);
	ev_python_functions_close(functions);
}

/* As an agent writes it; how many bytes. */
static size_t function_of(uint8_t *out, uint64_t address, const char *name, uint32_t first_line)
{
	static const char file[] = "/x.py";
	struct python_agent_function head = { .first_line = first_line,
					      .address = address,
					      .name_bytes = (uint32_t)strlen(name),
					      .file_bytes = (uint32_t)strlen(file) };
	size_t all = (sizeof(head) + head.name_bytes + head.file_bytes + 7) & ~(size_t)7;
	memset(out, 0, all);
	head.size_bytes = (uint32_t)all;
	memcpy(out, &head, sizeof(head));
	memcpy(out + sizeof(head), name, head.name_bytes);
	memcpy(out + sizeof(head) + head.name_bytes, file, head.file_bytes);
	return all;
}

static void tell(struct ev_simulation *simulation, uint32_t pid, const char *outer,
		 const char *inner)
{
	uint8_t bytes[256];
	size_t count = function_of(bytes, 0x30000000000, outer, 1);
	count += function_of(bytes + count, 0x30000000020, inner, 9);
	ev_simulated_python_read(simulation->python, bytes, count, pid, 0);
}

static void read_all(struct ev_simulation *simulation)
{
	struct ev_simulation_result result;
	struct ev_err err = { 0 };
	assert_int_equal(ev_simulation_read(simulation, &result, &err), 0);
}

/* The functions of a row, outermost last, as "inner;outer;0x10". */
static void expect_chain(struct ev_simulation *simulation, size_t row, const char *expected)
{
	struct ev_simulated_frame frames[32];
	struct ev_buffer text = { 0 };
	bool is_python;
	size_t count = ev_simulated_python_chain(simulation, &simulation->rows.items[row], frames,
						 EV_LENGTH(frames), &is_python);
	if (!is_python)
		ev_buffer_printf(&text, "native;");
	for (size_t i = 0; i < count; i++) {
		struct ev_python_line line;
		if (!frames[i].python)
			ev_buffer_printf(&text, "0x%llx;", (unsigned long long)frames[i].address);
		else if (ev_python_line_find(functions, frames[i].python, &line))
			ev_buffer_printf(&text, "%s:%u;", line.name, line.line);
	}
	ev_buffer_u8(&text, 0);
	assert_string_equal((char *)text.bytes, expected);
	ev_buffer_done(&text);
}

static void costs_belong_to_the_functions_whose_calls_stand_in_their_context(void **state)
{
	struct ev_simulation *simulation = begin(8);
	(void)state;
	tell(simulation, 5, "outer", "inner");
	leave(simulation, "cost.5-01",
	      HEAD(5, "./python3",
		   1) "ob=(1) ???\nfn=(1) " INNER "'evprof_python_call'" OUTER "'" MAIN
		      "\n0x30000000020 7\n+4 1\nfn=(2) " OUTER "'" MAIN "\n0x30000000000 3\n"
		      "ob=(2) /c\nfn=(3) fork'" OUTER "'" MAIN "\n0x40 2\nfn=(4) " MAIN "\n0x10 2\n"
		      "totals: 15\n");
	read_all(simulation);
	assert_int_equal(simulation->rows.count, 4); /* a function's instructions are one */
	assert_int_equal(simulation->costs.items[0], 8);
	expect_chain(simulation, 0, "inner:9;outer:1;0x10;");
	expect_chain(simulation, 1, "outer:1;0x10;");
	expect_chain(simulation, 2, "native;outer:1;0x10;");
	expect_chain(simulation, 3, "native;");
	struct ev_simulation_python tally;
	ev_simulation_python_tally(simulation, &tally);
	assert_int_equal(tally.programs, 1);
	assert_int_equal(tally.functions, 2);
	assert_false(tally.cut);
	end(simulation);
}

static void above_what_is_kept_apart_the_shortest_way_leads_out(void **state)
{
	struct ev_simulation *simulation = begin(2);
	(void)state;
	tell(simulation, 5, "outer", "inner");
	leave(simulation, "cost.5-01",
	      HEAD(5, "./python3", 1) "ob=(1) ???\nfn=(1) " INNER "'" INNER "'" INNER
				      "\n0x30000000020 7\n"
				      "cfn=(1)\ncalls=100 0x30000000020\n* 7\n"
				      "fn=(2) " INNER "'" INNER "'" OUTER "\n0x30000000020 3\n"
				      "cfn=(1)\ncalls=1 0x30000000020\n* 7\n"
				      "fn=(3) " INNER "'" OUTER "\n0x30000000020 3\n"
				      "cfn=(2)\ncalls=1 0x30000000020\n* 7\n"
				      "totals: 15\n");
	read_all(simulation);
	expect_chain(simulation, 0, "inner:9;inner:9;inner:9;outer:1;");
	struct ev_simulation_python tally;
	ev_simulation_python_tally(simulation, &tally);
	assert_true(tally.cut);
	end(simulation);
}

static void a_forked_child_has_its_parents_functions_and_its_own(void **state)
{
	struct ev_simulation *simulation = begin(8);
	uint8_t bytes[128];
	(void)state;
	tell(simulation, 5, "outer", "inner");
	size_t count = function_of(bytes, 0x30000000020, "childs", 4);
	ev_simulated_python_read(simulation->python, bytes, count, 6, 0);
	leave(simulation, "log.6", "--6-- Parent PID: 5\n");
	leave(simulation, "cost.6-01",
	      HEAD(6, "./python3", 1) "ob=(1) ???\nfn=(1) " INNER "'" OUTER
				      "\n0x30000000020 7\ntotals: 7\n");
	read_all(simulation);
	expect_chain(simulation, 0, "childs:4;outer:1;");
	end(simulation);
}

static void damaged_words_of_an_agent_end_what_is_known(void **state)
{
	struct ev_simulation *simulation = begin(8);
	struct ev_simulation_python tally;
	uint8_t bytes[256];
	(void)state;
	size_t first = function_of(bytes, 0x30000000000, "outer", 1);
	size_t both = first + function_of(bytes + first, 0, "only because", 1);
	for (size_t cut = 0; cut < both; cut++)
		ev_simulated_python_read(simulation->python, bytes, cut, 5, 0);
	ev_simulation_python_tally(simulation, &tally);
	assert_int_equal(tally.functions, 1);
	assert_string_equal(tally.why, "");
	ev_simulated_python_read(simulation->python, bytes, both, 5, 0);
	ev_simulation_python_tally(simulation, &tally);
	assert_string_equal(tally.why, "only because");
	memset(bytes, 255, 64); /* sizes without bounds */
	ev_simulated_python_read(simulation->python, bytes, both, 5, 0);
	end(simulation);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(costs_belong_to_the_functions_whose_calls_stand_in_their_context),
		cmocka_unit_test(above_what_is_kept_apart_the_shortest_way_leads_out),
		cmocka_unit_test(a_forked_child_has_its_parents_functions_and_its_own),
		cmocka_unit_test(damaged_words_of_an_agent_end_what_is_known),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
