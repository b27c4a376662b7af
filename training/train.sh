#!/bin/sh
# From nothing to the bundle that ships: scenes, training, export with parity, curves, evaluation, card. Everything goes on
# where it was stopped. Settings of `make train` come as environment variables.
set -eu
cd "$(dirname "$0")"
. ./environment.sh
minutes=${MINUTES:-95} shards=${SHARDS:-200} seed=${SEED:-1} run=${RUN:-runs/main}

"$python" -m segcap_train.generate --train "$shards" --seed "$seed"
"$python" -m segcap_train.train --out "$run" --max-minutes "$minutes" --seed "$seed" ${INIT:+--init "$INIT"}
"$python" -m segcap_train.curves "$run"
"$python" -m segcap_train.export --checkpoint "$run/last.pt"
unset SEED
CARD=1 sh ./evaluate.sh
