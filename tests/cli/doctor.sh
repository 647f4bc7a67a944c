#!/bin/sh
# evprof doctor: what works here, and what cures the rest.
. "$(dirname "$0")/harness.sh"

test_every_area_has_its_rows() {
	run doctor
	for row in kernel user PMU counters hardware software 'all CPUs' tracepoints uprobes \
		kprobes breakpoints recording 'paranoid level' rings descriptors 'sample rate' \
		'stack depth' programs 'kernel types' 'counted samples' 'kernel symbols' tracefs 'libc lines' \
		debuginfod 'libc stacks' python 'perf maps' jitdump valgrind; do
		expect_out "(ok|limited|missing) +$row "
	done
	expect_out '[0-9]+ ok, [0-9]+ limited, [0-9]+ missing\.'
	expect_empty err
}

test_where_events_can_be_recorded_it_exits_0() {
	needs_events
	"$evprof" record -o probe.data true >/dev/null 2>&1 || skip "nothing can be recorded here"
	run doctor
	expect_status 0
	expect_out 'The main job works'
	expect_out 'ok +software '
}

test_the_screen_is_80_columns_wide_and_plain() {
	run doctor
	[ "$(LC_ALL=C.UTF-8 wc -L <out)" -le 80 ] || fail "a line is wider than 80 columns"
	! grep -q "$(printf '\033')" out || fail "there are escapes"
}

test_json_holds_every_check() {
	run doctor --json
	expect_json out
	expect_equal "$(json out "sorted(j)")" "['checks', 'ok']"
	expect_equal "$(json out "all(sorted(c) == ['area', 'cure', 'name', 'state', 'value', 'why'] for c in j['checks'])")" True
	expect_equal "$(json out "all(c['state'] in ('ok', 'limited', 'missing') and c['value'] for c in j['checks'])")" True
	expect_equal "$(json out "all(c['why'] or c['cure'] for c in j['checks'] if c['state'] != 'ok')")" True
	expect_equal "$(json out "len({c['name'] for c in j['checks']}) == len(j['checks']) > 30")" True
}

test_nothing_is_left_behind() {
	run doctor
	rm -f out err
	expect_equal "$(ls -A)" ""
}

test_a_missing_pmu_has_a_cause_and_a_cure() {
	[ -d /sys/bus/event_source/devices/cpu ] && skip "this machine has a PMU"
	run doctor --json
	expect_equal "$(json out "[c['state'] for c in j['checks'] if c['name'] == 'PMU']")" "['missing']"
	expect_equal "$(json out "all(c['why'] and c['cure'] for c in j['checks'] if c['name'] in ('PMU', 'hardware', 'counters'))")" True
}

test_a_user_without_privileges_is_told_what_they_lack() {
	needs_nobody
	run_as_nobody doctor
	expect_out 'limited +user +uid 65534'
	expect_out 'setcap'
	[ "$(cat /proc/sys/kernel/perf_event_paranoid)" -ge 1 ] || skip "perf_event_paranoid allows it all"
	expect_out '(limited|missing) +all CPUs'
	expect_out 'sudo sysctl kernel.perf_event_paranoid=0'
}

test_a_folder_that_takes_no_file_fails() {
	needs_nobody
	mkdir closed && chmod 755 closed && cd closed || fail "no folder"
	last="(as nobody) evprof doctor"
	setpriv --reuid=65534 --regid=65534 --clear-groups "$evprof" doctor >../out 2>../err
	status=$?
	cd .. || exit 1
	expect_status 1
	expect_out 'missing +recording'
	expect_out 'The main job does not work here:.* no recording'
}

test_behind_a_seccomp_filter_it_says_so() {
	run_command "$specimens/filtered" true
	[ "$status" = 0 ] || skip "no seccomp filter can be installed here"
	run_command "$specimens/filtered" "$evprof" doctor
	expect_status 1
	expect_out 'missing +system calls +a seccomp filter forbids perf_event_open'
	expect_out 'seccomp=unconfined'
	expect_out 'The main job does not work here: no counting, no sampling'
}

test_without_proc_and_sys_it_says_so() {
	needs_root
	needs unshare
	[ $sanitized = 0 ] || skip "sanitizers need /proc"
	unshare -m sh -c 'mount -t tmpfs none /proc && mount -t tmpfs none /sys' 2>/dev/null ||
		skip "no mount namespace can be made here"
	run_command env -i unshare -m sh -c "mount -t tmpfs none /proc; mount -t tmpfs none /sys; exec '$evprof' doctor"
	[ "$status" -le 1 ] || fail "exit status $status"
	expect_out '/proc is not mounted'
	expect_out 'sudo mount -t sysfs none /sys'
}

test_arguments_are_refused() {
	run doctor now
	expect_status 129
	expect_err 'it takes no arguments'
}

run_tests "$@"
