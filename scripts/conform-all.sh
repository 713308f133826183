#!/bin/sh
# conform-all.sh COMMAND: the clients of other languages against the server that
# COMMAND starts. What each needs is installed first, into the ignored bin/. A
# language whose tools are missing is named and not run; what did run decides the
# exit code.
cd "$(dirname "$0")/.." || exit 1
COMMAND=$1
export COMMAND
failed=""

# run NAME FUNCTION: says how it went and how long it took.
run() {
	began=$(date +%s)
	if "$2"; then how=passed; else how=FAILED; failed="$failed $1"; fi
	echo "conform-all: $1: $how, $(($(date +%s) - began)) s with set-up"
}

# A venv is whole once its packages are in; its stamp says of which list.
python() {
	venv=bin/conform-python
	if ! cmp -s conformance/python/requirements.txt "$venv/installed.txt"; then
		rm -rf "$venv"
		python3 -m venv "$venv" &&
			scripts/retry.sh "$venv/bin/pip" install -q --disable-pip-version-check -r conformance/python/requirements.txt &&
			cp conformance/python/requirements.txt "$venv/installed.txt" || return 1
	fi
	"$venv/bin/python" -B -m unittest discover -s conformance/python
}

# The first call only fetches and compiles: a test that fails is not tried again.
java() {
	scripts/retry.sh mvn -B -q -f conformance/java/pom.xml test -DskipTests &&
		mvn -B -f conformance/java/pom.xml test
}

rust() {
	CARGO_TARGET_DIR=$PWD/bin/conform-rust
	export CARGO_TARGET_DIR
	scripts/retry.sh cargo test -q --locked --no-run --manifest-path conformance/rust/Cargo.toml &&
		cargo test -q --locked --manifest-path conformance/rust/Cargo.toml
}

if python3 -c 'import venv, ensurepip' 2>/dev/null; then
	run python-socketio python
else
	echo "conform-all: python-socketio was NOT run: python3 with its venv module is not installed"
fi
if command -v mvn >/dev/null 2>&1 && command -v javac >/dev/null 2>&1; then
	run socket.io-client-java java
else
	echo "conform-all: socket.io-client-java was NOT run: mvn or a JDK is not installed"
fi
if command -v cargo >/dev/null 2>&1 && pkg-config --exists openssl 2>/dev/null; then
	run rust_socketio rust
else
	echo "conform-all: rust_socketio was NOT run: cargo, or libssl-dev with pkg-config, is not installed"
fi
[ -z "$failed" ] || { echo "conform-all: FAILED:$failed" >&2; exit 1; }
