/* Tracepoints by name and glob, and where they can't be read. */
// wrap: access
#include <errno.h>
#include "tree.h"

int __real_access(const char *path, int mode);
int __wrap_access(const char *path, int mode);

static const char *forbidden;

int __wrap_access(const char *path, int mode)
{
	if (forbidden && strstr(path, forbidden)) {
		errno = EACCES;
		return -1;
	}
	return __real_access(path, mode);
}

static void a_name_becomes_the_kernels_id(void **state)
{
	tree_plain(*state);
	struct ev_event_list list = parsed(*state, "sched:sched_switch,sched:sched_waking:k");
	const struct ev_event *event = list.items;
	assert_int_equal(event->attr.type, PERF_TYPE_TRACEPOINT);
	assert_int_equal(event->attr.config, 372);
	assert_int_equal(event->attr.sample_period, 1);
	assert_int_equal(event->fixed, EV_FIXED_PERIOD | EV_NATURAL_PERIOD);
	assert_string_equal(event->name, "sched:sched_switch");
	assert_string_equal(event->resolved, "tracepoint/config=372/");
	assert_non_null(event->about);
	struct ev_event_list again = parsed(*state, event->resolved);
	assert_memory_equal(&again.items[0].attr, &event->attr, sizeof(event->attr));
	assert_int_equal(again.items[0].fixed, event->fixed);
	ev_event_list_done(&again);
	assert_int_equal(event[1].attr.config, 373);
	assert_true(event[1].attr.exclude_user);
	assert_string_equal(event[1].name, "sched:sched_waking:k");
	ev_event_list_done(&list);
}

static void spelling_does_not_matter(void **state)
{
	tree_plain(*state);
	struct ev_event_list list = parsed(*state, "SCHED:sched-switch");
	assert_int_equal(list.items[0].attr.config, 372);
	ev_event_list_done(&list);
}

static void a_glob_is_all_that_it_matches_in_order(void **state)
{
	tree_plain(*state);
	struct ev_event_list list = parsed(*state, "cs,sched:sched_*:u,sys*:*read");
	assert_int_equal(list.count, 4);
	assert_string_equal(list.items[1].name, "sched:sched_switch:u");
	assert_string_equal(list.items[2].name, "sched:sched_waking:u");
	assert_string_equal(list.items[3].name, "syscalls:sys_enter_read");
	assert_true(strstr(list.items[3].about, "entry into the system call read"));
	assert_int_equal(list.items[1].written, 1);
	assert_int_equal(list.items[2].written, 1);
	assert_int_equal(list.items[2].leader, 2);
	assert_int_equal(list.items[3].written, 3);
	ev_event_list_done(&list);
}

static void terms_can_follow_a_tracepoint(void **state)
{
	tree_plain(*state);
	struct ev_event_list list = parsed(*state, "sched:sched_switch/period=100,call-graph=no/k");
	assert_int_equal(list.items[0].attr.config, 372);
	assert_int_equal(list.items[0].attr.sample_period, 100);
	assert_int_equal(list.items[0].fixed, EV_FIXED_PERIOD | EV_FIXED_LEVEL);
	assert_int_equal(list.items[0].call_graph, EV_CALL_GRAPH_NONE);
	ev_event_list_done(&list);
}

static void the_older_place_of_tracefs_is_searched_too(void **state)
{
	described_file(*state, "sys/kernel/debug/tracing/events/irq/softirq_entry/id", "9\n");
	struct ev_event_list list = parsed(*state, "irq:softirq_entry");
	assert_int_equal(list.items[0].attr.config, 9);
	ev_event_list_done(&list);
}

static void unknown_tracepoints_are_refused_with_the_nearest(void **state)
{
	tree_plain(*state);
	struct ev_err err;
	assert_int_equal(refused(*state, "sched:sched_swich", &err), -ENOENT);
	assert_ptr_equal(strstr(err.text, "there is no tracepoint 'sched_swich' in 'sched'\n"
					  "sched:sched_swich\n"
					  "      ^\n"
					  "did you mean: sched:sched_switch"),
			 err.text);
	refused_with(*state, "shced:sched_switch", -ENOENT, "did you mean: sched:sched_switch");
	refused_with(*state, "nope:*", -ENOENT, "no tracepoint matches 'nope:*'");
	refused_with(*state, "sched:enable", -ENOENT, "no tracepoint 'enable'");
	refused_with(*state, "..:passwd", -ENOENT, "unknown event");
	refused_with(*state, "sched:..", -ENOENT, "no tracepoint");
	refused_with(*state, "sched:sched_switch:z", -EINVAL, "unknown modifier 'z'");
}

static void ids_that_are_no_numbers_are_not_events(void **state)
{
	described_file(*state, "sys/kernel/tracing/events/odd/one/id", "x\n");
	described_file(*state, "sys/kernel/tracing/events/odd/two/id", "-4\n");
	described_file(*state, "sys/kernel/tracing/events/odd/three/id", "");
	refused_with(*state, "odd:one", -ENOENT, "no tracepoint");
	refused_with(*state, "odd:two", -ENOENT, "no tracepoint");
	refused_with(*state, "odd:*", -ENOENT, "no tracepoint matches");
}

static void a_forbidden_tracefs_is_told_with_its_cure(void **state)
{
	tree_plain(*state);
	forbidden = "tracing/events";
	refused_with(*state, "sched:sched_switch", -EACCES,
		     "run as root, or once: sudo mount -o remount,mode=755 /sys/kernel/tracing");
	/* Other events are not in its way. */
	struct ev_event_list list = parsed(*state, "cs:u");
	ev_event_list_done(&list);
	forbidden = NULL;
}

static void a_missing_tracefs_is_told_with_its_cure(void **state)
{
	refused_with(*state, "sched:sched_switch", -ENOENT,
		     "mount -t tracefs nodev /sys/kernel/tracing");
}

#define WITH_TREE(test) cmocka_unit_test_setup_teardown(test, tree_open, tree_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_TREE(a_name_becomes_the_kernels_id),
		WITH_TREE(spelling_does_not_matter),
		WITH_TREE(a_glob_is_all_that_it_matches_in_order),
		WITH_TREE(terms_can_follow_a_tracepoint),
		WITH_TREE(the_older_place_of_tracefs_is_searched_too),
		WITH_TREE(unknown_tracepoints_are_refused_with_the_nearest),
		WITH_TREE(ids_that_are_no_numbers_are_not_events),
		WITH_TREE(a_forbidden_tracefs_is_told_with_its_cure),
		WITH_TREE(a_missing_tracefs_is_told_with_its_cure),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
