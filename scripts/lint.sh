#!/bin/sh
# lint.sh STATICCHECK GOLANGCI: builds both linters at the given module versions
# into bin/ (once), and runs them. A linter whose module cannot be fetched is
# named and left out; go vet, gofmt and house_test.go never are.
set -eu
cd "$(dirname "$0")/.."
mkdir -p bin

# A cache of the checkout's own: golangci-lint reports what it once found in
# another checkout of these packages, by paths that may be gone since.
export GOLANGCI_LINT_CACHE="$PWD/bin/cache/golangci-lint"
export STATICCHECK_CACHE="$PWD/bin/cache/staticcheck"

# tool NAME MODULE@VERSION: prints the path of the program, or nothing.
tool() {
	path="$PWD/bin/$1-${2##*@}"
	if [ ! -x "$path" ]; then
		dir=$(mktemp -d)
		if GOBIN="$dir" GOFLAGS=-mod=mod go install "$2" >"$dir/log" 2>&1; then
			mv "$dir/$1" "$path"
		else
			echo "lint: $2 does not build or cannot be fetched:" >&2
			tail -n 3 "$dir/log" >&2
		fi
		rm -rf "$dir"
	fi
	[ ! -x "$path" ] || echo "$path"
}

golangci=$(tool golangci-lint "$2")
if [ -n "$golangci" ]; then
	echo "golangci-lint run ./..."
	"$golangci" run --allow-parallel-runners ./...
	exit
fi
staticcheck=$(tool staticcheck "$1")
if [ -n "$staticcheck" ]; then
	echo "staticcheck ./..."
	"$staticcheck" ./...
	exit
fi
echo "lint: no linter could be built; go vet has to do" >&2
go vet ./...
