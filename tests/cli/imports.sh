#!/bin/sh
# Profiles of other profilers become recordings: by their real files where there are the programs.
# shellcheck source=tests/cli/harness.sh
. "$(dirname "$0")/harness.sh"

record_sorts() {
	run record -q -o own.data -e cpu-clock "$examples/sorts" -r 300
	expect_status 0
	run report -q -i own.data --format folded
	sort out >own.folded
}
# imported FILE [OPTION…]: into in.data, without a complaint
imported() {
	run import -o in.data "$@"
	expect_status 0
	expect_err 'samples, written to in.data'
}
# The stacks of in.data are those that were recorded.
expect_own_stacks() {
	run report -q -i in.data --format folded
	sort out >in.folded
	diff own.folded in.folded >difference || fail "stacks differ: $(head -5 difference)"
}

test_own_exports_come_back_as_they_were() {
	record_sorts
	imported own.folded --comm
	expect_err 'folded stacks'
	expect_own_stacks
	run report -q -i own.data --format pprof -o own.pb.gz
	imported own.pb.gz
	expect_err 'a pprof profile'
	expect_own_stacks
	run script -i own.data
	mv out own.txt
	imported own.txt
	expect_err 'the text of perf script'
	expect_own_stacks
	run report -i in.data -s pid,tid --format json
	expect_equal "$(json out "j['rows'][0]['period'] == sum(r['period'] for r in j['rows'])")" True 'one thread'
}

test_what_perf_script_prints_is_read() {
	needs_perf
	record_sorts
	perf script -i own.data -F +pid >perf.txt 2>said || skip 'this perf does not print it'
	imported perf.txt
	run report -q -i own.data --no-children --no-inline -s comm,dso,sym --format csv
	# perf cuts nothing and names versions; functions without one are the same
	grep -E 'insertion_sort|quicksort' out | sort >expected
	run report -q -i in.data --no-children --no-inline -s comm,dso,sym --format csv
	grep -E 'insertion_sort|quicksort' out | sort >got
	expect_file got
	diff expected got >difference || fail "functions differ: $(head -5 difference)"
}

test_a_profile_of_go_has_its_totals_and_lines() {
	needs go
	cat >work.go <<-'END'
		package main

		import (
			"os"
			"runtime/pprof"
			"time"
		)

		var sink int

		func spin() {
			for end := time.Now().Add(400 * time.Millisecond); time.Now().Before(end); {
				for i := 0; i < 100000; i++ {
					sink += i * i
				}
			}
		}

		func main() {
			file, _ := os.Create("go.pb.gz")
			pprof.StartCPUProfile(file)
			spin()
			pprof.StopCPUProfile()
			file.Close()
		}
	END
	HOME=$PWD GOFLAGS=-buildvcs=false go build -o work work.go 2>err || skip "go does not build here"
	./work
	HOME=$PWD go tool pprof -raw go.pb.gz >raw 2>err || skip "go tool pprof does not run here"
	theirs=$(sed -n '/^Samples:/,/^Locations/p' raw | awk '$2 ~ /:$/ { s += $2 } END { print s + 0 }')
	[ "$theirs" -gt 0 ] || skip "go took no sample"
	imported go.pb.gz
	run report -i in.data --format json
	expect_equal "$(json out "j['events'][0]['period']")" "$theirs" 'the total'
	expect_equal "$(json out "j['events'][0]['name']")" cpu 'the event'
	run annotate -i in.data main.spin
	expect_status 0
	expect_out 'sink \+= i \* i'
}

test_every_view_serves_an_imported_profile() {
	cat >py.folded <<-'END'
		<module> (app.py:9);load (app.py:2);parse (app.py:4) 30
		<module> (app.py:9);load (app.py:3) 12
		<module> (app.py:9) 8
	END
	printf 'import json\ndef load():\n    a = 1\n    parse = a\n\n\n\n\nload()\n' >app.py
	imported py.folded
	for format in text folded json csv pprof callgrind speedscope flamegraph html dot; do
		run report -q -i in.data --format $format -o out.$format
		expect_status 0
		expect_file out.$format
	done
	run report -g -i in.data
	expect_out 'load'
	run annotate -i in.data parse
	expect_out 'parse = a'
	sed 's/ 30$/ 60/' py.folded >later.folded
	run import -q -o later.data later.folded
	expect_empty err
	run diff --format json in.data later.data
	expect_status 0
	run script -i in.data
	expect_out 'samples:'
	run report -i in.data
	expect_out '^# Quality: 50 samples, 100.0% resolved, imported'
	expect_out '^# Note: folded stacks tell no addresses'
}

test_hostile_names_stay_text() {
	printf '%s\n' 'a b;<script>alert(1)</script>;"q" 3' 'λ::ö<T, U>;\\;'"'"'x 4' >f.folded
	printf 'a;\033[31mred;\302\205;\342\200\256rtl 5\n' >>f.folded
	imported f.folded
	run report -i in.data -g
	expect_status 0
	expect_out 'script'
	LC_ALL=C grep -q "$(printf '\033')" out && fail 'an escape reaches the terminal'
	run report -i in.data --format json
	expect_json out
	expect_equal "$(json out "sum(e['period'] for e in j['events'])")" 12 'the total'
	json out "sorted(r['symbol'] for r in j['rows'])" >names
	has names "<script>alert\(1\)</script>"
}

test_damage_is_told_and_what_was_before_it_is_kept() {
	printf 'main;a 3\nmain;b\nmain;c 4\n' >f.folded
	run import -o in.data f.folded
	expect_status 1
	expect_err "in part only: line 2 has no whole number"
	run report -i in.data
	expect_out '^# Partial: line 2'
	expect_out '^# Quality: 7 samples'
	seq 1 2000 | sed 's/.*/main;f&;g& &/' >many.folded
	run import -q -o many.data many.folded
	run report -q -i many.data --format pprof -o many.pb.gz
	head -c 4000 many.pb.gz >cut.pb.gz
	run import -o cut.data cut.pb.gz
	expect_status 1
	expect_err 'ends early'
}

test_what_cannot_be_imported_is_an_error() {
	printf 'To be, or not to be\n' >text
	run import -o in.data text
	expect_status 1
	expect_err "'text': it is neither folded stacks"
	refuse_file in.data
	: >empty
	run import empty
	expect_status 1
	run import nowhere
	expect_status 1
	expect_err "cannot read 'nowhere'"
	run import
	expect_status 129
	run import --format nonsense text
	expect_status 129
	expect_err 'folded, script and pprof'
}

test_a_verb_that_gets_such_a_file_says_how_to_import_it() {
	printf 'main;a 3\n' >f.folded
	run report -i f.folded
	expect_status 1
	expect_err "'f.folded' is no recording but folded stacks; make one of it with: evprof import f.folded"
	run annotate -i f.folded
	expect_err 'evprof import f.folded'
}

test_stdin_is_read_too() {
	printf 'main;a 3\n' | "$evprof" import -q -o in.data - 2>err || fail 'it is refused'
	run report -q -i in.data --format folded
	expect_out 'main;a 3$'
}

# What another program is still writing, through a pipe or a name (as of <(perf script)).
test_a_slow_writer_is_waited_for() {
	mkfifo slow
	(sleep 0.2 && printf 'main;a 3\n') | "$evprof" import -q -o in.data - 2>err || fail 'stdin is refused'
	(sleep 0.2 && printf 'main;b 3\n') >slow &
	"$evprof" import -q -o named.data slow 2>err || fail 'a fifo is refused'
	run report -q -i named.data --format folded
	expect_out 'main;b 3$'
}

run_tests "$@"
