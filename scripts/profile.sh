#!/bin/sh
# profile.sh: drives bin/sio-fast with loadtest and prints, as Markdown, where its
# CPU goes: the flat top ten of fan-out and of echo, and what is left when the
# system calls are taken away. PORT, CLIENTS, SECONDS_EACH and APP may be set.
set -eu
cd "$(dirname "$0")/.."
port=${PORT:-3100}
admin=$((port + 1))
seconds=${SECONDS_EACH:-8}
app=${APP:-load}
out=bin/profile
mkdir -p "$out"
go build -trimpath -o bin/ ./cmd/sio-fast
go build -C loadtest -o ../bin/loadtest .

# with one CPU only, both share it
apart=
[ "$(nproc)" -lt 2 ] || apart='--server-cpu 0 --cpu 1'

# take NAME TITLE SCENARIO...: one run, and its profile as a table.
take() {
	name=$1 title=$2
	shift 2
	# shellcheck disable=SC2086 # $apart is words
	bin/loadtest "$@" --duration "$((seconds + 4))s" --warmup 1s --target "127.0.0.1:$port" $apart \
		--server "env GOMAXPROCS=1 bin/sio-fast --addr 127.0.0.1:$port --admin 127.0.0.1:$admin --loops 1 --log-level error --app $app" \
		>"$out/$name.txt" 2>"$out/$name.log" &
	load=$!
	# its progress says when the measured time has begun
	until grep -q ' measure ' "$out/$name.log"; do
		kill -0 "$load" 2>/dev/null || break
		sleep 0.2
	done
	go tool pprof -proto -seconds "$seconds" -output "$out/$name.pprof" "http://127.0.0.1:$admin/debug/pprof/profile" >/dev/null 2>"$out/$name.pprof.log" || true
	if ! wait "$load"; then
		cat "$out/$name.log" "$out/$name.txt" "$out/$name.pprof.log" >&2
		exit 1
	fi
	[ -s "$out/$name.pprof" ] || { cat "$out/$name.pprof.log" >&2; exit 1; }
	printf '### %s\n\n`loadtest %s`:%s\n\n' "$title" "$*" "$(sed -n 's/^  server CPU a message *\([0-9.]* µs\).*/ \1 of server CPU a message/p' "$out/$name.txt")"
	go tool pprof -top -nodecount 5000 -nodefraction 0 bin/sio-fast "$out/$name.pprof" 2>/dev/null | table
	echo
}

# table reads pprof's list. What enters the kernel is one line: what it does there
# is not Go's to tell.
table() {
	awk '
	/^ *flat +flat%/ { on = 1; next }
	!on || !NF { next }
	{
		share = $2 + 0
		$1 = $2 = $3 = $4 = $5 = ""; sub(/^ +/, ""); sub(/ \(inline\)$/, "")
		if ($0 ~ /Syscall6$|RawSyscallNoError|runtime\.(epollwait|futex|nanosleep|write1|read|usleep)|syscall\.(EpollWait|SyscallNoError)/) { kernel += share; next }
		rest += share
		if (n < 10) { n++; name[n] = $0; at[n] = share }
	}
	END {
		print "| flat | function |\n|---:|---|"
		printf "| %.1f %% | system calls |\n", kernel
		for (i = 1; i <= n; i++) { printf "| %.1f %% | `%s` |\n", at[i], name[i]; ten += at[i] }
		printf "\nAbove the system calls: %.1f %%, of which these ten are %.1f.\n", rest, ten
	}'
}

echo "Commit $(git rev-parse --short=10 HEAD 2>/dev/null || echo unknown), $(go env GOVERSION), $(uname -sr), $(date -u +%Y-%m-%d), handlers: $app."
echo
take fanout "Fan-out" fanout --clients "${CLIENTS:-5000}"
take echo "Echo, ten in flight" echo --clients 100 --in-flight 10
