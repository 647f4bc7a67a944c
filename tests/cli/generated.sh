#!/bin/sh
# Code that was made while the program ran, and files that only the program sees: perf maps,
# jitdumps, containers.
. "$(dirname "$0")/harness.sh"

needs_made_code() {
	case $(uname -m) in x86_64) ;; *) skip "the specimen makes code of x86-64 only" ;; esac
}
expect_both_halves() { # first 100 ms, later 200 ms, at one address
	run report --format json "$@"
	expect_status 0
	expect_between "$(symbol_percent 'made first')" 22 45 'share of what was there first'
	expect_between "$(symbol_percent 'made later')" 52 76 'share of what came later'
}

test_code_that_took_the_place_of_other_code_is_told_apart() {
	needs_made_code
	for clock in '' '-k mono'; do
		# shellcheck disable=SC2086 # two words
		run record -q -e cpu-clock -F 2000 $clock "$specimens/generated" dump "$PWD"
		expect_status 0
		expect_both_halves
		run report -s sym,srcline
		expect_out 'made first +/?.*made.js:10'
		expect_out 'made later +/?.*made.js:20'
		rm -f jit-*.dump # the recording carries it
		expect_both_halves
	done
}

test_the_jitdump_of_a_recording_of_perf_is_read_without_an_inject_step() {
	needs_made_code
	needs perf
	for clock in '' '-k mono'; do
		# shellcheck disable=SC2086 # two words
		perf record -q -N -e cpu-clock -F 2000 $clock "$specimens/generated" dump "$PWD" >/dev/null 2>err ||
			skip "perf record does not run here: $(head -1 err)"
		expect_both_halves
		rm -f jit-*.dump
	done
}

test_node_names_its_code_in_a_jitdump() {
	needs node
	cat >hot.js <<'JS'
function hot(n) { let s = 0; for (let i = 0; i < n; i++) s += i % 7 * i; return s }
let t = 0; const end = Date.now() + 600; while (Date.now() < end) t += hot(10000)
JS
	node --perf-prof -e 0 >/dev/null 2>err || skip "node can not --perf-prof: $(head -1 err)"
	rm -f jit-*.dump
	run record -q -e cpu-clock -F 1000 node --perf-prof hot.js
	expect_status 0
	run report
	expect_out '\[JIT\] tid.* JS:.?(hot|  *[^ ]*hot.js)'
}

test_node_names_its_code_in_a_perf_map() {
	needs node
	cat >hot.js <<'JS'
function hot(n) { let s = 0; for (let i = 0; i < n; i++) s += i % 7 * i; return s }
let t = 0; const end = Date.now() + 600; while (Date.now() < end) t += hot(10000)
JS
	run record -q -e cpu-clock -F 1000 node --perf-basic-prof hot.js
	expect_status 0
	rm -f /tmp/perf-"$(sed -n 's/.*tid \([0-9]*\).*/\1/p' out | head -1)".map
	run report
	expect_out '\[JIT\] tid.* JS:.?(hot|  *[^ ]*hot.js)'
	rm -f /tmp/perf-"$(sed -n 's/.*JIT. tid \([0-9]*\).*/\1/p' out | head -1)".map
}

# A process that is number 1 in a space of its own, whose /tmp and program nobody else sees.
test_the_map_and_program_of_a_container_are_read_after_it_ended() {
	needs_made_code
	unshare --mount --pid --fork true 2>err || skip "no name spaces can be made here: $(head -1 err)"
	[ -d /mnt ] || skip "there is no /mnt to mount on"
	cp "$specimens/two_functions" "$specimens/generated" .
	cat >contained.sh <<SH
mount -t tmpfs none /mnt && cp two_functions generated /mnt && cd /mnt &&
	mount -t tmpfs none /tmp && ./two_functions 60 && exec ./generated map /tmp
SH
	run record -q -e cpu-clock -F 2000 unshare --mount --pid --fork sh contained.sh
	expect_status 0
	run report -s sym
	expect_out 'made later'
	expect_out '\] twice'
}

# The same under a recorder of everybody, one that counts in the kernel, and one of its process alone.
test_a_container_has_its_names_however_it_is_recorded() {
	needs_made_code
	unshare --mount --pid --fork true 2>err || skip "no name spaces can be made here: $(head -1 err)"
	[ -d /mnt ] || skip "there is no /mnt to mount on"
	"$evprof" record -q -a -e cpu-clock -o probe.data true 2>err || skip "$(head -1 err)"
	cp "$specimens/two_functions" "$specimens/generated" .
	# A root of its own, with the libraries of the programs in it, and /tmp in that.
	mkdir -p root/tmp root/old
	for file in two_functions generated; do
		ldd $file | grep -o '/[^ ]*' | while read -r library; do
			mkdir -p "root$(dirname "$library")" && cp -L "$library" "root$library"
		done
	done
	cp two_functions generated root
	cat >contained.sh <<'SH'
mount -t tmpfs none /mnt && cp -r root/. /mnt && cd /mnt &&
	exec chroot /mnt /two_functions "$1"
SH
	for how in -a '-a --bpf'; do
		case $how in *--bpf) "$evprof" record -q --bpf --dry-run -e cpu-clock true 2>/dev/null || continue ;; esac
		for rounds in 60 600 6000; do
			# shellcheck disable=SC2086
			run record -q $how -e cpu-clock -F 1999 -- unshare --mount --pid --fork sh contained.sh $rounds
			expect_status 0
			run report --comm two_functions -s dso,sym
			grep -Eq ' two_functions +\[\.\] twice' out && break
		done
		expect_out ' two_functions +\[\.\] twice'
	done
	unshare --mount --pid --fork --kill-child sh contained.sh 1000000 &
	outer=$!
	trap 'kill -9 $outer $inner 2>/dev/null' EXIT
	inner=
	for _ in $(seq 300); do
		inner=$(awk -v parent="$outer" '$1 == "Name:" { named = $2 == "two_functions" }
			$1 == "Pid:" { id = $2 }
			$1 == "PPid:" && $2 == parent && named { print id }' /proc/[0-9]*/status 2>/dev/null)
		[ -n "$inner" ] && break
		sleep 0.1
	done
	[ -n "$inner" ] || fail "the container does not begin"
	run record -q -p "$inner" -e cpu-clock -F 1999 --duration 0.5 -o p.data
	expect_status 0
	kill -9 "$inner" "$outer"
	run report -i p.data -s comm,dso,sym
	expect_out ' two_functions +two_functions +\[\.\] twice'
}

test_a_map_that_another_user_wrote_is_not_believed() {
	needs_made_code
	[ "$(id -u)" = 0 ] || skip "needs root"
	run record -q -e cpu-clock -F 1000 "$specimens/generated" map "$PWD"
	expect_status 0
	run report -s dso
	pid=$(sed -n 's/.*JIT. tid \([0-9]*\).*/\1/p' out | head -1)
	map=/tmp/perf-$pid.map
	[ -e "$map" ] && skip "$map is there already"
	cp perf-*.map "$map"
	chown 12345 "$map"
	run report -s sym
	rm -f "$map"
	refuse_out 'made later'
	cp perf-*.map "$map"
	run report -s sym
	rm -f "$map"
	expect_out 'made later'
}

run_tests "$@"
