#!/usr/bin/env bash
# timed.sh TITLE COMMAND...: runs COMMAND between two lines that say what it is and how long it took.
# timed.sh --summary: the times of all steps since the last summary.
set -euo pipefail

record=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)/.cache/timed
mkdir -p "$(dirname "$record")"

if [ "$1" = --summary ]; then
    echo "-- times --"
    cat "$record"
    rm -f "$record"
    exit
fi

title=$1
shift
began=$SECONDS
echo "-- $title --"
result=0
"$@" || result=$?
if [ "$result" -eq 0 ]; then
    printf '%-16s %4d s\n' "$title" "$((SECONDS - began))" | tee -a "$record"
else
    echo "segcap: '$title' failed after $((SECONDS - began)) s" >&2
    rm -f "$record"
fi
exit "$result"
