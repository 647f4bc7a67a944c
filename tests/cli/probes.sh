#!/bin/sh
# evprof with probes of programs: counts are known to the last call.
. "$(dirname "$0")/harness.sh"

needs_probes() {
	needs_root
	[ -e /sys/bus/event_source/devices/uprobe/type ] || skip "this kernel has no uprobes"
	"$evprof" stat -e "uprobe:$specimens/probed:main" true >/dev/null 2>&1 || skip "no probe can be opened here"
}
# Children inherit probes by way of tracefs.
needs_tracefs() {
	[ -w /sys/kernel/tracing/uprobe_events ] || [ -w /sys/kernel/debug/tracing/uprobe_events ] ||
		skip "tracefs is not mounted"
}
needs_x86() { [ "$(uname -m)" = x86_64 ] || skip "this is not x86-64"; }
count_of() { awk -F, -v event="$1" '$3 == event { print $1 }' err; } # of stat -x,
# In perf's readers and our own: samples of an event
samples_of() { grep -c " $1: *" script; }

test_each_call_of_each_function_is_counted() {
	needs_probes
	fib=$examples/fib
	run stat -x, -e "uprobe:$fib:fib?,uretprobe:$fib:fib?" "$fib"
	expect_status 0
	n=0
	for calls in 21 34 21 13 8 5 3 2 1 1; do
		expect_equal "$(count_of "uprobe:$fib:fib$n")" $calls "calls of fib$n"
		expect_equal "$(count_of "uretprobe:$fib:fib$n")" $calls "returns of fib$n"
		n=$((n + 1))
	done
}

test_threads_children_and_their_children_are_counted() {
	needs_probes
	needs_tracefs
	for _ in 1 2 3; do
		run stat -x, -e "uprobe:$specimens/probed:work" sh -c "$specimens/probed; true"
		expect_status 0
		expect_equal "$(count_of "uprobe:$specimens/probed:work")" 60000
	done
}

test_no_probe_stays_behind() {
	needs_probes
	needs_tracefs
	run stat -e "uprobe:$specimens/probed:work,uretprobe:$specimens/probed:work" "$examples/fib"
	expect_status 0
	! grep "$specimens/probed" /sys/kernel/tracing/uprobe_events >out || fail "something stays behind"
}

test_only_the_main_thread_is_counted_without_inheritance() {
	needs_probes
	run stat -i -x, -e "uprobe:$specimens/probed:work,uprobe:$specimens/probed:main" "$specimens/probed"
	expect_status 0
	expect_equal "$(count_of "uprobe:$specimens/probed:main")" 1
	expect_equal "$(count_of "uprobe:$specimens/probed:work")" 0
}

test_the_whole_machine_is_counted() {
	needs_probes
	run stat -a -x, -e "uprobe:$specimens/probed:work" "$specimens/probed"
	expect_status 0
	expect_equal "$(count_of "uprobe:$specimens/probed:work")" 60000
}

test_a_running_process_is_counted() {
	needs_probes
	needs_tracefs
	cp "$specimens/probed" mine
	mkfifo go end
	sh -c 'read -r go <go; ./mine; ./mine; echo >end' &
	shell=$!
	"$evprof" stat -x, -I 100 -p $shell -e uprobe:./mine:work -o counts >/dev/null 2>&1 &
	counting=$!
	for _ in $(seq 300); do
		[ -s counts ] && break
		sleep 0.1
	done
	expect_file counts # it counts by now
	echo >go
	read -r _ <end
	wait $counting
	expect_equal "$(awk -F, '$4 == "uprobe:./mine:work" { n += $2 } END { print n }' counts)" 120000
}

test_a_probe_stands_in_groups_and_lists_and_takes_terms() {
	needs_probes
	fib=$examples/fib
	run stat -x, -e "{uprobe:$fib:fib3/name=three/,page-faults},task-clock" -e "uprobe:$fib:fib4:u" "$fib"
	expect_status 0
	expect_equal "$(count_of three)" 13
	expect_equal "$(count_of "uprobe:$fib:fib4:u")" 8
	run stat -x, -e "{uprobe:$fib:fib[34],page-faults}:u" "$fib"
	expect_equal "$(count_of "uprobe:$fib:fib3:u")" 13
	expect_equal "$(count_of "uprobe:$fib:fib4:u")" 8
}

test_programs_and_libraries_are_found_by_name() {
	needs_probes
	cp "$examples/fib" fib_by_name
	PATH=$PWD:$PATH run stat -x, -e uprobe:fib_by_name:fib9 fib_by_name
	expect_status 0
	expect_equal "$(count_of uprobe:fib_by_name:fib9)" 1
	run stat -x, -e 'uprobe:libc.so.6:puts,uprobe:libc.so*:puts' "$specimens/markers"
	expect_status 0
	expect_equal "$(count_of uprobe:libc.so.6:puts)" "$(count_of 'uprobe:libc.so*:puts')"
}

test_a_path_may_hold_any_sign() {
	needs_probes
	mkdir 'a b:c,d'
	cp "$examples/fib" 'a b:c,d/f#{b'
	run stat -x, -e 'uprobe:./a b\:c\,d/f#\{b:fib3/name=odd/' './a b:c,d/f#{b'
	expect_status 0
	expect_equal "$(count_of odd)" 13
}

test_markers_are_counted_and_woken() {
	needs_probes
	for way in '' -i -a; do
		# shellcheck disable=SC2086 # no word
		run stat $way -x, -e "usdt:$specimens/markers:specimen:*" "$specimens/markers"
		expect_status 0
		expect_equal "$(count_of "usdt:$specimens/markers:specimen:plain")" 3
		expect_equal "$(count_of "usdt:$specimens/markers:specimen:twice")" 7
		expect_equal "$(count_of "usdt:$specimens/markers:specimen:guarded")" 4
		expect_out 'watched 4 of 4 times'
	done
	run_command "$specimens/markers"
	expect_out 'watched 0 of 4 times'
}

test_each_hit_is_a_sample_that_perf_reads() {
	needs_probes
	needs_perf
	fib=$examples/fib
	run record -q -e "uprobe:$fib:fib[23],usdt:$specimens/markers:specimen:twice" sh -c "$fib; $specimens/markers"
	expect_status 0
	for command in report 'evlist -v' script; do
		perf_takes perf.data "$command"
		cp out "${command%% *}"
	done
	expect_equal "$(samples_of "uprobe:$fib:fib2")" 21 'samples of fib2'
	expect_equal "$(samples_of "uprobe:$fib:fib3")" 13 'samples of fib3'
	expect_equal "$(samples_of "usdt:$specimens/markers:specimen:twice")" 7 'samples of the marker'
	has_not evlist 'config1'
	run report
	expect_status 0
	expect_out "Samples: 21 +of event 'uprobe:$fib:fib2'"
	expect_out "Samples: 7 +of event 'usdt:$specimens/markers:specimen:twice'"
	expect_out '100\.00% .*fib2'
}

test_a_period_that_was_typed_is_obeyed() {
	needs_probes
	fib=$examples/fib
	run record -q -c 5 -e "uprobe:$fib:fib1" "$fib"
	expect_status 0
	run report
	expect_out 'Samples: 6 '
	run record -q -c 5 -e "uprobe:$fib:fib1/period=2/" "$fib"
	run report
	expect_out 'Samples: 17 '
}

test_what_can_be_probed_is_listed() {
	needs_probes
	run list "uprobe:$examples/fib:fib*"
	expect_status 0
	for n in 0 1 2 3 4 5 6 7 8 9; do expect_out "uprobe:$examples/fib:fib$n .*count,sample"; done
	run list "usdt:$specimens/markers:*"
	expect_status 0
	expect_out "specimen:plain .*each pass over the marker$"
	expect_out "specimen:twice .*in 2 places together"
	run list "uprobe:$examples/fib:fibb3"
	expect_failure
	expect_err 'did you mean: fib'
	run list syntax
	expect_out 'uprobe:FILE:FUNCTION'
}

test_where_a_probe_was_put_is_told() {
	needs_probes
	needs_x86
	run stat -v -e "uprobe:$examples/fib:fib3" "$examples/fib"
	expect_err 'fib3: at its entry, which the kernel emulates|fib3: on its first instruction that'
	run record -v -e "uprobe:$examples/fib:fib3" "$examples/fib"
	expect_err 'fib3: (at its entry|on its first)'
}

test_what_is_not_there_is_refused() {
	fib=$examples/fib
	[ -e /sys/bus/event_source/devices/uprobe/type ] || skip "this kernel has no uprobes"
	for verb in stat record; do
		run $verb -e "uprobe:$fib:fob9" true
		expect_failure
		expect_err "has no function 'fob9'"
		expect_err 'did you mean: fib'
		refuse_file perf.data
	done
	run stat -e 'uprobe:libc.so.6:*' true
	expect_failure
	expect_err 'no more than 1000 can be probed at once'
	run stat --all-kernel -e "uprobe:$fib:fib3" true
	expect_failure
	expect_err 'hit in user space'
	run stat -e "uprobe:$fib:fib3:k" true
	expect_failure
	expect_err '\^'
	run stat -e "uprobe:$root/README.md:x" true
	expect_failure
	expect_err 'not an ELF file'
}

test_a_user_without_privileges_is_told_the_cure() {
	needs_nobody
	[ -e /sys/bus/event_source/devices/uprobe/type ] || skip "this kernel has no uprobes"
	run_as_nobody stat -e 'uprobe:libc.so.6:puts' true
	expect_failure
	expect_err 'run evprof with sudo'
	run_as_nobody record -e 'uprobe:libc.so.6:puts' true
	expect_failure
	expect_err 'run evprof with sudo'
}

run_tests "$@"
