/* Programs whose events are known are counted by simulated counters that take turns: the bound must
 * cover the truth as often as it says. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <evprof/figures.h>

#define TICK_NS 4000000 /* the kernel rotates every so often */
#define TRIALS 400

/* Numbers that are the same on every run (xorshift64*, S. Vigna 2016). */
static uint64_t seed;

static double uniform(void)
{
	seed ^= seed >> 12;
	seed ^= seed << 25;
	seed ^= seed >> 27;
	return (double)((seed * 2685821657736338717u) >> 11) / (double)(1ull << 53);
}

static double normal(void)
{
	return sqrt(-2 * log(1 - uniform())) * cos(2 * M_PI * uniform());
}

/* Events per tick of a program, tick after tick. */
struct program {
	double (*rate)(struct program *program, unsigned tick);
	double level, shift;
};

static double steady(struct program *program, unsigned tick)
{
	(void)program;
	(void)tick;
	return 1e6;
}

static double noisy(struct program *program, unsigned tick)
{
	(void)program;
	(void)tick;
	return 1e6 * exp(0.8 * normal());
}

/* What it does now it likely does in a while. */
static double drifting(struct program *program, unsigned tick)
{
	(void)tick;
	program->level = 0.9 * program->level + 0.3 * normal();
	return 1e6 * exp(program->level);
}

static double in_phases(struct program *program, unsigned tick)
{
	double in_phase = sin((double)tick / 40 + program->shift);
	return in_phase > 0 ? 1e6 : 5e4;
}

/* One counter of `turns` that share the hardware, read every `read_ticks`. */
struct schedule {
	unsigned ticks, turns, read_ticks;
};

static double count(struct program *program, const struct schedule *schedule,
		    struct ev_slices *slices)
{
	struct ev_count slice = { 0 };
	unsigned turn = (unsigned)(uniform() * schedule->turns);
	double truth = 0;
	*slices = (struct ev_slices){ 0 };
	program->shift = 6.28 * uniform();
	for (unsigned tick = 0; tick < schedule->ticks; tick++) {
		double events = program->rate(program, tick);
		truth += events;
		slice.enabled_ns += TICK_NS;
		if ((tick + turn) % schedule->turns == 0) {
			slice.value += (uint64_t)events;
			slice.running_ns += TICK_NS;
		}
		if ((tick + 1) % schedule->read_ticks == 0 || tick + 1 == schedule->ticks) {
			ev_slices_add(slices, &slice);
			slice = (struct ev_count){ 0 };
		}
	}
	return truth;
}

/* Share of trials in which the bound covers the truth; the mean of the bounds in *width. */
static double coverage(double (*rate)(struct program *, unsigned), struct schedule schedule,
		       double *width)
{
	unsigned covered = 0;
	*width = 0;
	seed = 88172645463325252u;
	for (int trial = 0; trial < TRIALS; trial++) {
		struct program program = { .rate = rate };
		struct ev_slices slices;
		struct ev_scaled scaled = { 0 };
		double truth = count(&program, &schedule, &slices);
		ev_scaled_add(&scaled, &slices);
		double error = ev_scaled_error(&scaled);
		assert_true(error >= 0);
		covered += fabs(scaled.total - truth) <= error * scaled.total + 1;
		*width += error / TRIALS;
	}
	return (double)covered / TRIALS;
}

static void the_bound_covers_the_truth_of_noisy_programs(void **state)
{
	(void)state;
	static const struct schedule schedules[] = {
		{ 500, 3, 3 }, { 500, 3, 1 }, { 500, 2, 5 }, { 2000, 6, 10 }, { 250, 4, 7 }
	};
	for (size_t i = 0; i < EV_LENGTH(schedules); i++) {
		double width, covered = coverage(noisy, schedules[i], &width);
		if (covered < 0.9 || covered > 0.995)
			fail_msg("schedule %zu: covered %.3f", i, covered);
		assert_true(width > 0.01 && width < 0.5);
	}
}

static void the_bound_covers_the_truth_of_programs_that_drift_or_have_phases(void **state)
{
	(void)state;
	static const struct schedule schedules[] = { { 500, 3, 3 },
						     { 1000, 4, 10 },
						     { 300, 2, 1 } };
	for (size_t i = 0; i < EV_LENGTH(schedules); i++) {
		double width;
		assert_true(coverage(drifting, schedules[i], &width) >= 0.9);
		assert_true(coverage(in_phases, schedules[i], &width) >= 0.9);
		assert_true(width < 0.5);
	}
}

static void a_steady_program_is_known_almost_exactly(void **state)
{
	(void)state;
	double width;
	assert_true(coverage(steady, (struct schedule){ 100, 4, 3 }, &width) == 1);
	assert_true(width < 1e-6);
}

static void longer_runs_and_larger_shares_make_the_bound_smaller(void **state)
{
	(void)state;
	double brief, longer, larger;
	coverage(noisy, (struct schedule){ 200, 4, 4 }, &brief);
	coverage(noisy, (struct schedule){ 3200, 4, 4 }, &longer);
	coverage(noisy, (struct schedule){ 200, 2, 4 }, &larger);
	assert_true(longer < brief / 3 && longer > brief / 5); /* a quarter: 16 times as long */
	assert_true(larger < brief);
}

static void too_few_slices_tell_no_bound(void **state)
{
	(void)state;
	struct ev_slices slices = { 0 };
	struct ev_scaled scaled = { 0 };
	for (int i = 0; i < 4; i++)
		ev_slices_add(&slices, &(struct ev_count){ 100, 2 * TICK_NS, TICK_NS });
	ev_scaled_add(&scaled, &slices);
	assert_true(ev_scaled_error(&scaled) < 0);
	assert_true(fabs(scaled.total - 800) < 1e-6);
	ev_slices_add(&slices, &(struct ev_count){ 100, 2 * TICK_NS, TICK_NS });
	scaled = (struct ev_scaled){ 0 };
	ev_scaled_add(&scaled, &slices);
	assert_true(ev_scaled_error(&scaled) >= 0);
}

static void what_was_never_met_has_no_bound_either(void **state)
{
	(void)state;
	struct ev_slices slices = { 0 };
	struct ev_scaled scaled = { 0 };
	for (int i = 0; i < 100; i++)
		ev_slices_add(&slices, &(struct ev_count){ 0, 2 * TICK_NS, TICK_NS });
	ev_scaled_add(&scaled, &slices);
	assert_true(ev_scaled_error(&scaled) < 0);
}

static void one_of_several_that_never_ran_leaves_the_sum_without_a_bound(void **state)
{
	(void)state;
	struct ev_slices whole = { 0 }, never = { 0 };
	struct ev_scaled scaled = { 0 };
	ev_slices_add(&whole, &(struct ev_count){ 100, TICK_NS, TICK_NS });
	ev_slices_add(&never, &(struct ev_count){ 0, TICK_NS, 0 });
	ev_scaled_add(&scaled, &whole);
	assert_true(ev_scaled_error(&scaled) == 0);
	ev_scaled_add(&scaled, &never);
	assert_true(ev_scaled_error(&scaled) < 0);
}

static void what_ran_all_the_time_has_no_error(void **state)
{
	(void)state;
	struct ev_slices slices = { 0 }, none = { 0 };
	struct ev_scaled scaled = { 0 };
	ev_slices_add(&slices, &(struct ev_count){ 12345, TICK_NS, TICK_NS });
	ev_scaled_add(&scaled, &slices);
	ev_scaled_add(&scaled, &none);
	assert_true(ev_scaled_error(&scaled) == 0);
	assert_true(fabs(scaled.total - 12345) < 1e-6);
}

static void sums_over_cpus_and_runs_add_their_variances(void **state)
{
	(void)state;
	struct ev_slices slices = { 0 };
	struct ev_scaled one = { 0 }, four = { 0 };
	seed = 1;
	for (int i = 0; i < 2000; i++)
		ev_slices_add(&slices, &(struct ev_count){ (uint64_t)(1000 + 500 * uniform()),
							   2 * TICK_NS, TICK_NS });
	ev_scaled_add(&one, &slices);
	for (int i = 0; i < 4; i++)
		ev_scaled_merge(&four, &one);
	assert_true(fabs(four.total - 4 * one.total) < 1);
	assert_true(fabs(ev_scaled_error(&four) / ev_scaled_error(&one) - 0.5) < 0.01);
	one.is_unknown = true;
	ev_scaled_merge(&four, &one);
	assert_true(ev_scaled_error(&four) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_bound_covers_the_truth_of_noisy_programs),
		cmocka_unit_test(the_bound_covers_the_truth_of_programs_that_drift_or_have_phases),
		cmocka_unit_test(a_steady_program_is_known_almost_exactly),
		cmocka_unit_test(longer_runs_and_larger_shares_make_the_bound_smaller),
		cmocka_unit_test(too_few_slices_tell_no_bound),
		cmocka_unit_test(what_was_never_met_has_no_bound_either),
		cmocka_unit_test(one_of_several_that_never_ran_leaves_the_sum_without_a_bound),
		cmocka_unit_test(what_ran_all_the_time_has_no_error),
		cmocka_unit_test(sums_over_cpus_and_runs_add_their_variances),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
