#!/bin/sh
# evprof record --bpf follows user stacks by unwind tables in the kernel: code without frame
# pointers, stacks of any depth, what is loaded while it runs. So does --call-graph bpf, sample by
# sample.
. "$(dirname "$0")/harness.sh"

needs_walks() {
	"$evprof" record -q --bpf --dry-run -e cpu-clock true >/dev/null 2>try.err ||
		skip "$(sed -n '1s/^evprof record: //p' try.err)"
	"$evprof" record --bpf -e cpu-clock -o try.data true 2>try.err
	why=$(sed -n 's/.*not by unwind tables in the kernel: \(.*\) \]/\1/p' try.err)
	[ -z "$why" ] || skip "$why"
}
record() { run record --bpf -e cpu-clock -F 997 "$@"; }
# Per cent of the samples whose stack matches; "200 descend" stands for so many in a row.
share_of() {
	run report --format folded
	expect_status 0
	awk -v p="$1" '
		{ all += $NF; depth = gsub(/;descend/, ";"); sub(/;;+/, ";" depth " descend;") }
		$0 ~ p { n += $NF }
		END { print all ? 100 * n / all : 0 }' out
}

test_a_recursion_of_two_hundred_without_frame_pointers_is_whole() {
	needs_walks
	record "$specimens/trees" deep 300
	expect_status 0
	expect_err 'stacks: [0-9.]+% complete \(followed in the kernel\)'
	expect_between "$(share_of '_start;.*;main;deep;200 descend;work')" 80 100 \
		'the share of whole stacks'
	run report --stdio
	expect_out '^# Stacks: [0-9.]+% complete \(followed in the kernel\)'
}

test_stacks_without_names_are_whole_when_they_were_followed_to_their_ends() {
	needs_walks
	strip -o nameless "$specimens/trees" 2>/dev/null || skip "there is no strip"
	record ./nameless deep 100
	expect_status 0
	expect_between "$(sed -n 's/.* lost, \([0-9.]*\)% truncated stacks.*/\1/p' err)" 0 20 \
		'what the recorder says is truncated'
}

test_a_library_that_is_loaded_while_it_runs_is_followed() {
	needs_walks
	record "$specimens/dlopened" "$specimens/plugin_work" 300
	expect_status 0
	expect_between "$(share_of 'main;plugin_work')" 80 100 'the share of plugin_work()'
}

test_what_a_signal_interrupted_is_below_its_handler() {
	needs_walks
	record "$specimens/trees" handler 300
	expect_status 0
	expect_between "$(share_of 'main;handler;21 descend;interrupt;.*handle;work')" 80 100 \
		'the share of whole stacks'
}

test_children_are_followed_after_a_fork() {
	needs_walks
	record "$specimens/trees" child 300
	expect_status 0
	expect_between "$(share_of 'main;child;deep;200 descend;work')" 80 100 \
		'the share of whole stacks'
}

test_a_process_that_runs_already_is_followed_from_the_first_sample_on() {
	needs_walks
	"$specimens/trees" deep 100000 &
	runs=$!
	record -p $runs --duration 1
	kill $runs
	expect_status 0
	share=$(share_of 'main;deep;200 descend;work')
	expect_between "$share" 99 100 'the share of whole stacks'
}

test_frame_pointers_are_followed_where_asked_for() {
	needs_walks
	record --call-graph fp "$specimens/trees" deep 100
	expect_status 0
	grep -q 'followed in the kernel' err && fail 'the tables were used'
	expect_between "$(share_of 'main;deep;[0-9]+ descend')" 0 1 'the share of whole stacks'
}

test_call_graph_dwarf_is_the_same_as_auto() {
	needs_walks
	record --call-graph dwarf "$specimens/trees" deep 100
	expect_status 0
	expect_err 'complete \(followed in the kernel\)'
}

test_perf_reads_the_stacks() {
	needs_walks
	command -v perf >/dev/null || skip 'perf is not installed'
	record "$specimens/trees" deep 100
	expect_status 0
	perf script -i perf.data -F ip,sym >chains 2>perf.err || fail "$(head -3 perf.err)"
	expect_between "$(grep -c 'descend' chains)" 200 1000000 'frames of descend()'
	grep -q ' work$' chains || fail 'perf does not find work()'
}

test_samples_come_one_by_one_when_they_are_not_counted() {
	needs_walks
	run record -v -e cpu-clock -F 997 --call-graph bpf "$specimens/trees" deep 300
	expect_status 0
	expect_err 'the stacks of [0-9,]+ samples were followed in the kernel and not copied; '
	samples=$(sed -n 's/.*captured and wrote .* (\([0-9,]*\) samples, .*/\1/p' err | tr -d ,)
	expect_between "$(share_of '_start;.*;main;deep;200 descend;work')" 80 100 \
		'the share of whole stacks'
	run report --stdio
	expect_out '^# Stacks: [0-9.]+% complete \(unwound\), [0-9.]+% of them in the kernel'
	run script -F time -G
	expect_status 0
	expect_between "$(sort -u out | grep -c .)" "$samples" "$samples" 'samples with times of their own'
}

test_stacks_that_are_deeper_than_copies_are_followed_in_the_kernel() {
	needs_walks
	# How soon that begins depends on what else runs.
	for rounds in 1500 6000 24000; do
		run record -v -e cpu-clock -F 997 "$specimens/wide_frames" $rounds
		expect_status 0
		grep -q 'followed in the kernel and not copied, once copies had turned out too short' err && break
	done
	expect_err 'followed in the kernel and not copied, once copies had turned out too short'
	# What it does already it does not advise.
	refuse_err 'follows them whole'
	refuse_err 'call-graph dwarf'
	! grep -q 'of the stacks are deeper than' err ||
		expect_err 'before they were followed in the kernel: --call-graph bpf does so from the start'
	run report --format folded
	expect_out ';_start;.*;main;(descend;){60,}bottom [0-9]+$'
	run record -v -e cpu-clock -F 997 --no-bpf "$specimens/wide_frames" 600
	expect_status 0
	grep -q 'followed in the kernel' err && fail '--no-bpf did not keep it from that'
	return 0
}

# Python itself, so that there is something to load for it.
test_programs_that_call_deep_are_followed_in_the_kernel_from_the_start() {
	needs_walks
	python=$(command -v /usr/bin/python3) || skip 'there is no /usr/bin/python3'
	run record -v -e cpu-clock -F 997 "$python" -c 'sum(range(10000000))'
	expect_status 0
	grep -q 'native frames only' err && skip 'its frames are not read here'
	expect_err 'followed in the kernel and not copied, for such programs call deep'
	run record -v -e cpu-clock -F 997 "$specimens/wide_frames" 1
	expect_status 0
	refuse_err 'for such programs call deep'
}

# How many samples were taken in code that makes threads, and how many of their stacks ended there.
in_clone() { awk '/;(__)?clone3?;.*kernel_clone/ { n += $NF } END { print n + 0 }' out; }
cut_in_clone() { awk '/\[no CFI[^;]*;(__)?clone3?[; ]/ { n += $NF } END { print n + 0 }' out; }

test_code_that_makes_threads_is_followed() {
	[ "$(uname -m)" = x86_64 ] || skip 'only tables of x86-64 are mended'
	needs_walks
	# Of how many a sample comes depends on what else runs.
	for threads in 2000 8000 32000; do
		run record -v -e cpu-clock -F 997 --call-graph bpf "$specimens/many_threads" $threads
		expect_status 0
		run report --format folded
		expect_status 0
		[ "$(in_clone)" -ge 8 ] && break
	done
	[ "$(in_clone)" -gt 0 ] || skip 'no sample was taken while a thread was made'
	expect_out ';_start;.*;main;.*;(__)?clone3?;.*kernel_clone'
	expect_between "$(cut_in_clone)" 0 $(($(in_clone) / 25)) 'stacks that end for want of a table'
}

test_what_starts_later_is_followed_too() {
	needs_walks
	run record -v -e cpu-clock -F 997 --call-graph bpf "$specimens/trees" child 300
	expect_status 0
	expect_between "$(share_of 'main;child;deep;200 descend;work')" 80 100 \
		'the share of whole stacks'
}

test_samples_one_by_one_are_chosen_by_a_condition() {
	needs_walks
	run record -e cpu-clock -F 997 --call-graph bpf --filter 'comm ~ "no*"' "$specimens/trees" deep 100
	expect_status 0
	expect_err '\(0 samples'
	run record -e cpu-clock -F 997 --call-graph bpf --filter 'comm ~ "tr*" && cpu < 4096' "$specimens/trees" deep 300
	expect_status 0
	expect_between "$(share_of '_start;.*;main;deep;200 descend;work')" 80 100 'the share of whole stacks'
}

test_what_programs_cannot_follow_is_copied() {
	needs_events
	needs_root
	unshare -pf --mount-proc true 2>/dev/null || skip 'no PID namespace can be made here'
	run_command unshare -pf --mount-proc "$evprof" record -e cpu-clock -F 997 --call-graph bpf "$specimens/trees" deep 100
	[ "$status" = 0 ] || skip "$(sed -n 's/^evprof record: //p' err)"
	expect_err 'stacks: copied and unwound here, not followed in the kernel: in a PID namespace of its own'
	expect_between "$(share_of '_start;.*;main;deep;200 descend;work')" 80 100 \
		'the share of whole stacks'
	run_command unshare -pf --mount-proc "$evprof" record --bpf -e cpu-clock "$specimens/trees" deep 10
	expect_status 0
	expect_err 'stacks: by frame pointers \(--call-graph dwarf copies them\); not by unwind tables in the kernel: in a PID'
}

test_call_graph_bpf_says_what_it_does_not_go_with() {
	needs_walks
	run record --call-graph bpf -d -e cpu-clock true
	expect_status 129
	expect_err '--call-graph bpf\) do not go with -d \(data addresses\)'
	needs_nobody
	run_as_nobody record --call-graph bpf -e cpu-clock true
	expect_status 125
	expect_err 'stacks cannot be followed in the kernel: needs root, or CAP_BPF and CAP_PERFMON'
}

test_tables_of_large_files_are_kept_and_made_again_when_they_are_damaged() {
	needs_walks
	mkdir mine
	export XDG_CACHE_HOME="$PWD/mine"
	for round in first second damaged; do
		record "$specimens/trees" deep 100
		expect_status 0
		expect_between "$(share_of '_start;.*;main;deep;200 descend;work')" 80 100 \
			"the share of whole stacks, $round"
		kept=$(find mine/evprof -name 'unwind-*' -size +60k | wc -l)
		[ "$kept" -gt 0 ] || skip 'no library here is so large'
		for file in mine/evprof/unwind-*; do
			if [ $round = second ]; then
				printf x | dd of="$file" bs=1 seek=5000 conv=notrunc 2>dd.err
			fi
		done
	done
}

run_tests "$@"
