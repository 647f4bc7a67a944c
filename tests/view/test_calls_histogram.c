/* Histograms of calls: a line for each power of two between the shortest and the longest. */
#include "traced.h"

static void empty_powers_between_have_lines_too(void **state)
{
	struct ev_calls_view view = traced_view();
	enum ev_call_key by_name = EV_CALL_KEY_NAME;
	(void)state;
	view.keys = &by_name;
	view.row_limit = 1;
	char *text = traced_text(ev_calls_print_histograms, &view);
	static const char expected[] =
		"box::\\x1b\"at\"(int) (libbox.so): 30 calls, shortest 3 ns, longest 900 us\n"
		"      2 ns to     4 ns           20 |****************************************|\n"
		"      4 ns to     8 ns            0 |                                        |\n"
		"      8 ns to    16 ns            9 |******************                      |\n";
	assert_memory_equal(text, expected, sizeof(expected) - 1);
	size_t lines = 0;
	for (const char *at = text; *at; at++)
		lines += *at == '\n';
	assert_int_equal(lines, 1 + 19 + 1); /* buckets 2 to 20 */
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty_powers_between_have_lines_too),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
