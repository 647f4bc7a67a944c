#!/bin/sh
# evprof stat: what the numbers mean: counters that take turns, ratios, passes, metrics. On a PMU
# that is scripted, with as many counters as the test says.
. "$(dirname "$0")/harness.sh"

# on COUNTERS ARGUMENTS…: evprof on a PMU with so many counters
on() {
	SCRIPTED_COUNTERS=$1
	export SCRIPTED_COUNTERS
	shift
	run_command "$scripted" "$@"
}

# ---- counters that take turns --------------------------------------------------------------------

test_scaled_values_say_their_share_and_their_bound() {
	on 2 stat -e cycles,instructions,branches,branch-misses "$specimens/sleeper" 700
	expect_status 0
	expect_err ' cycles .*\([0-9.]+%\)  ±[0-9.]+%$'
	expect_err '\(…%\): share of the time.*19 times of 20'
	refuse_err '± \?'
}

test_a_bound_that_is_not_known_is_said_to_be_so() {
	# An event that never happened while it was looked for may have happened in between.
	on 1 stat -e r0,cycles "$specimens/sleeper" 300
	expect_status 0
	expect_err ' 0 +r0 .*%\)  ± \?$'
	expect_err '± \?: too little of it was counted.*--multi-pass'
}

test_the_bound_covers_the_truth() {
	# The rate of an event is known, and so is what share of time it was counted; the scripted
	# program's own noise is within a fifth of it.
	on 1 stat -j -e cycles,branches -e duration_time "$specimens/sleeper" 1500
	expect_status 0
	python3 - err <<-'END' 2>complaint || fail "$(cat complaint)"
		import json, sys
		rows = {r["event"]: r for r in map(json.loads, open(sys.argv[1]))}
		time = float(rows["duration_time"]["counter-value"])
		for event, rate in (("cycles", 3), ("branches", 0.9)):
		    row = rows[event]
		    off = abs(float(row["counter-value"]) / time / rate - 1)
		    assert 0 < row["scaling-error"] < 20, row
		    # Twice the bound, and what the clock of the run and of the counter differ by.
		    assert off < 2 * row["scaling-error"] / 100 + 0.05, (off, row)
	END
}

test_intervals_have_bounds_of_their_own() {
	on 1 stat -I 300 --csv -o table -e cycles,branches "$specimens/sleeper" 1000
	expect_status 0
	python3 - table <<-'END' 2>complaint || fail "$(cat complaint)"
		import csv, sys
		rows = [r for r in csv.DictReader(open(sys.argv[1], newline="")) if r["state"] == "counted"]
		assert len(rows) >= 6, rows
		assert any(float(r["scaling_error_percent"] or 0) > 0 for r in rows), rows
		assert all(float(r["running_percent"]) < 90 for r in rows), rows
	END
}

test_what_fits_is_not_scaled_and_has_no_bound() {
	on 4 stat -e cycles,instructions,branches,branch-misses "$specimens/sleeper" 100
	refuse_err '±|[0-9]%\)'
	expect_err '#    1.50  insn per cycle$'
}

test_software_events_never_take_turns() {
	on 1 stat -e cycles,branches,task-clock,page-faults "$specimens/two_functions" 50
	refuse_err '(task-clock|page-faults) .*(%\)|±)'
	expect_err ' cycles .*%\)'
}

test_unscaled_values_have_no_bound() {
	on 1 stat --no-scale -e cycles,branches "$specimens/sleeper" 200
	expect_err ' cycles .*%\)$'
	refuse_err '±'
}

test_fields_of_perf_stay_as_they_are() {
	on 1 stat -x, -e cycles,instructions "$specimens/sleeper" 200
	expect_err '^[0-9]+,,cycles,[0-9]+,[0-9.]+,,$'
	expect_err '^[0-9]+,,instructions,[0-9]+,[0-9.]+,1\.[0-9]+,insn per cycle$'
	expect_equal "$(wc -l <err)" 2 "lines"
}

# ---- ratios --------------------------------------------------------------------------------------

test_ratios_of_different_times_are_marked_with_the_cure() {
	on 1 stat -e cycles,instructions "$specimens/sleeper" 100
	expect_err 'insn per cycle \*'
	expect_err "^ \*: a ratio of events that were not counted.*-e '\{a,b\}'.*--multi-pass"
}

test_ratios_within_a_group_are_not_marked() {
	on 2 stat -e '{cycles,instructions},{branches,branch-misses}' "$specimens/sleeper" 100
	expect_err '1\.50  insn per cycle +\([0-9.]+%\)'
	expect_err '1\.00% of all branches +\([0-9.]+%\)'
	# The groups took turns with each other.
	expect_err 'branch MPKI \*'
}

test_strict_refuses_them_and_still_shows_the_counts() {
	on 1 stat --strict -e cycles,instructions "$specimens/sleeper" 100
	expect_status 1
	expect_err '[0-9] +instructions'
	refuse_err 'insn per cycle'
	expect_err '^evprof stat: --strict: ipc would be a ratio'
	on 2 stat --strict -e cycles,instructions "$specimens/sleeper" 100
	expect_status 0
	on 1 stat --strict -e cycles,instructions sh -c 'sleep 0.05; exit 7'
	expect_status 7
}

test_a_weak_group_that_does_not_fit_is_no_group() {
	on 1 stat -e '{cycles,instructions}:W' "$specimens/sleeper" 100
	expect_status 0
	expect_err 'insn per cycle \*'
	expect_err 'counted on its own'
}

# ---- never counted -------------------------------------------------------------------------------

test_a_pinned_event_without_a_counter_is_not_counted_and_says_why() {
	on 1 stat -e cycles:D,instructions:D "$specimens/sleeper" 60
	expect_err '<not counted> +instructions:D'
	expect_err 'pinned, and there was no counter free'
	on 1 stat -j -e cycles:D,instructions:D "$specimens/sleeper" 60
	expect_json_lines err
	expect_err '"<not counted>".*"instructions:D".*"why" : "pinned'
	on 1 stat --csv -e cycles:D,instructions:D "$specimens/sleeper" 60
	expect_err ',instructions:D,,.*,not counted,"pinned'
}

test_a_group_larger_than_the_pmu_is_refused_with_its_cause() {
	on 2 stat -e task-clock -e '{cycles,instructions,branches}' true
	expect_status 0
	expect_err '<not supported> +cycles'
}

test_means_are_of_the_runs_in_which_it_was_counted() {
	export SCRIPTED_LOST_RUN=2
	on 1 stat -r 3 -e cycles "$specimens/sleeper" 50
	expect_status 0
	expect_err 'cycles: counted in 2 of 3 runs; the mean is of those'
	expect_between "$(sed -n 's/,//g; s/ *cycles .*//p' err)" 1.2e8 2e9 "cycles"
	export SCRIPTED_LOST_RUN=1
	on 1 stat -e cycles "$specimens/sleeper" 50
	expect_err '<not counted> +cycles'
	expect_err 'cycles: it never got a counter'
}

# ---- passes --------------------------------------------------------------------------------------

test_passes_count_everything_whole() {
	on 2 stat --multi-pass -v -e cycles,instructions,branches,branch-misses sh -c 'echo ran >>runs; sleep 0.05'
	expect_status 0
	expect_err '\(4 passes, 4 runs\)'
	refuse_err '[0-9]%\)|±|\*$'
	expect_err '  insn per cycle$'
	expect_err '4 passes of the command, and they agree: instructions:u differs by 0.00 %'
	expect_err '^ pass 4: branch-misses$'
	refuse_err ' instructions:u  '
	expect_equal "$(wc -l <runs)" 4 "runs"
}

test_passes_keep_groups_whole_and_take_as_few_runs_as_fit() {
	on 3 stat --multi-pass -v -e '{cycles,instructions},branches,branch-misses' "$specimens/sleeper" 30
	expect_err '2 passes of the command'
	expect_err 'pass 1: cycles, instructions$'
	expect_err 'pass 2: branches, branch-misses$'
	on 5 stat --multi-pass -e '{cycles,instructions},branches,branch-misses' "$specimens/sleeper" 30
	expect_err 'one pass was enough'
}

test_passes_that_did_not_do_the_same_work_are_told() {
	export SCRIPTED_UNEVEN=0.1
	on 2 stat --multi-pass -e cycles,branches "$specimens/sleeper" 30
	expect_status 0
	expect_err '2 passes of the command that did not do the same work: instructions:u is [0-9]+ in pass 1 and [0-9]+ in pass 2, [0-9.]+ % apart'
	on 2 stat --multi-pass -x, -e cycles,branches "$specimens/sleeper" 30
	expect_err '^evprof stat: 2 passes .* did not do the same work'
	on 2 stat --multi-pass --strict -e cycles,branches "$specimens/sleeper" 30
	expect_status 1
}

test_passes_are_repeated_by_r() {
	on 2 stat --multi-pass -r 3 -e cycles,branches sh -c 'echo ran >>runs; sleep 0.02'
	expect_status 0
	expect_err '\(2 passes, 6 runs\)'
	expect_err ' cycles .*\( \+- *[0-9.]+% \)'
	expect_err "the runs' own noise"
	expect_equal "$(wc -l <runs)" 6 "runs"
}

test_an_event_that_takes_no_counter_compares_passes_where_there_is_none_to_spare() {
	needs_events
	on 1 stat --multi-pass -e cycles,branches "$specimens/two_functions" 20
	expect_status 0
	expect_err '2 passes of the command.*task-clock'
	refuse_err '[0-9]%\)'
}

test_passes_over_what_cannot_be_repeated_are_refused() {
	for way in "-p $$" '-a' '-C 0'; do
		run stat --multi-pass $way
		expect_status 129
		expect_err 'repeats a command'
	done
	run stat --multi-pass -I 100 true
	expect_status 129
	expect_err 'choose'
}

test_passes_of_what_cannot_be_counted_are_refused() {
	no_pmu
	run stat --multi-pass -e cycles,instructions touch started
	expect_status 125
	refuse_file started
	run stat --multi-pass -e cycles,page-faults sh -c 'echo ran >>runs'
	expect_status 0
	expect_err '<not supported> +cycles'
	expect_equal "$(wc -l <runs)" 1 "runs"
	export SCRIPTED_COUNTERS=2
	run_command "$scripted" stat --multi-pass -e r99,cycles,branches "$specimens/sleeper" 10
	expect_status 0
	expect_err '<not supported> +r99'
	expect_err '2 passes of the command'
	refuse_err '[0-9]%\)'
}

test_passes_of_software_events_are_one() {
	run stat --multi-pass -e page-faults,task-clock sh -c 'echo ran >>runs'
	expect_status 0
	expect_equal "$(wc -l <runs)" 1 "runs"
}

# ---- metrics -------------------------------------------------------------------------------------

test_metrics_bring_their_events_in_groups() {
	on 2 stat -M ipc,branch-miss "$specimens/sleeper" 100
	expect_status 0
	expect_err 'instructions +#    1\.50  insn per cycle  '
	expect_err 'branch-misses +#    1\.00% of all branches  '
	refuse_err '\*'
}

test_metrics_over_software_events() {
	run stat -M faults-per-second,cpus-utilized -v "$specimens/two_functions" 20
	expect_status 0
	expect_err 'page-faults +# +[0-9.]+ K?/sec'
	expect_err 'task-clock +# +[0-9.]+ CPUs utilized'
	expect_err 'faults-per-second = 1000000000 \* page-faults / task-clock'
	refuse_err 'cycles'
}

test_a_metric_without_its_events_says_what_it_lacks() {
	no_pmu
	run stat -M ipc,cpus-utilized true
	expect_status 0
	expect_err 'ipc: not known without instructions, cycles'
	run stat -M ipc touch started
	expect_status 125
	refuse_file started
}
no_pmu() { [ -d /sys/bus/event_source/devices/cpu ] && skip "this machine has a PMU"; }

test_an_unknown_metric_gets_a_suggestion() {
	run stat -M ipcc touch started
	expect_status 129
	expect_err "did you mean 'ipc'"
	refuse_file started
}

test_metrics_alone_are_columns() {
	on 4 stat --metric-only -e cycles,instructions,branches,branch-misses "$specimens/sleeper" 50
	expect_err '^ +insn per cycle +% of all branches +branch MPKI$'
	expect_err '^ +1\.50 +1\.00 +2\.00$'
	refuse_err ' cycles'
	on 4 stat --metric-only -x, -I 50 -M ipc "$specimens/sleeper" 120
	expect_equal "$(head -1 err)" 'time,insn per cycle,' "head"
	expect_equal "$(grep -c time err)" 1 "heads"
	expect_err '^0\.[0-9]+,1\.50,$'
	on 4 stat --metric-only -j -M ipc "$specimens/sleeper" 50
	expect_equal "$(cat err)" '{"insn per cycle" : "1.50"}' "object"
}

test_the_list_of_metrics_has_formulas() {
	run list metric
	expect_status 0
	expect_out '^  ipc  '
	expect_out '^ +instructions / cycles$'
	run list metric mpki
	expect_out 'branch-mpki'
	has_not out ' ipc '
	run list metrics -j
	expect_json out
	run list metric nosuchthing
	expect_failure
}

# ---- top-down ------------------------------------------------------------------------------------

# cpu_with FOLDER NAME=TERMS…: a /sys with a core PMU of these events
cpu_with() {
	SCRIPTED_ROOT=$PWD/root
	export SCRIPTED_ROOT
	cpu=root/sys/bus/event_source/devices/$1
	mkdir -p "$cpu/events" "$cpu/format"
	echo 4 >"$cpu/type"
	echo config:0-7,32-35 >"$cpu/format/event"
	echo config:8-15 >"$cpu/format/umask"
	shift
	for event; do echo "${event#*:}" >"$cpu/events/${event%%:*}"; done
}

expect_slots() {
	expect_status 0
	for part in 40:retiring 10:bad.speculation 20:frontend.bound 30:backend.bound; do
		share=$(sed -nE "s/.*# +([0-9.]+)% ${part#*:}.*/\1/p" err)
		expect_between "$share" $((${part%%:*} - 1)) $((${part%%:*} + 1)) "${part#*:}"
	done
}

test_topdown_by_intels_slots() {
	cpu_with cpu slots:event=0x64 topdown-retiring:event=0x28 topdown-bad-spec:event=0xa \
		topdown-fe-bound:event=0x14 topdown-be-bound:event=0x1e
	on 8 stat --topdown "$specimens/sleeper" 50
	expect_slots
	on 8 stat -M topdown -v --td-level 1 "$specimens/sleeper" 50
	expect_slots
	expect_err 'retiring: slots for instructions that completed'
}

test_topdown_by_intels_older_events() {
	cpu_with cpu topdown-total-slots:event=0x64 topdown-slots-issued:event=0x2d \
		topdown-slots-retired:event=0x28 topdown-fetch-bubbles:event=0x14 \
		topdown-recovery-bubbles:event=0x5
	on 8 stat --topdown "$specimens/sleeper" 50
	expect_slots
}

test_topdown_by_arms_slots() {
	cpu_with armv8_pmuv3_0 cpu_cycles:event=0xa stall_slot:event=0x96 \
		stall_slot_frontend:event=0x3c stall_slot_backend:event=0x5a op_retired:event=0x28 \
		op_spec:event=0x32
	mkdir "$cpu/caps"
	echo 0x00000001 >"$cpu/caps/slots"
	on 8 stat --topdown "$specimens/sleeper" 50
	expect_slots
}

test_topdown_by_amds_codes_only_on_amds_cpu() {
	cpu_with cpu
	export SCRIPTED_CPUID=AuthenticAMD,25,17,1
	on 8 stat --topdown -x, "$specimens/sleeper" 50
	expect_status 0
	for event in ls_not_halted_cyc ex_ret_ops de_src_op_disp.all \
		de_no_dispatch_per_slot.no_ops_from_frontend; do
		expect_err ",,$event,[0-9]+,100.00,"
	done
	expect_err ',retiring$'
	expect_err ',frontend bound$'
	export SCRIPTED_CPUID=AuthenticAMD,25,33,0
	on 8 stat --topdown touch started
	expect_status 125
	refuse_file started
	expect_err 'offers none of the sets of events'
}

test_topdown_without_a_pmu_is_one_sentence() {
	no_pmu
	run stat --topdown touch started
	expect_status 125
	refuse_file started
	expect_equal "$(wc -l <err)" 1 "lines"
	expect_err 'top-down analysis cannot be done here: no PMU'
}

test_levels_that_are_not_there_are_refused() {
	run stat --topdown --td-level 2 true
	expect_status 129
	expect_err 'level 1'
}

# ---- evprof's own measures -----------------------------------------------------------------------

test_user_time_is_known_in_intervals() {
	run stat -I 200 -x, -e user_time,system_time "$specimens/two_functions" 300
	expect_status 0
	refuse_err 'not counted'
	expect_err '^[0-9.]+,[0-9]+,ns,user_time,'
	# The intervals add up to what the kernel accounts in the end.
	awk -F, '$4 == "user_time" { sum += $2 } END { exit !(sum > 1e8) }' err || fail "too little user time"
}

test_user_time_is_known_of_a_running_process() {
	start_target "$examples/threads" -t 2 -s 1000000000
	run stat -p $target -e user_time,duration_time,task-clock --timeout 400
	expect_status 0
	refuse_err 'not counted'
	expect_err '[0-9] ns +user_time'
}

# ---- small ones ----------------------------------------------------------------------------------

test_quiet_prints_no_counts() {
	run stat --quiet -e page-faults sh -c 'exit 3'
	expect_status 3
	expect_empty err
}

test_commands_before_and_behind_each_run_are_not_counted() {
	run stat -r 2 -S --pre 'echo pre >>log' --post 'echo post >>log' -e page-faults sh -c 'echo run >>log'
	expect_status 0
	expect_equal "$(tr '\n' ' ' <log)" 'pre run post pre run post ' "order"
	run stat --pre 'exit 3' -e page-faults true
	expect_status 125
}

test_the_summary_of_fields_may_go_without_its_mark() {
	run stat -I 100 --summary -x, -e page-faults "$specimens/sleeper" 150
	expect_err '^summary,[0-9]+,,page-faults,'
	run stat -I 100 --summary --no-csv-summary -x, -e page-faults "$specimens/sleeper" 150
	refuse_err 'summary'
	expect_err '^[0-9]+,,page-faults,'
}

test_the_screen_is_cleared_between_intervals_when_asked() {
	run stat -I 100 --interval-clear -e page-faults "$specimens/sleeper" 150
	expect_status 0
	has err "$(printf '\033\\[2J')"
	run stat --interval-clear true
	expect_status 129
}

run_tests "$@"
