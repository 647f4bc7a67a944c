/* Counts as they come from a run, and what a printer made of them. */
#ifndef TESTS_VIEW_COUNTS_H
#define TESTS_VIEW_COUNTS_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <evprof/view.h>

__attribute__((unused)) static struct ev_stat_row sample_rows[] = {
	{ .event = "task-clock",
	  .unit = "",
	  .slot = "",
	  .value = 853764321,
	  .is_time = true,
	  .enabled_ns = 853764321,
	  .running_ns = 853764321 },
	{ .event = "context-switches",
	  .unit = "",
	  .slot = "",
	  .value = 5,
	  .enabled_ns = 853764321,
	  .running_ns = 853764321 },
	{ .event = "cycles",
	  .unit = "",
	  .slot = "",
	  .value = 2134410802,
	  .enabled_ns = 1000000000,
	  .running_ns = 432100000,
	  .group = 2,
	  .scaling_error = 0.0123 },
	{ .event = "cache-misses",
	  .unit = "",
	  .slot = "",
	  .state = EV_NOT_SUPPORTED,
	  .why = "no PMU, \"really\"" },
	{ .event = "power/energy-pkg/",
	  .unit = "Joules",
	  .slot = "",
	  .value = 12.345,
	  .enabled_ns = 1,
	  .running_ns = 1 },
	{ .event = "dummy", .unit = "", .slot = "", .state = EV_NOT_COUNTED },
};

__attribute__((unused)) static struct ev_stat sample_stat(void)
{
	return (struct ev_stat){
		.target = "'./sorts'",
		.runs = 1,
		.rows = sample_rows,
		.row_count = EV_LENGTH(sample_rows),
		.summary = true,
		.elapsed_s = 0.8544133,
		.user_s = 0.854343,
		.sys_s = 0,
		.peak_rss_kb = 20000,
		.voluntary_switches = 1,
		.involuntary_switches = 4,
		.cpus = 2,
	};
}

/* Two counters that took turns, and one beside them that did not. */
static struct ev_stat_row shared_rows[] = {
	{ .event = "cycles",
	  .unit = "",
	  .slot = "",
	  .value = 4000000,
	  .enabled_ns = 1000,
	  .running_ns = 500,
	  .group = 0,
	  .scaling_error = 0.002 },
	{ .event = "instructions",
	  .unit = "",
	  .slot = "",
	  .value = 6000000,
	  .enabled_ns = 1000,
	  .running_ns = 500,
	  .group = 1,
	  .scaling_error = -1 },
	{ .event = "branch-misses",
	  .unit = "",
	  .slot = "",
	  .value = 12000,
	  .enabled_ns = 1000,
	  .running_ns = 500,
	  .group = 1,
	  .scaling_error = 0.1 },
};

__attribute__((unused)) static struct ev_stat shared_stat(void)
{
	return (struct ev_stat){ .target = "'./sorts'",
				 .runs = 1,
				 .rows = shared_rows,
				 .row_count = EV_LENGTH(shared_rows),
				 .summary = true,
				 .elapsed_s = 1,
				 .user_s = -1,
				 .cpus = 2 };
}

/* Only the metrics of these names, as -M asks for them. */
__attribute__((unused)) static const bool *chosen_metrics(const char *const *names, size_t count)
{
	static bool chosen[200];
	assert_true(ev_metric_count < EV_LENGTH(chosen));
	memset(chosen, 0, sizeof(chosen));
	for (size_t i = 0; i < ev_metric_count; i++) {
		for (size_t j = 0; j < count; j++)
			chosen[i] |= !strcmp(ev_metrics[i].name, names[j]);
	}
	return chosen;
}

static char *printed;
static size_t printed_bytes;

__attribute__((unused)) static char *print_stat(const struct ev_stat *stat,
						const struct ev_stat_options *options)
{
	free(printed);
	FILE *out = open_memstream(&printed, &printed_bytes);
	ev_stat_print_begin(out, options);
	ev_stat_print(out, stat, options);
	fclose(out);
	return printed;
}

static inline int forget_printed(void **state)
{
	(void)state;
	free(printed);
	printed = NULL;
	return 0;
}

#define assert_has(text, part)                                                                     \
	do {                                                                                       \
		if (!strstr((text), (part))) {                                                     \
			print_error("'%s' is not in:\n%s\n", (part), (text));                      \
			fail();                                                                    \
		}                                                                                  \
	} while (0)
#define assert_has_not(text, part)                                                                 \
	do {                                                                                       \
		if (strstr((text), (part))) {                                                      \
			print_error("'%s' is in:\n%s\n", (part), (text));                          \
			fail();                                                                    \
		}                                                                                  \
	} while (0)

#endif
