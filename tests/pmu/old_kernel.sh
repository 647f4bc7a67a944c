#!/bin/sh
# A machine with an older kernel, for `make check-kernels`: what BPF programs do there.
. "$(dirname "$0")/../cli/harness.sh"

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

test_stacks_are_followed_in_the_kernel_or_else_copied() {
	needs_programs
	run record -e cpu-clock --call-graph bpf -o rec.data "$specimens/no_frame_pointers"
	if [ "$status" != 0 ]; then
		expect_err 'stacks cannot be followed in the kernel: '
		sed 's/^/    /' err
		run record -e cpu-clock --bpf -o rec.data "$specimens/no_frame_pointers"
		expect_status 0
	fi
	run report -i rec.data --stdio
	expect_status 0
}

run_tests "$@"
