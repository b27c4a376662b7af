"""Becomes the command, which the kernel then kills as soon as the process that has started it ends.

    python end_with_parent.py PARENT_PID COMMAND...

A program of its own: a Python function that subprocess calls between fork and exec can wait for ever for a lock that a
thread of DDS held at the fork.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main():
    parent, *command = sys.argv[1:]
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != int(parent):  # it has ended already
        sys.exit(1)
    try:
        os.execvp(command[0], command)
    except OSError as error:
        sys.exit(f"{command[0]}: {error.strerror}")


if __name__ == "__main__":
    main()
