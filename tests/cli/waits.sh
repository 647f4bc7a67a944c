#!/bin/sh
# Time off the CPUs, beside what the program that waits measures of itself.
. "$(dirname "$0")/harness.sh"

needs_bpf() {
	needs_root
	run record --off-cpu --off-cpu-thresh 1000 -e dummy -o probe.data true
	grep -q 'for want of BPF' err && skip "$(sed -n 's/.*for want of BPF (\(.*\)): for.*/no BPF: \1/p' err)"
	[ "$status" = 0 ] || fail "the recorder fails"
}
# What the specimen said of a function, in ns: how long it took, and of that on a CPU.
took() { awk -v f="$1" '$1 == f { print $2 }' said; }
worked() { awk -v f="$1" '$1 == f { print $3 }' said; }
# Nanoseconds of folded stacks in `out` through a function, that end in a frame like this.
through() {
	awk -v f=";$1;" -v leaf="${2:-.}" '{ weight = $NF; sub(/ [0-9]+$/, "") }
		index($0 ";", f) { n = split($0, frames, ";"); if (frames[n] ~ leaf) sum += weight }
		END { printf "%.0f\n", sum }' out
}
# within so many percent and a few switches
expect_near() { # VALUE EXPECTED WHAT [PERCENT]
	awk -v a="$1" -v b="$2" -v p="${4:-2}" '
		BEGIN { d = a - b; if (d < 0) d = -d; exit !(d <= b * p / 100 + 1500000) }' ||
		fail "$3: $1 ns, expected $2"
}
record_waits() {
	began=$(date +%s%N)
	run record "$@" -o r.data "$specimens/waits" here.data
	lasted=$(($(date +%s%N) - began))
	expect_status 0
	cp out said
	cp err told
}

test_a_flame_graph_of_wall_time_explains_the_life_of_a_thread() {
	needs_bpf
	record_waits --wall
	run report -i r.data --format folded --no-inline
	for phase in sleeps waits_for_lock reads_pipe computes; do
		expect_near "$(through $phase)" "$(took $phase)" "all of $phase"
		expect_near "$(through $phase '^\[waiting')" \
			$(($(took $phase) - $(worked $phase))) "waiting in $phase"
	done
	# As the kernel counts the thread's time itself.
	expect_near "$(through computes '^[^\[]|^\[on CPU')" "$(worked computes)" "on a CPU in computes"
	expect_near "$(through main '^[^\[]|^\[on CPU')" "$(worked main)" "on a CPU in all" 4
	# Thousands of switches, whose cost the kernel counts as time on a CPU.
	for phase in writes_disk touches_file; do
		expect_near "$(through $phase '^\[waiting')" \
			$(($(took $phase) - $(worked $phase))) "waiting in $phase" 20
	done
	# Of the main thread, with what is before its main function and behind it, which takes long on a
	# busy machine.
	run script -i r.data -F pid,tid,period
	life=$(awk '{ split($1, id, "/"); if (id[1] == id[2]) sum += $2 } END { printf "%.0f", sum }' out)
	expect_between "$life" "$(took main)" "$lasted" "ns of the main thread"
	expect_told 'each turn shared by its samples; .*between samples.*stack at their end'
}
expect_told() {
	grep -Eq "$1" told || fail "the recorder does not say '$1'"
}

test_each_state_is_told_apart() {
	needs_bpf
	record_waits --off-cpu -e dummy
	run report -i r.data --format folded --no-inline
	for pair in sleeps=sleep waits_for_lock=lock reads_pipe=read writes_disk=disk \
		'touches_file=page fault'; do
		phase=${pair%%=*} state=${pair#*=}
		state_ns=$(through "$phase" "^.waiting: $state]")
		all_ns=$(through "$phase" '^.waiting: [^C]') # not for a CPU
		[ "$all_ns" -gt 0 ] || case $phase in
		writes_disk | touches_file) continue ;; # a disk in memory
		esac
		[ $((state_ns * 10)) -ge $((all_ns * 8)) ] ||
			fail "of $all_ns ns in $phase only $state_ns are in '$state'"
	done
	run report -i r.data -s state
	expect_out '^ +[0-9.]+% +sleep'
	expect_out '^ +[0-9.]+% +lock'
	expect_out '^# Event count \(approx\.\): [0-9]+ ns, [0-9.]+ s$'
	expect_out '^# Waits: [0-9,]+ intervals off the CPUs, .* 0 lost(;|$)'
	refuse_out 'Ranking'
}

test_states_need_a_recording_that_has_them() {
	run record -q -e cpu-clock -o plain.data true
	run report -i plain.data -s state
	expect_failure
	expect_err 'evprof record --off-cpu'
}

test_short_intervals_are_added_up_without_losing_time() {
	needs_bpf
	record_waits --off-cpu -e dummy --off-cpu-thresh 0
	run report -i r.data --format folded --no-inline
	each_ns=$(through sleeps)
	expect_near "$each_ns" "$(took sleeps)" "sleeps, one by one"
	grep -q 'shorter than' told && fail "something was added up"
	record_waits --off-cpu -e dummy --off-cpu-thresh 60000
	grep -q 'shorter than 60.000 s are added up' told || fail "nothing was added up"
	run report -i r.data --format folded --no-inline
	expect_near "$(through sleeps)" "$(took sleeps)" "sleeps, added up"
	run report -i r.data -n -s sym
	# the first nap and the sum of the others, perhaps in two parts
	expect_between "$(awk '/waiting: sleep/ { print $2 }' out)" 2 20 "samples of sleeps"
}

test_intervals_that_do_not_end_are_closed_and_told() {
	needs_bpf
	start_target sleep 100
	sleep 0.3
	run record --off-cpu -e dummy -p $target --duration 0.4 -o r.data
	expect_status 0
	expect_err 'waits: 1 interval off the CPUs, .*1 had not ended'
	run report -i r.data -s comm,state --show-total-period
	expect_out '100.00% +[0-9]+ +sleep +sleep'
	expect_between "$(awk '/100.00%/ { print $2 }' out)" 390000000 60000000000 "ns that it slept"
}

test_children_and_threads_are_followed() {
	needs_bpf
	run record --off-cpu -e dummy -o r.data sh -c 'sleep 0.2 & sleep 0.1; wait'
	expect_status 0
	run report -i r.data -s comm,state
	expect_out 'sleep +sleep'
	expect_out 'sh +child'
}

test_who_wakes_a_thread_is_told_with_its_stack() {
	needs_bpf
	record_waits --off-cpu --wakers -e dummy
	run script -i r.data -F comm,pid,event,ip,sym
	awk -v RS= '/offcpu-wakers/ && /partner/' out >woken
	grep -q 'try_to_wake_up' woken || fail "the partner wakes nobody"
	# What an interrupt has stopped is not to blame.
	awk -v RS= '/offcpu-wakers/ && /hrtimer_interrupt/ && /main/' out >blamed
	expect_empty blamed
}

test_a_command_keeps_its_ordinary_samples_beside() {
	needs_bpf
	record_waits --off-cpu -e cpu-clock --call-graph fp
	run report -i r.data
	expect_out "of event 'cpu-clock'"
	expect_out "of event 'offcpu-time'"
}

test_perf_reads_the_same_time() {
	needs_bpf
	needs_perf
	record_waits --off-cpu -e cpu-clock
	run report -i r.data -s comm
	ours=$(sed -n "/'offcpu-time'/{n;s/.*: \([0-9]*\) ns.*/\1/p}" out)
	run_command perf report -i r.data --stdio --no-children -g none -s comm
	expect_equal "$(sed -n "/'offcpu-time'/{n;s/.*: \([0-9]*\).*/\1/p}" out)" "$ours" "ns that perf reads"
}

test_without_bpf_the_records_of_switches_tell() {
	needs_nobody
	cp "$specimens/waits" .
	began=$(date +%s%N)
	run_as_nobody record --wall -o r.data ./waits here.data
	lasted=$(($(date +%s%N) - began))
	expect_status 0
	cp out said
	expect_err 'for want of BPF'
	run script -i r.data -F pid,tid,period
	life=$(awk '{ split($1, id, "/"); if (id[1] == id[2]) sum += $2 } END { printf "%.0f", sum }' out)
	expect_between "$life" "$(took main)" "$lasted" "ns of the main thread"
	run report -i r.data -s state
	expect_out 'blocked'
	expect_out "^# Note: waits: by the kernel's records of switches"
	run_as_nobody record --off-cpu --wakers -o n.data true
	expect_failure
	expect_err 'BPF programs alone: needs root'
	refuse_file n.data
}

test_waits_are_chosen_in_the_kernel() {
	needs_bpf
	record_waits --off-cpu --off-cpu-thresh 0 -e dummy --filter 'latency > 20ms && comm == waits'
	run script -i r.data -F comm,period
	expect_between "$(grep -c . out)" 5 1000 'waits'
	expect_equal "$(awk '$1 != "waits" || $2 <= 20000000' out)" "" 'what is shorter, or of others'
	record_waits --wall --filter 'latency == 0'
	run report -i r.data --format folded --no-inline
	refuse_out '\[waiting'
	expect_near "$(through computes)" "$(worked computes)" 'on a CPU in computes'
	record_waits --wall --filter 'latency > 0'
	run report -i r.data --format folded --no-inline
	expect_equal "$(grep -v '\[waiting' out)" "" 'what is on a CPU'
	expect_near "$(through sleeps)" "$(($(took sleeps) - $(worked sleeps)))" 'waiting in sleeps'
	run record --bpf -e cpu-clock --filter 'latency > 1ms' -o n.data true
	expect_failure
	expect_err 'latency is how long .*--off-cpu or --wall'
	run record -e cpu-clock --filter 'cpu == 1' -o n.data true
	expect_failure
	expect_err 'record --bpf filters all events'
	refuse_file n.data
}
# Who waits since before the recording is chosen, too.
test_waiting_that_does_not_end_is_chosen_by_name_and_cgroup() {
	needs_bpf
	start_target sleep 100
	for _ in $(seq 300); do
		[ "$(cat /proc/$target/comm)" = sleep ] && break
		sleep 0.1
	done
	for filter in 'comm == sleep' 'cgroup == /' 'latency > 100ms'; do
		run record --off-cpu -e dummy --filter "$filter" -p $target --duration 0.4 -o r.data
		expect_status 0
		expect_err 'waits: 1 interval off the CPUs, .*1 had not ended'
	done
	for filter in 'comm != sleep' 'latency < 100ms' 'cgroup != /'; do
		run record --off-cpu -e dummy --filter "$filter" -p $target --duration 0.4 -o r.data
		expect_status 0
		expect_err 'waits: 0 intervals off the CPUs'
	done
}

test_what_contradicts_waiting_is_refused() {
	for words in --wakers '--off-cpu-thresh 5' '--off-cpu -C 0' '--wall -e cycles' '--off-cpu -k raw' \
		'--off-cpu --off-cpu-thresh never' '--wall --filter period>1' '--off-cpu --simulate'; do
		# shellcheck disable=SC2086
		run record $words -o n.data true
		expect_status 129
		refuse_file n.data
	done
}

run_tests "$@"
