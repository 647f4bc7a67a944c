#!/bin/sh
# A machine with an older kernel, for `make check-kernels`: what BPF programs do there.
. "$(dirname "$0")/../cli/harness.sh"

# Have programs bpf_loop (Linux 5.17)?
loops=$(uname -r | awk -F. '{ print ($1 > 5 || $1 == 5 && $2 >= 17) ? "yes" : "no" }')

test_every_program_passes_the_verifier() {
	LIMIT_S=400 # an emulated processor verifies slowly
	run_command "$B/tests/collect/test_bpf_verify"
	grep -q '^SKIP' out && skip "$(sed -n 's/^SKIP [a-z_]*: //p' out)"
	sed -n 's/^\([^:]*\): loads, .*/\1/p' out | awk '{ all = all (NR > 1 ? ", " : "") $0 }
		END { print "    " NR " load: " all }'
	grep -v ': loads, ' out | tail -60 | sed 's/^/    /'
	expect_status 0
}

# A kernel that is too old says so, and what is done instead.
needs_programs() {
	run record --bpf -e cpu-clock -o probe.data true
	[ "$status" = 0 ] && return
	expect_err 'BPF programs cannot be used: .*Linux 5.15'
	run record --wall -o probe.data "$specimens/waits" here.data
	expect_status 0
	expect_err 'for want of BPF'
	skip "the kernel is too old, which evprof says"
}

test_stacks_are_counted_in_the_kernel() {
	needs_programs
	run record --bpf -e cpu-clock -o rec.data "$specimens/two_functions" 20
	expect_status 0
	run report -i rec.data --stdio
	expect_out '[0-9.]+% .* twice'
}

test_time_off_the_cpus_is_measured() {
	needs_programs
	run record --off-cpu -e dummy -o rec.data "$specimens/waits" here.data
	expect_status 0
	refuse_err 'for want of BPF'
	run report -i rec.data -s state
	expect_out '^ +[0-9.]+% +sleep'
	expect_out '^ +[0-9.]+% +lock'
}

test_wall_time_is_explained() {
	needs_programs
	run record --wall -o rec.data "$specimens/waits" here.data
	expect_status 0
	run report -i rec.data --format folded --no-inline
	expect_out 'computes'
	expect_out 'sleeps.*\[waiting: sleep\]'
}

# Of the samples in the innermost function, in percent: those whose stack has all 200 calls below.
whole_stacks() {
	run report -i rec.data --format folded
	awk '!/;work [0-9]+$/ { next } { all += $NF } /;main;deep;/ && gsub(/;descend/, "") >= 200 { n += $NF }
		END { print all ? 100 * n / all : 0 }' out
}

# Before 5.17 programs cannot follow stacks, which is said: copies can.
test_stacks_are_followed_in_the_kernel_or_else_copied() {
	needs_programs
	for how in '--call-graph auto' '--call-graph bpf' '--bpf --call-graph dwarf,32768'; do
		# shellcheck disable=SC2086
		run record -e cpu-clock -F 997 $how -o rec.data "$specimens/trees" deep 100
		expect_status 0
		sed -n 's/^\[ evprof record: stacks: /    /p' err
		case $how in
		*auto) refuse_err 'bpf_loop' ;;
		*) [ "$loops" = yes ] || expect_err 'stacks: copied.*not .* in the kernel: the kernel has no loops' ;;
		esac
		expect_between "$(whole_stacks)" 80 100 "the share of whole stacks, $how"
	done
	run record --bpf -e cpu-clock -F 997 -o rec.data "$specimens/trees" deep 100
	expect_status 0
	if [ "$loops" = yes ]; then
		expect_between "$(whole_stacks)" 80 100 "the share of whole stacks"
	else
		expect_err 'stacks: by frame pointers .*not by unwind tables in the kernel: the kernel has no loops'
	fi
}

test_calls_are_counted() {
	needs_programs
	run trace -f 'fib*' "$examples/fib"
	expect_status 0
	expect_out '^ +109 function calls in '
	expect_out '^ +21 .* fib0 \(fib\.c:[0-9]+\)$'
	run trace -f fib0 "$examples/fib" -m
	expect_out '^ +1 .* fib0 \(fib\.c:[0-9]+\)$'
}

# Where no program can read its frames the interpreter tells, or the recording that nobody does.
test_python_has_its_functions_or_the_reason_why_not() {
	needs_programs
	needs python3
	export PYTHONHOME=/usr
	for how in '' '--call-graph bpf' --bpf; do
		# shellcheck disable=SC2086
		run record -e cpu-clock $how -o rec.data python3 -S -c '
import time
def shown():
    end = time.thread_time() + 1
    while time.thread_time() < end: sum(range(1000))
shown()'
		expect_status 0
		sed -n 's/^\[ evprof record: Python: /    /p' err
		if [ "$loops" = no ]; then
			expect_err 'Python: native frames only: .*the kernel has no loops'
		else
			run report -i rec.data --format folded
			expect_out ';shown'
		fi
	done
}

run_tests "$@"
