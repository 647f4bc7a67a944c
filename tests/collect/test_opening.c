/* What is given up, and what is not, when the kernel refuses an event. */
// wrap: ev_sys_perf_event_open ev_sys_close ev_sys_ioctl ev_sys_descriptor_limit
// wrap: ev_machine_paranoid ev_machine_may_perfmon ev_machine_is_filtered
// wrap: ev_machine_has_core_pmu ev_machine_hypervisor ev_file_number
// wrap: ev_machine_is_precise
#include "opening.h"
#include "scripted.h"

static bool is_precise = true;

bool __wrap_ev_machine_is_precise(void);
bool __wrap_ev_machine_is_precise(void)
{
	return is_precise;
}

static int opens_everything(const struct perf_event_attr *attr, pid_t tid, int cpu, int group_fd)
{
	(void)attr, (void)tid, (void)cpu, (void)group_fd;
	return 0;
}

static int hides_the_kernel(const struct perf_event_attr *attr, pid_t tid, int cpu, int group_fd)
{
	(void)tid, (void)cpu, (void)group_fd;
	return attr->exclude_kernel ? 0 : EACCES;
}

static int has_precision_one(const struct perf_event_attr *attr, pid_t tid, int cpu, int group_fd)
{
	(void)tid, (void)cpu, (void)group_fd;
	return attr->precise_ip > 1 ? EOPNOTSUPP : 0;
}

static int has_no_precision(const struct perf_event_attr *attr, pid_t tid, int cpu, int group_fd)
{
	(void)tid, (void)cpu, (void)group_fd;
	return attr->precise_ip ? EINVAL : 0;
}

static int is_an_old_kernel(const struct perf_event_attr *attr, pid_t tid, int cpu, int group_fd)
{
	(void)tid, (void)cpu, (void)group_fd;
	return attr->build_id || attr->read_format & EV_FORMAT_LOST ? EINVAL : 0;
}

static int reads_no_inherited_group(const struct perf_event_attr *attr, pid_t tid, int cpu,
				    int group_fd)
{
	(void)tid, (void)cpu, (void)group_fd;
	return attr->inherit && attr->sample_type & PERF_SAMPLE_READ ? EINVAL : 0;
}

static int knows_no_build_ids(const struct perf_event_attr *attr, pid_t tid, int cpu, int group_fd)
{
	(void)tid, (void)cpu, (void)group_fd;
	return attr->build_id ? EINVAL : 0;
}

static int has_nothing(const struct perf_event_attr *attr, pid_t tid, int cpu, int group_fd)
{
	(void)attr, (void)tid, (void)cpu, (void)group_fd;
	return ENOENT;
}

static int hides_the_kernel_and_has_nothing(const struct perf_event_attr *attr, pid_t tid, int cpu,
					    int group_fd)
{
	(void)tid, (void)cpu, (void)group_fd;
	return attr->exclude_kernel ? ENOENT : EACCES;
}

static int always_invalid(const struct perf_event_attr *attr, pid_t tid, int cpu, int group_fd)
{
	(void)attr, (void)tid, (void)cpu, (void)group_fd;
	return EINVAL;
}

static int try(struct ev_opening *opening, unsigned fixed)
{
	int fd = ev_opening_try(opening, fixed, 0, -1, -1);
	if (fd >= 0)
		close(fd);
	return fd;
}

static const struct perf_event_attr cycles = { .type = PERF_TYPE_HARDWARE };

static void what_opens_stays_as_it_was(void **state)
{
	(void)state;
	struct ev_opening opening = { .attr = cycles };
	script_reset(opens_everything);
	assert_true(try(&opening, 0) >= 0);
	assert_memory_equal(&opening.attr, &cycles, sizeof(cycles));
	assert_string_equal(opening.fallback, "");
}

static void a_refused_kernel_counter_falls_back_to_user_space(void **state)
{
	(void)state;
	struct ev_opening opening = { .attr = cycles };
	script_reset(hides_the_kernel);
	assert_true(try(&opening, 0) >= 0);
	assert_true(opening.attr.exclude_kernel);
	assert_string_equal(opening.fallback, "user space only: perf_event_paranoid is 2");
}

static void a_counted_clock_misses_nothing_without_the_kernel(void **state)
{
	(void)state;
	struct ev_opening opening = { .attr = { .type = PERF_TYPE_SOFTWARE,
						.config = PERF_COUNT_SW_TASK_CLOCK } };
	script_reset(hides_the_kernel);
	assert_true(try(&opening, 0) >= 0);
	assert_string_equal(opening.fallback, "");
	opening.attr.exclude_kernel = 0;
	opening.attr.sample_period = 1000;
	assert_true(try(&opening, 0) >= 0);
	assert_non_null(strstr(opening.fallback, "user space only"));
}

static void a_level_that_was_written_is_kept(void **state)
{
	(void)state;
	struct ev_opening opening = { .attr = cycles };
	opening.attr.exclude_user = 1;
	script_reset(hides_the_kernel);
	assert_int_equal(try(&opening, EV_FIXED_LEVEL), -EACCES);
	assert_false(opening.attr.exclude_kernel);
}

static void what_only_happens_in_the_kernel_is_refused_rather_than_counted_as_0(void **state)
{
	(void)state;
	static const uint64_t configs[] = { PERF_COUNT_SW_CONTEXT_SWITCHES,
					    PERF_COUNT_SW_CPU_MIGRATIONS };
	script_reset(hides_the_kernel);
	for (size_t i = 0; i < EV_LENGTH(configs); i++) {
		struct ev_opening opening = { .attr = { .type = PERF_TYPE_SOFTWARE,
							.config = configs[i] } };
		assert_int_equal(try(&opening, 0), -EACCES);
	}
	struct ev_opening tracepoint = { .attr = { .type = PERF_TYPE_TRACEPOINT } };
	assert_int_equal(try(&tracepoint, 0), -EACCES);
}

static void a_switch_counter_for_user_space_says_it_stays_0(void **state)
{
	(void)state;
	struct ev_opening opening = { .attr = { .type = PERF_TYPE_SOFTWARE,
						.config = PERF_COUNT_SW_CONTEXT_SWITCHES,
						.exclude_kernel = 1 } };
	script_reset(hides_the_kernel);
	assert_true(try(&opening, EV_FIXED_LEVEL) >= 0);
	assert_non_null(strstr(opening.fallback, "always 0"));
}

static void an_old_kernel_reads_the_group_without_children(void **state)
{
	(void)state;
	struct ev_opening opening = { .attr = cycles };
	opening.attr.inherit = opening.attr.build_id = 1;
	opening.attr.sample_type = PERF_SAMPLE_READ | PERF_SAMPLE_TID;
	opening.attr.read_format = PERF_FORMAT_GROUP | EV_FORMAT_LOST;
	script_reset(reads_no_inherited_group);
	assert_true(try(&opening, 0) >= 0);
	assert_false(opening.attr.inherit);
	assert_true(opening.attr.build_id);
	assert_true(opening.attr.read_format & EV_FORMAT_LOST);
	assert_non_null(strstr(opening.fallback, "children born later are left out"));
}

static void children_are_not_given_up_for_another_fault(void **state)
{
	(void)state;
	struct ev_opening opening = { .attr = cycles };
	opening.attr.inherit = opening.attr.build_id = 1;
	opening.attr.sample_type = PERF_SAMPLE_READ | PERF_SAMPLE_TID;
	script_reset(knows_no_build_ids);
	assert_true(try(&opening, 0) >= 0);
	assert_true(opening.attr.inherit);
	assert_string_equal(opening.fallback, "");
}

static void precision_steps_down_to_what_opens(void **state)
{
	(void)state;
	struct ev_opening opening = { .attr = cycles };
	opening.attr.precise_ip = 3;
	script_reset(has_precision_one);
	assert_true(try(&opening, EV_MAX_PRECISE) >= 0);
	assert_int_equal(opening.attr.precise_ip, 1);
	assert_string_equal(opening.fallback, "precise level 1 is the highest here");
	script_reset(has_no_precision);
	assert_true(try(&opening, EV_MAX_PRECISE) >= 0);
	assert_int_equal(opening.attr.precise_ip, 0);
	assert_non_null(strstr(opening.fallback, "not sampled precisely"));
}

static void a_precision_that_was_written_is_kept(void **state)
{
	(void)state;
	struct ev_opening opening = { .attr = cycles };
	opening.attr.precise_ip = 2;
	script_reset(has_precision_one);
	assert_int_equal(try(&opening, EV_FIXED_PRECISE), -EOPNOTSUPP);
	assert_int_equal(opening.attr.precise_ip, 2);
}

static void an_old_kernel_is_not_asked_for_what_it_does_not_know(void **state)
{
	(void)state;
	struct ev_opening opening = { .attr = cycles };
	opening.attr.build_id = 1;
	opening.attr.exclude_guest = 1;
	opening.attr.read_format = PERF_FORMAT_ID | EV_FORMAT_LOST;
	script_reset(is_an_old_kernel);
	assert_true(try(&opening, 0) >= 0);
	assert_false(opening.attr.build_id);
	assert_int_equal(opening.attr.read_format, PERF_FORMAT_ID);
	assert_true(opening.attr.exclude_guest);
}

static void a_refusal_leaves_the_attr_alone(void **state)
{
	(void)state;
	struct ev_opening opening = { .attr = cycles };
	opening.attr.build_id = opening.attr.exclude_guest = opening.attr.precise_ip = 1;
	struct perf_event_attr before = opening.attr;
	script_reset(always_invalid);
	assert_int_equal(try(&opening, 0), -EINVAL);
	assert_memory_equal(&opening.attr, &before, sizeof(before));
	script_reset(has_nothing);
	assert_int_equal(try(&opening, 0), -ENOENT);
	assert_string_equal(opening.fallback, "");
}

static void an_absent_event_is_not_blamed_on_a_missing_permission(void **state)
{
	(void)state;
	struct ev_opening opening = { .attr = cycles };
	script_reset(hides_the_kernel_and_has_nothing);
	assert_int_equal(try(&opening, 0), -ENOENT);
}

static int has_no_precision_and_is_old(const struct perf_event_attr *attr, pid_t tid, int cpu,
				       int group_fd)
{
	if (attr->build_id)
		return EINVAL;
	return has_precision_one(attr, tid, cpu, group_fd);
}

static void an_old_kernel_does_not_cost_precision(void **state)
{
	(void)state;
	struct ev_opening opening = { .attr = cycles };
	opening.attr.precise_ip = 3;
	opening.attr.build_id = 1;
	script_reset(is_an_old_kernel);
	assert_true(try(&opening, EV_MAX_PRECISE) >= 0);
	assert_int_equal(opening.attr.precise_ip, 3);
	assert_string_equal(opening.fallback, "");
	opening.attr.build_id = 1;
	script_reset(has_no_precision_and_is_old);
	assert_true(try(&opening, EV_MAX_PRECISE) >= 0);
	assert_int_equal(opening.attr.precise_ip, 1);
}

static int reads_no_inherited_groups(const struct perf_event_attr *attr, pid_t tid, int cpu,
				     int group_fd)
{
	(void)tid, (void)cpu, (void)group_fd;
	return attr->inherit || attr->precise_ip > 2 ? EINVAL : 0;
}

static void precision_is_not_lost_to_what_is_given_up_later(void **state)
{
	(void)state;
	struct ev_opening opening = { .attr = cycles };
	opening.attr.precise_ip = 3;
	opening.attr.inherit = 1;
	opening.attr.sample_type = PERF_SAMPLE_READ;
	script_reset(reads_no_inherited_groups);
	assert_true(try(&opening, EV_MAX_PRECISE) >= 0);
	assert_int_equal(opening.attr.precise_ip, 2);
	assert_false(opening.attr.inherit);
	assert_int_equal(script.opens, script.closes + 1); /* try() closes past the script */
	assert_non_null(strstr(opening.fallback, "precise level 2"));
	assert_non_null(strstr(opening.fallback, "born later are left out"));
}

static int cannot_leave_guests_out(const struct perf_event_attr *attr, pid_t tid, int cpu,
				   int group_fd)
{
	(void)tid, (void)cpu, (void)group_fd;
	return attr->exclude_host ? EINVAL : 0;
}

/* However precise the CPU's own counters are. */
static void a_software_event_is_not_believed_to_be_precise(void **state)
{
	(void)state;
	struct ev_opening opening = { .attr = { .type = PERF_TYPE_SOFTWARE } };
	opening.attr.precise_ip = 2;
	opening.attr.sample_period = 1000;
	script_reset(opens_everything);
	assert_true(try(&opening, EV_FIXED_PRECISE) >= 0);
	assert_non_null(strstr(opening.fallback, "not sampled precisely"));
	opening = (struct ev_opening){ .attr = { .type = PERF_TYPE_SOFTWARE } };
	opening.attr.precise_ip = 2; /* counts are the same with and without it */
	assert_true(try(&opening, EV_FIXED_PRECISE) >= 0);
	assert_string_equal(opening.fallback, "");
}

static void a_pmu_that_forgets_the_wish_for_precision_is_not_believed(void **state)
{
	(void)state;
	struct ev_opening opening = { .attr = cycles };
	opening.attr.precise_ip = 3;
	opening.attr.sample_period = 1000;
	script_reset(opens_everything);
	is_precise = false;
	assert_true(try(&opening, EV_MAX_PRECISE) >= 0);
	assert_int_equal(opening.attr.precise_ip, 0);
	assert_non_null(strstr(opening.fallback, "not sampled precisely, which this PMU cannot"));
	opening = (struct ev_opening){ .attr = opening.attr };
	opening.attr.precise_ip = 2;
	assert_true(try(&opening, EV_FIXED_PRECISE) >= 0);
	assert_true(try(&opening, EV_FIXED_PRECISE) >= 0); /* on the next CPU */
	is_precise = true;
	assert_int_equal(opening.attr.precise_ip, 2);
	assert_string_equal(opening.fallback,
			    "not sampled precisely, though the kernel takes the wish for it: "
			    "places may be a few instructions late");
}

static int has_no_records_of_branches(const struct perf_event_attr *attr, pid_t tid, int cpu,
				      int group_fd)
{
	(void)tid, (void)cpu, (void)group_fd;
	if (attr->aux_output || attr->aux_sample_size || attr->__reserved_3)
		return EINVAL;
	return attr->sample_type & PERF_SAMPLE_BRANCH_STACK ? EOPNOTSUPP : 0;
}

static void what_only_some_processors_have_is_given_up_in_words(void **state)
{
	(void)state;
	struct ev_opening opening = { .attr = cycles };
	opening.attr.aux_output = 1;
	opening.attr.aux_sample_size = 4096;
	opening.attr.__reserved_3 = 2;
	opening.attr.sample_type |= PERF_SAMPLE_BRANCH_STACK | PERF_SAMPLE_AUX;
	opening.attr.branch_sample_type = PERF_SAMPLE_BRANCH_ANY;
	opening.attr.precise_ip = 2;
	opening.attr.sample_period = 1000;
	script_reset(has_no_records_of_branches);
	assert_true(try(&opening, EV_FIXED_PRECISE) >= 0);
	assert_false(opening.attr.aux_output || opening.attr.aux_sample_size ||
		     opening.attr.__reserved_3 || opening.attr.branch_sample_type);
	assert_false(opening.attr.sample_type & (PERF_SAMPLE_BRANCH_STACK | PERF_SAMPLE_AUX));
	assert_int_equal(opening.attr.precise_ip, 2);
	assert_non_null(strstr(opening.fallback, "without aux-"));
	assert_non_null(strstr(opening.fallback, "without branches"));
	opening = (struct ev_opening){ .attr = cycles };
	opening.attr.sample_type |= PERF_SAMPLE_BRANCH_STACK;
	opening.attr.branch_sample_type = PERF_SAMPLE_BRANCH_CALL_STACK | PERF_SAMPLE_BRANCH_USER;
	assert_true(try(&opening, 0) >= 0);
	assert_true(try(&opening, 0) >= 0); /* on the next CPU */
	assert_non_null(strstr(opening.fallback, "stacks by frame pointers"));
	assert_null(strstr(opening.fallback, "without branches"));
}

static void what_is_done_in_another_way_is_told_once(void **state)
{
	(void)state;
	struct ev_event event = { .name = "cycles", .fixed = EV_BPF_COUNTER, .overwrite = EV_YES };
	struct ev_opening opening = { .attr = cycles };
	ev_opening_tell_wishes(&opening, &event);
	ev_opening_tell_wishes(&opening, &event);
	assert_string_equal(opening.fallback,
			    "by a counter of its own: evprof shares none through BPF");
	opening = (struct ev_opening){ .attr = cycles };
	opening.attr.sample_period = 1;
	event.most_shown = 3;
	ev_opening_tell_wishes(&opening, &event);
	assert_null(strstr(opening.fallback, "BPF"));
	assert_non_null(strstr(opening.fallback, "overwrite is not needed"));
	assert_non_null(strstr(opening.fallback, "; nr= is for traces"));
}

static void guests_that_were_written_are_kept(void **state)
{
	(void)state;
	struct ev_opening opening = { .attr = cycles };
	opening.attr.exclude_host = 1;
	script_reset(cannot_leave_guests_out);
	assert_int_equal(try(&opening, EV_FIXED_GUEST), -EINVAL);
	assert_true(try(&opening, 0) >= 0);
}

static void an_event_is_opened_where_its_pmu_serves(void **state)
{
	(void)state;
	struct ev_event event = software_event("energy", 1, 0);
	assert_true(ev_event_serves(&event, 5));
	event.cpus = "0,4-6";
	assert_true(ev_event_serves(&event, 5));
	assert_false(ev_event_serves(&event, 1));
	assert_true(ev_event_serves(&event, -1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_opens_stays_as_it_was),
		cmocka_unit_test(a_refused_kernel_counter_falls_back_to_user_space),
		cmocka_unit_test(a_counted_clock_misses_nothing_without_the_kernel),
		cmocka_unit_test(a_level_that_was_written_is_kept),
		cmocka_unit_test(
			what_only_happens_in_the_kernel_is_refused_rather_than_counted_as_0),
		cmocka_unit_test(a_switch_counter_for_user_space_says_it_stays_0),
		cmocka_unit_test(an_old_kernel_reads_the_group_without_children),
		cmocka_unit_test(children_are_not_given_up_for_another_fault),
		cmocka_unit_test(precision_steps_down_to_what_opens),
		cmocka_unit_test(a_precision_that_was_written_is_kept),
		cmocka_unit_test(an_old_kernel_is_not_asked_for_what_it_does_not_know),
		cmocka_unit_test(a_refusal_leaves_the_attr_alone),
		cmocka_unit_test(an_event_is_opened_where_its_pmu_serves),
		cmocka_unit_test(an_absent_event_is_not_blamed_on_a_missing_permission),
		cmocka_unit_test(an_old_kernel_does_not_cost_precision),
		cmocka_unit_test(a_software_event_is_not_believed_to_be_precise),
		cmocka_unit_test(a_pmu_that_forgets_the_wish_for_precision_is_not_believed),
		cmocka_unit_test(precision_is_not_lost_to_what_is_given_up_later),
		cmocka_unit_test(what_only_some_processors_have_is_given_up_in_words),
		cmocka_unit_test(what_is_done_in_another_way_is_told_once),
		cmocka_unit_test(guests_that_were_written_are_kept),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
