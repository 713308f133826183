#!/bin/sh
# capacity.sh [FLAG...]: builds what docs/CAPACITY.md measures and has its tables
# written; --help says what the flags are.
set -eu
cd "$(dirname "$0")/.."
mkdir -p bin
go build -trimpath -o bin/ ./cmd/sio-fast
go build -C loadtest -o ../bin/loadtest .
go build -o bin/floor ./bench/floor
go build -o bin/capacity.run ./bench/capacity
exec bin/capacity.run "$@"
