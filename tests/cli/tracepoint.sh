#!/bin/sh
# evprof record of tracepoints: perf reads them and takes their fields apart.
. "$(dirname "$0")/harness.sh"

tracefs=/sys/kernel/tracing/events
needs_tracepoint() { # SYSTEM/NAME
	needs_root
	[ -r "$tracefs/$1/format" ] || skip "there is no tracepoint $1 to be read"
}
record() { run record -q "$@"; }

# perf_shows FILE EXPRESSION…: perf takes it without a word of complaint, and its script shows each
perf_shows() {
	file=$1
	shift
	perf_takes "$file" 'report --stdio' 'evlist -v' script
	for expression; do expect_out "$expression"; done
}

test_perf_shows_the_fields_of_a_tracepoint() {
	needs_perf
	needs_tracepoint sched/sched_switch
	record -e sched:sched_switch sleep 0.05
	expect_status 0
	perf_shows perf.data 'sched:sched_switch: prev_comm=sleep prev_pid=[0-9]+ .* ==> next_comm='
	perf report --header-only -i perf.data >out 2>err
	has_not out 'missing features:.*TRACING_DATA'
}

test_perf_shows_globs_several_systems_and_other_events() {
	needs_perf
	needs_tracepoint sched/sched_wakeup
	needs_tracepoint syscalls/sys_enter_write
	record -e 'sched:sched_wakeup*,cpu-clock' -e '{sched:sched_switch,syscalls:sys_enter_write}' -a \
		sh -c 'echo x | cat; sleep 0.05; echo y'
	expect_status 0
	perf_shows perf.data 'sched:sched_wakeup: comm=' 'syscalls:sys_enter_write: fd: 0x' \
		'sched:sched_switch: prev_comm='
}

test_perf_shows_tracepoints_with_call_chains_packed_and_delayed() {
	needs_perf
	needs_tracepoint sched/sched_switch
	record -e sched:sched_switch -g -z -D 1 sh -c 'sleep 0.3; sleep 0.3; sleep 0.3'
	expect_status 0
	perf_shows perf.data 'sched:sched_switch: prev_comm=sh '
}

test_perf_shows_texts_that_a_tracepoint_points_to() {
	needs_perf
	needs_tracepoint rcu/rcu_utilization
	grep -q Start $tracefs/../printk_formats || skip "this kernel tells no texts"
	record -e rcu:rcu_utilization sleep 0.05
	expect_status 0
	perf_shows perf.data 'rcu:rcu_utilization: (Start|End) '
}

test_perf_shows_an_event_by_the_name_it_was_given() {
	needs_perf
	needs_tracepoint sched/sched_switch
	record -e 'sched:sched_switch/name=away/' sleep 0.05
	expect_status 0
	perf_shows perf.data 'away: prev_comm=sleep'
}

test_perf_shows_the_tracepoints_of_a_stream() {
	needs_perf
	needs_tracepoint sched/sched_switch
	for packing in '' -z; do
		record -e sched:sched_switch $packing -o - sleep 0.05
		expect_status 0
		refuse_err 'perf will not'
		mv out piped.data
		perf script -i - <piped.data >out 2>err
		status=$?
		last="perf script -i - ($packing)"
		expect_status 0
		expect_empty err
		expect_out 'prev_comm=sleep'
		perf report -i - <piped.data >out 2>err
		status=$?
		last="perf report -i - ($packing)"
		expect_status 0
		expect_empty err
		expect_out "event 'sched:sched_switch'"
		run report -i piped.data
		expect_status 0
		expect_out 'sched:sched_switch'
	done
}

test_formats_that_cannot_be_read_are_told_and_the_recording_is_kept() {
	needs_tracepoint sched/sched_switch
	cat >inside.sh <<-'END'
		mount --bind /proc/self/mem "$1" 2>/dev/null || exit 99 # reading it fails
		shift
		exec "$@"
	END
	run_command unshare --mount sh inside.sh $tracefs/header_page \
		"$evprof" record -e sched:sched_switch sleep 0.05
	[ $status = 99 ] && skip "may not mount in a name space of its own"
	expect_status 0
	expect_err 'perf will not read this recording: .*/header_page cannot be read: '
	run report
	expect_status 0
	expect_out 'sched:sched_switch'
}

test_a_named_pipe_is_written_as_a_stream() {
	needs_tracepoint sched/sched_switch
	mkfifo pipe
	cat pipe >piped.data &
	record -e sched:sched_switch -o pipe sleep 0.05
	expect_status 0
	wait
	run report -i piped.data
	expect_status 0
	expect_out 'sched:sched_switch'
}

test_samples_that_go_to_a_device_are_not_read_back() {
	record -e cpu-clock -o /dev/null "$specimens/two_functions" 50
	expect_status 0
	expect_empty err
}

test_a_recording_without_tracepoints_has_no_formats() {
	needs_perf
	record -e cpu-clock "$specimens/two_functions" 20
	perf report --header-only -i perf.data >out 2>err
	expect_out 'missing features: TRACING_DATA'
}

test_a_filter_that_the_kernel_refuses_is_blamed_and_not_the_event() {
	needs_tracepoint sched/sched_switch
	run stat -e sched:sched_switch --filter 'nosuch==1' true
	expect_status 125
	expect_err "refuses the filter 'nosuch==1'.*events/sched/sched_switch/format"
	run record -e sched:sched_switch --filter 'prev_pid==' true
	expect_status 125
	expect_err "refuses the filter 'prev_pid=='"
	refuse_file perf.data
	run record --dry-run -e sched:sched_switch --filter 'nosuch==1' true
	expect_status 125
	expect_err "refuses the filter 'nosuch==1'"
}

run_tests "$@"
