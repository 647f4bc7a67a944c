#!/bin/sh
# Recordings of every flavour: made by others ($EV_CASES) and made to measure, read by `evprof report`.
# shellcheck shell=sh disable=SC2034,SC2154
. "$(dirname "$0")/harness.sh"

# make_recording: Python on stdin that uses Recording of made_recording.py
make_recording() { PYTHONPATH="$here" PYTHONDONTWRITEBYTECODE=1 python3 - "$@" || fail "the recording could not be made"; }
report_folded() {
	mkdir -p empty
	run report -i "$1" --format folded --symfs empty
}

# ---- recordings made by others -------------------------------------------------------------------

# compare_case FOLDER: every event's totals are those of counts.txt, and every row one of perf's.
# What differs on purpose:
#   - perf shows addresses of modules from where they are loaded on: rows of modules are added up
#   - perf knows no map for kernel addresses in user-only recordings: [unknown] there
#   - perf's -t cuts the comm before an exec to 7 bytes
#   - rows that perf named by files or sections which evprof has not, or the other way round, are
#     added up by comm and object (the autofdo programs were there; simpleperf's and hiperf's
#     symbols are read by evprof only)
#   - events that perf makes out of processor traces are not there
compare_case() {
	mkdir -p empty
	run report -i "$1/perf.data" --stdio -F overhead,sample,period,comm,dso,symbol -g none \
		--no-children --no-group -t '|' --symfs "$PWD/empty"
	[ "$status" = 0 ] || fail "exit status $status for $1"
	python3 - "$1" <<-'END' >difference || { cat difference; fail "$1 is reported otherwise than by perf"; }
		import collections, re, sys
		folder, case = sys.argv[1], sys.argv[1].rstrip("/").split("/")[-1]
		def blocks(lines):
		    found = []
		    for line in lines:
		        if match := re.match(r"# Samples: \S+ +of events? '(.*)'", line):
		            found.append([match.group(1), 0, collections.Counter(), collections.Counter()])
		        elif match := re.match(r"# Event count \(approx\.\): (\d+)", line):
		            found[-1][1] = int(match.group(1))
		        elif found and not line.startswith("#") and line.count("|") >= 5:
		            _, samples, period, comm, dso, symbol = [f.strip() for f in line.split("|")][:6]
		            key = (comm[:7], *place(dso, symbol))
		            found[-1][2][key] += int(samples)
		            found[-1][3][key] += int(period)
		    return found
		def place(dso, symbol):
		    address = re.fullmatch(r"\[(.)\] (?:0x)?([0-9a-f]{8,16})", symbol)
		    value = int(address.group(2), 16) if address else None
		    if dso in ("[unknown]", "[kernel.kallsyms]") and value is not None and value >> 32:
		        dso = "[kernel.kallsyms]" if value >> 63 else "[unknown]"
		    named = case.startswith(("autofdo-", "sp-", "hiperf-"))
		    if named or re.fullmatch(r"\[(?!unknown|vdso|kernel)\w+\]", dso):
		        return dso, ""
		    return dso, value if value is not None else symbol[4:]
		ours = blocks(open("out", errors="replace"))
		theirs = blocks(open(folder + "/report.psv", errors="replace"))
		counts = collections.Counter()
		for line in open(folder + "/counts.txt"):
		    event, samples, period = line.rstrip("\n").split("\t")[:3]
		    if int(samples) and not (case == "q-intel_pt-4.14" and event in ("psb", "cbr", "branches")):
		        counts[int(samples), int(period)] += 1
		got = collections.Counter((sum(block[2].values()), block[1]) for block in ours)
		bad = got != counts
		if bad:
		    print("  totals", sorted(got), "not", sorted(counts))
		for name, period, samples, periods in theirs:
		    if case == "q-intel_pt-4.14" and name in ("psb", "cbr", "branches"):
		        continue
		    same = [b for b in ours if b[1] == period and sum(b[2].values()) == sum(samples.values())]
		    if not same:
		        print("  no event like", name)
		        bad = True
		        continue
		    keys = [k for k in samples.keys() | same[0][2].keys()
		            if (samples[k], periods[k]) != (same[0][2][k], same[0][3][k])]
		    for key in keys[:6]:
		        print("  ", name, key, "perf", samples[key], periods[key], "evprof", same[0][2][key], same[0][3][key])
		    bad |= bool(keys)
		sys.exit(bad)
	END
}

test_every_recording_of_others_has_the_rows_that_perf_gives_it() {
	[ -d "${EV_CASES:-}" ] || skip "EV_CASES names no folder of recordings"
	needs python3
	for folder in "$EV_CASES"/*/; do
		[ -f "$folder/report.psv" ] && [ -s "$folder/counts.txt" ] && compare_case "$folder"
	done
	true
}

test_malformed_recordings_of_others_end_with_a_message() {
	[ -d "${EV_CASES:-}/hostile" ] || skip "EV_CASES has no malformed recordings"
	for file in "$EV_CASES"/hostile/*; do
		LIMIT_S=20 run report -i "$file" -g
		[ "$status" -le 1 ] || fail "exit status $status for $file"
		[ "$status" = 0 ] || has err '^evprof report: '
	done
}

test_symbols_that_simpleperf_and_hiperf_carry_are_shown() {
	[ -d "${EV_CASES:-}" ] || skip "EV_CASES names no folder of recordings"
	mkdir empty
	run report -i "$EV_CASES/sp-display_bitmaps/perf.data" --stdio -g none --no-children -s sym --symfs empty
	for symbol in longest_match art::mirror::Class::FindClassMethod; do expect_out "$symbol"; done
	run report -i "$EV_CASES/sp-jit_symbol/perf.data" --stdio -g none --no-children -s sym
	expect_out 'MainActivity\$1.run'
	run report -i "$EV_CASES/hiperf-report_test/perf.data" --stdio -g none --no-children -s sym
	for symbol in __clock_gettime64 ktime_get_ts64; do expect_out "$symbol"; done
}

test_a_processor_trace_is_passed_over_and_told() {
	[ -d "${EV_CASES:-}" ] || skip "EV_CASES names no folder of recordings"
	run report -i "$EV_CASES/q-intel_pt-4.14/perf.data" --stdio
	expect_status 0
	expect_out '^# Trace: 149,968 bytes'
}

# ---- made to measure -----------------------------------------------------------------------------

test_a_chain_is_completed_by_the_record_that_tells_its_user_part() {
	needs python3
	make_recording <<-'END'
		from made_recording import *
		for order, name in ("<", "little"), (">", "big"):
		    r = Recording(order)
		    r.comm(5, 5, "work")
		    r.comm(5, 6, "work")
		    r.mmap(5, 0x1000, 0x9000, 0, "/bin/work")
		    kernel = [CONTEXT_KERNEL, 0xffffffff81000010, CONTEXT_USER_DEFERRED]
		    r.sample(5, 5, kernel + [77], misc=KERNEL)
		    r.sample(5, 6, kernel + [78], misc=KERNEL)       # its record never comes
		    r.sample(5, 5, kernel + [77], 2, misc=KERNEL)
		    r.deferred(5, 6, 77, [CONTEXT_USER, 0x6000])     # another thread's
		    r.deferred(5, 5, 77, [CONTEXT_USER, 0x2000, 0x3000])
		    r.sample(5, 5, kernel + [77], 4, misc=KERNEL)    # behind its record
		    r.sample(5, 5, [CONTEXT_USER, 0x4000, 0x3000], 8)
		    r.write(name)
	END
	for order in little big; do
		report_folded $order
		expect_status 0
		expect_equal "$(LC_ALL=C sort out | tr '\n' ' ')" "work;[kernel.kallsyms]_[k] 1 \
work;[work];[work] 1 work;[work];[work];[kernel.kallsyms]_[k] 3 " "stacks ($order)"
		run script -i $order -F tid,ip --symfs empty
		expect_status 0
		expect_equal "$(awk '{ printf "%s ", NF ? $1 : "/" }' out)" \
			"5 ffffffff81000010 1000 2000 / 5 ffffffff81000010 1000 2000 / \
5 ffffffff81000010 1000 2000 / 5 3000 2000 / 6 ffffffff81000010 / " "samples ($order)"
	done
}

# The chain's own user side ends early, as it does without frame pointers.
test_a_processors_stack_of_calls_is_the_users_side_of_a_chain() {
	needs python3
	make_recording <<-'END'
		from made_recording import *
		r = Recording(branch_type=CALL_STACK | 1)
		r.comm(5, 5, "work")
		r.mmap(5, 0x1000, 0x9000, 0x1000, "/bin/work")
		calls = [(0x3010, 0x2000), (0x4010, 0x3000), (0x5010, 0x4000)]
		r.sample(5, 5, [CONTEXT_USER, 0x2222, 0x9999], branches=calls)
		r.sample(5, 5, [CONTEXT_KERNEL, 2**64 - 0x1000000, CONTEXT_USER, 0x2222, 0x9999], misc=KERNEL, branches=calls)
		r.sample(5, 5, [CONTEXT_USER, 0x6666, 0x7777])
		r.write("calls")
	END
	mkdir -p empty
	run script -i calls -F ip --symfs empty
	expect_status 0
	expect_equal "$(tr -d '\t ' <out | grep . | tr '\n' ' ')" \
		"2000 3010 4010 5010 ffffffffff000000 2000 3010 4010 5010 6666 7777 " "samples of script"
	run report -i calls --stdio --no-children -F sample,symbol -g folded,callee,count --symfs empty
	expect_status 0
	grep -o '0x.*' out | sed 's/0x0*//g' >chains
	grep -qx '2000;3011;4011;5011' chains || fail "the calls are not the user's side"
	grep -qx 'ffffffffff000000;2000;3011;4011;5011' chains || fail "the kernel's side is not before them"
	grep -qx '6666;7777' chains || fail "a sample without branches has lost its chain"
}

test_a_walk_in_parts_finds_what_a_walk_in_sequence_finds() {
	needs python3
	make_recording <<-'END'
		from made_recording import *
		import random
		random.seed(1)
		import collections
		chains = [[CONTEXT_USER] + [0x10000 + random.randrange(64) * 16 for _ in range(30)] for _ in range(1009)]
		def fill(r, size, traces):
		    comms, libs, expected = {}, {}, collections.Counter()
		    for i in range(size):
		        pid = 100 + i % 7
		        if i % 997 == 0 or pid not in libs:  # what an address means changes
		            comms[pid], libs[pid] = f"name{i % 5}", f"lib{i // 997 % 11}.so"
		            r.comm(pid, pid, comms[pid])
		            r.mmap(pid, 0x10000, 0x1000, 0, "/lib/" + libs[pid])
		        expected[f"{comms[pid]};[{libs[pid]}]"] += 1
		        r.sample(pid, pid, chains[i % len(chains)])
		        if traces and i % 5000 == 0:  # a trace that looks like records
		            r.auxtrace(b"".join(r.data[-400:-1])[:60000 // 8 * 8])
		        if i % 1000 == 0:
		            r.add(FINISHED_ROUND, 0, b"")
		    return expected
		for name, traces in ("plain", False), ("traces", True):
		    r = Recording()
		    expected = fill(r, 110000, traces)
		    r.write(name)
		    r.write(name + "-open", finished=False)
		    whole = open(name, "rb").read()
		    open(name + "-cut", "wb").write(whole[:len(whole) - 1001])
		open("expected", "w").writelines(f"{k} {n}\n" for k, n in sorted(expected.items()))
	END
	for file in plain traces plain-open traces-open; do
		report_folded $file
		expect_status 0
		refuse_err 's left' # no terminal, no progress
		awk -F '[; ]' '{ sums[$1 ";" $2] += $NF } END { for (key in sums) print key, sums[key] }' out |
			LC_ALL=C sort | cmp -s - expected || fail "$file is not what was put into it"
	done
	run report -i plain-cut --stdio
	expect_status 0
	expect_out '^# Partial: '
	expect_out '# Quality: 109,99[0-9] samples'
}

test_attributes_of_the_future_are_read_as_far_as_they_are_known() {
	needs python3
	make_recording <<-'END'
		from made_recording import *
		for size in 64, 72, 136, 144, 200:
		    r = Recording(attr_bytes=size)
		    r.sample(5, 5, [CONTEXT_USER, 0x4000, 0x3000], 8)
		    r.write(f"attr{size}")
	END
	for size in 64 72 136 144 200; do
		report_folded attr$size
		expect_status 0
		expect_out ' 1$'
	done
}

test_a_recording_is_read_from_a_pipe() {
	needs_perf
	needs_events
	perf record -q -e task-clock:u -F 1000 -o - -- "$examples/sorts" 2>/dev/null >stream || skip "perf records nothing here"
	last='evprof report -i -'
	"$evprof" report -i - --stdio <stream >out 2>err || fail "a stream is not read"
	cp out from_stdin
	run report -i stream --stdio
	expect_status 0
	cmp -s out from_stdin || sed -i '/-i /d' out from_stdin
	cmp -s out from_stdin || fail "a stream and its file differ"
}

test_a_recording_in_a_folder_is_read_as_one_by_every_verb() {
	needs_perf
	needs_events
	perf record -q -N --threads=cpu -e cpu-clock:u -F 1000 -o folder -- "$examples/sorts" -n 4000 >/dev/null 2>&1 &&
		[ -f folder/data.0 ] || skip "perf --threads records nothing here"
	perf script -i folder -F pid,tid,time,event >theirs 2>/dev/null || skip "perf does not read its own folder"
	run script -i folder -F pid,tid,time,event
	expect_status 0
	cmp -s out theirs || fail "script differs from perf's"
	run report -i folder --stdio -F sample,symbol
	expect_status 0
	expect_out 'insertion_sort'
	expect_equal "$(awk '$1 ~ /^[0-9]+$/ { sum += $1 } END { print sum }' out)" "$(wc -l <theirs)" "samples"
	run annotate -i folder insertion_sort
	expect_status 0
	run diff folder folder
	expect_status 0
	mv folder/data folder/other
	run report -i folder
	expect_failure
	expect_err "is a folder, and no recording"
}

run_tests "$@"
