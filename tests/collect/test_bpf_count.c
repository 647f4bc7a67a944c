/* Samples counted in the kernel: every one of them, by its stack, whatever finds room. */
#include "live.h"
#include <time.h>
#include <evprof/collect_bpf.h>

#define PAGES 512

struct counting {
	struct ev_event_list events;
	struct ev_recording recording;
	struct ev_sampler *sampler;
	struct ev_bpf_counts *counts;
	struct ev_bpf_source source;
	/* What came. */
	uint64_t records, hits, period, deepest;
	bool with_chains;
};

static bool may_load(const char *name)
{
	char why[256];
	if (!ev_bpf_absence(why, sizeof(why)))
		return true;
	print_message("SKIP %s: %s\n", name, why);
	return false;
}

static void open_or_fail(struct counting *counting, struct ev_event event, uint32_t pid,
			 uint32_t room, bool callchain)
{
	uint32_t *ids = ev_alloc(sizeof(*ids));
	struct ev_target target = { .kind = EV_TARGET_PIDS, .ids = ids, .id_count = 1 };
	struct ev_sampler_options sampling = { .period_events = 1,
					       .callchain = callchain,
					       .cpu = true,
					       .period = true,
					       .counted = true,
					       .clock_id = CLOCK_MONOTONIC };
	struct ev_bpf_counts_options options = { .interval_ns = 1,
						 .callchain = callchain,
						 .room = room };
	struct ev_err err = { 0 };
	*ids = pid;
	*counting = (struct counting){ .with_chains = callchain };
	add_event(&counting->events, event);
	if (ev_sampler_open(&counting->sampler, &counting->events, &target, &sampling,
			    &counting->recording, &err))
		fail_msg("%s", err.text);
	if (ev_bpf_counts_open(&counting->counts, counting->sampler, &counting->events, &target,
			       &options, &counting->recording, &err))
		fail_msg("%s", err.text);
	counting->source = ev_bpf_counts_source(counting->counts);
	assert_int_equal(ev_sampler_enable(counting->sampler, NULL), 0);
	free(ids);
}

static int take(void *context, const struct ev_record *record, struct ev_err *err)
{
	struct counting *counting = context;
	const struct ev_sample *sample = &record->sample;
	struct ev_buffer bytes = { 0 };
	if (record->type == PERF_RECORD_MMAP2) /* where stacks end that are not whole */
		return 0;
	assert_int_equal(record->type, PERF_RECORD_SAMPLE);
	assert_int_equal(record->event, 0);
	assert_true(record->time_ns > 0 && record->time_ns <= ev_now_ns());
	assert_true(sample->weight > 0);
	if (counting->with_chains) {
		assert_true(sample->chain_count > 1);
		assert_true(sample->chain[0] == PERF_CONTEXT_KERNEL ||
			    sample->chain[0] == PERF_CONTEXT_USER);
		assert_int_equal(sample->chain[1], sample->ip);
	} else {
		assert_int_equal(sample->chain_count, 0);
	}
	assert_int_equal(ev_encode(&counting->recording, record, &bytes, err), 0);
	ev_buffer_done(&bytes);
	if (sample->chain_count > counting->deepest)
		counting->deepest = sample->chain_count;
	counting->records++;
	counting->hits += sample->weight;
	counting->period += sample->period;
	return 0;
}

static int know(void *context, const struct ev_record *record, struct ev_err *err)
{
	const struct counting *counting = context;
	(void)err;
	ev_bpf_counts_know(counting->counts, record);
	return 0;
}

static int ignore(void *context, const void *bytes, size_t size_bytes, struct ev_err *err)
{
	(void)context, (void)bytes, (void)size_bytes, (void)err;
	return 0;
}

static void drain(struct counting *counting, bool last)
{
	struct ev_err err = { 0 };
	if (counting->source.drain(counting->source.self, last, take, counting, &err))
		fail_msg("%s", err.text);
}

static void close_all(struct counting *counting)
{
	ev_bpf_counts_close(counting->counts);
	ev_sampler_close(counting->sampler);
	ev_recording_done(&counting->recording);
	ev_event_list_done(&counting->events);
}

static struct ev_event page_faults(void)
{
	return software_event("page-faults", PERF_COUNT_SW_PAGE_FAULTS, 0);
}

static void touch(void)
{
	touch_pages(PAGES);
}

/* Each page at another depth, so that every fault has a stack of its own. */
static __attribute__((noinline)) void touch_deeper(volatile char *memory, unsigned left)
{
	memory[(size_t)left * 4096] = 1;
	if (left)
		touch_deeper(memory, left - 1);
	__asm__ volatile("" ::: "memory");
}

static void touch_at_many_depths(void)
{
	for (int i = 0; i < 8; i++) {
		volatile char *memory = mmap(NULL, 100 * 4096, PROT_READ | PROT_WRITE,
					     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		madvise((void *)memory, 100 * 4096, MADV_NOHUGEPAGE);
		touch_deeper(memory, 99);
		munmap((void *)memory, 100 * 4096);
	}
}

static void every_sample_is_counted_once(void **state)
{
	(void)state;
	struct counting counting;
	struct ev_bpf_counts_tally tally;
	if (!may_load(__func__))
		skip();
	struct child child = child_start(touch);
	open_or_fail(&counting, page_faults(), (uint32_t)child.pid, 0, true);
	child_finish(&child);
	drain(&counting, true);
	ev_bpf_counts_tally(counting.counts, &tally);
	assert_true(counting.hits >= PAGES);
	assert_true(counting.records < counting.hits);
	assert_int_equal(counting.hits, counting.period);
	assert_int_equal(counting.hits, tally.samples);
	assert_int_equal(counting.records, tally.records);
	assert_int_equal(tally.samples, tally.seen);
	assert_int_equal(tally.lost + tally.passed_on + tally.collided, 0);
	assert_true(tally.map_bytes > 0);
	close_all(&counting);
}

static void places_without_stacks_are_counted_too(void **state)
{
	(void)state;
	struct counting counting;
	if (!may_load(__func__))
		skip();
	struct child child = child_start(touch);
	open_or_fail(&counting, page_faults(), (uint32_t)child.pid, 0, false);
	child_finish(&child);
	drain(&counting, true);
	assert_true(counting.hits >= PAGES);
	close_all(&counting);
}

static void reading_meanwhile_loses_nothing(void **state)
{
	(void)state;
	struct counting counting;
	struct ev_bpf_counts_tally tally;
	if (!may_load(__func__))
		skip();
	struct child child = child_start(touch_at_many_depths);
	open_or_fail(&counting, page_faults(), (uint32_t)child.pid, 0, true);
	assert_int_equal(write(child.go_fd, "x", 1), 1);
	for (int i = 0; i < 20; i++)
		drain(&counting, false);
	close(child.go_fd);
	waitpid(child.pid, NULL, 0);
	drain(&counting, true);
	ev_bpf_counts_tally(counting.counts, &tally);
	assert_true(counting.hits >= 800);
	assert_true(counting.deepest > 100);
	assert_int_equal(counting.hits, tally.seen);
	assert_int_equal(tally.lost, 0);
	close_all(&counting);
}

static void what_finds_no_room_comes_one_by_one(void **state)
{
	(void)state;
	struct counting counting;
	struct ev_bpf_counts_tally tally;
	if (!may_load(__func__))
		skip();
	struct child child = child_start(touch_at_many_depths);
	open_or_fail(&counting, page_faults(), (uint32_t)child.pid, 16, true);
	child_finish(&child);
	drain(&counting, true);
	ev_bpf_counts_tally(counting.counts, &tally);
	assert_true(tally.passed_on > 0);
	assert_true(tally.seen >= 800);
	/* Nothing is gone without being counted as lost. */
	assert_int_equal(counting.hits + tally.lost, tally.seen);
	close_all(&counting);
}

static void a_tracepoint_is_counted_for_its_process_and_what_that_starts(void **state)
{
	(void)state;
	struct counting counting;
	struct ev_event_list list = { 0 };
	struct ev_err err = { 0 };
	if (!may_load(__func__))
		skip();
	if (ev_event_parse(&list, "sched:sched_process_exit", &err))
		SKIP("a_tracepoint_is_counted_for_its_process_and_what_that_starts", err.text);
	struct child others = child_start(touch);
	struct child child = child_start(touch);
	open_or_fail(&counting, list.items[0], (uint32_t)child.pid, 0, true);
	child_finish(&others);
	child_finish(&child);
	drain(&counting, true);
	assert_int_equal(counting.hits, 1);
	close_all(&counting);
	ev_event_list_done(&list);
}

static void programs_load_in_no_time(void **state)
{
	(void)state;
	struct counting counting;
	struct ev_event event = software_event("cpu-clock", PERF_COUNT_SW_CPU_CLOCK, 0);
	if (!may_load(__func__))
		skip();
	event.condition =
		"comm ~ \"[a-m]*x?\" && (cpu < 3 || tid != 1) && !(period == 5) || pid > 9";
	uint64_t began_ns = ev_now_ns();
	open_or_fail(&counting, event, (uint32_t)getpid(), 0, true);
	print_message("the program with a filter was open after %.0f ms\n",
		      (double)(ev_now_ns() - began_ns) / 1e6);
	close_all(&counting);
}

static void conditions_are_decided_in_the_kernel(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool passes;
	} cases[] = {
		{ "comm ~ \"test_bpf*\" && pid > 1", true },
		{ "comm !~ test*", false },
		{ "comm == nobody || cpu >= 0", true },
		{ "cgroup == /", true },
		{ "cgroup != /", false },
		{ "period > 1", false },
		{ "!(period > 1) && tid != 0", true },
	};
	if (!may_load(__func__))
		skip();
	for (size_t i = 0; i < EV_LENGTH(cases); i++) {
		struct counting counting;
		struct ev_event event = page_faults();
		if (strstr(cases[i].text, "cgroup") &&
		    ev_bpf_filter_check(cases[i].text, EV_BPF_FILTERED_SAMPLES, NULL))
			continue; /* there are none here */
		struct child child = child_start(touch);
		event.condition = cases[i].text;
		open_or_fail(&counting, event, (uint32_t)child.pid, 0, true);
		child_finish(&child);
		drain(&counting, true);
		if (cases[i].passes ? counting.hits < PAGES : counting.hits != 0)
			fail_msg("'%s' lets %u samples pass", cases[i].text,
				 (unsigned)counting.hits);
		close_all(&counting);
	}
}

static void a_sampler_that_counts_begins_only_when_told(void **state)
{
	(void)state;
	struct counting counting;
	if (!may_load(__func__))
		skip();
	open_or_fail(&counting, page_faults(), (uint32_t)getpid(), 0, true);
	assert_int_equal(ev_sampler_disable(counting.sampler, NULL), 0);
	drain(&counting, false);
	uint64_t before = counting.hits;
	touch_pages(PAGES);
	drain(&counting, false);
	assert_true(counting.hits < before + PAGES);
	assert_int_equal(ev_sampler_enable(counting.sampler, NULL), 0);
	touch_pages(PAGES);
	drain(&counting, true);
	assert_true(counting.hits >= before + PAGES);
	close_all(&counting);
}

static void events_that_cannot_be_counted_are_told(void **state)
{
	(void)state;
	struct ev_recording recording = { 0 };
	struct ev_event_list events = { 0 };
	struct ev_event event = page_faults();
	uint32_t pid = (uint32_t)getpid();
	struct ev_target target = { .kind = EV_TARGET_PIDS, .ids = &pid, .id_count = 1 };
	struct ev_sampler_options sampling = { .period_events = 1, .counted = true, .clock_id = 1 };
	struct ev_bpf_counts_options options = { .interval_ns = 1 };
	struct ev_sampler *sampler;
	struct ev_bpf_counts *counts;
	struct ev_err err = { 0 };
	if (!may_load(__func__))
		skip();
	event.fixed |= EV_SAMPLE_READ;
	add_event(&events, event);
	assert_int_equal(ev_sampler_open(&sampler, &events, &target, &sampling, &recording, &err),
			 0);
	assert_int_equal(ev_bpf_counts_open(&counts, sampler, &events, &target, &options,
					    &recording, &err),
			 -EOPNOTSUPP);
	assert_null(counts);
	assert_non_null(strstr(ev_recording_note(&recording, "fallback", NULL), "one by one"));
	ev_sampler_close(sampler);
	ev_recording_done(&recording);
	ev_event_list_done(&events);
}

/* Each in one of the two places: passed on, or with a copy of its stack. */
static void samples_that_are_not_counted_come_one_by_one(void **state)
{
	(void)state;
	char why[256];
	struct counting counting = { .with_chains = true };
	struct child child = child_start(touch);
	uint32_t pid = (uint32_t)child.pid;
	struct ev_target target = { .kind = EV_TARGET_PIDS, .ids = &pid, .id_count = 1 };
	struct ev_sampler_options sampling = { .period_events = 1,
					       .callchain = true,
					       .stack_bytes = 4096,
					       .other_stack_bytes = { 8192 },
					       .other_stack_count = 1,
					       .period = true,
					       .disabled = true,
					       .clock_id = CLOCK_MONOTONIC };
	struct ev_bpf_counts_options options = {
		.interval_ns = 1000000000, .callchain = true, .streams = true, .walk = true
	};
	struct ev_bpf_counts_tally passed;
	struct ev_bpf_walk_tally walked;
	struct ev_sampler_tally copied;
	struct ev_err err = { 0 };
	if (ev_bpf_walk_absence(why, sizeof(why))) {
		child_finish(&child);
		SKIP("samples_that_are_not_counted_come_one_by_one", why);
	}
	add_event(&counting.events, page_faults());
	if (ev_sampler_open(&counting.sampler, &counting.events, &target, &sampling,
			    &counting.recording, &err) ||
	    ev_bpf_counts_open(&counting.counts, counting.sampler, &counting.events, &target,
			       &options, &counting.recording, &err))
		fail_msg("%s", err.text);
	counting.source = ev_bpf_counts_source(counting.counts);
	assert_int_equal(ev_synthesize(&target, know, &counting, NULL, &err), 0);
	while (ev_bpf_counts_step(counting.counts))
		;
	assert_int_equal(ev_sampler_enable(counting.sampler, NULL), 0);
	child_finish(&child);
	ev_sampler_disable(counting.sampler, NULL);
	drain(&counting, true);
	assert_int_equal(ev_sampler_drain(counting.sampler, ignore, NULL, &err), 0);
	ev_sampler_tally(counting.sampler, &copied);
	ev_bpf_counts_tally(counting.counts, &passed);
	assert_true(ev_bpf_counts_walked(counting.counts, &walked));
	assert_true(counting.hits + copied.samples + copied.lost >= PAGES);
	assert_true(counting.hits > 0);
	assert_int_equal(counting.hits, counting.records);
	assert_int_equal(passed.samples, counting.hits);
	assert_int_equal(walked.ends[EV_UNWOUND_NOT_YET], 0);
	close_all(&counting);
}

static void without_programs_the_cause_is_told(void **state)
{
	(void)state;
	char why[256];
	struct ev_bpf_counts *counts;
	struct ev_err err = { 0 };
	if (!ev_bpf_absence(why, sizeof(why)))
		SKIP("without_programs_the_cause_is_told", "programs can be loaded");
	assert_true(ev_bpf_counts_open(&counts, NULL, NULL, NULL, NULL, NULL, &err) < 0);
	assert_non_null(strstr(err.text, why));
	assert_null(counts);
}

static void closing_nothing_is_fine(void **state)
{
	(void)state;
	ev_bpf_counts_close(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_sample_is_counted_once),
		cmocka_unit_test(places_without_stacks_are_counted_too),
		cmocka_unit_test(reading_meanwhile_loses_nothing),
		cmocka_unit_test(what_finds_no_room_comes_one_by_one),
		cmocka_unit_test(a_tracepoint_is_counted_for_its_process_and_what_that_starts),
		cmocka_unit_test(programs_load_in_no_time),
		cmocka_unit_test(conditions_are_decided_in_the_kernel),
		cmocka_unit_test(a_sampler_that_counts_begins_only_when_told),
		cmocka_unit_test(events_that_cannot_be_counted_are_told),
		cmocka_unit_test(samples_that_are_not_counted_come_one_by_one),
		cmocka_unit_test(without_programs_the_cause_is_told),
		cmocka_unit_test(closing_nothing_is_fine),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
