#!/bin/sh
# report --json-schema says what report --format json prints, whatever was asked for.
# shellcheck source=tests/cli/harness.sh
. "$(dirname "$0")/harness.sh"

# documents: of options, each into a file of its own
document() {
	count=$((${count:-0} + 1))
	run report --format json -o document.$count "$@"
	expect_status 0
}
expect_valid() {
	last='schema.py'
	python3 "$here/schema.py" schema document.* >out 2>err || fail 'the schema is not kept'
}

test_all_that_reports_print_keeps_the_schema() {
	run report --json-schema
	expect_status 0
	expect_empty err
	mv out schema
	expect_json schema
	run record -q -o p.data --sample-cpu -e "{cpu-clock,page-faults}:S" "$specimens/two_threads"
	expect_status 0
	cp p.data q.data
	document -i p.data
	document -i p.data -g
	document -i p.data --ci -s comm,pid,tid,cpu,dso,sym,time,srcline,host,recording
	document -i p.data --ratio page-faults/cpu-clock
	document -i p.data --no-children --filter sym=nothing
	mkdir other && cp p.data other/q.data
	run record -q -o r.data -e cpu-clock "$specimens/two_functions"
	document p.data r.data
	printf 'main;a (x.py:3) 3\nmain;b\n' >f.folded
	run import -q -o i.data f.folded
	document -i i.data -s srcline,sym
	expect_valid
	grep -q ratios document.4 || fail 'no ratio was looked at'
	grep -q share_low document.3 || fail 'no interval was looked at'
	grep -q recordings document.6 || fail 'no several recordings were looked at'
}

test_a_document_of_another_shape_is_found_out() {
	run report --json-schema
	mv out schema
	printf 'main 3\n' >f.folded
	run import -q -o i.data f.folded
	document -i i.data
	sed 's/"samples": 3/"samples": "3"/' document.1 >document.2
	sed 's/"keys"/"locks"/' document.1 >document.3
	for number in 2 3; do
		if python3 "$here/schema.py" schema document.$number >out 2>err; then
			fail "document.$number is taken"
		fi
	done
	python3 "$here/schema.py" schema document.1 >out 2>err || fail 'the sound one is refused'
}

run_tests "$@"
