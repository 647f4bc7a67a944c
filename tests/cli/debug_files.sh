#!/bin/sh
# Debug info that is not in the program: what is missing is said, and fetched only when asked for.
. "$(dirname "$0")/harness.sh"
unset LOCPATH # with it glibc's newlocale, which the client of debuginfod calls, leaks a few bytes

# hot, whose leaf is inlined; its debug info goes to served/buildid/ID/debuginfo.
stripped_program() {
	needs gcc
	needs objcopy
	needs readelf
	cat >hot.c <<'C'
static inline __attribute__((always_inline)) unsigned leaf(unsigned x) { return x * 2654435761u + 7; }
static __attribute__((noinline)) unsigned hidden(unsigned x)
{
	for (int i = 0; i < 200000000; i++)
		x = leaf(x);
	return x;
}
int main(int argc, char **argv) { (void)argv; return hidden((unsigned)argc) == 1; }
C
	gcc -O2 -g -Wl,--build-id -o hot hot.c || skip "gcc makes no program here"
	id=$(readelf -n hot | sed -n 's/.*Build ID: //p')
	[ -n "$id" ] || skip "the linker writes no build-id"
	mkdir -p "served/buildid/$id"
	objcopy --only-keep-debug hot "served/buildid/$id/debuginfo"
	strip hot
}
serve() {
	needs python3
	python3 -u - >port 2>asked <<'PY' &
import http.server, os
os.chdir("served")
server = http.server.HTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
print(server.server_port, flush=True)
server.serve_forever()
PY
	server=$!
	trap 'kill $server 2>/dev/null' EXIT
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		[ -s port ] && break
		sleep 0.1
	done
	[ -s port ] || skip "no server can be run here"
	export DEBUGINFOD_URLS="http://127.0.0.1:$(cat port)/" DEBUGINFOD_CACHE_PATH="$PWD/cache"
}
needs_client() {
	ldconfig -p 2>/dev/null | grep -q libdebuginfod.so.1 || skip "there is no libdebuginfod"
}

test_debug_info_is_fetched_only_when_asked_for() {
	needs_client
	stripped_program
	serve
	run record -q -e cpu-clock -F 1000 ./hot
	expect_status 0
	run report -s sym,srcline
	refuse_out 'hidden'
	expect_empty asked
	run report -s sym,srcline --debuginfod
	expect_status 0
	expect_out 'hidden +hot.c:'
	has asked "GET /buildid/$id/debuginfo"
	run report --debuginfod=5
	expect_out '\[\.\] hidden'
}

test_what_no_server_has_is_said() {
	needs_client
	stripped_program
	rm -r served/buildid
	serve
	run record -q -e cpu-clock -F 1000 ./hot
	run report --debuginfod
	expect_status 0
	expect_err 'debug info of 0 of 1 objects fetched; 1 unknown to the servers'
	expect_out 'hot'
}

test_a_server_that_does_not_answer_costs_no_more_than_the_budget() {
	needs_client
	needs python3
	stripped_program
	python3 -u - >port <<'PY' &
import socket, time
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen(5)
print(s.getsockname()[1], flush=True)
time.sleep(100)
PY
	server=$!
	trap 'kill $server 2>/dev/null' EXIT
	for _ in 1 2 3 4 5 6 7 8 9 10; do [ -s port ] || sleep 0.2; done
	export DEBUGINFOD_URLS="http://127.0.0.1:$(cat port)/" DEBUGINFOD_CACHE_PATH="$PWD/cache"
	run record -q -e cpu-clock -F 1000 ./hot
	LIMIT_S=50
	run report --debuginfod=1
	expect_status 0
	expect_err 'the time for it was over'
}

test_without_a_server_the_remedy_is_told() {
	unset DEBUGINFOD_URLS
	run record -q -e cpu-clock -F 1000 "$specimens/two_functions" 30
	run report --debuginfod
	expect_failure
	expect_err 'export DEBUGINFOD_URLS='
	run report --debuginfod=soon
	expect_failure
	expect_err "takes seconds, not 'soon'"
}

# What a .dwo holds is not in the program, and is found where it was compiled, later too.
test_a_dwo_that_is_missing_is_named_and_used_when_it_is_back() {
	stripped_program
	for compiler in gcc clang; do
		command -v $compiler >/dev/null 2>&1 || continue
		rm -f ./*.dwo
		$compiler -O2 -g -gsplit-dwarf -c -o hot.o hot.c && $compiler -o hot hot.o || skip "$compiler splits no debug info"
		mv hot.dwo away
		run record -q -g -e cpu-clock -F 1000 ./hot
		expect_status 0
		run report -g --no-children
		expect_err 'hot: inlined functions are incomplete: its debug info in hot.dwo is not here'
		mv away hot.dwo
		run report -g --no-children
		refuse_err 'incomplete'
		expect_out 'leaf|hidden'
		run report --no-children -s sym,srcline
		expect_out 'leaf +hot.c:1'
	done
}

# The dwp of binutils 2.40 dies of DWARF 5.
test_a_package_of_dwo_files_serves_the_program_beside_it() {
	needs dwp
	stripped_program
	gcc -O2 -gdwarf-4 -gsplit-dwarf -c -o hot.o hot.c && gcc -o hot hot.o && dwp -e hot -o hot.dwp || skip "no package is made here"
	rm hot.dwo
	run record -q -g -e cpu-clock -F 1000 ./hot
	run report --no-children -s sym,srcline
	refuse_err 'incomplete'
	expect_out 'leaf +hot.c:1'
}

test_sections_packed_with_zstd_are_read() {
	stripped_program
	gcc -O2 -g -o hot hot.c
	objcopy --compress-debug-sections=zstd hot 2>/dev/null || skip "objcopy does not pack with zstd here"
	run record -q -g -e cpu-clock -F 1000 ./hot
	run report --no-children -s sym,srcline
	expect_out 'leaf +hot.c:1'
}

test_names_of_rust_are_readable_in_either_mangling() {
	needs rustc
	cat >hot.rs <<'RS'
struct Counter { state: u64 }
impl Counter {
    #[inline(always)]
    fn mixed(&self, x: u64) -> u64 { x.wrapping_mul(6364136223846793005).rotate_left(7) ^ self.state }
    #[inline(never)]
    fn run<T: Into<u64> + Copy>(&mut self, from: T) -> u64 {
        for _ in 0..150_000_000u64 { self.state = self.mixed(self.state + from.into()); }
        self.state
    }
}
fn main() { let mut c = Counter { state: 1 }; println!("{}", c.run(7u32)); }
RS
	for mangling in legacy v0; do
		RUSTC_BOOTSTRAP=1 rustc -O -g -Z unstable-options -C symbol-mangling-version=$mangling -o hot hot.rs 2>err ||
			{ [ $mangling = v0 ] && break || skip "rustc does not work here: $(head -1 err)"; }
		run record -q -g -e cpu-clock -F 1000 ./hot
		expect_status 0
		run report --no-children -g
		expect_out 'Counter(>)?::run'
		expect_out 'Counter(>)?::mixed'
		refuse_out '17h[0-9a-f]{16}|::h[0-9a-f]{16}|_R[A-Z]'
	done
}

test_a_program_that_was_rebuilt_is_not_taken_for_the_old_one() {
	stripped_program
	needs perf
	perf record -q -N -e cpu-clock -F 1000 -o p.data ./hot >/dev/null 2>err ||
		skip "perf record does not run here: $(head -1 err)"
	mv hot other && echo 'int main(void) { return 1; }' >new.c && gcc -Wl,--build-id -o hot new.c
	rm -rf served
	HOME=$PWD
	export HOME
	run report -i p.data
	expect_out 'hot \(build-id differs: the file was rebuilt\)'
	refuse_out '\] main'
	rm hot
	run report -i p.data
	expect_out 'hot \(file not found\)'
}

run_tests "$@"
