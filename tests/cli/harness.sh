# shellcheck shell=sh disable=SC2034,SC2154
# For the scripts beside it: runs every function called test_… in a fresh folder and a shell of its
# own, and prints "ok NAME", "not ok NAME" or "SKIP NAME: reason" for each.
#   sh tests/cli/stat.sh [--update] [--only NAME] [part of a name]
#     --update writes the snapshots anew; --only takes a whole name
#
# A test calls `run` (evprof with its arguments; status in $status, output in the files out and err)
# and expect_… ; the first expectation that does not hold ends it.

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
B=${B:-build}
case $B in /*) ;; *) B=$root/$B ;; esac
evprof=$B/evprof
examples=$B/examples
specimens=$B/specimens
scripted=$B/tests/evprof-scripted # evprof on a PMU that tests/scripted_pmu.h plays
sanitized=0
[ -n "${SAN:-}" ] && sanitized=1
unset POSIXLY_CORRECT
export LC_ALL=C.UTF-8

# ---- running -------------------------------------------------------------------------------------

# run ARGUMENTS…: evprof, bounded in time. Under `timeout` the exit status is evprof's own.
run() { run_command "$evprof" "$@"; }
run_command() {
	last="$*"
	timeout -k 5 "${LIMIT_S:-60}" "$@" >out 2>err </dev/null
	status=$?
}
# perf_takes FILE COMMAND…: what perf says of FILE by each of the commands (words in one argument)
# stands in out; it has no complaint but of what a loaded machine lost.
perf_takes() {
	taken=$1
	shift
	for last; do
		# shellcheck disable=SC2086 # the command is words
		perf ${last%% *} -i "$taken" $(echo "$last" | grep -o ' .*') >out 2>said </dev/null
		status=$?
		last="perf $last -i $taken"
		expect_status 0
		grep -vE '^$|^Warning:$|^Processed [0-9]+ events and lost [0-9]+ chunks!|^Check IO/CPU overload!' said >err
		expect_empty err
		expect_file out
	done
}
# start_target COMMAND…: runs until the test ends; its process id in $target.
start_target() {
	"$@" >/dev/null 2>&1 &
	target=$!
	trap 'kill $target 2>/dev/null' EXIT
}
# run, as a user without privileges; call needs_nobody first.
run_as_nobody() {
	last="(as nobody) evprof $*"
	timeout -k 5 60 setpriv --reuid=65534 --regid=65534 --clear-groups "$evprof" "$@" >out 2>err </dev/null
	status=$?
}

# ---- expecting -----------------------------------------------------------------------------------

fail() {
	echo "not ok $name"
	echo "  $1"
	[ -n "${last:-}" ] && echo "  command: $last"
	for stream in out err; do
		[ -s $stream ] && echo "  std$stream:" && head -c 4000 $stream | tail -25 | sed 's/^/    /' | cat -v
	done
	exit 1
}
skip() {
	echo "SKIP $name: $1"
	exit 1
}
expect_status() { [ "$status" = "$1" ] || fail "exit status $status, expected $1"; }
expect_failure() { [ "$status" -ne 0 ] && [ "$status" -lt 124 ] || [ "$status" = 129 ] || [ "$status" = 125 ] ||
	fail "exit status $status, expected a failure"; }
has() { grep -qE -e "$2" "$1" || fail "'$2' is not in $1"; }
has_not() { ! grep -qE -e "$2" "$1" || fail "'$2' is in $1"; }
expect_out() { has out "$1"; }
expect_err() { has err "$1"; }
refuse_out() { has_not out "$1"; }
refuse_err() { has_not err "$1"; }
expect_empty() { [ ! -s "$1" ] || fail "$1 is not empty: $(head -c 1000 "$1" | head -5)"; }
expect_file() { [ -s "$1" ] || fail "there is no $1"; }
refuse_file() { [ ! -e "$1" ] || fail "there is a $1"; }
expect_equal() { [ "$1" = "$2" ] || fail "${3:-value}: '$1', expected '$2'"; }
# expect_between VALUE LOW HIGH WHAT
expect_between() {
	awk -v v="$1" -v l="$2" -v h="$3" 'BEGIN { exit !(v != "" && v + 0 >= l + 0 && v + 0 <= h + 0) }' ||
		fail "$4 is '$1', expected $2 to $3"
}
expect_json() { # FILE…
	python3 -c 'import json, sys
for name in sys.argv[1:]:
    print(name)
    json.load(open(name))' "$@" >looked_at 2>complaint || fail "$(tail -n 1 looked_at) is not JSON"
}
expect_json_lines() {
	python3 -c 'import json, sys
lines = open(sys.argv[1]).read().splitlines()
assert lines, "empty"
[json.loads(l) for l in lines]' "$1" 2>complaint || fail "$1 is not one JSON object per line"
}
# json FILE EXPRESSION: what a Python expression over the document j says
json() { python3 -c 'import json, sys; j = json.load(open(sys.argv[1])); print(eval(sys.argv[2]))' "$1" "$2" 2>>err; }
# symbol_percent FUNCTION: its share in the JSON report in the file out
symbol_percent() {
	json out "100.0 * sum(r['period'] for r in j['rows'] if r['symbol'] == '$1') / max(1, sum(r['period'] for r in j['rows']))"
}
# snapshot NAME FILE: numbers are masked, then the text must be what is kept
snapshot() {
	kept=$here/snapshots/$1.txt
	sed -E -e 's/0x[0-9a-f]+/0xN/g' -e 's/[0-9]+([.,][0-9]+)*/N/g' -e 's/  +/  /g' -e 's/[[:space:]]+$//' \
		"$2" >masked
	if [ "$update" = 1 ]; then
		cp masked "$kept"
	else
		[ -e "$kept" ] || fail "no snapshot $kept: make it with --update"
		diff -u "$kept" masked >difference || { cat difference; fail "differs from $kept (--update keeps it)"; }
	fi
}

# ---- needing -------------------------------------------------------------------------------------

needs() { command -v "$1" >/dev/null 2>&1 || skip "there is no $1"; }
needs_root() { [ "$(id -u)" = 0 ] || skip "needs root"; }
needs_perf() { # the reference client, in a version that runs
	needs perf
	perf --version >/dev/null 2>&1 || skip "this perf does not run"
}
# Of many versions the oldest and the newest are enough where everything takes twice as long.
needs_version_told_apart() { # VERSION
	case $sanitized:$1 in 1:3.8 | 1:3.13 | 0:*) ;; *) skip "without sanitizers only, as versions between" ;; esac
}
needs_events() { "$evprof" stat -e task-clock true >/dev/null 2>&1 || skip "no event can be counted here"; }
needs_nobody() {
	needs_root
	needs setpriv
	setpriv --reuid=65534 --regid=65534 --clear-groups test -x "$evprof" ||
		skip "nobody may not run $evprof"
	chmod 777 .
}
# ---- the tests of the script that read this --------------------------------------------------------

run_tests() {
	update=0 pattern='' only=''
	while [ $# -gt 0 ]; do
		argument=$1
		shift
		case $argument in
		--update) update=1 ;;
		--only)
			only=$1
			shift
			;;
		*) pattern=$argument ;;
		esac
	done
	[ -x "$evprof" ] || {
		echo "not ok $(basename "$0"): there is no $evprof"
		exit 1
	}
	folder=$(mktemp -d) || exit 1
	mkdir "$folder/cache"
	export XDG_CACHE_HOME="$folder/cache" # not the user's
	chmod 755 "$folder"
	trap 'rm -rf "$folder"' EXIT
	trap 'exit 130' INT TERM
	bad=0
	for name in $(sed -n 's/^\(test_[a-z0-9_]*\)() .*/\1/p' "$0"); do
		case $name in *"$pattern"*) ;; *) continue ;; esac
		case $name in ${only:-*}) ;; *) continue ;; esac
		mkdir "$folder/$name"
		# A test that ends by itself printed nothing yet.
		(cd "$folder/$name" && "$name" && echo "ok $name") >"$folder/answer" 2>&1
		# What the shell does not find asks nothing of the program, and all goes on.
		if grep -qE '^[^ ]*\.sh: ([0-9]+|line [0-9]+): .*not found$' "$folder/answer"; then
			sed -i "s/^ok .*/not ok $name: a command was not found/" "$folder/answer"
		fi
		cat "$folder/answer"
		grep -q '^ok ' "$folder/answer" || grep -q '^SKIP ' "$folder/answer" || bad=1
		grep -qE '^(ok|SKIP|not ok) ' "$folder/answer" || echo "not ok $name (it ended without an answer)"
		rm -rf "${folder:?}/$name"
	done
	exit $bad
}
