#!/usr/bin/env bash
# test_under_load.sh [COMMAND...]: runs COMMAND (`make test`) in rounds on a machine that is busy or slow, and prints a table.
#
#   ROUNDS=5   how often
#   LOOPS=4    busy loops beside it
#   SLOW=1     at half the clock: the command's processes are stopped half of the time. Round by round, with the loops
#
# For example: ROUNDS=1 SLOW=1 scripts/test_under_load.sh python -m pytest -q tests/integration/test_time.py
set -euo pipefail

rounds=${ROUNDS:-5}
loops=${LOOPS:-4}
slow=${SLOW:-}
[ $# -gt 0 ] || set -- make test
logs=$(mktemp -d "${TMPDIR:-/tmp}/segcap_under_load_XXXXXX")
children=()
command=

# Every process below $1, and itself. What moves to another session, as nodes under test do, is still there.
family() {
    cat /proc/[0-9]*/stat 2>/dev/null | sed 's/ (.*) / name /' | awk -v root="$1" '
        { parent[$1] = $4 }
        END {
            for (pid in parent) {
                for (up = pid; up > 1 && up != root; up = parent[up]) {}
                if (up == root) print pid
            }
        }'
}

tidy_up() {
    [ ${#children[@]} -eq 0 ] || kill "${children[@]}" 2>/dev/null || true
    # What was stopped when the last of these was ended.
    # shellcheck disable=SC2046 # one argument a process
    [ -z "$command" ] || kill -CONT $(family "$command") 2>/dev/null || true
}
trap tidy_up EXIT

# Half of the time $1 and all below it stand still: for as long as they have run, which on a busy machine is uncertain.
halve() {
    local began below ran_us
    while kill -0 "$1" 2>/dev/null; do
        began=${EPOCHREALTIME/[.,]/}
        sleep 0.05
        below=$(family "$1")
        # shellcheck disable=SC2086 # one argument a process
        kill -STOP $below 2>/dev/null || true
        ran_us=$((${EPOCHREALTIME/[.,]/} - began))
        sleep "$((ran_us / 1000000)).$(printf '%06d' "$((ran_us % 1000000))")"
        # shellcheck disable=SC2086
        kill -CONT $below 2>/dev/null || true
    done
}

for _ in $(seq "$loops"); do
    (while :; do :; done) &
    children+=($!)
done

failed=0
table=""
for round in $(seq "$rounds"); do
    began=$SECONDS
    result=passed
    "$@" >"$logs/$round.log" 2>&1 &
    command=$!
    children+=("$command")
    if [ -n "$slow" ]; then
        halve "$command" &
        children+=($!)
    fi
    wait "$command" || result=FAILED
    [ "$result" = passed ] || failed=$((failed + 1))
    line=$(printf 'round %2d  %-6s  %5d s  %s' "$round" "$result" "$((SECONDS - began))" "$logs/$round.log")
    echo "$line"
    table+="$line"$'\n'
    [ "$result" = passed ] || grep -hE '^(FAILED|ERROR) |^test .*\.\.\. FAILED|^segcap: ' "$logs/$round.log" || true
done

echo
echo "-- $*: $rounds rounds beside $loops busy loop(s)${slow:+, at half the clock} --"
printf '%s' "$table"
[ "$failed" -eq 0 ]
