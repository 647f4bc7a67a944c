# shellcheck shell=sh disable=SC2154
# Formats of other programs, read by these programs.
# shellcheck source=tests/cli/harness.sh
. "$(dirname "$0")/harness.sh"

needs_reader() {
	command -v "$1" >/dev/null 2>&1 || skip "$1 is not installed ($2)"
}
record_sorts() {
	run record -q -o p.data -e cpu-clock "$examples/sorts"
	expect_status 0
}
# export FORMAT FILE
export_as() {
	run report -i p.data --format "$1" -o "$2"
	expect_status 0
}
# What evprof's own JSON says: the samples of a symbol, or all of them without one.
own() {
	run report -i p.data --format json -s sym --no-inline
	python3 - "$1" <<-'END'
	import json, sys
	report = json.load(open("out"))
	if sys.argv[1]:
	    print(sum(row[sys.argv[2] if len(sys.argv) > 2 else "period"] for row in report["rows"] if row["symbol"] == sys.argv[1]))
	else:
	    print(sum(event["period"] for event in report["events"]))
	END
}

test_go_tool_pprof_sees_the_same_totals() {
	needs_reader go golang-go
	record_sorts
	export_as pprof p.pb.gz
	expect_err 'pprof has no place for addresses'
	last='go tool pprof'
	HOME=$PWD go tool pprof -top -unit=ns p.pb.gz >top 2>err || fail 'pprof does not take it'
	grep -q '^Type: cpu-clock' top || fail 'pprof does not know the event'
	total=$(own '')
	grep -q "Total samples = .*\|of ${total}ns total" top || fail "the total is not $total"
	grep -q "of ${total}ns total" top || fail "the total is not $total"
	for function in insertion_sort quicksort_inplace; do
		theirs=$(awk -v f=$function '$6 == f { sub("ns", "", $1); print $1 }' top)
		[ "$theirs" = "$(own $function)" ] || fail "$function has $theirs in pprof"
	done
	HOME=$PWD go tool pprof -raw p.pb.gz >raw 2>err || fail 'pprof does not print it'
	grep -q 'comm:\[sorts\]' raw || fail 'threads have no names'
	grep -q 'insertion_sort.*sorts\.c:[1-9]' raw || fail 'functions have no lines'
}

test_callgrind_annotate_sees_the_same_totals() {
	needs_reader callgrind_annotate valgrind
	record_sorts
	export_as callgrind callgrind.out
	last=callgrind_annotate
	callgrind_annotate --auto=no callgrind.out >flat 2>err || fail 'it is not taken'
	[ -s err ] && fail 'it is not all understood'
	tr -d , <flat >plain
	grep -q "^$(own '') (100.0%)  PROGRAM TOTALS" plain || fail 'the total is another'
	theirs=$(awk '/:insertion_sort / { print $1 }' plain)
	[ "$theirs" = "$(own insertion_sort)" ] || fail "insertion_sort has $theirs"
	callgrind_annotate --inclusive=yes --auto=no callgrind.out 2>err | tr -d , >inclusive
	theirs=$(awk '/:quicksort / { print $1 }' inclusive)
	run report -i p.data --format json -s sym
	ours=$(python3 -c 'import json; print(sum(r["children_period"] for r in json.load(open("out"))["rows"] if r["symbol"] == "quicksort"))')
	[ "$theirs" = "$ours" ] || fail "quicksort and what it calls have $theirs, not $ours"
}

test_graphviz_draws_the_graph() {
	needs_reader dot graphviz
	record_sorts
	export_as dot p.dot
	dot -Tsvg p.dot >graph.svg 2>err || fail 'graphviz does not take it'
	grep -q 'insertion_sort' graph.svg || fail 'a function is missing'
}

test_the_picture_and_the_lists_are_well_formed() {
	record_sorts
	export_as flamegraph p.svg
	export_as speedscope p.json
	export_as csv p.csv
	last='readers of XML, JSON and CSV'
	python3 - "$(own '')" >out 2>err <<-'END' || fail 'a reader refuses'
	import csv, json, sys, xml.dom.minidom
	total = int(sys.argv[1])
	titles = [t.firstChild.data for t in xml.dom.minidom.parse("p.svg").getElementsByTagName("title")]
	assert any(t.startswith("insertion_sort (sorts): ") for t in titles), titles[:9]
	scope = json.load(open("p.json"))
	assert scope["$schema"] == "https://www.speedscope.app/file-format-schema.json"
	(profile,) = scope["profiles"]
	assert profile["endValue"] == sum(profile["weights"]) == total
	assert profile["unit"] == "nanoseconds" and len(profile["samples"]) == len(profile["weights"])
	frames = scope["shared"]["frames"]
	assert all(0 <= f < len(frames) for stack in profile["samples"] for f in stack)
	assert any(frames[stack[-1]]["name"] == "insertion_sort" for stack in profile["samples"])
	rows = list(csv.DictReader(open("p.csv", newline="")))
	assert sum(int(row["period"]) for row in rows) == total
	END
}

test_several_recordings_become_one() {
	record_sorts
	cp p.data q.data
	for format in pprof callgrind speedscope flamegraph html dot csv; do
		run report --format $format -o out.$format p.data q.data
		expect_status 0
		[ -s out.$format ] || fail "$format is empty"
	done
}

run_tests "$@"
