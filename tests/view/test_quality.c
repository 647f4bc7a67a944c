/* The quality lines: what they count, what they name. */
#include "invented_report.h"

static const char *quality_of(struct invented *it, struct ev_quality quality)
{
	it->profile->quality = quality;
	free(it->text);
	FILE *out = open_memstream(&it->text, &it->text_bytes);
	ev_print_quality(out, &it->report, "# ");
	fclose(out);
	return it->text;
}

static void open_one(struct invented *it)
{
	invented_open(it);
	invented_add(it, "main", 1, 1);
	invented_finish(it, "sym", false, NULL);
}

static void samples_symbols_stacks_and_losses_are_told(void **state)
{
	(void)state;
	struct invented it;
	open_one(&it);
	assert_string_equal(quality_of(&it, (struct ev_quality){ .samples = 12345,
								 .unresolved = 222,
								 .with_stack = 1000,
								 .truncated_stacks = 9 }),
			    "# Quality: 12,345 samples, 98.2% resolved, 99.1% complete stacks, 0 "
			    "lost\n");
	assert_string_equal(quality_of(&it, (struct ev_quality){ .samples = 1,
								 .lost = 1234,
								 .throttled = 1,
								 .damaged_records = 2 }),
			    "# Quality: 1 sample, 100.0% resolved, 1,234 lost, throttled 1 time, "
			    "2 damaged records\n");
	invented_done(&it);
}

static void what_is_not_complete_never_reads_as_all(void **state)
{
	(void)state;
	struct invented it;
	open_one(&it);
	assert_string_equal(quality_of(&it,
				       (struct ev_quality){ .samples = 1000000, .unresolved = 1 }),
			    "# Quality: 1,000,000 samples, 99.9% resolved, 0 lost\n");
	invented_done(&it);
}

/* Figures that contradict one another must not become absurd ones. */
static void more_truncated_stacks_than_stacks_are_none_complete(void **state)
{
	(void)state;
	struct invented it;
	open_one(&it);
	assert_string_equal(quality_of(&it, (struct ev_quality){ .samples = 5,
								 .unresolved = 7,
								 .with_stack = 2,
								 .truncated_stacks = 3 }),
			    "# Quality: 5 samples, 0.0% resolved, 0.0% complete stacks, 0 lost\n");
	invented_done(&it);
}

static void what_is_wrong_with_counts_is_told(void **state)
{
	(void)state;
	struct invented it;
	struct ev_quality quality = { .samples = 100 };
	open_one(&it);
	it.report.reads =
		(struct ev_reads_tally){ .samples = 100, .enabled_ns = 1000, .running_ns = 990 };
	assert_string_equal(quality_of(&it, quality),
			    "# Quality: 100 samples, 100.0% resolved, 0 lost\n");
	it.recording.events[0].attr = (struct perf_event_attr){
		.type = PERF_TYPE_SOFTWARE,
		.config = PERF_COUNT_SW_TASK_CLOCK,
		.sample_type = PERF_SAMPLE_READ,
		.sample_period = 1000,
		.exclude_kernel = 1,
	};
	assert_non_null(strstr(quality_of(&it, quality),
			       "# Counts: what was counted while the kernel ran is in the next "
			       "sample of user space\n"));
	it.report.reads.left_out = 2;
	it.report.reads.disorder = 1;
	it.report.reads.running_ns = 434;
	quality.lost = 5;
	const char *text = quality_of(&it, quality);
	assert_non_null(strstr(text, "# Counts: what lost samples counted is in the next sample of "
				     "the same counters\n"));
	assert_non_null(strstr(text, "# Counts: 3 of 100 samples have none: nothing to compare 2 "
				     "with, 1 went backwards\n"));
	assert_non_null(strstr(text, "# Counts: the group was on the hardware for 43.4% of the "
				     "time; ratios hold for that part\n"));
	invented_done(&it);
}

static void stacks_that_were_not_looked_at_are_told(void **state)
{
	(void)state;
	struct invented it;
	open_one(&it);
	it.recording.events[0].attr.sample_type = PERF_SAMPLE_IP | PERF_SAMPLE_CALLCHAIN;
	assert_string_equal(quality_of(&it, (struct ev_quality){ .samples = 3 }),
			    "# Quality: 3 samples, 100.0% resolved, stacks not looked at "
			    "(--no-children), 0 lost\n");
	assert_null(strstr(quality_of(&it, (struct ev_quality){ .samples = 3, .with_stack = 1 }),
			   "not looked at"));
	assert_null(strstr(quality_of(&it, (struct ev_quality){ 0 }), "not looked at"));
	it.report.stacks_loaded = true;
	assert_string_equal(quality_of(&it, (struct ev_quality){ .samples = 3 }),
			    "# Quality: 3 samples, 100.0% resolved, no sample has a stack, 0 "
			    "lost\n");
	it.report.stacks_loaded = false;
	it.recording.events[0].attr.sample_type = PERF_SAMPLE_IP;
	assert_null(strstr(quality_of(&it, (struct ev_quality){ .samples = 3 }), "not looked at"));
	invented_done(&it);
}

static void fallbacks_and_partial_recordings_are_told(void **state)
{
	(void)state;
	struct invented it;
	open_one(&it);
	ev_recording_add_note(&it.recording, "fallback", "no PMU here, so cpu-clock was sampled");
	ev_recording_add_note(&it.recording, "other", "not for people");
	ev_recording_add_note(&it.recording, "fallback", "rings of 128 KiB");
	it.report.partial = "it ends in the middle of a record\33";
	assert_string_equal(quality_of(&it, (struct ev_quality){ .samples = 3 }),
			    "# Quality: 3 samples, 100.0% resolved, 0 lost\n"
			    "# Partial: it ends in the middle of a record\\x1b\n"
			    "# Note: no PMU here, so cpu-clock was sampled\n"
			    "# Note: rings of 128 KiB\n");
	invented_done(&it);
}

static void stacks_that_end_early_are_told_with_the_reason(void **state)
{
	(void)state;
	struct invented it;
	struct ev_quality quality = { .samples = 100, .with_stack = 100, .truncated_stacks = 25 };
	open_one(&it);
	quality.unwound[EV_UNWOUND_COMPLETE] = 75;
	quality.unwound[EV_UNWOUND_TRUNCATED] = 20;
	quality.unwound[EV_UNWOUND_NO_CFI] = 5;
	quality.guessed_frames = 1;
	assert_string_equal(
		quality_of(&it, quality),
		"# Quality: 100 samples, 100.0% resolved, 75.0% complete stacks, 0 lost\n"
		"# Stacks: 20.0% are deeper than the copy of the stack, 5.0% pass through "
		"code without unwind tables; 1 frame guessed, for want "
		"of unwind tables\n");
	quality = (struct ev_quality){ .samples = 3, .with_stack = 3 };
	quality.unwound[EV_UNWOUND_COMPLETE] = 3;
	assert_null(strstr(quality_of(&it, quality), "Stacks"));
	invented_done(&it);
}

static void the_worst_objects_are_named_where_much_is_unresolved(void **state)
{
	(void)state;
	struct invented it;
	open_one(&it);
	it.report.worst[0].object = 3;
	it.report.worst[0].trouble = "stripped";
	it.report.worst[0].samples = 30;
	it.report.worst[1].object = 99;
	it.report.worst[1].samples = 5;
	it.report.worst_count = 2;
	assert_string_equal(quality_of(&it,
				       (struct ev_quality){ .samples = 100, .unresolved = 35 }),
			    "# Quality: 100 samples, 65.0% resolved, 0 lost\n"
			    "# Unresolved: 30.0% lib.so (stripped); 5.0% [unknown]\n");
	assert_null(strstr(quality_of(&it, (struct ev_quality){ .samples = 100, .unresolved = 20 }),
			   "Unresolved"));
	invented_done(&it);
}

static void a_simulated_recording_is_told_first(void **state)
{
	(void)state;
	struct invented it;
	open_one(&it);
	ev_recording_add_note(&it.recording, EV_NOTE_SIMULATED, "callgrind 9: \x1b[m");
	assert_string_equal(quality_of(&it, (struct ev_quality){ .samples = 1 }),
			    "# Simulated: exact counts of a model, nothing was measured (callgrind "
			    "9: \\x1b[m)\n# Quality: 1 sample, 100.0% resolved, 0 lost\n");
	it.options.quiet = true;
	assert_non_null(strstr(invented_print(&it, "text"), "# Simulated: "));
	invented_done(&it);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(samples_symbols_stacks_and_losses_are_told),
		cmocka_unit_test(what_is_not_complete_never_reads_as_all),
		cmocka_unit_test(more_truncated_stacks_than_stacks_are_none_complete),
		cmocka_unit_test(stacks_that_were_not_looked_at_are_told),
		cmocka_unit_test(what_is_wrong_with_counts_is_told),
		cmocka_unit_test(stacks_that_end_early_are_told_with_the_reason),
		cmocka_unit_test(fallbacks_and_partial_recordings_are_told),
		cmocka_unit_test(the_worst_objects_are_named_where_much_is_unresolved),
		cmocka_unit_test(a_simulated_recording_is_told_first),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
