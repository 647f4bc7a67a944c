#!/bin/sh
# The same events of the same program, counted by perf stat and by evprof stat: what does not depend
# on chance must agree, what does must be near, and the fields must stand in the same places.
. "$(dirname "$0")/harness.sh"

# counted PROGRAM EVENT: the value that `PROGRAM stat -x,` wrote into err
value_of() { awk -F, -v event="$1" '$3 == event || $3 == event ":u" { print $1; exit }' err; }

# both EVENT COMMAND…: what perf and evprof count of it, in $theirs and $ours; the least of three
# runs each, as the machine adds to a run and never takes away
both() {
	event=$1 theirs='' ours=''
	shift
	for turn in 1 2 3; do
		run_command perf stat -x, -e "$event" "$@"
		expect_status 0
		now=$(value_of "$event")
		theirs=$(least "$theirs" "$now")
		run stat -x, -e "$event" "$@"
		expect_status 0
		now=$(value_of "$event")
		ours=$(least "$ours" "$now")
	done
}
least() { echo "$1 $2" | awk '{ m = $1; for (i = 2; i <= NF; i++) if ($i + 0 < m + 0) m = $i; print m }'; }

needs_both() {
	needs_perf
	needs_events
	perf stat -x, -e page-faults true >out 2>err || skip "perf cannot count here"
	[ -n "$(value_of page-faults)" ] || skip "perf cannot count here"
}

# Counting begins at the exec; a few faults of a run are chance (where the loader put things).
test_page_faults_agree() {
	needs_both
	both page-faults "$examples/pagefaults" 16
	expect_between "$ours" $((theirs - 8)) $((theirs + 8)) "page-faults (perf: $theirs)"
	expect_between "$ours" 4096 4600 "page-faults of 4096 pages"
}

test_minor_faults_agree() {
	needs_both
	both minor-faults "$examples/pagefaults" 16
	expect_between "$ours" $((theirs - 8)) $((theirs + 8)) "minor-faults (perf: $theirs)"
}

test_faults_of_forked_children_agree() {
	needs_both
	both page-faults sh -c "$examples/pagefaults 4; $examples/pagefaults 4; true"
	expect_between "$ours" $((theirs - 40)) $((theirs + 40)) "page-faults (perf: $theirs)"
}

test_what_never_happens_is_0_in_both() {
	needs_both
	for event in alignment-faults emulation-faults; do
		both $event "$specimens/sleeper" 10
		expect_equal "$ours" "$theirs" "$event"
		expect_equal "$ours" 0 "$event"
	done
}

test_waits_agree() {
	needs_both
	needs_root
	# Eight sleeps are at least eight switches; what else interrupts is chance.
	both context-switches sh -c 'for i in 1 2 3 4 5 6 7 8; do sleep 0.01; done'
	expect_between "$ours" 8 200 "context-switches (perf: $theirs)"
	expect_between "$theirs" 8 200 "perf's context-switches"
}

test_cpu_time_agrees_with_the_kernels_accounting() {
	needs_both
	for program in perf "$evprof"; do
		run_command "$program" stat -x, -e task-clock,user_time,system_time "$specimens/two_functions" 60
		[ -n "$(value_of user_time)" ] || skip "this perf has no user_time"
		# perf does not count a time of 0.
		used=$(echo "$(value_of user_time) $(value_of system_time)" | awk '{ gsub(/<not counted>/, 0); printf "%d", $1 + $2 }')
		# In ms against ns; accounting is by ticks.
		awk -v c="$(value_of task-clock)" -v u="$used" 'BEGIN { exit !(c * 1e6 > 0.5 * u && c * 1e6 < 2 * u + 4e7) }' ||
			fail "$program: task-clock $(value_of task-clock) ms, user and system $used ns"
	done
}

test_fields_stand_in_the_same_places() {
	needs_both
	for way in '' '-r 2' '-I 50'; do
		for program in perf "$evprof"; do
			# shellcheck disable=SC2086
			run_command "$program" stat $way -x, -e task-clock,page-faults "$specimens/sleeper" 20
			# The shape: which fields are empty, and the words in them.
			sed -E 's/^ +//; s/-?[0-9]+(\.[0-9]+)?/N/g; s/N %|N%/N%/g; s/[KM]\/sec/\/sec/' err |
				sort -u >"shape-$(basename "$program")"
		done
		diff shape-perf shape-evprof >difference || { cat difference; fail "the fields with '$way' differ"; }
	done
}

test_objects_have_the_same_keys() {
	needs_both
	for program in perf "$evprof"; do
		run_command "$program" stat -j -e task-clock,page-faults "$specimens/sleeper" 20
		expect_json_lines err
		python3 -c 'import json, sys
for line in open("err"): print(sorted(json.loads(line)))' >"keys-$(basename "$program")"
	done
	diff keys-perf keys-evprof >difference || { cat difference; fail "the keys differ"; }
}

run_tests "$@"
