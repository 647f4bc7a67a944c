#!/bin/sh
# evprof diff and several recordings in one report: known programs whose proportions are changed.
. "$(dirname "$0")/harness.sh"

# balance LEFT RIGHT: spends its time in two functions in this proportion
make_balance() {
	needs gcc
	cat >balance.c <<-'END'
		#include <stdlib.h>
		static volatile long sum;
		__attribute__((noinline)) static void left(long n) { for (long i = 0; i < n; i++) sum += i; }
		__attribute__((noinline)) static void right(long n) { for (long i = 0; i < n; i++) sum -= i; }
		int main(int argc, char **argv) {
			for (int i = 0; i < 100; i++) {
				left(atol(argv[1]) * 10000);
				right(atol(argv[argc - 1]) * 10000);
			}
			return 0;
		}
	END
	gcc -O1 -g -fno-omit-frame-pointer -Wl,--build-id -o balance balance.c || fail "no balance"
}
record() { # FILE COMMAND…
	file=$1
	shift
	run record -q -e cpu-clock -F 2000 -g -o "$file" "$@"
	[ "$status" = 0 ] || fail "recording failed with status $status"
}
record_two() {
	make_balance
	record old.data ./balance 10 30
	record new.data ./balance 30 10
}
# change_of SYMBOL FIELD: of the row in the JSON in the file out
change_of() {
	json out "[r['changes'][0]['$2'] for r in j['events'][0]['rows'] if r.get('symbol') == '$1'][0]"
}

# ---- differences ---------------------------------------------------------------------------------

test_a_change_of_proportion_stands_out() {
	record_two
	run diff old.data new.data
	expect_status 0
	expect_out '^ +[+][0-9.]+% ±[0-9.]+% +[0-9.]+% +[0-9.]+% +balance +\[\.\] left$'
	expect_out '^ +-[0-9.]+% ±[0-9.]+% +[0-9.]+% +[0-9.]+% +balance +\[\.\] right$'
	run diff old.data new.data --format json
	expect_json out
	expect_between "$(change_of left value)" 0.3 0.7 "what left gained"
	expect_equal "$(change_of left stands_out)" True
	expect_between "$(change_of left high)" "$(change_of left value)" 1 "the upper end"
	expect_equal "$(json out "j['measure']")" share
}

test_an_event_that_only_one_recording_has_is_not_compared() {
	run record -q -c 1 -e page-faults -o faults.data true
	run record -q -c 1 -e minor-faults -o minor.data true
	run record -q -c 1 -e page-faults,minor-faults -o both.data true
	run diff faults.data minor.data
	expect_status 1
	expect_empty out
	expect_err "^evprof diff: nothing to compare: no event is in both recordings, 'faults\.data' is of page-faults and 'minor\.data' of minor-faults$"
	run diff both.data faults.data
	expect_status 0
	expect_out '^#  New: faults\.data, [1-9][0-9,]* samples'
	expect_out '^# Note: nothing to compare: it was not recorded in faults\.data$'
	expect_equal "$(grep -c 'more than chance' out)" 1 'compared events'
	run diff both.data faults.data --format json
	expect_json out
	expect_out 'nothing to compare: it was not recorded in faults\.data'
}

test_a_recording_does_not_differ_from_itself() {
	make_balance
	record one.data ./balance 10 10
	run diff one.data one.data
	expect_status 0
	expect_out 'No row differs by more than chance'
	run diff --all one.data one.data
	expect_out '^ ~ +[+]0\.00% ±[0-9.]+% .* left$'
	run diff --all -q one.data one.data
	refuse_out '^#'
}

test_the_last_two_recordings_are_the_default() {
	make_balance
	run diff
	expect_status 1
	expect_err 'perf\.data\.old.*evprof diff OLD NEW'
	record perf.data ./balance 10 30
	record perf.data ./balance 30 10
	run diff
	expect_status 0
	expect_out 'Old: perf\.data\.old,'
	expect_out ' left$'
	cp perf.data third.data
	run diff third.data
	expect_out 'Old: perf\.data\.old,'
	expect_out 'New: third\.data,'
}

test_lines_stacks_and_callers_are_compared() {
	record_two
	run diff --by line old.data new.data
	expect_out ' balance\.c:3 +\[\.\] left$'
	run diff --by stack old.data new.data
	expect_out 'main;left$'
	run diff --children -s sym old.data new.data
	expect_out ' left$'
	# As often as chance is told apart at all, a loaded machine has the object itself stand out.
	run diff --by object --all old.data new.data --format json
	expect_between "$(json out "[r['changes'][0]['value'] for r in j['events'][0]['rows'] if r.get('object') == 'balance'][0]")" \
		-0.2 0.2 "what the object gained"
}

test_weights_per_second_and_in_all_are_compared() {
	make_balance
	record old.data ./balance 10 10
	record new.data ./balance 10 40
	run diff --absolute=total old.data new.data --format json
	expect_between "$(change_of right value)" 1e6 1e12 "ns that right gained"
	expect_equal "$(change_of right stands_out)" True
	run diff --absolute --all old.data new.data
	expect_out 'Delta ms/s'
	run diff --absolute=never old.data new.data
	expect_status 129
	expect_err 'second.*run'
}

test_several_are_each_compared_with_the_first() {
	record_two
	cp old.data same.data
	run diff old.data same.data new.data -p
	expect_status 0
	expect_out 'New/2: new\.data'
	expect_out 'Delta/1 +± +Old +New/1 +Delta/2 +± +New/2'
	expect_out '[+]0\.00% .*[+][0-9.]+% .* left$'
	run diff -o 3 old.data same.data new.data
	expect_status 129
	expect_err '0 to 2'
}

test_what_only_one_has_is_new_or_gone() {
	make_balance
	record old.data ./balance 0 30
	record new.data ./balance 30 0
	run diff old.data new.data
	expect_out ' new +[0-9.]+% +balance +\[\.\] left$'
	expect_out '% +gone +balance +\[\.\] right$'
	run diff -b old.data new.data
	refuse_out ' left$'
	expect_out ' right$'
}

test_folded_stacks_have_both_counts() {
	record_two
	run diff --format folded old.data new.data
	expect_out '^balance;.*main;left [0-9]+ [0-9]+$'
	old=$(awk '{ sum += $(NF - 1) } END { print sum }' out)
	new=$(awk '{ sum += $NF } END { print sum }' out)
	run diff --format json old.data new.data
	expect_equal "$old $new" "$(json out "'%d %d' % tuple(t['samples'] for t in j['events'][0]['totals'])")" \
		"samples in folded lines"
}

test_filters_keys_and_separators_are_perfs() {
	record_two
	run diff -t, -d balance -S left -s dso,sym --percentage relative old.data new.data
	expect_status 0
	expect_equal "$(grep -vc '^#' out)" 1 "rows"
	expect_out '^~,[+]0\.00%,±[0-9.]+%,100\.00%,100\.00%,balance,\[\.\] left$'
	run diff -F -c wdiff:1,2 old.data new.data
	expect_out '\([0-9]+ \* 2\) - \([0-9]+ \* 1\)'
}

test_nonsense_is_refused_in_words() {
	make_balance
	record one.data ./balance 1 1
	run diff -c cycles one.data one.data
	expect_status 129
	expect_err 'branch stacks'
	run diff -c wdiff:0,x one.data one.data
	expect_status 129
	expect_err 'wdiff:1,2'
	run diff --by nothing one.data one.data
	expect_status 129
	expect_err 'function, line, stack'
	run diff one.data missing.data
	expect_status 1
	expect_err 'missing\.data'
	echo nonsense >bad.data
	run diff one.data bad.data --output kept
	expect_status 1
	refuse_file kept
}

# perf's own figures of the same two files.
test_deltas_ratios_and_weighted_differences_are_perfs() {
	needs_perf
	record_two
	for how in delta-abs ratio wdiff:1,2; do
		perf diff -c "$how" -t, old.data new.data >theirs 2>/dev/null || skip "this perf does not compare them"
		run diff -c "$how" --format json old.data new.data
		for function in left right; do
			# Baseline, figure, object, symbol, with blanks
			theirs=$(awk -F, -v name="$function" '$4 ~ ("\\] " name " *$") { gsub(/[ %+]/, "", $2); print $2 }' theirs)
			[ -n "$theirs" ] || skip "this perf has another layout"
			ours=$(change_of $function value)
			[ "$how" = delta-abs ] && ours=$(awk -v v="$ours" 'BEGIN { print 100 * v }')
			expect_between "$(awk -v a="$ours" -v b="$theirs" 'BEGIN { print a - b }')" -0.0051 0.0051 \
				"$how of $function less perf's"
		done
	done
}

# ---- several recordings in one report ------------------------------------------------------------

test_recordings_are_added_up_by_build_id() {
	make_balance
	mkdir elsewhere
	cp balance elsewhere/renamed
	record one.data ./balance 10 10
	record two.data elsewhere/renamed 10 10
	run report --format json -s dso,sym -i one.data -i two.data
	expect_status 0
	expect_equal "$(json out "len([r for r in j['rows'] if r['symbol'] == 'left'])")" 1 "rows of left"
	both=$(json out "j['quality']['samples']")
	expect_equal "$both" "$(json out "sum(r['samples'] for r in j['recordings'])")" "samples"
	run report one.data -s recording,sym two.data
	expect_out ' one\.data +\[\.\] left'
	expect_out ' two\.data +\[\.\] left'
	expect_out '#   one\.data .*samples'
	run report -s host --header one.data two.data
	expect_out '# recording : two\.data'
	expect_out " $(uname -n)\$"
}

test_a_recording_is_not_counted_twice() {
	make_balance
	record one.data ./balance 1 1
	ln one.data other.data
	run report one.data other.data
	expect_status 1
	expect_err 'same recording'
	run report one.data -
	expect_status 1
	expect_err 'stdin'
}

# ---- intervals -----------------------------------------------------------------------------------

test_shares_have_intervals_on_request() {
	make_balance
	record perf.data ./balance 10 30
	run report --ci --children
	expect_out '# Children +± +Self +± '
	expect_out '^ +[0-9.]+% +±[0-9.]+% +[0-9.]+% +±[0-9.]+% .* right$'
	run report --ci --children --format json
	expect_json out
	expect_equal "$(json out "[r['share_low'] < r['period'] / j['events'][0]['period'] < r['share_high'] for r in j['rows'] if r['symbol'] == 'right']")" \
		'[True]' "the interval holds the share"
	run report --format json
	refuse_out share_low
}

test_an_order_within_chance_is_said() {
	make_balance
	record perf.data ./balance 10 10
	# Two recordings of equal weight cannot be put in an order.
	cp perf.data twin.data
	run report --no-children -s recording perf.data twin.data
	expect_out '^# Ranking: the order of rows 1 and 2 \((perf|twin)\.data, (perf|twin)\.data\) is within chance\.$'
	run report --no-children -s dso # the first of them has nearly all
	refuse_out '^# Ranking.* rows? 1 '
	run report -q -s recording perf.data twin.data
	refuse_out 'Ranking'
}

run_tests "$@"
