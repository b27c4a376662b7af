#!/usr/bin/env bash
# Makes this checkout ready to build: ROS 2, ONNX Runtime, tools and segcap's interfaces. No root. Every step is skipped
# when nothing it depends on has changed.
#
#   SEGCAP_BASE_PYTHON=python3.12   the interpreter to use (default: the first suitable one)
#
# Where a ROS 2 is already sourced it is used, and the virtual environment only carries what it lacks.
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
cd "$ROOT"
. scripts/ros.sh
. scripts/steps.sh

VENV=$ROOT/.venv
STAMPS=$ROOT/.cache/setup
SEGCAP_STEPS=4
SYSTEM_ROS=$(segcap_sourced_ros)

# Prints an interpreter that the wheels (or the sourced ROS 2) fit and that can build Python modules, or nothing.
find_python() {
    local candidates=(python3 python3.12 python3.11 python3.13 python3.10) candidate
    if [ -n "${SEGCAP_BASE_PYTHON:-}" ]; then
        candidates=("$SEGCAP_BASE_PYTHON")
    elif [ -n "$SYSTEM_ROS" ]; then
        candidates=("$(basename "$(find "$SYSTEM_ROS/lib" -maxdepth 1 -name 'python3.*' | head -n 1)")")
    fi
    for candidate in "${candidates[@]}"; do
        if "$candidate" scripts/check_python.py ${SYSTEM_ROS:+--any-version} > /dev/null 2>&1; then
            command -v "$candidate"
            return
        fi
    done
}

check_tools() {
    local tool
    for tool in cargo gcc g++ make; do
        command -v "$tool" > /dev/null || fail "expected '$tool' on the PATH, found none. README.md, 'Requirements', says how to get it."
    done
    local wanted found
    wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
    found=$(cargo --version | cut -d ' ' -f 2)
    if [ "$(printf '%s\n' "$wanted" "$found" | sort -V | head -n 1)" != "$wanted" ]; then
        fail "expected Rust $wanted or newer, found $found: rustup update"
    fi
    PYTHON=$(find_python)
    if [ -z "$PYTHON" ]; then
        "${SEGCAP_BASE_PYTHON:-python3}" scripts/check_python.py || true
        fail "no suitable Python; name one with SEGCAP_BASE_PYTHON=/path/to/python3"
    fi
    if [ -z "$SYSTEM_ROS" ] && [ "$(uname -sm)" != "Linux x86_64" ]; then
        fail "ROS 2 wheels exist for Linux x86_64 only, this is $(uname -sm): install ROS 2 ($SEGCAP_ROS_DISTROS) and source it"
    fi
}

create_venv() {
    rm -rf "$VENV.old"
    if [ -e "$VENV" ]; then mv "$VENV" "$VENV.old"; fi
    "$PYTHON" -m venv ${SYSTEM_ROS:+--system-site-packages} "$VENV"
    rm -rf "$VENV.old"
}

install_wheels() {
    local pip=("$VENV/bin/python" -m pip install --disable-pip-version-check --no-input --progress-bar off --require-hashes)
    if [ -n "$SYSTEM_ROS" ]; then
        # numpy stays the system's: its ROS 2 message modules were compiled against that one. Hence no dependencies.
        sed '/^numpy==/,/[^\\]$/d' scripts/requirements/tools.txt > "$STAMPS/tools-without-numpy.txt"
        "${pip[@]}" --no-deps -r "$STAMPS/tools-without-numpy.txt"
    else
        "${pip[@]}" -r scripts/requirements/wheels.txt
        say "making the wheels a ROS 2 prefix"
        "$VENV/bin/python" scripts/repair_prefix.py
    fi
}

# onnxruntime's wheels need Python 3.11, the library inside does not: for an older Python it is unpacked from one.
unpack_onnxruntime() {
    local folder=$VENV/onnxruntime
    if "$VENV/bin/python" -c 'import sys; sys.exit(sys.version_info >= (3, 11))'; then
        sed -n '/^onnxruntime==/,/[^\\]$/p' scripts/requirements/tools.txt | sed 's/ ; [^\\]*//' > "$STAMPS/onnxruntime.txt"
        rm -rf "$folder"
        "$VENV/bin/python" -m pip download --disable-pip-version-check --progress-bar off --require-hashes --no-deps \
            --only-binary :all: --python-version 3.11 --dest "$folder" -r "$STAMPS/onnxruntime.txt"
        (cd "$folder" && "$VENV/bin/python" -m zipfile -e onnxruntime-*.whl . && rm onnxruntime-*.whl)
    fi
    [ -n "$(segcap_onnxruntime "$VENV")" ] || fail "expected onnxruntime/capi/libonnxruntime.so.* in $VENV, found none"
}

build_interfaces() {
    SEGCAP_QUIET=1 . ./env.sh
    cmake -S . -B build -G Ninja -DSEGCAP_INTERFACES_ONLY=ON -DPython3_EXECUTABLE="$VENV/bin/python" \
        -DCMAKE_PREFIX_PATH="${SEGCAP_ROS_PREFIX_PATH//:/;}"
    cmake --build build
}

began=$SECONDS
check_tools
if [ -n "$SYSTEM_ROS" ]; then
    kind="ROS 2 $ROS_DISTRO of $SYSTEM_ROS"
    lock=scripts/requirements/tools.txt
else
    kind="ROS 2 Jazzy from wheels"
    lock=scripts/requirements/wheels.txt
fi
printf 'segcap set-up: %s, %s\n' "$kind" "$("$PYTHON" --version)"

venv_key=$(content_key "$kind" "$ROOT" "$("$PYTHON" -c 'import sys; print(sys.base_prefix, sys.version)')" "$lock")
wheels_key=$(content_key "$venv_key" scripts/repair_prefix.py)
[ -x "$VENV/bin/python" ] || rm -rf "$STAMPS"
[ -d build/ament_stage ] || rm -f "$STAMPS/interfaces"
step "virtual environment" "$STAMPS/venv" "$venv_key" create_venv
step "$kind, ONNX Runtime, tools" "$STAMPS/wheels" "$wheels_key" install_wheels
step "ONNX Runtime library" "$STAMPS/onnxruntime" "$wheels_key" unpack_onnxruntime
step "messages, services and the action" "$STAMPS/interfaces" \
    "$(content_key "$wheels_key" "$(segcap_interface_hash .)" CMakeLists.txt package.xml)" build_interfaces
printf 'segcap set-up: ready after %d s\n' "$((SECONDS - began))"
