#!/usr/bin/env bash
# Maintainers: pin every wheel of requirements/*.in with its hashes, for Linux and Python 3.10 to 3.13. Needs `uv`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/requirements"

lock() {  # lock OUTPUT INPUT...
    local output=$1
    shift
    uv pip compile --quiet --universal --python-version 3.10 --no-python-downloads --generate-hashes \
        --no-annotate --no-header --upgrade --output-file "$output.new" "$@"
    # The universal lock also pins what only Windows needs.
    awk '/^[a-z0-9]/ { skip = /sys_platform == .win32./ } !skip' "$output.new" > "$output.body"
    { echo "# Made by scripts/lock_requirements.sh from $*; do not edit."; cat "$output.body"; } > "$output"
    rm "$output.new" "$output.body"
    echo "$output: $(grep -c '==' "$output") packages"
}

lock wheels.txt ros.in tools.in  # the whole of ROS 2 in the virtual environment
lock tools.txt tools.in          # beside a ROS 2 that is already there
