#!/bin/sh
# The whole path, small, in a few minutes on two cores: generate, every part, resume, export with parity, evaluate.
# Writes to a temporary folder only; makes the environment of its own when there is none. Needs ../shared/data.
set -eu
cd "$(dirname "$0")"
. ./environment.sh
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
run() { part=$1; shift; "$python" -m "segcap_train.$part" "$@"; }
masks() { run train_masks --pool "$out/pool" --out "$out/masks" --size 128 --pictures 2 --prompts 2 "$@"; }

run generate --out "$out/pool" --train 1 --held-out 1
masks --steps 4
masks --steps 8 | tee "$out/resumed.log"
run regions --pool "$out/pool" --out "$out/regions" --parts 1 --rows 60
run train_names --regions "$out/regions" --out "$out/naming.pt" --epochs 2 --gate-steps 5
run train_appearance --pool "$out/pool" --out "$out/appearance.pt" --rows 60 --steps 5
run train_language --out "$out/language.pt" --steps 5
run export --masks "$out/masks/last.pt" --naming "$out/naming.pt" --appearance "$out/appearance.pt" \
    --language "$out/language.pt" --out "$out/bundle"
run evaluate --bundle "$out/bundle" --pool "$out/pool" --limit 2 --out "$out/eval"
echo "smoke: generate, every part, resume, export, evaluate all ran"
