#!/usr/bin/env bash
# Arguments are launch arguments: image:=/camera/image_raw ...; another command is run as it is. Either takes this process's
# place, so that it gets the container's signals. Without -u: ROS's setup scripts read variables that are not set.
set -e

# Whichever user `docker run --user` names: ROS keeps its logs in the home folder.
if [ -z "$HOME" ] || [ ! -w "$HOME" ]; then
    HOME=$(mktemp -d)
    export HOME
fi

for setup in "${SEGCAP_SETUP:?expected the path of the setup.bash of ROS 2}" "${SEGCAP_PREFIX:=/opt/segcap}/setup.bash"; do
    if [ ! -r "$setup" ]; then
        echo "segcap: expected a setup script in $setup, found none" >&2
        exit 1
    fi
    # shellcheck source=/dev/null
    source "$setup"
done

if [ $# -eq 0 ] || [[ $1 == *:=* || $1 == -* ]]; then
    exec ros2 launch segcap segcap.launch.py "$@"
fi
exec "$@"
