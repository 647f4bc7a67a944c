/* Counts that samples carry: what was counted since the sample before of the same counters. */
#include "recordings.h"

/* A group of two: the leader's ids are 10 and 11, the member's 20 and 21. */
struct group {
	struct ev_recording recording;
	struct ev_reads *reads;
	const struct ev_read_delta *deltas;
};

static void group_open(struct group *group)
{
	*group = (struct group){ 0 };
	for (int i = 0; i < 2; i++) {
		struct ev_recorded_event *event =
			add_event(&group->recording, i ? "page-faults" : "task-clock",
				  PERF_SAMPLE_READ | PERF_SAMPLE_TID | PERF_SAMPLE_IDENTIFIER);
		event->attr.read_format = PERF_FORMAT_GROUP | PERF_FORMAT_ID |
					  PERF_FORMAT_TOTAL_TIME_ENABLED |
					  PERF_FORMAT_TOTAL_TIME_RUNNING;
		event->attr.enable_on_exec = i == 0;
		event->leader = 0;
	}
	group->reads = ev_reads_open(&group->recording);
}

static void group_done(struct group *group)
{
	ev_reads_close(group->reads);
	ev_recording_done(&group->recording);
}

/* A sample on CPU 0 or 1 with what was counted so far, at a time and after as long on the hardware;
 * half of the time when `half`. */
static size_t take(struct group *group, uint64_t cpu, uint32_t tid, uint64_t time_ns,
		   uint64_t first, uint64_t second, bool half)
{
	struct ev_read_value values[] = { { first, 10 + cpu, 0 }, { second, 20 + cpu, 0 } };
	struct ev_record record = {
		.type = PERF_RECORD_SAMPLE,
		.pid = 7,
		.tid = tid,
		.time_ns = time_ns,
		.id = 10 + cpu,
		.sample = { .has = PERF_SAMPLE_READ | PERF_SAMPLE_TID,
			    .reads = values,
			    .read_count = 2,
			    .enabled_ns = time_ns,
			    .running_ns = half ? time_ns / 2 : time_ns },
	};
	return ev_reads_take(group->reads, &record, &group->deltas);
}

#define assert_deltas(group, first, second)                                                        \
	do {                                                                                       \
		assert_int_equal((group)->deltas[0].event, 0);                                     \
		assert_int_equal((group)->deltas[0].value, first);                                 \
		assert_int_equal((group)->deltas[1].event, 1);                                     \
		assert_int_equal((group)->deltas[1].value, second);                                \
	} while (0)

static void a_sample_stands_for_what_was_counted_since_the_one_before(void **state)
{
	(void)state;
	struct group group;
	group_open(&group);
	assert_int_equal(take(&group, 0, 1, 10, 1000, 3, false), 2);
	assert_deltas(&group, 1000, 3); /* counting began at the exec: since 0 */
	assert_int_equal(take(&group, 0, 1, 20, 2500, 3, false), 2);
	assert_deltas(&group, 1500, 0);
	assert_int_equal(take(&group, 0, 1, 30, 3500, 40, false), 2);
	assert_deltas(&group, 1000, 37);
	assert_int_equal(ev_reads_tally(group.reads).samples, 3);
	assert_int_equal(ev_reads_tally(group.reads).left_out, 0);
	group_done(&group);
}

static void counters_of_every_cpu_are_kept_apart(void **state)
{
	(void)state;
	struct group group;
	group_open(&group);
	take(&group, 0, 1, 10, 1000, 1, false);
	take(&group, 1, 1, 11, 5000, 9, false);
	assert_int_equal(take(&group, 0, 1, 20, 2000, 2, false), 2);
	assert_deltas(&group, 1000, 1);
	assert_int_equal(take(&group, 1, 1, 21, 6000, 11, false), 2);
	assert_deltas(&group, 1000, 2);
	group_done(&group);
}

static void threads_are_kept_apart_when_counters_are_inherited(void **state)
{
	(void)state;
	for (int inherit = 0; inherit < 2; inherit++) {
		struct group group;
		group_open(&group);
		group.recording.events[0].attr.inherit = (__u64)inherit;
		take(&group, 0, 1, 10, 1000, 1, false);
		assert_int_equal(take(&group, 0, 2, 20, 1500, 5, false), 2);
		assert_deltas(&group, inherit ? 1500 : 500, inherit ? 5 : 4);
		group_done(&group);
	}
}

static void a_new_thread_with_an_old_number_counts_from_0(void **state)
{
	(void)state;
	struct group group;
	group_open(&group);
	group.recording.events[0].attr.inherit = 1;
	take(&group, 0, 1, 10, 5000, 50, false);
	assert_int_equal(take(&group, 0, 1, 20, 1000, 2, false), 2);
	assert_deltas(&group, 1000, 2);
	group_done(&group);
}

static void counts_that_go_backwards_are_left_out(void **state)
{
	(void)state;
	struct group group;
	group_open(&group);
	take(&group, 0, 1, 10, 5000, 50, false);
	assert_int_equal(take(&group, 0, 1, 20, 6000, 49, false), 0);
	assert_int_equal(ev_reads_tally(group.reads).disorder, 1);
	assert_int_equal(take(&group, 0, 1, 30, 7000, 60, false), 2);
	assert_deltas(&group, 1000, 11);
	/* One that comes too late has nothing left, and changes nothing for those that follow. */
	assert_int_equal(take(&group, 0, 1, 25, 6500, 55, false), 2);
	assert_deltas(&group, 0, 0);
	assert_int_equal(ev_reads_tally(group.reads).late, 1);
	assert_int_equal(take(&group, 0, 1, 40, 8000, 61, false), 2);
	assert_deltas(&group, 1000, 1);
	group_done(&group);
}

static void what_began_before_the_file_is_not_charged_to_its_first_sample(void **state)
{
	(void)state;
	struct group group;
	group_open(&group);
	group.recording.events[0].attr.enable_on_exec = 0;
	assert_int_equal(take(&group, 0, 1, 10, 900000, 50, false), 0);
	assert_int_equal(ev_reads_tally(group.reads).left_out, 1);
	assert_int_equal(take(&group, 0, 1, 20, 901000, 51, false), 2);
	assert_deltas(&group, 1000, 1);
	/* Its period of 1000 leaves no room for an earlier sample. */
	assert_int_equal(take(&group, 1, 1, 20, 1100, 4, false), 2);
	assert_deltas(&group, 1100, 4);
	group_done(&group);
}

static void counts_of_a_cpu_are_scaled_to_the_time_wanted(void **state)
{
	(void)state;
	struct group group;
	group_open(&group);
	take(&group, 0, 1, 10, 1000, 4, true);
	take(&group, 0, 2, 20, 1200, 4, true); /* another thread: it is the CPU's counter */
	assert_int_equal(take(&group, 0, 1, 40, 1700, 5, true), 2);
	assert_deltas(&group, 1000, 2);
	assert_int_equal(ev_reads_tally(group.reads).enabled_ns, 40);
	assert_int_equal(ev_reads_tally(group.reads).running_ns, 20);
	group_done(&group);
}

static void counts_of_a_thread_on_one_of_its_cpus_are_not_scaled(void **state)
{
	(void)state;
	struct group group;
	group_open(&group);
	/* Half of the time it runs on the other CPU. */
	for (uint64_t i = 1; i <= 100; i++) {
		take(&group, 0, 1, 10 * i, 1000 * i, i, true);
		assert_deltas(&group, 1000, 1);
		take(&group, 1, 1, 10 * i, 1000 * i, i, true);
		assert_deltas(&group, 1000, 1);
	}
	assert_int_equal(ev_reads_tally(group.reads).enabled_ns, 1000);
	assert_int_equal(ev_reads_tally(group.reads).running_ns, 1000);
	group_done(&group);
}

static void values_without_ids_are_told_by_their_place(void **state)
{
	(void)state;
	struct group group;
	group_open(&group);
	group.recording.events[0].attr.read_format &= ~(uint64_t)PERF_FORMAT_ID;
	assert_int_equal(take(&group, 0, 1, 10, 1000, 3, false), 2);
	assert_deltas(&group, 1000, 3);
	group_done(&group);
}

static void strange_samples_have_no_differences(void **state)
{
	(void)state;
	struct group group;
	group_open(&group);
	struct ev_read_value values[] = { { 1, 99, 0 } };
	struct ev_record record = { .type = PERF_RECORD_SAMPLE, .event = -1 };
	record.sample.reads = values;
	record.sample.read_count = 1;
	assert_int_equal(ev_reads_take(group.reads, &record, &group.deltas), 0);
	record.event = 0; /* an id that no event has */
	assert_int_equal(ev_reads_take(group.reads, &record, &group.deltas), 1);
	assert_int_equal(group.deltas[0].event, -1);
	record.sample.read_count = 0;
	assert_int_equal(ev_reads_take(group.reads, &record, &group.deltas), 0);
	group_done(&group);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sample_stands_for_what_was_counted_since_the_one_before),
		cmocka_unit_test(counters_of_every_cpu_are_kept_apart),
		cmocka_unit_test(threads_are_kept_apart_when_counters_are_inherited),
		cmocka_unit_test(a_new_thread_with_an_old_number_counts_from_0),
		cmocka_unit_test(counts_that_go_backwards_are_left_out),
		cmocka_unit_test(what_began_before_the_file_is_not_charged_to_its_first_sample),
		cmocka_unit_test(counts_of_a_cpu_are_scaled_to_the_time_wanted),
		cmocka_unit_test(counts_of_a_thread_on_one_of_its_cpus_are_not_scaled),
		cmocka_unit_test(values_without_ids_are_told_by_their_place),
		cmocka_unit_test(strange_samples_have_no_differences),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
