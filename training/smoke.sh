#!/bin/sh
# The whole path in about two minutes on two cores: generate, train, resume, export with parity, evaluate.
# Writes to a temporary folder only; makes the environment of its own when there is none.
set -eu
cd "$(dirname "$0")"
. ./environment.sh
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
train="$python -m segcap_train.train --pool $out/pool --out $out/run --tiny"

$python -m segcap_train.generate --out "$out/pool" --train 1 --held-out 1
$train --max-steps 4
$train --max-steps 8 | tee "$out/resumed.log"
grep -q "resumed at step 4" "$out/resumed.log"
$python -m segcap_train.export --checkpoint "$out/run/last.pt" --out "$out/bundle" --size 128
$python -m segcap_train.evaluate --bundle "$out/bundle" --pool "$out/pool" --limit 2 --out "$out/eval"
echo "smoke: generate, train, resume, export, evaluate all ran"
