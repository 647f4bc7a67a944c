#!/bin/sh
# evprof trace: counts that are known to the last call, whatever way calls end.
. "$(dirname "$0")/harness.sh"

needs_tracing() {
	needs_root
	"$evprof" trace -q -f main -o /dev/null "$specimens/calls" 2>why || skip "$(head -1 why)"
}
needs_capstone() { "$evprof" --version | grep -q 'capstone: in' || skip "capstone is not built in"; }
# What the JSON in trace.json says, a line each: "calls FUNCTION NCALLS PCALLS", "edge CALLER
# CALLEE NCALLS" (- is who is not traced), "KEY FUNCTION VALUE". Names without blanks.
learn() {
	python3 -c 'import json
j = json.load(open("trace.json"))
name = lambda text: (text or "-").replace(" ", "")
for f in j["functions"]:
    print("calls", name(f["name"]), f["ncalls"], f["pcalls"])
    for key in f:
        if key not in ("name", "histogram"):
            print(key, name(f["name"]), f[key])
for e in j["edges"]:
    print("edge", name(e["caller"]), name(e["callee"]), e["ncalls"])' >facts || fail "trace.json is not as it should be"
}
calls() { awk -v f="$1" '$1 == "calls" && $2 == f { print $3, $4 }' facts; }
figure() { awk -v f="$1" -v key="$2" '$1 == key && $2 == f { print $3 }' facts; }
edge() { awk -v a="$1" -v b="$2" '$1 == "edge" && $2 == a && $3 == b { print $4 }' facts; }
expect_calls() { expect_equal "$(calls "$1")" "$2" "calls of $1"; }
# trace OPTIONS… COMMAND…: what it says is learnt
trace() {
	run trace -j -o trace.json "$@"
	[ ! -s trace.json ] || learn
}
trace_calls() { trace "$specimens/calls" "$@"; } # MODE [N]: all functions of the specimen

test_fib0_is_called_21_times_and_once_when_answers_are_remembered() {
	needs_tracing
	run trace -f 'fib*' "$examples/fib"
	expect_status 0
	expect_out '^fib9 = 34$'
	expect_out '^ +109 function calls in [0-9.]+ seconds$'
	expect_out '^   ncalls  tottime  percall  cumtime  percall function \(file:line\)$'
	n=0
	for count in 21 34 21 13 8 5 3 2 1 1; do
		expect_out "^ +$count( [0-9.]{8}){4} fib$n \(fib\.c:[0-9]+\)$"
		n=$((n + 1))
	done
	run trace -f 'fib*' "$examples/fib" -m
	for n in 0 1 2 3 4 5 6 7 8 9; do
		expect_out "^ +1( [0-9.]{8}){4} fib$n \(fib\.c:[0-9]+\)$"
	done
}

test_every_edge_is_counted() {
	needs_tracing
	trace -f 'fib*' -f main "$examples/fib"
	expect_equal "$(edge main fib9)" 1
	expect_equal "$(edge fib9 fib8)" 1
	expect_equal "$(edge fib2 fib0)" 21
	expect_equal "$(edge fib2 fib1)" 21
	expect_equal "$(edge fib3 fib1)" 13
	expect_equal "$(edge - main)" 1
	run trace --graph dot -f 'fib*' "$examples/fib"
	expect_out '^digraph calls \{$'
	expect_out '^	f3 -> f1 \[label="21"\];$'
	run trace --graph text -f 'fib*' "$examples/fib"
	expect_out '^fib0 \(fib.c:[0-9]+\)  <- +21( [0-9.]{8}){2}  fib2 \(fib.c:[0-9]+\)$'
	expect_out '^fib9 \(fib.c:[0-9]+\)  -> +1( [0-9.]{8}){2}  fib[78] \(fib.c:[0-9]+\)$'
}

test_recursion_has_primitive_calls() {
	needs_tracing
	needs_capstone
	trace_calls recurse 500
	expect_status 0
	expect_calls descend '1000 2'
	expect_calls even '5 1'
	expect_calls odd '5 1'
	expect_equal "$(edge descend descend)" 998
	expect_equal "$(edge recurse descend)" 2
	expect_equal "$(figure descend left)" 0
	run trace -f descend "$specimens/calls" recurse 500
	expect_out '^   1000/2( [0-9.]{8}){4} descend'
}

test_what_longjmp_leaves_is_over() {
	needs_tracing
	trace_calls jump 10
	expect_status 0
	for function in outer middle inner; do
		expect_calls $function '10 10'
		expect_equal "$(figure $function left)" 5
		expect_equal "$(edge - $function)" ''
		# What happens behind it (2 ms each) is not theirs.
		expect_between "$(figure $function cumtime_s)" 0 0.009 "time of $function"
	done
	expect_equal "$(edge jump outer)" 10
	expect_equal "$(edge jump behind)" 5
	trace --exits=kernel "$specimens/calls" jump 10
	expect_status 0
	expect_calls inner '10 10'
	expect_equal "$(figure outer left)" 5
}

test_tail_calls_end_together() {
	needs_tracing
	needs_capstone
	for exits in code kernel; do
		trace --exits=$exits "$specimens/calls" tail 10
		expect_status 0
			expect_calls hop_far '10 10'
		expect_calls hop '10 10'
		expect_calls landing '20 20'
		expect_equal "$(edge hop landing)" 10
		expect_equal "$(edge hop_far hop)" 10
		expect_equal "$(edge tail landing)" 10
		expect_equal "$(edge tail hop_far)" 10
		expect_equal "$(figure hop left) $(figure hop_far jumped) $(figure landing unfinished)" '0 0 0'
	done
}

test_what_is_called_after_a_tail_call_out_of_sight_is_not_called_by_it() {
	needs_tracing
	needs_capstone
	[ "$(uname -m)" = x86_64 ] || skip "return addresses stand on the stack only on x86-64"
	trace --exits=code -f hop -f deeper "$specimens/calls" beyond 10
	expect_status 0
	expect_calls hop '10 10'
	expect_calls deeper '10 10'
	expect_equal "$(edge hop deeper)" ''
	expect_equal "$(edge - deeper)" 10
	expect_equal "$(figure hop jumped) $(figure hop unfinished)" '10 0'
}

test_a_program_that_ends_in_mid_call_leaves_nothing_out() {
	needs_tracing
	trace_calls exit
	expect_status 3
	expect_calls last_call '1 1'
	expect_equal "$(figure last_call unfinished)" 1
	expect_between "$(figure before_last cumtime_s)" 0.0045 10 "time of before_last"
	expect_between "$(figure main cumtime_s)" 0.0045 10 "time of main"
}

test_child_processes_are_followed_from_where_they_were_born() {
	needs_tracing
	trace_calls fork 7
	expect_status 0
	expect_calls main '1 1'
	expect_calls split '1 1'
	expect_calls in_child '7 7'
	expect_equal "$(edge forking in_child)" 7
	trace -i "$specimens/calls" fork 7
	expect_calls in_child ''
	trace -f 'fib?' sh -c "$examples/fib; $examples/fib -m; true"
	expect_status 125 # they are not the shell's
	trace -f "$examples/fib:fib?" sh -c "$examples/fib; $examples/fib -m; true"
	expect_status 0
	expect_calls fib0 '22 22'
}

test_threads_are_told_apart() {
	needs_tracing
	trace_calls threads 200
	expect_status 0
	expect_calls work '800 800'
	expect_calls run '4 4'
	expect_equal "$(edge run work)" 800
	expect_equal "$(figure work left)" 0
}

test_stacks_of_its_own_lose_no_call() {
	needs_tracing
	trace_calls contexts 10
	expect_status 0
	expect_equal "$(figure hand_over ncalls)" 20
	expect_calls work '10 10'
}

test_time_is_that_of_the_waiting_too() {
	needs_tracing
	trace --exits=kernel "$specimens/calls" sleep
	expect_calls nap '2 2'
	expect_between "$(figure nap cumtime_s)" 0.0199 20 "time of nap"
	expect_between "$(figure nap_twice cumtime_s)" 0.0199 20 "time of nap_twice"
	expect_between "$(figure nap shortest_ns)" 9900000 20000000000 "shortest nap"
	run trace --exits=kernel --histogram -f nap "$specimens/calls" sleep
	expect_out '^nap \(calls.c:[0-9]+\): 2 calls, shortest 1[0-9] ms, longest'
	expect_out '^ +8.4 ms to +17 ms +[12] \|\*+ *\|$'
}

test_a_command_goes_on_when_its_tracing_is_over() {
	needs_tracing
	run trace --timeout 100 "$specimens/calls" sleep 900
	expect_status 0
	expect_out '^ +[12]( [0-9.]{8}){4} nap \(calls.c:[0-9]+\)$'
	expect_out '^# Under way: [234] calls .* had not ended when the tracing did'
	refuse_out '^# Unfinished'
}

test_what_the_kernel_does_not_watch_is_told() {
	needs_tracing
	trace --exits=kernel -f descend "$specimens/calls" recurse 100
	expect_calls descend '200 2'
	has trace.json 'Too deep: 72 calls'
}

test_exceptions_pass_through_traced_calls() {
	needs_tracing
	needs_capstone
	needs g++
	CCACHE_DISABLE=1 g++ -O1 -g -o thrown "$root/tests/specimens/calls_thrown.cpp" 2>err || fail "g++ failed"
	trace ./thrown 9
	expect_status 0
	expect_out '^3 caught, 9 destroyed$'
	expect_calls 'shop::pay(int)' '9 9'
	expect_calls 'shop::buy(int)' '9 9'
	expect_calls 'shop::basket::~basket()' '9 9'
	expect_equal "$(edge 'shop::buy(int)' 'shop::pay(int)')" 9
	expect_equal "$(figure 'shop::pay(int)' left)" 3
	has trace.json 'because of exceptions'
	run trace -f 'shop::p*' ./thrown 30
	expect_status 0
	expect_out '^10 caught, 30 destroyed$'
	expect_out '^ +30( [0-9.]{8}){4} shop::pay\(int\) \(calls_thrown.cpp:[0-9]+\)$'
}

test_what_is_called_too_often_is_let_go() {
	needs_tracing
	run trace --max-rate 10000 "$specimens/calls" hot 500
	expect_status 0
	expect_out ' tiny \(calls.c:[0-9]+\) \[let go\]$'
	expect_out "^# Warning: 'tiny' would be called about [0-9,]+ times a second, more than --max-rate"
	trace --max-rate 0 -f tiny "$specimens/calls" hot 1
	expect_calls tiny '1000 1000'
}

test_a_library_is_traced() {
	needs_tracing
	needs_capstone
	trace -f 'libc.so.6:usleep' -f main "$specimens/calls" sleep
	expect_status 0
	expect_calls usleep '2 2'
	expect_equal "$(edge main usleep)" 2
}

test_each_probe_by_itself_counts_the_same() {
	needs_tracing
	trace --singly -f 'fib?' "$examples/fib"
	expect_status 0
	expect_calls fib0 '21 21'
	expect_calls fib1 '34 34'
}

test_a_running_process_is_traced() {
	needs_tracing
	cp "$specimens/calls" mine
	mkfifo go
	# The shell becomes the program.
	sh -c 'read -r go <go; exec ./mine threads 50' &
	target=$!
	trap 'kill $target 2>/dev/null' EXIT
	"$evprof" trace -j -f ./mine:work -f ./mine:run -o trace.json -p $target 2>err &
	tracing=$!
	for _ in $(seq 100); do
		grep -q uprobe_multi "/proc/$tracing"/fdinfo/* 2>/dev/null && break
		sleep 0.1
	done
	sleep 0.5
	echo >go
	wait $tracing
	expect_equal $? 0 "exit status"
	learn
	expect_calls work '200 200'
	expect_calls run '4 4'
}

test_rows_come_in_the_order_of_pstats() {
	needs_tracing
	run trace -q -s name -n 3 -f 'fib*' "$examples/fib"
	expect_out '^   Ordered by: function name$'
	expect_out '^   List reduced from 10 to 3 due to restriction <3>$'
	expect_equal "$(awk '/\(fib.c:/ { print $6 }' out | tr '\n' ' ')" 'fib0 fib1 fib2 '
	run trace -q -s pcalls,line -f 'fib*' "$examples/fib"
	expect_out '^   Ordered by: primitive call count, line number$'
	expect_equal "$(awk '/\(fib.c:/ { print $6 }' out | tr '\n' ' ')" 'fib1 fib0 fib2 fib3 fib4 fib5 fib6 fib7 fib8 fib9 '
	run trace --csv -s line -f 'fib?' "$examples/fib"
	expect_out '^ncalls,pcalls,tottime_s,cumtime_s,name,file,line,object$'
	expect_out '^21,21,[0-9.]+,[0-9.]+,fib0,.*fib.c,[0-9]+,'
}

test_what_cannot_be_traced_is_named() {
	needs_tracing
	run trace -f 'tw*' "$specimens/inlined"
	expect_status 125
	cat >small.c <<-'C'
		static inline __attribute__((always_inline)) int twice(int a) { return a * 2; }
		int main(int argc, char **argv) { (void)argv; return twice(argc) - 2; }
	C
	needs gcc
	CCACHE_DISABLE=1 gcc -O2 -g -o small small.c || fail "gcc failed"
	run trace -f 'twi*' ./small
	expect_status 125
	expect_err "what 'twi\*' means in '.*/small' was inlined: .* 'twice' "
	strip -o stripped small
	run trace ./stripped
	expect_status 125
	expect_err "names no functions: it is stripped"
	run trace -f nothing_like_it ./small
	expect_status 125
	expect_err "has no function 'nothing_like_it'"
	run trace ./not_there
	expect_status 127
	run trace -s often ./small
	expect_status 129
	expect_err "'often' is no order of calls"
	run trace -p 1 ./small
	expect_status 129
	expect_err "give one"
	run trace
	expect_status 129
}

test_the_status_is_that_of_the_command() {
	needs_tracing
	run trace -q -o table "$specimens/calls" exit
	expect_status 3
	has table 'last_call'
	expect_empty err
}

test_without_the_right_to_it_the_cure_is_told() {
	needs_nobody
	run_as_nobody trace "$examples/fib"
	expect_status 125
	expect_err 'tracing needs BPF programs, and they cannot be used: .*(needs root|not built in)'
	expect_err 'sudo evprof trace'
}

test_no_probe_stays_behind() {
	needs_tracing
	needs bpftool
	before=$(bpftool prog show 2>/dev/null | grep -c 'name on_entry')
	for _ in 1 2 3; do run trace -q -f 'fib*' "$examples/fib"; done
	[ "$(bpftool prog show 2>/dev/null | grep -c 'name on_entry')" -le "$((before + 1))" ] || fail "programs stay behind"
}

run_tests "$@"
