# shellcheck shell=sh disable=SC2154
# Formats of other programs, read by these programs.
# shellcheck source=tests/cli/harness.sh
. "$(dirname "$0")/harness.sh"

needs_reader() {
	command -v "$1" >/dev/null 2>&1 || skip "$1 is not installed ($2)"
}
record_sorts() {
	run record -q -o p.data -e cpu-clock "$examples/sorts"
	expect_status 0
}
# export FORMAT FILE
export_as() {
	run report -i p.data --format "$1" -o "$2"
	expect_status 0
}
# What evprof's own JSON says: the samples of a symbol, or all of them without one.
own() {
	run report -i p.data --format json -s sym --no-inline
	python3 - "$1" <<-'END'
	import json, sys
	report = json.load(open("out"))
	if sys.argv[1]:
	    print(sum(row[sys.argv[2] if len(sys.argv) > 2 else "period"] for row in report["rows"] if row["symbol"] == sys.argv[1]))
	else:
	    print(sum(event["period"] for event in report["events"]))
	END
}

test_go_tool_pprof_sees_the_same_totals() {
	needs_reader go golang-go
	record_sorts
	export_as pprof p.pb.gz
	expect_err 'pprof has no place for CPUs, and when samples were taken'
	last='go tool pprof'
	HOME=$PWD go tool pprof -top -unit=ns p.pb.gz >top 2>err || fail 'pprof does not take it'
	grep -q '^Type: cpu-clock' top || fail 'pprof does not know the event'
	total=$(own '')
	grep -q "Total samples = .*\|of ${total}ns total" top || fail "the total is not $total"
	grep -q "of ${total}ns total" top || fail "the total is not $total"
	for function in insertion_sort quicksort_inplace; do
		theirs=$(awk -v f=$function '$6 == f { sub("ns", "", $1); print $1 }' top)
		[ "$theirs" = "$(own $function)" ] || fail "$function has $theirs in pprof"
	done
	HOME=$PWD go tool pprof -raw p.pb.gz >raw 2>err || fail 'pprof does not print it'
	grep -q 'comm:\[sorts\]' raw || fail 'threads have no names'
	grep -q 'insertion_sort.*sorts\.c:[1-9]' raw || fail 'functions have no lines'
	# Addresses are those of the file behind the beginning of its mapping.
	nm -S "$examples/sorts" | awk '$4 == "insertion_sort" { print $1, $2 }' >extent
	sed -n 's/^ *[0-9]*: \(0x[0-9a-f]*\) M=.* insertion_sort .*/\1/p' raw >addresses
	expect_file addresses
	python3 - <<-'END' 2>err || fail 'addresses are not in the function'
		start, size = (int(word, 16) for word in open("extent").read().split())
		for line in open("addresses"):
		    assert start <= int(line, 16) % (1 << 32) < start + size, line
	END
}

# Programs that lie at addresses of their own and such as are moved, and of another linker: the
# instructions of a function, with what was sampled at each, are in the file at these addresses.
test_go_tool_pprof_disassembles_and_lists_the_program() {
	needs_reader go golang-go
	needs gcc
	for how in '-pie' '-no-pie' '-fuse-ld=gold'; do
		gcc -g -O1 $how -o sorts "$root/examples/sorts.c" 2>err || continue
		run record -q -o p.data -e cpu-clock ./sorts -a insertion -r 100
		expect_status 0
		export_as pprof p.pb.gz
		wanted=$(own insertion_sort)
		last="go tool pprof of a program made with $how"
		HOME=$PWD go tool pprof -unit=ns -disasm=insertion_sort p.pb.gz >disasm 2>err || fail 'it is not disassembled'
		python3 - "$wanted" disasm 2>err <<-'END' || fail 'the instructions weigh something else'
			import sys
			wanted, lines = int(sys.argv[1]), open(sys.argv[2]).read().split("\n")
			assert any("= insertion_sort" in line for line in lines), lines[:3]
			flat = [line.split()[0] for line in lines if len(line.split()) > 2 and line.split()[2].endswith(":")]
			assert len(flat) > 8, lines
			assert sum(int(word[:-2]) for word in flat if word.endswith("ns")) == wanted, (flat, wanted)
		END
		HOME=$PWD go tool pprof -unit=ns -list=insertion_sort p.pb.gz >list 2>err || fail 'it is not listed'
		grep -q "^ *${wanted}ns .*(flat, cum)" list || fail "its lines do not weigh $wanted ns"
		grep -Eq '^ *[0-9]+ns .*hole' list || fail 'no line has a weight'
	done
	HOME=$PWD go tool pprof -output x.html -weblist=insertion_sort p.pb.gz >said 2>err || fail 'it is not shown as a page'
	grep -q 'insertion_sort' x.html || fail 'the page is of something else'
}

# Every field by the table of firefox_format.py, the totals of the report, and the times of the
# samples to the nanosecond.
test_the_firefox_profile_is_as_its_format_is_described() {
	run record -q -o p.data -e cpu-clock -e page-faults "$specimens/two_threads"
	expect_status 0
	export_as firefox p.json
	expect_err 'firefox has no place for CPUs'
	refuse_err 'times'
	run script -i p.data --ns -F tid,time,event
	expect_status 0
	mv out times
	run report -i p.data --format json -s sym
	last='firefox_format.py p.json'
	python3 - "$here" >said 2>err <<-'END' || fail 'it is not as described'
		import collections, decimal, json, re, sys
		sys.path.insert(0, sys.argv[1])
		import firefox_format
		profile, report = json.load(open("p.json")), json.load(open("out"))
		firefox_format.check(profile)
		shared = profile["shared"]
		texts, stacks, frames, functions = (shared[n] for n in ("stringArray", "stackTable", "frameTable", "funcTable"))
		def name(stack):
		    return texts[functions["name"][frames["func"][stacks["frame"][stack]]]]
		clock = faults = 0
		for thread in profile["threads"]:
		    samples = thread["samples"]
		    if samples["weightType"] == "tracing-ms":
		        clock += round(sum(samples["weight"]) * 1e6)
		    else:
		        faults += sum(samples["weight"])
		assert clock == report["events"][0]["period"], (clock, report["events"])
		assert faults == report["events"][1]["samples"], (faults, report["events"])
		assert len({t["tid"] for t in profile["threads"]}) >= 2
		leaves = {name(s) for t in profile["threads"] for s in t["samples"]["stack"] if s is not None}
		assert leaves & {row["symbol"] for row in report["rows"]}
		assert any(len(lib["breakpadId"]) == 33 and lib["codeId"] for lib in profile["libs"])
		seen = collections.defaultdict(list)
		for line in open("times"):
		    found = re.match(r" *(\d+) +(\d+)\.(\d{9}): *([\w-]+)", line)
		    if found:
		        seen[found[4], int(found[1])].append(int(found[2] + found[3]))
		first = min(min(times) for times in seen.values())
		exact = json.load(open("p.json"), parse_float=decimal.Decimal)
		for thread in exact["threads"]:
		    event = "cpu-clock" if thread["samples"]["weightType"] == "tracing-ms" else "page-faults"
		    ours = {int(time * 1000000) for time in thread["samples"]["time"]}
		    assert ours == {time - first for time in seen[event, thread["tid"]]}, (event, thread["tid"])
	END
}

# The loader of its makers, as a command, fetched for the test.
test_the_firefox_profiler_itself_loads_the_profile() {
	needs node
	needs npm
	HOME=$PWD timeout 40 npm pack @firefox-devtools/profiler-cli@0.10.0 --silent >/dev/null 2>&1 || skip 'no package registry can be reached'
	tar xzf firefox-devtools-profiler-cli-*.tgz || skip 'the package is not whole'
	run record -q -o p.data -e cpu-clock "$examples/sorts"
	expect_status 0
	export_as firefox p.json
	last='profiler-cli p.json'
	loader() { HOME=$PWD timeout 30 node package/dist/profiler-cli.js "$@"; }
	loader load "$PWD/p.json" >said 2>err
	tries=0
	until loader thread functions >functions 2>err; do # its server may still be starting
		tries=$((tries + 1))
		[ $tries -lt 30 ] || break
		sleep 0.3
	done
	loader profile info >info 2>>err
	loader stop --all >/dev/null 2>&1
	grep -q 'This profile contains [1-9][0-9]* thread' info || fail 'it is not loaded'
	grep -q 'sorts!insertion_sort - self' functions || fail 'the hottest function is missing'
}

test_the_chrome_trace_has_every_sample_and_slices_that_nest() {
	run record -q -o p.data -e cpu-clock "$specimens/two_threads"
	expect_status 0
	export_as chrome p.json
	run report -i p.data --format json -s sym
	python3 - >said 2>err <<-'END' || fail 'the trace is not as described'
		import collections, json
		trace, report = json.load(open("p.json")), json.load(open("out"))
		frames = trace["stackFrames"]
		assert all("parent" not in f or int(f["parent"]) < int(n) for n, f in frames.items())
		kinds = collections.Counter(e["ph"] for e in trace["traceEvents"])
		assert set(kinds) == {"M", "P", "X"}, kinds
		samples = [e for e in trace["traceEvents"] if e["ph"] == "P"]
		assert sum(e["args"]["samples"] for e in samples) == report["events"][0]["samples"]
		assert sum(e["args"]["period"] for e in samples) == report["events"][0]["period"]
		assert all(str(e["sf"]) in frames for e in samples if "sf" in e)
		assert all(e["args"]["name"] for e in trace["traceEvents"] if e["ph"] == "M")
		for tid in {e["tid"] for e in samples}:
		    times = [e["ts"] for e in samples if e["tid"] == tid]
		    assert times == sorted(times)
		    assert any(round(1000 * time) % 1000 for time in times), "times are not to the nanosecond"
		    open_until = []
		    slices = [e for e in trace["traceEvents"] if e["ph"] == "X" and e["tid"] == tid]
		    for e in sorted(slices, key=lambda e: (e["ts"], -e["dur"])):
		        while open_until and open_until[-1] <= e["ts"] + 1e-6:
		            open_until.pop()
		        assert not open_until or e["ts"] + e["dur"] <= open_until[-1] + 1e-3, e
		        open_until.append(e["ts"] + e["dur"])
	END
}

# The package of its makers, fetched for the test; its web page opened from this disk.
test_speedscope_itself_opens_the_profile() {
	needs npm
	needs chromedriver
	command -v chromium >/dev/null 2>&1 || needs google-chrome
	HOME=$PWD timeout 40 npm pack speedscope@1.25.0 --silent >/dev/null 2>&1 || skip 'no package registry can be reached'
	tar xzf speedscope-*.tgz || skip 'the package is not whole'
	record_sorts
	export_as speedscope p.json
	python3 - <<-'END' >p.js
		import base64
		print('speedscope.loadFileFromBase64("p.json", "%s")' % base64.b64encode(open("p.json", "rb").read()).decode())
	END
	cat >open.py <<-END
		import json, os, sys, time
		sys.path.insert(0, "$here")
		from browser import Browser
		with Browser() as b:
		    b.ask("POST", "/url", {"url": "file://%s/package/dist/release/index.html#localProfilePath=%s/p.js" % (os.getcwd(), os.getcwd())})
		    for _ in range(150):
		        text = b.run("return document.title + ' | ' + document.body.innerText")
		        if "evprof" in text or "wrong" in text or "nrecognized" in text:
		            break
		        time.sleep(0.2)
		    print(text)
		    assert "evprof" in text and "cpu-clock" in text, text
	END
	last='speedscope p.json'
	timeout -k 5 60 python3 open.py >out 2>err </dev/null || fail 'speedscope does not open it'
}

test_callgrind_annotate_sees_the_same_totals() {
	needs_reader callgrind_annotate valgrind
	record_sorts
	export_as callgrind callgrind.out
	last=callgrind_annotate
	callgrind_annotate --auto=no callgrind.out >flat 2>err || fail 'it is not taken'
	[ -s err ] && fail 'it is not all understood'
	tr -d , <flat >plain
	grep -q "^$(own '') (100.0%)  PROGRAM TOTALS" plain || fail 'the total is another'
	theirs=$(awk '/:insertion_sort / { print $1 }' plain)
	[ "$theirs" = "$(own insertion_sort)" ] || fail "insertion_sort has $theirs"
	callgrind_annotate --inclusive=yes --auto=no callgrind.out 2>err | tr -d , >inclusive
	theirs=$(awk '/:quicksort / { print $1 }' inclusive)
	run report -i p.data --format json -s sym
	ours=$(python3 -c 'import json; print(sum(r["children_period"] for r in json.load(open("out"))["rows"] if r["symbol"] == "quicksort"))')
	[ "$theirs" = "$ours" ] || fail "quicksort and what it calls have $theirs, not $ours"
}

test_graphviz_draws_the_graph() {
	needs_reader dot graphviz
	record_sorts
	export_as dot p.dot
	dot -Tsvg p.dot >graph.svg 2>err || fail 'graphviz does not take it'
	grep -q 'insertion_sort' graph.svg || fail 'a function is missing'
}

test_the_picture_and_the_lists_are_well_formed() {
	record_sorts
	export_as flamegraph p.svg
	export_as speedscope p.json
	export_as csv p.csv
	last='readers of XML, JSON and CSV'
	python3 - "$(own '')" >out 2>err <<-'END' || fail 'a reader refuses'
	import csv, json, sys, xml.dom.minidom
	total = int(sys.argv[1])
	titles = [t.firstChild.data for t in xml.dom.minidom.parse("p.svg").getElementsByTagName("title")]
	assert any(t.startswith("insertion_sort (sorts): ") for t in titles), titles[:9]
	scope = json.load(open("p.json"))
	assert scope["$schema"] == "https://www.speedscope.app/file-format-schema.json"
	(profile,) = scope["profiles"]
	assert profile["endValue"] == sum(profile["weights"]) == total
	assert profile["unit"] == "nanoseconds" and len(profile["samples"]) == len(profile["weights"])
	frames = scope["shared"]["frames"]
	assert all(0 <= f < len(frames) for stack in profile["samples"] for f in stack)
	assert any(frames[stack[-1]]["name"] == "insertion_sort" for stack in profile["samples"])
	rows = list(csv.DictReader(open("p.csv", newline="")))
	assert sum(int(row["period"]) for row in rows) == total
	END
}

# Two events in two threads of one name, periods beyond what doubles hold.
test_what_a_format_has_no_place_for_is_said() {
	python3 - "$here" <<-'END'
	import sys
	sys.path.insert(0, sys.argv[1])
	from made_recording import CONTEXT_USER, Recording
	r = Recording()
	for thread in 7, 8:
	    r.comm(7, thread, "twin")
	r.mmap(7, 0x400000, 0x1000, 0, "/nowhere/one")
	for thread in 7, 8:
	    r.time += 1234567
	    r.sample(7, thread, [CONTEXT_USER, 0x400010], (1 << 53) + 1)
	r.write("p.data")
	END
	while read -r format lacks; do
		run report -i p.data --format "$format" -o "x.$format"
		expect_status 0
		expect_err "$format has no place for .*$lacks"
		run report -q -i p.data --format "$format" -o "x.$format"
		[ -s err ] && fail 'it is said although nothing was to be said'
	done <<-'END'
		folded when samples were taken
		pprof when samples were taken
		callgrind threads
		speedscope threads
		firefox CPUs
		chrome source lines
		flamegraph threads' numbers
		dot threads
	END
	for format in speedscope firefox chrome html; do
		run report -i p.data --format $format -o x.$format
		expect_err "readers of $format round counts above 9007199254740992"
	done
	run report -i p.data --format json
	refuse_err 'round counts'
	grep -q 18014398509481986 out || fail 'a count is rounded'
	# Samples that stand for different counts say less than those.
	python3 - "$here" <<-'END'
	import sys
	sys.path.insert(0, sys.argv[1])
	from made_recording import CONTEXT_USER, Recording
	r = Recording()
	for thread, name, period in (7, "one", 100), (8, "two", 300):
	    r.comm(7, thread, name)
	    r.time += 1000000
	    r.sample(7, thread, [CONTEXT_USER, 0x400010], period)
	r.write("q.data")
	END
	run report -i q.data --format folded
	expect_err 'folded has samples of cpu-clock.*, not what they stand for: --show-total-period'
	run report -i q.data --format folded --show-total-period
	refuse_err 'stand for'
	expect_out '^two;.* 300$'
	run report -i q.data --format callgrind
	refuse_err 'stand for'
	# Threads of one name are two where threads have numbers.
	python3 - 2>err <<-'END' || fail 'threads of one name are one'
	import json
	assert len({t["tid"] for t in json.load(open("x.firefox"))["threads"]}) == 2
	assert len({e["tid"] for e in json.load(open("x.chrome"))["traceEvents"]}) == 2
	END
}

test_several_recordings_become_one() {
	record_sorts
	cp p.data q.data
	for format in pprof callgrind speedscope firefox chrome flamegraph html dot csv; do
		run report --format $format -o out.$format p.data q.data
		expect_status 0
		[ -s out.$format ] || fail "$format is empty"
	done
}

run_tests "$@"
