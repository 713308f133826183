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

if python3 -c 'import venv, ensurepip' 2>/dev/null; then
	run python-socketio python
else
	echo "conform-all: python-socketio was NOT run: python3 with its venv module is not installed"
fi
[ -z "$failed" ] || { echo "conform-all: FAILED:$failed" >&2; exit 1; }
