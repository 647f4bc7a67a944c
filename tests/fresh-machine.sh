#!/bin/sh
# Proves the two commands of the README on a bare Debian 12: makes one with debootstrap in a folder,
# copies the checkout in, runs `make demo` and `make check` there, and removes it all.
#   tests/fresh-machine.sh              the last commit
#   tests/fresh-machine.sh --worktree   the files as they are now
# Needs root, debootstrap and the network. Environment: MIRROR, SUITE, KEEP=1 (leave the folder).
set -u
cd "$(dirname "$0")/.." || exit 1
MIRROR=${MIRROR:-http://deb.debian.org/debian}
SECURITY=${SECURITY:-http://deb.debian.org/debian-security}
SUITE=${SUITE:-bookworm}

# Inside a mount name space of its own, so that no mount outlives this, however it ends; the new machine
# is the root of it, as on a real one, and not a chroot, which some programs do not survive.
if [ "${1:-}" = --inside ]; then
	machine=$2
	mount --bind "$machine" "$machine" && mount --bind /proc "$machine/proc" &&
		mount --rbind /sys "$machine/sys" &&
		mount -t devpts -o newinstance,ptmxmode=0666 devpts "$machine/dev/pts" &&
		mkdir -p "$machine/outside" && cd "$machine" || exit 1
	PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
	pivot_root . outside && cd / && umount -l /outside && rmdir /outside || exit 1
	on_machine() {
		env -i HOME=/root PATH=$PATH TERM=dumb LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@"
	}
	for command in 'make demo' 'make check'; do
		echo "---- $command"
		began=$(date +%s)
		# shellcheck disable=SC2086 # the command is words
		{ on_machine $command -C /srv/evprof 2>&1; echo $? >/status; } | tee /log
		echo "---- $command: $(($(date +%s) - began)) s"
		[ "$(cat /status)" = 0 ] || { echo "exit status $(cat /status)"; exit 1; }
		case $command in
		*demo) grep -q 'insertion_sort' /log || { echo "no insertion_sort on the screen"; exit 1; } ;;
		*check)
			closing=$(grep -E '^[0-9]+ passed, 0 failed, [0-9]+ skipped$' /log | tail -1)
			[ -n "$closing" ] || { echo "the tests did not pass"; exit 1; }
			;;
		esac
		# Again: nothing is left to install.
		on_machine make -C /srv/evprof --no-print-directory deps >/log 2>&1 || exit 1
		[ ! -s /log ] || { echo "a second make deps has something to say:"; cat /log; exit 1; }
	done
	exit 0
fi

fail() {
	echo "FAIL: $1"
	exit 1
}
[ "$(id -u)" = 0 ] || fail "needs root"
for program in debootstrap unshare git; do
	PATH=$PATH:/usr/sbin command -v $program >/dev/null || fail "needs $program"
done
machine=$(mktemp -d /tmp/fresh-machine.XXXXXX) && chmod 755 "$machine" || exit 1
clean_up() { [ "${KEEP:-0}" = 1 ] && echo "kept: $machine" || rm -rf --one-file-system "$machine"; }
trap clean_up EXIT
trap 'exit 130' INT TERM

echo "---- debootstrap $SUITE (and make, to type the commands)"
debootstrap --variant=minbase --include=make,ca-certificates "$SUITE" "$machine" "$MIRROR" >"$machine.log" 2>&1 ||
	{ tail -20 "$machine.log"; rm -f "$machine.log"; fail "debootstrap"; }
rm -f "$machine.log"
# The world outside: names, and the way apt goes there.
cp /etc/resolv.conf /etc/hosts "$machine/etc/" 2>/dev/null
grep -lsE 'Proxy|Check-Valid-Until|Check-Date' /etc/apt/apt.conf /etc/apt/apt.conf.d/* |
	while read -r file; do cp "$file" "$machine/etc/apt/apt.conf.d/"; done
cat >"$machine/etc/apt/sources.list" <<-END
	deb $MIRROR $SUITE main
	deb $MIRROR $SUITE-updates main
	deb $SECURITY $SUITE-security main
END
mkdir -p "$machine/srv/evprof"
if [ "${1:-}" = --worktree ]; then
	git ls-files -co --exclude-standard -z | xargs -0 tar c | tar x -C "$machine/srv/evprof"
else
	git archive HEAD | tar x -C "$machine/srv/evprof" || fail "there is no commit (--worktree takes the files as they are)"
fi
unshare --mount --propagation private sh "$PWD/tests/fresh-machine.sh" --inside "$machine" ||
	fail "see above"
echo "PASS"
