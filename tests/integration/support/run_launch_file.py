"""Runs a launch file with the real launch: run_launch_file.py FILE NAME:=VALUE...

Ends as `ros2 launch` does on Ctrl-C, also when the test that started it is killed.
"""

import ctypes
import signal
import sys

from launch import LaunchDescription, LaunchService
from launch.actions import IncludeLaunchDescription
from launch.launch_description_sources import AnyLaunchDescriptionSource

_PR_SET_PDEATHSIG = 1


def main():
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGINT)
    file, *arguments = sys.argv[1:]
    include = IncludeLaunchDescription(
        AnyLaunchDescriptionSource(file), launch_arguments=[argument.split(":=", 1) for argument in arguments]
    )
    # Nobody else sends the processes a signal, as a terminal would.
    service = LaunchService(noninteractive=True)
    service.include_launch_description(LaunchDescription([include]))
    return service.run()


if __name__ == "__main__":
    sys.exit(main())
