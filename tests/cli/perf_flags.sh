# shellcheck shell=sh disable=SC2154
# What perf's own habits bring: flags of perf record and report, and events beside one another.
# shellcheck source=tests/cli/harness.sh
. "$(dirname "$0")/harness.sh"

# ---- the event that only tells -------------------------------------------------------------------

test_an_event_that_only_tells_stands_in_no_group() {
	needs_events
	run record -q -o one.data -e task-clock "$specimens/faulting" 10
	expect_status 0
	run record -q -o two.data -e dummy,task-clock,dummy,page-faults "$specimens/faulting" 10
	expect_status 0
	run report --group -i one.data
	expect_status 0
	expect_out "of event 'task-clock(:u)?'"
	for options in '' --hierarchy '-n -t|' --children; do
		# shellcheck disable=SC2086 # the options are words
		run report --group -s comm $options -i two.data
		expect_status 0
		expect_out "of events 'task-clock(:u)?, page-faults(:u)?'"
	done
	run report --group -q -s comm -F overhead,sample,comm -t '|' -i two.data
	expect_equal "$(head -1 out | tr -cd '|' | wc -c)" 4 "separators of two events"
	run report --group -i one.data two.data
	expect_status 0
	refuse_out dummy
}

test_what_a_picture_lacks_is_only_said_of_what_there_is() {
	needs_events
	run record -q -o one.data -e task-clock "$specimens/faulting" 10
	run record -q -o two.data -e task-clock,page-faults "$specimens/faulting" 10
	expect_status 0
	for format in flamegraph dot chrome; do
		run report -i one.data --format $format -o picture
		expect_status 0
		refuse_err 'events other'
		run report -i two.data --format $format -o picture
		expect_err "$format has no place for .*events other than"
	done
}

# ---- what samples carry besides --------------------------------------------------------------------

# Samples by key, as perf and as evprof count them.
same_rows_as_perf() { # FILE KEY
	run report -q -n -t '|' -s "$2" -i "$1"
	expect_status 0
	grep '|' out | cut -d'|' -f2,3 | sed 's/ *$//' | sort >ours
	run_command perf report --stdio -q -n -t '|' -g none --no-children -s "$2" -i "$1"
	grep '|' out | cut -d'|' -f2,3 | sed -E 's/^ *//; s/ *\|/|/; s/ *$//' | sort >theirs
	[ -s ours ] || fail "no row of $2"
	diff theirs ours >difference || { cat difference; fail "perf has other rows of $2"; }
}

test_control_groups_are_recorded() {
	needs_root
	needs_events
	mount=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
	[ -n "$mount" ] || skip "no cgroup2 is mounted"
	group=$mount/evprof-flags-$$
	mkdir "$group" 2>/dev/null || skip "no control group can be made"
	trap 'rmdir "$group"' EXIT
	run record -q --all-cgroups --namespaces -e task-clock sh -c "echo \$\$ >$group/cgroup.procs && exec '$specimens/faulting' 30"
	expect_status 0
	mv perf.data one.data
	run report -q -s cgroup -i one.data
	expect_status 0
	expect_out "^ *[0-9.]+% +/${group##*/} *$"
	run report -q -s cgroup --filter "cgroup~*${group##*/}" -i one.data
	expect_equal "$(grep -c % out)" 1 "groups"
	run script --show-cgroup-events --show-namespace-events -i one.data
	expect_out "PERF_RECORD_CGROUP.* /${group##*/}$"
	expect_out "PERF_RECORD_NAMESPACES"
	needs_perf
	same_rows_as_perf one.data cgroup
	same_rows_as_perf one.data cgroup_id
}

test_without_control_groups_the_cure_is_told() {
	needs_root
	needs unshare
	unshare -m sh -c 'mount -t tmpfs none /sys/fs/cgroup' 2>/dev/null || skip "nothing can be mounted"
	# shellcheck disable=SC2016 # the inner shell's
	run_command unshare -m sh -c 'awk "\$3 ~ /^cgroup/ { print \$2 }" /proc/mounts | sort -r | while read -r at; do umount -l "$at"; done; exec "$@"' \
		sh "$evprof" record --all-cgroups true
	expect_status 129
	expect_err 'no cgroup hierarchy .* sudo mount -t cgroup2 none /sys/fs/cgroup'
}

test_samples_carry_what_perfs_flags_ask_for() {
	needs_root
	needs_events
	run record -q -R -W -I --phys-data --data-page-size --code-page-size -e page-faults -c 1 "$specimens/faulting" 10
	expect_status 0
	run script -F comm,addr,phys_addr,weight,iregs,data_page_size,code_page_size
	expect_status 0
	expect_out 'IP:0x'
	for key in addr weight code_page_size; do
		run report -q -s $key
		expect_status 0
		expect_out %
	done
	needs_perf
	for fields in ip,addr,phys_addr,weight ip,iregs ip,data_page_size,code_page_size; do
		run script -F $fields --no-inline
		sed 's/ *$//' out >ours
		perf script -F $fields 2>said | sed 's/ *$//' >theirs
		[ -s theirs ] || skip "this perf does not show $fields"
		diff ours theirs >difference || { head -4 difference; fail "perf shows other $fields"; }
	done
}

test_what_does_not_go_together_is_refused() {
	for other in --bpf --wall --off-cpu --simulate; do
		run record $other --all-cgroups -- true
		expect_status 129
		expect_err '--all-cgroups'
	done
	run record --simulate --switch-events -- true
	expect_status 129
	expect_err '--switch-events'
	run record --call-graph bpf -R -- true
	expect_status 129
	expect_err '-R'
	refuse_file perf.data
}

test_flags_that_evprof_has_not_name_what_serves() {
	for flag in -n --no-samples --user-regs --user-regs=ax --per-thread --kcore --tail-synthesize -Iax; do
		run record $flag -- true
		expect_status 129
		expect_err "is perf's: |takes no list"
	done
	for flag in -v --mmaps -T --itrace=i100us; do
		run report $flag
		expect_status 129
		expect_err "is perf's: .*evprof|without it"
	done
	run record --no-buildid-mmap -- true
	expect_status 129
	expect_err "--no-buildid-mmap is perf's: .*-B"
	run record --buildid-mma --dry-run -- true
	expect_status 129
	expect_err 'there is no option'
	run record --help
	refuse_out 'per-thread|kcore'
	expect_out '--all-cgroups'
}

# Each flag of perf's own help, by letter and name, ahead of --help: what is taken shows help, what
# is refused has a sentence.
test_no_flag_of_perf_is_unknown() {
	needs_perf
	verbs='record stat report script annotate diff top list'
	[ $sanitized = 0 ] || verbs='top list' # the same parser, and many starts
	for verb in $verbs; do
		# Words of a call each: the letter, or -, then the name, then 1 where a value is wanted.
		perf $verb -h 2>&1 | awk '/^    (-[A-Za-z],|    --)/ && match($0, /--[a-zA-Z0-9_-]+/) {
			rest = substr($0, RSTART + RLENGTH)
			print ($1 ~ /^-[A-Za-z],$/ ? substr($1, 1, 2) : "-"), substr($0, RSTART, RLENGTH), (rest ~ /^ </ ? "1" : "")
		}' >flags
		[ "$(wc -l <flags)" -ge 5 ] || skip "this perf has no help of $verb"
		# shellcheck disable=SC2016 # the inner shell's
		timeout -k 5 120 sh -c 'while read -r letter long value; do
				[ "$letter" != - ] || letter=$long
				said=$("$0" "$1" "$letter" ${value:+"$value"} "$long" ${value:+"$value"} --help 2>&1 </dev/null)
				case $said in
				*"no option"* | *"takes no value"* | *"wants a value"*) echo "$long: $said" ;;
				*"usage: "*) ;;
				*) echo "$long: neither help nor a sentence: $said" ;;
				esac
			done' "$evprof" $verb <flags >unknown
		status=$? last="evprof $verb, with each flag of perf $verb"
		expect_status 0
		[ ! -s unknown ] || { cat unknown; fail "flags of perf are unknown"; }
	done
}

# ---- a recording as a file -----------------------------------------------------------------------

test_records_and_tasks_are_counted_as_perf_does() {
	needs_events
	run record -q -z -s -e page-faults -c 1 -o one.data sh -c 'true; (sleep 0.01) & wait'
	expect_status 0
	run record -q -e '{page-faults,task-clock}:S' -c 1 -o two.data true
	expect_status 0
	for file in one.data two.data; do
		run report --tasks -i $file
		expect_status 0
		expect_out '^ +0 +0 +-1 \|swapper$'
		sort out >tasks
		run report --stats -i $file
		expect_status 0
		expect_out '^ +SAMPLE events: +[1-9]'
		mv out stats
		if command -v perf >/dev/null; then
			perf report --stats -i $file >theirs 2>said
			diff theirs stats >difference || { cat difference; fail "perf counts otherwise"; }
			perf report --tasks -i $file 2>said | sort >theirs
			diff theirs tasks >difference || { cat difference; fail "perf has other tasks"; }
		fi
	done
	run report --tasks -i one.data
	expect_out '\| +sleep$'
	run report -D -i two.data
	expect_status 0
	expect_out '^0x[0-9a-f]+ \[0x'
}

test_a_cut_recording_is_counted_as_far_as_it_goes() {
	needs_events
	run record -q -e task-clock -o whole.data "$specimens/faulting" 10
	head -c 3000 whole.data >cut.data
	run report --stats -i cut.data
	refuse_err 'AddressSanitizer|runtime error'
	run report --stats -i whole.data cut.data
	expect_status 129
	expect_err 'one recording'
	run report --tasks -i nowhere.data
	expect_status 1
	expect_err "nowhere.data"
}

# ---- flags with a meaning of their own -----------------------------------------------------------

test_record_takes_what_perf_takes() {
	needs_events
	run record -q --switch-events --transaction --sample-identifier --buildid-all --buildid-mmap \
		--timestamp-filename --no-bpf-event --synth=all --running-time --timestamp-boundary \
		-e task-clock "$specimens/faulting" 20
	expect_status 0
	refuse_file perf.data
	mv perf.data.2* one.data
	run script --show-switch-events -i one.data
	expect_out 'PERF_RECORD_SWITCH'
	grep -c PERF_RECORD_SWITCH out >ours
	run report -s transaction -i one.data
	expect_status 0
	run report --header-only -i one.data
	expect_out 'sample_type = .*TRANSACTION.*'
	expect_out 'sample_type = .*IDENTIFIER.*'
	refuse_out 'bpf_event = 1'
	if command -v perf >/dev/null; then
		perf script --show-switch-events -i one.data 2>said | grep -c PERF_RECORD_SWITCH >theirs
		expect_equal "$(cat ours)" "$(cat theirs)" "switches, and perf's"
		perf buildid-list -i one.data >all 2>said
		run record -q -e task-clock -o two.data "$specimens/faulting" 20
		perf buildid-list -i two.data >some 2>said
		grep -q 'ld-linux\|ld\.so' all || fail "--buildid-all leaves out what was mapped and not sampled"
		[ "$(wc -l <all)" -ge "$(wc -l <some)" ] || fail "--buildid-all has fewer build-ids"
	fi
	run record --synth=no -- true
	expect_status 129
	expect_err "--synth is perf's: .*told whole"
	run record --timestamp-filename -o - -- true
	expect_status 129
	expect_err "names a file"
}

test_all_events_are_one_group() {
	needs_events
	run record -q --group -e task-clock,page-faults -o one.data true
	expect_status 0
	run report --header-only -i one.data
	expect_out 'group: \{task-clock(:u)?,page-faults(:u)?\}'
	run stat -g -e task-clock,page-faults true
	expect_status 0
	expect_err 'task-clock'
}

test_a_recorder_in_real_time_needs_the_right_to_it() {
	needs_events
	needs_nobody
	run record -r 100 -- true
	expect_status 125
	expect_err 'priority from 1 to 99'
	run_as_nobody record -r 9 -o /dev/null -- true
	expect_status 125
	expect_err '-r 9: .*ulimit -r 9'
}

test_colours_are_as_asked_for() {
	needs_events
	run record -q -e task-clock "$specimens/faulting" 20
	run report --stdio-color always -q
	expect_out "$(printf '\033')"
	run report --stdio-color never -q
	refuse_out "$(printf '\033')"
	run report --stdio-color red
	expect_status 129
	expect_err 'always, never or auto'
	run report --show-cpu-utilization
	expect_out 'Overhead +sys +usr'
}

test_top_shows_what_report_would() {
	needs_events
	run top --batch --refreshes 1 -d 0.2 --symbols insertion_sort --fields overhead,period,sym -- "$examples/sorts"
	expect_status 0
	expect_out 'Overhead +Period +Symbol'
	refuse_out 'quicksort'
	run top --hierarchy
	expect_status 129
	expect_err "is perf's: .*report --hierarchy"
}

# ---- words that are nearly right -----------------------------------------------------------------

test_an_unknown_sort_key_is_called_so() {
	run report -s symbl
	expect_status 129
	expect_err "unknown sort key 'symbl'; did you mean 'symbol'\\?"
	run report -F symbl
	expect_err "unknown column 'symbl'; did you mean 'symbol'\\?"
}

run_tests "$@"
