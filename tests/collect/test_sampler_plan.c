/* The attrs that sampling is opened with. */
// wrap: ev_file_number
#include <evprof/symbol_unwind.h>
#include "live.h"
#include "sampler.h"

static int64_t rate = 100000;

int __wrap_ev_file_number(const char *path, int64_t *value);
int __wrap_ev_file_number(const char *path, int64_t *value)
{
	assert_non_null(strstr(path, "perf_event_max_sample_rate"));
	*value = rate;
	return 0;
}

static struct ev_sampler planned;
static struct ev_event_list events;
static struct ev_target target;
static struct ev_sampler_options options;
static struct ev_err err;

static int prepare(void **state)
{
	(void)state;
	memset(&planned, 0, sizeof(planned));
	memset(&err, 0, sizeof(err));
	target = (struct ev_target){ .kind = EV_TARGET_COMMAND };
	options = (struct ev_sampler_options){ .frequency_hz = 4000, .clock_id = -1 };
	return 0;
}

static int tidy(void **state)
{
	(void)state;
	free(planned.events);
	ev_event_list_done(&events);
	return 0;
}

static int plan(void)
{
	free(planned.events);
	planned = (struct ev_sampler){ 0 };
	return ev_sampler_plan(&planned, &events, &target, &options, &err);
}

static const struct perf_event_attr *attr(size_t index)
{
	return &planned.events[index].opening.attr;
}

static void one_event_is_asked_for_as_perf_asks(void **state)
{
	(void)state;
	options.at_exec = true;
	options.callchain = true;
	add_event(&events, software_event("cpu-clock", PERF_COUNT_SW_CPU_CLOCK, 0));
	assert_int_equal(plan(), 0);
	uint64_t type = PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_PERIOD |
			PERF_SAMPLE_CALLCHAIN;
#if defined(__aarch64__)
	type |= PERF_SAMPLE_REGS_USER;
	assert_int_equal(attr(0)->sample_regs_user, UINT64_C(1) << 30);
#endif
	assert_int_equal(attr(0)->sample_type, type);
	assert_true(attr(0)->freq && attr(0)->sample_freq == 4000);
	assert_true(attr(0)->disabled && attr(0)->enable_on_exec && attr(0)->inherit);
	assert_true(attr(0)->mmap && attr(0)->mmap2 && attr(0)->build_id && attr(0)->comm);
	assert_true(attr(0)->comm_exec && attr(0)->task && attr(0)->sample_id_all);
	assert_true(attr(0)->ksymbol && attr(0)->bpf_event);
	assert_false(planned.has_teller || planned.uneven);
}

static void only_the_first_of_several_events_tells_of_mappings(void **state)
{
	(void)state;
	add_event(&events, software_event("cpu-clock", PERF_COUNT_SW_CPU_CLOCK, 0));
	add_event(&events, software_event("page-faults", PERF_COUNT_SW_PAGE_FAULTS, 1));
	assert_int_equal(plan(), 0);
	assert_true(attr(0)->mmap2);
	assert_false(attr(1)->mmap2 || attr(1)->comm || attr(1)->task);
	assert_true(attr(0)->sample_type & PERF_SAMPLE_IDENTIFIER);
	assert_true(attr(1)->sample_type & PERF_SAMPLE_IDENTIFIER);
}

static void an_event_that_begins_late_has_a_teller_beside_it(void **state)
{
	(void)state;
	options.disabled = true;
	add_event(&events, software_event("cpu-clock", PERF_COUNT_SW_CPU_CLOCK, 0));
	assert_int_equal(plan(), 0);
	assert_int_equal(planned.event_count, 2);
	assert_false(attr(0)->mmap2);
	assert_true(attr(1)->mmap2 && attr(1)->comm && attr(1)->task);
	assert_int_equal(attr(1)->config, PERF_COUNT_SW_DUMMY);
	assert_false(attr(1)->disabled);
	assert_true(attr(0)->disabled);
}

static void an_events_own_period_wins(void **state)
{
	(void)state;
	add_event(&events, software_event("page-faults", PERF_COUNT_SW_PAGE_FAULTS, 0));
	events.items[0].attr.sample_period = 17;
	events.items[0].fixed = EV_FIXED_PERIOD;
	assert_int_equal(plan(), 0);
	assert_int_equal(attr(0)->sample_period, 17);
	assert_false(attr(0)->freq);
}

static void a_natural_period_gives_way_to_what_was_typed(void **state)
{
	(void)state;
	add_event(&events, software_event("sched:sched_switch", 300, 0));
	events.items[0].attr.type = PERF_TYPE_TRACEPOINT;
	events.items[0].attr.sample_period = 1;
	events.items[0].fixed = EV_FIXED_PERIOD | EV_NATURAL_PERIOD;
	assert_int_equal(plan(), 0);
	assert_int_equal(attr(0)->sample_period, 1);
	options.period_events = 10;
	options.frequency_hz = 0;
	assert_int_equal(plan(), 0);
	assert_int_equal(attr(0)->sample_period, 10);
}

static void an_events_own_terms_win_over_the_options(void **state)
{
	(void)state;
	add_event(&events, software_event("cpu-clock", PERF_COUNT_SW_CPU_CLOCK, 0));
	events.items[0].call_graph = EV_CALL_GRAPH_FP;
	events.items[0].time = EV_NO;
	events.items[0].inherit = EV_NO;
	assert_int_equal(plan(), 0);
	assert_true(attr(0)->sample_type & PERF_SAMPLE_CALLCHAIN);
	assert_false(attr(0)->sample_type & PERF_SAMPLE_TIME);
	assert_false(attr(0)->inherit);
	options.callchain = true;
	events.items[0].call_graph = EV_CALL_GRAPH_NONE;
	assert_int_equal(plan(), 0);
	assert_false(attr(0)->sample_type & PERF_SAMPLE_CALLCHAIN);
}

static void what_only_some_processors_have_is_asked_for(void **state)
{
	(void)state;
	add_event(&events, software_event("cpu-clock", PERF_COUNT_SW_CPU_CLOCK, 0));
	events.items[0].call_graph = EV_CALL_GRAPH_LBR;
	assert_int_equal(plan(), 0);
	assert_true(attr(0)->sample_type & PERF_SAMPLE_BRANCH_STACK);
	assert_true(attr(0)->sample_type & PERF_SAMPLE_CALLCHAIN);
	assert_true(attr(0)->branch_sample_type & PERF_SAMPLE_BRANCH_CALL_STACK);
	events.items[0].call_graph = EV_CALL_GRAPH_UNSET;
	events.items[0].attr.branch_sample_type = PERF_SAMPLE_BRANCH_ANY;
	events.items[0].attr.aux_sample_size = 4096;
	assert_int_equal(plan(), 0);
	assert_true(attr(0)->sample_type & PERF_SAMPLE_BRANCH_STACK);
	assert_int_equal(attr(0)->branch_sample_type, PERF_SAMPLE_BRANCH_ANY);
	assert_true(attr(0)->sample_type & PERF_SAMPLE_AUX);
}

static void too_high_a_frequency_names_sysctl_and_limit(void **state)
{
	(void)state;
	options.frequency_hz = 100001;
	add_event(&events, software_event("cpu-clock", PERF_COUNT_SW_CPU_CLOCK, 0));
	assert_int_equal(plan(), -EINVAL);
	assert_non_null(strstr(err.text, "perf_event_max_sample_rate is 100000"));
	assert_non_null(strstr(err.text, "sudo sysctl kernel.perf_event_max_sample_rate=100001"));
	options.max_frequency = true;
	assert_int_equal(plan(), 0);
	assert_int_equal(attr(0)->sample_freq, 100000);
	options.max_frequency = false;
	options.frequency_hz = 100;
	events.items[0].attr.freq = 1;
	events.items[0].attr.sample_freq = 200000;
	events.items[0].fixed = EV_FIXED_PERIOD;
	assert_int_equal(plan(), -EINVAL);
}

static void tracepoints_are_sampled_one_by_one_with_their_data(void **state)
{
	(void)state;
	add_event(&events, software_event("sched:sched_switch", 300, 0));
	events.items[0].attr.type = PERF_TYPE_TRACEPOINT;
	assert_int_equal(plan(), 0);
	assert_int_equal(attr(0)->sample_period, 1);
	assert_false(attr(0)->freq);
	assert_true(attr(0)->sample_type & PERF_SAMPLE_RAW);
	options.frequency_given = true;
	assert_int_equal(plan(), 0);
	assert_true(attr(0)->freq);
	options.frequency_hz = 0;
	options.period_events = 5;
	assert_int_equal(plan(), 0);
	assert_int_equal(attr(0)->sample_period, 5);
}

static void members_of_a_group_run_with_their_leader(void **state)
{
	(void)state;
	options.at_exec = true;
	add_event(&events, software_event("a", PERF_COUNT_SW_CPU_CLOCK, 0));
	add_event(&events, software_event("b", PERF_COUNT_SW_PAGE_FAULTS, 0));
	assert_int_equal(plan(), 0);
	assert_int_equal(planned.events[1].leader, 0);
	assert_true(attr(0)->disabled && attr(0)->enable_on_exec);
	assert_false(attr(1)->disabled || attr(1)->enable_on_exec);
}

static void copied_stacks_come_with_the_registers_of_unwinding_and_no_others(void **state)
{
	(void)state;
	options.callchain = true;
	options.stack_bytes = 8192;
	add_event(&events, software_event("cpu-clock", PERF_COUNT_SW_CPU_CLOCK, 0));
	assert_int_equal(plan(), 0);
	assert_true(attr(0)->sample_type & PERF_SAMPLE_STACK_USER);
	assert_true(attr(0)->exclude_callchain_user);
	assert_int_equal(attr(0)->sample_regs_user, ev_unwind_registers());
}

static void every_size_of_copies_is_an_event_of_its_own_and_the_first_begins(void **state)
{
	(void)state;
	options.callchain = options.at_exec = true;
	options.stack_bytes = 8192;
	options.other_stack_bytes[0] = 65528;
	options.other_stack_count = 2; /* and none */
	add_event(&events, software_event("a", PERF_COUNT_SW_CPU_CLOCK, 0));
	add_event(&events, software_event("b", PERF_COUNT_SW_PAGE_FAULTS, 0));
	assert_int_equal(plan(), 0);
	/* Mappings are told whichever is on. */
	assert_int_equal(planned.event_count, 7);
	assert_true(attr(6)->mmap2 && !attr(0)->mmap2);
	static const struct {
		uint32_t bytes;
		bool leads, begins;
	} wanted[] = { { 8192, true, true },    { 8192, false, false }, { 65528, true, false },
		       { 65528, false, false }, { 0, true, false },     { 0, false, false } };
	for (size_t i = 0; i < EV_LENGTH(wanted); i++) {
		assert_int_equal(attr(i)->sample_stack_user, wanted[i].bytes);
		assert_int_equal(attr(i)->exclude_callchain_user, wanted[i].bytes > 0);
		assert_int_equal(attr(i)->sample_type, attr(0)->sample_type | attr(i)->sample_type);
		assert_int_equal(planned.events[i].leader, i & ~(size_t)1);
		assert_int_equal(attr(i)->disabled, wanted[i].leads);
		assert_int_equal(attr(i)->enable_on_exec, wanted[i].begins);
		assert_int_equal(ev_sampler_listed(&planned, i), i % 2);
	}
}

static void an_event_may_have_its_own_way_with_stacks(void **state)
{
	(void)state;
	add_event(&events, software_event("a", PERF_COUNT_SW_CPU_CLOCK, 0));
	add_event(&events, software_event("b", PERF_COUNT_SW_CPU_CLOCK, 0));
	events.items[0].leader = 0;
	events.items[1].leader = 1;
	events.items[0].call_graph = EV_CALL_GRAPH_DWARF;
	events.items[0].stack_size_bytes = 4096;
	assert_int_equal(plan(), 0);
	assert_int_equal(attr(0)->sample_stack_user, 4096);
	assert_false(attr(1)->sample_type & (PERF_SAMPLE_STACK_USER | PERF_SAMPLE_CALLCHAIN));
	options.callchain = true;
	options.stack_bytes = 8192;
	events.items[0].call_graph = EV_CALL_GRAPH_FP;
	assert_int_equal(plan(), 0);
	assert_true(attr(0)->sample_type & PERF_SAMPLE_CALLCHAIN);
	assert_false(attr(0)->sample_type & PERF_SAMPLE_STACK_USER);
	assert_false(attr(0)->exclude_callchain_user);
	assert_int_equal(attr(1)->sample_stack_user, 8192);
}

static void members_of_a_read_group_have_no_samples_of_their_own(void **state)
{
	(void)state;
	add_event(&events, software_event("a", PERF_COUNT_SW_CPU_CLOCK, 0));
	add_event(&events, software_event("b", PERF_COUNT_SW_PAGE_FAULTS, 0));
	events.items[0].fixed = events.items[1].fixed = EV_SAMPLE_READ;
	assert_int_equal(plan(), 0);
	assert_true(attr(0)->sample_type & PERF_SAMPLE_READ);
	assert_true(attr(0)->read_format & PERF_FORMAT_GROUP);
	assert_true(attr(0)->read_format & PERF_FORMAT_TOTAL_TIME_ENABLED);
	assert_true(attr(0)->read_format & PERF_FORMAT_TOTAL_TIME_RUNNING);
	assert_true(attr(0)->read_format & PERF_FORMAT_GROUP);
	assert_true(attr(0)->sample_period);
	assert_int_equal(attr(1)->sample_period, 0);
}

static void the_whole_machine_is_sampled_with_the_cpu(void **state)
{
	(void)state;
	target.kind = EV_TARGET_SYSTEM;
	options.addresses = true;
	options.clock_id = 1;
	add_event(&events, software_event("cpu-clock", PERF_COUNT_SW_CPU_CLOCK, 0));
	assert_int_equal(plan(), 0);
	assert_true(attr(0)->sample_type & PERF_SAMPLE_CPU);
	assert_true(attr(0)->sample_type & PERF_SAMPLE_ADDR);
	assert_true(attr(0)->mmap_data && attr(0)->use_clockid);
	assert_int_equal(attr(0)->clockid, 1);
	assert_false(attr(0)->inherit || attr(0)->enable_on_exec);
}

static void what_serves_the_whole_machine_is_refused_for_a_program(void **state)
{
	(void)state;
	add_event(&events, software_event("energy", 1, 0));
	events.items[0].per_task = false;
	assert_int_equal(plan(), -EINVAL);
	assert_non_null(strstr(err.text, "-a"));
	target.kind = EV_TARGET_SYSTEM;
	assert_int_equal(plan(), 0);
}

static void no_event_is_an_error(void **state)
{
	(void)state;
	assert_int_equal(plan(), -EINVAL);
}

static void what_programs_count_takes_no_stacks_and_tells_nothing(void **state)
{
	(void)state;
	options.counted = options.at_exec = options.callchain = true;
	add_event(&events, software_event("cpu-clock", PERF_COUNT_SW_CPU_CLOCK, 0));
	add_event(&events, software_event("page-faults", PERF_COUNT_SW_PAGE_FAULTS, 1));
	events.items[1].attr.precise_ip = 1;
	assert_int_equal(plan(), 0);
	assert_int_equal(planned.event_count, 3);
	assert_true(planned.events[0].counted && !planned.events[2].counted);
	assert_false(attr(0)->sample_type & PERF_SAMPLE_CALLCHAIN);
	assert_true(attr(0)->inherit && attr(0)->enable_on_exec);
	assert_false(attr(0)->mmap);
	assert_true(attr(2)->mmap2 && attr(2)->task);
	/* The stack at a precise place is the kernel's to find. */
	assert_true(attr(1)->sample_type & PERF_SAMPLE_CALLCHAIN);
}

static void a_tracepoint_that_a_program_counts_is_not_inherited(void **state)
{
	(void)state;
	struct ev_event event = software_event("sched:sched_switch", 1, 0);
	event.attr.type = PERF_TYPE_TRACEPOINT;
	options.counted = options.at_exec = true;
	add_event(&events, event);
	assert_int_equal(plan(), 0);
	assert_true(planned.events[0].counted);
	assert_false(attr(0)->inherit || attr(0)->enable_on_exec);
	assert_true(attr(0)->disabled);
	assert_false(attr(0)->sample_type & PERF_SAMPLE_RAW);
	/* Its own filter would come too late. */
	events.items[0].filter = "prev_pid == 0";
	assert_int_equal(plan(), 0);
	assert_false(planned.events[0].counted);
	assert_true(attr(0)->inherit && attr(0)->sample_type & PERF_SAMPLE_RAW);
}

static void events_that_no_program_can_count_say_why(void **state)
{
	(void)state;
	const char *why;
	uint32_t cpu = 0;
	struct ev_event event = software_event("page-faults", PERF_COUNT_SW_PAGE_FAULTS, 0);
	assert_true(ev_sampler_may_count(&event, &target, &why));
	assert_null(why);
	event.fixed = EV_SAMPLE_READ;
	assert_false(ev_sampler_may_count(&event, &target, &why));
	assert_non_null(strstr(why, ":S"));
	event.fixed = 0;
	event.probe_path = "/bin/true";
	assert_false(ev_sampler_may_count(&event, &target, &why));
	event.probe_path = NULL;
	event.attr.type = PERF_TYPE_TRACEPOINT;
	target.cpus = &cpu;
	target.cpu_count = 1;
	assert_false(ev_sampler_may_count(&event, &target, &why));
	assert_non_null(strstr(why, "CPUs"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, prepare, tidy)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(one_event_is_asked_for_as_perf_asks),
		TEST(only_the_first_of_several_events_tells_of_mappings),
		TEST(an_event_that_begins_late_has_a_teller_beside_it),
		TEST(an_events_own_period_wins),
		TEST(a_natural_period_gives_way_to_what_was_typed),
		TEST(an_events_own_terms_win_over_the_options),
		TEST(what_only_some_processors_have_is_asked_for),
		TEST(too_high_a_frequency_names_sysctl_and_limit),
		TEST(tracepoints_are_sampled_one_by_one_with_their_data),
		TEST(members_of_a_group_run_with_their_leader),
		TEST(copied_stacks_come_with_the_registers_of_unwinding_and_no_others),
		TEST(every_size_of_copies_is_an_event_of_its_own_and_the_first_begins),
		TEST(an_event_may_have_its_own_way_with_stacks),
		TEST(members_of_a_read_group_have_no_samples_of_their_own),
		TEST(the_whole_machine_is_sampled_with_the_cpu),
		TEST(what_serves_the_whole_machine_is_refused_for_a_program),
		TEST(no_event_is_an_error),
		TEST(what_programs_count_takes_no_stacks_and_tells_nothing),
		TEST(a_tracepoint_that_a_program_counts_is_not_inherited),
		TEST(events_that_no_program_can_count_say_why),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
