# shellcheck shell=sh disable=SC2034,SC2154
# For the scripts beside it that record Python programs: harness.sh, an interpreter of each version,
# and what a recording of python_truth.py has to say of its functions and lines.
. "$(dirname "$0")/harness.sh"

# Systems in folders that have newer Pythons, as debootstrap makes them: in folders beside the
# versions of pyenv, or in those that this names.
roots=${EVPROF_PYTHON_ROOTS:-${PYENV_ROOT:-$HOME/.pyenv}/roots/*}
# find_root VERSION: one that has it; in $root. False without one.
find_root() {
	for root in $roots; do
		[ -x "$root/usr/bin/python$1" ] && [ -e "$root/lib64/ld-linux-x86-64.so.2" ] && return
	done
	return 1
}
# python_of ROOT VERSION [FILE]: that program, run here by its own loader; in $python.
python_of() {
	python=$PWD/python$2
	cat >"$python" <<EOF
#!/bin/sh
PYTHONHOME=$1/usr exec $1/lib64/ld-linux-x86-64.so.2 --library-path \
	$1/usr/lib/x86_64-linux-gnu:$1/lib/x86_64-linux-gnu ${3:-$1/usr/bin/python$2} "\$@"
EOF
	chmod 755 "$python"
}
# find_python VERSION: one that is installed, of pyenv, the machine's own or a root's; in $python. One
# built without the GIL is 3.14t, and 3.14.0t of pyenv.
find_python() {
	free=${1##*[0-9]}
	for python in "${PYENV_ROOT:-$HOME/.pyenv}"/versions/"${1%t}".*[0-9]"$free"/bin/python "/usr/bin/python$1"; do
		[ -x "$python" ] && "$python" -c 'import multiprocessing, sys' 2>/dev/null && return
	done
	find_root "$1" || skip "there is no python$1"
	python_of "$root" "$1"
}
# sum_children: of every Python function in the JSON in out, in percent of all samples, into the file sums.
sum_children() {
	python3 -c 'import json
j = json.load(open("out", encoding="utf-8"))
whole, sums = sum(r["period"] for r in j["rows"]) or 1, {}
for r in j["rows"]:
    name = (r["symbol"] or "").split(" (")[0]
    if r.get("python"):
        sums[name] = sums.get(name, 0) + r["children_period"]
for name, period in sums.items():
    print(name.replace(" ", "_"), 100 * period / whole)' >sums 2>>err || fail "no JSON"
}
# children FUNCTION: percent of the samples in which it runs, or what it has called
children() { awk -v n="$1" '$1 == n { print $2 }' sums; }
expect_runs() {
	sum_children
	for function; do
		expect_between "$(children "$function")" 0.01 101 "what runs in $function, percent"
	done
}
# expect_shares: of functions in sums, by what they measured themselves, in the file told: wide room,
# for a loaded machine takes its samples where it can.
expect_shares() {
	sum=$(echo "$(children half) $(children third) $(children sixth)" | awk '{ print $1 + $2 + $3 }')
	while read -r function truth; do
		got=$(echo "$(children "$function") $sum" | awk '{ print 100 * $1 / $2 }')
		expect_between "$got" "$(echo "$truth" | awk '{ print $1 - 8 }')" \
			"$(echo "$truth" | awk '{ print $1 + 8 }')" "the share of $function"
	done <told
}
# expect_reused: code in the memory of other code is what it is: of two functions in turn, one has
# three times the work of the other.
expect_reused() {
	share=$(echo "$(children otherwise) $(children once_more)" | awk '{ print 100 * $1 / ($1 + $2 + 0.001) }')
	expect_between "$share" 60 90 "the share of otherwise (75)"
}
# expect_lines: of the loop in perf.data, where one line has ten times the work of the other.
expect_lines() {
	"$evprof" script -F ip,sym,srcline --python only >out 2>>err
	costly=$(grep -n '# costly' python_truth.py | cut -d: -f1)
	cheap=$(grep -n '# cheap' python_truth.py | cut -d: -f1)
	share=$(awk -v a="python_truth.py:$costly" -v b="python_truth.py:$cheap" '
		index($0, a) { n++ } index($0, b) { m++ } END { print n * 100 / (n + m + 0.001) }' out)
	expect_between "$share" 80 97 "percent of the costly line (91)"
}
