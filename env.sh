# source env.sh: a shell in which segcap_node, segcap, cargo, and a python with rclpy and segcap's messages work.
# For bash and zsh, from any folder, as often as you like. Made ready by `make setup`; see scripts/README.md.

if [ -n "${ZSH_VERSION:-}" ]; then
    eval 'SEGCAP_ROOT=${${(%):-%x}:A:h}'
else
    SEGCAP_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
fi
export SEGCAP_ROOT

# Puts folder $2 in front of the path list in variable $1, once.
segcap_prepend() {
    eval "segcap_rest=\":\${$1:-}:\""
    segcap_rest=$(printf '%s' "$segcap_rest" | sed -e "s|:$2:|:|g" -e 's|^:*||' -e 's|:*$||')
    export "$1=$2${segcap_rest:+:$segcap_rest}"
    unset segcap_rest
}

segcap_env() {
    local venv=$SEGCAP_ROOT/.venv stage=$SEGCAP_ROOT/build/ament_stage python_version system_ros refused_ros
    . "$SEGCAP_ROOT/scripts/ros.sh"
    refused_ros=$(segcap_refused_ros)
    if [ -n "$refused_ros" ]; then
        echo "segcap: $refused_ros" >&2
        return 1
    fi
    if [ ! -x "$venv/bin/python" ] || [ -z "$(segcap_onnxruntime "$venv")" ]; then
        echo "segcap: not set up yet, or not to the end; run: make -C $SEGCAP_ROOT setup" >&2
        return 1
    fi
    python_version=$("$venv/bin/python" -S -c 'import sys; print("python%d.%d" % sys.version_info[:2])')
    system_ros=$(segcap_sourced_ros)
    if [ -n "$system_ros" ]; then
        segcap_prepend AMENT_PREFIX_PATH "$stage"
        SEGCAP_ROS_PREFIX_PATH=$(printf '%s' "$AMENT_PREFIX_PATH" | sed "s|^$stage:||")
    else
        # Set, not extended: nothing of another clone's wheels may be mixed in.
        SEGCAP_ROS_PREFIX_PATH=$venv
        export AMENT_PREFIX_PATH=$stage:$venv
        export ROS_DISTRO=jazzy ROS_VERSION=2 ROS_PYTHON_VERSION=3 RMW_IMPLEMENTATION=rmw_fastrtps_cpp
        segcap_prepend LD_LIBRARY_PATH "$venv/lib"
        if [ -n "${SEGCAP_OVERLAY:-}" ]; then
            # A ROS 2 prefix of the user's own beside the wheels, such as a vision_msgs that was built against them.
            SEGCAP_ROS_PREFIX_PATH=$SEGCAP_OVERLAY:$venv
            AMENT_PREFIX_PATH=$stage:$SEGCAP_OVERLAY:$venv
            segcap_prepend LD_LIBRARY_PATH "$SEGCAP_OVERLAY/lib"
            segcap_prepend PYTHONPATH "$SEGCAP_OVERLAY/lib/$python_version/site-packages"
        fi
    fi
    export SEGCAP_ROS_PREFIX_PATH CMAKE_PREFIX_PATH=$AMENT_PREFIX_PATH
    segcap_prepend LD_LIBRARY_PATH "$stage/lib"
    segcap_prepend PYTHONPATH "$stage/lib/$python_version/site-packages"
    segcap_prepend PATH "$venv/bin"
    segcap_prepend PATH "${CARGO_TARGET_DIR:-$SEGCAP_ROOT/target}/release"

    # For the compiler: bindgen's libclang has no headers of its own.
    if [ -d "$venv/lib/$python_version/site-packages/clang/native" ]; then
        export LIBCLANG_PATH=$venv/lib/$python_version/site-packages/clang/native
    fi
    BINDGEN_EXTRA_CLANG_ARGS=-I$(gcc -print-file-name=include)
    # For r2r, once segcap's own interfaces are built.
    unset IDL_PACKAGE_FILTER
    if [ -d "$stage/share/segcap" ]; then
        CMAKE_IDL_PACKAGES=$(segcap_idl_packages "$SEGCAP_ROOT" "$SEGCAP_ROOT/build/messages" "$AMENT_PREFIX_PATH")
    fi
    export BINDGEN_EXTRA_CLANG_ARGS CMAKE_IDL_PACKAGES

    # For the node and whoever publishes images.
    ORT_DYLIB_PATH=$(segcap_onnxruntime "$venv")
    export ORT_DYLIB_PATH
    export ORT_DISABLE_TELEMETRY=1  # ONNX Runtime 1.32 reports to its maker unless this is set before it is opened
    if [ -e "$SEGCAP_ROOT/config/fastdds.xml" ]; then
        export FASTRTPS_DEFAULT_PROFILES_FILE=${FASTRTPS_DEFAULT_PROFILES_FILE:-$SEGCAP_ROOT/config/fastdds.xml}
    fi
    if [ -z "${HOME:-}" ]; then
        export ROS_LOG_DIR=${ROS_LOG_DIR:-$SEGCAP_ROOT/build/ros_log}  # rcl refuses to start without HOME or this
    fi
    if [ -z "${SEGCAP_QUIET:-}" ]; then
        echo "segcap: ROS 2 $ROS_DISTRO (${system_ros:-wheels in .venv}), $(basename "$ORT_DYLIB_PATH"), $python_version, $SEGCAP_ROOT"
    fi
}

segcap_env
