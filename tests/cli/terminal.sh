#!/bin/sh
# evprof report on a terminal, and evprof top: what a person at tmux sees.
. "$(dirname "$0")/harness.sh"

. "$(dirname "$0")/terminal_harness.sh"

# The same recording for all tests.
a_recording() {
	[ -e ../recording ] || {
		run record -q -g -F 2000 -e cpu-clock -o ../recording "$specimens/two_functions" 150
		[ "$status" = 0 ] || fail "recording failed with status $status"
	}
	cp ../recording perf.data
}

# ---- report --------------------------------------------------------------------------------------

test_a_report_on_a_terminal_is_moved_in() {
	needs_terminal
	needs_events
	a_recording
	terminal 100 30 "$evprof report --no-children"
	sees 'Overhead  Command'
	expect_out '^evprof report: perf\.data  cpu-clock'
	expect_out '^Quality: '
	expect_out '^\+ .*\[\.\] twice'
	keys Enter
	sees '^- .*\[\.\] twice'
	expect_out '% +main  two_functions'
	keys C
	sees_no_more '% +main  two_functions'
	keys /
	keys onc
	sees 'Only rows with: onc'
	sees_no_more '\[\.\] twice'
	keys Enter
	sees '\[/onc: 1\]'
	keys Left
	sees '\[\.\] twice'
	keys '?'
	sees 'filter by a text, as you type'
	keys q
	sees 'Overhead'
	keys d
	sees '^\[dso=two_functions\] Quality'
	keys BSpace
	sees_no_more 'dso=two_functions'
	keys o C-u
	keys -l 'nonsense'
	keys Enter
	sees 'nonsense'
	keys o C-u
	keys -l 'pid,sym'
	keys Enter
	sees 'Pid:Command +Symbol'
	keys q
	ends_with 0
}

test_code_is_annotated_under_the_cursor() {
	needs_terminal
	needs_events
	a_recording
	terminal 120 30 "$evprof report --no-children -S twice"
	sees 'twice'
	keys a
	sees '^Source of twice'
	expect_out 'two_functions\.c'
	"$evprof" --version | grep -q 'capstone: in' && {
		keys s
		sees '^Instructions of twice'
		expect_out 'Address  Instruction|[0-9a-f]{3,}: +[a-z]+ ' # its head, or the hottest part
	}
	keys q
	sees 'Overhead'
	keys C-c
	ends_with 0
}

test_samples_of_a_time_are_read_from_the_recording_again() {
	needs_terminal
	needs_events
	a_recording
	terminal 100 30 "$evprof report"
	sees '^Quality: [0-9,]+ samples'
	all=$(sed -n 's/.*Quality: \([0-9,]*\) samples.*/\1/p' out | tr -d ,)
	keys T
	keys -l '0%-40%'
	keys Enter
	sees '^\[time 0%-40%\] Quality'
	some=$(sed -n 's/.*Quality: \([0-9,]*\) samples.*/\1/p' out | tr -d ,)
	expect_between "$some" 1 $((all - 1)) "samples of a part of the time"
	keys T C-u
	keys -l 'when'
	keys Enter
	sees '--time takes START,STOP'
	sees '^\[time 0%-40%\] Quality'
	keys q
	ends_with 0
}

test_screens_change_their_size() {
	needs_terminal
	needs_events
	a_recording
	terminal 80 24 "$evprof report --no-children"
	sees 'Overhead'
	tmux_here resize-window -x 1 -y 1
	sees_no_more 'Overhead'
	keys Down Down Up
	tmux_here resize-window -x 300 -y 100
	sees 'Overhead  Command'
	tmux_here resize-window -x 30 -y 3
	sees_no_more 'Overhead'
	sees '\+ '
	tmux_here resize-window -x 80 -y 24
	sees 'Overhead  Command'
	keys q
	ends_with 0
}

test_a_screen_of_one_character_can_be_left() {
	needs_terminal
	needs_events
	a_recording
	terminal 1 1 "$evprof report"
	tmux_here resize-window -x 1 -y 1
	keys E '?' q q
	ends_with 0
}

test_without_a_locale_screens_are_ascii() {
	needs_terminal
	needs_events
	cp "$specimens/two_functions" 'zwei-größe'
	run record -q -e cpu-clock ./zwei-größe 60
	[ "$status" = 0 ] || fail "recording failed with status $status"
	terminal_locale=C terminal 100 24 "$evprof report"
	sees 'zwei-gr'
	LC_ALL=C grep -q "$(printf '[\200-\377]')" out && fail "there is more than ASCII on the screen"
	keys q
	ends_with 0
}

test_hostile_names_do_nothing_to_the_terminal() {
	needs_terminal
	needs_events
	cp "$specimens/two_functions" "$(printf 'a\033]0;evil\007\033[2J\033[31mb')"
	run record -q -e cpu-clock "$(printf './a\033]0;evil\007\033[2J\033[31mb')" 60
	[ "$status" = 0 ] || fail "recording failed with status $status"
	terminal 140 24 "$evprof report -s dso"
	sees '\\x1b\]0;evil'
	expect_out '^evprof report'
	keys q
	ends_with 0
}

test_no_terminal_or_a_dumb_one_gets_text() {
	needs_terminal
	needs_events
	a_recording
	run report
	expect_status 0
	expect_out '^# Overhead|^# Children'
	terminal_name=dumb terminal 100 50 "$evprof report; $evprof report --stdio --percent-limit 30"
	sees 'Tip:'
	ends_with 0
	refuse_out 'q quit'
	tmux_here capture-pane -p -e >out
	has_not out "$(printf '\033')\\[[0-9;]*3[1-7]"
}

test_colours_obey_no_color() {
	needs_terminal
	needs_events
	a_recording
	for want in '' 1; do
		rm -f ended
		socket=$want # a server that is leaving takes no sessions
		terminal_name=screen-256color terminal 100 24 "${want:+NO_COLOR=1 }$evprof report --no-children"
		sees 'twice'
		tmux_here capture-pane -p -e >out
		if [ "$want" ]; then
			has_not out "$(printf '\033')\\[[0-9;]*3[1-7]"
		else
			has out "$(printf '\033')\\[[0-9;]*31m"
		fi
		keys q
		ends_with 0
		tmux_here kill-server
	done
}

# ---- other files ---------------------------------------------------------------------------------

test_what_is_shown_is_written() {
	needs_terminal
	needs_events
	a_recording
	terminal 110 40 "$evprof report --no-children"
	sees 'Overhead'
	keys P
	sees 'written: perf\.hist\.0'
	keys P
	sees 'written: perf\.hist\.1'
	keys r
	sees 'one line per stack'
	keys Down Enter
	sees 'written: perf\.folded'
	keys r Enter
	sees 'samples one by one'
	expect_out 'two_functions +[0-9]+ '
	keys q a
	sees '^Source of twice'
	keys P
	sees 'written: twice\.annotation'
	keys q q
	ends_with 0
	has perf.hist.0 '^evprof report: perf\.data  cpu-clock'
	has perf.hist.1 '\[\.\] twice'
	has perf.folded 'main;twice [0-9]+$'
	has twice.annotation 'two_functions\.c'
	run report -q --format folded
	cmp -s out perf.folded || fail "perf.folded is not what evprof report --format folded prints"
}

test_another_form_that_fails_says_why() {
	needs_terminal
	needs_events
	a_recording
	terminal 110 40 "$evprof report --no-children"
	sees 'Overhead'
	rm perf.data
	keys r Down Enter
	sees 'perf\.data'
	keys q
	ends_with 0
	refuse_file perf.folded
}

test_a_recording_without_what_was_sorted_by_is_shown_all_the_same() {
	needs_terminal
	needs_root
	needs_events
	a_recording
	run record -q -e sched:sched_switch -c 1 -o switches.data sleep 0.1
	[ "$status" = 0 ] || skip "no tracepoint can be sampled here"
	terminal 110 24 "$evprof report -i switches.data -s prev_comm"
	sees 'prev_comm'
	keys s
	sees 'perf\.data'
	keys Enter
	sees '^evprof report: perf\.data  cpu-clock'
	sees 'Command +Shared Object +Symbol'
	keys d
	sees '^\[dso=two_functions\]'
	keys q
	ends_with 0
}

# ---- comparisons ---------------------------------------------------------------------------------

test_a_comparison_on_a_terminal_is_moved_in() {
	needs_terminal
	needs_events
	a_recording
	cp perf.data new.data
	terminal 110 24 "$evprof diff perf.data new.data"
	sees '^evprof diff: perf\.data new\.data  cpu-clock'
	keys A
	sees '^\+ ~ .*\[\.\] twice'
	keys Enter
	sees '% +main  two_functions'
	keys a
	sees '^Function: twice \(two_functions\)$'
	expect_out '^Self: [0-9.]+% of old cpu-clock, [0-9.]+% of new cpu-clock'
	sees '^ +Line # .*% old .*% new +Change  Source|^ +Line # .*Self old .*Self new +Change  Source'
	expect_out '^ +[0-9]+ +([0-9.]+% +){2,4}0\.00  '
	keys s
	sees '^Instructions in new\.data'
	sees '^Function: twice \(two_functions\)'
	expect_out '^ +[0-9]+ .* +[0-9a-f]+: +[a-z]+'
	keys s
	sees '^ +Line # '
	keys q T
	keys -l '0%-50%'
	keys Enter
	sees '^\[time 0%-50%\]'
	keys o C-u
	keys -l 'addr'
	keys Enter
	sees 'these keys are of one recording'
	sees '\[time 0%-50%\]'
	keys r Enter
	sees 'the comparison as text'
	keys q r Down Enter
	sees 'written: perf\.html'
	keys q
	ends_with 0
	expect_file perf.html
	mv ended ended.before
	terminal 110 24 "$evprof report --no-children -i perf.data -i new.data"
	sees '\[\.\] twice'
	keys a
	sees '^Source of twice'
	sees '^ +Line # +Samples +cpu-clock .*  Source'
	keys q q
	ends_with 0
}

test_comparisons_are_text_where_they_are_not_looked_at() {
	needs_terminal
	needs_events
	a_recording
	cp perf.data new.data
	run diff perf.data new.data
	expect_out '^# No row differs by more than chance'
	terminal_name=dumb terminal 110 50 "$evprof diff perf.data new.data; $evprof diff --format text perf.data new.data"
	sees 'Benjamini'
	ends_with 0
	refuse_out 'Enter expand'
	rm ended
	socket=2
	terminal 110 50 "$evprof diff --stdio perf.data new.data"
	sees 'No row differs'
	ends_with 0
	refuse_out 'Enter expand'
}

# ---- how far long work is ------------------------------------------------------------------------

test_long_work_says_so_on_a_terminal_only() {
	needs_terminal
	mkfifo late.folded
	terminal 100 20 "cat late.folded | $evprof import -"
	sees 'reading the profile: [0-9]+ s'
	echo 'main;work 12' >late.folded
	ends_with 0
	sees 'written to perf\.data'
	refuse_out 'reading the profile'
	rm ended
	socket=2
	terminal 100 20 "cat late.folded | $evprof import - 2>said"
	sleep 1.5
	echo 'main;work 12' >late.folded
	ends_with 0
	has_not said 'reading the profile'
}

# ---- top -----------------------------------------------------------------------------------------

test_top_of_a_command_prints_tables_and_ends_with_it() {
	needs_events
	run top --batch -d 0.2 -e cpu-clock -E 5 "$specimens/two_functions" 600
	expect_status 0
	expect_out '^evprof top  cpu-clock  [0-9,]+ samples'
	expect_out 'evprof [0-9.]+% of a CPU'
	expect_out '^Quality: '
	expect_out '\[\.\] twice'
	expect_out 'it has ended'
	expect_empty err
}

test_top_without_a_terminal_prints_as_many_tables_as_asked() {
	needs_events
	start_target "$specimens/two_functions" 60000
	run top -d 0.1 --refreshes 3 -e cpu-clock -n -p "$target"
	expect_status 0
	expect_equal "$(grep -c '^evprof top ' out)" 3 "tables"
	expect_out 'Overhead +Samples'
}

test_top_knows_every_function_of_the_kernel() {
	needs_root
	needs_events
	[ -r /proc/kallsyms ] && grep -q ' T _text$' /proc/kallsyms || skip "no kernel symbols are shown here"
	run top --batch -d 30 -e cpu-clock -U -E 8000 -s sym "$examples/pagefaults" 300
	expect_status 0
	expect_out '\[k\] [a-z_]'
	refuse_out '\[k\] 0x'
}

test_top_refuses_what_it_cannot_do() {
	for delay in 0 86401; do
		run top -d $delay --batch
		expect_status 129
		expect_err '-d takes seconds, from 0\.05 to 86400'
	done
	run top -K -U --batch
	expect_status 129
	run top -s nonsense --batch
	expect_status 129
	expect_err 'nonsense'
	run top --call-graph bpf --batch
	expect_status 129
	expect_err 'fp .frame pointers., dwarf'
	needs_events
	run top --batch ./there-is-no-such-program
	expect_status 127
	run top --batch -p 4000000
	expect_failure
}

test_top_is_frozen_saved_and_left() {
	needs_terminal
	needs_events
	terminal 110 24 "$evprof top -g -d 0.2 -e cpu-clock $specimens/two_functions 60000"
	sees '^\+ .*main'
	keys Enter
	sees '^- .*%'
	keys f
	sees 'FROZEN'
	screen | sed -n '1s/ events .*//p' >before
	sleep 0.7
	screen | sed -n '1s/ events .*//p' >after
	cmp -s before after || fail "what is frozen has changed"
	keys f
	sees_no_more 'FROZEN'
	keys z
	sees 'zeroing'
	keys w
	sees 'samples were written to perf\.data'
	keys '?'
	sees 'move'
	keys NPage
	sees 'write what was sampled as a recording'
	keys End
	sees 'perf stops sampling; here only the screen stands still'
	keys q
	sees 'q quit'
	keys q
	ends_with 0
	run report --stdio --no-children
	expect_status 0
	expect_out 'twice'
	refuse_out '^# Partial'
	refuse_out '0 samples'
}

test_a_screen_that_is_asked_for_is_there_or_an_error() {
	needs_events
	run record -q -e cpu-clock "$specimens/two_functions" 20
	run report --tui
	expect_failure
	expect_err '^evprof report: --tui: input or output is no terminal'
	run report --stdio2
	expect_status 0
	expect_out 'twice'
}

test_long_help_is_broken_where_the_terminal_ends() {
	needs script
	script -qc true /dev/null </dev/null >/dev/null 2>err || skip "no terminal can be made: $(head -1 err)"
	script -qc "stty cols 60; '$evprof' record --help" /dev/null </dev/null 2>err | tr -d '\r' >out
	expect_out '^Sample events of a command, process or machine into a$'
	# Words that are longer than a line stay whole, and so do commands.
	expect_between "$(grep -v -e '^  evprof ' -e '^ *--' -e '^usage' -e '^  -' out | awk '{ if (length($0) > 60) n++ } END { print n + 0 }')" 0 0 "long lines"
}

test_top_stays_when_its_command_has_ended() {
	needs_terminal
	needs_events
	terminal 110 24 "$evprof top -d 0.1 -e cpu-clock $specimens/two_functions 100"
	sees 'it has ended'
	expect_out 'twice'
	keys a
	sees '^Source of'
	keys q q
	ends_with 0
}

run_tests "$@"
