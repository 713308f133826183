#!/bin/sh
# profile.sh [VERSION]: drives bin/sio-fast with loadtest and writes, as Markdown,
# where its CPU goes to docs/profiles/VERSION.md (unreleased.md): the flat top ten
# of fan-out and of echo, and what is left when the system calls are taken away.
# The profiles stay in bin/profile. PORT, CLIENTS and SECONDS_EACH may be set, for make behind its name
# (the Makefile has a CLIENTS of its own): make profile CLIENTS=500.
set -eu
cd "$(dirname "$0")/.."
version=${1:-unreleased}
case $version in
*[!0-9A-Za-z.-]* | -* | .* | README)
	echo "profile: \"$version\" is no name of a version, such as 1.2.3" >&2
	exit 2
	;;
esac
port=${PORT:-3100}
admin=$((port + 1))
seconds=${SECONDS_EACH:-8}
clients=${CLIENTS:-5000}
out=bin/profile
mkdir -p "$out" docs/profiles
go build -trimpath -o bin/ ./cmd/sio-fast
go build -C loadtest -o ../bin/loadtest .

# with one CPU only, both share it
apart=
[ "$(nproc)" -lt 2 ] || apart='--server-cpu 0 --cpu 1'

# take TITLE SERVER SCENARIO: one run, and its profile as a table. SERVER and
# SCENARIO are the words that their commands have besides those of every run.
take() {
	name=$(echo "${3%% *}-$2" | tr -cs 'a-z0-9_\n' '-')
	rm -f "$out/$name".*
	server="env GOMAXPROCS=1 bin/sio-fast --addr 127.0.0.1:$port --admin 127.0.0.1:$admin --loops 1 --log-level error --app $2"
	# each is a word in what follows
	# shellcheck disable=SC2086
	set -- "$1" "$2" $3 --duration "$((seconds + 4))s" --warmup 1s --target "127.0.0.1:$port" $apart
	title=$1
	shift 2
	echo "profile: $title" >&2 # a run is a quarter of a minute without a word
	bin/loadtest "$@" --server "$server" >"$out/$name.txt" 2>"$out/$name.log" &
	load=$!
	# its progress says when the measured time has begun
	until grep -qs ' measure ' "$out/$name.log"; do
		kill -0 "$load" 2>/dev/null || break
		sleep 0.2
	done
	go tool pprof -proto -seconds "$seconds" -output "$out/$name.pprof" "http://127.0.0.1:$admin/debug/pprof/profile" >/dev/null 2>"$out/$name.pprof.log" || true
	if ! wait "$load"; then
		cat "$out/$name.log" "$out/$name.txt" "$out/$name.pprof.log" >&2
		exit 1
	fi
	[ -s "$out/$name.pprof" ] || { cat "$out/$name.pprof.log" >&2; exit 1; }
	# shellcheck disable=SC2016 # the backquotes are Markdown's
	printf '## %s\n\n```sh\nbin/loadtest %s \\\n  --server "%s"\n```\n\n' "$title" "$*" "$server"
	sed -n 's/^  server CPU a message *\([0-9.]* µs\).*/Server CPU a message: \1.\n/p' "$out/$name.txt"
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
		if (n < 10 && share > 0) { n++; name[n] = $0; at[n] = share }
	}
	END {
		print "| flat | function |\n|---:|---|"
		printf "| %.1f %% | system calls |\n", kernel
		for (i = 1; i <= n; i++) { printf "| %.1f %% | `%s` |\n", at[i], name[i]; ten += at[i] }
		printf "\nAbove the system calls: %.1f %%, of which these ten are %.1f.\n", rest, ten
	}'
}

head() {
	commit=$(git rev-parse --short=10 HEAD 2>/dev/null || echo unknown)
	# what is only in docs is not measured, and this writes there
	[ -z "$(git status --porcelain --untracked-files=no -- . ':!docs' 2>/dev/null)" ] || commit="$commit with changes"
	echo "# Where the CPU goes: $version"
	echo
	echo "Written by \`make profile VERSION=$version\`; [PROFILING.md](../PROFILING.md) says how to read it."
	echo
	echo "$(date -u +%Y-%m-%d), commit $commit, $(go env GOVERSION), $(uname -sr | cut -d - -f 1), $(nproc) cores," \
		"$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | sed 1q)."
	echo "Each profile is of $seconds seconds. Before: \`make build && go build -C loadtest -o ../bin/loadtest .\`"
	echo
}

# 'load' has handlers that decode their arguments, 'load-raw' such that do not.
{
	head
	fanout="fanout --clients $clients"
	echo="echo --clients 100 --in-flight 10"
	take "Fan-out" load "$fanout"
	take "Fan-out without io_uring" "load --no-io-uring" "$fanout"
	take "Fan-out, raw handlers" load-raw "$fanout"
	take "Echo, ten in flight" load "$echo"
	take "Echo, ten in flight, raw handlers" load-raw "$echo"
} >"$out/new.md"
# only when all is there: a run that failed leaves the last one's
mv "$out/new.md" "docs/profiles/$version.md"
echo "docs/profiles/$version.md is new"
