# Sourced by env.sh and setup.sh, in bash and zsh: which ROS 2 is used, and what identifies the interfaces.

SEGCAP_ROS_DISTROS="humble jazzy lyrical rolling"  # what r2r can be built for

# Prints the first prefix in AMENT_PREFIX_PATH that holds a ROS 2, or nothing. A virtual environment with wheels (ours or
# that of another clone) is not one.
segcap_ros_prefix() {
    printf '%s' "${AMENT_PREFIX_PATH:-}" | tr ':' '\n' | while IFS= read -r prefix || [ -n "$prefix" ]; do
        if [ -e "$prefix/share/rcl/package.xml" ] && [ ! -e "$prefix/pyvenv.cfg" ]; then
            printf '%s\n' "$prefix"
            break
        fi
    done
}

# Prints the prefix of the ROS 2 that the user has sourced, or nothing.
segcap_sourced_ros() {
    case " $SEGCAP_ROS_DISTROS " in *" ${ROS_DISTRO:-none} "*) segcap_ros_prefix ;; esac
}

# Prints what is wrong with the ROS that the user has sourced, or nothing. Its libraries and Python modules would be found
# before those of the wheels, so that the wheels cannot be used beside it.
segcap_refused_ros() {
    local prefix
    case " $SEGCAP_ROS_DISTROS " in *" ${ROS_DISTRO:-none} "*) return 0 ;; esac
    prefix=$(segcap_ros_prefix)
    if [ -n "$prefix" ] || [ "${ROS_VERSION:-}" = 1 ]; then
        echo "expected ROS 2 humble, jazzy, lyrical or rolling to be sourced, or none; found ROS_DISTRO='${ROS_DISTRO:-}'" \
            "${prefix:+in $prefix }(AMENT_PREFIX_PATH, ROS_VERSION). Source one of those, or open a shell without ROS:" \
            "ROS 2 Jazzy then comes as wheels."
    fi
}

# Prints a hash of the interface definitions in source folder $1.
segcap_interface_hash() {
    (cd "$1" && cat msg/*.msg srv/*.srv action/*.action | sha256sum | cut -c1-16)
}

# Prints CMAKE_IDL_PACKAGES: folders that name the interfaces that r2r makes Rust types of (messages.txt). $1 is the source
# folder, $2 the folder to write to, $3 the ROS 2 prefixes.
segcap_idl_packages() {
    python3 "$1/scripts/choose_messages.py" "$2" "$3"
}

# Prints the newest onnxruntime library that set-up put into folder $1, or nothing.
segcap_onnxruntime() {
    find "$1" -path '*onnxruntime/capi/libonnxruntime.so.*' 2>/dev/null | sort | tail -n 1
}
