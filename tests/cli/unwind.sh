#!/bin/sh
# Stacks of programs of every kind, from copies: unwound while they are recorded, and from perf's
# recordings, where they must be at least as complete as perf's own.
. "$(dirname "$0")/harness.sh"

# Where stacks may begin; the last is what glibc's dynamic loader begins with.
roots='_start|clone3?|__clone3?|runtime\.(goexit|rt0_go|mstart|clone|_?mcall)(\.abi0)?|_rt0_amd64_linux|_dl_start_user'

needs_x86() { [ "$(uname -m)" = x86_64 ] || skip "programs for this machine were not tried"; }

# A program that spends its time 20 calls deep, in code that `call` (default: a loop) says.
deep_program() {
	cat >p.c <<-'END'
		volatile unsigned long sink;
		__attribute__((noinline)) static void leaf(void) { for (int i = 0; i < 3000; i++) sink += i; }
		__attribute__((noinline)) static void deeper(int n) { if (n) deeper(n - 1); else leaf(); sink++; }
		int main(void) { for (int i = 0; i < 30000; i++) deeper(20); return 0; }
	END
}

# Share of the weight, in percent, of folded stacks on stdin that begin there.
rooted() {
	awk -v roots="^[^;]*;($roots)(;|\$)" '/^#/ { next }
		{ weight = $NF; sub(/ [0-9]+$/, ""); all += weight; if ($0 ~ roots) good += weight }
		END { print all ? int(good * 1000 / all) / 10 : 0 }'
}
# The same of what perf makes of its own recording.
rooted_by_perf() {
	perf script -i "$1" --no-inline -F comm,sym 2>/dev/null | awk -v roots="^($roots)\$" '
		/^[ \t]/ { last = $1; next }
		{ if (last != "") { all++; if (last ~ roots) good++ } last = "" }
		END { if (last != "") { all++; if (last ~ roots) good++ }
			print all ? int(good * 1000 / all) / 10 : 0 }'
}
at_least() { awk -v a="$1" -v b="$2" 'BEGIN { exit !(a >= b) }' || fail "$3: $1, expected at least $2"; }

# Into perf.data. Its cache of binaries is left alone: several perfs that fill it at once can fail.
perf_record() {
	rm -f perf.data
	perf record -q -N -F 1000 -e cpu-clock:u --call-graph dwarf,16384 -o perf.data "$@" >/dev/null 2>&1
}

# complete LEAST COMMAND…: of its stacks, unwound live and afterwards
complete() {
	least=$1
	shift
	run record -q -F 1000 -e cpu-clock:u --call-graph dwarf,16384 -o live.data "$@"
	[ "$status" = 0 ] || fail "recording failed with status $status"
	run report -i live.data --format folded --no-inline
	[ "$(grep -c ';' out)" -gt 0 ] || skip "the program was over before a sample was taken"
	at_least "$(rooted <out)" "$least" "percent of stacks that are whole, unwound live"
	cp out live.folded
	perf --version >/dev/null 2>&1 || return 0
	perf_record "$@" || return 0
	run report -i perf.data --format folded --no-inline
	ours=$(rooted <out)
	at_least "$ours" "$least" "percent of stacks that are whole, of perf's recording"
	at_least "$ours" "$(rooted_by_perf perf.data)" "percent of stacks that are whole, beside perf's"
}

test_functions_without_frame_pointers() {
	needs gcc
	deep_program
	gcc -O2 -fomit-frame-pointer -o p p.c
	complete 98 ./p
	has live.folded ';main;(deeper;){20,}.*leaf [0-9]+$'
}

# gdb knows libc's aliases by other names, and what was inlined there; its sort recurses as deep as
# the sample was.
as_both_call_it() {
	sed -E -e 's/__libc_start_main_impl/__libc_start_main/' -e 's/(__GI_qsort|__pthread_kill_internal);//' -e 's/__GI_//g' \
		-e 's/(;msort_with_tmp(\.part\.[0-9]+)?)+/;msort_with_tmp/'
}
# gdb's stack where `leaf` begins, root first, must be one of evprof's, function by function.
test_the_same_functions_in_the_same_order_as_gdb() {
	needs_x86
	needs gdb
	needs gcc
	needs_events
	cat >p.c <<-'END'
		#include <signal.h>
		#include <stdlib.h>
		#define LONE __attribute__((noinline, noclone))
		volatile unsigned long sink;
		LONE void leaf(void) { for (int i = 0; i < 2000; i++) sink += i; }
		LONE int compare(const void *a, const void *b) { leaf(); sink++; return *(int *)a - *(int *)b; }
		LONE void sorted(int n) { int list[64]; for (int i = 0; i < 64; i++) list[i] = n ^ i * 37; qsort(list, 64, sizeof(int), compare); sink++; }
		LONE void handler(int s) { if (PART == 2) leaf(); sink += s; }
		LONE void wide(int n) { char room[5000]; for (int i = 0; i < 5000; i++) ((volatile char *)room)[i] = n; if (PART == 1) sorted(n); else raise(SIGUSR1); sink += room[n]; }
		LONE void again(int n, int k) { if (k) again(n, k - 1); else wide(n); sink++; }
		int main(void) { signal(SIGUSR1, handler); for (int i = 0; i < (PART == 1 ? 1000 : 200000); i++) again(i % 64, 3); return 0; }
	END
	for part in 1 2; do
		gcc -O2 -g -fomit-frame-pointer -fno-optimize-sibling-calls -DPART=$part -o p p.c || fail "gcc failed"
		timeout 60 gdb -nx -batch -ex 'set debuginfod enabled off' -ex 'set startup-with-shell off' \
			-ex 'set backtrace past-main on' -ex 'handle SIGUSR1 nostop noprint' \
			-ex 'break leaf' -ex run -ex bt ./p >gdb.out 2>&1 </dev/null
		grep -q '^#0 .*leaf' gdb.out || skip "gdb runs no programs here"
		# "#1  0x00005 in compare (a=…) at p.c:6"
		sed -nE 's/^#[0-9]+ +(0x[0-9a-f]+ in )?([^ ]+) ?.*/\2/p' gdb.out | sed 's/^<signal.*/__restore_rt/' |
			tac | paste -sd ';' | as_both_call_it >wanted
		run record -q -e task-clock:u -F 2000 --call-graph dwarf,32768 -o unwound ./p
		expect_status 0
		run report -i unwound --format folded --no-inline
		expect_status 0
		grep ';leaf [0-9]*$' out | sed -E 's/^[^;]*;//; s/ [0-9]+$//' | as_both_call_it >stacks
		[ -s stacks ] || fail "no sample is in leaf"
		# Of libraries without symbols gdb has no names (??) and evprof addresses.
		awk -v wanted="$(cat wanted)" '
			{ n = split($0, ours, ";"); m = split(wanted, theirs, ";"); same = n == m
			  for (i = 1; i <= n && same; i++)
				same = ours[i] == theirs[i] || theirs[i] == "??" || ours[i] ~ /^\[|^0x/
			  found += same }
			END { exit !(found > NR * 0.8) }' stacks ||
			{ sort stacks | uniq -c | sort -rn | head -3; cat wanted; fail "gdb's stack is not evprof's"; }
	done
}

# What was learnt of where a thread's stack begins is of no use behind an exec.
test_programs_that_become_others() {
	needs gcc
	cat >again.c <<-'END'
		#include <stdio.h>
		#include <stdlib.h>
		#include <unistd.h>
		volatile unsigned long sink;
		__attribute__((noinline)) static void deeper(int n) { if (n) deeper(n - 1); else for (int i = 0; i < 60000000; i++) sink += i; sink++; }
		int main(int count, char **words) {
			int left = atoi(words[1]);
			char next[16], room[3000];
			setenv("ROOM", "x", 1);
			deeper(left * 5);
			snprintf(next, sizeof(next), "%d", left - 1);
			for (int i = 0; i < 2999; i++) room[i] = 'x';
			room[left * 300] = 0;
			setenv("ROOM", room, 1);
			if (left) execl("./again", "again", next, (char *)0);
			return 0;
		}
	END
	gcc -O2 -fomit-frame-pointer -o again again.c
	complete 98 ./again 6
	run record -q -e cpu-clock:u -F 12000 -o live.data ./again 6
	run report -i live.data --format folded --no-inline
	at_least "$(rooted <out)" 98 "percent of stacks that are whole, of many samples"
}

test_static_programs() {
	needs gcc
	deep_program
	gcc -O2 -fomit-frame-pointer -static -o p p.c 2>/dev/null || skip "there is no static libc"
	complete 98 ./p
	gcc -O2 -fomit-frame-pointer -static-pie -o p p.c 2>/dev/null || skip "there is no static-pie libc"
	complete 98 ./p
}

test_tables_that_only_debuggers_read() {
	needs gcc
	needs objcopy
	deep_program
	gcc -O2 -g -gz -fomit-frame-pointer -fno-asynchronous-unwind-tables -o p p.c
	complete 98 ./p
	objcopy --only-keep-debug p p.debug
	objcopy --strip-all --add-gnu-debuglink=p.debug p
	run record -q -F 1000 -e cpu-clock:u --call-graph dwarf,16384 ./p
	run report --format folded --no-inline
	at_least "$(rooted <out)" 98 "percent of stacks that are whole, with a separate debug file"
	gcc -O2 -fomit-frame-pointer -static -Wl,--no-eh-frame-hdr -o p p.c 2>/dev/null || skip "there is no static libc"
	complete 98 ./p
}

test_musl() {
	needs musl-gcc
	needs_x86
	"$evprof" doctor 2>/dev/null | grep -i capstone | grep -qiE 'missing|not built|absent' && skip "not built with capstone"
	deep_program
	for how in '' -static; do
		# shellcheck disable=SC2086 # no word, no argument
		musl-gcc -O2 -fomit-frame-pointer $how -o p p.c
		complete 95 ./p
	done
}

test_signal_handlers_on_the_same_stack_and_on_their_own() {
	needs gcc
	cat >p.c <<-'END'
		#include <signal.h>
		#include <stdlib.h>
		#include <sys/time.h>
		volatile unsigned long sink;
		volatile int times;
		__attribute__((noinline)) static void burn(int n) { for (int i = 0; i < n; i++) sink += i; }
		static void handler(int number) { (void)number; burn(2000000); times++; }
		__attribute__((noinline)) static void work(void) { burn(100000); sink++; }
		int main(int count, char **words) {
			struct sigaction action = { .sa_handler = handler };
			struct itimerval every = { { 0, 10000 }, { 0, 10000 } };
			stack_t other = { .ss_sp = malloc(65536), .ss_size = 65536 };
			(void)words;
			if (count > 1) { sigaltstack(&other, 0); action.sa_flags = SA_ONSTACK; }
			sigaction(SIGALRM, &action, 0);
			setitimer(ITIMER_REAL, &every, 0);
			while (times < 30) work();
			return 0;
		}
	END
	gcc -O2 -o p p.c
	complete 98 ./p
	has live.folded ';main;.*work.*;handler;burn [0-9]+$'
	# The interrupted function is the last that can be known, and the report says why.
	run record -q -F 1000 -e cpu-clock:u --call-graph dwarf,16384 ./p other
	run report --format folded --no-inline
	has out ';handler;burn [0-9]+$'
	perf --version >/dev/null 2>&1 || skip "there is no perf to record copies"
	perf_record ./p other || skip "perf can not copy stacks here"
	run report -g caller
	expect_out '% go on on a stack that was not copied'
}

test_exceptions_while_they_are_thrown() {
	needs g++
	cat >p.cc <<-'END'
		#include <stdexcept>
		volatile long sink;
		__attribute__((noinline)) void thrower(int n) { if (!n) throw std::runtime_error("x"); thrower(n - 1); sink = sink + 1; }
		__attribute__((noinline)) void catcher(int n) { try { thrower(n); } catch (std::exception &e) { sink = sink + e.what()[0]; } }
		int main() { for (int i = 0; i < 20000; i++) catcher(i % 12); }
	END
	g++ -O2 -o p p.cc
	complete 95 ./p
}

# A copy goes up to the first page that is not there, and of a large array only its ends may be.
test_an_array_on_the_stack_that_nobody_touched_yet() {
	needs gcc
	needs_x86
	cat >p.c <<-'END'
		volatile unsigned long sink;
		__attribute__((noinline)) static void leaf(void) { for (int i = 0; i < 600000000; i++) sink += i; }
		int main(int count, char **arguments)
		{
			volatile char array[40960];
			array[40959] = array[0] = (char)count;
			leaf();
			return arguments && array[0] != (char)count;
		}
	END
	gcc -O1 -fomit-frame-pointer -o p p.c
	run record -q -F 1000 -e cpu-clock:u --call-graph dwarf,65528 -o live.data ./p
	expect_status 0
	run report -i live.data --format folded --no-inline
	grep -q 'main;leaf' out || skip "the program was over before a sample was taken"
	expect_out '^p;\[stack not in memory\];main;leaf [0-9]+$'
	refuse_out "broken stack"
	# In the kernel only the words that count are read: what is there is followed to its root.
	"$evprof" record -q --bpf --dry-run -e cpu-clock true 2>/dev/null || return 0
	run record -q -F 1000 -e cpu-clock:u -o live.data ./p
	run report -i live.data --format folded --no-inline
	expect_out '^p;_start;.*main;leaf [0-9]+$'
}

test_lazily_bound_calls_and_the_vdso() {
	needs gcc
	cat >p.c <<-'END'
		#include <stdlib.h>
		#include <time.h>
		volatile int sink;
		char text[] = "123";
		int main(void) {
			struct timespec now;
			for (int i = 0; i < 3000000; i++) { sink += abs(atoi(text)); clock_gettime(CLOCK_MONOTONIC, &now); }
			return 0;
		}
	END
	gcc -O1 -fno-builtin -Wl,-z,lazy -o p p.c
	complete 98 ./p
}

test_libraries_that_come_and_go() {
	needs gcc
	cat >plug.c <<-'END'
		static volatile unsigned long sink;
		__attribute__((noinline)) static void deeper(int n) { if (n) deeper(n - 1); else for (int i = 0; i < 20000000; i++) sink += i; sink++; }
		void plug(int n) { deeper(n); sink++; }
	END
	cat >p.c <<-'END'
		#include <dlfcn.h>
		int main(int count, char **words) {
			for (int i = 0; i < 4 + count; i++) {
				void *library = dlopen(words[1], RTLD_NOW);
				((void (*)(int))dlsym(library, "plug"))(20);
				dlclose(library);
			}
			return 0;
		}
	END
	gcc -O2 -fPIC -shared -o plug.so plug.c
	gcc -O2 -o p p.c -ldl
	complete 98 ./p ./plug.so
	has live.folded ';main;plug;(deeper;){19,}deeper [0-9]+$'
}

test_coroutines_end_where_they_were_made() {
	needs gcc
	needs_x86
	needs_perf
	cat >p.c <<-'END'
		#include <stdlib.h>
		#include <ucontext.h>
		volatile unsigned long sink;
		static ucontext_t home, other;
		__attribute__((noinline)) static void burn(void) { for (int i = 0; i < 20000; i++) sink += i; }
		static void body(void) { for (;;) { burn(); swapcontext(&other, &home); } }
		int main(void) {
			getcontext(&other);
			other.uc_stack.ss_sp = malloc(65536), other.uc_stack.ss_size = 65536;
			makecontext(&other, body, 0);
			for (int i = 0; i < 8000; i++) swapcontext(&home, &other);
			return 0;
		}
	END
	gcc -O2 -o p p.c
	perf_record ./p || skip "perf can not copy stacks here"
	run report --format folded --no-inline
	has out ';body;burn [0-9]+$'
	run report -g caller
	at_least "$(sed -n 's/.* \([0-9.]*\)% complete stacks.*/\1/p' out)" 95 "percent of stacks that are complete"
}

test_go() {
	needs go
	cat >p.go <<-'END'
		package main

		import "sync"

		func fib(n int) int {
			if n < 2 {
				return n
			}
			return fib(n-1) + fib(n-2)
		}
		func main() {
			var group sync.WaitGroup
			for i := 0; i < 4; i++ {
				group.Add(1)
				go func() { println(fib(32)); group.Done() }()
			}
			group.Wait()
		}
	END
	HOME=$PWD GOFLAGS=-mod=mod GOCACHE=$PWD/cache timeout 100 go build -o p p.go 2>/dev/null || skip "go does not build here"
	complete 95 ./p
	has live.folded ';runtime.goexit[^;]*;main.main.func1;(main.fib;)+main.fib [0-9]+$'
}

test_rust() {
	rustc=$(command -v rustc || ls "${HOME:-/root}/.cargo/bin/rustc" 2>/dev/null) || skip "rustc is not installed"
	cat >p.rs <<-'END'
		fn fib(n: u64) -> u64 { if n < 2 { n } else { fib(n - 1) + fib(n - 2) } }
		fn main() { let mut words: Vec<String> = (0..20000).map(|i| format!("w{}", i * 7919 % 20011)).collect(); words.sort(); println!("{} {}", fib(33), words[0]); }
	END
	"$rustc" -O -o p p.rs 2>/dev/null || skip "rustc does not build here"
	complete 95 ./p
}

test_code_generated_at_run_time() {
	needs node
	cat >p.js <<-'END'
		function fib(n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }
		console.log(fib(32));
	END
	complete 90 node --perf-basic-prof p.js
	has live.folded ';_start;.*fib'
}

run_tests "$@"
