#!/bin/sh
# --control: another program switches the measuring on and off; --pre and --post.
. "$(dirname "$0")/harness.sh"

# start_controlled VERB OPTIONS…: on a program that computes, steered through two fifos; tell LINE
# waits for the answer.
start_controlled() {
	needs_events
	mkfifo control answers || skip "no fifo can be made"
	exec 8<>control 9<>answers
	last="evprof $*"
	# shellcheck disable=SC2086
	timeout -k 5 60 "$evprof" "$@" --control fifo:control,answers -- \
		${alone:-"$examples/threads" -t 1 -s 1000000000} >out 2>err </dev/null 8<&- 9<&- &
	target=$!
	trap 'kill $target 2>/dev/null' EXIT
}
tell() {
	echo "$1" >&8
	timeout 30 head -n 1 <&9 >answer
	expect_equal "$(cat answer)" ack "answer to '$1'"
}
ends() {
	wait $target
	status=$?
}

test_counting_is_switched_on_and_off() {
	start_controlled stat -D -1 -x, -e task-clock
	tell ping
	sleep 0.2
	tell enable
	sleep 0.3
	tell disable
	sleep 0.3
	tell stop
	ends
	expect_status 0
	expect_between "$(cut -d, -f1 err)" 0.001 100000 "milliseconds while it was on"
}

test_one_event_is_switched() {
	start_controlled stat -D -1 -x, -e task-clock,page-faults
	tell 'enable page-faults'
	sleep 0.2
	tell stop
	ends
	expect_status 0
	expect_err '^<not counted>,msec,task-clock,'
	expect_err '^[0-9]+,,page-faults,'
}

test_events_are_listed_and_what_is_no_command_is_said() {
	start_controlled stat -x, -e task-clock
	echo 'make coffee' >&8
	tell 'evlist -v'
	echo 'enable no-such-event' >&8
	tell ping
	tell stop
	ends
	expect_status 0
	expect_err '^task-clock: '
	expect_err "control: 'make coffee' is not understood"
	expect_err "control: 'enable no-such-event' is not understood"
}

test_disabling_ends_an_interval() {
	start_controlled stat -I 100000 -x, -e task-clock
	sleep 0.2
	tell disable
	sleep 0.2
	tell stop
	ends
	expect_status 0
	expect_equal "$(grep -c task-clock err)" 2 "intervals"
}

test_recording_is_switched_on_and_off_and_names_are_known() {
	start_controlled record -D -1 -e cpu-clock -F 999 -o data
	sleep 0.3
	tell enable
	sleep 0.5
	tell disable
	tell stop
	ends
	run report -i data --sort symbol
	expect_status 0
	expect_out ' work'
}

test_a_control_that_is_not_there_is_refused() {
	run stat --control fd:77 true
	expect_status 129
	expect_err "'77' is no open descriptor"
	run stat --control fifo:/no/such/fifo true
	expect_status 129
	run record --control nonsense true
	expect_status 129
	expect_err 'takes fd:N'
}

test_the_other_side_may_go_away() {
	needs_events
	mkfifo control
	(sleep 0.2 && echo ping && sleep 0.2) | "$evprof" stat -x, -e task-clock --control fd:0 sleep 0.8 2>err
	expect_equal $? 0 "status"
	expect_err 'task-clock'
	: | timeout 20 "$evprof" record -q -e cpu-clock -o data --control fd:0 sleep 0.5 2>err
	expect_equal $? 0 "status of record"
}

test_commands_run_before_and_after_each_run() {
	run stat -r 2 --pre 'echo before' --post 'echo after' -x, -e task-clock echo run
	expect_status 0
	printf '%s\n' before run after before run after | cmp -s - out || fail "not in that order"
	run stat --pre 'exit 3' -e task-clock echo run
	expect_status 125
	expect_err "pre 'exit 3' failed"
	expect_empty out
	run stat --pre true -p 1 -e task-clock
	expect_status 129
}

# start_named NAME: the program that computes, under this name; its process id in $target.
start_named() {
	needs_events
	cp "$examples/threads" "$1"
	start_target "./$1" -t 1 -s 1000000000
}

test_processes_are_named_by_a_glob() {
	start_named evcalled-$$
	run stat -x, -e task-clock -p "evcalled-$$*" --timeout 300
	expect_status 0
	expect_between "$(cut -d, -f1 err)" 0.001 100000 "milliseconds of the process"
	run record -q -e cpu-clock -F 499 -o data -p "$target,evcall[e]d-$$" --duration 0.4
	expect_status 0
	run report -i data --sort dso
	expect_out "evcalled-$$"
}

test_a_name_that_nobody_has_is_told() {
	for verb in stat record trace; do
		run $verb -p 'no-such-process*'
		expect_status 125
		expect_err "no process is called 'no-such-process\*'"
	done
}

# field NAME: of the status in the file out
field() { sed -n "s/^$1: //p" out; }

test_a_recording_tells_its_status() {
	start_controlled record -e cpu-clock -F 499 -o data
	tell ping
	sleep 0.6
	run control control,answers status
	expect_status 0
	expect_between "$(field seconds)" 0.3 60 "seconds"
	expect_between "$(field samples)" 5 100000 "samples"
	expect_equal "$(field lost)" 0 "lost"
	expect_out '^file: data, [0-9]+ bytes$'
	expect_out '^own CPU: [0-9.]+ s$'
	refuse_out ack
	run control fifo:control,answers stop
	expect_status 0
	expect_empty out
	ends
	expect_err 'captured and wrote'
}

test_counting_tells_its_status_and_has_no_frequency() {
	start_controlled stat -x, -e task-clock,page-faults
	tell ping
	run control control,answers status
	expect_status 0
	expect_out '^events: 2$'
	run control control,answers frequency 99
	expect_status 1
	expect_err 'counting has no frequency'
	run control control,answers stop
	ends
	expect_status 0
}

# Two thirds of the time with a twentieth of the samples: the sum still is that of the time.
test_a_frequency_is_changed_and_weights_stay_right() {
	alone="$PWD/spin" # one thread, which is there from the beginning
	printf '#!/bin/sh\nwhile :; do :; done\n' >spin
	chmod +x spin
	for chains in "" --no-call-graph '--call-graph bpf'; do
		rm -f control answers
		# shellcheck disable=SC2086
		[ "$chains" != '--call-graph bpf' ] ||
			"$evprof" record $chains -e task-clock -o probe.data true >probe 2>&1 || continue
		# shellcheck disable=SC2086
		start_controlled record -e task-clock -F 1999 $chains -o data
		tell ping
		sleep 0.3
		run control control,answers frequency 99
		expect_status 0
		expect_out 'threads that these have started before keep their rate'
		sleep 0.6
		tell stop
		ends
		run script -i data -F period
		expect_status 0
		tr -d ' ' <out | sort -n | uniq -c >weights
		has weights ' 500250$'
		has weights ' 10101010$'
		run report -i data --header
		expect_out '99 samples per second from [0-9.]+ s on'
	done
}

test_the_frequency_of_a_machine_is_changed() {
	needs_root
	start_controlled record -a -e cpu-clock -F 999 -o data
	tell 'frequency 4999'
	sleep 0.5
	tell 'evlist -F'
	tell stop
	ends
	expect_err '^cpu-clock: sample_freq=4999$'
	run script -i data -F period
	expect_out ' 200040 *$'
}

test_frequencies_that_cannot_be_are_refused_and_recording_goes_on() {
	start_controlled record -e cpu-clock -c 1000000 -o data
	tell ping
	for wrong in 'frequency 99' 'frequency' 'frequency 0' 'frequency many'; do
		# shellcheck disable=SC2086
		run control control,answers $wrong
		expect_status 1
		expect_err 'evprof control: '
	done
	tell stop
	ends
	run report -i data
	expect_status 0
}

test_events_are_listed_in_perf_s_ways() {
	start_controlled record -e '{cpu-clock,task-clock},page-faults' -F 99 -o data
	tell 'evlist -F'
	tell 'evlist -g'
	tell 'evlist -v'
	echo 'evlist -x' >&8
	tell stop
	ends
	expect_err '^task-clock: sample_freq=99$'
	expect_err '^\{cpu-clock,task-clock\}$'
	expect_err '^page-faults$'
	expect_err '^cpu-clock: .*type: 1, config: 0x0, sample_freq: 99$'
	expect_err "'evlist -x' is not understood"
}

test_the_hand_tool_says_what_is_wrong() {
	mkfifo control answers
	run control control,answers status
	expect_status 125
	expect_err "nobody listens at 'control'"
	run control no-such-fifo ping
	expect_status 125
	expect_err 'no-such-fifo'
	echo >file
	run control file ping
	expect_status 125
	expect_err 'is no fifo'
	run control control,answers make coffee
	expect_status 129
	expect_err "'make coffee' is no command"
	run control control
	expect_status 129
	exec 8<>control 9<>answers
	run control --timeout 0.2 control,answers ping
	expect_status 1
	expect_err 'no answer in 0.2 s'
	run control control ping
	expect_status 0
}

test_the_hand_tool_steers_perf() {
	needs_perf
	needs_events
	mkfifo control answers
	timeout 30 perf record -q -e cpu-clock -o data --control fifo:control,answers -- sleep 20 2>err &
	target=$!
	trap 'kill $target 2>/dev/null' EXIT
	i=0
	until run control control,answers ping && [ "$status" = 0 ]; do
		i=$((i + 1))
		[ $i -lt 100 ] || fail "perf does not answer"
		sleep 0.1
	done
	run control control,answers stop
	expect_status 0
}

run_tests "$@"
