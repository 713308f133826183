#!/bin/bash
# run.sh: CLIENTS Socket.IO clients of one sio-fast process, held for HOLD, in a
# guest whose kernel is its own. See README.md.
set -euo pipefail
cd "$(dirname "$0")/../.."

die() {
	echo "million: $*" >&2
	exit 1
}

clients=${CLIENTS:-1000000}
if ! [[ $clients =~ ^[1-9][0-9]*$ ]] || ((clients < 10 || clients > 4000000)); then
	die "CLIENTS=$clients: want 10 to 4000000"
fi
hold=${HOLD:-10m}
interval=${PING_INTERVAL:-300s}
timeout=${PING_TIMEOUT:-300s}
# What a starved guest is late with has not been lost: no connection is broken
# because an acknowledgement took a minute.
server_flags="--app load --log-level error --ping-interval $interval --ping-timeout $timeout --user-timeout 10m${SERVER_FLAGS:+ $SERVER_FLAGS}"
load_flags="-ping-interval $interval -patience ${PATIENCE:-0s} ${LOAD_FLAGS:-}"
# What a client needs, both ends in the kernel, the server's and the load's
# share, comes to some 10 KiB.
memory=${MEMORY:-$((1536 + clients * 12 / 1024))}
cores=${CORES:-2}
cpu=${CPU:-max,la57=off,smap=off,pku=off,erms=off,fsrm=off}
accel=${ACCEL:-tcg,thread=multi,tb-size=256}
priority=${PRIORITY:-10}
[[ $priority =~ ^-?[0-9]+$ ]] || die "PRIORITY=$priority: want a niceness, -20 to 19"
work=bin/million

free=$(awk '/MemAvailable/ { print int($2 / 1024) }' /proc/meminfo)
((free > memory)) || die "the guest needs $memory MiB (MEMORY), $free are available; try CLIENTS=$((clients / 10))"
mkdir -p "$work"

# as_root runs apt as whoever may install.
as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif command -v sudo >/dev/null 2>&1; then
		sudo "$@"
	else
		die "please run as root: $*"
	fi
}

# install_missing installs the Debian packages whose programs are not there.
install_missing() {
	local want=()
	command -v qemu-system-x86_64 >/dev/null 2>&1 || want+=(qemu-system-x86)
	# In the guest there is no library, so a dynamic one will not do.
	if ! /bin/busybox cpio --help >/dev/null 2>&1 || ldd /bin/busybox >/dev/null 2>&1; then want+=(busybox-static); fi
	((${#want[@]})) || return 0
	command -v apt-get >/dev/null 2>&1 || die "please install ${want[*]}: this is no Debian machine, apt-get is missing"
	echo "million: installing ${want[*]}"
	as_root apt-get update -qq >"$work/apt.log" 2>&1 || true # an old list may do
	if ! as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${want[@]}" >>"$work/apt.log" 2>&1; then
		tail -n 20 "$work/apt.log" >&2
		die "apt-get could not install ${want[*]}"
	fi
}

# fetch_kernel unpacks Debian's kernel for virtual machines, without installing
# it here: it is the guest's.
fetch_kernel() {
	[ -e "$work/vmlinuz" ] && return 0
	for tool in apt-get dpkg-deb; do
		command -v "$tool" >/dev/null 2>&1 || die "$tool is missing: the guest's kernel comes as a Debian package"
	done
	local tmp package
	tmp=$(mktemp -d)
	# shellcheck disable=SC2064 # tmp is local
	trap "rm -rf '$tmp'" RETURN
	package=$(apt-cache depends linux-image-cloud-amd64 2>/dev/null | awk '/Depends: linux-image-/ { print $2; exit }') || true
	if [ -z "$package" ]; then
		as_root apt-get update -qq >>"$work/apt.log" 2>&1 || true
		package=$(apt-cache depends linux-image-cloud-amd64 2>/dev/null | awk '/Depends: linux-image-/ { print $2; exit }') || true
	fi
	[ -n "$package" ] || die "apt knows no linux-image-cloud-amd64"
	echo "million: fetching $package"
	(cd "$tmp" && apt-get download "$package" >apt.log 2>&1) || {
		cat "$tmp/apt.log" >&2
		die "apt-get could not download $package"
	}
	dpkg-deb --fsys-tarfile "$tmp/$package"_*.deb | tar -x -C "$tmp" ./boot
	cp "$tmp"/boot/vmlinuz-* "$work/vmlinuz.new"
	mv "$work/vmlinuz.new" "$work/vmlinuz"
}

# facts are what only the host knows of the run.
facts() {
	local commit
	commit=$(git rev-parse --short=10 HEAD 2>/dev/null || echo "(no git)")
	[ -z "$(git status --porcelain --untracked-files=no 2>/dev/null)" ] || commit+=" with changes"
	echo "command: $command"
	echo "date: $(date -u +%F)"
	echo "server: sio-fast at commit $commit"
	echo "go: $(go env GOVERSION)"
	echo "emulator: $(qemu-system-x86_64 --version | head -n 1), -accel $accel -cpu $cpu -smp $cores -m $memory, niceness $priority"
	echo "host: $(nproc) cores, $(awk -F ': ' '/model name/ { print $2; exit }' /proc/cpuinfo), $(awk '/MemTotal/ { printf "%.1f GiB", $2 / 1048576 }' /proc/meminfo), Linux $(uname -r | cut -d - -f 1); shared with other work"
}

# image makes the initial RAM disk: busybox, the two programs, what to do.
image() {
	local root=$work/root
	rm -rf "$root"
	mkdir -p "$root/bin"
	cp /bin/busybox "$root/bin/busybox"
	ln -s busybox "$root/bin/sh"
	CGO_ENABLED=0 GOOS=linux GOARCH=amd64 go build -trimpath -o "$root/sio-fast" ./cmd/sio-fast
	CGO_ENABLED=0 GOOS=linux GOARCH=amd64 go build -trimpath -o "$root/million" ./bench/million
	cp bench/million/init "$root/init"
	chmod 755 "$root/init"
	facts >"$root/million.facts"
	{
		echo "CLIENTS=$clients"
		echo "HOLD=$hold"
		echo "SERVER_FLAGS='$server_flags'"
		echo "LOAD_FLAGS='$load_flags'"
	} >"$root/million.env"
	(cd "$root" && find . | /bin/busybox cpio -o -H newc 2>/dev/null) >"$work/initramfs"
	rm -rf "$root"
}

command="make million"
for v in CLIENTS HOLD PING_INTERVAL PING_TIMEOUT PATIENCE SERVER_FLAGS LOAD_FLAGS MEMORY CORES CPU ACCEL PRIORITY; do
	[ -z "${!v:-}" ] || command+=" $v=\"${!v}\""
done
install_missing
fetch_kernel
image

# Nothing here is worth protecting from anybody, memory need not be wiped or
# accounted, and the tables begin at the size that they would grow to. What the
# emulator is slow at is avoided: reprogramming the timer for each deadline,
# interrupts between the cores, string instructions.
append="console=ttyS0 quiet panic=-1 mitigations=off nokaslr nopti init_on_alloc=0 init_on_free=0 \
cgroup_disable=memory,cpu,cpuacct psi=0 noautogroup audit=0 lsm=capability selinux=0 apparmor=0 \
randomize_kstack_offset=off random.trust_cpu=on nowatchdog preempt=none \
tsc=reliable clocksource=tsc nohz=off highres=off clearcpuid=rep_good \
thash_entries=2097152 ${KERNEL_FLAGS:-}"

qemu=""
# shellcheck disable=SC2317 # called by the trap
cleanup() {
	[ -z "$qemu" ] || kill "$qemu" 2>/dev/null || true
	rm -f "$work/initramfs"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

echo "million: $clients clients, held for $hold, in a guest of $memory MiB; this takes long ($work/console.log)"
rm -f "$work/report"
# shellcheck disable=SC2086 # QEMU_EXTRA is a list
nice -n "$priority" qemu-system-x86_64 -nodefaults -no-user-config -no-reboot -display none \
	-accel "$accel" -cpu "$cpu" -smp "$cores" -m "$memory" \
	-kernel "$work/vmlinuz" -initrd "$work/initramfs" -append "$append" \
	-chardev "stdio,id=console,signal=off,logfile=$work/console.log,logappend=off" -serial chardev:console \
	-serial "file:$work/report" ${QEMU_EXTRA:-} </dev/null &
qemu=$!
wait "$qemu" || die "qemu ended with $?"
qemu=""

# The report's last line is a line of a table; a guest that died wrote none.
[ -s "$work/report" ] || die "the guest wrote no report; see $work/console.log"
tr -d '\r' <"$work/report" >"$work/RESULTS.md"
grep -q 'million: exit 0' "$work/console.log" || die "the run FAILED; see $work/RESULTS.md and $work/console.log"
out=${OUT:-}
# A trial does not write over the figures of the real run.
if [ -z "$out" ] && [ "$command" = "make million" ]; then out=bench/million/RESULTS.md; fi
[ -z "$out" ] || cp "$work/RESULTS.md" "$out"
echo "million: done; ${out:-$work/RESULTS.md}"
