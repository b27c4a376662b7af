#!/usr/bin/env bash
# Builds vision_msgs from its sources, the node against it, and runs the tests of ~/prompt_boxes and ~/detections. For
# machines where ROS 2 comes from wheels, which have no vision_msgs; where it is installed, `make test` does all this.
#
#   git clone https://github.com/ros-perception/vision_msgs
#   scripts/test_vision_msgs.sh vision_msgs
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
sources=$(find "${1:-.}" -maxdepth 3 -path '*vision_msgs/msg/Detection2DArray.msg' 2> /dev/null | head -n 1)
if [ -z "$sources" ]; then
    echo "expected a folder with the sources of vision_msgs, got '${1:-}': git clone https://github.com/ros-perception/vision_msgs" >&2
    exit 2
fi
sources=$(cd "$(dirname "$sources")/.." && pwd -P)
cd "$ROOT"
build=$ROOT/build/vision_msgs
export SEGCAP_OVERLAY=$build/prefix SEGCAP_QUIET=1
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$ROOT/target}/vision_msgs  # beside the node without: no rebuild for a look

if [ ! -e "$SEGCAP_OVERLAY/share/vision_msgs/package.xml" ]; then
    (
        . ./env.sh
        cmake -S "$sources" -B "$build/build" -G Ninja -DBUILD_TESTING=OFF -DPython3_EXECUTABLE="$ROOT/.venv/bin/python" \
            -DCMAKE_INSTALL_PREFIX="$SEGCAP_OVERLAY" -DCMAKE_INSTALL_RPATH='$ORIGIN' \
            -DCMAKE_PREFIX_PATH="${SEGCAP_ROS_PREFIX_PATH//:/;}"
        cmake --build "$build/build" --target install
    )
fi
. ./env.sh
cargo build --release --locked --bins
cargo test --release --locked --config .cargo/checks.toml --lib detection
python -m pytest -q tests/integration/test_vision_msgs.py
