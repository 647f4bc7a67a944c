/* The list of formulas. */
#include "view/counts.h"

static char *print_metrics(char *const *words, size_t count, bool json, size_t *found)
{
	free(printed);
	FILE *out = open_memstream(&printed, &printed_bytes);
	*found = ev_metrics_print(out, words, count, json);
	fclose(out);
	return printed;
}

static void every_metric_has_its_formula_and_meaning(void **state)
{
	(void)state;
	size_t found;
	const char *text = print_metrics(NULL, 0, false, &found);
	assert_int_equal(found, ev_metric_count);
	assert_has(text, "general:\n  cpus-utilized ");
	assert_has(text, "\n                         100 * branch-misses / branches\n");
	assert_has(text, "\ntopdown-arm:\n");
}

static void words_choose_by_name_group_and_meaning(void **state)
{
	(void)state;
	size_t found;
	print_metrics((char *[]){ (char *)"ipc" }, 1, false, &found);
	assert_int_equal(found, 2); /* cpi is 1 / ipc */
	assert_has(print_metrics((char *[]){ (char *)"tlb" }, 1, false, &found), "itlb-miss");
	assert_has_not(printed, "branch-miss");
	assert_has(print_metrics((char *[]){ (char *)"wrong guess" }, 1, false, &found),
		   "bad-speculation");
	print_metrics((char *[]){ (char *)"nosuch" }, 1, false, &found);
	assert_int_equal(found, 0);
	assert_string_equal(printed, "");
}

static void json_is_an_array_of_objects(void **state)
{
	(void)state;
	size_t found;
	assert_has(print_metrics((char *[]){ (char *)"cpi" }, 1, true, &found),
		   "[\n{\"name\": \"cpi\", \"group\": \"general\", \"formula\": \"cycles / "
		   "instructions\", \"event\": \"cycles\", \"unit\": \"cycles per insn\", ");
	assert_string_equal(print_metrics((char *[]){ (char *)"nosuch" }, 1, true, &found), "[]\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_metric_has_its_formula_and_meaning),
		cmocka_unit_test(words_choose_by_name_group_and_meaning),
		cmocka_unit_test(json_is_an_array_of_objects),
	};
	return cmocka_run_group_tests(tests, NULL, forget_printed);
}
