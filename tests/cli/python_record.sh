#!/bin/sh
# evprof record of Python programs: their functions and lines, in every version, as programs in the
# kernel read them.
. "$(dirname "$0")/python_harness.sh"

needs_frames() {
	needs_root
	needs python3
	needs_events
	"$evprof" record -q --python merged -e cpu-clock -o could.data python3 -c '' >/dev/null 2>why ||
		skip "$(head -1 why)"
}
# record_truth HOW…: a recording of that part of python_truth.py in perf.data, with the options in
# $in_kernel; told has what it says.
in_kernel=''
record_truth() {
	last="evprof record $python python_truth.py $*"
	cp "$here/python_truth.py" .
	# shellcheck disable=SC2086 # the options are words
	PYTHONUTF8=1 timeout -k 5 120 "$evprof" record -F 999 -e cpu-clock $in_kernel "$python" python_truth.py "$@" \
		>told 2>err </dev/null
	status=$?
	expect_status 0
	expect_err 'Python: frames of [0-9,]* samples'
	"$evprof" report --format json >out 2>>err
}
# The interpreter itself, where python3 is a script that leads to one.
needs_python() { python=$(python3 -c 'import sys; print(sys.executable)'); }
# Every way of calling and being called in one recording.
check_version() {
	needs_version_told_apart "$1"
	needs_frames
	find_python "$1"
	record_truth shares recurse callbacks generators made reused threads
	expect_runs main shares half third sixth recurse by_key in_thread 'naïve_générateur'
	expect_between "$(awk '/^made_/ { n++ } END { print n }' sums)" 20 30 "functions made by exec"
	expect_shares
	expect_reused
	# All frames have names, and but for the beginning and the end of Python all samples are in
	# the program.
	refuse_err 'were gone'
	expect_between "$(echo "$(children main) $(children in_thread)" | awk '{ print $1 + $2 }')" 80 101 \
		"what runs in main and in threads, percent"
	# 501 calls one below the other.
	"$evprof" report --format folded 2>/dev/null >folded
	deepest=$(awk -F'recurse \\(' '{ if (NF - 1 > n) n = NF - 1 } END { print n }' folded)
	expect_equal "$deepest" 501 "calls of recurse in a stack"
	grep -q 'by_key (.*list_sort' folded && fail "callers stand before what they call"
	case $1 in 3.8 | 3.9 | 3.10) lambda='<lambda>' ;; *) lambda='Sorted.method.<locals>.<lambda>' ;; esac
	grep -q "method (.*builtin_sorted.*;$lambda (.*by_key (" folded ||
		[ "${python%/bin/python}" = "$python" ] || fail "no C code between method and its lambda"
}
test_python_3_8() { check_version 3.8; }
test_python_3_9() { check_version 3.9; }
test_python_3_10() { check_version 3.10; }
test_python_3_11() { check_version 3.11; }
test_python_3_12() { check_version 3.12; }
test_python_3_13() { check_version 3.13; }
test_python_3_14() { check_version 3.14; }
test_python_3_15() { check_version 3.15; }
# Each of its threads runs a copy of its code, in which the lines are the same.
check_free_threaded() {
	check_version "$1"
	record_truth lines_in_thread
	expect_lines
}
test_python_3_13_without_the_gil() { check_free_threaded 3.13t; }
test_python_3_14_without_the_gil() { check_free_threaded 3.14t; }

# kill_after HOW…: the recorder of a program without end is killed once its file knows what that runs.
kill_after() {
	rm -f perf.data
	"$evprof" record -q -F 500 -e cpu-clock "$@" python3 -c '
def endless():
    while True:
        sum(range(1000))
endless()' >/dev/null 2>err </dev/null &
	recorder=$!
	for _ in $(seq 300); do
		"$evprof" report -i perf.data --format folded 2>/dev/null >out && grep -q 'endless' out && break
		kill -0 $recorder 2>/dev/null || fail "the recorder ended: $(cat err)"
		sleep 0.1
	done
	program=$(cat /proc/$recorder/task/*/children)
	kill -9 $recorder
	# shellcheck disable=SC2086
	kill -9 $program
	wait $recorder 2>/dev/null
	run report --format folded
	expect_status 0
	expect_out '<module> \(<string>:1\);endless \(<string>:2\)'
	run report --stdio
	expect_out 'Partial: the recorder did not end it'
}
test_a_recorder_that_is_killed_leaves_names() {
	needs_frames
	kill_after
	kill_after -z
	kill_after --python agent
	needs_perf
	perf report -i perf.data --stdio >out 2>err </dev/null || fail "perf does not take it"
	expect_out 'builtin_sum|\+0x|0x|sum'
}
test_files_of_one_recording_have_all_names() {
	needs_frames
	for how in merged agent; do
		"$evprof" record -q -F 500 -e cpu-clock --python $how --switch-output=1s python3 -c '
import time
until = time.time() + 1.3
def first():
    while time.time() < until: sum(range(1000))
def second():
    while time.time() < until + 1.3: sum(range(1000))
first(); second()' >/dev/null 2>err </dev/null || fail "$(cat err)"
		files=0
		for file in perf.data.*; do
			run report -i "$file" --format folded
			expect_status 0
			files=$((files + 1))
			cat out >>all
			refuse_out '\[python\]'
			rm "$file"
		done
		expect_between $files 2 20 "files"
		has all 'first \(<string>:4\)'
		has all 'second \(<string>:6\)'
		rm all
	done
}
test_top_shows_functions_of_python() {
	needs_frames
	for how in 'merged -g' 'merged --call-graph=dwarf' 'agent -g'; do
		# shellcheck disable=SC2086
		run top --batch -e cpu-clock -F 500 -d 0.5 --python $how python3 -c '
import time
def shown():
    while time.thread_time() < 1: sum(range(1000))
shown()'
		expect_status 0
		expect_out '\[python\] +\[\.\] shown \(<string>:3\)'
	done
}

# The same where stacks are counted, or followed, in the kernel: HOW VERSION.
check_in_kernel() {
	needs_version_told_apart "$2"
	needs_frames
	find_python "$2"
	in_kernel=$1
	record_truth shares recurse made threads
	refuse_err 'native frames only|were gone|lost:'
	expect_runs main shares half third sixth recurse in_thread
	expect_shares
	expect_between "$(awk '/^made_/ { n++ } END { print n }' sums)" 20 30 "functions made by exec"
	"$evprof" report --format folded 2>/dev/null >folded
	deepest=$(awk -F'recurse \\(' '{ if (NF - 1 > n) n = NF - 1 } END { print n }' folded)
	expect_equal "$deepest" 501 "calls of recurse in a stack"
}
test_counted_in_the_kernel_python_3_8() { check_in_kernel --bpf 3.8; }
test_counted_in_the_kernel_python_3_12() { check_in_kernel --bpf 3.12; }
test_followed_in_the_kernel_python_3_10() { check_in_kernel '--call-graph bpf' 3.10; }
test_followed_in_the_kernel_python_3_13() { check_in_kernel '--call-graph bpf' 3.13; }

# The interpreter that Debian has is one file without a symbol table.
test_debian_s_own_python() {
	needs_frames
	python=/usr/bin/python3
	[ -x $python ] || skip "there is no /usr/bin/python3"
	record_truth shares callbacks
	expect_runs main half third sixth by_key
}

test_lines_of_a_loop() {
	needs_frames
	needs_python
	record_truth lines lines lines
	expect_lines
}

test_children_of_every_kind() {
	needs_frames
	needs_python
	record_truth fork fork_pool spawn_pool
	expect_runs in_fork in_pool
	expect_err 'of [0-9]+ processes'
	"$evprof" report --sort pid,symbol --format json >out 2>>err
	pids=$(json out "len({r['pid'] for r in j['rows'] if (r['symbol'] or '').startswith('spin (')})")
	expect_between "$pids" 3 9 "processes that spin"
}

# A number is another program's after an exec, and what was counted before is that one's.
test_counted_children_that_exec() {
	needs_frames
	needs_python
	cat >execs.py <<-'END'
		import os, sys, python_truth
		def before_exec():
		    python_truth.spin(0.3)
		pid = os.fork()
		if not pid:
		    before_exec()
		    os.execv(sys.executable, [sys.executable, '-c', 'import python_truth\ndef after_exec():\n  python_truth.spin(0.3)\nafter_exec()'])
		os.waitpid(pid, 0)
	END
	cp "$here/python_truth.py" .
	run record -e cpu-clock -F 999 --bpf "$python" execs.py
	expect_status 0
	# The kernel may find a page of a name away at that moment; not those of all.
	gone=$(sed -n 's/.*the names of \([0-9]*\) places were gone.*/\1/p' err)
	expect_between "${gone:-0}" 0 2 "places without a name"
	run report --format json
	expect_runs before_exec after_exec
	run report --sort pid,symbol --format json
	pids=$(json out "len({r['pid'] for r in j['rows'] if (r['symbol'] or '').startswith(('before_exec (', 'after_exec ('))})")
	expect_equal "$pids" 1 "processes that run both"
}

test_a_process_that_runs_already() {
	needs_frames
	needs_python
	cp "$here/python_truth.py" .
	start_target "$python" -c 'import python_truth
while True: python_truth.by_key(1999)'
	for _ in $(seq 300); do
		"$evprof" dump --nonblocking -p $target 2>/dev/null | grep -q 'by_key (/' && break
		sleep 0.1
	done
	run record -e cpu-clock -F 999 -p $target --duration 0.5
	expect_status 0
	expect_err 'of 1 process'
	run report --format json
	expect_runs by_key
	run record -e cpu-clock -F 999 -a --python merged --duration 0.5
	expect_status 0
	run report --pid $target --format json
	expect_runs by_key
	run record -e cpu-clock -F 49 --bpf -a --python merged --duration 1
	expect_status 0
	run report --pid $target --format json
	expect_runs by_key
	run record -e cpu-clock -F 999 --bpf -p $target --duration 0.5
	expect_status 0
	expect_err 'of 1 process'
	run report --format json
	expect_runs by_key
}

test_faults_switches_and_tracepoints_have_lines_too() {
	needs_frames
	needs_python
	cat >grows.py <<-'END'
		import time
		def grow():
		    return [b'x' * (4096 * 300 + i) for i in range(5)]
		def rest():
		    time.sleep(0.3)
		kept = grow()
		rest()
	END
	run record -e page-faults -c 1 "$python" grows.py
	expect_status 0
	run report --format json
	sum_children
	expect_between "$(children grow)" 20 101 "page faults in grow, percent"
	run record --off-cpu -e cpu-clock "$python" grows.py
	expect_status 0
	run report --format json
	waits=$(json out "sum(r['children_period'] for r in j['rows'] if (r['symbol'] or '').startswith('rest (') and 'off' in r['event'])")
	expect_between "$waits" 250000000 5000000000 "ns that rest waits"
	[ -d /sys/kernel/tracing/events/syscalls ] || [ -d /sys/kernel/debug/tracing/events/syscalls ] ||
		skip "the kernel has no tracepoints of system calls: the rest is as it should be"
	run record -e syscalls:sys_enter_clock_nanosleep -c 1 "$python" grows.py
	[ "$status" = 0 ] || skip "sleep is another system call here: the rest is as it should be"
	run report --format json
	expect_runs rest
}

# What perf does not know it shows as addresses.
test_perf_opens_it() {
	needs_frames
	needs_perf
	needs_python
	record_truth fork
	perf_takes perf.data 'report --stdio -g none' 'script --show-mmap-events'
	expect_out '\[python\]'
}

test_native_frames_on_demand_and_where_nothing_else_goes() {
	needs_frames
	run record -e cpu-clock -F 999 --python off python3 -c 'sum(range(3000000))'
	expect_status 0
	refuse_err 'Python:'
	run record -e cpu-clock -F 999 --bpf --call-graph none python3 -c 'sum(range(3000000))'
	expect_status 0
	expect_err 'native frames only: --bpf without stacks'
	run record --python merged --bpf --call-graph none python3 -c ''
	expect_failure
	expect_err '\-\-bpf without stacks'
	run record --python agent --call-graph bpf python3 -c ''
	expect_failure
	expect_err 'agent has no part'
	run record --python only python3 -c ''
	expect_failure
	expect_err 'report --python only'
	run record -e cpu-clock -F 999 "$examples/fib"
	expect_status 0
	refuse_err 'Python:'
}

# A program called from a script, and a script that names its interpreter.
test_scripts_that_name_python() {
	needs_frames
	printf '#!/usr/bin/env python3\ndef inner():\n    return sum(range(9000000))\ninner()\n' >named
	chmod +x named
	run record -e cpu-clock -F 999 ./named
	expect_status 0
	run report --format json
	expect_runs inner
	run record -e cpu-clock -F 999 --python merged sh -c './named; true'
	expect_status 0
	run report --format json
	expect_runs inner
}

test_without_privileges_it_is_said() {
	needs_nobody
	needs python3
	needs_events
	run_as_nobody record -e cpu-clock:u -o mine.data --python merged /usr/bin/python3 -c ''
	[ "$status" = 0 ] && return # it has another way
	expect_failure
	expect_err 'root|CAP_BPF'
}

run_tests "$@"
