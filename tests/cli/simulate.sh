#!/bin/sh
# evprof stat and record --simulate: counts of a model of caches and branches, marked as such.
. "$(dirname "$0")/harness.sh"
LIMIT_S=300 # a simulator, on a busy machine

no_pmu() { [ -d /sys/bus/event_source/devices/cpu ] && skip "this machine has a PMU"; }
needs_valgrind() {
	needs valgrind
	valgrind --tool=callgrind --callgrind-out-file=/dev/null true >/dev/null 2>&1 ||
		skip "this valgrind does not run"
}
caches='l1i=32K,8,64,l1d=32K,8,64,ll=1M,16,64'
# A program that stands in for valgrind: `written` is what it leaves of its process, in its folder.
fake_valgrind() {
	mkdir fake
	cat >fake/valgrind
	chmod +x fake/valgrind
	PATH=$PWD/fake:$PATH
}
leave='for word; do
	case $word in
	--callgrind-out-file=*) out=${word#*=} && out=${out%.%p} ;;
	esac
done
folder=${out%/*}'
# value EVENT FILE: of a --csv table
value() { awk -F, -v e="simulated/$1/" '$3 == e { print $4 }' "$2"; }
no_folder_is_left() { [ -z "$(ls -A tmp)" ] || fail "the simulator's folder is left: $(ls -A tmp)"; }

# ---- what textbooks say --------------------------------------------------------------------------

test_columns_miss_16_times_as_often_as_rows() {
	needs_valgrind
	# A row of 512 ints is 2 KiB; a column touches 512 lines, which the cache of 32 KiB just holds,
	# were they not all in the same few sets.
	run record --simulate --cache "$caches" -e L1-dcache-load-misses "$examples/cachewalk" -n 512 -r 1
	expect_status 0
	run report --format json
	rows=$(json out "sum(r['period'] for r in j['rows'] if r['symbol'] == 'sum_rows')")
	columns=$(json out "sum(r['period'] for r in j['rows'] if r['symbol'] == 'sum_columns')")
	# One miss for each line of 16 ints: 512 * 512 / 16.
	expect_between "$rows" 16300 16700 "misses by rows"
	expect_between "$(awk "BEGIN { print $columns / $rows }")" 12 20 "columns to rows"
}

test_a_cache_that_holds_the_matrix_makes_them_equal() {
	needs_valgrind
	run record --simulate --cache l1d=512K,8,64,ll=4M -e L1-dcache-load-misses \
		"$examples/cachewalk" -n 128 -r 1
	expect_status 0
	run report --format json
	misses=$(json out "sum(r['period'] for r in j['rows'] if r['symbol'] in ('sum_rows', 'sum_columns'))")
	expect_between "$misses" 0 1100 "misses of a matrix of 1024 lines that fill() brought in"
}

test_an_insertion_sort_executes_most() {
	needs_valgrind
	run record --simulate -e instructions,branch-misses "$examples/sorts" -n 300 -r 200
	expect_status 0
	run report --format json
	expect_between "$(json out "100 * sum(r['period'] for r in j['rows'] if r['symbol'] == 'insertion_sort' and 'instr' in r['event']) / j['events'][0]['period']")" \
		40 80 "share of insertion_sort"
}

# ---- stat ----------------------------------------------------------------------------------------

test_every_format_of_stat_says_simulated_and_the_model() {
	needs_valgrind
	model='callgrind [0-9.]+: I1 32K 8-way 64 B; D1 32K 8-way 64 B; LL 1M 16-way 64 B'
	for format in '' '-x;' -j --csv; do
		run stat --simulate --cache "$caches" $format -e instructions,cache-misses true
		expect_status 0
		if [ "$format" = '-x;' ]; then # a separator cannot stand in a field
			expect_err "simulated: $(echo "$model" | tr ';' _)"
		else
			expect_err "$model"
		fi
		expect_err 'simulated/instructions/'
		expect_err 'simulated/cache-misses/'
	done
	expect_err '^time_s,.*,simulated'
	run stat --simulate --cache "$caches" -j -e instructions true
	expect_json_lines err
	run stat --simulate --cache "$caches" true
	expect_err "^ Performance counter stats for 'true', simulated:"
	expect_err 'in the simulator, not the program'
	refuse_err 'seconds user'
}

test_metrics_alone_say_simulated_too() {
	needs_valgrind
	for format in '' '-x;' -j --csv; do
		run stat --simulate --cache "$caches" --metric-only $format \
			-e instructions,branches,branch-misses "$examples/fib"
		expect_status 0
		expect_err 'branch MPKI'
		expect_err 'simulated'
		expect_err 'callgrind [0-9.]+: I1 32K'
	done
}

test_misses_are_also_told_per_thousand_instructions() {
	needs_valgrind
	run stat --simulate -e instructions,L1-dcache-loads,L1-dcache-load-misses \
		"$examples/cachewalk" -n 64
	expect_status 0
	expect_err 'L1-dcache-load-misses/ .*% of all L1-dcache accesses'
	expect_err '# .* L1-dcache MPKI'
}

test_commands_around_a_run_stand_around_a_simulated_one() {
	needs_valgrind
	run stat --simulate -q --quiet --pre 'echo before' --post 'echo behind' \
		-e instructions echo within
	expect_status 0
	expect_equal "$(tr '\n' ' ' <out)" 'before within behind ' 'standard output'
	refuse_err 'instructions'
}

test_what_chooses_hardware_counters_does_not_go_with_it() {
	for option in '-M ipc' --topdown --multi-pass; do
		run stat --simulate $option true
		expect_status 129
		expect_err 'do not go with --simulate'
	done
	run record --simulate --max-size 1M true
	expect_status 129
	expect_err 'do not go with --simulate'
}

test_a_dry_run_simulates_nothing() {
	run record --simulate --dry-run -e branches sh -c 'echo ran >ran'
	expect_status 0
	refuse_file ran
	refuse_file perf.data
	run record --simulate --dry-run -e cycles true
	expect_err 'cycles cannot be simulated'
}

test_unwind_tables_are_not_needed_for_simulated_callers() {
	needs_valgrind
	run record --simulate --call-graph dwarf -e instructions "$examples/fib"
	expect_status 0
	expect_err 'call-graph dwarf copies no stacks here'
	run report --format json
	expect_status 0
	expect_between "$(json out "sum(1 for r in j['rows'])")" 1 100000 rows
}

test_a_simulation_repeats_itself() {
	needs_valgrind
	run stat --simulate --cache "$caches" -r 3 --csv -o table.csv -e instructions,branches "$examples/fib"
	expect_status 0
	run stat --simulate --cache "$caches" -r 2 -e instructions "$examples/fib"
	expect_err '\(2 runs\), simulated'
	expect_err 'a simulation repeats itself'
}

test_rates_are_figured_from_simulated_counts() {
	needs_valgrind
	run stat --simulate true
	expect_err 'simulated/branch-misses/ +# +[0-9.]+% of all branches'
	expect_err 'simulated/L1-dcache-load-misses/ +# +[0-9.]+% of all L1-dcache'
	refuse_err 'insn per cycle'
	refuse_err '/sec'
}

test_children_and_threads_are_counted_each_once() {
	needs_valgrind
	run stat --simulate --csv -e instructions "$specimens/family"
	expect_status 5
	# burn() runs 160,000 rounds of six or seven instructions; with the children's again that their
	# parent had counted it would be more than a million and a half.
	expect_between "$(value instructions err)" 900000 1450000 instructions
	run stat --simulate "$specimens/family"
	expect_err '3 processes, 5 threads'
}

test_the_exit_status_is_the_commands() {
	needs_valgrind
	run stat --simulate sh -c 'exit 3'
	expect_status 3
	run stat --simulate "$specimens/family" crash
	expect_status 139
	expect_err 'simulated/instructions/'
	run stat --simulate sh -c 'kill -15 $$'
	expect_status 143
}

test_the_commands_own_streams_are_left_alone() {
	needs_valgrind
	mkdir tmp
	last='stat --simulate with streams'
	echo input | TMPDIR=$PWD/tmp "$evprof" stat --simulate -o counts sh -c 'cat; echo problem >&2' >out 2>err
	expect_equal "$(cat out)" input
	expect_err '^\[ evprof stat: simulating sh .* expect '
	expect_equal "$(grep -v '^\[' err)" problem
	run stat --simulate -q -o counts true
	expect_empty err
	run record --simulate -q true
	expect_empty err
	grep -q simulated counts || fail "no counts in the file"
	no_folder_is_left
}

test_the_folder_is_private_and_goes_also_after_an_interrupt() {
	needs_valgrind
	mkdir tmp
	last='interrupted'
	TMPDIR=$PWD/tmp "$evprof" stat --simulate sh -c 'echo >running; while :; do :; done' >out 2>err &
	pid=$!
	for _ in $(seq 1200); do
		[ -e running ] && break
		sleep 0.1
	done
	expect_equal "$(stat -c %a tmp/*)" 700 "mode of the folder"
	kill -INT $pid
	wait $pid
	status=$?
	expect_status 130
	expect_err 'simulated/instructions/'
	no_folder_is_left
}

# ---- record --------------------------------------------------------------------------------------

test_a_recording_says_simulated_in_every_report() {
	needs_valgrind
	run record --simulate --cache "$caches" -e instructions true
	expect_status 0
	for format in text json folded; do
		run report --format $format
		expect_status 0
		expect_out 'simulated'
	done
	run report -q
	expect_out '^# Simulated: .*D1 32K 8-way 64 B'
	run report --header-only
	expect_out 'name = simulated/instructions/'
	expect_out 'note simulated : callgrind'
	run report --format json
	expect_json out
	expect_equal "$(json out "'D1 32K' in j['simulated']")" True "the model in JSON"
}

test_a_measured_recording_does_not() {
	needs_events
	run record -e page-faults -c 1 true
	run report
	refuse_out -i 'simulated'
	run report --format json
	expect_equal "$(json out "j['simulated']")" None "simulated in JSON"
}

test_costs_in_the_file_are_those_of_stat() {
	needs_valgrind
	run stat --simulate --csv -e instructions "$examples/fib"
	counted=$(value instructions err)
	run record --simulate -e instructions "$examples/fib"
	run report --format json
	recorded=$(json out "j['events'][0]['period']")
	run record --simulate -g -e instructions "$examples/fib"
	run report --format folded
	folded=$(awk '{ sum += $NF } END { print sum }' out)
	# Addresses of the stack and of the kernel's random bytes move a few.
	expect_between "$recorded" $((counted - 2000)) $((counted + 2000)) "recorded"
	expect_between "$folded" $((counted - 2000)) $((counted + 2000)) "folded"
}

test_call_chains_go_through_the_programs_functions() {
	needs_valgrind
	run record --simulate -g -e instructions "$specimens/family"
	expect_status 5
	run report --format folded
	expect_out ';main;burn [0-9]+'
	expect_out ';start_thread;run_thread;burn [0-9]+'
	run report --no-children --format json --sort sym
	total=$(json out "sum(r['period'] for r in j['rows'])")
	expect_equal "$total" "$(json out "j['events'][0]['period']")" "self costs add up"
}

test_perf_reads_a_simulated_recording() {
	needs_valgrind
	needs_perf
	run record --simulate -g -e L1-dcache-load-misses,instructions "$examples/cachewalk" -n 256 -r 1
	run_command perf report --stdio --no-children -g none
	expect_status 0
	expect_out "of event 'simulated/L1-dcache-load-misses/'"
	expect_out '[0-9.]+% +cachewalk +cachewalk +\[\.\] sum_columns'
	refuse_err -i 'warning|error|failed'
	run report --format json
	ours=$(symbol_percent sum_columns)
	expect_between "$ours" 1 100 "share of sum_columns"
}

test_a_program_that_replaces_itself_keeps_both_names() {
	needs_valgrind
	run record --simulate -e instructions sh -c 'exec true'
	expect_status 0
	run report --format json --sort comm
	expect_equal "$(json out "sorted(r['comm'] for r in j['rows'])")" "['sh', 'true']" names
	expect_equal "$(json out "all(r['period'] > 10000 for r in j['rows'])")" True "both have costs"
}

test_calls_into_libraries_have_names() {
	needs_valgrind
	run record --simulate -e instructions "$examples/sorts" -n 50
	run report --no-children
	refuse_out '\[JIT\]'
	refuse_out '\[unknown\]'
}

test_a_stream_can_be_reported() {
	needs_valgrind
	last='record -o - | report'
	"$evprof" record --simulate -q -e instructions -o - true 2>err | "$evprof" report -i - >out 2>>err
	expect_out 'simulated/instructions/'
	expect_out '^# Simulated: '
}

# ---- refusals ------------------------------------------------------------------------------------

test_a_missing_valgrind_is_said_before_the_command_runs() {
	mkdir empty
	ln -s "$(command -v touch)" empty/touch
	for verb in stat record; do
		last="$verb without valgrind"
		PATH=$PWD/empty "$evprof" $verb --simulate touch started >out 2>err
		status=$?
		expect_status 125
		expect_err 'apt-get install -y --no-install-recommends valgrind'
		refuse_file started
		refuse_file perf.data
	done
}

test_what_cannot_be_simulated_is_refused_by_name() {
	for event in cycles dTLB-load-misses task-clock cache-misses:k duration_time; do
		run stat --simulate -e $event touch started
		expect_status 125
		expect_err "$event cannot be simulated"
		expect_err 'L1-dcache-load-misses'
	done
	refuse_file started
}

test_what_knows_time_or_others_does_not_go_with_it() {
	for options in '-a' '-p 1' '-i' '-I 100' '-D 10' '-A' '-r 0' '-n'; do
		run stat --simulate $options touch started
		expect_status 129
	done
	for options in '-a' '-t 1' '-D 10' '--duration 1' '-s'; do
		run record --simulate $options touch started
		expect_status 129
	done
	run stat --cache l1d=32K touch started
	expect_status 129
	expect_err 'add it'
	run stat --simulate --cache l1d=32Q touch started
	expect_status 129
	run stat --simulate
	expect_status 129
	refuse_file started
}

test_commands_that_are_not_there_have_their_own_statuses() {
	run stat --simulate ./missing
	expect_status 127
	echo data >plain
	run stat --simulate ./plain
	expect_status 126
	run stat --simulate ./
	expect_status 126
	cp "$(command -v env)" privileged
	chmod u+s privileged
	run record --simulate ./privileged
	expect_status 126
	expect_err 'setuid'
	refuse_file perf.data
}

test_an_output_that_cannot_be_written_is_told_before_the_run() {
	needs_valgrind
	run record --simulate -o missing/perf.data touch started
	expect_status 125
	refuse_file started
}

# ---- what the simulator leaves -------------------------------------------------------------------

head_of='creator: callgrind-1.2\npid: $$\ncmd:  ./x\npart: 1\nthread: 1\npositions: instr\nevents: Ir\n'

test_damaged_results_are_partial_and_said() {
	fake_valgrind <<-END
		#!/bin/sh
		$leave
		printf "${head_of}fn=(1) f\n0x10 7\ntotals: 7\n" >"\$folder/cost.\$\$-01"
		printf "${head_of}fn=(1) f\n0x10 5\n+x\n" >"\$folder/cost.\$\$-02"
	END
	run stat --simulate -e instructions true
	expect_status 0
	expect_err '12 +simulated/instructions/'
	expect_err 'partial: 1 of .* results is damaged .line 10'
	for format in -x, -j --csv; do
		run stat --simulate $format -e instructions true
		expect_err 'partial: 1 of .* results is damaged .line 10'
	done
}

test_results_that_end_early_are_partial() {
	fake_valgrind <<-END
		#!/bin/sh
		$leave
		printf "${head_of}fn=(1) f\n0x10 7\n" >"\$folder/cost.\$\$-01"
	END
	run record --simulate -e instructions true
	expect_status 0
	expect_err 'partial: .*it ends early'
	run report
	expect_out 'Note: partial: '
}

test_no_results_at_all_is_a_failure() {
	fake_valgrind <<-END
		#!/bin/sh
		exit 0
	END
	for verb in stat record; do
		run $verb --simulate true
		expect_status 1
		expect_err 'left no counts'
	done
	refuse_file perf.data
	fake_valgrind 2>/dev/null <<-END
		#!/bin/sh
		exit 9
	END
	run stat --simulate true
	expect_status 9
	expect_err 'may have refused'
}

test_a_process_without_results_is_said() {
	fake_valgrind <<-END
		#!/bin/sh
		$leave
		: >"\$folder/cost.1"
		: >"\$folder/cost.\$\$"
		printf "${head_of}fn=(1) f\n0x10 7\ntotals: 7\n" >"\$folder/cost.\$\$-01"
	END
	run stat --simulate -e instructions true
	expect_status 0
	expect_err '1 of 2 processes left no counts'
}

# ---- the way there -------------------------------------------------------------------------------

test_without_a_pmu_the_explanation_ends_with_the_command() {
	no_pmu
	run stat -e cache-misses,cycles sh -c "echo 'a b'"
	expect_status 125
	expect_err "evprof stat --simulate -e cache-misses sh -c 'echo '.''a b'.'''\$"
	run record -e cache-misses -g -- true -x
	expect_status 125
	expect_err 'evprof record --simulate -e cache-misses -g -- true -x$'
	needs_events
	run stat -d true
	expect_err 'evprof stat --simulate -d true$'
	run record -o file true
	expect_err 'evprof record --simulate -o file true'
	run stat -a -e cache-misses sleep 0
	refuse_err 'simulate'
}

test_the_pasted_command_works() {
	no_pmu
	needs_valgrind
	run stat -e cache-misses,cycles sh -c 'echo "a  b"'
	command=$(sed -n 's/.*simulated instead: evprof //p' err)
	last="$command"
	eval "\"\$evprof\" $command" >out 2>err
	expect_equal "$(cat out)" 'a  b'
	expect_err 'simulated/cache-misses/'
}

# ---- how long it takes -------------------------------------------------------------------------

test_the_plan_tells_seconds_where_the_programs_own_time_is_known() {
	needs_valgrind
	run stat --simulate -e instructions true
	expect_err 'expect about 50 s \(25 to 200, estimated\) for each second'
	run record --simulate -q true
	refuse_err 'expect'
	run stat --simulate --own-time 2 -e instructions true
	expect_err 'expect about 1:40 min \(50 s to 6:40 min\), estimated from the 2.0 s'
	for wrong in -1 nan 1e30; do
		run stat --simulate --own-time "$wrong" true
		expect_status 129
	done
	run stat --own-time 2 true
	expect_status 129
	expect_err '^evprof stat: --own-time is for the plan of --simulate: add it'
}

test_the_pasted_command_knows_how_long_the_program_takes() {
	no_pmu
	run stat -e cache-misses,task-clock "$examples/sorts"
	expect_err 'simulated instead: evprof stat --simulate --own-time [0-9.]+ -e cache-misses '
	run record -o file "$examples/sorts"
	expect_err 'simulated instead: evprof record --simulate --own-time [0-9.]+ -o file '
	run stat -e cache-misses,task-clock true
	expect_err 'simulated instead: evprof stat --simulate -e cache-misses true'
}

# ---- groups --------------------------------------------------------------------------------------

# The figures of a function in the JSON report in the file out: of a ratio, and the samples of it.
exact_ratio() { json out "[x['$2'] for r in j['rows'] if r['event'] == 'simulated/L1-dcache-loads/' and r['symbol'] == '$1' for x in r['ratios'] if x['name'] == 'L1-dcache-load-miss %'][0]"; }

test_a_simulated_group_has_exact_ratios_of_functions_and_lines() {
	needs_valgrind
	run record --simulate --cache l1d=32K,8,64 -e '{L1-dcache-loads,L1-dcache-load-misses,instructions}:S' \
		"$examples/cachewalk" -n 512
	expect_status 0
	refuse_err 'groups'
	run report --format json
	expect_json out
	expect_between "$(exact_ratio sum_columns value)" 99 100 "every step down a column misses"
	expect_between "$(exact_ratio sum_rows value)" 6 7 "one int of 16 along a row"
	expect_equal "$(exact_ratio sum_rows low) $(exact_ratio sum_rows few)" "None False" "nothing is uncertain"
	run report -F sym,ratio
	expect_status 0
	expect_out 'Simulated: '
	expect_out 'sum_columns'
	expect_out 'Ratios of a simulation are exact'
	refuse_out '±[^ ]* *[0-9]|95% interval'
	run annotate --json sum_columns
	expect_equal "$(json out "[x['value'] for l in j['sections'][0]['lines'] if 'matrix[row' in l['text'] for x in l['ratios'] if x['name'] == 'L1-dcache-load-miss %'][0]")" \
		100.0 "of the line that walks down"
}

test_a_simulated_group_counts_what_its_members_count_alone() {
	needs_valgrind
	run record --simulate -e '{cache-misses,instructions}:S,instructions' "$examples/fib"
	expect_status 0
	run report --format json -s comm
	expect_equal "$(json out "j['events'][1]['period'] == j['events'][2]['period'] > 0")" True "the same instructions"
	expect_equal "$(json out "j['events'][1]['samples'] == j['events'][2]['samples'] > j['events'][0]['samples'] > 0")" \
		True "a sample wherever something was counted"
}

test_perf_adds_up_simulated_groups_as_evprof_does() {
	needs_valgrind
	needs perf
	run record --simulate -e '{instructions,branches}:S' sh -c 'true; exec true'
	expect_status 0
	run report --format json -s comm
	for event in instructions branches; do
		expect_equal "$(perf script -F event,period 2>/dev/null |
			awk -v event="simulated/$event/:" '$2 == event { sum += $1 } END { printf "%.0f", sum }')" \
			"$(json out "[e['period'] for e in j['events'] if e['name'] == 'simulated/$event/'][0]")" "$event"
	done
}

run_tests "$@"
