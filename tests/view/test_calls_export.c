/* Traced calls for other programs: names that hold anything break no format. */
#include "traced.h"

static void csv_has_a_header_and_quotes(void **state)
{
	struct ev_calls_view view = traced_view();
	(void)state;
	expect_text(ev_calls_print_csv, &view,
		    "ncalls,pcalls,tottime_s,cumtime_s,name,file,line,object\n"
		    "1,1,0.000250000,0.001750000,main,/src/a.c,12,/bin/a\n"
		    "30,10,0.001500000,0.001500000,\"box::\x1b\"\"at\"\"(int)\",,0,/lib/"
		    "libbox.so\n");
}

static void a_graph_has_its_counts_at_the_edges(void **state)
{
	struct ev_calls_view view = traced_view();
	(void)state;
	expect_text(ev_calls_print_dot, &view,
		    "digraph calls {\n"
		    "\tnode [shape=box];\n"
		    "\tf1 [label=\"main: 1 calls, 0.000250 s of its own, 0.001750 s in all\"];\n"
		    "\tf2 [label=\"box::\\\\x1b\\\"at\\\"(int): 30 calls, 0.001500 s of its own, "
		    "0.001500 s in all\"];\n"
		    "\tf1 -> f2 [label=\"10\"];\n"
		    "\tf2 -> f2 [label=\"20\"];\n"
		    "}\n");
}

static void json_says_everything(void **state)
{
	static const char *const parts[] = {
		"{\"target\": \"a\", \"ncalls\": 31, \"pcalls\": 11, \"tottime_s\": 0.001750000,",
		"{\"name\": \"main\", \"file\": \"/src/a.c\", \"line\": 12, \"object\": \"/bin/a\"",
		"\"name\": \"box::\\u001b\\\"at\\\"(int)\", \"file\": null",
		"\"left\": 2, \"jumped\": 0, \"unfinished\": 1, \"let_go\": false",
		"{\"from_ns\": 2, \"below_ns\": 4, \"calls\": 20}",
		"{\"caller\": null, \"callee\": \"main\", \"ncalls\": 1",
		"{\"caller\": \"main\", \"callee\": \"box::",
		"\"cost\": [{\"entry\": \"emulated\", \"return\": \"code\", \"inside_ns\": 1200.0",
		"\"outside_ns\": 6500.500000000}]",
		"\"notes\": [\"Cost: little.\", \"Left: two.\"]}\n",
	};
	struct ev_calls_view view = traced_view();
	(void)state;
	char *text = traced_text(ev_calls_print_json, &view);
	for (size_t i = 0; i < EV_LENGTH(parts); i++)
		if (!strstr(text, parts[i]))
			fail_msg("%s not in %s", parts[i], text);
	assert_null(strstr(text, "never"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(csv_has_a_header_and_quotes),
		cmocka_unit_test(a_graph_has_its_counts_at_the_edges),
		cmocka_unit_test(json_says_everything),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
