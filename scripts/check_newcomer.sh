#!/usr/bin/env bash
# Maintainers: does a newcomer's first hour work? Clones the last commit to a temporary folder, and there, with an empty
# HOME and nothing sourced, runs `make demo` and `make test` twice each (the second time shows what a restart costs).
# Prints wall times and bytes downloaded. The Rust toolchain is taken as installed; the network must be there.
#
#   scripts/check_newcomer.sh [--keep] [TARGET...]     default targets: demo test
set -euo pipefail

source_repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
keep=
if [ "${1:-}" = --keep ]; then
    keep=1
    shift
fi
targets=("$@")
[ ${#targets[@]} -gt 0 ] || targets=(demo test)

place=$(mktemp -d "${TMPDIR:-/tmp}/segcap-newcomer.XXXXXX")
[ -n "$keep" ] || trap 'rm -rf "$place"' EXIT
mkdir "$place/home"
git clone --quiet "$source_repo" "$place/segcap"

# The newcomer's environment: a PATH, a Rust toolchain, an empty HOME. Settings of pip and of the network pass through.
as_newcomer() {
    local kept=() name
    for name in $(compgen -e | grep -iE '^(pip_|ssl_cert|.*_proxy$)' || true); do kept+=("$name=${!name}"); done
    (cd "$place/segcap" && env -i "${kept[@]}" HOME="$place/home" CARGO_HOME="$place/home/.cargo" LANG=C.UTF-8 \
        RUSTUP_HOME="${RUSTUP_HOME:-$HOME/.rustup}" PATH="$PATH" "$@" < /dev/null)
}

# pip names each file's size; its cache is no measure, a mirror may forbid caching.
wheel_megabytes() {
    cat "$place"/segcap/.cache/setup/*.log | sed -n 's/.*Downloading .*(\([0-9.]*\) \([kMG]B\)).*/\1 \2/p' |
        awk '{ sum += $1 * ($2 == "kB" ? 0.001 : $2 == "GB" ? 1000 : 1) } END { printf "%.0f", sum }'
}

megabytes() { du -scm "$@" 2> /dev/null | tail -n 1 | cut -f 1; }

report=$place/report
{
    git -C "$place/segcap" log -1 --format='commit %h of %cs'
    printf '%s cores, %s\n' "$(nproc)" "$(rustc --version)"
} > "$report"
result=0
for target in "${targets[@]}"; do
    for round in first second; do
        began=$SECONDS
        outcome=passed
        if ! as_newcomer make "$target" 2>&1 | tee "$place/$target-$round.log"; then
            outcome="FAILED (exit status not 0)"
            result=1
        fi
        printf 'make %-6s %-6s %5d s  %s\n' "$target" "$round" "$((SECONDS - began))" "$outcome" >> "$report"
    done
done
home=$place/home
printf 'downloaded: %s MB of wheels, %s MB of crates\n' \
    "$(wheel_megabytes)" "$(megabytes "$home/.cargo/registry/cache" "$home/.cargo/registry/index")" >> "$report"
printf 'on disk: .venv %s MB, target %s MB, build %s MB\n' "$(megabytes "$place/segcap/.venv")" \
    "$(megabytes "$place/segcap/target")" "$(megabytes "$place/segcap/build")" >> "$report"
[ -z "$keep" ] || echo "kept in $place" >> "$report"
echo "-- newcomer --"
cat "$report"
exit "$result"
