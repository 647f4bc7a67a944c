#!/bin/sh
# evprof report: known programs in known proportion, formats, filters, damaged files.
. "$(dirname "$0")/harness.sh"

event=cpu-clock
record() {
	run record -q -e $event "$@"
	[ "$status" = 0 ] || fail "recording failed with status $status"
}
needs_compiler() { # $compiler for a program made by the test
	compiler=${1:-gcc}
	needs "$compiler"
}

# ---- functions and shares ------------------------------------------------------------------------

test_two_functions_stand_in_their_proportion() {
	record -F 2000 "$specimens/two_functions" 250
	run report --format json
	expect_status 0
	expect_between "$(symbol_percent twice)" 60 73 "share of twice"
	expect_between "$(symbol_percent once)" 27 40 "share of once"
}

test_threads_stand_in_their_proportion() {
	record -F 2000 "$specimens/two_threads" 150
	run report --format json -s comm
	share=$(json out "100 * sum(r['period'] for r in j['rows'] if r['comm'] == 'three-parts') / sum(r['period'] for r in j['rows'])")
	expect_between "$share" 67 82 "share of three-parts"
}

test_the_hot_function_of_the_example_is_insertion_sort() {
	record "$examples/sorts" -r 300
	run report
	expect_status 0
	grep -E '^ +[0-9.]+% ' out | head -1 >first
	has first 'insertion_sort'
	has first '\[\.\]'
}

test_libraries_and_the_kernel_have_their_functions() {
	record "$examples/pagefaults" 300
	run report --format json
	expect_out '"libc\.so|"first_touch"|"ld-linux'
	[ "$(id -u)" = 0 ] || skip "kernel functions need root"
	expect_between "$(json out "sum(1 for r in j['rows'] if 'kernel' in r['object'] and not r['symbol'].startswith('0x'))")" \
		3 1e6 "kernel functions with a name"
}

test_cxx_names_are_demangled() {
	needs_compiler g++
	cat >work.cc <<-'END'
		#include <vector>
		namespace shop {
		template <typename T> class Till {
		public:
			__attribute__((noinline)) T add(T x, int n) { for (int i = 0; i < n; i++) { x = x * 3 + 1; asm volatile("" : "+r"(x)); } return x; }
		};
		}
		int main() { shop::Till<long> till; volatile long s = 0; for (int i = 0; i < 300; i++) s = till.add(s, 1000000); }
	END
	g++ -O2 -g -o work work.cc 2>err || fail "g++ failed"
	record ./work
	run report
	expect_out 'shop::Till<long>::add'
	refuse_out '_ZN4shop'
	run report --no-demangle
	expect_out '_ZN4shop'
}

test_symbols_survive_the_deletion_of_the_binary() {
	cp "$specimens/two_functions" gone
	record ./gone 100
	rm gone
	run report --format json
	expect_between "$(symbol_percent twice)" 50 80 "share of twice"
}

test_symbols_survive_the_rebuilding_of_the_binary() {
	needs_compiler
	cp "$specimens/two_functions" program
	record ./program 100
	rm program
	gcc -O1 -g -o program "$root/tests/specimens/deep.c" || fail "gcc failed"
	run report --format json
	expect_between "$(symbol_percent twice)" 50 80 "share of twice"
	refuse_out '"descend"'
}

test_a_stripped_binary_is_reported_and_named_as_the_trouble() {
	needs strip
	cp "$specimens/two_functions" bare
	strip bare
	record ./bare 100
	run report
	expect_status 0
	expect_out '0x[0-9a-f]+|\[unknown\]'
	cat out err >both
	has both 'bare'
	has both '[Uu]nresolved|no symbols|stripped|resolved'
}

test_position_dependent_and_static_programs_have_their_functions() {
	needs_compiler
	for flags in '-no-pie' '-static' '-static-pie'; do
		# shellcheck disable=SC2086
		gcc -O1 -g $flags -o program "$root/tests/specimens/two_functions.c" 2>/dev/null || continue
		record ./program 60
		run report --format json
		expect_between "$(symbol_percent twice)" 45 85 "share of twice with $flags"
	done
}

# ---- call graphs ---------------------------------------------------------------------------------

test_children_hold_what_they_call() {
	record -g "$specimens/deep" 100
	run report --children -g none
	expect_out 'Children'
	run report --no-children --format json
	expect_between "$(symbol_percent bottom)" 90 100 "self share of bottom"
	run report --children --format json
	share=$(json out "100 * max([r['children_period'] for r in j['rows'] if r['symbol'] == 'descend'] or [0]) / sum(r['period'] for r in j['rows'])")
	# 200 calls deep, counted once per stack.
	expect_between "$share" 90 100.1 "share of descend with its children"
}

test_the_call_graph_shows_the_callers() {
	record -g "$specimens/deep" 100
	run report -g caller --children
	expect_status 0
	expect_out 'bottom'
	expect_out 'descend'
	expect_out '--'
	run report -g callee --no-children
	expect_out 'descend'
}

test_folded_stacks_run_from_the_root_to_the_leaf() {
	record -g "$specimens/two_functions" 100
	run report --format folded
	expect_status 0
	expect_out '^two_functions;(.*;)?main;twice [0-9]+$'
	has_not out '^[^ ]*$'
}

test_folded_stacks_show_inlined_functions_unless_told_not_to() {
	record -g "$specimens/inlined" 100
	run report --format folded
	expect_out ';main;outer;middle_\[i\];innermost_\[i\] [0-9]+$'
	run report --format folded --no-inline
	expect_out ';main;outer [0-9]+$'
	refuse_out 'innermost'
}

test_copied_stacks_are_unwound_without_frame_pointers() {
	needs_perf
	perf record -q -e cpu-clock --call-graph dwarf -o perf.data "$specimens/no_frame_pointers" 100 >/dev/null 2>&1 ||
		skip "perf can not copy stacks here"
	run report --format folded
	expect_status 0
	expect_out ';main;outer;inner [0-9]+$'
	run report -g caller
	expect_out '[0-9.]+% complete stacks'
	run report --format json
	expect_equal "$(json out 'j["quality"]["truncated_stacks"] < j["quality"]["samples"] / 10')" True "most stacks are complete"
}

test_copied_stacks_that_end_early_are_told_with_the_reason() {
	needs_perf
	perf record -q -e cpu-clock --call-graph dwarf,512 -o perf.data "$specimens/deep" 50 >/dev/null 2>&1 ||
		skip "perf can not copy stacks here"
	run report -g caller
	expect_status 0
	expect_out '^# Stacks: [0-9.]+% are deeper than the copy of the stack'
}

test_asking_for_chains_of_a_recording_without_says_so() {
	record --no-call-graph "$specimens/two_functions" 20
	run report -g caller
	cat out err >both
	has both 'call (chain|graph|stack)s?|-g'
}

# ---- the table -----------------------------------------------------------------------------------

test_the_table_has_perfs_shape() {
	record "$specimens/two_functions" 50
	run report
	expect_out "^# Samples: [0-9]+K? +of event '$event"
	expect_out '^# Event count \(approx\.\): [0-9]+'
	expect_out '^# Overhead +Command +Shared Object +Symbol'
	expect_out '^ +[0-9]+\.[0-9][0-9]% +two_functions +two_functions +\[\.\] twice'
	# What became of single stacks differs from run to run.
	grep '^#' out | grep -v '(Tip:' | sed 's/\.\.\.*/../g; s/\([0-9]\)K /\1 /; s/\(complete (unwound)\)[;,].*/\1/' >head
	snapshot report-head head
}

test_stacks_that_are_not_looked_at_are_told() {
	record -g "$specimens/two_functions" 50
	for option in '' --no-children; do
		# shellcheck disable=SC2086 # no word where there is none
		run report $option
		expect_out '^# Quality: .*, stacks are there \(-g shows them\)'
		expect_out '^# Stacks: [0-9.]+% complete \(unwound\)'
		expect_out '^# Overhead '
		expect_out '^# \(Tip: .*evprof report -g\)'
		refuse_out 'evprof record -g'
	done
	for option in -g --children; do
		run report $option
		expect_out 'complete stacks'
		expect_out '^# Children +Self '
		refuse_out 'are there'
	done
}

test_the_quality_line_stands_in_every_report() {
	record -g "$specimens/two_functions" 50
	run report
	cat out err >both
	has both '[Ll]ost'
	has both '[Rr]esolved'
	run report --format json
	for key in samples lost unresolved truncated_stacks; do
		expect_between "$(json out "j['quality']['$key']")" 0 1e9 "quality.$key"
	done
}

test_sort_keys_are_the_columns() {
	record "$specimens/two_functions" 50
	run report -s dso
	expect_out '^# Overhead +Shared Object *$'
	refuse_out 'twice'
	run report -s pid,symbol
	expect_out 'twice'
	run report --sort nosuch
	expect_failure
	expect_err 'nosuch'
	expect_err 'sym'
}

test_samples_and_periods_are_columns_when_asked() {
	record "$specimens/two_functions" 50
	run report -n
	expect_out '^# Overhead +Samples'
	run report --show-total-period
	expect_out 'Period'
	run report -F overhead,sample,sym
	expect_out 'twice'
	refuse_out 'Shared Object'
}

test_a_field_separator_replaces_the_padding() {
	record "$specimens/two_functions" 50
	run report -t ,
	expect_out '^[0-9]+\.[0-9]+%?,two_functions,two_functions,\[\.\] twice$'
}

test_rows_below_the_limit_are_left_out() {
	record "$specimens/two_functions" 150
	run report --percent-limit 50
	expect_out 'twice'
	refuse_out '\] once'
}

test_filters_choose_samples() {
	record "$specimens/two_threads" 60
	run report --comms three-parts -s comm --format json
	refuse_out 'one-part'
	run report --symbols part --format json
	expect_equal "$(json out "sorted(set(r['symbol'] for r in j['rows']))")" "['part']" "symbols"
	run report --dsos two_threads -s dso --format json
	expect_equal "$(json out "sorted(set(r['object'] for r in j['rows']))")" "['two_threads']" "objects"
	run report --pid 1 --format json
	expect_equal "$(json out "len(j['rows'])")" 0 "rows of another process"
	run report --pid 1 --stdio
	expect_out '^# No row: nothing passes'
	run report --stdio
	refuse_out 'No row'
	run report -C 4000
	cat out err >both
	has_not both 'Sanitizer'
}

test_a_slice_of_time_holds_a_part_of_the_samples() {
	record "$specimens/two_functions" 200
	run report --format json
	all=$(json out "j['quality']['samples']")
	run report --time 10%-50% --format json
	expect_status 0
	expect_between "$(json out "sum(r['samples'] for r in j['rows'])")" $((all / 5)) $((all * 7 / 10)) "samples of a slice ($all in all)"
}

test_several_events_stand_one_after_another_or_side_by_side() {
	run record -q -e cpu-clock,page-faults "$examples/pagefaults" 200
	run report
	expect_out "of event 'cpu-clock"
	expect_out "of event 'page-faults"
	run report --group
	expect_status 0
	expect_out 'first_touch'
}

test_the_header_is_that_of_perf_line_by_line() {
	needs_perf
	needs_events
	run record -k mono -e '{cpu-clock,page-faults}' -z "$examples/sorts" -n 2000
	expect_file perf.data
	for option in --header-only '--header-only -I'; do
		# shellcheck disable=SC2086
		run report $option
		expect_status 0
		# Only evprof leaves notes; perf has its own way with the clock's resolution.
		grep -vE '^# (note|clock resolution) ' out >ours
		# shellcheck disable=SC2086
		perf report $option 2>err | grep -v '^# clockid frequency' >theirs
		expect_empty err
		diff theirs ours >difference || fail "differs from perf's with $option: $(head -5 difference)"
	done
}

test_the_header_is_perfs() {
	record true
	run report --header-only
	expect_out '^# hostname : '
	expect_out '^# arch : '
	expect_out '^# cmdline : '
	refuse_out 'Overhead'
	run report --header
	expect_out '^# hostname : '
	expect_out 'Overhead'
}

# ---- machine-readable ----------------------------------------------------------------------------

test_json_has_the_promised_keys() {
	record -g "$specimens/two_functions" 100
	run report --format json -s comm,pid,dso,symbol
	expect_status 0
	expect_json out
	for key in event comm pid object symbol samples period children_period; do
		expect_equal "$(json out "all('$key' in r for r in j['rows'])")" True "rows have $key"
	done
	for key in name samples period; do
		expect_equal "$(json out "'$key' in j['events'][0]")" True "events have $key"
	done
	expect_equal "$(json out "sum(r['samples'] for r in j['rows']) == j['events'][0]['samples']")" True "samples add up"
	expect_equal "$(json out "sum(r['period'] for r in j['rows']) == j['events'][0]['period']")" True "periods add up"
}

test_names_with_terminal_escapes_are_harmless() {
	record "$specimens/strange_name" 100
	run report
	expect_status 0
	has_not out "$(printf '\033')"
	has_not err "$(printf '\033')"
	expect_out 'red'
	run report --format folded
	has_not out "$(printf '\033')"
	run report --format json
	expect_json out
}

test_an_unknown_format_is_named_with_the_choices() {
	record true
	run report --format nosuch
	expect_failure
	expect_err 'nosuch'
	expect_err 'folded'
}

# ---- damaged files -------------------------------------------------------------------------------

test_a_missing_file_says_how_to_make_one() {
	run report
	expect_failure
	expect_err 'perf.data'
	expect_err 'record'
	expect_empty out
}

test_what_is_no_recording_is_refused() {
	echo 'no recording at all, but text of some length' >text
	run report -i text
	expect_failure
	expect_err 'text'
	: >nothing
	run report -i nothing
	expect_failure
	run report -i .
	expect_failure
	run report -i "$evprof"
	expect_failure
}

test_a_truncated_file_is_reported_as_partial() {
	record -g -F 2000 "$specimens/two_functions" 150
	size=$(stat -c %s perf.data)
	for share in 90 60 40; do
		head -c $((size * share / 100)) perf.data >part.data
		run report -i part.data
		[ "$status" -le 1 ] || fail "exit status $status at $share %"
		cat out err >both
		has both '[Pp]artial'
		expect_out "of event '$event"
	done
}

# One of the answers, whatever the bytes: a report, or one sentence.
answers() { # FILE NAME: what is answered as JSON stands in json-NAME, to be looked at together
	LIMIT_S=20 run report -i "$1" --format json
	case $status in
	0) mv out "json-$2" ;;
	1 | 125) has err '^evprof report: ' ;;
	*) fail "exit status $status" ;;
	esac
	refuse_err 'Sanitizer|runtime error|Segmentation'
}

test_every_kind_of_prefix_gets_an_answer() {
	record -g "$specimens/two_functions" 10
	size=$(stat -c %s perf.data)
	for at in 1 7 8 16 50 103 104 105 $(seq 120 $((size / 40 + 1)) "$size"); do
		head -c "$at" perf.data >part.data
		answers part.data "$at"
	done
	expect_json json-*
}

test_flipped_bytes_get_an_answer() {
	record -g "$specimens/two_functions" 10
	python3 - <<-'END' || fail "no damaged files"
		import random
		random.seed(7)
		good = open("perf.data", "rb").read()
		places = list(range(8, 104, 3)) + [random.randrange(len(good)) for _ in range(60)]
		for number, place in enumerate(places):
		    bad = bytearray(good)
		    bad[place] ^= random.choice([1, 0x80, 0xff])
		    open(f"flip{number}", "wb").write(bad)
	END
	for file in flip*; do answers "$file" "$file"; done
	expect_json json-*
}

test_recordings_of_others_open() {
	[ -d "${EV_CASES:-}" ] || skip "EV_CASES names no folder of recordings"
	for folder in "$EV_CASES"/*/; do
		[ -f "$folder/perf.data" ] || continue
		LIMIT_S=60 run report -i "$folder/perf.data" --format json
		[ "$status" -le 1 ] || fail "exit status $status for $folder"
		if [ "$status" = 0 ]; then mv out "json-$(basename "$folder")"; else has err '^evprof report: '; fi
	done
	expect_json json-*
}

run_tests "$@"
