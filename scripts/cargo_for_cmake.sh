#!/usr/bin/env bash
# Runs cargo for CMake with the environment that r2r and build.rs need. CMake gives SEGCAP_STAGE (the staged interfaces),
# CARGO and CARGO_TARGET_DIR; colcon or a sourced setup.bash gives AMENT_PREFIX_PATH and ROS_DISTRO.
# --check: only says whether that much is there.
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
. "$ROOT/scripts/ros.sh"

case " $SEGCAP_ROS_DISTROS " in
    *" ${ROS_DISTRO:-none} "*) ;;
    *)
        echo "segcap: expected ROS_DISTRO to be one of: $SEGCAP_ROS_DISTROS; found '${ROS_DISTRO:-}'." \
            "Source ROS 2, or build with -DSEGCAP_INTERFACES_ONLY=ON." >&2
        exit 1
        ;;
esac
if [ "${1:-}" = --check ]; then exit 0; fi

export AMENT_PREFIX_PATH=$SEGCAP_STAGE:$AMENT_PREFIX_PATH
export CMAKE_PREFIX_PATH=$AMENT_PREFIX_PATH
# r2r's build script opens the introspection libraries.
IFS=: read -ra prefixes <<< "$AMENT_PREFIX_PATH"
for prefix in "${prefixes[@]}"; do
    LD_LIBRARY_PATH=${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}$prefix/lib
done
CMAKE_IDL_PACKAGES=$(segcap_idl_packages "$ROOT" "$SEGCAP_STAGE/../messages" "$AMENT_PREFIX_PATH")
export LD_LIBRARY_PATH CMAKE_IDL_PACKAGES
unset IDL_PACKAGE_FILTER  # r2r would leave out packages
exec "$CARGO" "$@"
