/* The catalogue as lines and as JSON. */
#include <errno.h>
#include "view/counts.h"

static const struct ev_list_row rows[] = {
	{ "Hardware event", "cycles", "cpu-cycles", "clock cycles", ENOENT, ENOENT, "no PMU",
	  "type 0 config 0", false },
	{ "Hardware event", "branches", "", "branches taken or not", ENOENT, ENOENT, "no PMU", NULL,
	  false },
	{ "Software event", "context-switches", "cs", "switches", 0, 0, NULL, NULL, false },
	{ "Software event", "cpu-migrations", "migrations", "moves", 0, EINVAL, "no samples", NULL,
	  false },
	{ "Raw event syntax", "rNNN", "", "raw\033[1m", -1, -1, NULL, NULL, false },
};

static char *print_list(size_t count, const char *notes, bool json, bool verbose)
{
	free(printed);
	FILE *out = open_memstream(&printed, &printed_bytes);
	ev_list_print(out, rows, count, notes, json, verbose);
	fclose(out);
	return printed;
}

static void lines_are_perfs_with_what_can_be_done_here(void **state)
{
	(void)state;
	const char *text = print_list(EV_LENGTH(rows), "tracepoints need root", false, false);
	assert_has(text, "  context-switches OR cs                             [Software event]  "
			 "count,sample    switches\n");
	assert_has(text, "[Raw event syntax]                  raw\\x1b[1m\n");
	assert_has(text, "\ntracepoints need root\n");
	assert_has_not(text, "type 0 config 0");
}

static void a_cause_shared_by_a_group_is_said_once(void **state)
{
	(void)state;
	const char *text = print_list(EV_LENGTH(rows), NULL, false, false);
	assert_has(text,
		   "  cycles OR cpu-cycles                               [Hardware event]  not "
		   "here [1]    clock cycles\n");
	const char *cause = strstr(text, "  [1] no PMU\n");
	assert_non_null(cause);
	assert_null(strstr(cause + 10, "no PMU"));
	assert_has(text, "count only [1]");
	assert_has(text, "  [1] no samples\n");
}

static void verbose_shows_the_encoding(void **state)
{
	(void)state;
	assert_has(print_list(1, NULL, false, true),
		   "\n       type 0 config 0\n       other spellings: cpu-cycles\n");
}

static void aliases_without_room_wait_for_verbose(void **state)
{
	(void)state;
	static const struct ev_list_row row = {
		.group = "Cache event",
		.name = "L1-dcache-load-misses",
		.aliases = "l1-d-load-misses l1d-load-misses",
	};
	free(printed);
	FILE *out = open_memstream(&printed, &printed_bytes);
	ev_list_print(out, &row, 1, NULL, false, false);
	fclose(out);
	assert_has(printed, "  L1-dcache-load-misses OR l1-d-load-misses          [Cache event]");
}

static void json_is_one_object_with_three_valued_answers(void **state)
{
	(void)state;
	const char *text = print_list(EV_LENGTH(rows), "a \"note\"", true, false);
	assert_has(text,
		   "{\"events\":[\n{\"group\":\"Hardware event\",\"name\":\"cycles\",\"aliases\":["
		   "\"cpu-cycles\"],\"about\":\"clock cycles\",\"count\":false,\"sample\":false,"
		   "\"tried\":true,\"why\":\"no PMU\",\"encoding\":\"type 0 config 0\"},\n");
	assert_has(text,
		   "\"name\":\"context-switches\",\"aliases\":[\"cs\"],\"about\":\"switches\","
		   "\"count\":true,\"sample\":true,\"tried\":true}");
	assert_has(text, "\"count\":null,\"sample\":null,\"tried\":false}\n],\"notes\":\"a "
			 "\\\"note\\\"\"}\n");
	assert_string_equal(print_list(0, NULL, true, false), "{\"events\":[\n]}\n");
}

static void an_answer_taken_from_another_event_is_marked(void **state)
{
	(void)state;
	static const struct ev_list_row inferred[] = {
		{ .group = "Tracepoint event", .name = "sched:one" },
		{ .group = "Tracepoint event", .name = "sched:two", .is_inferred = true },
		{ .group = "Tracepoint event",
		  .name = "sched:three",
		  .is_inferred = true,
		  .count_error = EACCES,
		  .sample_error = EACCES,
		  .why = "paranoid" },
	};
	for (int json = 0; json < 2; json++) {
		free(printed);
		FILE *out = open_memstream(&printed, &printed_bytes);
		ev_list_print(out, inferred, EV_LENGTH(inferred), NULL, json, false);
		fclose(out);
		assert_has(printed,
			   json ? "\"sched:one\",\"aliases\":[],\"about\":\"\",\"count\":true,"
				  "\"sample\":true,\"tried\":true}"
				: "count,sample    ");
		assert_has(printed, json ? "\"sample\":true,\"tried\":false}" : "count,sample *  ");
		assert_has(printed,
			   json ? "\"sample\":false,\"tried\":false,\"why\"" : "not here * [1]");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_perfs_with_what_can_be_done_here),
		cmocka_unit_test(a_cause_shared_by_a_group_is_said_once),
		cmocka_unit_test(verbose_shows_the_encoding),
		cmocka_unit_test(aliases_without_room_wait_for_verbose),
		cmocka_unit_test(an_answer_taken_from_another_event_is_marked),
		cmocka_unit_test(json_is_one_object_with_three_valued_answers),
	};
	return cmocka_run_group_tests(tests, NULL, forget_printed);
}
