/* Intervals off the CPUs measured in the kernel, in every way in which the program can be loaded.
 */
#include <time.h>
#include "live.h"
#include "bpf_filter.h"
#include "bpf_waits.h"
#include "bpf_watched.h"

#if __has_include(<waits.skel.h>)
#include <bpf/libbpf.h>
#include <waits.skel.h>
#endif

#define NAPS 20
#define NAP_US 2000
/* On a machine that stands still for a while a nap may be over before it began. */
#define MOST (NAPS / 2)

static uint64_t napped_ns;

static uint64_t now_ns(void)
{
	struct timespec at;
	clock_gettime(CLOCK_MONOTONIC, &at);
	return (uint64_t)at.tv_sec * 1000000000u + (uint64_t)at.tv_nsec;
}

static void nap(void)
{
	for (int i = 0; i < NAPS; i++)
		usleep(NAP_US);
}

static struct ev_waits *open_or_skip(uint32_t pid, const struct ev_waits_options *options,
				     const char *name)
{
	char why[256];
	struct ev_waits *waits = NULL;
	struct ev_err err = { 0 };
	struct ev_target who = { .kind = EV_TARGET_PIDS, .ids = &pid, .id_count = 1 };
	struct ev_watch_target target = { .target = &who };
	int rc = ev_waits_open(&waits, &target, options, &err);
	if (ev_bpf_absence(why, sizeof(why))) {
		assert_true(rc < 0);
		assert_non_null(strstr(err.text, why));
		assert_null(waits);
		print_message("SKIP %s: %s\n", name, why);
		return NULL;
	}
	if (rc)
		print_message("%s\n", err.text);
	assert_int_equal(rc, 0);
	ev_waits_are(waits, 0, 11, 1, 12);
	return waits;
}

struct seen {
	uint64_t samples, ns, wakers, with_stack, sleeps;
	uint32_t pid;
};

static int see(void *context, const struct ev_record *record, struct ev_err *err)
{
	struct seen *seen = context;
	(void)err;
	if (record->event == 1) {
		assert_int_equal(record->id, 12);
		seen->wakers++;
		return 0;
	}
	assert_int_equal(record->id, 11);
	assert_int_equal(record->pid, seen->pid);
	assert_true(ev_wait_state_is(record->sample.ip));
	seen->samples++;
	seen->ns += record->sample.period;
	seen->sleeps += ev_wait_state_at(record->sample.ip) == EV_STATE_SLEEP;
	seen->with_stack += record->sample.user_stack_bytes > 0 ||
			    record->sample.chain[record->sample.chain_count - 1] >> 63 == 0;
	return 0;
}

static struct seen watch_naps(const struct ev_waits_options *options, const char *name)
{
	struct child child = child_start(nap);
	struct ev_waits *waits = open_or_skip((uint32_t)child.pid, options, name);
	struct seen seen = { .pid = (uint32_t)child.pid };
	uint64_t began = now_ns();
	child_finish(&child);
	napped_ns = now_ns() - began;
	if (!waits)
		skip();
	struct ev_bpf_source source = ev_waits_source(waits);
	assert_true(source.fd(source.self) >= 0);
	assert_int_equal(source.drain(source.self, false, see, &seen, NULL), 0);
	assert_int_equal(source.drain(source.self, true, see, &seen, NULL), 0);
	struct ev_waits_tally tally = ev_waits_tally(waits);
	assert_int_equal(tally.dropped, 0);
	assert_int_equal(tally.samples, seen.samples + seen.wakers);
	assert_int_equal(tally.ns, seen.ns);
	assert_true(tally.intervals >= MOST);
	assert_true(tally.on_ns > 0);
	ev_waits_close(waits);
	/* It napped for so long at least, and cannot have waited for longer than it lived. */
	assert_true(seen.ns >= (uint64_t)MOST * NAP_US * 1000);
	assert_true(seen.ns <= napped_ns + 1000000000u);
	return seen;
}

static void every_nap_is_an_interval_with_a_copy_of_its_stack(void **state)
{
	(void)state;
	struct seen seen = watch_naps(&(struct ev_waits_options){ .stack_bytes = 8192,
								  .user_stacks = true,
								  .kernel_stacks = true },
				      __func__);
	assert_true(seen.sleeps >= MOST);
	assert_true(seen.with_stack >= MOST);
}

static void stacks_by_frame_pointers_come_without_registers(void **state)
{
	(void)state;
	struct seen seen =
		watch_naps(&(struct ev_waits_options){ .user_stacks = true, .kernel_stacks = true },
			   __func__);
	assert_true(seen.sleeps >= MOST);
	assert_true(seen.with_stack >= MOST);
}

static void short_ones_become_few_samples_of_the_same_time(void **state)
{
	(void)state;
	struct seen seen = watch_naps(&(struct ev_waits_options){ .shortest_ns = 3600000000000,
								  .stack_bytes = 8192,
								  .user_stacks = true,
								  .kernel_stacks = true },
				      __func__);
	assert_true(seen.sleeps >= 1 && seen.samples < NAPS);
}

static void kinds_of_short_ones_that_are_not_met_any_more_are_forgotten(void **state)
{
	(void)state;
	struct child child = child_start(nap);
	struct ev_waits *waits = open_or_skip((uint32_t)child.pid,
					      &(struct ev_waits_options){
						      .shortest_ns = 3600000000000,
						      .user_stacks = true,
					      },
					      __func__);
	struct seen seen = { .pid = (uint32_t)child.pid };
	child_finish(&child);
	if (!waits)
		skip();
	struct ev_bpf_source source = ev_waits_source(waits);
	assert_int_equal(source.drain(source.self, false, see, &seen, NULL), 0);
	assert_true(ev_waits_tally(waits).kinds > 0);
	uint64_t began = now_ns();
	while (ev_waits_tally(waits).kinds && now_ns() - began < 30000000000u) {
		usleep(100000);
		assert_int_equal(source.drain(source.self, false, see, &seen, NULL), 0);
	}
	struct ev_waits_tally tally = ev_waits_tally(waits);
	assert_int_equal(tally.kinds, 0);
	assert_int_equal(tally.ns, seen.ns);
	assert_true(tally.shorts >= MOST);
	ev_waits_close(waits);
}

static void who_wakes_is_told_too(void **state)
{
	(void)state;
	struct seen seen = watch_naps(&(struct ev_waits_options){ .user_stacks = true,
								  .kernel_stacks = true,
								  .wakers = true },
				      __func__);
	assert_true(seen.wakers >= MOST);
}

static void without_stacks_states_are_still_known(void **state)
{
	(void)state;
	struct seen seen = watch_naps(&(struct ev_waits_options){ 0 }, __func__);
	assert_true(seen.sleeps >= MOST);
	/* Of the wait that had begun before, /proc tells the place. */
	assert_true(seen.with_stack <= 1);
}

static void what_happens_while_it_is_off_is_left_out(void **state)
{
	(void)state;
	struct child child = child_start(nap);
	struct ev_waits *waits =
		open_or_skip((uint32_t)child.pid, &(struct ev_waits_options){ .user_stacks = true },
			     __func__);
	struct seen seen = { .pid = (uint32_t)child.pid };
	if (waits)
		ev_waits_turn(waits, false);
	child_finish(&child);
	if (!waits)
		skip();
	struct ev_bpf_source source = ev_waits_source(waits);
	assert_int_equal(source.drain(source.self, true, see, &seen, NULL), 0);
	assert_int_equal(seen.samples, 0);
	ev_waits_close(waits);
}

static void the_programs_on_raw_tracepoints_load_as_well(void **state)
{
	(void)state;
#if __has_include(<waits.skel.h>)
	char why[256];
	if (ev_bpf_absence(why, sizeof(why))) {
		print_message("SKIP the_programs_on_raw_tracepoints_load_as_well: %s\n", why);
		skip();
	}
	libbpf_set_print(NULL);
	for (uint32_t copies = 0; copies <= 8192; copies += 8192) {
		struct waits_bpf *programs = waits_bpf__open();
		assert_non_null(programs);
		programs->rodata->options = (struct ev_wait_options){ .shortest_ns = 1000,
								      .copy_bytes = copies,
								      .user = 1,
								      .kernel = 1,
								      .wakers = 1 };
		ev_watched_choose(programs->obj, true);
		uint64_t began = now_ns();
		assert_int_equal(waits_bpf__load(programs), 0);
		print_message("loaded in %llu ms\n",
			      (unsigned long long)(now_ns() - began) / 1000000);
		assert_int_equal(waits_bpf__attach(programs), 0);
		waits_bpf__destroy(programs);
	}
#else
	print_message("SKIP the_programs_on_raw_tracepoints_load_as_well: not built in\n");
	skip();
#endif
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_nap_is_an_interval_with_a_copy_of_its_stack),
		cmocka_unit_test(stacks_by_frame_pointers_come_without_registers),
		cmocka_unit_test(short_ones_become_few_samples_of_the_same_time),
		cmocka_unit_test(kinds_of_short_ones_that_are_not_met_any_more_are_forgotten),
		cmocka_unit_test(who_wakes_is_told_too),
		cmocka_unit_test(without_stacks_states_are_still_known),
		cmocka_unit_test(what_happens_while_it_is_off_is_left_out),
		cmocka_unit_test(the_programs_on_raw_tracepoints_load_as_well),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
