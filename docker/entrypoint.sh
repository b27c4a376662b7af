#!/usr/bin/env bash
# Arguments are launch arguments: image:=/camera/image_raw ...; another command is run as it is.
set -e
source "$SEGCAP_SETUP"
source /opt/segcap/setup.bash
if [ $# -eq 0 ] || [[ $1 == *:=* ]]; then
    exec ros2 launch segcap segcap.launch.py "$@"
fi
exec "$@"
