/* Annotations for programs. */
#include "invented_code.h"

static void lines_have_every_measure_and_both_ends_of_inlining(void **state)
{
	struct invented it;
	(void)state;
	invented_open(&it, "a \"quoted\"\nb\n");
	invented_add(&it, "work@2;~in@1", 3);
	invented_finish(&it);
	invented_section(&it, "in", 1, 1);
	invented_section(&it, "work", 2, 2);
	const char *text = invented_print(&it, true);
	expect(text, "\"events\": [\n    {\"name\": \"cycles\", \"samples\": 3, \"period\": 3000}");
	expect(text, "\"function\": \"in\", \"object\": \"prog\", \"kernel\": false, \"source\": "
		     "\"/tmp/");
	expect(text, "\"first\": 1, \"last\": 1, \"self\": [{\"samples\": 3, \"period\": 3000}], ");
	expect(text, "\"line\": 1, \"text\": \"a \\\"quoted\\\"\", ");
	expect(text, "\"inlined_into\": [{\"function\": \"work\", \"weight\": [{\"samples\": 3, "
		     "\"period\": 3000}]}]");
	expect(text, "\"inlined_here\": [{\"function\": \"in\"");
	expect(text, "\"line\": 2, \"text\": \"b\", \"self\": [{\"samples\": 0, \"period\": 0}], "
		     "\"inlined\": [{\"samples\": 3, \"period\": 3000}]");
	invented_done(&it);
}

static void instructions_have_bytes_weights_and_frames(void **state)
{
	struct invented it;
	(void)state;
	invented_open(&it, "a\nb\nc\n");
	invented_add(&it, "work@1", 32);
	invented_finish(&it);
	invented_code(&it, invented_section(&it, "work", 1, 2));
	const char *text = invented_print(&it, true);
	expect(text,
	       "{\"address\": 4128, \"offset\": 32, \"bytes\": \"0f1f4000\", "
	       "\"text\": \"add    $1,%rax\", \"weight\": [{\"samples\": 31, \"period\": 31000}]");
	expect(text, "\"frames\": [{\"function\": \"in\", \"file\": \"/tmp/");
	expect(text, "\"target\": 16, ");
	expect(text, "\"code_trouble\": null");
	ev_spots_done(&it.spots);
	invented_done(&it);
}

static void what_is_not_known_is_null(void **state)
{
	struct invented it;
	(void)state;
	invented_open(&it, "a\n");
	invented_add(&it, "work", 1);
	invented_finish(&it);
	invented_section(&it, "work", 0, 0)->file = 0;
	const char *text = invented_print(&it, true);
	expect(text, "\"source\": null");
	expect(text, "{\"file\": null, \"line\": null, \"text\": null, ");
	expect(text, "\"partial\": null");
	invented_done(&it);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_have_every_measure_and_both_ends_of_inlining),
		cmocka_unit_test(instructions_have_bytes_weights_and_frames),
		cmocka_unit_test(what_is_not_known_is_null),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
