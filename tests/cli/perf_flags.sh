# shellcheck shell=sh disable=SC2154
# What perf's own habits bring: flags of perf record and report, and events beside one another.
# shellcheck source=tests/cli/harness.sh
. "$(dirname "$0")/harness.sh"

# ---- the event that only tells -------------------------------------------------------------------

test_an_event_that_only_tells_stands_in_no_group() {
	needs_events
	run record -q -o one.data -e task-clock "$specimens/faulting" 10
	expect_status 0
	run record -q -o two.data -e dummy,task-clock,dummy,page-faults "$specimens/faulting" 10
	expect_status 0
	run report --group -i one.data
	expect_status 0
	expect_out "of event 'task-clock(:u)?'"
	for options in '' --hierarchy '-n -t|' --children; do
		# shellcheck disable=SC2086 # the options are words
		run report --group -s comm $options -i two.data
		expect_status 0
		expect_out "of events 'task-clock(:u)?, page-faults(:u)?'"
	done
	run report --group -q -s comm -F overhead,sample,comm -t '|' -i two.data
	expect_equal "$(head -1 out | tr -cd '|' | wc -c)" 4 "separators of two events"
	run report --group -i one.data two.data
	expect_status 0
	refuse_out dummy
}

test_what_a_picture_lacks_is_only_said_of_what_there_is() {
	needs_events
	run record -q -o one.data -e task-clock "$specimens/faulting" 10
	run record -q -o two.data -e task-clock,page-faults "$specimens/faulting" 10
	expect_status 0
	for format in flamegraph dot chrome; do
		run report -i one.data --format $format -o picture
		expect_status 0
		refuse_err 'events other'
		run report -i two.data --format $format -o picture
		expect_err "$format has no place for .*events other than"
	done
}

# ---- words that are nearly right -----------------------------------------------------------------

test_an_unknown_sort_key_is_called_so() {
	run report -s symbl
	expect_status 129
	expect_err "unknown sort key 'symbl'; did you mean 'symbol'\\?"
	run report -F symbl
	expect_err "unknown column 'symbl'; did you mean 'symbol'\\?"
}

run_tests "$@"
