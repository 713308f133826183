#!/bin/sh
# retry.sh COMMAND...: runs a command that fetches something from the network, up
# to three times.
set -u
for pause in 5 30; do
	"$@" && exit 0
	echo "retry: '$*' failed with $?; again in $pause s" >&2
	sleep "$pause"
done
exec "$@"
