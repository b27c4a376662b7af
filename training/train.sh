#!/bin/sh
# From nothing to the bundle that ships: scenes, the parts that are trained, export with parity, evaluation, card. Everything
# goes on where it was stopped; a part that is there is not trained again. Settings of `make train` come as environment
# variables. The published weights come from requirements.txt and from ../shared/data/pretrained.
set -eu
cd "$(dirname "$0")"
. ./environment.sh
minutes=${MINUTES:-80} shards=${SHARDS:-40} seed=${SEED:-1}

"$python" -m segcap_train.generate --train "$shards" --seed "$seed"
"$python" -m segcap_train.regions
"$python" -m segcap_train.regions --scenes --parts 10
[ -e runs/naming.pt ] || "$python" -m segcap_train.train_names
[ -e runs/appearance.pt ] || "$python" -m segcap_train.train_appearance
[ -e runs/language.pt ] || "$python" -m segcap_train.train_language
"$python" -m segcap_train.train_masks --minutes "$minutes" --seed "$seed" ${INIT:+--init "$INIT"}
"$python" -m segcap_train.curves runs/masks
"$python" -m segcap_train.export
unset SEED
CARD=1 sh ./evaluate.sh
