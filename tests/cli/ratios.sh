#!/bin/sh
# Counts that are read together: evprof record -e '{a,b}:S', ratios per function and line in evprof
# report, the columns of its table, and perf on both sides.
. "$(dirname "$0")/harness.sh"

group='{task-clock,page-faults}:S'
record_group() {
	run record -q -e "$group" "$@"
	[ "$status" = 0 ] || fail "recording failed with status $status"
}
# ratio KEY VALUE FIELD: of the first row whose key reads so, in the JSON report in the file out
ratio() { json out "[r['ratios'][0]['$3'] for r in j['rows'] if r['$1'].startswith('$2')][0]"; }
# sums FILE: "event period samples" as `perf script` adds them up, sorted
sums_of_perf() {
	perf script -F event,period -i "$1" 2>/dev/null |
		awk '{ sub(/:.*/, "", $2); period[$2] += $1; samples[$2] += $1 > 0 }
		END { for (event in period) printf "%s %.0f %d\n", event, period[event], samples[event] }' | sort
}
sums_of_evprof() {
	run report --format json -i "$1"
	expect_status 0
	json out "chr(10).join(sorted('%s %d %d' % (e['name'], e['period'], e['samples']) for e in j['events'] if e['samples']))"
}

# ---- ratios --------------------------------------------------------------------------------------

test_the_function_that_faults_is_told_from_the_one_that_computes() {
	needs_root # without the kernel's samples the next one of user space takes their counts
	record_group "$specimens/faulting" 30
	run report --format json -s sym
	expect_status 0
	expect_json out
	expect_equal "$(ratio symbol touch name)" page-faults/ms "name"
	touching=$(ratio symbol touch value)
	expect_between "$touching" "$(ratio symbol touch low)" "$(ratio symbol touch high)" "the ratio of touch"
	expect_equal "$(ratio symbol touch few)" False "few samples"
	expect_equal "$(json out "$touching > 5 * $(ratio symbol compute value)")" True \
		"$touching faults per ms in touch, $(ratio symbol compute value) in compute: 5 times as many at least"
}

test_the_line_that_faults_is_told_as_well() {
	needs_root
	record_group "$specimens/faulting" 30
	run report --format json -s srcline -S touch,compute
	line=$(grep -n 'pages)\[i\] = 1' "$root/tests/specimens/faulting.c" | cut -d: -f1)
	first=$(grep -n '^static.* compute(void)' "$root/tests/specimens/faulting.c" | cut -d: -f1)
	computing=$(json out "max(r['ratios'][0]['value'] for r in j['rows'] if r['samples'] > 9 and r['event'] == 'task-clock' and $first <= int(r['srcline'].split(':')[-1]) < $first + 10)")
	expect_equal "$(json out "max(r['ratios'][0]['value'] for r in j['rows'] if int(r['srcline'].split(':')[-1]) in ($line - 1, $line)) > 5 * $computing")" True \
		"line $line touches, those from $first on compute"
}

test_the_table_shows_ratios() {
	needs_root
	record_group "$specimens/faulting" 30
	run report -S compute,touch -F sym,ratio -t ,
	expect_status 0
	grep -E '/ms|±' out >screen
	snapshot report-ratios screen
}

test_a_hierarchy_has_the_ratios_of_its_sums() {
	needs_root
	record_group "$specimens/faulting" 30
	run report --hierarchy -s comm,sym
	expect_status 0
	expect_out '^# +Overhead +page-faults/ms +Command / Symbol$'
	expect_out '^ +[0-9.]+% +[0-9.]+% +[0-9.]+ ± *[0-9.]+ .*\[\.\] touch$'
	whole=$(sed -nE 's/^# page-faults\/ms of all: ([0-9.]+).*/\1/p' out)
	expect_equal "$(sed -nE 's/^ +[0-9.]+% +[0-9.]+% +([0-9.]+) .* faulting$/\1/p' out)" "$whole" "the ratio of the only command"
	run report --hierarchy -s comm,sym -t ,
	expect_out '^ *[0-9.]+%,[0-9.]+%,[0-9.]+ ±.*,faulting$'
}

test_any_ratio_of_a_group_can_be_asked_for() {
	record_group "$specimens/faulting" 10
	run report --ratio page-faults/task-clock*1e6 --ratio faults/task-clock*1e9 --format json -s comm
	expect_status 0
	expect_equal "$(json out "all(abs(r['ratios'][1]['value'] - 1000 * r['ratios'][0]['value']) <= 1e-3 * r['ratios'][1]['value'] for r in j['rows'])")" \
		True "a thousand times as much"
	run report --ratio cycles/task-clock
	expect_status 1
	expect_err 'no such events'
	run report --ratio task-clock
	expect_status 1
	expect_err 'takes two events as a/b'
	run record -q -e task-clock,page-faults "$specimens/faulting" 3
	run report --ratio page-faults/task-clock
	expect_status 1
	expect_err "nothing was counted together.*evprof record -e '\{a,b\}:S'"
}

test_several_recordings_have_ratios_of_all_their_samples() {
	record_group -o one.data "$specimens/faulting" 10
	record_group -o two.data "$specimens/faulting" 20 thread
	for file in one two; do
		run report --format json -s comm -i $file.data
		ratio comm faulting value >$file.value
	done
	run report --format json -s comm -i one.data -i two.data
	expect_status 0
	expect_equal "$(ratio comm faulting name)" page-faults/ms "name"
	expect_equal "$(json out "min($(cat one.value), $(cat two.value)) - 0.01 <= $(ratio comm faulting value) <= max($(cat one.value), $(cat two.value)) + 0.01")" \
		True "the ratio of both is between those of each"
	run report -i one.data -i two.data --ratio page-faults/task-clock*1e6 --format json -s comm
	expect_status 0
	expect_equal "$(ratio comm faulting name)" 'page-faults/task-clock*1e6' "name"
	run record -q -e task-clock -o plain.data "$specimens/faulting" 3
	run report -i one.data -i plain.data --ratio page-faults/task-clock
	expect_status 1
	expect_err "'plain.data': --ratio .* nothing was counted together"
}

test_instructions_have_ratios() {
	needs_root
	"$evprof" --version | grep -q 'capstone: in' || skip "built without capstone"
	record_group "$specimens/faulting" 30
	run annotate --asm touch
	expect_status 0
	expect_out '^ +task-clock +% +page-faults +% +page-faults/ms +Address +Instruction$'
	expect_out '^ +[0-9,]+ +[0-9.]+% +[0-9,]+ +[0-9.]+% +[0-9.]+( [?])? +.*mov'
	run annotate --asm touch --json
	expect_equal "$(json out "[c for c in j['sections'][0]['code'] if c['weight'][1]['samples'] > 10][0]['ratios'][0]['value'] > 5")" \
		True "the instruction that faults"
}

test_threads_and_their_counts_are_kept_apart() {
	record_group "$specimens/faulting" 10 thread
	run report --format json -s tid
	expect_equal "$(json out "len(set(r['tid'] for r in j['rows']))")" 2 "threads"
	# 2048 pages a round, 20 rounds, and what a start takes; nothing is lost or counted twice.
	expect_between "$(json out "[e['period'] for e in j['events'] if e['name'].startswith('page')][0]")" 36000 46000 "faults"
	expect_equal "$(json out "all(r['period'] < 1e12 for r in j['rows'])")" True "no count went below 0"
}

test_a_part_of_the_time_has_a_part_of_the_counts() {
	record_group "$specimens/faulting" 30
	run report --format json
	all=$(json out "j['events'][1]['period']")
	run report --format json --time 50%-100%
	expect_between "$(json out "j['events'][1]['period']")" $((all / 4)) $((all * 3 / 4)) "faults of one half ($all in all)"
}

test_stacks_carry_counts_too() {
	run record -q -g -e "$group" "$specimens/faulting" 20
	run report --format json --children -s sym
	expect_status 0
	expect_between "$(json out "max(100 * r['children_period'] / j['events'][1]['period'] for r in j['rows'] if r['symbol'] == 'touch' and r['event'].startswith('page'))")" \
		70 100 "share of faults below touch"
	run report -g --stdio
	expect_out 'page-faults/ms'
}

test_the_events_of_a_group_stand_side_by_side() {
	record_group "$specimens/faulting" 10
	run report -s comm
	expect_out "of events 'anon group \{ task-clock"
	expect_out '^ +100\.00% 100\.00% '
	run report -s comm --no-group
	expect_out "of event 'task-clock"
	expect_out "of event 'page-faults"
	run record -q -e "$group" -e cpu-clock "$specimens/faulting" 10
	run report -s comm
	expect_out "of events 'anon group"
	expect_out "of event 'cpu-clock"
	run report -s comm --group
	expect_out "of events 'task-clock.*, page-faults.*, cpu-clock"
}

test_a_recording_of_the_whole_machine_has_ratios() {
	needs_root
	run record -q -a -e '{cpu-clock,context-switches}:S' -- "$specimens/faulting" 20
	expect_status 0
	run report --format json -s comm
	expect_equal "$(ratio comm faulting name)" context-switches/ms "name"
}

# ---- perf on both sides --------------------------------------------------------------------------

test_perfs_own_groups_have_the_same_sums() {
	needs_perf
	perf record -q -e "$group" -o theirs.data "$specimens/faulting" 10 >out 2>err ||
		skip "perf cannot record a group here"
	theirs=$(sums_of_perf theirs.data)
	expect_equal "$(sums_of_evprof theirs.data | sed 's/:u / /')" "$theirs" "sums"
	perf record -q -a -e '{cpu-clock,context-switches}:S' -o theirs.data "$specimens/faulting" 10 >out 2>err ||
		skip "the whole machine needs root"
	theirs=$(sums_of_perf theirs.data)
	ours=$(sums_of_evprof theirs.data)
	# What a CPU counted before its first sample, perf adds to that; evprof leaves out what may be
	# older than the recording, and says so.
	run report -i theirs.data
	if grep -q 'samples have none: nothing to compare' out err; then
		expect_equal "$(echo "$ours" | awk '/cpu-clock/ { print $3 }')" \
			"$(echo "$theirs" | awk '/cpu-clock/ { print $3 }')" "samples of the whole machine"
	else
		expect_equal "$ours" "$theirs" "sums of the whole machine"
	fi
}

test_perf_takes_the_group_and_sees_the_same_sums() {
	needs_perf
	record_group "$specimens/faulting" 10
	perf_takes perf.data 'report --stdio --group' 'script -F +period' 'evlist -v'
	theirs=$(sums_of_perf perf.data)
	expect_equal "$(sums_of_evprof perf.data | sed 's/:u / /')" "$theirs" "sums"
}

# perf's title line and rows, without padding
table() { sed -nE '/^# (Overhead|Samples +|Symbol|Children|  +|Period|Command)/,$p' "$1" | grep -v '^#$' | grep -vE '^# (\(|\.|±)' |
	sed -E 's/[[:space:]]+/ /g; s/ $//; /^$/d; /^# \.\.\./d'; }

test_columns_are_those_of_perf() {
	needs_perf
	run record -q --no-call-graph -e cpu-clock -F 999 "$specimens/faulting" 30
	for columns in '-F overhead,sample,sym' '-F sample,overhead,dso -s comm,sym' '-F comm,period -s comm' \
		'-F overhead_sys,overhead_us,overhead,comm' '-F overhead,sample' '-s sym -n' '-F +period -s dso' \
		'-s sample,comm' '-F dso,sym' '-F overhead_children,overhead,comm'; do
		# shellcheck disable=SC2086 # the columns are words
		perf report --stdio $columns >theirs 2>err
		# shellcheck disable=SC2086
		run report $columns
		expect_status 0
		sed -i '/^# Ranking:/d' out
		# Equal rows may stand in another order, and names that perf cuts or lacks differ.
		table theirs | sed 's/ *\[[.k]\].*//' | sort >a
		table out | sed 's/ *\[[.k]\].*//' | sort >b
		diff a b >difference || {
			cat difference
			fail "$columns: other columns than perf's"
		}
	done
}

test_unknown_columns_are_refused() {
	run report -F overhead,symbool
	expect_status 129
	expect_err "unknown column 'symbool'; did you mean 'symbol'.* there are overhead_children, overhead"
	run report -F ,
	expect_status 129
}

run_tests "$@"
