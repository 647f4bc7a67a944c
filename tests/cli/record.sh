#!/bin/sh
# evprof record: refusals, the file and who may read it, ends of every kind, perf as a client.
. "$(dirname "$0")/harness.sh"

event=cpu-clock # there is no machine that cannot sample it
record() { run record -q -e $event "$@"; }
samples() { # in a recording
	"$evprof" report -i "${1:-perf.data}" --format json >samples.json 2>>err
	json samples.json "sum(e['samples'] for e in j['events'])"
}
expect_samples() { expect_between "$(samples "${1:-perf.data}")" "${2:-10}" 100000000 "samples in ${1:-perf.data}"; }
no_pmu() { [ -d /sys/bus/event_source/devices/cpu ] && skip "this machine has a PMU"; }

# ---- refusals ------------------------------------------------------------------------------------

test_a_named_event_that_cannot_be_sampled_refuses_and_leaves_no_file() {
	no_pmu
	run record -e cache-misses touch started
	expect_status 125
	expect_err 'PMU'
	expect_err 'cpu-clock|task-clock|page-faults'
	refuse_file started
	refuse_file perf.data
}

test_a_refused_event_leaves_the_older_recording_alone() {
	no_pmu
	echo older >perf.data
	run record -e cache-misses true
	expect_equal "$(cat perf.data)" older "perf.data"
	refuse_file perf.data.old
}

test_a_missing_command_leaves_older_recordings_alone() {
	echo newer >perf.data
	echo older >perf.data.old
	run record -e $event ./nowhere
	expect_status 127
	expect_equal "$(cat perf.data)" newer perf.data
	expect_equal "$(cat perf.data.old)" older perf.data.old
}

test_an_unknown_event_gets_a_caret_and_a_suggestion() {
	run record -e cpu-clokc touch started
	expect_failure
	expect_err '\^'
	expect_err 'cpu-clock'
	refuse_file started
	refuse_file perf.data
}

test_a_missing_command_gives_127_and_no_file() {
	run record ./missing
	expect_status 127
	refuse_file perf.data
}

test_a_command_that_may_not_run_gives_126() {
	echo data >plain
	chmod 644 plain
	run record ./plain
	expect_status 126
	refuse_file perf.data
}

test_no_command_is_wrong_usage() {
	run record
	expect_status 129
}

test_a_frequency_above_the_kernels_limit_is_refused_with_the_limit() {
	limit=$(cat /proc/sys/kernel/perf_event_max_sample_rate)
	run record -e $event -F $((limit * 10)) touch started
	expect_failure
	expect_err "$limit"
	expect_err 'max'
	refuse_file started
}

test_an_output_that_cannot_be_written_is_said_before_the_command_runs() {
	run record -e $event -o no/such/folder/file touch started
	expect_failure
	expect_err 'no/such/folder'
	refuse_file started
}

# ---- defaults ------------------------------------------------------------------------------------

test_without_a_pmu_the_default_is_cpu_clock_and_it_is_told() {
	no_pmu
	run record "$specimens/two_functions" 50
	expect_status 0
	expect_err 'cpu-clock'
	run report
	expect_out 'cpu-clock'
	expect_out 'PMU'
}

test_the_status_of_the_command_is_kept() {
	record sh -c 'exit 3'
	expect_status 3
	refuse_err 'signal'
	run record -e cpu-clock sh -c 'kill -9 $$'
	expect_status 137
	expect_err 'the command was ended by signal 9 \(Killed\)'
	expect_file perf.data
}

test_the_end_line_says_samples_size_lost_stacks_and_what_next() {
	run record -g -e $event "$specimens/two_functions" 100
	expect_status 0
	expect_err '[0-9,]+ samples|[Ss]amples.*[0-9]+'
	expect_err '[kMG]?B'
	expect_err '[Ll]ost'
	expect_err 'evprof report'
}

test_quiet_is_quiet() {
	record true
	expect_status 0
	expect_empty err
	expect_empty out
}

# ---- the file ------------------------------------------------------------------------------------

test_the_file_is_for_its_owner_only_and_an_older_one_is_kept() {
	umask 0
	record true
	expect_equal "$(stat -c %a perf.data)" 600 "mode"
	first=$(stat -c %i perf.data)
	record true
	expect_equal "$(stat -c %i perf.data.old)" "$first" "perf.data.old"
	expect_equal "$(stat -c %a perf.data)" 600 "mode"
}

test_under_sudo_the_file_belongs_to_the_caller() {
	needs_root
	SUDO_UID=65534 SUDO_GID=65534 run_command env SUDO_UID=65534 SUDO_GID=65534 "$evprof" record -q -e $event true
	expect_status 0
	expect_equal "$(stat -c %u:%g perf.data)" 65534:65534 "owner"
}

test_a_device_is_written_to_and_not_renamed() {
	needs_root
	mknod null c 1 3 2>/dev/null && : >null || skip "may not make a device"
	record -o null true
	[ -c null ] || fail "the device is gone"
	refuse_file null.old
}

test_stdout_is_never_the_file() {
	run record -e $event sh -c 'echo from the command'
	expect_equal "$(cat out)" 'from the command' "stdout"
}

test_a_pipe_is_the_file_when_asked() {
	record -g -o - "$specimens/two_functions" 100
	expect_status 0
	expect_samples out
	refuse_file perf.data
	"$evprof" report -i - --format json <out >piped.json 2>err || fail "the pipe was not read"
	expect_between "$(json piped.json "sum(e['samples'] for e in j['events'])")" 10 1e9 "samples through the pipe"
}

test_compression_makes_a_smaller_file_with_the_same_answer() {
	record -g -F 10000 -o plain.data "$specimens/two_functions" 150
	record -g -F 10000 -z -o packed.data "$specimens/two_functions" 150
	expect_status 0
	expect_samples packed.data 200
	expect_between "$(stat -c %s packed.data)" 1 $(($(stat -c %s plain.data) * 2 / 3)) "size"
	record -z19 -o packed.data "$specimens/two_functions" 20
	expect_status 0
	record -z99 -o packed.data true
	expect_failure
}

test_recordings_of_the_same_name_in_a_name_with_escapes() {
	record -o "$(printf 'a\033[31mb')" true
	expect_status 0
	run report -i "$(printf 'a\033[31mb')"
	cat out err >both
	has_not both "$(printf '\033')"
}

# ---- targets -------------------------------------------------------------------------------------

test_period_and_frequency_are_kept() {
	record -c 1000000 "$specimens/two_functions" 100
	expect_status 0
	run report --format json
	expect_equal "$(json out "j['events'][0]['period'] // j['events'][0]['samples']")" 1000000 "period"
	record -F max "$specimens/two_functions" 20
	expect_status 0
	expect_samples
}

test_several_events_are_recorded() {
	run record -q -e cpu-clock,page-faults/period=1/ "$examples/pagefaults" 64
	expect_status 0
	run report --format json
	expect_equal "$(json out "len(j['events'])")" 2 "events"
	expect_between "$(json out "sum(e['samples'] for e in j['events'] if 'page-faults' in e['name'])")" 100 1e9 \
		"samples of page-faults"
}

test_all_threads_are_sampled() {
	record "$specimens/two_threads" 60
	expect_status 0
	run report --format json -s comm
	expect_out 'one-part'
	expect_out 'three-parts'
}

test_a_process_is_attached_with_all_its_threads() {
	start_target "$examples/threads" -t 3 -s 1000000000
	sleep 0.3
	record -p $target --duration 0.6
	expect_status 0
	run report --format json -s comm
	for thread in worker-1 worker-2 worker-3; do expect_out "$thread"; done
}

test_one_thread_is_attached() {
	start_target "$examples/threads" -t 2 -s 1000000000
	sleep 0.3
	for thread in /proc/$target/task/*; do
		grep -q worker-2 "$thread/comm" && tid=${thread##*/}
	done
	record -t "$tid" --duration 0.4
	expect_status 0
	run report --format json -s comm,tid
	expect_out 'worker-2'
	refuse_out 'worker-1'
}

test_a_process_that_is_not_there_is_said() {
	record -p 4194999
	expect_failure
	expect_err '4194999'
	refuse_file perf.data
}

test_a_process_that_only_waits_is_said_to() {
	start_target sleep 1000
	run record -e cpu-clock -p $target --duration 0.2
	expect_status 0
	expect_err 'no samples: what was watched did not run.*evprof dump -p'
}

test_the_whole_machine_is_recorded() {
	needs_root
	start_target "$specimens/two_functions" 100000
	record -a --duration 0.5
	expect_status 0
	run report --format json
	expect_out '"twice"'
	record -C 0 -- sleep 0.2
	expect_status 0
}

test_a_user_without_privileges_records_user_space() {
	needs_nobody
	[ "$(cat /proc/sys/kernel/perf_event_paranoid)" -le 2 ] || skip "perf_event_paranoid forbids it"
	run_as_nobody record -e cpu-clock "$specimens/two_functions" 60
	expect_status 0
	expect_file perf.data
	run_as_nobody report --format json
	expect_out '"twice"'
}

test_user_only_has_no_kernel_symbols() {
	run record -q -e $event:u "$examples/pagefaults" 200
	expect_status 0
	run report -s dso
	refuse_out '\[kernel'
	record --all-user "$examples/pagefaults" 200
	run report -s dso
	refuse_out '\[kernel'
}

# ---- ordinary troubles ---------------------------------------------------------------------------

test_a_thousand_forks_are_ordinary() {
	record "$specimens/forks" 1000
	expect_status 0
	run report --format json
	expect_between "$(symbol_percent child_work)" 10 100 "share of child_work"
	expect_equal "$(json out "j['quality']['lost']")" 0 "lost"
}

test_stacks_without_frame_pointers_are_unwound_as_they_are_copied() {
	record --call-graph dwarf "$specimens/no_frame_pointers" 100
	expect_status 0
	run report --format folded
	expect_out ';main;outer;inner [0-9]+$'
	needs_perf
	run_command perf report -i perf.data --stdio --no-children
	expect_status 0
	expect_out 'inner'
	expect_out 'outer'
	expect_empty err
}

test_a_copy_shorter_than_its_stack_is_told_with_the_cure() {
	run record -e $event --call-graph dwarf,512 "$specimens/deep" 50
	expect_status 0
	expect_err 'deeper than the 512 bytes that were copied: --call-graph dwarf,2048'
	run report --format folded
	expect_out 'descend;descend;bottom [0-9]+$'
	refuse_out ';main;.*bottom [0-9]+$'
}

test_stacks_are_recorded_without_asking_and_left_out_on_demand() {
	record "$specimens/no_frame_pointers" 100
	expect_status 0
	run report
	expect_out '^# Stacks: [0-9.]+% complete \(unwound\)'
	expect_out '^# Overhead '
	run report --format folded
	expect_out ';main;outer;inner [0-9]+$'
	record --no-call-graph "$specimens/no_frame_pointers" 20
	run report
	refuse_out '^# Stacks|stacks are there'
	run record -e cpu-clock --call-graph lbr true
	expect_status 0
	expect_err 'cpu-clock: stacks by frame pointers: the processor keeps no record of calls \(LBR\)'
}

test_copies_grow_with_the_stacks_and_the_others_say_where_they_end() {
	record --no-bpf "$specimens/wide_frames" 600
	expect_status 0
	run report --format folded
	sed -E 's/ [0-9]+$//; s/(descend;)+/descend;/' out | sort -u >shapes
	has shapes ';_start;.*;main;descend;bottom$'
	has shapes ';\[truncated at 8 KiB\];descend;bottom$'
	run report -g
	expect_out '0\.00% +wide_frames +\[truncated at 8 KiB\] +\[\.\] \[truncated at 8 KiB\]'
	run report --header-only
	expect_out 'note stacks : .*are deeper than the copy of the stack \((32|64) KiB\)'
	needs_perf
	run_command perf report -i perf.data --stdio --children -g none
	expect_out '0\.00% +wide_frames +\[truncated at 8 KiB\]'
	expect_empty err
	run_command perf script -i perf.data
	expect_out '\(\[truncated at 8 KiB\]\)$'
}

# Many stacks that are shallow: copies become smaller, and larger again when stacks are deeper.
test_smaller_copies_are_given_up_when_stacks_become_deeper() {
	record --no-bpf -F 10000 "$specimens/deep_later" 300
	expect_status 0
	run report --format folded
	complete=$(sed -nE 's/.*;main;descend;.*;shallow;work ([0-9]+)$/\1/p' out | awk '{ n += $1 } END { print n + 0 }')
	deep=$(sed -nE 's/.*;descend;shallow;work ([0-9]+)$/\1/p' out | awk '{ n += $1 } END { print n + 0 }')
	expect_between "$((complete * 100 / (deep + 1)))" 50 100 "% of deep stacks that are complete"
	run report --header-only
	expect_out 'note stacks : .*complete'
}

# It looks up every feature of the header, also those behind the end of its table.
test_perf_inject_takes_the_file() {
	needs_perf
	record "$examples/sorts" -r 100
	expect_status 0
	run_command perf inject -b -i perf.data -o injected.data
	expect_status 0
	run report -i injected.data
	expect_status 0
	expect_out 'insertion_sort'
}

test_branches_are_recorded_or_their_absence_is_told() {
	run record -e cpu-clock -b true
	expect_status 0
	expect_err 'without branches: there are no such branch records of this event here'
	run record -e cpu-clock -j any_call,u true
	expect_status 0
	expect_err 'without branches'
	run record -e cpu-clock -j nonsense true
	expect_failure
	expect_err '^evprof record: -j: .*no kind .nonsense. .there are u k hv any any_call'
	run record -e cpu-clock -j "any'/" true
	expect_failure
}

test_where_everything_keeps_frame_pointers_the_kernel_follows_them() {
	[ $sanitized = 0 ] || skip "the sanitizers' libraries keep none"
	record "$specimens/keeps_frame_pointers"
	expect_status 0
	run report --header-only
	expect_out 'note stacks : .*[0-9]( more)? by the kernel, where all code keeps frame pointers'
	run report --format folded
	expect_out ';_start;rounds;outer;inner [0-9]+$'
}

test_an_event_may_have_its_own_way_with_stacks() {
	record -e "$event/call-graph=dwarf,stack-size=4096/" -e page-faults/call-graph=no,period=1/ --no-call-graph \
		"$specimens/no_frame_pointers" 60
	expect_status 0
	run report --format folded
	expect_out ';main;outer;inner [0-9]+$'
	record --call-graph dwarf -e "$event/call-graph=fp/" -e page-faults/period=1/ "$specimens/two_functions" 60
	expect_status 0
	run report --format folded
	expect_out ';main;twice [0-9]+$'
}

test_perfs_own_copies_end_in_frames_that_say_why() {
	needs_perf
	perf record -q --call-graph dwarf,512 -o perf.data "$specimens/deep" 50 2>err >/dev/null || skip "perf can not copy stacks here"
	run report -g
	expect_out '0\.00% +deep +\[truncated at 512 bytes\]'
	expect_out '^# Stacks: .*deeper than the copy of the stack'
}

test_copies_of_stacks_that_can_not_be_are_refused() {
	run record --call-graph dwarf,70000 true
	expect_status 129
	expect_err '65528'
	run record --call-graph dwarves true
	expect_status 129
	expect_err 'fp .*dwarf'
	refuse_file perf.data
}

test_five_thousand_threads_are_ordinary() {
	record "$specimens/many_threads" 5000
	expect_status 0
	run report --format json
	expect_between "$(symbol_percent thread_work)" 0.1 100 "share of thread_work"
}

test_a_target_that_execs_is_ordinary() {
	record "$specimens/execs" "$specimens/two_functions" 100
	expect_status 0
	run report --format json
	expect_out '"before_exec"'
	expect_out '"twice"'
	expect_out '"two_functions"'
}

test_time_of_threads_too_short_for_a_sample_is_told() {
	run record -e cpu-clock -F 999 "$specimens/many_threads" 1000
	expect_status 0
	expect_err '^\[ evprof record: samples tell [0-9.]+ s of the [0-9.]+ s of CPU time that the command used: 1001 threads ended before their first or next one, due every 1\.001 ms; a higher -F tells more, -a all \]$'
	run report --stdio
	expect_out '^# Note: samples tell '
	run record -e cpu-clock -F 999 "$specimens/many_threads" 1
	refuse_err 'samples tell'
}

test_a_short_command_is_not_refused() {
	record true
	expect_status 0
	run report
	expect_status 0
}

test_a_library_loaded_on_the_way_is_named() {
	record "$specimens/dlopened" "$specimens/plugin_work" 150
	expect_status 0
	run report --format json
	expect_between "$(symbol_percent plugin_work)" 80 100 "share of plugin_work"
}

test_a_high_rate_loses_nothing_silently() {
	record -F 25000 -g "$specimens/two_threads" 150
	expect_status 0
	run report --format json
	expect_between "$(json out "sum(e['samples'] for e in j['events']) + j['quality']['lost']")" 500 1e9 "samples"
}

# A recording of something that lasts, in the background: $recorder, and $worker is the command.
start_recording() {
	cat >worker.sh <<-'END'
		echo $$ >worker
		exec "$@"
	END
	env --default-signal=INT "$evprof" record -e $event -F 2000 "$@" sh worker.sh "$specimens/two_functions" 100000 >out 2>err &
	recorder=$!
	tries=0
	until [ -s worker ]; do
		tries=$((tries + 1))
		[ $tries -lt 100 ] || fail "the recording did not begin"
		sleep 0.1
	done
	worker=$(cat worker)
	trap 'kill $worker $recorder 2>/dev/null' EXIT
	last="evprof record $*"
}

test_killing_the_recorder_leaves_what_was_flushed() {
	start_recording
	sleep 3
	kill -9 $recorder
	wait $recorder 2>/dev/null
	kill "$worker"
	expect_file perf.data
	run report
	expect_status 0
	cat out err >both
	has both '^# Partial'
	expect_out 'twice'
	# One second of the three may be missing.
	expect_samples perf.data 100
}

test_killing_a_compressing_recorder_leaves_what_was_flushed() {
	start_recording -z -g
	sleep 3
	kill -9 $recorder
	wait $recorder 2>/dev/null
	kill "$worker"
	expect_samples perf.data 100
	run report
	cat out err >both
	has both '^# Partial'
}

test_interrupt_and_termination_end_it_cleanly() {
	for signal in INT TERM; do
		rm -f worker perf.data perf.data.old
		start_recording
		sleep 1
		kill -$signal $recorder
		wait $recorder
		kill "$worker" 2>/dev/null
		expect_samples perf.data 50
		run report
		expect_status 0
		cat out err >both
		has_not both '^# Partial'
	done
}

test_a_target_killed_from_outside_ends_it_cleanly() {
	start_recording
	sleep 0.5
	kill -9 "$worker"
	wait $recorder
	expect_equal $? 137 "exit status"
	expect_samples perf.data 10
}

test_a_full_disk_stops_it_and_keeps_what_was_written() {
	needs_root
	unshare --mount sh -c 'mkdir small && mount -t tmpfs -o size=300k none small' 2>/dev/null ||
		skip "may not mount a tmpfs in a name space of its own"
	cat >inside.sh <<-'END'
		mount -t tmpfs -o size=300k none small || exit 99
		timeout -k 5 60 "$@"
		status=$?
		cp small/perf.data kept.data
		exit $status
	END
	run_command unshare --mount sh inside.sh "$evprof" record -e $event -g -F 20000 -o small/perf.data \
		"$specimens/two_functions" 2000
	expect_failure
	expect_err '[Nn]o space left'
	expect_file kept.data
	expect_samples kept.data 10
	run report -i kept.data
	cat out err >both
	has both '^# Partial'
}

test_a_file_size_limit_is_told_like_a_full_disk() {
	run_command sh -c 'ulimit -f 200; exec "$@"' sh "$evprof" record -e $event -g -F 20000 \
		"$specimens/two_functions" 1000
	expect_failure
	expect_err 'large|space|limit'
	expect_samples perf.data 10
}

# ---- perf as a client ----------------------------------------------------------------------------

perf_takes_it() { perf_takes perf.data 'report --stdio' script 'evlist -v' 'report --header-only'; }

test_perf_takes_the_file_without_a_warning() {
	needs_perf
	record "$specimens/two_functions" 100
	perf_takes_it
}

test_perf_takes_call_chains_several_events_and_threads() {
	needs_perf
	run record -q -g -e cpu-clock,page-faults "$examples/threads" -s 10000000
	perf_takes_it
}

test_perf_takes_a_compressed_file() {
	needs_perf
	record -z -g "$specimens/two_functions" 100
	perf_takes_it
}

test_perf_takes_a_recording_of_the_whole_machine() {
	needs_perf
	needs_root
	record -a -F 500 -g -- "$specimens/two_functions" 50
	perf_takes_it
}

test_perf_takes_the_pipe() {
	needs_perf
	record -o - "$specimens/two_functions" 50
	cp out piped.data
	perf report --stdio -i - <piped.data >out 2>err
	status=$?
	last="perf report -i -"
	expect_status 0
	expect_out 'twice'
}

test_perf_sees_the_same_functions_in_the_same_shares() {
	needs_perf
	record -F 2000 "$specimens/two_functions" 200
	perf report --stdio --no-children -g none -i perf.data -s symbol -t, 2>err >theirs
	theirs=$(awk -F, '/twice/ { sub("%", "", $1); print $1 + 0 }' theirs)
	run report --format json
	ours=$(symbol_percent twice)
	expect_between "$ours" "$(echo "$theirs" | awk '{ print $1 - 0.1 }')" "$(echo "$theirs" | awk '{ print $1 + 0.1 }')" \
		"share of twice (perf: $theirs)"
}

test_perf_reads_what_the_header_says() {
	needs_perf
	record "$specimens/two_functions" 10
	perf report --header-only -i perf.data >out 2>err
	for line in hostname 'os release' arch nrcpus cpudesc 'cmdline' 'event'; do
		expect_out "# $line"
	done
	expect_out 'cmdline : .*evprof.* record '
	expect_out "$(uname -n)"
}

test_perf_finds_build_ids() {
	needs_perf
	record "$specimens/two_functions" 50
	perf buildid-list -i perf.data >out 2>err
	readelf -n "$specimens/two_functions" | awk '/Build ID/ { print $3 }' >id
	[ -s id ] || skip "this toolchain writes no build-ids"
	expect_out "$(cat id)"
}

# ---- when, and how much ----------------------------------------------------------------------------

test_sampling_is_on_in_the_ranges_of_a_delay_only() {
	needs_events
	script="'$specimens/two_functions' 10; sleep 4; '$specimens/deep' 20"
	run record -D 0-2500 -e cpu-clock -o first.data sh -c "$script"
	expect_status 0
	run report -i first.data -s comm --stdio
	expect_out 'two_functions'
	refuse_out 'deep'
	run record -D 2500-90000,90001-90002 -e cpu-clock -o last.data sh -c "$script"
	expect_status 0
	run report -i last.data -s comm --stdio
	refuse_out 'two_functions'
	expect_out 'deep'
}

test_a_delay_that_is_none_is_wrong_usage() {
	for text in a -5 5- 5-3 5-5 10-20,15-30 10-20,20-30 10-20, 1-2-3 '' ' 5' 99999999999999; do
		run record -D "$text" true
		expect_status 129
		expect_err 'D takes milliseconds'
		refuse_file perf.data
	done
}

test_a_dry_run_checks_and_records_nothing() {
	needs_events
	run record --dry-run -e page-faults sh -c 'echo ran >ran'
	expect_status 0
	refuse_file perf.data
	refuse_file ran
	run record --dry-run -e no-such-event true
	expect_failure
	expect_err 'no-such-event'
}

test_the_kernels_list_of_symbols_is_kept_for_the_next_recording() {
	needs_events
	needs_root
	grep -q '^ffff.* _text$' /proc/kallsyms || skip "the kernel shows no addresses"
	mkdir cache
	export XDG_CACHE_HOME="$PWD/cache"
	for i in 1 2; do
		run record -e page-faults:k -c 1 dd if=/dev/zero of=/dev/null bs=1M count=4
		expect_status 0
		run report --stdio -s dso,sym
		expect_out 'kernel.kallsyms\] *\[k\] [a-z_]'
		mv out "out.$i"
	done
	expect_equal "$(find cache -type f | wc -l)" 1
	expect_equal "$(stat -c %a cache/evprof/kernel-symbols-*)" 600
	chmod 777 cache/evprof # anyone could have put names there
	rm cache/evprof/*
	run record -e page-faults:k -c 1 dd if=/dev/zero of=/dev/null bs=1M count=4
	expect_status 0
	run report --stdio -s dso,sym
	expect_out 'kernel.kallsyms\] *\[k\] [a-z_]'
	expect_equal "$(find cache -type f | wc -l)" 0
}

test_a_recording_ends_at_its_largest_size() {
	needs_events
	run record --max-size 64K -e cpu-clock -F 5000 -g "$specimens/two_functions" 50000
	expect_err 'stopped: the file has the size that --max-size allows'
	expect_between "$(stat -c %s perf.data)" 65536 4000000 "size of the file"
	run report
	expect_status 0
	expect_out 'two_functions'
	refuse_out '^# Partial'
}

test_build_ids_can_be_left_out() {
	needs_perf
	needs_events
	# Beside one who asks for them: the kernel mixes them up.
	"$evprof" record -q -e cpu-clock -F 10 -a -o other.data --duration 60 >other.out 2>&1 &
	other=$!
	for _ in $(seq 300); do
		[ -s other.data ] && break
		kill -0 $other 2>/dev/null || break # whoever may not watch others is alone
		sleep 0.1
	done
	run record -B -N -P --strict-freq -e cpu-clock "$specimens/two_functions" 200
	kill -INT $other 2>/dev/null
	wait $other
	expect_status 0
	perf report --header-only >out 2>err
	expect_empty err
	expect_out 'missing features:.* BUILD_ID '
	perf script --show-mmap-events >out 2>err
	expect_empty err
	expect_out 'PERF_RECORD_MMAP2.*two_functions'
	refuse_out 'PERF_RECORD_MMAP2.*<[0-9a-f]{16}'
	run report
	expect_out 'once'
}

# median_gaps: for each period that many samples have, the median of the time to the next, in periods
median_gaps() {
	python3 -c 'import statistics, sys
rows = [line.split() for line in sys.stdin]
rows = [(float(r[-2].rstrip(":")) * 1e9, int(r[-1])) for r in rows]
gaps = {}
for (t, p), (before, was) in zip(rows[1:], rows):
    if p == was:
        gaps.setdefault(p, []).append((t - before) / p)
for p, g in gaps.items():
    if len(g) > 150:
        print(p, statistics.median(g))'
}

test_what_samples_count_for_varies_with_their_rate() {
	needs_events
	for rate in "-F 5000" "-c 200000"; do
		for chains in "" --no-call-graph; do
			# shellcheck disable=SC2086
			run record -q -e task-clock $rate --jitter=20 $chains -o data -- \
				"$examples/sorts"
			expect_status 0
			run script -i data -F period
			expect_between "$(sort -un out | head -n 1)" 160000 200000 "the shortest period"
			expect_between "$(sort -un out | tail -n 1)" 200000 250001 "the longest period"
			expect_between "$(sort -un out | wc -l)" 2 10000 "different periods"
			run script -i data -F time,period
			median_gaps <out >gaps || fail "no gaps"
			expect_equal "$(awk '$2 < 0.93 || $2 > 1.07' gaps)" "" \
				"periods that are not the time between samples"
		done
	done
	run report -i data --header
	expect_out 'varied by up to 20 % at random'
}

test_stacks_that_are_followed_in_the_kernel_vary_as_well() {
	needs_events
	needs_root
	run record -q -e task-clock -F 5000 --jitter=20 --call-graph bpf -o data -- "$examples/sorts"
	grep -q 'followed in the kernel: ' err && skip "$(sed -n 's/.*in the kernel: //p' err)"
	expect_status 0
	run script -i data -F period
	expect_between "$(sort -un out | wc -l)" 2 10000 "different periods"
	run script -i data -F time,period
	median_gaps <out >gaps || fail "no gaps"
	expect_file gaps
	expect_equal "$(awk '$2 < 0.93 || $2 > 1.07' gaps)" "" \
		"periods that are not the time between samples"
}

test_the_rate_of_a_running_process_varies() {
	needs_events
	printf '#!/bin/sh\nwhile :; do :; done\n' >spin
	chmod +x spin
	start_target ./spin
	run record -q -e task-clock -F 5000 --jitter --duration 1 -o data -p $target
	expect_status 0
	run script -i data -F period
	expect_between "$(sort -un out | head -n 1)" 181800 200000 "the shortest period"
	expect_between "$(sort -un out | wc -l)" 2 10000 "different periods"
}

test_a_rate_that_cannot_vary_is_refused() {
	needs_events
	run record --jitter=77 -o data true
	expect_status 129
	expect_err '1 to 50 percent'
	run record --jitter -e page-faults -c 1 -o data true
	expect_status 125
	expect_err 'no event here is sampled by a frequency or period that can vary'
	refuse_file data
	run record --jitter --bpf -o data true
	expect_status 129
	expect_err 'one by one'
}

run_tests "$@"
