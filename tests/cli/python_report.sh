#!/bin/sh
# Python in recordings: rows, stacks, exports and lines of a recording made to measure.
# shellcheck shell=sh disable=SC2034,SC2154
. "$(dirname "$0")/harness.sh"

# make_toy [CONFIG]: a program of 12 lines and a recording of it, p.data; see python_recording.py.
make_toy() {
	cat >toy.py <<-'END'
		def outer():
		    work = Work()
		    return work.inner()

		class Work:
		    def inner(self):
		        total = sum(range(100))
		        self.speed(total)
		        self.more()

		# nothing
		outer()
	END
	PYTHONDONTWRITEBYTECODE=1 python3 "$here/python_recording.py" p.data "$PWD/toy.py" "$@" ||
		fail "the recording could not be made"
}

test_functions_are_rows_by_name_file_and_first_line() {
	make_toy
	run report -i p.data --no-children
	expect_status 0
	expect_out '30\.00%  python3  \[python\] +\[\.\] Work\.inner \(toy\.py:6\)'
	expect_out '10\.00%  python3  \[python\] +\[\.\] far \(lib\.py:100\)'
	expect_out '20\.00%  python3  speed\.so '
	run report -i p.data --sort srcline
	expect_out '30\.00%  toy\.py:7'
	expect_out '10\.00%  lib\.py:170'
	run report -i p.data --no-children -S Work.inner
	expect_out 'Work\.inner \(toy\.py:6\)'
	refuse_out 'far'
}

test_only_python_counts_what_is_below_a_line_as_its() {
	make_toy
	run report -i p.data --python only -F overhead_children,overhead,sym
	expect_status 0
	expect_out '70\.00% +70\.00% .* Work\.inner'
	expect_out '85\.00% +5\.00%  \[\.\] outer'
	expect_out '85\.00% +0\.00%  \[\.\] <module>'
	expect_out '15\.00% +15\.00%  \[\.\] \[native\]'
	expect_out '100\.0% resolved, 100\.0% complete stacks'
	refuse_out 'kernel|speed'
	run report -i p.data --python only --sort srcline --no-children
	expect_out '30\.00%  toy\.py:8'
}

test_without_python_the_interpreter_is_one_frame() {
	make_toy
	run report -i p.data --python off --format folded
	expect_status 0
	expect_equal "$(grep -c 'toy\.py' out)" 0
	expect_out '^python3;[^;]*;\[python\] 35$'
	expect_out '^python3;[^;]*;\[python\];[^;]*;\[python\] 10$'
	run report -i p.data --python sideways
	expect_status 129
	expect_err 'merged, only or off'
}

test_a_recording_without_python_says_how_it_gets_some() {
	PYTHONPATH=$here PYTHONDONTWRITEBYTECODE=1 python3 - <<-'END'
		from made_recording import CONTEXT_USER, Recording
		r = Recording()
		r.comm(7, 7, "p")
		r.sample(7, 7, [CONTEXT_USER, 0x400100])
		r.write("p.data")
	END
	for verb in report script annotate; do
		run $verb -i p.data --python only
		expect_failure
		expect_err 'no Python functions.*evprof record python3'
		run $verb -i p.data --python merged
		expect_status 0
	done
}

test_every_export_has_python_frames() {
	make_toy
	run report -i p.data --format folded
	expect_out '^python3;.*;<module> \(toy\.py:1\);outer \(toy\.py:1\);Work\.inner \(toy\.py:6\) 30$'
	run report -i p.data --format json --sort sym
	expect_json out
	expect_equal "$(json out "[(r['python'], r['file'], r['line'], r['samples']) for r in j['rows'] if r['symbol'].startswith('far')]")" \
		"[(True, '/elsewhere/lib.py', 100, 10)]"
	expect_equal "$(json out "[r['symbol'] for r in j['rows'] if 'python' in r and not r['file']]")" "[]"
	for format in pprof-text speedscope callgrind flamegraph html dot csv; do
		run report -i p.data --format $format
		expect_status 0
		expect_out 'Work\.inner'
	done
	run report -i p.data --format flamegraph
	expect_out 'class="p"'
}

test_script_shows_python_frames_and_lines() {
	make_toy
	run script -i p.data -F ip,sym,dso,srcline
	expect_status 0
	expect_out ' Work\.inner \(toy\.py:6\) \(\[python\]\)$'
	expect_out '^  toy\.py:8$'
	run script -i p.data --python only -F ip,sym
	expect_status 0
	expect_equal "$(grep -c 'Work.inner' out)" 70
	expect_equal "$(grep -c '\[native\]' out)" 15
	refuse_out 'unknown'
}

test_perf_opens_the_file() {
	needs_perf
	make_toy
	perf report -i p.data --stdio >out 2>err </dev/null
	expect_out '30\.00%.*python3.*\[python\]'
}

# cell LINE COLUMNS…: the words of a line of toy.py in the table in the file out
line_cells() { awk -v line="$1" '$1 == line { for (i = 2; i <= NF && $i ~ /^[0-9.%,]+$/; i++) printf "%s ", $i; exit }' out; }

test_lines_of_a_file_have_shares_of_python_native_and_system() {
	make_toy
	run annotate -i p.data toy.py
	expect_status 0
	expect_out '^  Line #  Samples  Time \(ms\)  Children   % Time   Python   Native   System  Line Contents$'
	expect_out '^Self: 75\.00% of cpu-clock.* \(Python 35\.00%, native 20\.00%, system 20\.00%\)$'
	expect_equal "$(line_cells 7)" '30 0.0 35.29% 35.29% 35.29% '
	expect_equal "$(line_cells 8)" '30 0.0 35.29% 35.29% 23.53% 11.76% '
	expect_equal "$(line_cells 9)" '10 0.0 11.76% 11.76% 11.76% '
	expect_equal "$(line_cells 3)" '5 0.0 100.00% 5.88% 5.88% '
	expect_out '^      12 .*100\.00% .*  outer\(\)$'
	# the program is elsewhere, or gone
	rm toy.py
	run annotate -i p.data toy.py
	expect_status 0
	expect_out '# source not found'
	expect_equal "$(line_cells 7)" '30 0.0 35.29% 35.29% 35.29% '
}

test_lines_of_a_function_add_up_to_it() {
	make_toy
	run annotate -i p.data --json -l inner
	expect_status 0
	expect_json out
	expect_equal "$(json out "[s['function'] for s in j['sections']]")" "['Work.inner (toy.py:6)']"
	for part in self native system; do
		expect_equal "$(json out "[sum(l['$part'][0]['samples'] for l in s['lines']) == s['$part'][0]['samples'] > 0 for s in j['sections']]")" "[True]"
	done
	expect_equal "$(json out "[(s['first'], s['last'], s['python']) for s in j['sections']]")" "[(6, 9, True)]"
	for word in Work.inner 'Work.*' 'Work.inner (toy.py:6)'; do
		run annotate -i p.data "$word"
		expect_status 0
		expect_out '^Function: Work\.inner \(toy\.py:6\)$'
	done
}

test_the_hottest_functions_are_pythons_and_nothing_counts_twice_in_what_is_left() {
	make_toy
	run annotate -i p.data --python only
	expect_status 0
	expect_equal "$(grep '^Function: ' out | tr '\n' ' ')" \
		'Function: Work.inner (toy.py:6) Function: far (lib.py:100) Function: outer (toy.py:1) '
	run annotate -i p.data
	expect_out '# 15\.00% in 2 functions without source lines'
	run annotate -i p.data --python off
	refuse_out 'Function: '
}

test_page_faults_are_the_memory_that_lines_took() {
	make_toy 2
	run annotate -i p.data toy.py
	expect_status 0
	expect_out '# Memory is an estimate, page faults .* 4 KiB'
	expect_out '  Mem usage  Increment  Line Contents$'
	expect_out '^ +7 .* 0\.12 MiB   0\.12 MiB .*total = sum'
	expect_out '^ +8 .* 0\.23 MiB   0\.12 MiB .*self\.speed'
	expect_out '^ +9 .* 0\.27 MiB   0\.04 MiB .*self\.more'
	expect_out '^ +3 .* 0\.33 MiB   0\.33 MiB .*return work'
	run annotate -i p.data --no-children toy.py
	expect_status 0
	refuse_out 'Children'
	expect_out '^ +8 .* 0\.23 MiB   0\.12 MiB .*self\.speed'
	make_toy
	run annotate -i p.data toy.py
	refuse_out 'Mem usage'
}

test_a_source_that_was_changed_since_is_told() {
	make_toy
	touch -d '2 hours' toy.py
	run annotate -i p.data toy.py inner
	expect_status 0
	expect_equal "$(grep -c 'source is newer than the recording' out)" 2
	touch -d '2 hours ago' toy.py
	run annotate -i p.data toy.py inner
	refuse_out 'newer'
}

test_python_has_no_instructions_and_says_so() {
	make_toy
	run annotate -i p.data --asm inner
	expect_status 0
	expect_out '# no instructions: lines of Python are no machine code'
}

test_a_whole_function_is_shown_by_its_indentation() {
	make_toy
	run annotate -i p.data --all outer
	expect_status 0
	expect_equal "$(awk '$1 ~ /^[0-9]+$/ { print $1 }' out | tr '\n' ' ')" '1 2 3 '
}

test_a_line_that_takes_memory_has_its_page_faults_and_the_peak_is_told() {
	needs_root
	grep -q '\[always\]' /sys/kernel/mm/transparent_hugepage/enabled 2>/dev/null &&
		skip 'memory comes in huge pages here'
	cat >mem.py <<-'END'
		def grow():
		    return bytearray(b"x") * (32 << 20)

		def other():
		    return sum(range(1000))

		kept = grow()
		other()
	END
	run record -e page-faults -c 1 -o p.data python3 mem.py
	expect_status 0
	grep -q 'Python: frames of' err || skip 'no Python frames can be recorded here'
	run annotate -i p.data --json mem.py
	expect_status 0
	line="sum(l['self'][0]['period'] + l['native'][0]['period'] + l['system'][0]['period'] for s in j['sections'] for l in s['lines'] if l['line'] == 2)"
	# 8192 pages; what a loaded machine lost is missing
	expect_between "$(json out "$line")" 4096 8400 'the page faults of the line'
	run annotate -i p.data mem.py
	expect_out '# Peak RSS of the program.*[0-9]{5} KiB'
	expect_out '^ +2 .* MiB .*return bytearray'
}

run_tests "$@"
