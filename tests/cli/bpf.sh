#!/bin/sh
# evprof record --bpf: samples that are counted in the kernel say what samples one by one say, for
# less; whom they are of, what they must be, and who may have them.
. "$(dirname "$0")/harness.sh"

needs_bpf() {
	"$evprof" record -q --bpf --dry-run -e cpu-clock true >/dev/null 2>try.err ||
		skip "$(sed -n '1s/^evprof record: //p' try.err)"
}
record() { run record --bpf -e cpu-clock "$@"; }
rows() { # of a recording as JSON in the file out
	run report -i "${1:-perf.data}" --format json
	expect_status 0
}
samples() { # of a recording, of one event or of all
	rows "$1"
	json out "sum(e['samples'] for e in j['events'] if e['name'].startswith('${2:-}'))"
}
with_capabilities() { # LIST COMMAND…: as nobody, with these capabilities only
	caps=$1
	shift
	last="(as nobody with $caps) $*"
	timeout -k 5 60 setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps="-all,$caps" \
		--ambient-caps="$caps" --bounding-set="-all,$caps" "$@" >out 2>err </dev/null
	status=$?
}

# ---- the same picture ----------------------------------------------------------------------------

test_shares_are_those_of_samples_one_by_one() {
	needs_bpf
	record -F 997 -o counted.data "$specimens/two_functions" 150
	expect_status 0
	expect_err 'counted in the kernel: [0-9,]+ records'
	run record -e cpu-clock -F 997 -o single.data "$specimens/two_functions" 150
	expect_status 0
	for function in twice once; do
		rows counted.data
		counted=$(symbol_percent $function)
		rows single.data
		single=$(symbol_percent $function)
		expect_between "$counted" "$(awk "BEGIN { print $single - 12 }")" \
			"$(awk "BEGIN { print $single + 12 }")" "the share of $function()"
	done
}

test_a_record_stands_for_as_many_samples_as_were_counted() {
	needs_bpf
	record -F 997 "$specimens/two_functions" 150
	expect_status 0
	told=$(sed -n 's/.*(\([0-9,]*\) samples.*/\1/p' err | tr -d ,)
	records=$("$evprof" script -i perf.data -F event 2>/dev/null | grep -c cpu-clock)
	expect_equal "$(samples perf.data)" "$told" 'samples in the report'
	expect_between "$records" 1 $((told - 1)) 'records'
	run report -i perf.data --stdio
	expect_out "Quality: .*, counted in the kernel"
	run report -i perf.data --stdio -g
	expect_out "Quality: .*, counted in the kernel"
	run report -i perf.data --header-only
	expect_out 'counted : in the kernel'
	expect_out 'cost : [0-9.]+ s of CPU'
}

test_perf_shows_the_same_shares() {
	needs_bpf
	needs_perf
	record -F 997 "$specimens/two_functions" 150
	rows perf.data
	ours=$(symbol_percent twice)
	perf report -i perf.data --stdio --no-children -g none --sort sym >theirs 2>perf.err ||
		fail "perf does not read it: $(head -1 perf.err)"
	theirs=$(awk '$NF == "twice" { sub("%", "", $1); print $1 }' theirs)
	expect_between "$theirs" "$(awk "BEGIN { print $ours - 0.5 }")" \
		"$(awk "BEGIN { print $ours + 0.5 }")" 'the share that perf shows'
}

test_stacks_reach_their_roots() {
	needs_bpf
	record -F 997 "$specimens/two_functions" 150
	run report -i perf.data --stdio -g caller --no-children
	expect_out 'main'
	run report -i perf.data --stdio --children
	expect_out '[0-9.]+%.* main$|[0-9.]+%.*\] main'
}

test_every_page_fault_is_counted() {
	needs_bpf
	run record --bpf -e page-faults -c 1 "$specimens/faulting"
	expect_status 0
	counted=$(samples perf.data)
	run stat -x, -o counts -e page-faults "$specimens/faulting"
	expected=$(awk -F, 'NF > 3 { print $1 }' counts)
	expect_between "$counted" $((expected * 9 / 10)) $((expected * 11 / 10 + 50)) 'page faults'
}

test_what_is_counted_is_written_at_intervals() {
	needs_bpf
	record -F 500 --bpf-interval 0.2 "$specimens/two_functions" 300
	expect_status 0
	"$evprof" script -i perf.data -F time 2>/dev/null | awk '{ print substr($1, 1, index($1, ".") + 1) }' |
		sort -u >times
	expect_between "$(wc -l <times)" 2 1000 'tenths of seconds with records'
}

# ---- whose samples -------------------------------------------------------------------------------

test_a_tracepoint_is_counted_exactly_for_the_command_and_its_children() {
	needs_bpf
	needs_root
	run record --bpf -e sched:sched_process_fork -- sh -c 'for i in 1 2 3 4 5 6 7; do (exit 0); done'
	expect_status 0
	expect_equal "$(samples perf.data)" 7 'forks'
}

test_several_events_are_kept_apart() {
	needs_bpf
	run record --bpf -e cpu-clock,page-faults -F 997 "$specimens/two_functions" 50
	expect_status 0
	expect_between "$(samples perf.data cpu-clock)" 5 100000 'samples of cpu-clock'
	expect_between "$(samples perf.data page-faults)" 1 100000 'samples of page-faults'
}

test_a_running_process_is_counted() {
	needs_bpf
	start_target "$specimens/two_functions" 30000
	record -F 499 -p $target --duration 0.5
	expect_status 0
	rows perf.data
	expect_between "$(symbol_percent twice)" 30 100 'the share of twice()'
	expect_equal "$(json out "len(set(r.get('pid') for r in j['rows']))")" 1 'processes'
}

test_the_whole_machine_is_counted() {
	needs_bpf
	needs_root
	start_target "$specimens/two_functions" 30000
	record -a -F 199 --duration 0.5
	expect_status 0
	run report -i perf.data --stdio --sort comm
	expect_out 'two_functions'
}

test_a_tracepoint_with_the_kernels_filter_is_sampled_one_by_one() {
	needs_bpf
	needs_root
	run record --bpf -e sched:sched_process_fork --filter 'parent_pid > 0' -e page-faults -- sh -c '(exit 0); (exit 0)'
	expect_status 0
	expect_err 'sched_process_fork: samples are taken one by one'
	expect_equal "$(samples perf.data sched)" 2 'forks'
	expect_between "$(samples perf.data page-faults)" 1 100000 'page faults'
}

test_sampling_waits_for_its_delay_and_stops_in_between() {
	needs_bpf
	needs_root
	run record --bpf -D -1 -e sched:sched_process_fork,cpu-clock -- sh -c '(exit 0); (exit 0)'
	expect_equal "$(samples perf.data)" 0 samples
}

# A cgroup of the test's own in the hierarchy that events know, with a program that computes.
needs_cgroup() {
	needs_root
	mount=$(awk '$3 == "cgroup" && ("," $4 ",") ~ /,perf_event,/ { print $2; exit }' /proc/mounts)
	[ -n "$mount" ] || mount=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
	[ -n "$mount" ] || skip "no cgroups are mounted"
	group=evprof-bpf-$$-${name#test_}
	mkdir "$mount/$group" 2>/dev/null || skip "no cgroup can be made"
	trap 'kill $spinner 2>/dev/null; wait $spinner 2>/dev/null
		sleep 0.2; rmdir "$mount/$group/inner" "$mount/$group" 2>/dev/null' EXIT
	mkdir "$mount/$group/inner" || skip "no inner cgroup can be made"
	sh -c 'echo $$ >"$0" && while :; do (exit 0); done' "$mount/$group/inner/cgroup.procs" 2>/dev/null &
	spinner=$!
	sleep 0.2
	grep -q "$spinner" "$mount/$group/inner/cgroup.procs" || skip "no process can be moved into a cgroup"
}

test_a_cgroup_and_what_is_under_it_is_counted() {
	needs_bpf
	needs_cgroup
	run record --bpf -a -F 499 -e cpu-clock,sched:sched_process_fork -G "$group" --duration 0.5
	expect_status 0
	run report -i perf.data --stdio -q --sort comm
	expect_equal "$(sed -n 's/^ *[0-9.]*%  *//p' out | sort -u | tr -d ' \n')" sh 'threads of the cgroup'
	expect_between "$(samples perf.data sched)" 1 1000000 forks
	expect_between "$(samples perf.data cpu-clock)" 1 1000000 'samples of the clock'
}

test_a_condition_may_name_a_cgroup() {
	needs_bpf
	needs_cgroup
	run record --bpf -a -F 499 -e cpu-clock --filter "cgroup == $group" --duration 0.5
	expect_status 0
	run report -i perf.data --stdio -q --sort comm
	expect_equal "$(sed -n 's/^ *[0-9.]*%  *//p' out | sort -u | tr -d ' \n')" sh 'threads of the cgroup'
}

# Only the recorder still has it.
test_a_program_that_ends_and_is_deleted_meanwhile_keeps_its_names() {
	needs_bpf
	# How soon the recorder sees it depends on what else runs.
	for rounds in 40 400 4000; do
		run record --bpf -a -F 999 -e cpu-clock -- sh -c "cp '$specimens/two_functions' gone &&
			./gone $rounds; rm gone"
		expect_status 0
		run report --comm gone -s dso,sym
		grep -Eq ' gone +\[\.\] twice' out && break
	done
	expect_out ' gone +\[\.\] twice'
	refuse_file gone
}

# ---- conditions ----------------------------------------------------------------------------------

test_conditions_choose_samples() {
	needs_bpf
	record -F 997 --filter 'comm ~ "two_*" && pid > 1' "$specimens/two_functions" 50
	expect_status 0
	expect_between "$(samples perf.data)" 5 100000 'samples that pass'
	run record --bpf -F 997 --filter 'comm != two_functions' "$specimens/two_functions" 50
	expect_status 0
	expect_equal "$(samples perf.data)" 0 'samples that do not'
}

test_a_condition_that_is_none_is_refused_with_its_place() {
	needs_bpf
	run record --bpf --filter 'cpu ==' touch started
	expect_status 129
	expect_err "a value is missing at 'the end'"
	refuse_file started
	refuse_file perf.data
}

# ---- refusals and rights -------------------------------------------------------------------------

test_what_does_not_go_with_it_is_refused() {
	needs_bpf
	for option in '-s' '-d' '-k realtime' '--simulate'; do
		# shellcheck disable=SC2086
		run record --bpf $option touch started
		expect_status 129
		refuse_file started
	done
	run record --bpf-interval 2 true
	expect_status 129
}

test_who_may_not_load_programs_is_told_and_nothing_starts() {
	needs_nobody
	run_as_nobody record --bpf -e cpu-clock touch started
	expect_status 125
	expect_err 'BPF programs cannot be used'
	expect_err 'CAP_BPF and CAP_PERFMON|not built in'
	expect_err 'Without --bpf'
	refuse_file started
	refuse_file perf.data
}

test_two_capabilities_are_enough() {
	needs_bpf
	needs_nobody
	with_capabilities +bpf,+perfmon true
	[ "$status" = 0 ] || skip "capabilities cannot be handed on here: $(head -1 err)"
	with_capabilities +bpf,+perfmon "$evprof" record --bpf -e cpu-clock -F 997 "$specimens/two_functions" 50
	expect_status 0
	rows perf.data
	expect_between "$(symbol_percent twice)" 30 100 'the share of twice()'
	with_capabilities +perfmon "$evprof" record --bpf -e cpu-clock true
	expect_status 125
	expect_err 'CAP_BPF'
}

test_rights_that_are_not_needed_any_more_are_given_back() {
	needs_bpf
	needs_root
	[ "$(sed -n 's/^CapEff:[[:space:]]*//p' /proc/self/status)" != 0000000000000000 ] || skip 'there are none'
	# The command looks at its parent while it is recorded, and has all of its own rights.
	run record -q --bpf -e cpu-clock -- sh -c 'sleep 0.3; grep CapEff /proc/$PPID/status; grep CapEff /proc/self/status'
	expect_status 0
	[ "$(sed -n 1p out)" != "$(sed -n 2p out)" ] || fail "evprof kept all rights"
	python3 -c 'import sys
kept = int(open("out").readline().split()[1], 16)
for bit, name in ((21, "SYS_ADMIN"), (38, "PERFMON"), (12, "NET_ADMIN"), (16, "SYS_MODULE")):
    assert not kept >> bit & 1, name' 2>complaint || fail "a right was kept: $(tail -1 complaint)"
}

run_tests "$@"
