#!/bin/sh
# evprof dump: what it tells of Python programs is what Python tells of itself, in every version.
. "$(dirname "$0")/python_harness.sh"

# dump needs the rights of a debugger.
needs_dump() {
	needs python3
	sleep 100 &
	sleeper=$!
	"$evprof" dump -p $sleeper >/dev/null 2>why || { kill $sleeper && skip "$(head -1 why)"; }
	kill $sleeper
}
# dump_until PATTERN: of the target, in out, when it has come so far.
dump_until() {
	for _ in $(seq 300); do
		run dump -p $target
		grep -q "$1" out && break
		sleep 0.1
	done
}
# start_said PYTHON [DEPTH]: tests/cli/dump_said.py, until it has said where it is.
start_said() {
	export PYTHONUTF8=1
	start_target "$1" "$here/dump_said.py" truth "${2:-20}"
	for _ in $(seq 600); do
		[ "$(tail -n 1 truth 2>/dev/null)" = end ] && return
		kill -0 $target 2>/dev/null || fail "$1 ended early"
		sleep 0.05
	done
	fail "$1 did not say where it is"
}
# What the JSON in out says, as the program itself says it: TID FUNCTION FILE LINE of each frame.
said_by_dump() {
	python3 -c 'import json, sys
for thread in json.load(open("out", encoding="utf-8"))["threads"]:
    for f in thread["frames"]:
        if f["kind"] == "python":
            print(thread["tid"], f["function"], f["file"], f["line"], sep="\t")' >dumped 2>>err || fail "no JSON"
}
# Threads in any order, the frames of each in theirs.
by_thread() { grep -v '^end$' "$1" | sort -s -t '	' -k 1,1n; }
expect_truth() {
	said_by_dump
	by_thread truth >expected
	by_thread dumped >got
	diff -u expected got >difference || { head -40 difference; fail "it is not where Python says that it is"; }
}
check_version() {
	needs_dump
	find_python "$1"
	start_said "$python"
	run dump -j -p $target
	expect_status 0
	expect_json out
	expect_truth
	run dump -j --nonblocking -p $target
	expect_status 0
	# Whose frames they are can't be told of a running thread before 3.11.
	case $1 in 3.8 | 3.9 | 3.10) expect_out 'could not be found' ;; *) expect_truth ;; esac
}

test_frames_of_python_3_8_are_what_it_says_itself() { check_version 3.8; }
test_frames_of_python_3_9_are_what_it_says_itself() { check_version 3.9; }
test_frames_of_python_3_10_are_what_it_says_itself() { check_version 3.10; }
test_frames_of_python_3_11_are_what_it_says_itself() { check_version 3.11; }
test_frames_of_python_3_12_are_what_it_says_itself() { check_version 3.12; }
test_frames_of_python_3_13_are_what_it_says_itself() { check_version 3.13; }
test_frames_of_python_3_14_are_what_it_says_itself() { check_version 3.14; }
test_frames_of_python_3_15_are_what_it_says_itself() { check_version 3.15; }
check_free_threaded() {
	check_version "$1"
	run dump -p $target
	expect_out '^Python v3.* free-threaded: no GIL$'
	refuse_out 'holds the GIL'
}
test_frames_of_python_3_13_without_the_gil_are_what_it_says_itself() { check_free_threaded 3.13t; }
test_frames_of_python_3_14_without_the_gil_are_what_it_says_itself() { check_free_threaded 3.14t; }

# The newest that there is, with a number that none has yet.
make_python_to_come() {
	find_root 3.15 || skip "there is no python3.15"
	needs readelf
	mkdir home
	readelf -Wl --dyn-syms "$root/usr/bin/python3.15" >symbols 2>>err
	python3 - "$root/usr/bin/python3.15" home/python3.77 <<'EOF' || fail "its version was not found"
import sys
image = bytearray(open(sys.argv[1], "rb").read())
lines = [line.split() for line in open("symbols")]
address = {l[-1]: int(l[1], 16) for l in lines if l[-1:] in (["Py_Version"], ["_PyRuntime"])}
loads = [[int(n, 16) for n in l[1:5]] for l in lines if l[:1] == ["LOAD"]]
at = {n: o + a - v for n, a in address.items() for o, v, _, size in loads if v <= a < v + size}
for place in at["Py_Version"], at["_PyRuntime"] + 8:
    assert image[place + 2:place + 4] == bytes([15, 3])
    image[place + 2] = 77
open(sys.argv[2], "wb").write(image)
open("runtime", "w").write(str(at["_PyRuntime"]))
EOF
	chmod 755 home/python3.77
	python_of "$root" 3.15 "$PWD/home/python3.77"
}
test_a_version_to_come_is_read_by_what_it_publishes() {
	needs_dump
	make_python_to_come
	start_said "$python"
	run dump -j -p $target
	expect_status 0
	expect_truth
	run dump -p $target
	expect_out 'Python 3.77 is newer than what is known'
	# Not what it publishes in another form: a word more before the frames.
	python3 - home/python3.77 <<'EOF'
import sys
image = bytearray(open(sys.argv[1], "rb").read())
at = int(open("runtime").read())
image[at + 312:at + 888] = (8).to_bytes(8, "little") + image[at + 312:at + 880]
open("moved", "wb").write(image)
EOF
	chmod 755 moved
	kill $target
	mv -f moved home/python3.77
	"$python" -c 'import time; time.sleep(100)' &
	target=$!
	dump_until 'no Python frames'
	kill $target
	expect_out 'no Python frames: it is Python 3.77; .* is in no form that is: nothing is guessed'
}

test_a_python_in_a_container_is_read() {
	needs_dump
	needs_root
	needs unshare
	find_root 3.14 || skip "there is no python3.14"
	mkdir new
	unshare -m true 2>/dev/null || skip "no mount namespace can be made"
	unshare -m sh -c 'mount --make-rprivate / && mount --rbind "$1" "$2/new" && cd new && mkdir -p mnt &&
		pivot_root . mnt && exec chroot . /usr/bin/python3.14 -c "
import time
def waits_there():
    time.sleep(100)
waits_there()"' sh "$root" "$PWD" &
	target=$!
	dump_until '^    waits_there'
	kill $target
	expect_out '^    waits_there \(<string>:4\)'
	refuse_out '_PyEval_EvalFrameDefault'
}

test_a_static_stripped_python_is_read() {
	needs_dump
	python=/usr/bin/python3
	[ -x $python ] || skip "there is no $python"
	"$python" -c 'import sys; sys.exit(not (3, 8) <= sys.version_info < (3, 16))' || skip "$python is of another version"
	start_said $python
	run dump -j -p $target
	expect_status 0
	expect_truth
}

test_deep_recursion_is_followed_to_its_end() {
	needs_dump
	start_said python3 900
	run dump -j -p $target
	expect_truth
	expect_equal "$(grep -c '	recursion	' dumped)" 901 "frames of the recursion"
}

test_native_frames_stay_in_their_places() {
	needs_dump
	start_said python3
	run dump -p $target
	expect_status 0
	expect_out "^Process $target: .*dump_said.py"
	expect_out '^Python v3\.[0-9]+'
	expect_out "^Thread $target \(sleeping\): \"python"
	# sorted() is C, with a name or (stripped) without one: it stands between the function that called
	# it and its key.
	sed -n '/^    .*<lambda> .*dump_said.py:5[0-9])$/,/^    callback /p' out >between
	grep -qE '^    (builtin_sorted |\[.*\+0x)' between || fail "there is no C between a key and sorted()'s caller"
	expect_equal "$(grep -o 'dump_said.py' between | grep -c .)" 2 "functions of the program there"
	refuse_out '_PyEval_EvalFrameDefault'
	run dump --python off -p $target
	expect_out '_PyEval_EvalFrameDefault'
	refuse_out 'dump_said.py:'
}

test_who_holds_the_gil_is_told() {
	needs_dump
	start_target python3 -c 'while True: pass'
	sleep 0.5
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		run dump -p $target
		grep -q 'holds the GIL' out && break
		sleep 0.1
	done
	expect_out "^Thread $target \((running|sleeping), holds the GIL\): "
	expect_out '^    <module> \(<string>:1\)$'
	run dump --python only -p $target
	expect_out '^    <module> \(<string>:1\)$'
}

test_a_program_goes_on_as_before() {
	needs_dump
	start_target python3 -c 'import time
for i in range(100000): open("alive", "w").write(str(i)); time.sleep(0.01)'
	sleep 0.5
	for _ in 1 2 3 4 5; do
		run dump -p $target
		expect_status 0
	done
	before=$(cat alive)
	for _ in $(seq 100); do
		[ "$(cat alive)" != "$before" ] && [ -s alive ] && break
		sleep 0.1
	done
	[ "$(cat alive)" != "$before" ] || fail "it stands still"
	expect_equal "$(sed -n 's/^TracerPid:[[:space:]]*//p' /proc/$target/status)" 0 tracer
}

test_a_program_without_python_has_its_native_stack() {
	needs_dump
	start_target "$specimens/sleeper" 100000
	sleep 0.3
	run dump -p $target
	expect_status 0
	expect_out "^Thread $target \((sleeping|running)\): \"sleeper\""
	expect_out '^    main \(.*sleeper.c:[0-9]+\)$'
	refuse_out '^Python v'
	run dump --python only -p $target
	expect_failure
	expect_err 'runs no Python'
}

test_threads_in_a_container_are_told_apart() {
	needs_dump
	needs_root
	needs unshare
	unshare -pf --mount-proc true 2>/dev/null || skip "no namespace can be made here"
	unshare -pf --mount-proc python3 -c 'import threading, time
def nap(): time.sleep(100)
threading.Thread(target=nap, daemon=True).start()
open("ready", "w").close()
time.sleep(100)' 2>/dev/null &
	outside=$!
	for _ in $(seq 100); do
		[ -e ready ] && break
		sleep 0.1
	done
	target=$(cat /proc/$outside/task/$outside/children)
	target=${target%% *}
	trap 'kill -9 $target 2>/dev/null' EXIT
	run dump -j --python only -p "$target"
	expect_status 0
	expect_equal "$(json out "[[f['function'] for f in t['frames']][0] for t in j['threads'] if t['tid'] == $target]")" "['<module>']" "main thread"
	expect_equal "$(json out "['nap' in [f['function'] for f in t['frames']] for t in j['threads'] if t['tid'] != $target]")" "[True]" "the other thread"
	refuse_out 'could not be found'
}

test_a_stopped_program_is_shown_and_stays_stopped() {
	needs_dump
	start_target python3 -c 'import time
def f(): time.sleep(100)
f()'
	for _ in $(seq 100); do
		run dump --python only -p $target
		grep -q '^    f (<string>:2)$' out && break
		sleep 0.1
	done
	kill -STOP $target
	for _ in $(seq 100); do
		grep -q '^State:.*T' /proc/$target/status && break
		sleep 0.1
	done
	run dump --python only -p $target
	expect_out '\(stopped\)'
	expect_out '^    f \(<string>:2\)$'
	grep -q '^State:.*T' /proc/$target/status || fail "it goes on"
	kill -CONT $target
}

test_without_privileges_ones_own_programs_are_shown() {
	needs_dump
	needs_nobody
	start_target setpriv --reuid=65534 --regid=65534 --clear-groups /usr/bin/sleep 100
	sleep 0.3
	run_as_nobody dump -p $target
	[ "$(cat /proc/sys/kernel/yama/ptrace_scope 2>/dev/null || echo 0)" = 0 ] || skip "kernel.yama.ptrace_scope forbids it"
	expect_status 0
	expect_out '^    .* \(sleep\)$'
}

test_refusals_say_what_helps() {
	run dump
	expect_status 129
	expect_err 'give -p PID'
	run dump -p x
	expect_status 129
	expect_err "'x' is no process id"
	run dump -p 999999999
	expect_status 1
	expect_err 'there is no process 999999999'
	run dump --python never -p 1
	expect_status 129
	needs_nobody
	sleep 100 &
	target=$!
	trap 'kill $target 2>/dev/null' EXIT
	run_as_nobody dump -p $target
	expect_status 125
	expect_err "try: sudo evprof dump -p $target"
}

test_other_versions_are_said_and_not_guessed() {
	needs_dump
	for version in 2.7 3.7 3.6; do
		for python in "${PYENV_ROOT:-$HOME/.pyenv}"/versions/$version.*/bin/python; do
			[ -x "$python" ] || continue
			found=1
			start_target "$python" -c 'import time; time.sleep(100)'
			sleep 0.5
			run dump -p $target
			expect_status 0
			case $version in
			2.7) expect_out 'no Python frames: it is Python 2,' ;;
			3.6) expect_out 'no Python frames: it is a Python before 3.7,' ;;
			*) expect_out "no Python frames: it is Python $version;" ;;
			esac
			expect_out '_start'
			run dump --python only -p $target
			expect_status 1
			kill $target
		done
	done
	[ -n "${found:-}" ] || skip "there is no python 2.7, 3.6 or 3.7 of pyenv"
}

run_tests "$@"
