# shellcheck shell=sh disable=SC2154
# For run: makes an emulated machine of an architecture and boots it.

# What each architecture is called by whom, and what is fetched for it.
describe() {
	case $1 in
	arm64)
		triplet=aarch64-linux-gnu emulator=qemu-system-aarch64
		emulator_packages=qemu-system-arm kernel_packages=linux-image-cloud-arm64
		loader=lib/ld-linux-aarch64.so.1 console=ttyAMA0
		specimens='exact.c forks.c no_frame_pointers.c trees.c two_functions.c two_threads.c'
		;;
	riscv64)
		triplet=riscv64-linux-gnu emulator=qemu-system-riscv64
		emulator_packages='qemu-system-misc opensbi' kernel_packages=linux-image-riscv64
		loader=lib/ld-linux-riscv64-lp64d.so.1 console=ttyS0
		specimens='page_walks.c two_functions.c'
		;;
	esac
}

# The libraries that evprof is built with, as .ci/deps has them.
library_packages() {
	sed -n 's/^\(build\|bpf\) .* \(lib[^ ]*\) *header .*/\2/p' .ci/deps
}

# prepare ARCH: fetches, builds, and packs the guest. When that can't be, $scratch/why says why; 2
# is the answer when evprof does not build, which is a failure and is told here.
prepare() {
	describe "$1"
	compiler=$triplet-gcc tools=
	wanted=
	command -v $compiler >/dev/null 2>&1 || wanted="$wanted gcc-$triplet"
	command -v $emulator >/dev/null 2>&1 || wanted="$wanted $emulator_packages"
	command -v cpio >/dev/null 2>&1 || wanted="$wanted cpio"
	mkdir -p "$EV_PMU_CACHE" "$B/pmu/$1" 2>"$scratch/why" || return 1
	echo "$1: packages in $EV_PMU_CACHE"
	(
		flock 9
		if [ -n "$wanted" ]; then
			# shellcheck disable=SC2086 # package names are words
			sh tests/pmu/fetch "tools-$1" $wanted >"$scratch/tools" || exit
		fi
		# shellcheck disable=SC2046,SC2086
		sh tests/pmu/fetch "$1" libc6-dev busybox-static $(library_packages) >"$scratch/sysroot" || exit
		# shellcheck disable=SC2086
		sh tests/pmu/fetch kernel "$1" $kernel_packages >"$scratch/kernel" || exit
	) 9>"$EV_PMU_CACHE/lock" 2>"$scratch/why" || return 1
	[ -n "$wanted" ] && tools=$(cat "$scratch/tools")
	sysroot=$(cat "$scratch/sysroot")
	kernel=$(ls "$(cat "$scratch/kernel")"/boot/vmlinu* 2>/dev/null | tail -1)
	[ -r "${kernel:-}" ] || { echo "the kernel's package holds no kernel" >"$scratch/why"; return 1; }
	build "$1" || return 2
	pack "$1"
}

# A program of the unpacked tools finds its libraries there. A machine that hangs is ended.
limit_s=${PMU_LIMIT_S:-600}
tool() {
	program=$1
	shift
	if [ -n "$tools" ] && [ -x "$tools/usr/bin/$program" ]; then
		LD_LIBRARY_PATH=$tools/usr/lib/$(gcc -print-multiarch) \
			timeout --foreground -k 5 "$limit_s" "$tools/usr/bin/$program" "$@"
	else
		timeout --foreground -k 5 "$limit_s" "$program" "$@"
	fi
}
emulator() {
	if [ -n "$tools" ] && [ -x "$tools/usr/bin/$emulator" ]; then
		tool "$emulator" -L "$tools/usr/share/qemu" "$@"
	else
		timeout --foreground -k 5 "$limit_s" "$emulator" "$@"
	fi
}

build() {
	folder=$B/pmu/$1
	cross=$folder/cc
	{
		echo '#!/bin/sh'
		if [ -n "$tools" ] && [ -x "$tools/usr/bin/$compiler" ]; then
			echo "export LD_LIBRARY_PATH=$tools/usr/lib/$(gcc -print-multiarch)"
			compiler=$tools/usr/bin/$compiler
		fi
		echo "exec $compiler --sysroot=$sysroot \"\$@\""
	} >"$cross"
	chmod +x "$cross"
	echo "$1: building with $(basename "$compiler")"
	# shellcheck disable=SC2046 # file names are words
	make -j"$(nproc)" --no-print-directory B="$folder" CC="$cross" WERROR=1 "$folder/evprof" \
		$(for file in $specimens; do echo "$folder/specimens/${file%.c}"; done) \
		>"$folder/log" 2>&1 && return 0
	tail -20 "$folder/log"
	echo "  not ok $1: evprof does not build for it"
	failed=$((failed + 1))
	return 1
}

# What a program needs, and what that needs.
needed() {
	for file; do
		readelf -d "$file" 2>/dev/null | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'
	done | sort -u
}
copy_libraries() { # GUEST
	mkdir -p "$1/lib/$triplet"
	cp -L "$sysroot/$loader" "$1/$loader"
	names=$(needed "$1"/evprof/build/evprof "$1"/evprof/build/specimens/*)
	while [ -n "$names" ]; do
		more=
		for name in $names; do
			[ -e "$1/lib/$triplet/$name" ] || [ "$name" = "$(basename $loader)" ] && continue
			for place in "$sysroot/usr/lib/$triplet" "$sysroot/usr/lib"; do
				[ -e "$place/$name" ] || continue
				cp -L "$place/$name" "$1/lib/$triplet/$name"
				more="$more $place/$name"
				break
			done
		done
		# shellcheck disable=SC2086 # file names are words
		[ -n "$more" ] && names=$(needed $more) || names=
	done
}

pack() {
	guest=$B/pmu/$1/guest
	rm -rf "$guest"
	mkdir -p "$guest/bin" "$guest/evprof/build" "$guest/evprof/tests/cli" "$guest/evprof/tests/pmu"
	cp "$sysroot/usr/bin/busybox" "$guest/bin/"
	cp tests/pmu/init "$guest/init"
	chmod 755 "$guest/init"
	cp "$B/pmu/$1/evprof" "$guest/evprof/build/"
	cp -r "$B/pmu/$1/specimens" "$guest/evprof/build/"
	cp tests/cli/harness.sh tests/cli/pmu.sh "$guest/evprof/tests/cli/"
	cp tests/pmu/*.sh "$guest/evprof/tests/pmu/"
	copy_libraries "$guest"
	image=$B/pmu/$1/guest.cpio.gz
	# shellcheck disable=SC2015
	(cd "$guest" && find . | tool cpio -o -H newc --quiet | gzip -1) >"$image" 2>"$scratch/why" &&
		[ ! -s "$scratch/why" ]
}

# boot SUITE MEGABYTES OPTION…: the console of a machine that runs the suite and switches itself off.
boot() {
	suite=$1 memory=$2
	shift 2
	emulator -M virt -m "$memory" -smp 1 "$@" -nographic -nodefaults -serial stdio -no-reboot \
		-kernel "$kernel" -initrd "$image" \
		-append "console=$console panic=-1 loglevel=1 norandmaps suite=$suite" \
		</dev/null 2>&1 | tr -d '\r'
}
