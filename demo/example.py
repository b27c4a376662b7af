"""Runs a program of examples/ against a camera and a segcap_node that it starts for it, and ends with its exit code.

    make example                                   wait_for.py: waits for a yellow banana
    make example NAME=what_is_here ARGS="355 231"
    make example NAME=describe_everything RUST=1   the same in Rust
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

try:
    import rclpy  # noqa: F401
    import segcap.msg  # noqa: F401
except ImportError as error:
    sys.exit(f"example: {error}: run `make example`, or `source env.sh` first")

from client import NoAnswer
from pictures import clip_files, read_photo
from processes import ROOT, ProcessError, node_binary
from prompts import clicks_on, for_clip
from session import Session

# What suits the sample clip, where nothing is said.
ARGUMENTS = {
    "what_is_here": ["355", "231"],
    "wait_for": ["yellow", "banana"],
    "describe_everything": ["--points-per-side", "8"],
}
FIRST_REGIONS_TIMEOUT_S = 60.0


def command_of(name, rust):
    """The program, as a command line without its arguments."""
    if not rust:
        return [sys.executable, ROOT / "examples" / f"{name}.py"]
    program = node_binary().parent / "examples" / name
    if not program.exists():
        raise ProcessError(f"{program} is not built yet: run `make build`")
    return [program]


def run(options):
    command = command_of(options.name, options.rust) + (options.arguments or ARGUMENTS[options.name])
    clip = ROOT / "samples" / "clip"
    with tempfile.TemporaryDirectory() as out, Session(clip, read_photo(clip_files(clip)[0]), Path(out), False) as session:
        clicks = clicks_on(ROOT / "samples" / "prompts.yaml", "clip/000.jpg")
        questions = for_clip(clicks, lambda click: box_of(session, click))
        session.client.send_prompts(questions.followed, sticky=True)
        has_regions = lambda: session.stream.first(lambda frame: frame.regions and frame.regions.regions)  # noqa: E731
        session.wait(has_regions, FIRST_REGIONS_TIMEOUT_S, "regions of the sample clip")
        print(f"$ {Path(command[0]).name} {' '.join(str(part) for part in command[1:])}", flush=True)
        return exit_code([str(part) for part in command])


def exit_code(command):
    """Runs the program. Ctrl-C reaches it, too: what it makes of that is its own affair, and is waited for."""
    child = subprocess.Popen(command)  # noqa: S603
    try:
        while True:
            try:
                code = child.wait()
                return code if code >= 0 else 128 - code
            except KeyboardInterrupt:
                pass
    finally:
        child.terminate()
        child.wait()


def box_of(session, click):
    """The box around what lies under a click, once there is a frame."""
    def found():
        answer = session.client.segment([click])
        return answer.success and answer.regions.regions[0].bbox

    box = session.wait(found, FIRST_REGIONS_TIMEOUT_S, "the first frame")
    return box.x_offset, box.y_offset, box.width, box.height


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rust", action="store_true", help="the Rust one, built with cargo")
    parser.add_argument("name", choices=sorted(ARGUMENTS), nargs="?", default="wait_for")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help="for the example")
    options = parser.parse_args()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # scripts start background jobs with SIGINT ignored
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    try:
        sys.exit(run(options))
    except KeyboardInterrupt:
        sys.exit(130)
    except (ProcessError, NoAnswer) as error:
        sys.exit(f"example: {error}")


if __name__ == "__main__":
    main()
