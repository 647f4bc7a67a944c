#!/bin/sh
# RISC-V with counters that cannot interrupt, for `make check-pmu`: counting works, sampling is
# refused with the reason.
. "$(dirname "$0")/../cli/harness.sh"

test_events_are_counted() {
	run stat -e cycles,instructions,dTLB-load-misses "$specimens/page_walks" 1024 2
	expect_status 0
	expect_err '[0-9]{4} +cycles|[0-9],[0-9]{3} +cycles'
	expect_err '[0-9],[0-9]{3} +instructions'
	expect_err '[0-9],[0-9]{3} +dTLB-load-misses'
}

test_sampling_is_refused_for_want_of_an_interrupt() {
	run record -o rec.data -e cycles "$specimens/page_walks" 16 1
	expect_failure
	expect_err 'its PMU has no overflow interrupt'
	expect_err 'evprof stat'
	refuse_file rec.data
	run record -o rec.data -e dTLB-load-misses -c 100 "$specimens/page_walks" 16 1
	expect_failure
	expect_err 'its PMU has no overflow interrupt'
}

test_without_an_event_the_clock_is_sampled_and_that_is_told() {
	run record -o rec.data "$specimens/two_functions" 20
	expect_status 0
	expect_err 'cpu-clock instead of cycles'
	run report -i rec.data --stdio
	expect_out '[0-9.]+% .* twice'
}

test_user_space_alone_is_refused_with_the_cure() {
	run stat -e cycles:u "$specimens/page_walks" 16 1
	expect_status 125
	expect_err 'leave the u or k'
}

test_the_list_says_that_events_are_only_counted() {
	run list hw
	expect_out 'cycles .*count'
	refuse_out 'cycles .*sample'
}

run_tests "$@"
