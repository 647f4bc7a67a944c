#!/bin/sh
# evprof record of Python programs without any privilege: their functions and lines, as an agent in
# the program tells them.
. "$(dirname "$0")/python_harness.sh"

# Root's files, and none of root's rights.
without_rights() { setpriv --bounding-set=-all --inh-caps=-all "$@"; }
needs_agent() {
	needs_nobody
	cp "$here/python_truth.py" .
	chmod 644 python_truth.py
	run_as_nobody record -q --python agent -e cpu-clock -o could.data /usr/bin/true
	[ "$status" = 0 ] || skip "$(head -1 err)"
}
needs_debians() {
	needs_agent
	[ -x /usr/bin/python3 ] || skip "there is no /usr/bin/python3"
	/usr/bin/python3 -c 'import subprocess, sys; sys.exit(not (3, 8) <= sys.version_info[:2] <= (3, 15))' ||
		skip "/usr/bin/python3 is of no version that is known"
}
# record_python WHAT…: by nobody, /usr/bin/python3 running these parts of python_truth.py; what that
# says is in told, what evprof says in said, and the functions in out.
record_python() {
	run_as_nobody record -F 999 -e cpu-clock /usr/bin/python3 python_truth.py "$@"
	expect_status 0
	cp out told
	cp err said
	has said 'Python: frames by an agent in [0-9]+ process'
	run report --format json
}

test_debian_s_own_python_by_nobody() {
	needs_debians
	PYTHONUTF8=1 record_python shares recurse generators callbacks threads fork
	expect_runs shares recurse in_thread in_fork by_key 'naïve_générateur'
	expect_shares
	has said 'in 2 processes'
	expect_between "$(sed -n 's/.*for \([0-9.]*\)% of .*/\1/p' said)" 90 100 "percent of the samples"
	run script --python only -F ip,sym,srcline
	deepest=$(awk '/recurse \(/ { n++ } /^$/ { if (n > m) m = n; n = 0 } END { print m }' out)
	expect_equal "$deepest" 501 "calls of recurse in a stack"
	# Python stands where the interpreter ran it, also where that has no name, not behind its roots.
	run report --format folded
	behind=$(awk '{ all += $NF } /^python3;<module> \(python_truth/ { n += $NF } END { print 100 * n / all }' out)
	expect_between "$behind" 0 2 "percent of the samples with Python in no place"
	run report --header-only --stdio
	expect_out 'by an agent in 2 processes'
}

check_version() {
	needs_version_told_apart "$1"
	needs_agent
	find_python "$1"
	PYTHONUTF8=1 without_rights "$evprof" record -F 999 -e cpu-clock "$python" python_truth.py \
		shares recurse callbacks reused threads fork >told 2>said </dev/null || fail "$(cat said)"
	has said 'Python: frames by an agent in 2 processes'
	run report --format json
	expect_runs shares recurse in_thread in_fork by_key
	expect_shares
	expect_reused
}
test_python_3_8() { check_version 3.8; }
test_python_3_9() { check_version 3.9; }
test_python_3_10() { check_version 3.10; }
test_python_3_11() { check_version 3.11; }
test_python_3_12() { check_version 3.12; }
test_python_3_13() { check_version 3.13; }
test_python_3_14() { check_version 3.14; }
test_python_3_15() { check_version 3.15; }
test_python_3_13_without_the_gil() { check_version 3.13t; }
test_python_3_14_without_the_gil() { check_version 3.14t; }

# What Python itself has for perf stands beside, and is the same function once more.
check_perf_support() {
	needs_version_told_apart "$1"
	needs_agent
	find_python "$1"
	without_rights "$evprof" record -q -F 999 -e cpu-clock "$python" -X perf python_truth.py callbacks recurse \
		>told 2>said </dev/null || fail "$(cat said)"
	run report --format folded
	expect_out 'by_key \('
	refuse_out 'py::([^:;]*):[^;]*;\1 \('
}
test_perf_support_of_3_12_doubles_nothing() { check_perf_support 3.12; }
test_perf_support_of_3_13_doubles_nothing() { check_perf_support 3.13; }
test_perf_support_of_3_15_doubles_nothing() { check_perf_support 3.15; }

test_an_unknown_version_keeps_native_stacks() {
	needs_agent
	for python in "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.7.*/bin/python3; do
		[ -x "$python" ] || skip "pyenv has no python 3.7"
	done
	without_rights "$evprof" record -F 999 -e cpu-clock "$python" -c 'sum(range(1000000))' >out 2>err </dev/null ||
		fail "it was not recorded"
	expect_err '1 process without: it is Python 3.7; the memory of CPython 3.8 to 3.15 is known'
	run report --stdio
	expect_status 0
}

test_lines_of_a_loop() {
	needs_debians
	record_python lines lines lines
	expect_lines
}

test_children_and_what_is_executed_have_agents_too() {
	needs_debians
	record_python child execs
	expect_runs in_child after_exec
	has said 'in 3 processes'
}

test_every_page_fault_is_told_once() {
	needs_debians
	run_as_nobody record -e page-faults -c 1 /usr/bin/python3 python_truth.py grow
	expect_status 0
	run report --format json
	expect_runs grow
	# Without stacks the rings hold them all.
	for how in merged off; do
		run_as_nobody record --call-graph no --python $how -e page-faults -c 1 /usr/bin/python3 python_truth.py grow
		expect_status 0
		run script -F time,ip
		[ $how = off ] || with=$(wc -l <out)
	done
	without=$(wc -l <out)
	expect_between "$with" $((without * 7 / 10)) $((without * 3 / 2)) "page faults ($without without an agent)"
}

test_the_program_may_use_the_signal_itself() {
	needs_debians
	record_python uses_the_signal
	expect_runs uses_the_signal
	run_as_nobody record -e cpu-clock /usr/bin/python3 python_truth.py dies_of_the_signal
	expect_status 133
}

test_what_a_blocked_signal_hides_is_counted() {
	needs_debians
	record_python blocks_the_signal
	has said 'of [1-9][0-9]* it was told too late: the signal \(SIGTRAP\) was blocked'
}

test_where_no_agent_can_be_the_reason_is_told() {
	needs_debians
	run_as_nobody record --python agent --jitter -F 999 -e cpu-clock /usr/bin/python3 -c ''
	expect_failure
	expect_err 'no --jitter'
	run_as_nobody record --jitter -F 999 -e cpu-clock /usr/bin/python3 -c 'sum(range(1000000))'
	expect_status 0
	expect_err 'native frames only: .*no --jitter'
	run_as_nobody record -F 999 --python agent -e cpu-clock /usr/bin/true
	expect_status 0
	expect_err 'Python: none: no program that ran was Python'
	run_as_nobody record -F 999 -e cpu-clock /usr/bin/true
	refuse_err 'Python'
	mkdir away
	cp "$evprof" away/
	setpriv --reuid=65534 --regid=65534 --clear-groups away/evprof record --python agent /usr/bin/true >out 2>err
	status=$?
	expect_failure
	expect_err 'libevprof-python.so is not beside evprof'
}

# What it adds to the environment is for the agent; the program's own is kept.
test_the_environment_of_evprof_stays() {
	needs_debians
	LD_PRELOAD='' run_as_nobody record -q -e cpu-clock /usr/bin/python3 -c 'import os
print(os.environ["LD_PRELOAD"], os.environ["EVPROF_PYTHON"])'
	expect_status 0
	expect_out 'libevprof-python.so:? evprof-[0-9a-f]+$'
}

run_tests "$@"
