#!/bin/sh
# A machine whose PMU was taken away, for `make check-pmu`: what evprof says there.
. "$(dirname "$0")/../cli/harness.sh"

test_hardware_events_are_refused_with_the_cause() {
	run stat -e cycles touch started
	expect_status 125
	expect_err 'no PMU: '
	refuse_file started
	run record -e cycles touch started
	expect_failure
	expect_err 'no PMU: '
	refuse_file started
}

test_software_events_are_counted_and_sampled() {
	run stat "$specimens/exact" 1000000
	expect_status 0
	expect_err '[0-9] msec task-clock'
	expect_err 'hardware counters: none here \(no PMU'
	run record -o rec.data "$specimens/two_functions" 20
	expect_status 0
	expect_err 'cpu-clock instead of cycles'
	run report -i rec.data --stdio
	expect_out '[0-9.]+% .* twice'
}

test_the_list_says_that_there_are_none() {
	run list hw
	expect_out 'cycles .*not here'
	expect_out 'no PMU'
}

run_tests "$@"
