/* Formulas over counts: which row gets which figure, and which rows get none. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>
#include <evprof/profile.h>

#define assert_near(is, expected, tolerance) assert_true(fabs((is) - (expected)) <= (tolerance))

static const char *const names[] = {
	"task-clock",    "cycles",           "instructions",
	"cycles:u",      "instructions:u",   "branches",
	"branch-misses", "cpu_atom/cycles/", "cpu_atom/instructions/"
};
static const double values[] = { 2e9, 6e9, 12e9, 5e9, 5e9, 2e9, 1e8, 1e9, 5e8 };

static struct ev_metric_value of(const char *event, double value)
{
	struct ev_metric_value out;
	if (!ev_metric_of(event, value, names, values, EV_LENGTH(names), 4, &out))
		out.metric = NULL;
	return out;
}

static void assert_metric(const char *event, double value, double expected, const char *unit)
{
	struct ev_metric_value out = of(event, value);
	assert_non_null(out.metric);
	assert_string_equal(out.unit, unit);
	assert_near(out.value, expected, 1e-9);
}

static void the_classic_figures(void **state)
{
	(void)state;
	assert_metric("task-clock", 2e9, 0.5, "CPUs utilized");
	assert_metric("cycles", 6e9, 3, "GHz");
	assert_metric("cpu-cycles", 6e9, 3, "GHz");
	assert_metric("instructions", 12e9, 2, "insn per cycle");
	assert_metric("branch-misses", 1e8, 5, "of all branches");
	assert_true(of("branch-misses", 1e8).metric->percent);
}

static void modifiers_pick_the_partner_of_the_same_level(void **state)
{
	(void)state;
	assert_metric("instructions:u", 5e9, 1, "insn per cycle");
	assert_metric("instructions:upp", 5e9, 1, "insn per cycle");
	assert_metric("cpu/instructions/u", 5e9, 1, "insn per cycle");
	assert_metric("cpu_atom/instructions/", 5e8, 0.5, "insn per cycle");
	/* No cycles:k was counted, so there is only the rate. */
	assert_metric("instructions:k", 4e9, 2, "G/sec");
}

static void other_events_get_rates_with_a_fitting_prefix(void **state)
{
	(void)state;
	assert_metric("context-switches", 0, 0, "/sec");
	assert_metric("page-faults", 100, 50, "/sec");
	assert_metric("page-faults", 230830, 115.415, "K/sec");
	assert_metric("branches", 2e9, 1, "G/sec");
	assert_metric("sched:sched_switch", 4e6, 2, "M/sec");
	assert_metric("cache-misses", 2e6, 1, "M/sec");
}

static void times_get_no_rate(void **state)
{
	(void)state;
	assert_null(of("duration_time", 1e9).metric);
	assert_null(of("user_time", 1e9).metric);
	assert_null(of("system_time", 1e9).metric);
}

static void without_a_clock_there_is_no_rate(void **state)
{
	(void)state;
	const char *const alone[] = { "page-faults" };
	const double count = 100;
	struct ev_metric_value out;
	assert_false(ev_metric_of("page-faults", 100, alone, &count, 1, 1, &out));
	assert_false(ev_metric_of("task-clock", 100, alone, &count, 1, 0, &out));
}

static void a_cpu_clock_stands_in_for_a_missing_task_clock(void **state)
{
	(void)state;
	const char *const both[] = { "cpu-clock", "page-faults" };
	const double counts[] = { 2e9, 100 };
	struct ev_metric_value out;
	assert_true(ev_metric_of("page-faults", 100, both, counts, 2, 1, &out));
	assert_near(out.value, 50, 1e-9);
}

static void every_formula_explains_itself(void **state)
{
	(void)state;
	assert_true(ev_metric_count > 10);
	for (size_t i = 0; i < ev_metric_count; i++) {
		assert_true(strlen(ev_metrics[i].about) > 10);
		assert_non_null(strchr(ev_metrics[i].format, '.'));
	}
}

static void names_of_any_length_are_survived(void **state)
{
	(void)state;
	char endless[1000];
	memset(endless, 'a', sizeof(endless) - 1);
	endless[sizeof(endless) - 1] = 0;
	assert_metric(endless, 100, 50, "/sec");
	endless[500] = '/';
	endless[700] = '/';
	assert_metric(endless, 100, 50, "/sec");
	assert_metric("", 100, 50, "/sec");
	assert_metric("/", 100, 50, "/sec");
	assert_metric(":", 100, 50, "/sec");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_classic_figures),
		cmocka_unit_test(modifiers_pick_the_partner_of_the_same_level),
		cmocka_unit_test(other_events_get_rates_with_a_fitting_prefix),
		cmocka_unit_test(times_get_no_rate),
		cmocka_unit_test(without_a_clock_there_is_no_rate),
		cmocka_unit_test(a_cpu_clock_stands_in_for_a_missing_task_clock),
		cmocka_unit_test(every_formula_explains_itself),
		cmocka_unit_test(names_of_any_length_are_survived),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
