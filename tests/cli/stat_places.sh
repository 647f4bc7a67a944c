#!/bin/sh
# What evprof stat keeps apart: threads of a command, CPUs added up by where they are, cgroups.
. "$(dirname "$0")/harness.sh"

needs_cpus() {
	needs_root
	"$evprof" stat -a -e cpu-clock true >/dev/null 2>&1 || skip "whole CPUs cannot be watched here"
}
# sum FIELD EVENT: of the rows of -x, in err
sum() { awk -F, -v f="$1" -v e="$2" '{ for (i = 1; i <= NF; i++) if ($i == e) { s += $f; next } } END { printf "%.0f", s }' err; }

# ---- threads of a command ------------------------------------------------------------------------

test_every_process_of_a_command_has_its_row() {
	needs_events
	run stat --per-thread -x, -e task-clock,page-faults "$specimens/forks" 400
	expect_status 0
	expect_equal "$(grep -c ',task-clock,' err)" 401 "rows of task-clock"
	expect_equal "$(grep -c '^forks-[0-9]*,[1-9][0-9]*,,page-faults,' err)" 401 "processes with page faults"
	refuse_err 'running|lost'
}

test_thousands_of_threads_have_their_rows_and_the_busiest_is_first() {
	needs_events
	run stat --per-thread -x, -e task-clock "$specimens/many_threads" 3000
	expect_status 0
	expect_equal "$(wc -l <err)" 3001 "rows"
	cut -d, -f2 err >times
	sort -rn times | cmp -s - times || fail "the rows are not sorted"
}

# Every thread ends once: counted apart, each row says 1, and together what is counted as one says.
test_counts_of_threads_add_up_to_the_whole() {
	needs_root
	run stat -x, -e syscalls:sys_enter_exit,syscalls:sys_enter_exit_group "$specimens/many_threads" 500
	[ "$status" = 0 ] || skip "tracepoints of system calls cannot be counted here"
	whole=$(sum 1 syscalls:sys_enter_exit)
	run stat --per-thread -x, -e syscalls:sys_enter_exit,syscalls:sys_enter_exit_group \
		"$specimens/many_threads" 500
	expect_status 0
	expect_equal "$(sum 2 syscalls:sys_enter_exit)" "$whole" "threads that ended"
	expect_equal "$whole" 500 "threads that ended, in one sum"
	expect_equal "$(grep -c ',1,,syscalls:sys_enter_exit,' err)" 500 "threads that ended once"
	expect_equal "$(grep -c ',1,,syscalls:sys_enter_exit_group,' err)" 1 "main threads"
	run stat --per-thread -x, -e syscalls:sys_enter_exit_group "$specimens/forks" 100
	expect_equal "$(sum 2 syscalls:sys_enter_exit_group)" 101 "processes that ended"
}

test_threads_are_named_by_what_they_call_themselves_and_run() {
	needs_events
	run stat --per-thread -j -e task-clock sh -c "$specimens/two_threads; cat /dev/null; :"
	expect_status 0
	expect_json_lines err
	expect_err '"thread" : "one-part-[0-9]+"'
	expect_err '"thread" : "three-parts-[0-9]+"'
	expect_err '"thread" : "cat-[0-9]+"'
	expect_err '"thread" : "sh-[0-9]+"'
}

test_what_still_runs_at_the_end_is_in_a_row() {
	needs_events
	run stat --per-thread -x, -e task-clock sh -c 'sleep 3 >/dev/null 2>&1 & sleep 0.5'
	expect_status 0
	expect_equal "$(grep -cE '^sleep-[0-9]+,' err)" 2 'rows of sleep'
	run stat --per-thread -x, -e task-clock sh -c 'sleep 3 >/dev/null 2>&1 & sleep 3 >/dev/null 2>&1 & sleep 0.5'
	expect_status 0
	expect_err '^\(running\),'
}

test_a_timeout_tells_what_each_thread_had_counted() {
	needs_events
	run stat --per-thread --timeout 300 -x, -e task-clock "$examples/threads" -t 2 -s 1000000000
	expect_status 0
	expect_err '^worker-1-[0-9]+,'
	expect_err '^worker-2-[0-9]+,'
	refuse_err 'running|lost'
}

test_a_refused_event_has_one_row_beside_the_threads() {
	needs_events
	[ -d /sys/bus/event_source/devices/cpu ] && skip "this machine has a PMU"
	run stat --per-thread -x, -e task-clock,cycles "$specimens/forks" 10
	expect_status 0
	expect_equal "$(grep -c 'not supported' err)" 1 "rows of cycles"
}

test_threads_of_a_command_refuse_what_would_not_be_true() {
	run stat --per-thread -I 100 true
	expect_status 129
	expect_err 'tell their counts when they end'
	run stat --per-thread -r 2 true
	expect_status 129
	run stat --per-thread -i true
	expect_status 129
	run stat --per-thread -a true
	expect_status 129
	run stat --per-thread --per-core -a true
	expect_status 129
	expect_err 'give one of them'
}

test_threads_born_while_attached_have_their_rows() {
	needs_root
	start_target sh -c "sleep 0.7; exec $specimens/many_threads 200"
	run stat --per-thread -p $target -x, -e syscalls:sys_enter_exit,task-clock
	expect_status 0
	grep -q 'not supported' err && skip "tracepoints of system calls cannot be counted here"
	expect_equal "$(grep -c ',1,,syscalls:sys_enter_exit,' err)" 200 "threads that ended once"
	expect_equal "$(sum 2 syscalls:sys_enter_exit)" 200 "threads that ended"
	expect_equal "$(grep -c '^many_threads-[0-9]*,[0-9.]*,msec,task-clock,' err)" 201 "rows of task-clock"
	refuse_err "^many_threads-$target,[1-9][0-9]*,,syscalls:sys_enter_exit,"
}

test_threads_that_outlive_attached_counting_are_told() {
	needs_events
	start_target sh -c "sleep 0.7; exec $examples/threads -t 2 -s 1000000000"
	run stat --per-thread -p $target -e task-clock --timeout 1500
	expect_status 0
	expect_err "^ +threads-$target "
	expect_err '2 threads born while counting still run: counted in the row of the one that made them'
	refuse_err 'worker-[12]-[0-9]+ '
}

test_a_user_without_privileges_follows_threads_too() {
	needs_nobody
	run_as_nobody stat --per-thread -x, -e task-clock,page-faults "$specimens/forks" 50
	[ "$status" = 125 ] && grep -q perf_event_paranoid err && skip "others may not count here"
	expect_status 0
	expect_equal "$(grep -cE ',task-clock(:u)?,' err)" 51 "rows of task-clock"
}

# ---- children, threads and -i --------------------------------------------------------------------

test_without_inheritance_children_are_left_out() {
	needs_root
	run stat -x, -e syscalls:sys_enter_exit_group "$specimens/forks" 100
	[ "$status" = 0 ] || skip "tracepoints of system calls cannot be counted here"
	expect_equal "$(cut -d, -f1 err)" 101 "processes that ended"
	run stat -i -x, -e syscalls:sys_enter_exit_group "$specimens/forks" 100
	expect_equal "$(cut -d, -f1 err)" 1 "processes that ended, without children"
	run stat --no-inherit -x, -e syscalls:sys_enter_exit "$specimens/many_threads" 100
	expect_equal "$(cut -d, -f1 err)" 0 "threads that ended, without them"
}

# ---- CPUs by where they are ------------------------------------------------------------------------

test_cpus_are_added_up_as_perf_does() {
	needs_cpus
	needs_perf
	for by in core die socket node; do
		run stat -a --per-$by -x, -e cpu-clock,page-faults sleep 0.05
		expect_status 0
		cut -d, -f1,2,4,5 err >ours
		perf stat -a --per-$by -x, -e cpu-clock,page-faults sleep 0.05 2>&1 | cut -d, -f1,2,4,5 >perfs
		cmp -s ours perfs || { diff perfs ours; fail "--per-$by differs from perf"; }
		run stat -a --per-$by -j -e cpu-clock,page-faults sleep 0.05
		expect_json_lines err
		sed 's/"counter-value".*//' err >ours
		perf stat -a --per-$by -j -e cpu-clock,page-faults sleep 0.05 2>&1 | sed 's/"counter-value".*//' >perfs
		cmp -s ours perfs || { diff perfs ours; fail "--per-$by -j differs from perf"; }
	done
}

test_places_stand_where_perf_puts_them() {
	needs_cpus
	needs_perf
	for by in core die socket node; do
		run stat -a --per-$by -e cpu-clock sleep 0.05
		grep '^[SN]' err | sed 's/[0-9.,]* msec.*//; s/ *$//' >ours
		perf stat -a --per-$by -e cpu-clock sleep 0.05 2>&1 | grep '^[SN]' | sed 's/[0-9.,]* msec.*//; s/ *$//' >perfs
		cmp -s ours perfs || { diff perfs ours; fail "--per-$by differs from perf"; }
		run stat -a --per-$by -I 20 --interval-count 1 -e cpu-clock sleep 0.2
		expect_err "^#           time $by  *cpus             counts unit events"
	done
}

test_cpus_of_a_cache_and_cluster_are_added_up() {
	needs_cpus
	run stat -a --per-cache -x, -e cpu-clock sleep 0.05
	expect_status 0
	expect_equal "$(awk -F, '{ n += $2 } END { print n }' err)" "$(nproc --all)" "CPUs"
	run stat -C 0 --per-cluster -x, -e cpu-clock sleep 0.05
	expect_status 0
	expect_equal "$(cut -d, -f2 err)" 1 "CPUs"
}

test_keeping_cpus_apart_needs_cpus() {
	for by in core die socket node cache cluster; do
		run stat --per-$by true
		expect_status 129
		expect_err "--per-$by keeps CPUs apart: it needs -a or -C"
	done
	run stat -a --per-core --per-die true
	expect_status 129
}

# ---- cgroups -------------------------------------------------------------------------------------

# A cgroup of the test's own in the hierarchy that events know, with a program that computes and an
# inner one that sleeps; taken away at the end. Its name is in $group.
needs_cgroup() {
	needs_cpus
	mount=$(awk '$3 == "cgroup" && ("," $4 ",") ~ /,perf_event,/ { print $2; exit }' /proc/mounts)
	[ -n "$mount" ] || mount=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
	[ -n "$mount" ] || skip "no cgroups are mounted"
	group=evprof-test-$$
	mkdir "$mount/$group" 2>/dev/null || skip "no cgroup can be made"
	trap 'kill $spinner $dozer 2>/dev/null; wait $spinner $dozer 2>/dev/null
		rmdir "$mount/$group/inner" "$mount/$group" 2>/dev/null' EXIT
	mkdir "$mount/$group/inner" || skip "no inner cgroup can be made"
	sh -c 'echo $$ >"$0" && exec sh -c "while :; do :; done"' "$mount/$group/cgroup.procs" 2>/dev/null &
	spinner=$!
	sh -c 'echo $$ >"$0" && exec sleep 100' "$mount/$group/inner/cgroup.procs" 2>/dev/null &
	dozer=$!
	sleep 0.2
	grep -q "$spinner" "$mount/$group/cgroup.procs" || skip "no process can be moved into a cgroup"
}

test_events_are_counted_in_their_cgroups() {
	needs_cgroup
	run stat -a -x, -e cpu-clock,page-faults,cpu-clock -G "$group,,$group/inner" sleep 0.3
	expect_status 0
	expect_err "^[0-9.]+,msec,cpu-clock,$group,[0-9]+,"
	expect_err '^[0-9]+,,page-faults,,[0-9]+,'
	expect_err "^<not counted>,msec,cpu-clock,$group/inner,0,"
	expect_between "$(head -1 err | cut -d, -f1)" 1 5000 "milliseconds of the program that computes"
}

# What the kernel says of how long a clock ran is what the clock says.
test_the_time_in_a_cgroup_is_not_taken_from_before() {
	needs_cgroup
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		run stat -a -x, -e cpu-clock -G "$group" sleep 0.05
		expect_status 0
		grep -q '^<' err && continue
		expect_between "$(awk -F, '{ print $5 / 1e6 / ($1 + 0.01) }' err)" 0.8 1.25 "time by the clock's own"
	done
}

test_one_cgroup_is_for_all_events() {
	needs_cgroup
	run stat -a -j -e cpu-clock,page-faults -G "$group" sleep 0.2
	expect_status 0
	expect_json_lines err
	expect_equal "$(grep -c "\"cgroup\" : \"$group\"" err)" 2 "rows of the cgroup"
}

test_every_event_is_counted_in_each_cgroup() {
	needs_cgroup
	run stat -a -x, --for-each-cgroup "$group,$group/inner" -e '{cpu-clock,page-faults}' sleep 0.2
	expect_status 0
	cut -d, -f3,4 err >rows
	printf '%s\n' "cpu-clock,$group" "page-faults,$group" "cpu-clock,$group/inner" \
		"page-faults,$group/inner" | cmp -s - rows || fail "these are not the rows"
	run stat -a -x, --for-each-cgroup "^$group" -e cpu-clock sleep 0.2
	expect_status 0
	expect_equal "$(cut -d, -f4 err | tr '\n' ' ')" "$group $group/inner " "cgroups that match"
	run stat -a --for-each-cgroup "$group/inner" -e cpu-clock sleep 0.1
	expect_err "nothing in the cgroup '$group/inner' ran on a CPU"
}

test_cgroups_have_perfs_fields() {
	needs_cgroup
	needs_perf
	run stat -a -A -x, --for-each-cgroup "$group,$group/inner" -e cpu-clock,page-faults sleep 0.1
	expect_status 0
	cut -d, -f1,3,4,5 err >ours
	perf stat -a -A -x, --for-each-cgroup "$group,$group/inner" -e cpu-clock,page-faults sleep 0.1 2>&1 |
		cut -d, -f1,3,4,5 >perfs
	cmp -s ours perfs || { diff perfs ours; fail "the fields differ from perf's"; }
}

test_a_cgroup_is_recorded() {
	needs_cgroup
	run record -q -a -e cpu-clock -F 999 -G "$group" -o data sleep 0.4
	expect_status 0
	run report -i data --sort pid --format json
	expect_status 0
	run report -i data --sort comm
	expect_out '100\.00% +sh'
}

test_cgroups_that_cannot_be_watched_are_said() {
	run stat -a -e cpu-clock -G no/such true
	expect_status 129
	expect_err "there is no cgroup 'no/such'|no cgroup hierarchy"
	run stat -a --for-each-cgroup '^no such$' true
	expect_status 129
	run stat -a --for-each-cgroup '(' true
	expect_status 129
	run stat -e cpu-clock -G / true
	expect_status 129
	expect_err 'needs -a or -C'
	run stat -a -e cpu-clock -G /,/ true
	expect_status 129
	run stat -a -G / -e cpu-clock true
	expect_status 129
	run stat -a -e cpu-clock -G / --for-each-cgroup / true
	expect_status 129
	run record -e cpu-clock -G / true
	expect_status 129
	expect_err 'needs -a or -C'
}

run_tests "$@"
