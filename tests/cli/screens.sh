#!/bin/sh
# Whole screens of the browser, as they stand in snapshots/screens: of recordings made from text, so
# that every number of them is the same everywhere.
. "$(dirname "$0")/harness.sh"
. "$(dirname "$0")/terminal_harness.sh"

stacks() {
	cat <<-'E'
		start;main;quick_sort;partition 4000
		start;main;quick_sort;quick_sort;partition 2500
		start;main;quick_sort;swap 700
		start;main;read_numbers;parse_number 1500
		start;main;read_numbers;read;sys_read_[k] 600
		start;main;größe_prüfen 300
		start;main;print_numbers;write;sys_write_[k] 250
		start;main 150
	E
}
# The same program, made quicker in one place and slower in another.
later_stacks() {
	stacks | sed -e 's/partition 4000/partition 2000/' -e 's/parse_number 1500/parse_number 2500/' \
		-e '/;swap /d'
	echo 'start;main;read_numbers;check 500'
}
the_recordings() {
	needs_terminal
	stacks >stacks.folded
	later_stacks >later.folded
	for made in stacks:perf.data later:later.data; do
		run import -q -o "${made#*:}" "${made%:*}.folded"
		expect_status 0
	done
}
leave() {
	keys C-c
	ends_with 0
}

test_a_report() {
	the_recordings
	terminal 100 24 "$evprof report"
	screen_is report
	keys Down Down e
	screen_is report-expanded
	keys V
	screen_is report-verbose
	keys C /
	keys -l sort
	screen_is report-filtering
	keys Enter
	screen_is report-filtered
	keys Left m
	screen_is report-menu
	keys q r
	screen_is report-forms
	keys q d
	screen_is report-zoomed
	keys Left k
	screen_is report-kernel
	keys Left o C-u
	keys -l dso,sym
	screen_is report-sorting
	keys Enter
	screen_is report-sorted
	keys G
	screen_is report-inwards
	keys H
	screen_is report-without-titles
	leave
}

test_another_recording_is_shown() {
	the_recordings
	terminal 100 16 "$evprof report"
	sees 'Children'
	keys s
	screen_is recordings
	keys Enter
	screen_is recordings-other
	leave
}

test_help_is_told() {
	the_recordings
	terminal 110 70 "$evprof report"
	sees 'Children'
	keys '?'
	screen_is report-help
	leave
}

test_keys_without_a_meaning_say_so() {
	the_recordings
	terminal 90 12 "$evprof report"
	sees 'Children'
	for key in x z w 7; do
		keys $key
		screen_is "report-key-$key"
	done
	leave
}

test_code_of_no_source() {
	the_recordings
	terminal 100 12 "$evprof report --no-children"
	sees 'Overhead'
	keys a
	screen_is code
	keys t
	screen_is code-key-t
	keys '>'
	screen_is code-next
	leave
}

test_sizes() {
	the_recordings
	terminal 100 24 "$evprof report"
	sees 'Children'
	keys E
	tmux_here resize-window -x 300 -y 100
	screen_is size-300x100
	tmux_here resize-window -x 40 -y 7
	screen_is size-40x7
	tmux_here resize-window -x 12 -y 3
	screen_is size-12x3
	# What tmux shows of a single cell that ncurses writes by inserting is not always the cell.
	tmux_here resize-window -x 1 -y 1
	keys Down
	sleep 0.3
	keys Up
	tmux_here resize-window -x 100 -y 24
	screen_is size-100x24
	leave
}

test_without_a_locale() {
	the_recordings
	terminal_locale=C terminal 100 24 "$evprof report"
	screen_is ascii-report
	keys q
	ends_with 0
}

test_a_comparison() {
	the_recordings
	terminal 100 24 "$evprof diff perf.data later.data"
	screen_is diff
	keys Enter
	screen_is diff-expanded
	keys A
	screen_is diff-all
	keys c
	screen_is diff-grown
	keys c
	screen_is diff-ratio
	keys c p
	screen_is diff-periods
	keys p 0
	screen_is diff-by-baseline
	keys 1 /
	keys -l pars
	screen_is diff-filtering
	keys Enter a
	screen_is diff-code
	keys q Left s
	screen_is diff-key-s
	keys m
	screen_is diff-menu
	keys q o C-u
	keys -l dso
	keys Enter
	screen_is diff-by-object
	tmux_here resize-window -x 1 -y 1
	screen_is diff-1x1
	tmux_here resize-window -x 300 -y 100
	screen_is diff-300x100
	leave
}

test_a_comparison_of_stacks() {
	the_recordings
	terminal 100 12 "$evprof diff --by stack perf.data later.data"
	screen_is diff-stacks
	keys Down /
	keys -l check
	screen_is diff-stacks-filtering
	leave
}

test_a_comparison_of_three() {
	the_recordings
	terminal 120 14 "$evprof diff perf.data later.data perf.data"
	screen_is diff-three
	keys 2 Down Enter
	screen_is diff-three-expanded
	leave
}

test_a_comparison_without_a_locale() {
	the_recordings
	terminal_locale=C terminal 100 14 "$evprof diff --all perf.data later.data"
	screen_is ascii-diff
	leave
}

run_tests "$@"
