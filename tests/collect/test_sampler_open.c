/* Sampling events opened on a kernel that answers as it is told. */
// wrap: ev_sys_perf_event_open ev_sys_close ev_sys_ioctl ev_sys_descriptor_limit
// wrap: ev_machine_paranoid ev_machine_may_perfmon ev_machine_is_filtered
// wrap: ev_machine_has_core_pmu ev_machine_hypervisor ev_file_number
// wrap: ev_sys_ring_map ev_sys_ring_unmap ev_machine_is_precise
#include "sampler.h"
#include "scripted.h"

int __wrap_ev_sys_ring_map(int fd, size_t size_bytes, void **base);
int __wrap_ev_sys_ring_map(int fd, size_t size_bytes, void **base)
{
	(void)fd;
	*base = calloc(1, size_bytes);
	return 0;
}

void __wrap_ev_sys_ring_unmap(void *base, size_t size_bytes);
void __wrap_ev_sys_ring_unmap(void *base, size_t size_bytes)
{
	(void)size_bytes;
	free(base);
}

bool __wrap_ev_machine_is_precise(void);
bool __wrap_ev_machine_is_precise(void)
{
	return true;
}

static int opens_everything(const struct perf_event_attr *attr, pid_t tid, int cpu, int group_fd)
{
	(void)attr, (void)tid, (void)cpu, (void)group_fd;
	return 0;
}

/* validate_group() of x86: the third member is one too many. */
static int has_two_counters(const struct perf_event_attr *attr, pid_t tid, int cpu, int group_fd)
{
	(void)tid, (void)cpu;
	return attr->config == 3 && group_fd >= 0 ? EINVAL : 0;
}

static int has_precision_two(const struct perf_event_attr *attr, pid_t tid, int cpu, int group_fd)
{
	(void)tid, (void)cpu, (void)group_fd;
	return attr->precise_ip > 2 ? EOPNOTSUPP : 0;
}

static const struct ev_target system_wide = { .kind = EV_TARGET_SYSTEM };
static const struct ev_sampler_options options = { .period_events = 1000, .clock_id = -1 };
static struct ev_recording recording;
static struct ev_event_list events;
static struct ev_err err;

static void add_group(unsigned fixed)
{
	static const char *const names[] = { "first", "second", "third", "fourth" };
	for (unsigned i = 0; i < EV_LENGTH(names); i++) {
		add_event(&events, software_event(names[i], i + 1, 0));
		events.items[i].attr.type = PERF_TYPE_HARDWARE;
		events.items[i].fixed = fixed;
	}
}

static struct ev_sampler *open_with(script_open answer, int wanted)
{
	struct ev_sampler *sampler;
	script_reset(answer);
	err = (struct ev_err){ 0 };
	int rc = ev_sampler_open(&sampler, &events, &system_wide, &options, &recording, &err);
	if (rc != wanted)
		print_message("answer %d: %s\n", rc, err.text);
	assert_int_equal(rc, wanted);
	return sampler;
}

static void close_and_check(struct ev_sampler *sampler)
{
	ev_sampler_close(sampler);
	ev_event_list_done(&events);
	ev_recording_done(&recording);
	assert_int_equal(script.opens, script.closes);
	assert_int_equal(script.limit.rlim_cur, 1024);
}

static void a_group_that_does_not_fit_is_refused_with_the_member(void **state)
{
	(void)state;
	add_group(0);
	struct ev_sampler *sampler = open_with(has_two_counters, -EINVAL);
	assert_non_null(strstr(err.text, "third cannot be sampled"));
	assert_non_null(strstr(err.text, "wants 4 counters at once"));
	assert_non_null(strstr(err.text, "2 fitted"));
	close_and_check(sampler);
}

static void a_weak_group_falls_apart_and_says_so(void **state)
{
	(void)state;
	add_group(EV_WEAK_GROUP);
	struct ev_sampler *sampler = open_with(has_two_counters, 0);
	for (size_t i = 0; i < events.count; i++) {
		const struct ev_opening *opening = ev_sampler_opening(sampler, i);
		assert_non_null(strstr(opening->fallback,
				       "sampled on its own: its group could not be opened as one "
				       "because of third"));
		assert_true(opening->attr.disabled);
		assert_int_equal(recording.events[i].leader, i);
	}
	close_and_check(sampler);
}

static void a_weak_group_whose_leader_reads_all_cannot_fall_apart(void **state)
{
	(void)state;
	add_group(EV_WEAK_GROUP | EV_SAMPLE_READ);
	close_and_check(open_with(has_two_counters, -EINVAL));
}

static void the_precision_that_was_got_is_told(void **state)
{
	(void)state;
	add_event(&events, software_event("cycles:P", 0, 0));
	events.items[0].attr.type = PERF_TYPE_HARDWARE;
	events.items[0].fixed = EV_MAX_PRECISE;
	struct ev_sampler *sampler = open_with(has_precision_two, 0);
	assert_int_equal(ev_sampler_opening(sampler, 0)->attr.precise_ip, 2);
	assert_string_equal(ev_sampler_opening(sampler, 0)->fallback,
			    "precise level 2 is the highest here");
	close_and_check(sampler);
}

static void a_precision_that_was_typed_is_refused_with_what_there_is(void **state)
{
	(void)state;
	add_event(&events, software_event("cycles:ppp", 0, 0));
	events.items[0].attr.type = PERF_TYPE_HARDWARE;
	events.items[0].attr.precise_ip = 3;
	events.items[0].fixed = EV_FIXED_PRECISE;
	struct ev_sampler *sampler = open_with(has_precision_two, -EOPNOTSUPP);
	assert_non_null(strstr(err.text, "precision pp at most, not ppp"));
	close_and_check(sampler);
}

static void too_many_descriptors_are_refused_before_any_is_opened(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 5000; i++)
		add_event(&events, software_event("a", 1, i));
	struct ev_sampler *sampler = open_with(opens_everything, -EMFILE);
	assert_non_null(strstr(err.text, "descriptors are needed"));
	assert_int_equal(script.opens, 0);
	close_and_check(sampler);
}

static void kinds_of_cores_are_sampled_on_their_own_cpus(void **state)
{
	(void)state;
	add_event(&events, software_event("cpu_core/cycles/", 0, 0));
	add_event(&events, software_event("cpu_atom/cycles/", UINT64_C(10) << 32, 1));
	events.items[0].cpus = "0";
	events.items[1].cpus = "1-1000";
	struct ev_sampler *sampler = open_with(opens_everything, 0);
	uint32_t cpus = ev_cpus_online();
	assert_int_equal(recording.events[0].id_count, 1);
	assert_int_equal(recording.events[1].id_count, cpus - 1);
	/* and the one that tells of mappings, everywhere */
	assert_int_equal(script.opens, 2 * cpus);
	close_and_check(sampler);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_group_that_does_not_fit_is_refused_with_the_member),
		cmocka_unit_test(a_weak_group_falls_apart_and_says_so),
		cmocka_unit_test(a_weak_group_whose_leader_reads_all_cannot_fall_apart),
		cmocka_unit_test(the_precision_that_was_got_is_told),
		cmocka_unit_test(a_precision_that_was_typed_is_refused_with_what_there_is),
		cmocka_unit_test(too_many_descriptors_are_refused_before_any_is_opened),
		cmocka_unit_test(kinds_of_cores_are_sampled_on_their_own_cpus),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
