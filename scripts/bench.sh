#!/bin/sh
# bench.sh BENCHSTAT [save]: runs the benchmarks of each layer and of the whole path
# in memory, and prints them beside bench/baseline.txt. With save they become that
# baseline. COUNT (6, what benchstat wants for an interval) and BENCHTIME (100ms)
# are for those who have more time: all of it takes three minutes. What only one of
# the two has is named at the end: benchstat shows it without a word.
set -eu
cd "$(dirname "$0")/.."
mkdir -p bin
new=bin/bench.txt
packages='./pool ./wsframe ./internal/http1 ./eio ./sio ./eventloop ./bench'

{
	echo "commit: $(git rev-parse --short=10 HEAD 2>/dev/null || echo unknown)"
	echo "date: $(date -u +%Y-%m-%d)"
	echo "go: $(go env GOVERSION)"
	echo "kernel: $(uname -sr | cut -d - -f 1)"
} >"$new"
for package in $packages; do
	echo "bench: $package" >&2 # the whole is silent for minutes otherwise
	# -cpu is part of each name: with the machine's own number nothing would be
	# found beside its baseline elsewhere.
	go test -run '^$' -bench . -benchmem -cpu 2 -count "${COUNT:-6}" -benchtime "${BENCHTIME:-100ms}" "$package" >"$new.all" 2>&1 ||
		{ cat "$new.all"; exit 1; }
	grep -E '^(goos|goarch|pkg|cpu|Benchmark)' "$new.all" >>"$new"
done
rm -f "$new.all"

if [ "${2:-}" = save ]; then
	cp "$new" bench/baseline.txt
	echo "bench/baseline.txt is new: $(grep -c '^Benchmark' bench/baseline.txt) figures"
	exit
fi
# benchstat compares what has the same configuration: who and when differs always.
plain() { grep -vE '^(commit|date|go|kernel): ' "$1"; }
# names FILE: package and name of each of its benchmarks; two packages may have one
# of the same name.
names() {
	awk '$1 == "pkg:" { pkg = $2; sub(/.*\/sio-fast\//, "", pkg) } /^Benchmark/ { print pkg ": " $1 }' "$1" | LC_ALL=C sort -u
}
# warn WHAT, of the names that it reads, if there are any
warn() {
	list=$(sed 's/^/  /')
	[ -z "$list" ] || printf 'bench: %s:\n%s\n' "$1" "$list" >&2
}
if ! go run "$1" -h >/dev/null 2>&1; then
	plain "$new"
	echo "bench: benchstat cannot be fetched ($1), so there is no comparison" >&2
elif [ -f bench/baseline.txt ]; then
	echo "baseline: $(grep -E '^(commit|date|go|kernel): ' bench/baseline.txt | tr '\n' ' ')"
	plain bench/baseline.txt >bin/baseline.txt
	plain "$new" >bin/now.txt
	# Another machine's figures are shown beside, not compared: see the cpu lines.
	go run "$1" -ignore cpu bin/baseline.txt bin/now.txt
	names bin/baseline.txt >bin/baseline.names
	names bin/now.txt >bin/now.names
	LC_ALL=C comm -13 bin/baseline.names bin/now.names |
		warn 'without a figure in bench/baseline.txt, so not compared (make bench-save)'
	LC_ALL=C comm -23 bin/baseline.names bin/now.names |
		warn 'in bench/baseline.txt, but no benchmark has that name any more (make bench-save)'
else
	plain "$new" >bin/now.txt
	go run "$1" bin/now.txt
	echo "bench: there is no bench/baseline.txt to compare with; make bench-save writes one" >&2
fi
