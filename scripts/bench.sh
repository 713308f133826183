#!/bin/sh
# bench.sh BENCHSTAT: runs the benchmarks of all packages and prints them, beside
# bench/baseline.txt where that is committed and benchstat can be had.
set -eu
cd "$(dirname "$0")/.."
mkdir -p bin
new=bin/bench.txt
go test -run '^$' -bench . -benchmem -count "${COUNT:-1}" ./... | tee "$new.all" | grep -v 'no test files' || true
grep -E '^(goos|goarch|pkg|cpu|Benchmark)' "$new.all" >"$new"
rm -f "$new.all"
if [ -f bench/baseline.txt ] && go run "$1" -h >/dev/null 2>&1; then
	go run "$1" bench/baseline.txt "$new"
fi
