#!/bin/sh
# Every way to name an event, what stands behind it, and what is said when it cannot be opened.
. "$(dirname "$0")/harness.sh"

# The kernel's description of a machine with two kinds of cores and a memory controller of two boxes,
# whose events are page faults in truth, so that they can be counted anywhere.
on_hybrid() { # COMMAND…
	needs_root
	needs_events
	unshare --mount true 2>/dev/null || skip "may not have mounts of its own"
	cat >inside.sh <<-'END'
		set -e
		mkdir -p tree && mount -t tmpfs none tree
		describe() { # PMU CPUS-FILE CPUS
			mkdir -p tree/$1/format tree/$1/events
			echo 1 >tree/$1/type
			[ -z "$2" ] || echo $3 >tree/$1/$2
		}
		describe cpu_core cpus 0
		describe cpu_atom cpus 1-1000
		describe uncore_box_0
		describe uncore_box_1
		describe software
		echo config=2 >tree/uncore_box_0/events/hits
		echo config=2 >tree/uncore_box_1/events/hits
		mount --bind tree /sys/bus/event_source/devices
		exec timeout -k 5 60 "$@"
	END
	run_command unshare --mount sh inside.sh "$@"
}
# count_of EVENT: its value in the -x output in err
count_of() { awk -F';' -v e="$1" '$3 == e { print $1 }' err; }

expect_in_full() { # SPELLING WHAT
	run list -v "$1"
	expect_status 0
	expect_out "in full: $2"
}

test_case_and_separators_do_not_matter() {
	for spelling in cycles CPU_CYCLES cpu.cycles Cpu-Cycles; do
		expect_in_full "$spelling" hardware/cycles/
	done
	expect_in_full Cache-Misses hardware/cache-misses/
	expect_in_full page_faults software/page-faults/
	for spelling in l1d.load-misses L1-DCACHE-LOAD-MISSES l1_data.read_miss; do
		expect_in_full "$spelling" cache/L1-dcache-load-misses/
	done
	expect_in_full 'r1A8:u' 'raw/config=0x1a8/'
	expect_in_full 'mem:0x1000/4:rw' 'mem:0x1000/4:rw'
	expect_in_full '{cs,faults}:S' software/context-switches/
}

test_names_of_manuals_are_found_in_any_spelling() {
	[ "$(uname -m)" = x86_64 ] || skip "the names are of an x86 table"
	export LIBPFM_FORCE_PMU=skx
	expect_in_full INST_RETIRED.ANY skx::INSTRUCTION_RETIRED:
	expect_in_full inst-retired-any skx::INSTRUCTION_RETIRED:
	expect_in_full l2_rqsts.miss:c=1 skx::L2_RQSTS:MISS:
	expect_in_full skx::L2_RQSTS:MISS:u skx::L2_RQSTS:MISS:
}

test_the_resolved_spelling_is_printed_with_v() {
	needs_events
	run stat -v -e Page_Faults,task.clock:u true
	expect_status 0
	expect_err '^Page_Faults: software/page-faults/$'
	expect_err '^task.clock:u: software/task-clock/u$'
	run record -v -e Page_Faults -c 1 true
	expect_status 0
	expect_err 'Page_Faults is software/page-faults/ \(type 1, config 0x2\)'
}

test_an_unknown_name_gets_a_caret_the_nearest_and_the_place_to_look() {
	for verb in stat record; do
		run $verb -e faults,cycels:u true
		expect_status 129
		expect_err "unknown event 'cycels'"
		expect_err '^       \^$'
		expect_err 'did you mean: cycles\?'
		expect_err "Run 'evprof list' to see"
	done
	run list 'nosuch/event=1/'
	expect_failure
	expect_err "Run 'evprof list pmu' to see"
	run list 'cs/period=x/'
	expect_failure
	expect_err "'period' needs a number"
}

test_a_word_of_two_kinds_of_cores_is_one_row_with_shares() {
	on_hybrid "$evprof" stat -x ';' -e r2,faults "$specimens/two_functions" 10
	expect_status 0
	expect_equal "$(count_of r2)" $((2 * $(count_of faults))) "the sum over both"
	on_hybrid "$evprof" stat -e r2 true
	expect_status 0
	expect_err 'r2: cpu_atom 50 %, cpu_core 50 %'
	refuse_err 'cpu_core/r2/'
}

test_per_pmu_splits_the_sum() {
	for option in --per-pmu --no-merge; do
		on_hybrid "$evprof" stat $option -x ';' -e r2:u,faults:u true
		expect_status 0
		expect_equal "$(count_of cpu_core/r2/u)" "$(count_of faults:u)" "the part of one kind"
		expect_equal "$(count_of cpu_atom/r2/u)" "$(count_of faults:u)" "the part of the other"
		refuse_err '^[0-9]+;;r2'
	done
}

test_each_cpu_counts_with_the_pmu_of_its_kind() {
	on_hybrid "$evprof" stat -a -A -x ';' -e r2 sleep 0.1
	expect_status 0
	expect_equal "$(grep -c '^CPU[0-9]*;[0-9]*;;r2;' err)" "$(getconf _NPROCESSORS_ONLN)" "rows"
	has err '^CPU0;' && expect_equal "$(head -1 err | cut -d';' -f1)" CPU0 "first row"
	on_hybrid "$evprof" stat -C 0 -e r2 sleep 0.1
	expect_status 0
	refuse_err missing
}

test_boxes_of_a_family_are_summed() {
	on_hybrid "$evprof" stat -x ';' -e box/hits/,hits,faults true
	expect_status 0
	expect_equal "$(count_of box/hits/)" $((2 * $(count_of faults))) "box/hits/"
	expect_equal "$(count_of hits)" $((2 * $(count_of faults))) "hits"
}

test_a_group_on_two_kinds_of_cores_is_a_group_on_each() {
	on_hybrid "$evprof" stat -x ';' -e '{r2,r2}:u,faults:u' true
	expect_status 0
	expect_equal "$(grep -c ';r2:u;' err)" 2 "rows"
	expect_equal "$(count_of r2:u | head -1)" $((2 * $(count_of faults:u))) "the sum over both"
}

test_a_recording_keeps_the_kinds_of_cores_apart_and_says_so() {
	on_hybrid "$evprof" record -e r2 -c 1 "$specimens/two_functions" 10
	expect_status 0
	expect_err 'r2 is sampled on each of its PMUs, as events of their own: cpu_atom/r2/, cpu_core/r2/'
	run report
	expect_status 0
	expect_out "event 'cpu_core/r2/'|event 'cpu_atom/r2/'"
	on_hybrid "$evprof" list -v r2:u
	expect_out 'in full: cpu_core/config=0x2/|in full: cpu_atom/config=0x2/'
}

test_percore_sums_the_threads_of_a_core() {
	needs_root
	run stat -a -A -x ';' -e cs/percore/,cs sleep 0.1
	expect_status 0
	cores=$(cat /sys/devices/system/cpu/cpu*/topology/thread_siblings_list | sort -u | wc -l)
	expect_equal "$(grep -c '^S[0-9]*-D[0-9]*-C[0-9]*;.*;cs/percore/;' err)" "$cores" "rows of percore"
}

test_what_cannot_be_grouped_or_modified_is_told_by_its_cause() {
	needs_root
	[ -e /sys/bus/event_source/devices/msr ] || skip "there is no PMU msr"
	run stat -e tsc:u true
	expect_failure
	expect_err 'cannot tell user space from the kernel: leave the u or k'
	run record -e tsc true
	expect_failure
	expect_err 'no overflow interrupt'
	run stat -e '{faults,tsc:u}:W' true
	expect_status 0
	expect_err 'faults: counted on its own: its group could not be opened as one because of tsc:u'
}

test_too_many_breakpoints_say_how_many_there_are() {
	list=
	for i in 0 1 2 3 4 5 6 7 8 9 a b c d e f; do list=$list,mem:0x1${i}00/4:w; done
	run stat -e "${list#,}" true
	[ "$status" = 0 ] || skip "no breakpoints can be set here"
	grep -q 'not supported' err || skip "this CPU has breakpoints for all"
	expect_err 'all hardware breakpoints of the CPU are in use, of which a thread can have [1-9]'
}

test_descriptors_are_reckoned_before_anything_is_opened() {
	needs_nobody
	needs_events
	list=faults:u
	for i in 1 2 3 4 5 6 7 8 9; do list=$list,faults:u; done
	run_command setpriv --reuid=65534 --regid=65534 --clear-groups \
		sh -c 'ulimit -n 70; exec "$@"' sh "$evprof" stat -e $list true
	expect_failure
	expect_err '74 descriptors are needed'
	expect_err 'the limit is 70: .*prlimit --pid \$\$ --nofile=74:74'
	# The soft limit is no limit.
	run_command setpriv --reuid=65534 --regid=65534 --clear-groups \
		sh -c 'ulimit -Sn 20; exec "$@"' sh "$evprof" stat -e $list true
	expect_status 0
}

test_rings_are_as_large_as_may_be_locked_and_say_so() {
	needs_nobody
	needs_events
	[ "$(cat /proc/sys/kernel/perf_event_paranoid)" -ge 0 ] || skip "everyone may lock here"
	run_command setpriv --reuid=65534 --regid=65534 --clear-groups \
		sh -c 'ulimit -l 64; exec "$@"' sh "$evprof" record -m 64M -e cpu-clock:u true
	expect_status 0
	expect_err 'rings of [0-9]+ KiB instead of 65536 KiB: this user may lock [0-9]+ KiB'
	expect_err 'and 64 by ulimit -l\): sudo sysctl kernel.perf_event_mlock_kb='
}

run_tests "$@"
