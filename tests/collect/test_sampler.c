/* Live samples of software events: a busy loop is found, children and threads are followed, and
 * what is lost is counted. */
#include <pthread.h>
#include <time.h>
#include "live.h"

#define NEEDS_SAMPLING(name)                                                                       \
	do {                                                                                       \
		(void)state;                                                                       \
		if (!may_count())                                                                  \
			SKIP(name, "this user may not use perf events");                           \
	} while (0)

static const struct ev_sampler_options plain = { .frequency_hz = 2000, .clock_id = -1 };

/* Everything that was drained, in memory. */
static int keep(void *context, const void *bytes, size_t size_bytes, struct ev_err *err)
{
	(void)err;
	ev_buffer_add(context, bytes, size_bytes);
	return 0;
}

static struct ev_event_list one_event(const char *name, uint64_t config)
{
	struct ev_event_list list = { 0 };
	add_event(&list, software_event(name, config, 0));
	return list;
}

/* Decodes what was kept and hands each record over. */
static size_t for_each(const struct ev_recording *recording, const struct ev_buffer *kept,
		       void (*each)(const struct ev_record *record, void *context), void *context)
{
	struct ev_decoder *decoder = ev_decoder_open(recording);
	size_t count = 0;
	for (size_t at = 0; at < kept->size_bytes; count++) {
		struct ev_record record;
		struct ev_raw raw = { .header = (const void *)(kept->bytes + at) };
		raw.type = raw.header->type;
		raw.misc = raw.header->misc;
		raw.size_bytes = raw.header->size;
		assert_true(raw.size_bytes >= 8 && raw.size_bytes <= kept->size_bytes - at);
		assert_int_equal(ev_decode(decoder, &raw, &record), 0);
		each(&record, context);
		at += raw.size_bytes;
	}
	ev_decoder_close(decoder);
	return count;
}

/* ---- work whose profile is known ----------------------------------------------------------------
 */

static volatile uint64_t sink;

#define PLAIN __attribute__((noinline, no_sanitize("address", "undefined")))

static PLAIN void spin(void)
{
	/* A function that calls nobody would have no frame, and its caller would be skipped. */
	__asm__ volatile("" : : "r"(__builtin_frame_address(0)));
	for (uint64_t i = 0; i < 20000; i++)
		sink += i;
}

static uint64_t own_time_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* A tenth of a second on the CPU, however busy the machine. */
static PLAIN void spin_for_a_while(void)
{
	uint64_t until = own_time_ns() + 100000000;
	while (own_time_ns() < until)
		spin();
	sink++;
}

struct found {
	size_t samples, in_spin, with_caller, execs, maps, forks, exits, switches, reads;
	size_t of_event[4];
	uint64_t period;
};

static void look(const struct ev_record *record, void *context)
{
	struct found *found = context;
	const struct ev_sample *sample = &record->sample;
	uintptr_t from = (uintptr_t)spin, to = from + 256;
	switch (record->type) {
	case PERF_RECORD_SAMPLE:
		found->samples++;
		found->in_spin += sample->ip >= from && sample->ip < to;
		for (size_t i = 0; i < sample->chain_count; i++)
			if (sample->chain[i] > (uintptr_t)spin_for_a_while &&
			    sample->chain[i] < (uintptr_t)spin_for_a_while + 256) {
				found->with_caller++;
				break;
			}
		if (record->event >= 0 && record->event < 4)
			found->of_event[record->event]++;
		found->period += sample->period;
		break;
	case PERF_RECORD_COMM:
		found->execs += record->comm.exec;
		break;
	case PERF_RECORD_MMAP2:
		found->maps++;
		break;
	case PERF_RECORD_FORK:
		found->forks++;
		break;
	case PERF_RECORD_EXIT:
		found->exits++;
		break;
	case PERF_RECORD_SWITCH:
		found->switches++;
		break;
	case PERF_RECORD_READ:
		found->reads++;
		break;
	}
}

/* Samples a child at its work and tells what was found. */
static struct found sample_child(struct ev_event_list *events,
				 const struct ev_sampler_options *options, void (*work)(void),
				 struct ev_sampler_tally *tally)
{
	struct ev_recording recording = { 0 };
	struct ev_buffer kept = { 0 };
	struct ev_sampler *sampler;
	struct ev_err err = { 0 };
	struct found found = { 0 };
	struct child child = child_start(work);
	uint32_t pid = (uint32_t)child.pid;
	const struct ev_target target = { .kind = EV_TARGET_PIDS, .ids = &pid, .id_count = 1 };
	int rc = ev_sampler_open(&sampler, events, &target, options, &recording, &err);
	if (rc)
		print_message("%s\n", err.text);
	assert_int_equal(rc, 0);
	assert_int_equal(recording.event_count, events->count + options->disabled);
	assert_int_equal(ev_sampler_ring_count(sampler), ev_cpus_online());
	assert_false(ev_sampler_targets_gone(sampler));
	if (options->disabled)
		assert_int_equal(ev_sampler_enable(sampler, NULL), 0);
	child_finish(&child);
	assert_true(ev_sampler_targets_gone(sampler));
	assert_int_equal(ev_sampler_drain(sampler, keep, &kept, &err), 0);
	ev_sampler_tally(sampler, tally);
	assert_int_equal(tally->bytes, kept.size_bytes);
	assert_int_equal(for_each(&recording, &kept, look, &found), tally->records);
	assert_int_equal(found.samples, tally->samples);
	ev_sampler_close(sampler);
	ev_recording_done(&recording);
	ev_buffer_done(&kept);
	ev_event_list_done(events);
	return found;
}

static void a_busy_loop_is_found_with_its_caller(void **state)
{
	NEEDS_SAMPLING("a_busy_loop_is_found_with_its_caller");
	struct ev_sampler_options options = plain;
	struct ev_sampler_tally tally;
	struct ev_event_list events = one_event("cpu-clock", PERF_COUNT_SW_CPU_CLOCK);
	options.callchain = true;
	struct found found = sample_child(&events, &options, spin_for_a_while, &tally);
	assert_true(found.samples > 20);
	assert_true(found.in_spin * 2 > found.samples);
	assert_true(found.with_caller * 2 > found.samples);
	assert_int_equal(tally.lost, 0);
	assert_int_equal(tally.truncated_stacks, 0);
	assert_int_equal(found.exits, 1);
}

static void touch_many(void)
{
	touch_pages(3000);
}

static void two_events_are_told_apart(void **state)
{
	NEEDS_SAMPLING("two_events_are_told_apart");
	struct ev_sampler_options options = plain;
	struct ev_sampler_tally tally;
	struct ev_event_list events = one_event("page-faults", PERF_COUNT_SW_PAGE_FAULTS);
	add_event(&events, software_event("minor-faults", PERF_COUNT_SW_PAGE_FAULTS_MIN, 1));
	events.items[1].attr.sample_period = 1000;
	events.items[1].fixed = EV_FIXED_PERIOD;
	options.frequency_hz = 0;
	options.period_events = 10;
	options.period = true;
	struct found found = sample_child(&events, &options, touch_many, &tally);
	/* Each CPU counts to the period for itself: what was begun on one may not be finished. */
	assert_in_range(found.of_event[0], 250, 400);
	assert_in_range(found.of_event[1], 1, 4);
	assert_int_equal(tally.lost, 0);
}

static void *touch_in_thread(void *unused)
{
	touch_pages(1000);
	return unused;
}

static void touch_in_threads_and_children(void)
{
	pthread_t thread;
	pthread_create(&thread, NULL, touch_in_thread, NULL);
	pthread_join(thread, NULL);
	pid_t pid = fork();
	if (!pid) {
		touch_pages(1000);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
}

static void threads_and_children_born_later_are_sampled(void **state)
{
	NEEDS_SAMPLING("threads_and_children_born_later_are_sampled");
	struct ev_sampler_options options = plain;
	struct ev_sampler_tally tally;
	struct ev_event_list events = one_event("page-faults", PERF_COUNT_SW_PAGE_FAULTS);
	options.frequency_hz = 0;
	options.period_events = 1;
	struct found found = sample_child(&events, &options, touch_in_threads_and_children, &tally);
	assert_true(found.samples >= 2000);
	assert_int_equal(found.forks, 2);
	assert_int_equal(found.exits, 3);
}

static void a_delayed_recording_still_hears_of_mappings(void **state)
{
	NEEDS_SAMPLING("a_delayed_recording_still_hears_of_mappings");
	struct ev_sampler_options options = plain;
	struct ev_sampler_tally tally;
	struct ev_event_list events = one_event("page-faults", PERF_COUNT_SW_PAGE_FAULTS);
	options.disabled = true;
	struct found found = sample_child(&events, &options, touch_in_threads_and_children, &tally);
	assert_int_equal(found.forks, 2);
	assert_int_equal(found.of_event[1], 0);
}

static void sleep_twice(void)
{
	usleep(1000);
	usleep(1000);
}

static void switches_are_recorded_when_asked(void **state)
{
	NEEDS_SAMPLING("switches_are_recorded_when_asked");
	struct ev_sampler_options options = plain;
	struct ev_sampler_tally tally;
	struct ev_event_list events = one_event("cpu-clock", PERF_COUNT_SW_CPU_CLOCK);
	options.switches = true;
	struct found found = sample_child(&events, &options, sleep_twice, &tally);
	assert_true(found.switches >= 4);
}

static void counts_of_children_are_recorded_when_asked(void **state)
{
	NEEDS_SAMPLING("counts_of_children_are_recorded_when_asked");
	struct ev_sampler_options options = plain;
	struct ev_sampler_tally tally;
	struct ev_event_list events = one_event("page-faults", PERF_COUNT_SW_PAGE_FAULTS);
	options.per_thread_counts = true;
	struct found found = sample_child(&events, &options, touch_in_threads_and_children, &tally);
	assert_true(found.reads >= 2);
}

static void what_does_not_fit_the_ring_is_counted_as_lost(void **state)
{
	NEEDS_SAMPLING("what_does_not_fit_the_ring_is_counted_as_lost");
	struct ev_sampler_options options = plain;
	struct ev_sampler_tally tally;
	struct ev_event_list events = one_event("page-faults", PERF_COUNT_SW_PAGE_FAULTS);
	options.frequency_hz = 0;
	options.period_events = 1;
	options.ring_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
	sample_child(&events, &options, touch_many, &tally);
	assert_true(tally.lost > 0);
	/* Each fault is either here or counted as lost; EXIT and the like may be lost as well. */
	assert_in_range(tally.samples + tally.lost, 3000, 3500);
}

static uint64_t deep(unsigned depth)
{
	volatile uint64_t here = depth;
	if (depth)
		return deep(depth - 1) + here;
	spin_for_a_while();
	return here;
}

static void recurse(void)
{
	sink += deep(1000);
}

static void stacks_at_the_depth_limit_are_counted(void **state)
{
	NEEDS_SAMPLING("stacks_at_the_depth_limit_are_counted");
	struct ev_sampler_options options = plain;
	struct ev_sampler_tally tally;
	struct ev_event_list events = one_event("cpu-clock", PERF_COUNT_SW_CPU_CLOCK);
	options.callchain = true;
	sample_child(&events, &options, recurse, &tally);
	assert_true(tally.samples > 20);
	assert_true(tally.truncated_stacks * 2 > tally.samples);
}

static void a_command_is_sampled_from_its_exec(void **state)
{
	NEEDS_SAMPLING("a_command_is_sampled_from_its_exec");
	const char *const argv[] = { "sh", "-c", "exit 0", NULL };
	struct ev_sampler_options options = { .period_events = 1, .at_exec = true, .clock_id = -1 };
	struct ev_event_list events = one_event("page-faults", PERF_COUNT_SW_PAGE_FAULTS);
	struct ev_recording recording = { 0 };
	struct ev_buffer kept = { 0 };
	struct ev_workload *workload;
	struct ev_sampler *sampler;
	struct found found = { 0 };
	assert_int_equal(ev_workload_start(&workload, (char *const *)argv, NULL), 0);
	uint32_t pid = ev_workload_pid(workload);
	const struct ev_target target = { .kind = EV_TARGET_COMMAND, .ids = &pid, .id_count = 1 };
	assert_int_equal(ev_sampler_open(&sampler, &events, &target, &options, &recording, NULL),
			 0);
	assert_int_equal(ev_workload_go(workload, NULL), 0);
	assert_int_equal(ev_workload_ended(workload, true, NULL, NULL), 1);
	assert_int_equal(ev_sampler_drain(sampler, keep, &kept, NULL), 0);
	for_each(&recording, &kept, look, &found);
	assert_true(found.samples > 10);
	assert_int_equal(found.execs, 1);
	assert_true(found.maps >= 2);
	/* "page-faults:u" where the kernel had to be left out */
	assert_int_equal(strncmp(recording.events[0].name, "page-faults", 11), 0);
	assert_int_equal(recording.events[0].id_count, ev_cpus_online());
	ev_sampler_close(sampler);
	ev_workload_close(workload);
	ev_recording_done(&recording);
	ev_buffer_done(&kept);
	ev_event_list_done(&events);
}

static void the_whole_machine_is_sampled_with_cpus(void **state)
{
	NEEDS_SAMPLING("the_whole_machine_is_sampled_with_cpus");
	struct ev_event_list events = one_event("cpu-clock", PERF_COUNT_SW_CPU_CLOCK);
	struct ev_recording recording = { 0 };
	struct ev_sampler *sampler;
	struct ev_err err = { 0 };
	const struct ev_target target = { .kind = EV_TARGET_SYSTEM };
	int rc = ev_sampler_open(&sampler, &events, &target, &plain, &recording, &err);
	if (rc == -EACCES) {
		ev_recording_done(&recording);
		ev_event_list_done(&events);
		SKIP("the_whole_machine_is_sampled_with_cpus", err.text);
	}
	assert_int_equal(rc, 0);
	assert_true(recording.events[0].attr.sample_type & PERF_SAMPLE_CPU);
	assert_false(ev_sampler_targets_gone(sampler));
	struct ev_buffer kept = { 0 };
	struct found found = { 0 };
	spin_for_a_while();
	assert_int_equal(ev_sampler_wait(sampler, 1, -1) >= 0, 1);
	assert_int_equal(ev_sampler_disable(sampler, NULL), 0);
	assert_int_equal(ev_sampler_drain(sampler, keep, &kept, NULL), 0);
	for_each(&recording, &kept, look, &found);
	assert_true(found.in_spin > 10);
	ev_sampler_close(sampler);
	ev_recording_done(&recording);
	ev_buffer_done(&kept);
	ev_event_list_done(&events);
}

static void a_watched_descriptor_ends_the_wait(void **state)
{
	NEEDS_SAMPLING("a_watched_descriptor_ends_the_wait");
	struct ev_event_list events = one_event("dummy", PERF_COUNT_SW_DUMMY);
	struct ev_recording recording = { 0 };
	struct ev_sampler *sampler;
	int fds[2];
	uint32_t pid = (uint32_t)getpid();
	const struct ev_target target = { .kind = EV_TARGET_TIDS, .ids = &pid, .id_count = 1 };
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(ev_sampler_open(&sampler, &events, &target, &plain, &recording, NULL), 0);
	assert_int_equal(ev_sampler_wait(sampler, 0, fds[0]), 0);
	assert_int_equal(write(fds[1], "x", 1), 1);
	assert_int_equal(ev_sampler_wait(sampler, 60000, fds[0]), 1);
	close(fds[0]);
	close(fds[1]);
	ev_sampler_close(sampler);
	ev_recording_done(&recording);
	ev_event_list_done(&events);
}

static pthread_barrier_t all_there, may_end;

static void *wait_for_end(void *unused)
{
	pthread_barrier_wait(&all_there);
	pthread_barrier_wait(&may_end);
	touch_pages(10);
	return unused;
}

static void two_thousand_threads_are_sampled(void **state)
{
	NEEDS_SAMPLING("two_thousand_threads_are_sampled");
	static pthread_t threads[2000];
	struct ev_sampler_options options = { .period_events = 1, .clock_id = -1 };
	struct ev_event_list events = one_event("page-faults", PERF_COUNT_SW_PAGE_FAULTS);
	struct ev_recording recording = { 0 };
	struct ev_sampler *sampler;
	struct ev_sampler_tally tally;
	struct ev_buffer kept = { 0 };
	struct ev_err err = { 0 };
	uint32_t pid = (uint32_t)getpid();
	const struct ev_target target = { .kind = EV_TARGET_PIDS, .ids = &pid, .id_count = 1 };
	pthread_attr_t small;
	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, 65536);
	pthread_barrier_init(&all_there, NULL, EV_LENGTH(threads) + 1);
	pthread_barrier_init(&may_end, NULL, EV_LENGTH(threads) + 1);
	for (size_t i = 0; i < EV_LENGTH(threads); i++)
		assert_int_equal(pthread_create(&threads[i], &small, wait_for_end, NULL), 0);
	pthread_barrier_wait(&all_there);
	int rc = ev_sampler_open(&sampler, &events, &target, &options, &recording, &err);
	pthread_barrier_wait(&may_end);
	for (size_t i = 0; i < EV_LENGTH(threads); i++)
		pthread_join(threads[i], NULL);
	if (rc == -EMFILE) {
		ev_recording_done(&recording);
		ev_event_list_done(&events);
		SKIP("two_thousand_threads_are_sampled", "too few descriptors are allowed");
	}
	assert_int_equal(rc, 0);
	assert_int_equal(ev_sampler_drain(sampler, keep, &kept, NULL), 0);
	ev_sampler_tally(sampler, &tally);
	assert_true(tally.samples + tally.lost >= 20000);
	ev_sampler_close(sampler);
	ev_recording_done(&recording);
	ev_buffer_done(&kept);
	ev_event_list_done(&events);
}

static void refuse(struct ev_event_list *events, const struct ev_sampler_options *options,
		   uint32_t pid, int error, const char *part)
{
	struct ev_recording recording = { 0 };
	struct ev_sampler *sampler;
	struct ev_err err = { 0 };
	const struct ev_target target = { .kind = EV_TARGET_PIDS, .ids = &pid, .id_count = 1 };
	assert_int_equal(ev_sampler_open(&sampler, events, &target, options, &recording, &err),
			 -error);
	if (!strstr(err.text, part))
		print_message("wanted '%s' in '%s'\n", part, err.text);
	assert_non_null(strstr(err.text, part));
	assert_null(sampler);
	ev_recording_done(&recording);
	ev_event_list_done(events);
}

static void a_process_that_is_not_there_is_an_error(void **state)
{
	(void)state;
	struct ev_event_list events = one_event("cpu-clock", PERF_COUNT_SW_CPU_CLOCK);
	refuse(&events, &plain, 0x3ffffffe, ESRCH, "1073741822");
}

static void what_has_no_samples_is_refused(void **state)
{
	(void)state;
	struct ev_event_list events = one_event("duration_time", 0);
	events.items[0].kind = EV_EVENT_TOOL;
	refuse(&events, &plain, (uint32_t)getpid(), EOPNOTSUPP, "duration_time");
}

static void closing_nothing_is_fine(void **state)
{
	(void)state;
	ev_sampler_close(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_busy_loop_is_found_with_its_caller),
		cmocka_unit_test(two_events_are_told_apart),
		cmocka_unit_test(threads_and_children_born_later_are_sampled),
		cmocka_unit_test(a_delayed_recording_still_hears_of_mappings),
		cmocka_unit_test(switches_are_recorded_when_asked),
		cmocka_unit_test(counts_of_children_are_recorded_when_asked),
		cmocka_unit_test(what_does_not_fit_the_ring_is_counted_as_lost),
		cmocka_unit_test(stacks_at_the_depth_limit_are_counted),
		cmocka_unit_test(a_command_is_sampled_from_its_exec),
		cmocka_unit_test(the_whole_machine_is_sampled_with_cpus),
		cmocka_unit_test(a_watched_descriptor_ends_the_wait),
		cmocka_unit_test(two_thousand_threads_are_sampled),
		cmocka_unit_test(a_process_that_is_not_there_is_an_error),
		cmocka_unit_test(what_has_no_samples_is_refused),
		cmocka_unit_test(closing_nothing_is_fine),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
