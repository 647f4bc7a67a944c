#!/bin/sh
# Checks the picture of the house: a stage includes its own private headers and the public headers
# of its own and earlier stages, which say in their first line whose they are; vendor libraries are
# used in one stage each.
cd "$(dirname "$0")/.." || exit 1
order='base event perfdata symbol collect profile view cmd'
bad=0
complain() {
	echo "$1: includes $2, $3"
	bad=1
}
position() { # of a stage in the row, 0 when it is none
	n=0
	for s in $order; do
		n=$((n + 1))
		[ "$s" = "$1" ] && echo $n && return
	done
	echo 0
}
of_header() { # the stage that a public header belongs to: the first word in it
	sed -n '1s;^/\* \([a-z]*\)[:,].*;\1;p' "include/evprof/$1"
}
includes() { sed -n 's/^#[[:space:]]*include[[:space:]]*\([<"][^>"]*[>"]\).*/\1/p' "$1"; }

for file in src/*/*.[ch] include/evprof/*.h; do
	[ -e "$file" ] || continue
	case $file in
	include/*) stage=$(of_header "${file##*/}") && [ "$stage" = evprof ] && continue ;;
	*) stage=$(basename "$(dirname "$file")") ;;
	esac
	mine=$(position "$stage")
	for inc in $(includes "$file"); do
		case $inc in
		'<evprof/evprof.h>') [ "$stage" = cmd ] || complain "$file" "$inc" "for cmd and examples" ;;
		'<evprof/'*)
			inc=${inc%>}
			theirs=$(position "$(of_header "${inc##*/}")")
			{ [ "$theirs" -gt 0 ] && [ "$theirs" -le "$mine" ]; } || complain "$file" "$inc>" "a later stage" ;;
		'"'*/*) complain "$file" "$inc" "another folder's private header" ;;
		'<perfmon/'*) [ "$stage" = event ] || complain "$file" "$inc" "libpfm4 lives in event" ;;
		'<libelf.h>' | '<gelf.h>' | '<elfutils/'* | '<dwarf.h>' | '<libiberty/'*)
			[ "$stage" = symbol ] || complain "$file" "$inc" "elfutils and libiberty live in symbol" ;;
		'<capstone/'*) [ "$stage" = symbol ] || complain "$file" "$inc" "capstone lives in symbol" ;;
		'<lzma.h>') [ "$stage" = symbol ] || complain "$file" "$inc" "liblzma lives in symbol" ;;
		'<zlib.h>')
			case $stage in
				symbol | collect | view) ;;
				*) complain "$file" "$inc" "zlib lives in symbol, collect and view" ;;
			esac
			;;
		'<zstd.h>')
			[ "$stage" = perfdata ] || [ "$stage" = symbol ] || complain "$file" "$inc" "zstd lives in perfdata and symbol"
			;;
		'<bpf/'*) [ "$stage" = collect ] || complain "$file" "$inc" "libbpf lives in collect" ;;
		'<curses.h>' | '<term.h>') [ "$stage" = cmd ] || complain "$file" "$inc" "ncurses lives in cmd" ;;
		'<argp.h>') [ "$stage" = cmd ] || complain "$file" "$inc" "argp lives in cmd" ;;
		esac
	done
done
calls=$(grep -nE '(^|[^_[:alnum:]])(exit|_exit|syscall)\(|stderr' src/*/*.c | grep -vE '^src/(cmd|base/memory.c)' | grep -vE '^src/collect/(syscalls|workload)\.c' | grep -vE '^[^:]*:[0-9]*:[[:space:]]*(/?\*|//)')
[ -n "$calls" ] && echo "exit, stderr and syscall do not belong there:" && echo "$calls" && bad=1
exit $bad
