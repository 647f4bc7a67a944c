/* Samples by thread and time. */
#include "invented_report.h"
#include "timed.h"

/* All in slices of 0.1 ms. */
static void add_at(struct invented *it, uint32_t tid, uint64_t time_ns, const char *words,
		   uint64_t samples)
{
	invented_add_to(it, 0, "prog", tid, words, samples, samples * 10);
	struct invented_entry *entry = &it->entries.items[it->entries.count - 1];
	struct ev_tag tag = it->profile->tags.items[entry->tag];
	tag.slice = time_ns / it->profile->slice_ns + 1;
	entry->tag = ev_profile_tag(it->profile, &tag);
}

static void begin(struct invented *it, uint64_t first_ns)
{
	invented_open(it);
	it->profile->slice_ns = 100000;
	it->profile->first_time_ns = first_ns;
	it->profile->last_time_ns = first_ns + 1000000000;
}

static void samples_stand_by_thread_and_then_by_time(void **state)
{
	(void)state;
	struct invented it;
	ev_timed_list list = { 0 };
	begin(&it, 5000000000);
	add_at(&it, 8, 5000900000, "main", 1);
	add_at(&it, 7, 5000500000, "main;work", 2);
	add_at(&it, 7, 5000000000, "main", 3);
	invented_finish(&it, "sym", true, NULL);
	assert_true(ev_timed_collect(&it.report, &list));
	assert_int_equal(list.count, 3);
	assert_int_equal(list.items[0].samples, 3);
	assert_int_equal(list.items[0].time_ns, 0);
	assert_int_equal(list.items[1].samples, 2);
	assert_int_equal(list.items[1].time_ns, 500000);
	assert_int_equal(list.items[2].tid, 8);
	assert_int_equal(list.items[2].time_ns, 900000);
	assert_int_equal(ev_timed_end(&list, 0, true), 2);
	ev_array_done(&list);
	invented_done(&it);
}

/* Numbers of slices that 32 bits do not hold: a clock that has run for a week. */
static void times_are_right_after_a_week(void **state)
{
	(void)state;
	const uint64_t round_ns = (uint64_t)UINT32_MAX * 100000;
	struct invented it;
	ev_timed_list list = { 0 };
	begin(&it, round_ns - 200000);
	add_at(&it, 7, round_ns - 200000, "main", 1);
	add_at(&it, 7, round_ns + 300000, "main", 2);
	invented_finish(&it, "sym", true, NULL);
	assert_true(ev_timed_collect(&it.report, &list));
	assert_int_equal(list.items[0].time_ns, 0);
	assert_int_equal(list.items[1].time_ns, 500000);
	ev_array_done(&list);
	invented_done(&it);
}

static void without_times_samples_stand_in_a_row(void **state)
{
	(void)state;
	struct invented it;
	ev_timed_list list = { 0 };
	invented_open(&it);
	invented_add(&it, "main", 1, 10);
	invented_add(&it, "main;work", 2, 20);
	invented_finish(&it, "sym", true, NULL);
	assert_false(ev_timed_collect(&it.report, &list));
	assert_int_equal(list.count, 2);
	assert_true(list.items[1].time_ns > list.items[0].time_ns);
	ev_array_done(&list);
	invented_done(&it);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(samples_stand_by_thread_and_then_by_time),
		cmocka_unit_test(times_are_right_after_a_week),
		cmocka_unit_test(without_times_samples_stand_in_a_row),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
