/* The wish that makes an event impossible is found by leaving it out. */
// wrap: ev_sys_perf_event_open ev_sys_close ev_sys_ioctl ev_sys_descriptor_limit
// wrap: ev_machine_paranoid ev_machine_may_perfmon ev_machine_is_filtered
// wrap: ev_machine_has_core_pmu ev_machine_hypervisor ev_file_number
#include "explain.h"
#include "scripted.h"

static int no_levels(const struct perf_event_attr *attr, pid_t tid, int cpu, int group_fd)
{
	(void)tid, (void)cpu, (void)group_fd;
	return attr->exclude_user || attr->exclude_kernel || attr->exclude_hv ? EINVAL : 0;
}

static int no_interrupt(const struct perf_event_attr *attr, pid_t tid, int cpu, int group_fd)
{
	(void)tid, (void)cpu, (void)group_fd;
	return attr->sample_period ? EOPNOTSUPP : 0;
}

/* As msr is: it only counts, whole CPUs, everything that runs there. */
static int like_msr(const struct perf_event_attr *attr, pid_t tid, int cpu, int group_fd)
{
	(void)cpu, (void)group_fd;
	return tid >= 0 || attr->sample_period || attr->exclude_kernel ? EINVAL : 0;
}

static int precision_one(const struct perf_event_attr *attr, pid_t tid, int cpu, int group_fd)
{
	(void)tid, (void)cpu, (void)group_fd;
	return attr->precise_ip > 1 ? EOPNOTSUPP : 0;
}

static int no_precision(const struct perf_event_attr *attr, pid_t tid, int cpu, int group_fd)
{
	(void)tid, (void)cpu, (void)group_fd;
	return attr->precise_ip ? EOPNOTSUPP : 0;
}

static int no_guests(const struct perf_event_attr *attr, pid_t tid, int cpu, int group_fd)
{
	(void)tid, (void)cpu, (void)group_fd;
	return attr->exclude_host ? EINVAL : 0;
}

static int no_idle(const struct perf_event_attr *attr, pid_t tid, int cpu, int group_fd)
{
	(void)tid, (void)cpu, (void)group_fd;
	return attr->exclude_idle ? EINVAL : 0;
}

static int not_exclusive(const struct perf_event_attr *attr, pid_t tid, int cpu, int group_fd)
{
	(void)tid, (void)cpu, (void)group_fd;
	return attr->exclusive ? EINVAL : 0;
}

static int no_branches(const struct perf_event_attr *attr, pid_t tid, int cpu, int group_fd)
{
	(void)tid, (void)cpu, (void)group_fd;
	return attr->sample_type & PERF_SAMPLE_BRANCH_STACK ? EOPNOTSUPP : 0;
}

/* Debian 11's is 5.10. */
static int of_5_10(const struct perf_event_attr *attr, pid_t tid, int cpu, int group_fd)
{
	(void)tid, (void)cpu, (void)group_fd;
	return attr->sample_type & ~(uint64_t)(PERF_SAMPLE_CGROUP * 2 - 1) ? EINVAL : 0;
}

static int of_4_0(const struct perf_event_attr *attr, pid_t tid, int cpu, int group_fd)
{
	(void)tid, (void)cpu, (void)group_fd;
	return attr->namespaces || attr->context_switch || attr->use_clockid ? EINVAL : 0;
}

static int never(const struct perf_event_attr *attr, pid_t tid, int cpu, int group_fd)
{
	(void)attr, (void)tid, (void)cpu, (void)group_fd;
	return EINVAL;
}

static char why[512];

/* What is said of attr by a kernel that answers so; "" when no wish made the difference. */
static const char *said(script_open answer, const struct perf_event_attr *attr)
{
	script_reset(answer);
	const struct ev_refusal refusal = { EINVAL, attr, NULL, why, sizeof(why) };
	*why = 0;
	bool found = ev_explain_wish(&refusal);
	assert_int_equal(script.opens, script.closes);
	assert_int_equal(found, *why != 0);
	return why;
}

/* What a kernel answers to, and a part of what is said of it. */
struct wish {
	script_open answer;
	struct perf_event_attr attr;
	const char *part;
};

/* `all` is in what is said of each as well. */
static void each_says(const struct wish *wishes, size_t count, const char *all)
{
	for (size_t i = 0; i < count; i++) {
		const char *text = said(wishes[i].answer, &wishes[i].attr);
		if (!strstr(text, wishes[i].part) || !strstr(text, all))
			fail_msg("case %zu: '%s' without '%s'", i, text, wishes[i].part);
	}
}

static void each_wish_is_named_when_it_makes_the_difference(void **state)
{
	(void)state;
	static const struct wish cases[] = {
		{ no_levels, { .type = 9, .exclude_kernel = 1 }, "leave the u or k (--all-user" },
		{ no_levels,
		  { .type = 9, .exclude_kernel = 1, .sample_period = 9 },
		  "leave the u or k (--all-user" },
		{ no_interrupt, { .type = 4, .sample_period = 9 }, "counted (evprof stat)" },
		{ no_interrupt,
		  { .type = 4, .sample_period = 9, .exclude_user = 1 },
		  "counted (evprof stat)" },
		{ like_msr, { .type = 9, .sample_period = 9 }, "counted (evprof stat)" },
		{ like_msr, { .type = 9, .exclude_kernel = 1 }, "leave the u or k (--all-user" },
		{ like_msr,
		  { .type = 9, .exclude_kernel = 1, .sample_period = 9 },
		  "leave the modifiers out" },
		{ no_guests, { .exclude_host = 1 }, "leave the G or H out" },
		{ no_idle, { .exclude_idle = 1 }, "leave the I out" },
		{ not_exclusive, { .exclusive = 1 }, "leave the D or e out" },
		{ no_branches,
		  { .sample_type = PERF_SAMPLE_BRANCH_STACK, .sample_period = 9 },
		  "no branch stacks" },
	};
	each_says(cases, EV_LENGTH(cases), "");
}

static void a_refused_precision_names_the_highest_there_is(void **state)
{
	(void)state;
	const struct perf_event_attr attr = { .sample_period = 9, .precise_ip = 3 };
	assert_non_null(strstr(said(precision_one, &attr), "precision p at most, not ppp"));
	assert_non_null(strstr(said(no_precision, &attr), "leave the :ppp out"));
}

static void what_no_wish_explains_is_left_to_others(void **state)
{
	(void)state;
	const struct perf_event_attr attr = { .exclude_kernel = 1, .sample_period = 9 };
	assert_string_equal(said(never, &attr), "");
}

static void what_a_kernel_has_not_learned_is_named_with_the_version_that_has(void **state)
{
	(void)state;
	static const struct wish cases[] = {
		{ of_5_10,
		  { .sample_type = PERF_SAMPLE_WEIGHT_STRUCT },
		  "-W (weights with latencies), which wants Linux 5.12" },
		{ of_5_10,
		  { .sample_type = PERF_SAMPLE_DATA_PAGE_SIZE | PERF_SAMPLE_CODE_PAGE_SIZE |
				   PERF_SAMPLE_IP | PERF_SAMPLE_CGROUP },
		  "--code-page-size, which wants Linux 5.11" },
		{ of_4_0, { .namespaces = 1, .sample_type = PERF_SAMPLE_IP }, "--namespaces" },
		{ of_4_0, { .context_switch = 1 }, "--switch-events" },
		{ of_4_0, { .use_clockid = 1, .clockid = 4 }, "-k (another clock)" },
	};
	each_says(cases, EV_LENGTH(cases), "wants Linux");
	const struct perf_event_attr known = { .sample_type = PERF_SAMPLE_CGROUP,
					       .exclude_idle = 1 };
	assert_non_null(strstr(said(no_idle, &known), "leave the I out"));
}

static void software_events_are_not_said_to_lack_interrupts(void **state)
{
	(void)state;
	const struct perf_event_attr attr = { .type = PERF_TYPE_SOFTWARE, .sample_period = 9 };
	assert_string_equal(said(no_interrupt, &attr), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_wish_is_named_when_it_makes_the_difference),
		cmocka_unit_test(a_refused_precision_names_the_highest_there_is),
		cmocka_unit_test(what_no_wish_explains_is_left_to_others),
		cmocka_unit_test(what_a_kernel_has_not_learned_is_named_with_the_version_that_has),
		cmocka_unit_test(software_events_are_not_said_to_lack_interrupts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
