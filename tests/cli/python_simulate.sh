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
# figure FUNCTION FIELD: of the JSON in out, without what stands behind the name
figure() { json out "sum(r['$2'] for r in j['rows'] if r.get('python') and r['symbol'].split(' (')[0] == '$1')"; }
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
	expect_json out
	total=$(json out "j['events'][0]['period']")
	expect_equal "$total" "$(awk '{ sum += $1 } END { printf "%.0f", sum }' totals)" "the simulator's own total"
	json out "1 if all(sum(r['period'] for r in j['rows'] if r['event'] == e['name']) == e['period'] for e in j['events']) else 0" >sum
	expect_equal "$(cat sum)" 1 "self costs add up"
	"$evprof" report --format json -s sym >all 2>>err
	python3 - >out <<-'END'
		import json
		j = json.load(open("all", encoding="utf-8"))
		j["rows"] = [r for r in j["rows"] if "instructions" in r["event"]]
		print(json.dumps(j))
	END
	expect_between "$(ratio "$(figure thrice period)" "$(figure turn period)")" 2.7 3.3 "three to one"
	for function in once '<module>' fib numbers größe made deep in_thread key child; do
		expect_between "$(figure "$function" children_period)" 100 1e12 "what $function costs"
	done
	expect_between "$(ratio "$(figure once children_period)" "$(figure turn period)")" 1 1.1 "who only calls"
	expect_between "$(ratio "$(figure fib children_period)" "$(figure fib period)")" 1 1.6 "a recursion"
	expect_between "$(ratio "$(figure '<module>' children_period)" "$(figure thrice period)")" 1.5 100 "a module and its functions"
	run annotate known.py
	expect_status 0
	expect_out '^ +2 +[0-9,]+ .*def turn'
	expect_equal "$(json all "[r['python'] for r in j['rows'] if r['symbol'] == 'fib (known.py:14)'][0]")" True "file and line"
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
