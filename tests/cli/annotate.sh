#!/bin/sh
# evprof annotate: known programs, whose lines have known shares; sources and programs that are gone,
# changed or not to be trusted; eu-addr2line and perf as peers.
# shellcheck disable=SC2154
. "$(dirname "$0")/harness.sh"

record() {
	run record -q --no-call-graph -e cpu-clock "$@"
	[ "$status" = 0 ] || fail "recording failed with status $status"
}
needs_capstone() {
	"$evprof" --version | grep -q 'capstone: in' || skip "built without capstone"
}
# A program of one hot line, compiled here so that its source is here too.
hot_program() {
	needs gcc
	cat >hot.c <<-'END'
		#include <stdlib.h>
		__attribute__((noinline)) static unsigned long work(unsigned long x, long n)
		{
			for (long i = 0; i < n; i++) {
				x = x * 31 + 7;
				__asm__ volatile("" : "+r"(x));
			}
			return x;
		}
		int main(int argc, char **argv)
		{
			return work(1, argc > 1 ? atol(argv[1]) : 100000000) == 0;
		}
	END
	CCACHE_DISABLE=1 gcc -O1 -g -fno-omit-frame-pointer -Wl,--build-id -o hot hot.c 2>err || fail "gcc failed"
}
templates() {
	needs g++
	cp "$root/tests/specimens/templates.cpp" .
	CCACHE_DISABLE=1 g++ -O1 -g -fno-omit-frame-pointer -o templates templates.cpp 2>err || fail "g++ failed"
}
# Every function's lines add up to it, and its machine code to what the report says.
adds_up() { # ANNOTATION REPORT
	python3 - "$@" <<-'END' || fail "lines do not add up"
		import collections, json, sys
		a, r = (json.load(open(name)) for name in sys.argv[1:3])
		events = [e['name'] for e in a['events']]
		report = collections.Counter()
		for row in r['rows']:
		    report[row['object'], row['symbol'], events.index(row['event'])] += row['period']
		code, own = collections.Counter(), 0
		for s in a['sections']:
		    for e in range(len(events)):
		        for measure in 'self', 'inlined':
		            for unit in 'samples', 'period':
		                assert sum(l[measure][e][unit] for l in s['lines']) == s[measure][e][unit], s['function']
		        assert s['self'][e]['period'] <= s['inlined'][e]['period'] <= s['called'][e]['period'], s['function']
		        own += s['self'][e]['period']
		        for i in s.get('code', []):
		            code[s['object'], s['function'], e] += i['weight'][e]['period']
		assert code or own == sum(e['period'] for e in a['events']), (own, a['events'])
		for key, period in code.items():
		    assert period == report[key], (key, period, report[key])
	END
}

# ---- what is shown -------------------------------------------------------------------------------

test_the_hottest_function_is_shown_with_its_hot_lines() {
	hot_program
	record -F 2000 ./hot
	run annotate
	expect_status 0
	expect_out '^Function: work \(hot\) at line 2$'
	expect_out '^File: .*/hot\.c$'
	expect_out '^  Line #  Samples +cpu-clock +% +Source$'
	expect_out '^ +2 +__attribute__'
	expect_out '^ +[45] +[0-9]+ +[0-9,]+ +[0-9.]+%  +'
	expect_equal "$(grep -m1 '^Function' out)" "Function: work (hot) at line 2"
}

test_lines_of_every_function_add_up_to_it_exactly() {
	needs_capstone
	templates
	record -g -F 2000 ./templates 300
	run annotate --asm --json --percent-limit 0 --no-children
	expect_status 0
	expect_json out
	mv out annotation
	run report --no-children --sort dso,sym --format json
	mv out report
	adds_up annotation report
	run annotate --json --percent-limit 0
	mv out annotation
	adds_up annotation report
}

test_what_was_inlined_is_told_with_its_shares() {
	templates
	record -F 2000 ./templates 2500
	run annotate scramble
	expect_out '^Function: scramble<long( int)?> \(templates\)'
	expect_out '^Inlined into: forward [5-9][0-9.]+%, backward [1-4][0-9.]+%$'
	expect_out 'value = value \* 3 \+ by;'
	expect_out 'inlined into forward [0-9.]+%, backward [0-9.]+%'
	run annotate forward
	expect_out '^With what is inlined there: '
	expect_out 'inlined here: scramble<long( int)?> 100\.0%'
	run annotate --no-inline forward
	expect_out 'value = value \* 3'
	refuse_out 'Inlined into|inlined here'
}

test_instances_of_a_template_share_the_lines_of_a_file() {
	templates
	record -F 2000 ./templates 300
	run annotate Till::add
	expect_out '^Function: shop::Till<long>::add '
	expect_out '^Function: shop::Till<int>::add '
	run annotate templates.cpp
	expect_out '^ +1 +// Templates'
	expect_out 'int main\('
	expect_out 'in shop::Till<(long|int)>::add [0-9.]+%, shop::Till<(long|int)>::add [0-9.]+%'
}

test_callees_are_in_a_column_of_their_own() {
	record -g "$specimens/deep" 100
	run annotate descend
	expect_out '  Children +Self  Source$'
	# 200 calls deep, counted once per stack.
	run annotate --json descend
	share=$(json out "100 * max(l['called'][0]['period'] for l in j['sections'][0]['lines']) / j['events'][0]['period']")
	expect_between "$share" 85 100.1 "share of the line that calls"
	run annotate --no-children bottom
	refuse_out 'Children'
}

test_events_stand_side_by_side() {
	hot_program
	run record -q --no-call-graph -e cpu-clock,task-clock -F 1000 ./hot
	expect_status 0
	run annotate
	expect_out '^  Line # +cpu-clock +% +task-clock +%  Source$'
	expect_out '^Self: [0-9.]+% of cpu-clock, [0-9.]+% of task-clock$'
	run annotate -e task-clock
	expect_out '^  Line #  Samples +task-clock +%  Source$'
	run annotate -e cycles
	expect_failure
	expect_err "no sample is of an event 'cycles'; the recording has: cpu-clock, task-clock"
}

test_lines_have_ratios_of_events_that_were_counted_together() {
	run record -q --no-call-graph -e '{task-clock,page-faults}:S' "$examples/pagefaults" 200
	[ "$status" = 0 ] || skip "this group can not be sampled here"
	run annotate first_touch
	expect_status 0
	expect_out '^  Line # .* page-faults/ms  Source$'
	run annotate --json first_touch
	expect_between "$(json out "max(r['value'] or 0 for l in j['sections'][0]['lines'] for r in l['ratios'])")" \
		1 1e9 "faults per ms of the line that touches pages"
}

test_functions_and_files_are_named_in_many_ways() {
	hot_program
	record ./hot
	for word in work 'wor*' hot.c ./hot.c "$PWD/hot.c" '*.c'; do
		run annotate "$word"
		expect_status 0
		expect_out 'x \* 31'
	done
	run annotate -l work -q
	expect_equal "$(head -1 out)" "Function: work (hot) at line 2"
	run annotate -s work
	expect_out '^Function: work '
	run annotate --symbol=hot.c
	expect_failure
	run annotate nothing_like_it
	expect_failure
	expect_err "no sample is in a function or source file 'nothing_like_it'; the hottest functions are work"
	run annotate -d no_such_object
	expect_status 0
	refuse_out '^Function'
}

# ---- instructions --------------------------------------------------------------------------------

test_instructions_stand_between_their_lines() {
	needs_capstone
	hot_program
	record -F 2000 ./hot
	run annotate --asm work
	expect_status 0
	expect_out '^ +Samples +cpu-clock +% +Address  Instruction$'
	expect_out 'hot\.c:5 +x = x \* 31 \+ 7;'
	expect_out '^ +[0-9]+ +[0-9,]+ +[0-9.]+% +.*[0-9a-f]+: '
	run annotate --asm --all -M intel --show-raw-insn work
	expect_status 0
	expect_out '[0-9a-f]+:  [0-9a-f]{2} .* ret'
	run annotate --asm -M else
	expect_status 129
	expect_err '-M takes intel or att'
}

test_lines_of_hot_addresses_are_those_of_eu_addr2line() {
	needs_capstone
	needs eu-addr2line
	templates
	record -F 4000 ./templates 300
	run annotate --asm --json --percent-limit 0 -d templates
	expect_status 0
	cat >compare.py <<-'END'
		import json, os, subprocess, sys
		j = json.load(open('out'))
		hot = {i['address']: [(os.path.basename(f['file'] or '?'), f['line'] or 0) for f in i['frames']]
		       for s in j['sections'] for i in s['code'] if i['weight'][0]['samples'] and i['frames'][0]['line']}
		assert len(hot) > 5, len(hot)
		for address, frames in hot.items():
		    text = subprocess.run(['eu-addr2line', '-i', '-e', 'templates', hex(address)],
		                          capture_output=True, text=True).stdout.split()
		    theirs = [(os.path.basename(t.split(':')[0]), int(t.split(':')[1])) for t in text if ':' in t]
		    assert frames == theirs, (hex(address), frames, theirs)
	END
	python3 compare.py >>err 2>&1 || fail "lines differ"
}

test_totals_of_functions_are_those_of_perf_annotate() {
	needs_perf
	needs objdump
	needs_capstone
	templates
	perf record -q -B -e cpu-clock -F 2000 -o perf.data ./templates 300 >/dev/null 2>&1 || skip "perf can not record here"
	perf annotate --stdio -i perf.data -n -d templates >theirs 2>/dev/null || skip "perf annotate does not work here"
	run annotate --asm --json --percent-limit 0 -d templates
	expect_status 0
	cat >compare.py <<-'END'
		import collections, json, re
		# "…	    12 :   1182:   sub …" of perf, whose sections name no function: by address.
		theirs = collections.Counter()
		for line in open('theirs', errors='replace'):
		    m = re.match(r'\s+(\d+)\s+:\s+([0-9a-f]+):\s', line)
		    if m:
		        theirs[int(m[2], 16)] += int(m[1])
		j = json.load(open('out'))
		ours, compared = collections.Counter(), 0
		for s in j['sections']:
		    a = sum(i['weight'][0]['samples'] for i in s['code'])
		    b = sum(theirs[i['address']] for i in s['code'])
		    if a < 20:
		        continue
		    compared += 1
		    assert a == b, (s['function'], a, b)
		assert compared >= 3, compared
	END
	python3 compare.py >>err 2>&1 || fail "totals differ from perf's"
}

test_code_that_changed_since_is_not_taken_apart() {
	needs_capstone
	hot_program
	record ./hot
	sed -i 's/31/33/' hot.c
	CCACHE_DISABLE=1 gcc -O1 -g -Wl,--build-id -o hot hot.c
	run annotate --asm work
	expect_status 0
	expect_out '^# no instructions: build-id differs: the file was rebuilt'
	refuse_out 'ret'
	rm hot
	run annotate --asm work
	expect_out '^# no instructions: file not found'
	# The lines were recorded.
	run annotate work
	expect_out 'x \* 33'
}

# ---- sources -------------------------------------------------------------------------------------

test_sources_that_moved_are_found_below_a_prefix() {
	hot_program
	record ./hot
	mkdir -p other/deep
	mv hot.c other/deep
	run annotate work
	expect_status 0
	expect_out "^# source not found: .*/hot\.c \(--prefix FOLDER names where sources are\)"
	expect_out '^ +[45] +[0-9]+ +[0-9,]+ +[0-9.]+%$'
	run annotate --prefix other/deep work
	expect_out 'x \* 31'
	run annotate --prefix other/deep --prefix-strip 0 work
	refuse_out 'x \* 31'
	run annotate --prefix nowhere work
	expect_status 129
	expect_err "cannot read 'nowhere'"
}

test_a_source_newer_than_the_program_is_told() {
	hot_program
	record ./hot
	touch -d '+1 hour' hot.c
	run annotate work
	expect_out '^# the source is newer than the program: lines may have moved since$'
}

test_a_pipe_in_the_place_of_a_source_is_not_opened() {
	hot_program
	record ./hot
	rm hot.c
	mkfifo hot.c
	LIMIT_S=20 run annotate work
	expect_status 0
	expect_out '^# source not a regular file: '
}

test_hostile_sources_are_escaped() {
	hot_program
	record ./hot
	printf '\033]0;gotcha\007\n%.0s' 1 2 3 4 5 6 7 8 9 >hot.c
	run annotate --all work
	expect_status 0
	expect_out '\\x1b\]0;gotcha\\x07'
	grep -q "$(printf '\033')" out && fail "an escape reached the terminal"
	head -c 3000000 /dev/urandom >hot.c
	run annotate --all work
	expect_status 0
	run annotate --json hot.c
	expect_json out
}

# ---- wrong use -----------------------------------------------------------------------------------

test_wrong_use_is_told() {
	run annotate -i nowhere.data
	expect_failure
	expect_err 'nowhere\.data'
	run annotate
	expect_failure
	expect_err 'there is no perf.data here; make one with: evprof record'
	run annotate --percent-type half
	expect_status 129
	expect_err '--percent-type is local-period'
	run annotate --min-percent 200
	expect_status 129
	run annotate --help
	expect_status 0
	expect_out 'evprof annotate --asm insertion_sort'
}

test_without_capstone_instructions_are_refused_with_the_cause() {
	"$evprof" --version | grep -q 'capstone: in' && skip "built with capstone"
	run annotate --asm
	expect_status 129
	expect_err 'built without capstone'
}

run_tests "$@"
