#!/bin/sh
# fuzz.sh TIME: runs every fuzz target of the module for TIME, one after the
# other. The targets are found, not listed. A crasher stays in testdata/fuzz and
# is to be committed.
set -eu
cd "$(dirname "$0")/.."
time=${1:-20s}
found=0
for file in $(grep -rl --include='*_test.go' '^func Fuzz' . | grep -v node_modules | sort); do
	pkg=$(dirname "$file")
	for target in $(sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\)(.*/\1/p' "$file"); do
		found=$((found + 1))
		echo "== $pkg $target"
		(cd "$pkg" && go test -run '^$' -fuzz "^$target\$" -fuzztime "$time" .)
	done
done
[ "$found" -gt 0 ] || { echo "fuzz: no target found" >&2; exit 1; }
echo "fuzz: $found targets, $time each, nothing found"
