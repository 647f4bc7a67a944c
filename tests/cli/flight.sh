#!/bin/sh
# record --switch-output: files one after another; --overwrite: the last while, when someone wants it.
. "$(dirname "$0")/harness.sh"

pages=2048 # of `pagefaults 8`, each of which faults once in first_touch
# fault TIMES [held]: processes that come and go, while files begin and end; held: until there is a
# file called over.
fault() {
	cat >faulting.sh <<-END
		i=0
		while [ \$i -lt $1 ]; do
			"$examples/pagefaults" 8
			sleep 0.1
			i=\$((i + 1))
		done
		until [ -z "${2:-}" ] || [ -e over ]; do sleep 0.05; done
	END
}
# samples_are TIMES WHAT: what first_touches has found is of so many processes.
samples_are() {
	[ "$touches" = $(($1 * pages)) ] || ! grep -q LOST err told 2>/dev/null || skip "this machine lost samples"
	expect_equal "$touches" $(($1 * pages)) "$2"
}
# first_touches FILE…: samples in that function, added up over the files, in $touches.
first_touches() {
	touches=0
	for file; do
		run report -i "$file" --format json -s comm,symbol
		expect_status 0
		expect_equal "$(json out "[r['comm'] for r in j['rows'] if r['comm'] not in ('sh', 'sleep', 'pagefaults', 'evprof')]")" \
			'[]' "names of nobody in $file"
		touches=$((touches + $(json out "sum(r['samples'] for r in j['rows'] if r['symbol'] == 'first_touch')")))
	done
}
# begin_recording OPTIONS…: in the background, its process id in $target.
begin_recording() {
	needs_events
	last="evprof record $*"
	"$evprof" record "$@" >/dev/null 2>told </dev/null &
	target=$!
	trap 'kill $target 2>/dev/null; wait $target' EXIT
}
# until_true COMMAND…: within 30 seconds.
until_true() {
	tries=0
	until "$@"; do
		tries=$((tries + 1))
		[ $tries -lt 300 ] || fail "never true: $*"
		sleep 0.1
	done
}
files_are() { [ "$(find . -name 'data.2*' | wc -l)" -ge "$1" ]; }
# steered OPTIONS…: a recording that is steered; tell LINE waits for the answer, which is ack.
steered() {
	mkfifo control answers || skip "no fifo can be made"
	begin_recording "$@" --control fifo:control,answers -- sh faulting.sh
	until_true steers
}
steers() { "$evprof" control --timeout 1 control,answers ping 2>/dev/null; }
tell() {
	run control --timeout 30 control,answers "$@"
	expect_status 0
}

test_files_one_after_another_hold_every_sample() {
	needs_events
	fault 8
	run record -e page-faults:u -c 1 --call-graph fp --switch-output=0.25s -o data -- sh faulting.sh
	expect_status 0
	refuse_file data
	expect_err 'wrote .* to data\.20[0-9]{14} \(.*its time was over\)'
	expect_err 'files were written'
	first_touches data.2*
	samples_are 8 "samples in first_touch in all files"
	files_are 3 || fail "too few files: $(ls)"
	for file in data.2*; do
		run report -i "$file" --header
		expect_out 'file [0-9]+ of a recording'
		refuse_out '^#.*(partial|unfinished)'
		grep -q ' 0 samples, 0 lost' out && rm "$file" # perf has no report of none
	done
	# All that stood when the last one began is in it, and perf has no complaint.
	needs_perf
	for file in data.2*; do
		perf_takes "$file" "report --stdio --no-children -g none" "script" "evlist -v"
	done
}

test_files_end_by_size_by_a_signal_and_by_a_command_and_the_last_are_kept() {
	needs_events
	fault 6
	run record -q -e page-faults:u -c 1 --call-graph fp --switch-output=65536B -o data -- sh faulting.sh
	expect_status 0
	first_touches data.2*
	samples_are 6 "samples in files of a size"
	files_are 3 || fail "too few files: $(ls)"
	rm data.2*
	fault 1000
	steered -e page-faults:u -c 1 --call-graph fp --switch-output --switch-max-files 2 -o data
	kill -USR2 $target
	until_true files_are 1
	tell switch
	until_true files_are 2
	tell snapshot
	tell status
	expect_out '^files: 3, the last one data.20'
	expect_out '^file: data, '
	expect_out '^top: +[0-9.]+%  [a-z_]+ \('
	tell stop
	wait $target
	expect_equal "$(find . -name 'data*' | wc -l)" 2 "files kept"
	has told '; SIGUSR2\)'
	has told '; a command\)'
	has told 'the oldest ones removed'
}

test_the_last_while_is_kept_and_written_when_it_is_wanted() {
	fault 1000
	steered -e page-faults:u -c 1 --call-graph fp --overwrite --keep 1s,16M -o data
	sleep 2
	tell snapshot
	# The answer says that it can be read.
	set -- data.2*
	run report -i "$1"
	expect_status 0
	expect_out first_touch
	kill -USR2 $target
	until_true files_are 2
	tell status
	expect_out '^history: [0-9.]+ s, [0-9]+ samples in [0-9.]+ [kM]?B of memory$'
	refuse_out '^file: '
	tell stop
	wait $target
	has told 'wrote .* to data\.20.*[0-9,]+ older ones dropped; a command'
	has told '3 files were written'
	expect_file data # the end, as perf has it
	for file in data*; do
		run report -i "$file"
		expect_status 0
	done
	first_touches data data.2*
	needs_perf
	set -- data.2* # the last may have found nothing new, of which perf complains
	perf_takes "$1" "report --stdio --no-children -g none"
}

test_a_history_without_time_to_forget_holds_everything_once() {
	fault 8 held
	steered -e page-faults:u -c 1 --call-graph fp --overwrite --keep 1h,64M -o data
	tell snapshot
	tell snapshot
	touch over
	wait $target
	files_are 2 || fail "no two snapshots: $(ls)"
	first_touches data data.2*
	samples_are 8 "samples in first_touch"
	has_not told 'older'
}

test_a_condition_writes_what_was_before_it() {
	needs_events
	fault 16
	run record -e page-faults:u -c 1 --call-graph fp -o data --keep 30s \
		--snapshot-when 'rss>900G || page-faults > 1k/s && cpu > 0.01%' -- sh faulting.sh
	expect_status 0
	expect_err 'wrote .* to data\.20.*; .*page-faults > 1k/s: [0-9]+'
	files_are 1 || fail "no file"
	first_touches data data.2*
	samples_are 16 "samples in first_touch"
	run record -e page-faults:u -c 1 --call-graph fp -o named --snapshot-when 'comm == pagefau*' -- sh faulting.sh
	expect_err 'wrote .* to named\.20.*; comm == pagefau\*: it began'
	fault 3
	run record -q -e page-faults:u -c 1 --call-graph fp -o none --snapshot-when 'cpu<0 && rss>0' -- sh faulting.sh
	expect_equal "$(find . -name 'none.2*' | wc -l)" 0 "files"
	expect_file none
}

test_counts_of_the_kernel_and_waits_go_on_in_new_files() {
	needs_root
	"$evprof" record -q --bpf -o try true 2>/dev/null || skip "no BPF here"
	fault 8
	run record -e page-faults:u -c 1 --call-graph fp --bpf --switch-output=0.25s -o data -- sh faulting.sh
	expect_status 0
	first_touches data.2*
	samples_are 8 "samples in first_touch, counted in the kernel"
	files_are 3 || fail "too few files: $(ls)"
	run record -q --off-cpu -F 99 --switch-output=0.25s -o waits -- sh faulting.sh
	expect_status 0
	set -- waits.2*
	[ $# -ge 3 ] || fail "too few files: $(ls)"
	run report -i "$2" -s comm,symbol
	expect_status 0
	expect_out 'offcpu-time'
	expect_out '\[.*(sleep|waits).*\]|sleep'
}

test_what_was_counted_before_a_file_is_not_its_own() {
	needs_events
	run record -q -e '{task-clock,page-faults}:S' -c 1000000 --switch-output=0.3s -o data -- \
		"$examples/threads" -t 1 -s 1000000000
	files_are 1 || fail "no file"
	set -- data.2*
	[ $# -ge 2 ] || skip "the run was too short for two files"
	last=$(ls data.2* | tail -n 1)
	run report -i "$last" --format json
	expect_status 0
	# A first sample that was compared with 0 would be of all the time before.
	expect_between "$(json out "max(r['period'] / max(1, r['samples']) for r in j['rows'] if 'task-clock' in r['event'])")" \
		0 100000000 "ns of one sample"
}

test_what_does_not_go_together_is_refused() {
	needs_events
	for wrong in '--switch-output=10' '--switch-output=often' '--keep 60s' '--switch-max-files 3' \
		'--switch-max-files many --overwrite' '--overwrite --keep 60' '--overwrite --keep 1s,2s' \
		'--overwrite --switch-output=10M' '--overwrite --max-size 1M' '--switch-output -o -' \
		'--overwrite -o /dev/null' '--snapshot-when cpu' '--snapshot-when cpu>lots' \
		'--snapshot-when rss>5x' '--snapshot-when comm>sh' '--snapshot-when cpu=3' \
		'--snapshot-when &&' '--overwrite --switch-output-event page-faults' \
		'--switch-output --simulate' '--overwrite --keep 10K'; do
		# shellcheck disable=SC2086
		run record $wrong true
		expect_status 129
		expect_err '^evprof record: '
		expect_empty out
	done
	run record --wall --switch-output true
	expect_status 129
	run record --snapshot-when 'no-such-event>1' true
	expect_status 125
	expect_err no-such-event
	expect_equal "$(find . -name 'perf.data*' | wc -l)" 0 "files left"
}

test_a_history_that_finds_no_place_is_told() {
	needs_events
	mkdir gone
	run record -e cpu-clock --overwrite -o gone/data sh -c 'rm -r gone; sleep 0.2'
	expect_status 1
	expect_err "can't create gone/data"
}

test_one_file_takes_no_snapshot() {
	fault 1000
	steered -e cpu-clock -o data
	run control control,answers snapshot
	expect_status 1
	expect_err 'this recording has one file'
	tell stop
	wait $target
	expect_file data
}

test_an_event_begins_a_new_file() {
	needs_events
	fault 16
	run record -e cpu-clock --switch-output-event page-faults --switch-max-files 4 -o data -- sh faulting.sh
	expect_status 0
	expect_err '; page-faults>0: [0-9]+'
}

run_tests "$@"
