#!/bin/sh
# How much of what is in held-out pictures everything-mode finds, for several settings. Wants segcap on PATH (make build).
# LIMIT pictures of each set; SEED renders fresh scenes; BUNDLE and OUT count from the repository's root; further options
# go to `segcap recall`.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd -P)
from_root() { case $1 in /*) echo "$1" ;; *) echo "$root/$1" ;; esac; }
out=$(from_root "${OUT:-eval_out/everything}")
cd "$root/training"
. ./environment.sh
"$python" -m segcap_train.label_maps --out "$out" --limit "${LIMIT:-12}" ${SEED:+--seed "$SEED"}
[ "$#" -gt 0 ] || set -- --points-per-side 8,16 --pred-iou-thresh 0.3,0.5 --stability-thresh 0.4,0.7
[ -z "${BUNDLE:-}" ] || set -- "$@" --bundle "$(from_root "$BUNDLE")"
for folder in "$out"/*/; do
    printf '\n%s:\n' "$(basename "$folder")"
    segcap recall "$folder" "$@"
done
