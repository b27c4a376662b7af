#!/bin/sh
# Measures a bundle; makes the environment, and the held-out scenes, when there are none. Options: see evaluate.py.
# Settings of `make eval` come as environment variables, and paths among them count from the repository's root.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd -P)
cd "$root/training"
. ./environment.sh
from_root() { case $1 in /*) echo "$1" ;; *) echo "$root/$1" ;; esac; }

[ -z "${BUNDLE:-}" ] || set -- "$@" --bundle "$(from_root "$BUNDLE")"
[ -z "${OUT:-}" ] || set -- "$@" --out "$(from_root "$OUT")"
[ -z "${POOL:-}" ] || set -- "$@" --pool "$(from_root "$POOL")"
[ -z "${LIMIT:-}" ] || set -- "$@" --limit "$LIMIT"
[ -z "${SEED:-}" ] || set -- "$@" --seed "$SEED"
[ -z "${CARD:-}" ] || set -- "$@" --card
exec "$python" -m segcap_train.evaluate "$@"
