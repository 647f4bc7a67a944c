#!/bin/sh
# RISC-V with counters that interrupt, for `make check-pmu`: misses of the address translation, which
# its emulator counts as they happen, land in the functions that cause them. Its clock is the host's,
# so that times and rates mean nothing here.
. "$(dirname "$0")/../cli/harness.sh"

pages=4096 rounds=2
rows() { # EVENT: the rows of a recording of it in the file out
	run record --no-call-graph -o rec.data -e "$1" -c 100 "$specimens/page_walks" $pages $rounds
	expect_status 0
	cp rec.data "$EV_KEEP/$1.data"
	"$evprof" report -i rec.data --format json -o "$EV_KEEP/$1.json"
	run report -i rec.data -n -t ';' -q --stdio --sort sym
	expect_status 0
}
samples() { awk -F';' -v f="$1" 'NF == 3 { gsub(/^\[.\] */, "", $3) } $3 == f { s += $2 } END { print s + 0 }' out; }
expected=$((pages * rounds / 100))

test_every_page_that_is_touched_is_a_miss() {
	run stat -x, -o counts -e dTLB-load-misses,dTLB-store-misses "$specimens/page_walks" $pages $rounds
	expect_status 0
	for row in 1 2; do
		expect_between "$(awk -F, -v n=$row 'NF > 3 && ++row == n { print $1 }' counts)" \
			$((pages * rounds)) 100000000 "misses of event $row"
	done
}

test_load_misses_land_in_the_function_that_reads() {
	rows dTLB-load-misses
	expect_between "$(samples read_pages)" $((expected - 4)) $((expected + 6)) 'samples in read_pages()'
	expect_between "$(samples write_pages)" 0 3 'samples in write_pages()'
}

test_store_misses_land_in_the_function_that_writes() {
	rows dTLB-store-misses
	expect_between "$(samples write_pages)" $((expected - 4)) $((expected + 6)) 'samples in write_pages()'
	expect_between "$(samples read_pages)" 0 3 'samples in read_pages()'
}

test_cycles_are_sampled_in_both_functions() {
	run record -o rec.data -e cycles -c 1000000 "$specimens/two_functions" 20
	expect_status 0
	run report -i rec.data -n -t ';' -q --stdio --sort sym
	[ "$(samples twice)" -gt "$(samples once)" ] || fail "$(samples twice) samples of twice(), $(samples once) of once()"
	expect_between "$(samples once)" 20 100000 'samples in once()'
}

test_the_list_says_what_is_counted_and_sampled() {
	run list hw cache
	expect_out 'cycles .*count,sample'
	expect_out 'dTLB-load-misses .*count,sample'
	expect_out 'cache-misses .*not here'
}

run_tests "$@"
