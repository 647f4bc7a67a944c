#!/bin/sh
# evprof stat: exit statuses, screens, machine-readable output, targets.
. "$(dirname "$0")/harness.sh"

no_pmu() { [ -d /sys/bus/event_source/devices/cpu ] && skip "this machine has a PMU"; }

# ---- exit statuses -------------------------------------------------------------------------------

test_a_counter_shared_through_bpf_is_counted_alone_and_says_so() {
	needs_events
	run stat -e cpu-clock:b true
	expect_status 0
	expect_err 'cpu-clock:b: by a counter of its own: evprof shares none through BPF'
}

test_what_only_some_processors_can_do_is_left_out_in_words() {
	needs_events
	run record -q -e "cpu-clock/branch_type='any,u',aux-output,aux-sample-size=64/" -o file true
	expect_status 0
	run report -i file --header
	expect_out 'without aux-.*; without branches'
	run stat -e "cpu-clock/aux-action=pause,nr=3/" true
	expect_status 0
	expect_err 'without aux-.*; nr= is for traces'
}

test_the_status_of_the_command_is_kept() {
	run stat sh -c 'exit 0'
	expect_status 0
	run stat sh -c 'exit 3'
	expect_status 3
}

test_a_command_with_others_rights_is_told() {
	needs_nobody
	cp "$(command -v id)" set_id
	chmod 4755 set_id
	setpriv --reuid=65534 --regid=65534 --clear-groups ./set_id | grep -q 'euid=0' || skip "this folder has no setuid"
	run_as_nobody stat -e task-clock ./set_id
	expect_status 0
	expect_err 'gets others. rights \(setuid\) as it begins, and the kernel stops counting then'
	run_as_nobody record -e cpu-clock ./set_id
	expect_err 'gets others. rights \(setuid\) as it begins, and the kernel stops watching it'
	run stat -e task-clock ./set_id
	refuse_err 'rights'
}

test_a_killed_command_gives_128_plus_the_signal() {
	run stat sh -c 'kill -9 $$'
	expect_status 137
	expect_err 'task-clock'
	expect_err 'the command was ended by signal 9 \(Killed\)'
	run stat sh -c 'kill -15 $$'
	expect_status 143
}

test_a_missing_command_gives_127() {
	run stat ./missing
	expect_status 127
	expect_err 'missing'
	expect_err 'No such file'
}

test_a_command_that_may_not_run_gives_126() {
	echo data >plain
	chmod 644 plain
	run stat ./plain
	expect_status 126
	expect_err 'plain'
	run stat .
	expect_status 126
}

test_no_command_is_wrong_usage() {
	run stat
	expect_status 129
}

test_when_no_event_opens_the_command_is_not_started() {
	no_pmu
	run stat -e cycles touch started
	expect_status 125
	refuse_file started
	expect_err 'PMU'
}

test_when_one_event_opens_the_command_runs_and_the_rest_say_why() {
	no_pmu
	run stat -e cycles,task-clock sh -c 'exit 5'
	expect_status 5
	expect_err '<not supported> +cycles'
	expect_err '[0-9.]+ msec task-clock'
	expect_err 'PMU'
}

# ---- the grammar's errors ------------------------------------------------------------------------

test_an_unknown_event_gets_a_caret_and_a_suggestion() {
	run stat -e page-fautls touch started
	expect_failure
	expect_err 'page-fautls'
	expect_err '\^'
	expect_err 'page-faults'
	refuse_file started
	snapshot stat-unknown-event err
}

test_an_unknown_modifier_is_named() {
	run stat -e task-clock:q touch started
	expect_failure
	expect_err "'q'"
	refuse_file started
}

test_bad_grammar_never_starts_the_command() {
	for text in '{task-clock' 'task-clock}' ',' 'task-clock,,' 'r' 'rxyz' 'cpu/' ':::' '{}' ''; do
		run stat -e "$text" touch started
		expect_failure
		refuse_file started
	done
}

test_terminal_escapes_in_an_event_name_are_shown_harmless() {
	run stat -e "$(printf 'no\033[31msuch')" true
	expect_failure
	has_not err "$(printf '\033')"
}

# ---- the screen ----------------------------------------------------------------------------------

test_the_screen_is_on_stderr_and_the_commands_output_stays() {
	run stat echo hello
	expect_status 0
	expect_equal "$(cat out)" hello "stdout"
	expect_err "Performance counter stats for 'echo hello'"
}

test_the_default_screen_has_perfs_rows() {
	run stat "$specimens/two_functions" 20
	expect_status 0
	expect_err '[0-9.,]+ msec task-clock +# +[0-9.]+ CPUs utilized'
	expect_err ' context-switches '
	expect_err ' cpu-migrations '
	expect_err ' page-faults '
	expect_err '[0-9.]+ seconds time elapsed'
	expect_err '[0-9.]+ seconds user'
	expect_err '[0-9.]+ seconds sys'
	has err '[Pp]eak|RSS|resident'
}

test_the_screen_of_two_events() {
	run stat -e task-clock,page-faults "$specimens/two_functions" 20
	grep -v '^ Mostly' err | sed "s,$specimens/,,; s,[KM]/sec,/sec," >screen
	snapshot stat-screen screen
}

test_absent_hardware_is_said_once() {
	no_pmu
	run stat true
	expect_equal "$(grep -c 'no PMU' err)" 1 "lines with the cause"
	refuse_err '<not supported>'
}

test_the_last_line_tells_computing_from_waiting() {
	run stat "$specimens/two_functions" 200
	tail -3 err >last
	# On a busy machine it waits for a CPU, which is not the same.
	has last '[Cc]omputing|waiting, for a CPU'
	run stat "$specimens/sleeper" 400
	tail -3 err >last
	has last '[Ww]aiting'
	has_not last 'Mostly computing|for a CPU'
}

test_repeating_gives_mean_and_error() {
	run stat -r 3 -e task-clock true
	expect_status 0
	expect_err "\(3 runs\)"
	expect_err 'task-clock.*\( *\+- *[0-9.]+% *\)'
	expect_err '\+- +[0-9.]+ +seconds time elapsed'
}

test_repeating_runs_the_command_that_often() {
	run stat -r 4 -e task-clock sh -c 'echo ran >>runs'
	expect_equal "$(wc -l <runs)" 4 "runs"
}

test_details_add_the_cache_rows() {
	run stat -d -v true
	expect_status 0
	expect_err 'L1-dcache-loads|no PMU'
}

test_null_run_counts_nothing() {
	run stat -n true
	expect_status 0
	refuse_err 'page-faults'
	expect_err 'seconds time elapsed'
}

test_page_faults_are_counted_exactly_enough() {
	run stat -x, -e page-faults "$examples/pagefaults" 64
	expect_status 0
	faults=$(awk -F, '$3 ~ /page-faults/ { print $1 }' err)
	# 64 MB of 4 KiB pages, and what the loader needs.
	expect_between "$faults" 16384 17400 "page-faults"
}

test_all_threads_are_counted() {
	needs_events
	run stat -x, -e task-clock "$examples/threads" -t 4 -s 5000000
	all=$(awk -F, '$3 ~ /task-clock/ { print $1 }' err)
	run stat -i -x, -e task-clock "$examples/threads" -t 4 -s 5000000
	expect_status 0
	main_only=$(awk -F, '$3 ~ /task-clock/ { print $1 }' err)
	awk -v a="$all" -v m="$main_only" 'BEGIN { exit !(a > 5 * m) }' ||
		fail "with threads $all ms, without $main_only ms"
}

test_forked_children_are_counted() {
	run stat -x, -e task-clock sh -c "$specimens/two_functions 20; $specimens/two_functions 20; true"
	both=$(awk -F, '{ print $1 }' err)
	run stat -i -x, -e task-clock sh -c "$specimens/two_functions 20; $specimens/two_functions 20; true"
	alone=$(awk -F, '{ print $1 }' err)
	awk -v a="$both" -v m="$alone" 'BEGIN { exit !(a > 5 * m) }' || fail "with $both ms, without $alone ms"
}

test_groups_and_modifiers_are_accepted() {
	run stat -e '{task-clock,page-faults}' -e context-switches:u true
	expect_status 0
	expect_err 'page-faults'
	expect_err 'context-switches:u'
}

# ---- machine-readable output ---------------------------------------------------------------------

test_separated_values_are_perfs() {
	run stat -x, -e task-clock,page-faults true
	expect_status 0
	expect_err '^[0-9]+\.[0-9]+,msec,task-clock,[0-9]+,100\.00,'
	expect_err '^[0-9]+,,page-faults,[0-9]+,100\.00,'
	refuse_err 'seconds'
}

test_separated_values_with_repeats_carry_the_variance_after_the_event() {
	run stat -r 3 -x\; -e page-faults true
	expect_err '^[0-9.]+;;page-faults;[0-9.]+%;[0-9]+;100\.00;'
}

test_an_absent_event_is_a_row_too() {
	no_pmu
	run stat -x, -e cycles,task-clock true
	expect_err '^<not supported>,,cycles,0,'
}

test_csv_has_a_header_and_quotes() {
	run stat --csv -e '{task-clock,page-faults}' -o table.csv true
	expect_status 0
	python3 - table.csv <<-'END' 2>err || fail "table.csv is not a table"
		import csv, sys
		rows = list(csv.reader(open(sys.argv[1], newline='')))
		assert len(rows) >= 3, rows
		assert len(set(map(len, rows))) == 1, rows
		assert any('event' in cell.lower() for cell in rows[0]), rows[0]
	END
}

test_json_is_one_object_per_line() {
	run stat -j -e task-clock,page-faults true
	expect_status 0
	expect_json_lines err
	expect_err '"event" *: *"task-clock"'
	expect_err '"counter-value"'
}

test_json_does_not_depend_on_the_locale() {
	# A locale whose decimal point is a comma.
	mkdir locales
	localedef -i de_DE -f UTF-8 locales/de_DE.UTF-8 >out 2>&1 || skip "localedef cannot make de_DE"
	run_command env LOCPATH="$PWD/locales" LC_ALL=de_DE.UTF-8 printf '%.1f' 1,5
	expect_equal "$(cat out)" 1,5 "a number of that locale"
	run_command env LOCPATH="$PWD/locales" LC_ALL=de_DE.UTF-8 "$evprof" stat -j -e task-clock true
	expect_status 0
	expect_json_lines err
}

test_intervals_are_printed_with_their_times() {
	run stat -I 100 -x, -e task-clock "$specimens/sleeper" 550
	expect_status 0
	# On a busy machine some pass by unseen, or the command takes longer.
	expect_between "$(grep -cE '^ *[0-9]+\.[0-9]+,' err)" 2 600 "intervals"
	sort -cn err 2>/dev/null || fail "the times do not rise"
}

test_output_goes_to_a_file_and_is_appended() {
	run stat -o log -e task-clock true
	expect_status 0
	expect_empty err
	has log '^# started on '
	run stat -o log --append -e page-faults true
	has log 'task-clock'
	has log 'page-faults'
	run stat -o log -e page-faults true
	has_not log 'task-clock'
}

test_an_output_that_cannot_be_written_is_said_before_the_command_runs() {
	run stat -o no/such/folder/log touch started
	expect_failure
	expect_err 'no/such/folder'
	refuse_file started
}

# ---- targets -------------------------------------------------------------------------------------

test_a_process_is_attached_with_all_its_threads() {
	needs_events
	start_target "$examples/threads" -t 4 -s 1000000000
	sleep 0.3
	run stat -p $target -e task-clock --timeout 400 -x,
	expect_status 0
	expect_between "$(awk -F, '{ print $1 }' err)" 50 5000 "milliseconds of $target"
}

test_attaching_per_thread_shows_every_thread() {
	start_target "$examples/threads" -t 3 -s 1000000000
	sleep 0.3
	run stat --per-thread -p $target -e task-clock --timeout 300
	expect_status 0
	expect_err 'worker-1-[0-9]+'
	expect_err 'worker-3-[0-9]+'
	run stat -v -p $target -e task-clock --timeout 100
	expect_err '^threads watched: 4$'
}

test_threads_born_later_are_counted() {
	needs_events
	start_target sh -c "sleep 0.7; exec $examples/threads -t 2 -s 300000000"
	run stat -p $target -e task-clock -x,
	expect_status 0
	expect_between "$(awk -F, '{ print $1 }' err)" 100 60000 "milliseconds of threads born later"
}

test_one_thread_is_attached() {
	start_target "$examples/threads" -t 2 -s 1000000000
	sleep 0.3
	thread=$(ls /proc/$target/task | tail -1)
	run stat -t "$thread" -e task-clock --timeout 200
	expect_status 0
	expect_err "thread id '$thread'"
	expect_err 'msec task-clock'
}

test_a_process_that_ends_ends_the_counting() {
	start_target "$specimens/sleeper" 300
	run stat -p $target -e task-clock
	expect_status 0
}

test_a_process_that_is_not_there_is_said() {
	run stat -p 4194999 -e task-clock
	expect_failure
	expect_err '4194999'
}

test_an_interrupt_ends_attaching_normally() {
	start_target "$specimens/sleeper" 20000
	# In the foreground no SIGCONT follows the signal: one that comes while the leak checker stops the
	# process at its end leaves both waiting for good.
	run_command env --default-signal=INT timeout --foreground --preserve-status -s INT 0.5 \
		"$evprof" stat -p $target -e task-clock
	expect_status 0
	expect_err 'task-clock'
	expect_err 'seconds time elapsed'
}

test_the_whole_machine_is_counted() {
	needs_root
	run stat -a -e cpu-clock sleep 0.2
	expect_status 0
	expect_err 'system wide'
	run stat -a -A -e cpu-clock sleep 0.1
	expect_err '^CPU0 '
	run stat -C 0 -e cpu-clock sleep 0.1
	expect_err "CPU\(s\) 0"
}

test_the_whole_machine_is_refused_to_others_with_the_cure() {
	needs_nobody
	[ "$(cat /proc/sys/kernel/perf_event_paranoid)" -ge 1 ] || skip "perf_event_paranoid lets everyone"
	run_as_nobody stat -a -e cpu-clock touch started
	expect_failure
	refuse_file started
	expect_err 'perf_event_paranoid'
	expect_err 'sysctl|CAP_PERFMON|sudo'
}

test_a_user_without_privileges_counts_user_space() {
	needs_nobody
	[ "$(cat /proc/sys/kernel/perf_event_paranoid)" -le 2 ] || skip "perf_event_paranoid forbids it"
	run_as_nobody stat -e task-clock,page-faults true
	expect_status 0
	expect_err 'msec task-clock'
}

test_attaching_to_anothers_process_names_the_cause() {
	needs_nobody
	start_target "$specimens/sleeper" 10000
	run_as_nobody stat -p $target -e task-clock
	expect_failure
	has err 'ptrace|owner|belongs|another user|permission|not yours'
}

test_a_delay_and_starting_disabled_are_accepted() {
	run stat -D 50 -e task-clock "$specimens/sleeper" 150
	expect_status 0
	expect_err 'task-clock'
}

test_a_delay_leaves_the_times_and_the_words() {
	run stat -D 50 "$specimens/sleeper" 300
	expect_status 0
	expect_err 'seconds user'
	expect_err 'seconds sys'
	expect_err '^ Mostly waiting.*with the delay'
}

test_the_whole_machine_gets_words_too() {
	needs_root
	for way in -a '-C 0' '-a -A'; do
		run stat $way -e cpu-clock sleep 0.3
		expect_status 0
		expect_err ': the CPUs were [0-9]+ % in user code.* of [0-9]+ CPUs used'
	done
}

test_counts_that_cannot_be_written_are_said_and_the_commands_status_stays() {
	[ -c /dev/full ] || skip "no /dev/full"
	run stat -o /dev/full -e cs true
	expect_status 1
	expect_err 'could not write all counts'
	run stat -o /dev/full -e cs sh -c 'exit 7'
	expect_status 7
	expect_err 'could not write all counts'
}

test_a_peak_of_memory_that_is_not_the_commands_own_is_a_bound() {
	run stat -e task-clock true
	expect_err 'MB peak RSS or less$'
	run stat -e task-clock python3 -c 'x = bytearray(200 << 20)'
	expect_err '2[0-9][0-9]\.?[0-9]* MB peak RSS$'
}

run_tests "$@"
