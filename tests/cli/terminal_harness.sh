# shellcheck shell=sh disable=SC2034,SC2154
# For the scripts beside it: evprof in a terminal of tmux's, keys that are pressed there, and what
# stands on its screen.

# ---- a terminal ----------------------------------------------------------------------------------

needs_terminal() {
	needs tmux
	"$evprof" --version | grep -q 'ncurses: in' || skip "this build has no ncurses"
}
tmux_here() { TMUX='' tmux -S "$PWD/socket${socket:-}" -f /dev/null "$@"; }

# terminal COLUMNS LINES COMMAND…: it runs in a terminal of that size; `ended` is made when it ends.
terminal() {
	columns=$1 lines=$2
	shift 2
	last="$* (in tmux, $columns x $lines)"
	trap 'tmux_here kill-server 2>/dev/null' EXIT
	{
		echo "cd '$PWD'"
		printf '%s\n' "$*"
		echo 'echo $? >status; mv status ended; sleep 600'
	} >command
	tmux_here new-session -d -x "$columns" -y "$lines" "LC_ALL=${terminal_locale:-C.UTF-8} ${terminal_name:+TERM=$terminal_name }sh command" ||
		skip "tmux makes no terminal here"
}
keys() { tmux_here send-keys "$@"; }
screen() { tmux_here capture-pane -p; }
# until_holds WHY COMMAND…: waits for it, but no longer than 60 s; the last screen stands in out.
until_holds() {
	why=$1 tries=0
	shift
	until "$@"; do
		tries=$((tries + 1))
		[ $tries -lt 600 ] || { screen >out; fail "$why"; }
		sleep 0.1
	done
}
shows() { screen >out 2>/dev/null && grep -qE -e "$1" out; }
shows_no() { screen >out 2>/dev/null && ! grep -qE -e "$1" out; }
sees() { until_holds "'$1' never came to stand on the screen" shows "$1"; }
sees_no_more() { until_holds "'$1' never went from the screen" shows_no "$1"; }
ends_with() {
	until_holds "it never ended" test -s ended
	expect_equal "$(cat ended)" "$1" "exit status"
}

# ---- whole screens -------------------------------------------------------------------------------

# What stands on the screen, without blanks at the ends of lines.
whole_screen() { screen 2>/dev/null | sed 's/ *$//' >out; }
is_kept() { whole_screen && cmp -s out "$kept"; }
is_still() {
	whole_screen && cp out before && sleep 0.7 && whole_screen && cmp -s before out
}
# screen_is NAME: the screen becomes, line by line and number by number, what is kept under that
# name. With --update, or UPDATE=1, it is kept as it is once it stands still.
screen_is() {
	kept=$here/snapshots/screens/$1.txt
	if [ "$update" = 1 ] || [ -n "${UPDATE:-}" ]; then
		until_holds "the screen never stood still" is_still
		mkdir -p "${kept%/*}"
		cp out "$kept"
		return
	fi
	[ -e "$kept" ] || fail "no snapshot $kept: make it with --update"
	tries=0
	until is_kept; do
		tries=$((tries + 1))
		[ $tries -lt 300 ] || {
			diff -u "$kept" out >difference
			cat difference
			fail "differs from $kept (--update keeps it)"
		}
		sleep 0.1
	done
}
