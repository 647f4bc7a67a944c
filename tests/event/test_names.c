/* The generic names. */
#include "names.h"
#include "tree.h"

static void every_name_and_alias_finds_its_row(void **state)
{
	(void)state;
	const struct ev_generic *generic;
	size_t count = 0;
	for (; (generic = ev_generic_at(count)); count++) {
		assert_ptr_equal(ev_generic_find(ev_span_of(generic->name)), generic);
		assert_true(*generic->about);
		char words[128];
		snprintf(words, sizeof(words), "%s", generic->aliases);
		for (char *word = strtok(words, " "); word; word = strtok(NULL, " "))
			assert_ptr_equal(ev_generic_find(ev_span_of(word)), generic);
		if (generic->group != EV_GROUP_TOOL)
			assert_ptr_equal(ev_generic_of(generic->type, generic->config), generic);
	}
	/* The kernel's own lists, so that none is forgotten. */
	assert_int_equal(count, PERF_COUNT_HW_MAX + PERF_COUNT_SW_MAX + 3);
}

static void perfs_aliases_are_known(void **state)
{
	(void)state;
	static const struct {
		const char *alias;
		uint32_t type;
		uint64_t config;
	} known[] = {
		{ "cpu-cycles", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES },
		{ "branch-instructions", PERF_TYPE_HARDWARE, PERF_COUNT_HW_BRANCH_INSTRUCTIONS },
		{ "idle-cycles-frontend", PERF_TYPE_HARDWARE,
		  PERF_COUNT_HW_STALLED_CYCLES_FRONTEND },
		{ "idle-cycles-backend", PERF_TYPE_HARDWARE, PERF_COUNT_HW_STALLED_CYCLES_BACKEND },
		{ "faults", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS },
		{ "cs", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CONTEXT_SWITCHES },
		{ "migrations", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_MIGRATIONS },
	};
	for (size_t i = 0; i < EV_LENGTH(known); i++) {
		const struct ev_generic *generic = ev_generic_find(ev_span_of(known[i].alias));
		assert_non_null(generic);
		assert_int_equal(generic->type, known[i].type);
		assert_int_equal(generic->config, known[i].config);
	}
}

static void a_strange_name_finds_nothing(void **state)
{
	(void)state;
	assert_null(ev_generic_find(ev_span_of("")));
	assert_null(ev_generic_find(ev_span_of("cycle")));
	assert_null(ev_generic_find(ev_span_of("cycles ")));
	assert_null(ev_generic_find(ev_span_of("cpu-cycles cs")));
	assert_null(ev_generic_of(PERF_TYPE_HARDWARE, 99));
	assert_null(ev_generic_of(PERF_TYPE_RAW, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_name_and_alias_finds_its_row),
		cmocka_unit_test(perfs_aliases_are_known),
		cmocka_unit_test(a_strange_name_finds_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
