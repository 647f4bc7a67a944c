#!/bin/sh
# evprof list: what can be counted and sampled here.
. "$(dirname "$0")/harness.sh"

test_every_group_is_there() {
	run list
	expect_status 0
	expect_out 'page-faults'
	expect_out 'task-clock'
	expect_out 'cycles'
	expect_out 'L1-dcache-loads'
	expect_out 'Software event'
	expect_out 'Hardware event'
	expect_out 'Hardware cache event'
	expect_out 'rNNN'
}

test_a_missing_pmu_is_explained_with_its_cause() {
	[ -d /sys/bus/event_source/devices/cpu ] && skip "this machine has a PMU"
	run list hw
	expect_status 0
	cat out err >both
	has both 'PMU'
}

test_sw_shows_software_events_only() {
	run list sw
	expect_status 0
	expect_out 'context-switches'
	refuse_out 'cache-misses'
	refuse_out 'L1-dcache'
}

test_cache_shows_cache_events_only() {
	run list cache
	expect_status 0
	expect_out 'L1-dcache-load-misses'
	refuse_out 'task-clock'
}

test_a_glob_chooses_rows() {
	run list 'L1-dcache-*'
	expect_status 0
	expect_out 'L1-dcache-stores'
	refuse_out 'LLC-loads'
	refuse_out 'page-faults'
}

test_a_word_is_found_anywhere_in_a_name() {
	run list faults
	expect_status 0
	expect_out 'major-faults'
	expect_out 'minor-faults'
	refuse_out 'cpu-migrations'
}

test_a_word_that_nothing_has_is_said() {
	run list qqqqzzzz
	cat out err >both
	has both 'qqqqzzzz'
}

test_verbose_shows_the_encoding_and_other_spellings() {
	run list -v page-faults
	expect_status 0
	expect_out 'type'
	expect_out 'config'
	expect_out 'faults'
}

test_json_is_valid_and_says_what_works_here() {
	run list --json sw
	expect_status 0
	expect_json out
	refuse_out 'cache-misses'
}

test_a_user_without_privileges_gets_a_list_too() {
	needs_nobody
	run_as_nobody list
	expect_status 0
	expect_out 'page-faults'
}

test_tracepoints_not_tried_are_marked() {
	needs_root
	run list tracepoint
	[ "$(grep -c 'Tracepoint event' out)" -gt 40 ] || skip "this machine shows no tracepoints"
	expect_out 'sched:sched_switch .*count,sample \*|sched:sched_switch .*not here \*'
	expect_out '^\* not tried itself: '
	run list 'sched:sched_switch'
	refuse_out '\*'
	run list --json tracepoint
	expect_json out
	expect_out '"sched:sched_switch".*"tried":false'
}

test_tracepoints_known_to_differ_are_tried_each() {
	needs_root
	run list --json tracepoint
	grep -q '"ftrace:function"' out || skip "this kernel has no ftrace:function"
	expect_out '"ftrace:function".*"tried":true'
}

run_tests "$@"
