/* Events are tried, not guessed. */
// wrap: ev_sys_perf_event_open ev_sys_close ev_sys_ioctl ev_sys_descriptor_limit
// wrap: ev_machine_paranoid ev_machine_may_perfmon ev_machine_is_filtered
// wrap: ev_machine_has_core_pmu ev_machine_hypervisor ev_file_number
#include "scripted.h"

static struct perf_event_attr asked;
static int asked_tid, asked_cpu;

static int opens_everything(const struct perf_event_attr *attr, pid_t tid, int cpu, int group_fd)
{
	(void)group_fd;
	asked = *attr;
	asked_tid = tid;
	asked_cpu = cpu;
	return 0;
}

static int has_no_interrupt(const struct perf_event_attr *attr, pid_t tid, int cpu, int group_fd)
{
	(void)tid, (void)cpu, (void)group_fd;
	return attr->sample_period ? EOPNOTSUPP : 0;
}

static int has_no_pmu(const struct perf_event_attr *attr, pid_t tid, int cpu, int group_fd)
{
	(void)attr, (void)tid, (void)cpu, (void)group_fd;
	return ENOENT;
}

static struct ev_event hardware(void)
{
	struct ev_event event = software_event("cycles", 0, 0);
	event.attr.type = PERF_TYPE_HARDWARE;
	return event;
}

static void what_opens_is_closed_at_once(void **state)
{
	(void)state;
	struct ev_event event = hardware();
	script_reset(opens_everything);
	assert_int_equal(ev_probe_count(&event, NULL, 0), 0);
	assert_int_equal(asked.sample_period, 0);
	assert_true(asked.disabled);
	assert_int_equal(asked_tid, 0);
	assert_int_equal(asked_cpu, -1);
	assert_int_equal(ev_probe_sample(&event, NULL, 0), 0);
	assert_true(asked.sample_period > 0);
	assert_int_equal(script.opens, 2);
	assert_int_equal(script.closes, 2);
}

static void a_pmu_without_interrupt_counts_but_does_not_sample(void **state)
{
	(void)state;
	struct ev_event event = hardware();
	char why[512];
	script_reset(has_no_interrupt);
	assert_int_equal(ev_probe_count(&event, why, sizeof(why)), 0);
	assert_int_equal(ev_probe_sample(&event, why, sizeof(why)), EOPNOTSUPP);
	assert_non_null(strstr(why, "evprof stat"));
}

static void no_pmu_is_explained(void **state)
{
	(void)state;
	struct ev_event event = hardware();
	char why[512];
	script_reset(has_no_pmu);
	script.has_pmu = false;
	script.hypervisor = "KVM";
	assert_int_equal(ev_probe_count(&event, why, sizeof(why)), ENOENT);
	assert_non_null(strstr(why, "KVM guest without a virtual PMU"));
	assert_int_equal(ev_probe_sample(&event, NULL, 0), ENOENT);
}

static void what_serves_the_whole_machine_is_tried_on_its_cpu(void **state)
{
	(void)state;
	struct ev_event event = hardware();
	event.per_task = false;
	event.cpus = "3,7";
	script_reset(opens_everything);
	assert_int_equal(ev_probe_count(&event, NULL, 0), 0);
	assert_int_equal(asked_tid, -1);
	assert_int_equal(asked_cpu, 3);
}

static void what_evprof_measures_itself_counts_but_does_not_sample(void **state)
{
	(void)state;
	struct ev_event event = { .name = "duration_time", .kind = EV_EVENT_TOOL };
	char why[512] = "";
	script_reset(has_no_pmu);
	assert_int_equal(ev_probe_count(&event, why, sizeof(why)), 0);
	assert_int_equal(ev_probe_sample(&event, why, sizeof(why)), EOPNOTSUPP);
	assert_true(*why);
	assert_int_equal(script.opens, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_opens_is_closed_at_once),
		cmocka_unit_test(a_pmu_without_interrupt_counts_but_does_not_sample),
		cmocka_unit_test(no_pmu_is_explained),
		cmocka_unit_test(what_serves_the_whole_machine_is_tried_on_its_cpu),
		cmocka_unit_test(what_evprof_measures_itself_counts_but_does_not_sample),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
