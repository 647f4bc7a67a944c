/* Names of libpfm4's tables on a CPU with two kinds of cores, which libpfm4 is made to believe. */
// wrap: pfm_get_pmu_info pfm_get_os_event_encoding
#include <errno.h>
#include <string.h>
#include "pfm.h"
#include "tree.h"
#include <perfmon/pfmlib_perf_event.h>

pfm_err_t __real_pfm_get_pmu_info(pfm_pmu_t pmu, pfm_pmu_info_t *info);
pfm_err_t __wrap_pfm_get_pmu_info(pfm_pmu_t pmu, pfm_pmu_info_t *info);
pfm_err_t __wrap_pfm_get_os_event_encoding(const char *name, int levels, pfm_os_t os, void *out);

/* Its tables are built for one architecture. */
static bool is_there(void)
{
#if defined(__x86_64__)
	return true;
#else
	print_message("SKIP pfm: the names tested are of an x86 table\n");
	return false;
#endif
}

static bool is(const char *name, const char *other)
{
	return !strcmp(name, other);
}

pfm_err_t __wrap_pfm_get_pmu_info(pfm_pmu_t pmu, pfm_pmu_info_t *info)
{
	pfm_err_t rc = __real_pfm_get_pmu_info(pmu, info);
	info->is_present = rc == PFM_SUCCESS && (is(info->name, "skl") || is(info->name, "glm"));
	return rc;
}

/* The tables of two ordinary CPUs stand for those of two kinds of cores. INST_RETIRED is on both,
 * ONLY_BIG on one; without the name of a PMU the first answers. */
pfm_err_t __wrap_pfm_get_os_event_encoding(const char *name, int levels, pfm_os_t os, void *out)
{
	pfm_perf_encode_arg_t *arg = out;
	bool little = !strncmp(name, "glm::", 5);
	const char *event = strstr(name, "::") ? strstr(name, "::") + 2 : name;
	(void)levels, (void)os;
	if (strcmp(event, "INST_RETIRED") && (little || strcmp(event, "ONLY_BIG")))
		return PFM_ERR_NOTFOUND;
	arg->attr->type = little ? 10 : 4;
	arg->attr->config = little ? 0x1c0 : 0xc0;
	arg->idx = 0;
	if (asprintf(arg->fstr, "%s::%s", little ? "glm" : "skl", event) < 0)
		return PFM_ERR_NOMEM;
	return PFM_SUCCESS;
}

static void a_bare_name_is_opened_once_for_each_kind_of_core(void **state)
{
	if (!is_there())
		skip();
	tree_hybrid(*state);
	struct ev_event_list list =
		parsed(*state, "cs,INST_RETIRED:upp,ONLY_BIG,glm::INST_RETIRED");
	const struct ev_event *big = &list.items[1], *little = &list.items[2];
	assert_int_equal(list.count, 5);
	assert_string_equal(big->word, "INST_RETIRED:upp");
	assert_string_equal(big->name, "skl::INST_RETIRED:upp");
	assert_string_equal(big->pmu, "cpu_core");
	assert_string_equal(big->cpus, "0-3");
	assert_string_equal(little->word, "INST_RETIRED:upp");
	assert_string_equal(little->name, "glm::INST_RETIRED:upp");
	assert_int_equal(little->attr.type, 10);
	assert_int_equal(little->attr.config, 0x1c0);
	assert_string_equal(little->pmu, "cpu_atom");
	assert_true(little->attr.exclude_kernel && little->attr.precise_ip == 2);
	assert_int_equal(little->written, 1);
	assert_int_equal(ev_event_sum(&list, 2), 1);
	assert_string_equal(list.items[3].name, "ONLY_BIG");
	assert_int_equal(list.items[3].written, 3);
	assert_int_equal(list.items[4].attr.type, 10);
	assert_int_equal(list.items[4].written, 4);
	ev_event_list_done(&list);
}

static void a_group_of_bare_names_is_one_for_each_kind_of_core(void **state)
{
	if (!is_there())
		skip();
	tree_hybrid(*state);
	struct ev_event_list list = parsed(*state, "{INST_RETIRED,cycles}:S");
	assert_int_equal(list.count, 4);
	assert_string_equal(list.items[0].pmu, "cpu_core");
	assert_string_equal(list.items[1].pmu, "cpu_core");
	assert_int_equal(list.items[1].leader, 0);
	assert_string_equal(list.items[2].pmu, "cpu_atom");
	assert_string_equal(list.items[3].pmu, "cpu_atom");
	assert_int_equal(list.items[3].leader, 2);
	assert_int_equal(ev_event_sum(&list, 2), 0);
	ev_event_list_done(&list);
}

static void an_ordinary_cpu_is_asked_once(void **state)
{
	if (!is_there())
		skip();
	tree_plain(*state);
	struct ev_event_list list = parsed(*state, "INST_RETIRED");
	assert_int_equal(list.count, 1);
	ev_event_list_done(&list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_bare_name_is_opened_once_for_each_kind_of_core,
						tree_open, tree_close),
		cmocka_unit_test_setup_teardown(a_group_of_bare_names_is_one_for_each_kind_of_core,
						tree_open, tree_close),
		cmocka_unit_test_setup_teardown(an_ordinary_cpu_is_asked_once, tree_open,
						tree_close),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
