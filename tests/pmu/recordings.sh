#!/bin/sh
# Recordings of another architecture, made inside `make check-pmu` and read here: evprof must show
# the rows that it showed there, and perf must read them. EV_RECORDINGS is their folder, EV_GUEST
# the other machine's files, EV_MACHINE what it calls itself.
. "$(dirname "$0")/../cli/harness.sh"

test_reports_have_the_rows_that_they_had_there() {
	count=0
	for file in "$EV_RECORDINGS"/*.data; do
		run report -i "$file" --format json
		expect_status 0
		json out "j['rows']" >here
		json "${file%.data}.json" "j['rows']" >there
		cmp -s here there || { diff here there | cut -c 1-2000 >err; fail "$(basename "$file") is reported otherwise"; }
		[ "$(json out "len(j['rows'])")" -gt 0 ] || fail "$(basename "$file") has no rows"
		count=$((count + 1))
	done
	[ "$count" -ge 2 ] || fail "only $count recordings came back"
}

test_headers_tell_the_other_machine() {
	for file in "$EV_RECORDINGS"/*.data; do
		run report -i "$file" --header-only
		expect_status 0
		expect_out "arch : $EV_MACHINE\$"
		expect_out 'cmdline : .*/evprof record '
		expect_out 'event : name = '
	done
}

# Nothing here has the other machine's programs where the recordings say that they are.
test_functions_and_the_kernel_keep_their_names() {
	for file in "$EV_RECORDINGS"/*.data; do
		run report -i "$file" --stdio
		expect_out '\[[.k]\] [a-z_]'
		run report -i "$file" --format json
		named=$(json out "sum(r['samples'] for r in j['rows'] if not r['symbol'].startswith('['))")
		[ $((100 * named)) -ge $((95 * $(json out "j['quality']['samples']"))) ] ||
			fail "$(basename "$file"): only $named samples have a name"
	done
}

test_perf_reads_them() {
	needs_perf
	for file in "$EV_RECORDINGS"/*.data; do
		run_command perf report -i "$file" --symfs "$EV_GUEST" --stdio
		expect_status 0
		refuse_err 'failed to process|incompatible|corrupt|truncated'
	done
}

test_perf_counts_the_same_samples_of_functions() {
	needs_perf
	[ "$EV_MACHINE" != riscv64 ] || skip "perf takes RISC-V's marks of instruction sets for functions"
	functions='^(once|twice|read_pages|write_pages|change) '
	for file in "$EV_RECORDINGS"/*.data; do
		# perf shows a sample of a group once for each of its events.
		case $file in */group.data) continue ;; esac
		run report -i "$file" --stdio -n -t ';' -q --no-children -g none --sort sym
		expect_status 0
		awk -F';' 'NF == 3 { gsub(/^\[.\] */, "", $3); print $3, $2 }' out | grep -E "$functions" |
			sort >evprof.rows
		run_command perf script -i "$file" --symfs "$EV_GUEST" -G -F ip,sym
		expect_status 0
		awk 'NF == 2 { print $2 }' out | sort | uniq -c | awk '{ print $2, $1 }' |
			grep -E "$functions" | sort >perf.rows
		cmp -s evprof.rows perf.rows ||
			{ diff evprof.rows perf.rows >err; fail "$(basename "$file"): perf counts otherwise"; }
	done
}

run_tests "$@"
