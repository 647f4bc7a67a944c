/* Rates change while it is sampled, and what samples count for stays right. */
#include <time.h>
#include "live.h"
#include "sampler.h"

#define NEEDS_SAMPLING(name)                                                                       \
	do {                                                                                       \
		(void)state;                                                                       \
		if (!may_count())                                                                  \
			SKIP(name, "this user may not use perf events");                           \
	} while (0)

static uint64_t own_time_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void spin_ms(uint64_t ms)
{
	uint64_t until = own_time_ns() + ms * 1000000;
	while (own_time_ns() < until)
		;
}

struct taken {
	uint64_t samples, period, least, most;
};

/* Samples are id, ip, tid, time, stream, period. */
static int take(void *context, const void *bytes, size_t size_bytes, struct ev_err *err)
{
	struct taken *taken = context;
	const uint8_t *at = bytes, *end = at + size_bytes;
	(void)err;
	for (; at < end; at += ((const struct perf_event_header *)(const void *)at)->size) {
		const struct perf_event_header *header = (const void *)at;
		const uint64_t *words = (const void *)(header + 1);
		if (header->type != PERF_RECORD_SAMPLE)
			continue;
		taken->samples++;
		taken->period += words[5];
		if (!taken->least || words[5] < taken->least)
			taken->least = words[5];
		if (words[5] > taken->most)
			taken->most = words[5];
	}
	return 0;
}

struct sampling {
	struct ev_event_list events;
	struct ev_recording recording;
	struct ev_sampler *sampler;
	uint64_t began_ns;
};

static struct sampling begin(uint64_t frequency_hz, uint64_t period_events)
{
	struct sampling sampling = { 0 };
	uint32_t tid = (uint32_t)getpid();
	struct ev_target target = { .kind = EV_TARGET_TIDS, .ids = &tid, .id_count = 1 };
	struct ev_sampler_options options = { .frequency_hz = frequency_hz,
					      .period_events = period_events,
					      .period = true,
					      .steered = true,
					      .clock_id = -1 };
	struct ev_err err = { 0 };
	add_event(&sampling.events, software_event("task-clock", PERF_COUNT_SW_TASK_CLOCK, 0));
	if (ev_sampler_open(&sampling.sampler, &sampling.events, &target, &options,
			    &sampling.recording, &err))
		fail_msg("%s", err.text);
	sampling.began_ns = own_time_ns();
	return sampling;
}

static void end(struct sampling *sampling)
{
	ev_sampler_close(sampling->sampler);
	ev_event_list_done(&sampling->events);
	ev_recording_done(&sampling->recording);
}

static void a_new_frequency_is_obeyed_and_samples_count_for_what_they_are(void **state)
{
	NEEDS_SAMPLING("a_new_frequency_is_obeyed_and_samples_count_for_what_they_are");
	struct sampling sampling = begin(2000, 0);
	struct taken before = { 0 }, after = { 0 };
	size_t changed = 0;
	spin_ms(100);
	assert_int_equal(ev_sampler_frequency(sampling.sampler, 250, &changed, NULL), 0);
	assert_int_equal(changed, 1);
	/* What waited in the ring keeps the weight that it was sampled with. */
	ev_sampler_drain(sampling.sampler, take, &before, NULL);
	assert_int_equal(before.least, 500000);
	assert_int_equal(before.most, 500000);
	spin_ms(300);
	ev_sampler_disable(sampling.sampler, NULL);
	uint64_t ran_ns = own_time_ns() - sampling.began_ns;
	ev_sampler_drain(sampling.sampler, take, &after, NULL);
	assert_int_equal(after.least, 4000000);
	assert_int_equal(after.most, 4000000);
	assert_true(after.samples < before.samples);
	double sum = (double)(before.period + after.period);
	assert_true(sum > 0.8 * (double)ran_ns && sum < 1.2 * (double)ran_ns);
	end(&sampling);
}

static void rates_that_cannot_be_are_refused(void **state)
{
	NEEDS_SAMPLING("rates_that_cannot_be_are_refused");
	struct sampling sampling = begin(0, 1000000);
	struct ev_err err = { 0 };
	size_t changed;
	assert_int_equal(ev_sampler_frequency(sampling.sampler, 0, &changed, &err), -EINVAL);
	assert_int_equal(ev_sampler_frequency(sampling.sampler, 200000, &changed, &err), -EINVAL);
	assert_int_equal(ev_sampler_frequency(sampling.sampler, 99, &changed, &err), -EINVAL);
	assert_non_null(strstr(err.text, "no event here is sampled by frequency"));
	end(&sampling);
}

static void jittered_values_stay_within_bounds_and_reach_both(void **state)
{
	(void)state;
	uint64_t number = 1, least = UINT64_MAX, most = 0, sum = 0;
	for (int i = 0; i < 100000; i++) {
		uint64_t value = ev_jittered(1000, 10, &number);
		least = value < least ? value : least;
		most = value > most ? value : most;
		sum += value;
	}
	assert_int_equal(least, 900);
	assert_int_equal(most, 1100);
	assert_true(sum > 99800000 && sum < 100200000);
	for (int i = 0; i < 1000; i++)
		assert_in_range(ev_jittered(1, 50, &number), 1, 2);
	for (int i = 0; i < 1000; i++)
		assert_true(ev_jittered(UINT64_MAX / 4, 50, &number) <= UINT64_MAX / 8 * 3);
}

static void a_varied_period_is_what_its_samples_count_for(void **state)
{
	NEEDS_SAMPLING("a_varied_period_is_what_its_samples_count_for");
	struct sampling sampling = begin(0, 100000);
	struct taken taken = { 0 };
	uint64_t number = 7;
	assert_true(ev_sampler_may_jitter(sampling.sampler));
	for (int i = 0; i < 10; i++) {
		spin_ms(30);
		assert_int_equal(ev_sampler_drain(sampling.sampler, take, &taken, NULL), 0);
		assert_int_equal(ev_sampler_jitter(sampling.sampler, 20, &number, NULL), 0);
	}
	ev_sampler_disable(sampling.sampler, NULL);
	uint64_t ran_ns = own_time_ns() - sampling.began_ns;
	ev_sampler_drain(sampling.sampler, take, &taken, NULL);
	assert_true(taken.least >= 80000 && taken.most <= 120000);
	/* A busy machine may keep the kernel from so many timers, but then no period changes. */
	if (taken.samples > 1000) {
		assert_true(taken.least < taken.most);
		double sum = (double)taken.period;
		assert_true(sum > 0.9 * (double)ran_ns && sum < 1.1 * (double)ran_ns);
	}
	end(&sampling);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_frequency_is_obeyed_and_samples_count_for_what_they_are),
		cmocka_unit_test(rates_that_cannot_be_are_refused),
		cmocka_unit_test(jittered_values_stay_within_bounds_and_reach_both),
		cmocka_unit_test(a_varied_period_is_what_its_samples_count_for),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
