#!/bin/sh
# Installs what the tests need beyond Go and Node, where it is missing: a C
# compiler for the race detector, and Chromium for the browser tests. Both from
# Debian's packages; it needs to be root or to have sudo, and says so if not.
set -eu

want=""
command -v gcc >/dev/null 2>&1 || want="$want gcc libc6-dev"
[ -n "${CHROMIUM:-}" ] || command -v chromium >/dev/null 2>&1 || want="$want chromium"
[ -n "$want" ] || exit 0

root=""
if [ "$(id -u)" != 0 ]; then
	if ! command -v sudo >/dev/null 2>&1; then
		echo "setup: please install as root: apt-get install$want" >&2
		exit 1
	fi
	root="sudo"
fi
echo "setup: installing$want"
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# A mirror may fail for a moment, or another apt hold the lock.
install() {
	$root apt-get -o Acquire::Retries=3 update -qq || true
	# shellcheck disable=SC2086 # a list of packages
	$root apt-get -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300 install -y -qq --no-install-recommends $want
}
for pause in 5 30 0; do
	if install >"$log" 2>&1; then
		exit 0
	fi
	echo "setup: apt-get failed" >&2
	tail -n 20 "$log" >&2
	sleep $pause
done
exit 1
