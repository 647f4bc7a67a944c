#!/bin/sh
# evprof script: what perf script prints of the same recording, field by field. Differences that are
# meant stand in script_compare.py, each with its reason.
. "$(dirname "$0")/harness.sh"

# compare PERFS_TEXT OUR_TEXT [COUNTS [IGNORED]]
compare() {
	needs python3
	python3 "$here/script_compare.py" "$@" >comparison 2>&1 || {
		head -c 3000 comparison
		fail "differs from perf script: $last"
	}
}
# same_as_perf FILE OPTION…: the texts of both are compared
same_as_perf() {
	file=$1
	shift
	perf script "$@" -i "$file" >perfs 2>complaint </dev/null || skip "perf does not read $file"
	run script "$@" -i "$file"
	expect_status 0
	expect_file out
	compare perfs out
}
needs_cases() { [ -d "${EV_CASES:-}" ] || skip "EV_CASES names no folder of recordings"; }
# sorts_recorded [-g]: one recording of each kind, made by the first test that reads it.
sorts_recorded() {
	needs_events
	kept=$folder/sorts${1:-}.data
	if [ ! -e "$kept" ]; then
		run record -q --no-call-graph -e cpu-clock -F 500 "$@" -o "$kept.new" "$examples/sorts"
		expect_status 0
		mv "$kept.new" "$kept"
	fi
	ln "$kept" perf.data
}

# ---- recordings made by others -------------------------------------------------------------------

test_recordings_of_others_print_as_perf_printed_them_and_add_up() {
	needs_cases
	needs python3
	for folder in "$EV_CASES"/*/; do
		[ -e "$folder/script.head.txt" ] || continue
		# What perf makes up of an instruction trace is not in the file.
		case $folder in *intel_pt*) ignored=psb,cbr,branches ;; *) ignored= ;; esac
		run script --symfs /nonexistent --ns -G -i "$folder/perf.data" \
			-F comm,pid,tid,cpu,time,event,period,ip,sym,symoff,dso
		expect_status 0
		compare "$folder/script.head.txt" out "$folder/counts.txt" "$ignored"
	done
}

test_recordings_of_others_print_as_this_machines_perf_does() {
	needs_cases
	needs_perf
	[ $sanitized = 1 ] && skip "without sanitizers only: the same recordings are printed above"
	compared=0
	for folder in "$EV_CASES"/*/; do
		perf script --no-itrace --max-stack 4096 --symfs /nonexistent -i "$folder/perf.data" >perfs 2>complaint </dev/null || continue
		[ -s perfs ] || continue
		run script --symfs /nonexistent -i "$folder/perf.data"
		expect_status 0
		compare perfs out
		compared=$((compared + 1))
	done
	[ $compared -gt 0 ] || skip "perf reads none of them"
}

test_branch_stacks_of_others_print_as_perf_printed_them() {
	needs_cases
	for folder in "$EV_CASES"/*/; do
		[ -e "$folder/brstack.head.txt" ] || continue
		run script --symfs /nonexistent -G -F comm,pid,time,ip,brstack -i "$folder/perf.data"
		expect_status 0
		# from, to, mispredicted, transaction, abort, cycles: what every version prints
		for text in out "$folder/brstack.head.txt"; do
			head -n "$(wc -l <"$folder/brstack.head.txt")" "$text" |
				grep -oE '0x[0-9a-f]+/0x[0-9a-f]+/[MP-]/[X-]/[A-]/[0-9]+|^ *[^ ].*: ' | sed 's/  */ /g' >"$(basename "$text").parts"
		done
		cmp -s out.parts brstack.head.txt.parts || {
			diff out.parts brstack.head.txt.parts | head -5
			fail "branches of $folder differ"
		}
	done
}

test_malformed_recordings_end_by_themselves() {
	needs_cases
	for file in "$EV_CASES"/hostile/*; do
		for options in '' '-D' '-F +srcline,+misc'; do
			# shellcheck disable=SC2086 # options are words
			LIMIT_S=20 run script $options -i "$file"
			[ "$status" -le 1 ] || fail "exit status $status"
			[ "$status" = 0 ] || expect_file err
		done
	done
}

test_branches_print_as_offsets_as_perf_prints_them() {
	needs_cases
	needs_perf
	for recorded in q-branch-4.14 autofdo-perf-kernel; do
		set -- --symfs /nonexistent -G -F comm,pid,time,ip,brstackoff -i "$EV_CASES/$recorded/perf.data"
		perf script --no-itrace "$@" >perfs 2>complaint </dev/null || skip "perf does not read $recorded"
		run script "$@"
		expect_status 0
		for text in out perfs; do
			grep -oE '0x[0-9a-f]+/0x[0-9a-f]+/[MP-]/' "$text" >"$text.parts"
		done
		expect_file perfs.parts
		cmp -s out.parts perfs.parts || fail "branches of $recorded differ: $(diff out.parts perfs.parts | head -3)"
	done
}

# ---- our own, and perf's of this machine ---------------------------------------------------------

test_call_chains_print_as_perf_prints_them() {
	needs_perf
	sorts_recorded -g
	same_as_perf perf.data
	same_as_perf perf.data -G --ns -F +misc,+pid
	same_as_perf perf.data --no-inline --max-stack 3
	same_as_perf perf.data -F comm,tid,time,event,ip,sym,dso
	same_as_perf perf.data -F -comm,-symoff
}

test_several_events_print_as_perf_prints_them() {
	needs_perf
	needs_events
	run record -q --no-call-graph -e cpu-clock,page-faults,context-switches -a -d -- "$examples/pagefaults" 4
	[ "$status" = 0 ] || skip "the whole machine cannot be recorded here"
	same_as_perf perf.data
	same_as_perf perf.data --time 10%-60%
	same_as_perf perf.data --reltime
	same_as_perf perf.data --deltatime
	same_as_perf perf.data --cpu 0
	same_as_perf perf.data -F comm,tid,time,event,ip,addr
}

test_copied_stacks_of_perf_are_unwound() {
	needs_perf
	perf record -q --call-graph dwarf -e cpu-clock -F 200 "$examples/sorts" >out 2>err </dev/null ||
		skip "perf cannot record here"
	same_as_perf perf.data
	same_as_perf perf.data --no-inline
}

test_counts_of_groups_become_periods_of_each_event() {
	needs_perf
	needs_events
	run record -q -e '{cpu-clock,page-faults,minor-faults}:S' "$examples/pagefaults" 64
	expect_status 0
	same_as_perf perf.data -G
}

test_tracepoints_print_as_perf_prints_them() {
	needs_perf
	needs_root
	[ -r /sys/kernel/tracing/events/sched/sched_switch/format ] || skip "there are no tracepoints to be read"
	for events in '-a -e sched:* -e irq:* -e timer:*' \
		'-e sched:* -e syscalls:* -e kmem:* -e ext4:* -e block:* -e writeback:* -e signal:* -e task:*'; do
		# shellcheck disable=SC2086 # options are words
		(set -f; exec perf record -q $events sh -c 'ls / | cat; echo x >file; sleep 0.02') >out 2>err </dev/null ||
			skip "perf cannot record these: $(head -1 err)"
		same_as_perf perf.data
		refuse_err "can't be followed"
		expect_out 'sched:sched_switch: prev_comm=.* ==> next_comm='
	done
}

test_tracepoints_with_call_chains_print_as_perf_prints_them() {
	needs_perf
	needs_root
	[ -r /sys/kernel/tracing/events/sched/sched_switch/format ] || skip "there are no tracepoints to be read"
	run record -q -g -e sched:sched_switch sh -c 'sleep 0.01; sleep 0.01'
	expect_status 0
	same_as_perf perf.data
	same_as_perf perf.data -F trace:time,trace
}

test_other_records_print_as_perf_prints_them() {
	needs_perf
	needs_root
	perf record -q --switch-events --namespaces --all-cgroups -e cpu-clock sh -c '/bin/true; /bin/true' >out 2>err </dev/null ||
		skip "perf cannot record these"
	set -- --show-task-events --show-mmap-events --show-switch-events --show-namespace-events \
		--show-cgroup-events --show-lost-events --show-bpf-events -i perf.data
	perf script "$@" 2>/dev/null | grep -A2 PERF_RECORD | grep -v 'cpu-clock:\|^--' | sed 's/ *$//' >perfs
	run script "$@"
	expect_status 0
	grep -A2 PERF_RECORD out | grep -v 'cpu-clock:\|^--' | sed 's/ *$//' >ours
	# perf names a process that is being forked only once it is told to.
	for text in perfs ours; do
		sed -E -i -e 's/^ *[^ ]+ +-?[0-9]+ +(0\.0)/\1/' -e 's/^ *[^ ]+ +(-?[0-9]+) +/\1 /' $text
	done
	cmp -s perfs ours || {
		diff perfs ours | head -10
		fail "other records differ"
	}
}

# ---- what is asked for ---------------------------------------------------------------------------

test_fields_that_are_unknown_or_missing_are_explained() {
	sorts_recorded
	run script -F nosuch
	expect_status 129
	expect_err "there is no field 'nosuch'; there are comm, tid"
	run script -F brstackinsn
	expect_status 129
	expect_err 'instruction traces'
	run script -F comm,+tid
	expect_status 129
	expect_err "can't be mixed"
	run script -F brstack
	expect_status 1
	expect_err "samples of 'cpu-clock.*' do not have it \(BRANCH_STACK was not recorded\)"
	run script -F sw:trace
	expect_status 129
	expect_err "'trace' is not valid for software events"
	run script -F comm,sym
	expect_status 1
	expect_err 'add ip'
	run script -F ''
	expect_status 129
	run script -F what:comm
	expect_status 129
	expect_empty out
}

test_filters_leave_samples_out() {
	sorts_recorded
	run script -F tid,time,ip,sym
	expect_status 0
	cp out all
	tid=$(awk 'NR == 1 { print $1 }' all)
	run script -F tid,time,ip,sym --tid "$tid" --pid "$tid"
	cmp -s out all || fail "--tid of all left some out"
	run script --pid 1
	expect_empty out
	run script -F tid,time,ip,sym -S insertion_sort
	expect_status 0
	expect_equal "$(wc -l <out)" "$(grep -c ' insertion_sort$' all)" "samples of insertion_sort"
	expect_file out
	run script -F tid,time,ip,sym --dsos sorts --comms sorts
	expect_out 'insertion_sort'
	refuse_out 'kernel'
	run script -F time,ip,sym --time 20%-30%
	expect_between "$(wc -l <out)" 1 $(($(wc -l <all) / 2)) 'samples of a tenth'
	run script --comms nobody
	expect_empty out
	run script --tid x
	expect_status 129
	expect_err '--tid wants numbers'
}

test_chains_stop_where_asked() {
	sorts_recorded -g
	run script --stop-bt main
	expect_status 0
	expect_out ' main\+'
	awk 'main && NF { bad = 1 } { main = / main\+/ } END { exit bad }' out || fail "a chain goes on behind main"
	run script --max-stack 1 --no-inline
	awk '/^\t/ { n++ } /^$/ { if (n > 1) bad = 1; n = 0 } END { exit bad }' out || fail "chains are longer than 1"
}

test_every_record_can_be_dumped() {
	sorts_recorded
	run script -D
	expect_status 0
	expect_out '^0x[0-9a-f]+ \[0x[0-9a-f]+\]: type 9 misc'
	expect_out 'PERF_RECORD_MMAP2'
	expect_out '^\.  0000:  '
}

test_each_event_may_have_a_file_of_its_own() {
	needs_events
	run record -q -e cpu-clock,page-faults "$examples/pagefaults" 64
	run script --per-event-dump
	expect_status 0
	expect_empty out
	has perf.data.page-faults*.dump 'page-faults'
	for file in perf.data.*.dump; do [ -e "$file" ] || fail "no dump"; done
	has_not perf.data.page-faults*.dump 'cpu-clock:'
}

test_a_reader_that_has_enough_is_no_error() {
	sorts_recorded -g
	last="evprof script | head -1"
	{ "$evprof" script 2>err; echo $? >code; } | head -1 >out
	expect_file out
	expect_empty err
	# where the signal is ignored the write fails instead
	(trap '' PIPE; { "$evprof" script 2>err; echo $? >code; } | head -1 >out)
	expect_empty err
	expect_equal "$(cat code)" 0 "exit status"
}

test_output_that_cannot_be_written_is_an_error() {
	[ -w /dev/full ] || skip "there is no /dev/full"
	sorts_recorded
	run script -o /dev/full
	expect_status 1
	expect_err 'No space left'
}

test_names_cannot_play_with_the_terminal() {
	needs_events
	cp "$examples/sorts" "$(printf 'so\033[31m\nrts')"
	run record -q -e cpu-clock -F 500 "./$(printf 'so\033[31m\nrts')"
	expect_status 0
	run script --show-task-events --show-mmap-events
	expect_status 0
	expect_out 'so\\x1b\[31m\\x0arts'
	LC_ALL=C grep -q "$(printf '\033')" out && fail "an escape reached the terminal"
	return 0
}

test_files_that_end_early_are_printed_as_far_as_they_go() {
	sorts_recorded -g
	size=$(stat -c %s perf.data)
	for part in 0 1 2 3 4 5 6 7 8 9; do
		head -c $((size * part / 10 + part)) perf.data >cut.data
		run script -i cut.data
		[ "$status" -le 1 ] || fail "exit status $status"
		[ "$status" = 0 ] || expect_err 'cut.data'
	done
	run script -i cut.data # nine tenths
	expect_status 0
	expect_err 'partial'
	expect_file out
}

test_a_stream_is_printed() {
	needs_events
	run record -q -g -e cpu-clock -F 200 -o piped.data "$examples/sorts"
	run script -i piped.data
	cp out direct
	"$evprof" script -i - <piped.data >out 2>err
	cmp -s out direct || fail "stdin prints otherwise"
	run script -i nosuch.data
	expect_status 1
	rm -f perf.data
	run script
	expect_status 1
	expect_err 'make one with: evprof record'
}

run_tests "$@"
