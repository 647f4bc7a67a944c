#!/bin/sh
# evprof record --simulate of Python programs: costs of a model, by Python function.
. "$(dirname "$0")/python_harness.sh"
LIMIT_S=300 # a simulator, on a busy machine

needs_valgrind() {
	needs valgrind
	valgrind --tool=callgrind --callgrind-out-file=/dev/null true >/dev/null 2>&1 ||
		skip "this valgrind does not run"
}
# Functions whose instructions are to one another as they say, and every way into and out of one.
write_program() {
	cat >known.py <<-'END'
		import _thread, os, time
		def turn(n):
		    total = 0
		    for i in range(n):
		        total = (total + i * 3) % 1000
		    return total
		def once():
		    return turn(3000)
		def thrice():
		    total = 0
		    for i in range(9000):
		        total = (total + i * 3) % 1000
		    return total
		def fib(n):
		    return n if n < 2 else fib(n - 1) + fib(n - 2)
		def numbers(n):
		    for i in range(n):
		        yield i * i
		def deep(n):
		    if not n:
		        raise ValueError("bottom")
		    return deep(n - 1)
		def key(x):
		    return -x
		def in_thread():
		    sorted(range(100), key=key)
		    lock.release()
		def child():
		    for i in range(500):
		        i * i
		def größe():
		    exec("def made():\n  return [i for i in range(50)]\nmade()")
		once()
		thrice()
		fib(12)
		sum(numbers(100))
		größe()
		try:
		    deep(40)
		except ValueError:
		    pass
		lock = _thread.allocate_lock()
		lock.acquire()
		_thread.start_new_thread(in_thread, ())
		lock.acquire()
		time.sleep(0.1)
		pid = os.fork()
		if not pid:
		    child()
		    os._exit(0)
		os.waitpid(pid, 0)
		deep(3)
	END
}
# Valgrind, and what it counted itself, in the file totals.
watch_valgrind() {
	mkdir watched
	cat >watched/valgrind <<-END
		#!/bin/sh
		for word; do
			case \$word in --callgrind-out-file=*) out=\${word#*=} ;; esac
		done
		$(command -v valgrind) "\$@"
		status=\$?
		sed -n 's/^totals: //p' "\${out%/*}"/cost.* "\${out%/*}"/kept.* 2>/dev/null >totals
		exit \$status
	END
	chmod +x watched/valgrind
	PATH=$PWD/watched:$PATH
}
# read_figures: of both reports, once: functions with what they cost alone and with what they called,
# without what stands behind their names, and what is true of the whole.
read_figures() {
	python3 - >figures 2>>err <<-'END' || fail 'no JSON'
		import json
		parts, whole = (json.load(open(name, encoding="utf-8")) for name in ("out", "all"))
		def told(*words):
		    print(*words, sep="\t")
		def sum_of(event):
		    return sum(row["period"] for row in parts["rows"] if row["event"] == event["name"])
		told("= total", parts["events"][0]["period"])
		told("= adds up", all(sum_of(event) == event["period"] for event in parts["events"]))
		told("= fib", [row["python"] for row in whole["rows"] if row["symbol"] == "fib (known.py:14)"][0])
		costs = {}
		for row in whole["rows"]:
		    if row.get("python") and "instructions" in row["event"]:
		        cost = costs.setdefault(row["symbol"].split(" (")[0], [0, 0])
		        cost[0] += row["period"]
		        cost[1] += row["children_period"]
		for name, cost in costs.items():
		    told(name, *cost)
	END
}
# figure NAME [3]: its first figure, or the second
figure() { awk -F '\t' -v name="$1" -v at="${2:-2}" '$1 == name { print $at }' figures; }
ratio() { awk "BEGIN { print $1 / $2 }"; }

expect_functions() {
	needs_valgrind
	find_python "$1"
	write_program
	watch_valgrind
	run record --simulate -e instructions,cache-misses "$python" -S -E known.py
	expect_status 1 # the last exception is not handled
	expect_err 'ValueError: bottom'
	expect_err 'Python: [0-9]+ functions in [12] programs?, by what an agent adds'
	expect_err 'lines are not told'
	run report --format json -s sym,comm
	"$evprof" report --format json -s sym >all 2>>err
	read_figures
	expect_equal "$(figure '= total')" "$(awk '{ sum += $1 } END { printf "%.0f", sum }' totals)" "the simulator's own total"
	expect_equal "$(figure '= adds up')" True "self costs add up"
	expect_between "$(ratio "$(figure thrice)" "$(figure turn)")" 2.7 3.3 "three to one"
	for function in once '<module>' fib numbers größe made deep in_thread key child; do
		expect_between "$(figure "$function" 3)" 100 1e12 "what $function costs"
	done
	expect_between "$(ratio "$(figure once 3)" "$(figure turn)")" 1 1.1 "who only calls"
	expect_between "$(ratio "$(figure fib 3)" "$(figure fib)")" 1 1.6 "a recursion"
	expect_between "$(ratio "$(figure '<module>' 3)" "$(figure thrice)")" 1.5 100 "a module and its functions"
	run annotate known.py
	expect_status 0
	expect_out '^ +2 +[0-9,]+ .*def turn'
	expect_equal "$(figure '= fib')" True "file and line"
}

# Ten seconds for each that is there: one of each kind of hook, and the others where they are asked for.
expect_more() {
	[ -n "${EVPROF_EVERY_PYTHON:-}" ] || skip 'its hook is that of the version beside it: EVPROF_EVERY_PYTHON=1 runs it'
	expect_functions "$1"
}

# Sanitizers see evprof, and not what is simulated: one version is enough for them.
expect_plainly() {
	[ "$sanitized" = 0 ] || skip 'without sanitizers only: evprof does the same for 3.11'
	expect_functions "$1"
}

test_functions_of_3_8() { expect_plainly 3.8; }
test_functions_of_3_9() { expect_more 3.9; }
test_functions_of_3_10() { expect_more 3.10; }
test_functions_of_3_11() { expect_functions 3.11; }
test_functions_of_3_12() { expect_plainly 3.12; }
test_functions_of_3_13() { expect_more 3.13; }

test_native_functions_are_told_where_python_is_off() {
	needs_valgrind
	run record --simulate --python off -e instructions /usr/bin/python3 -S -E -c 'sum(range(1000))'
	expect_status 0
	refuse_err 'Python:'
	run report
	expect_out '_PyEval_EvalFrameDefault'
	refuse_out '\[python\]'
}

test_a_program_that_is_no_python_says_so() {
	needs_valgrind
	ln -s /bin/true python3
	run record --simulate -e instructions ./python3
	expect_status 0
	expect_err 'Python: none: .*--python off'
}

run_tests "$@"
