#!/bin/sh
# evprof report: keys of branches, memory and groups, filters by any key, slices of time, trees and
# tables in other layouts; beside perf where it is there.
. "$(dirname "$0")/harness.sh"

cases=${EV_CASES:-$root/../shared/cases}
needs_case() { # $case is the recording
	[ -r "$cases/$1/perf.data" ] || skip "there is no $1 in EV_CASES"
	case=$cases/$1/perf.data
}
needs_compiler() { command -v gcc >/dev/null || skip "there is no gcc"; }
# A program that spends most of its time 101 calls deep, the rest below fib.
record_recursion() {
	needs_compiler
	cat >deep.c <<-'END'
		#define LONE __attribute__((noinline))
		volatile long sink;
		LONE long leaf(long n) { for (long i = 0; i < 300; i++) sink += i; return n; }
		LONE long fib(long n) { return n < 2 ? leaf(n) : fib(n - 1) + fib(n - 2) + leaf(0); }
		LONE long down(long n)
		{
			if (!n)
				for (long i = 0; i < 150000000; i++) sink += i;
			return n ? down(n - 1) + leaf(1) : 1;
		}
		int main(void) { return fib(20) + down(100) == 0; }
	END
	gcc -O1 -fno-omit-frame-pointer -fno-optimize-sibling-calls -o deep deep.c 2>err || fail "gcc failed"
	run record -q -g -e cpu-clock -o deep.data ./deep
	expect_status 0
}

# ---- branches ------------------------------------------------------------------------------------

test_each_branch_counts_with_b() {
	needs_case q-branch-4.14
	run report -b -i "$case"
	expect_status 0
	expect_out '^# Quality: 416 branches'
	expect_out '^# Samples: 416 '
	expect_out '^# Event count \(approx.\): 416$'
	expect_out '2\.40%  perf +\[kernel\.kallsyms\] +\[k\] 0xffffffffb420a473 +\[k\] 0xffffffffb420a3e3 +1$'
	run report -q -s mispredict -i "$case"
	expect_out '^ +94\.95%  N$'
	expect_out '^ +5\.05%  Y$'
	run report --format json -s mispredict,cycles -i "$case"
	expect_equal "$(json out "sum(r['samples'] for r in j['rows'] if r['mispredict'] == 'Y')")" 21
	run report -n -i "$case"
	expect_out '^# Samples: 13 '
}

test_branches_are_frames_of_a_history() {
	needs_case q-callgraph_and_branch-3.4
	run report --branch-history --no-children -s sym -i "$case"
	expect_status 0
	expect_out '^# Samples: 923 '
	expect_out '^ +\|'
	run report --branch-history --no-children --format folded -i "$case"
	awk -F';' '{ if (NF > deepest) deepest = NF } END { exit !(deepest > 32) }' out ||
		fail "no stack holds 16 branches"
	expect_equal "$(awk '{ n += $NF } END { print n }' out)" 923 "samples"
}

test_what_a_recording_has_not_is_said() {
	needs_case q-singleprocess-3.8
	for key in weight cgroup symbol_from socket mem addr_to phys_daddr transaction; do
		run report -s $key -i "$case"
		expect_status 1
		expect_err 'record with|has no branches|does not tell'
		expect_empty out
	done
	run report --filter socket=0 -i "$case"
	expect_status 1
	run report --mem-mode -i "$case"
	expect_status 1
	expect_err 'perf mem record'
	run report -F overhead,ratio,sym -i "$case"
	expect_status 1
	expect_err "there is no ratio.*evprof record -e '\{a,b\}:S'"
}

test_modes_exclude_each_other() {
	needs_case q-branch-4.14
	for way in '-b --mem-mode' '-b --branch-history' '--mem-mode -s symbol_from' '--hierarchy -F sym' \
		'--peek main --format json' '--format pprof-text -s comm' '--filter sym'; do
		# shellcheck disable=SC2086
		run report $way -i "$case"
		expect_status 129
		expect_empty out
	done
	for time in 5% 1,2,3 '1,2 x' 10%-20%,; do
		run report --time "$time" -i "$case"
		expect_failure
		expect_err '^evprof report: --time takes'
	done
	run report -s symbl -i "$case"
	expect_err "did you mean 'symbol'.*symbol_from"
	run report -s mispredicted -i "$case"
	expect_err "did you mean 'mispredict'"
}

# ---- memory --------------------------------------------------------------------------------------

test_memory_accesses_count_by_weight() {
	needs_case rcppthread-mem
	run report --mem-mode -i "$case"
	expect_status 0
	expect_out '^# Total weight : 9922$'
	expect_out '4\.99%  495 +L1 hit +\[k\] 0xffffffffbcc74d87 +\[kernel\.kallsyms\] +\[k\] 0xffff903b2a44e000 .* None +L1 or L2 hit +No +N/A +0$'
	run report -q --mem-mode -s weight,local_weight -i "$case"
	expect_out '^ +16\.13%  1600 +32$'
	run report --format json -s local_weight -i "$case"
	expect_equal "$(json out "sum(r['local_weight'] * r['samples'] for r in j['rows'] if 'loads' in r['event'])")" 9922
}

# ---- tracepoints and groups ----------------------------------------------------------------------

test_payloads_of_tracepoints_are_a_key() {
	needs_root
	needs_perf
	run record -q --no-call-graph -a -e sched:sched_switch -o switches.data sleep 0.2
	[ "$status" = 0 ] || skip "sched:sched_switch cannot be recorded here"
	run report -q -n -t '|' -s trace -i switches.data
	expect_out '\|prev_comm=.* ==> next_comm='
	grep '|' out | cut -d'|' -f2,3 | sed 's/ *$//' | sort >ours
	run_command perf report --stdio -q -n -t '|' -s trace -i switches.data
	grep '|' out | cut -d'|' -f2,3 | sed -E 's/^ *//; s/ *\|/|/; s/ *$//' | sort >theirs
	[ -s theirs ] || skip "this perf does not read the recording"
	diff theirs ours >difference || { head difference; fail "perf prints other texts"; }
	run report -q -n -s trace --filter 'trace~*next_comm=sleep*' -i switches.data
	refuse_out 'next_comm=swapper'
}

# Page faults tell which data was touched.
test_data_has_the_names_of_variables() {
	needs_compiler
	needs_events
	cat >touch.c <<-'END'
		int table[8192] = { 1 };
		static long hidden[4096] = { 7 };
		int main(void)
		{
			for (int i = 0; i < 8192; i += 512) { table[i]++; hidden[i / 2] ^= table[i]; }
			return 0;
		}
	END
	gcc -O0 -g -o touch touch.c 2>err || fail "gcc failed"
	run record -q -e page-faults -c 1 -d -o faults ./touch
	[ "$status" = 0 ] || skip "page faults are not recorded here"
	run report -i faults -s symbol_daddr,dso_daddr
	expect_status 0
	expect_out '\[\.\] table\+0x[0-9a-f]+ +touch'
	expect_out '\[\.\] hidden\+0x[0-9a-f]+ +touch'
	run report -i faults -s sym,symbol_daddr -S main
	expect_out '\[\.\] main +\[\.\] table\+0x'
	# in the debug file only
	command -v objcopy >/dev/null || skip "there is no objcopy"
	objcopy --only-keep-debug touch touch.debug && strip touch && objcopy --add-gnu-debuglink=touch.debug touch
	run report -i faults -s symbol_daddr
	expect_out '\[\.\] hidden\+0x'
	rm touch.debug
	run report -i faults -s symbol_daddr
	expect_status 0
	refuse_out 'hidden'
}

test_fields_of_tracepoints_are_keys() {
	needs_perf
	perf record -q -N -e sched:sched_switch -o switches -- sh -c 'sleep 0.01; sleep 0.01' >/dev/null 2>&1 ||
		skip "perf records no tracepoints here"
	# rows of one weight stand in no order of perf's
	rows() { grep -v '^#' "$1" | grep . | tr -s ' ' | LC_ALL=C sort; }
	for key in next_comm prev_comm,prev_state sched_switch.prev_prio sched:sched_switch.prev_state/raw; do
		perf report -i switches --stdio -s "$key" >theirs 2>/dev/null || fail "perf has no key $key"
		rows theirs >wanted
		run report -i switches -s "$key"
		expect_status 0
		expect_out "^# Overhead  $(echo "$key" | sed 's/,/ +/') *\$"
		rows out | sed 's/ *$//' >shown
		sed -i 's/ *$//' wanted
		cmp -s wanted shown || { diff wanted shown; fail "$key is not what perf says"; }
	done
	run report -i switches -F sample,trace_fields --format json
	expect_status 0
	expect_json out
	expect_equal "$(json out "'next_pid' in j['keys'] and len(j['keys']) == 7")" True
	run report -i switches -s prev_nothing
	expect_failure
	expect_err "unknown sort key 'prev_nothing'"
	run report -i switches -s sched_wakeup.next_comm
	expect_failure
}

test_fields_whose_formats_stand_among_the_records_are_keys() {
	needs_case sp-tracepoint_event
	run report --stdio -i "$case" -s next_comm,prev_state
	expect_status 0
	expect_out '77.42% +swapper/4 +D.K'
	run report --stdio -i "$case" -s trace_fields
	expect_status 0
	# Why a file can't be read is told, not that there were no such key.
	echo nothing >file
	run report -i file -s trace_fields
	expect_failure
	refuse_err 'unknown sort key'
}

# Keys of perf 6.1, as its help lists them, and of this machine's perf.
test_every_key_of_perf_is_taken_or_refused_with_a_reason() {
	needs_events
	run record -q -e task-clock -o clock "$examples/fib"
	expect_status 0
	keys="overhead overhead_sys overhead_us overhead_guest_sys overhead_guest_us overhead_children
		sample period pid comm dso symbol parent cpu socket srcline srcfile local_weight weight
		transaction trace symbol_size dso_size cgroup cgroup_id ipc_null time code_page_size
		local_ins_lat ins_lat local_p_stage_cyc p_stage_cyc addr dso_from dso_to symbol_from
		symbol_to mispredict abort in_tx cycles srcline_from srcline_to ipc_lbr addr_from addr_to
		symbol_daddr dso_daddr locked tlb mem snoop dcacheline symbol_iaddr phys_daddr
		data_page_size blocked simd type typeoff typecln"
	if command -v perf >/dev/null; then
		theirs=$(perf report -h 2>&1 | sed -n '/^    -s, --sort/,/^    -[^s]/p' |
			sed -e 's/^    -.*>$//' -e '/^    -/d' -e 's/.*sort by key(s)://')
		echo "$theirs" | grep -q overhead && keys="$keys $theirs"
	fi
	for key in $keys; do
		run report -i clock -s "$key"
		[ "$status" = 0 ] || grep -qE 'does not tell|there is no key|has no (branches|tracepoints)' err ||
			fail "$key is refused without a reason"
		refuse_err 'unknown'
	done
}

test_sizes_are_those_that_perf_tells() {
	needs_perf
	perf record -q -e cpu-clock:u -o sizes.data "$examples/sorts" >out 2>err || skip "perf cannot record here"
	run report -q -t '|' -F sym,dso,symbol_size,dso_size -i sizes.data
	expect_status 0
	sizes() { grep -E 'insertion_sort|quicksort' "$1" | sed -E 's/ *\| */|/g; s/ *$//' | cut -d'|' -f1-4 | sort; }
	sizes out >ours
	run_command perf report --stdio -q -t '|' -s sym,dso,symbol_size,dso_size -F sym,dso,symbol_size,dso_size -i sizes.data
	sizes out >theirs
	[ -s theirs ] || skip "this perf does not tell sizes"
	diff ours theirs >difference || { cat difference; fail "other sizes than perf's"; }
	run report --format json -s sym,symbol_size -i sizes.data
	expect_equal "$(json out "all(int(r['symbol_size']) > 0 for r in j['rows'] if r['symbol'] == 'insertion_sort')")" True "sizes"
}

test_control_groups_are_keys() {
	needs_root
	needs_perf
	perf record -q -e cpu-clock --all-cgroups --namespaces -a -o groups.data sleep 0.2 2>err ||
		skip "perf cannot record control groups here"
	for key in cgroup cgroup_id; do
		run report -q -n -t '|' -s $key -i groups.data
		expect_status 0
		grep '|' out | cut -d'|' -f2,3 | sed 's/ *$//' | sort >ours
		run_command perf report --stdio -q -n -t '|' -s $key -i groups.data
		grep '|' out | cut -d'|' -f2,3 | sed -E 's/^ *//; s/ *\|/|/; s/ *$//' | sort >theirs
		[ -s theirs ] || skip "this perf does not read the recording"
		diff theirs ours >difference || { cat difference; fail "perf has other rows of $key"; }
	done
}

# ---- filters and slices --------------------------------------------------------------------------

test_any_key_filters() {
	needs_case q-forkexit-3.8
	run report -q -n -s cpu -i "$case"
	first=$(awk '$3 == "000" { print $2 }' out)
	run report -q -n -s cpu --filter cpu=0 -i "$case"
	expect_equal "$(awk 'NF { n += $2 } END { print n }' out)" "$first" "samples of CPU 0"
	run report -q -n -s comm --filter comm!=swapper --filter 'dso~*kernel*' --percentage relative -i "$case"
	refuse_out swapper
	expect_equal "$(awk 'NF { n += $1 } END { printf "%.0f", n }' out)" 100 "per cent"
}

test_slices_of_time_add_up() {
	needs_case q-single-event-multi-process
	for slice in 0%-10% 50%-60% 0%-10%,50%-60% 10%/1,10%/6; do
		run report --format json -s comm --time $slice -i "$case"
		expect_status 0
		json out "j['events'][0]['samples']" >>counts
	done
	awk 'NR <= 2 { sum += $1 } NR > 2 && $1 != sum { exit 1 } END { exit sum == 0 }' counts || fail "$(cat counts)"
	run report --header-only -i "$case"
}

# ---- callers -------------------------------------------------------------------------------------

test_recursion_is_folded_in_graphs_only() {
	record_recursion
	run report -q -s sym --no-children -g callee -i deep.data
	expect_out '… 9[567] more of down$'
	run report -q -s sym -G -i deep.data
	expect_out '… up to [0-9]+ more of fib$'
	expect_equal "$(grep -c '^ *down$' out | awk '{ print ($1 < 30) }')" 1 "few lines"
	run report --format folded -i deep.data
	grep -q 'down;down;down;down;down;down;down;down' out || fail "folded stacks are not whole"
}

test_callers_tell_samples_apart() {
	record_recursion
	run report -q -s parent -p '^(fib|down)$' --no-children -n -i deep.data
	expect_out ' down$'
	expect_out ' fib$'
	run report -q -s sym -p '^fib$' -x --no-children -i deep.data
	expect_out 'leaf +fib$'
	refuse_out 'down'
	run report -q -s sym --ignore-callees '^fib$' --no-children -i deep.data
	expect_out '\] fib$'
	run report -q -s sym --max-stack 2 --children -i deep.data
	refuse_out ' main$'
}

test_other_layouts_of_functions() {
	record_recursion
	run report --format pprof-text -i deep.data
	expect_status 0
	expect_out '^Type: cpu-clock'
	expect_out '^Showing nodes accounting for .*s, 100% of .*s total$'
	expect_out '^      flat  flat%   sum%        cum   cum%$'
	expect_out '^ +[0-9.]+m?s [0-9. ]{5}% [0-9. ]{5}% +[0-9.]+m?s [0-9. ]{5}%  down$'
	run report --peek '^fib$' -i deep.data
	expect_out '^ +[0-9.]+m?s +[0-9.]+% \|   leaf$'
	expect_out '\|   main$'
	run report --peek nowhere -i deep.data
	expect_status 1
	run report --hierarchy -s comm,sym -i deep.data
	expect_out '^#    Overhead  Command / Symbol$'
	expect_out '^       [0-9.]+%     \[\.\] down$'
}

# pprof itself prints the same lines from the same stacks.
test_pprof_prints_the_same() {
	needs go
	needs python3
	record_recursion
	export HOME="$PWD" GOCACHE="$PWD/go" GOFLAGS=-mod=mod
	go tool pprof -h >out 2>&1 || grep -q -- -nodefraction out || skip "go has no pprof here"
	run report --format folded --show-total-period --no-inline -i deep.data
	cat >encode.py <<-'END'
		import gzip, sys
		def number(n):
		    out = b''
		    while n > 127: out += bytes([n & 127 | 128]); n >>= 7
		    return out + bytes([n])
		def whole(tag, n): return number(tag << 3) + number(n)
		def part(tag, b): return number(tag << 3 | 2) + number(len(b)) + b
		texts = {'': 0}
		def text(t): return texts.setdefault(t, len(texts))
		functions, samples = {}, b''
		for line in open('out'):
		    stack, weight = line.rstrip('\n').rsplit(' ', 1)
		    names = [n[:-4] if n.endswith('_[k]') else n for n in stack.split(';')[1:]]
		    ids = [functions.setdefault(n, len(functions) + 1) for n in reversed(names)]
		    samples += part(2, part(1, b''.join(map(number, ids))) + part(2, number(int(weight))))
		out = part(1, whole(1, text('cpu')) + whole(2, text('nanoseconds'))) + samples
		for name, i in functions.items():
		    out += part(4, whole(1, i) + part(4, whole(1, i))) + part(5, whole(1, i) + whole(2, text(name)))
		out += b''.join(part(6, t.encode()) for t in texts)
		gzip.open('profile.pb.gz', 'wb').write(out)
	END
	python3 encode.py || fail "could not write profile.pb.gz"
	go tool pprof -top -nodefraction=0 -nodecount=0 profile.pb.gz 2>err | sed -n '/flat%/,$p' >theirs
	[ -s theirs ] || skip "go has no pprof here"
	run report --format pprof-text --no-inline -i deep.data
	# Functions without a name stand for their object in folded stacks, and those of one name in the
	# program and in the loader are one.
	sed -n '/flat%/,$p' out | grep -v '  0x\|  \[\|  _start$' >ours
	grep -v '  0x\|  \[\|  _start$' theirs >rest
	sort -k6 ours >ours.sorted
	sort -k6 rest >rest.sorted
	# sum% depends on the order of equal rows
	for file in ours rest; do sed -E 's/^(.{17}) .{6}/\1/' $file.sorted >$file.columns; done
	diff rest.columns ours.columns >difference || { cat difference; fail "pprof prints other lines"; }
	go tool pprof -peek '^fib$' -nodefraction=0 -edgefraction=0 profile.pb.gz 2>>err | sed -n '/flat%/,$p' >theirs
	run report --peek '^fib$' --no-inline -i deep.data
	sed -n '/flat%/,$p' out >ours
	diff theirs ours >difference || { cat difference; fail "pprof peeks otherwise"; }
}

# ---- beside perf ---------------------------------------------------------------------------------

# Every key over recordings of others: the same groups with the same samples and periods. Deliberate
# differences, by key:
#   mem                      perf 6.1 names a level twice ("L1 or L1 hit")
#   cycles                   perf 6.1 prints counts above 32767 as negative
#   weight with -b           perf multiplies with the cycles of a sample's newest branch, for all
#   addr_from, addr_to       perf shows addresses in files, evprof in the process; the same groups
#   sym with -b              perf tells unknown functions by address in the process
#   symbol_from, symbol_to   the same, and rows of one place in several processes
#   symbol_iaddr             perf shows the address in the process where there is no symbol
#   dso_daddr                memory of the kernel is [kernel.kallsyms], not [unknown]; [stack] is anon;
#                            what the kernel touched of a process's memory is the process's
#   dso of old kernels       an address of the kernel without its mapping is the kernel's
#   cgroup, weight … that were not recorded are refused; perf prints 0
test_keys_group_as_perf_does() {
	needs_perf
	needs python3
	needs_case q-branch-4.14
	cat >compare.py <<-'END'
		import collections, re, subprocess, sys
		evprof, cases = sys.argv[1:]
		def table(command):
		    run = subprocess.run(command, capture_output=True, errors='replace', stdin=subprocess.DEVNULL, timeout=100)
		    events = []
		    for line in run.stdout.splitlines():
		        if line.startswith('# Samples:'): events.append([])
		        elif events and '|' in line and line[0] != '#': events[-1].append([f.strip() for f in line.split('|')])
		    return [e for e in events if e]
		def plain(key, text):
		    text = re.sub(r'^\[.\] ', '', text)
		    text = re.sub(r'^0x0*(?=.)', '', text)
		    if re.fullmatch('[0-9a-f]{12,16}', text): text = text.lstrip('0')
		    if key == 'tid': text = text.split(':')[0]
		    if key == 'time': text = text.rstrip('0')
		    if key == 'comm': text = text[:7]
		    if key in ('dso', 'dso_from', 'dso_to'): text = text[:20]
		    if key == 'mem': text = re.sub(' or (L.|LFB/MAB|RAM) ', ' ', text)
		    if key in ('addr_from', 'addr_to', 'symbol_iaddr') or (key == 'cycles' and not re.fullmatch(r'\d{1,4}|-', text)): text = ''
		    if key == 'dso_daddr': text = {'[unknown]': '[kernel.kallsyms]', '[stack]': 'anon'}.get(text, text)
		    return text
		wanted = [
		    ('q-branch-4.14', ['-b'], 'mispredict in_tx abort cycles dso_from dso_to addr_from addr_to symbol_from symbol_to comm'),
		    ('q-branch_stack_spec', ['-b'], 'mispredict cycles dso_from dso_to comm'),
		    ('q-branch_stack_hw_index', ['-b'], 'mispredict dso_from dso_to comm'),
		    ('q-callgraph_and_branch-3.4', ['-b'], 'mispredict comm tid'),
		    ('q-callgraph_and_branch-3.4', [], 'comm tid dso cpu time addr'),
		    ('rcppthread-mem', ['--mem-mode'], 'mem snoop tlb locked blocked local_weight weight dso_daddr symbol_iaddr'),
		    ('q-weight_struct', ['--mem-mode'], 'mem snoop tlb locked blocked local_weight weight symbol_daddr local_ins_lat'),
		    ('q-forkexit-3.8', [], 'comm tid cpu time'),
		    ('q-ctx_switch_namespaces-4.14', [], 'cgroup_id comm'),
		    ('gf-complete-l1', [], 'comm tid dso sym time'),
		]
		bad = compared = 0
		for case, mode, keys in wanted:
		    for key in keys.split():
		        common = ['-t', '|', '-F', 'overhead,sample,period', '-g', 'none', '--no-children', '--no-group', '-i', f'{cases}/{case}/perf.data']
		        theirs = table(['perf', 'report', '--stdio', '--symfs', '/nonexistent', '--percent-limit', '0', '-s', 'pid' if key == 'tid' else key] + common + (mode or ['--no-branch-stack']))
		        ours = table([evprof, 'report', '--symfs', '/', '-s', key] + common + mode)
		        if not theirs: continue # a perf of another version may lack the key
		        compared += 1
		        for a, b in zip(theirs, ours):
		            one, other = (collections.Counter((r[1], r[2], plain(key, r[3])) for r in rows) for rows in (a, b))
		            if key == 'dso_daddr': # rows of one text are one
		                one, other = (collections.Counter(t for n, p, t in c.elements() for _ in range(int(n))) for c in (one, other))
		                if set(one - other) <= {'[kernel.kallsyms]'} and one.total() == other.total(): continue
		            if one != other:
		                bad += 1
		                print(case, mode, key, 'perf only:', list((one - other).items())[:3], 'evprof only:', list((other - one).items())[:3])
		        if len(theirs) != len(ours):
		            bad += 1
		            print(case, mode, key, 'events:', len(theirs), len(ours))
		print(compared, 'compared')
		sys.exit(2 if not compared else bad > 0)
	END
	run_command python3 compare.py "$evprof" "$cases"
	[ "$status" = 2 ] && skip "this perf says nothing of the recordings"
	expect_status 0
}

# ---- damage --------------------------------------------------------------------------------------

test_damaged_branches_and_weights_get_an_answer() {
	needs python3
	for pair in "q-branch-4.14 -b" "q-weight_struct --mem-mode" "q-callgraph_and_branch-3.4 --branch-history"; do
		needs_case "${pair% *}"
		cp "$case" damaged
		for seed in 1 2 3 4 5 6; do
			python3 - "$seed" <<-'END'
				import random, sys
				r = random.Random(int(sys.argv[1]))
				b = bytearray(open('damaged', 'rb').read())
				for _ in range(40): b[r.randrange(300, len(b))] ^= 1 << r.randrange(8)
				open('flipped', 'wb').write(b)
			END
			run report "${pair#* }" -i flipped
			[ "$status" -le 1 ] || fail "status $status"
		done
	done
}

run_tests "$@"
