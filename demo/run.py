"""The demo: a camera, a segcap_node and a client as three processes that talk ROS 2.

    make demo                    the sample clip
    make demo IMAGE=photo.jpg    a photograph of yours
    make demo CAMERA=live        stays up until Ctrl-C
    make demo RVIZ=1             the same, with RViz where it is installed
"""

import argparse
import os
import signal
import sys
import time
from functools import partial
from pathlib import Path
from textwrap import shorten

try:
    import rclpy  # noqa: F401
    import segcap.msg  # noqa: F401
except ImportError as error:
    sys.exit(f"demo: {error}: run `make demo`, or `source env.sh` first")

from client import NoAnswer
from clip import read_truth
from in_space import draw_space
from pictures import PictureError, clip_files, label_array, read_photo, rgb_array
from PIL import Image
from processes import ROOT, ProcessError
from prompts import clicks_on, for_clip, for_photo
from report import (
    milliseconds,
    percentile,
    positions_line,
    region_headers,
    region_rows,
    table,
    write_coloured_labels,
    write_label_map,
)
from segcap.msg import ResultCode
from session import LAYOUT, Session

# Segment-everything on a busy laptop takes its time.
ANSWER_TIMEOUT_S = 60.0
FIRST_FRAME_TIMEOUT_S = 60.0
STREAM_SECONDS = 4.0
MOST_CALLS_OF_A_KIND = 20
MOST_MS_OF_A_KIND = 1500
# The frame of the clip on which the camera stands still at first; see clicks.yaml.
START_FRAME = 30


def options_from(arguments):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--image", default=os.environ.get("IMAGE") or None, help="a photograph instead of the clip")
    parser.add_argument("--live", action="store_true", help="stay up until Ctrl-C")
    parser.add_argument("--rviz", action="store_true", help="stay up, and start RViz where it is installed")
    parser.add_argument("--out", type=Path, default=Path(os.environ.get("OUT") or ROOT / "demo_out"),
                        help="folder for pictures and logs (default: %(default)s)")
    options = parser.parse_args(arguments)
    camera = os.environ.get("CAMERA", "")
    if camera not in ("", "live"):
        parser.error(f"CAMERA={camera}: the only value is CAMERA=live")
    rviz = os.environ.get("RVIZ", "")
    if rviz not in ("", "0", "1"):
        parser.error(f"RVIZ={rviz}: expected RVIZ=1 or RVIZ=0")
    options.rviz = options.rviz or rviz == "1"
    options.live = options.live or options.rviz or camera == "live"
    return options


class Demo:
    """The demo's acts; each says what it saw and adds to the latencies."""

    def __init__(self, session, truth):
        """`truth`: the clip's truth.json; None for a photograph, which has no depth."""
        self.session, self.client, self.stream = session, session.client, session.stream
        self.truth = truth
        self.latency_rows = []
        if truth:
            clicks = clicks_on(ROOT / "demo" / "clicks.yaml", f"clip/{truth['frames'][session.start]['image']}")
            self.questions = for_clip(clicks, self.box_of)
        else:
            self.questions = for_photo(session.width, session.height)

    def box_of(self, click):
        """The box around what lies under a click, by ~/segment."""
        box = self.ask([click], caption=False).regions[0].bbox
        return box.x_offset, box.y_offset, box.width, box.height

    def ask(self, prompts, caption=True):
        """One call of ~/segment on the camera's newest frame; finding nothing is an answer too."""
        limits = {"timeout": ANSWER_TIMEOUT_S, "wait": ANSWER_TIMEOUT_S + 5}
        call = partial(self.client.segment, prompts, caption=caption, **limits)
        while (answer := call()).code == ResultCode.NO_IMAGE and seconds() < FIRST_FRAME_TIMEOUT_S:
            self.client.spin(0.05)
        if not answer.success and answer.code != ResultCode.NOT_FOUND:
            raise ProcessError(f"~/segment answered code {answer.code}: {answer.message}")
        return answer.regions

    def ask_by_topic(self):
        """Prompts over ~/prompts for one frame; waits for masks, then for words."""
        prompts = self.questions.shown
        self.stream.want_pictures()
        sent_ns = time.time_ns()
        self.client.send_prompts(prompts)
        first = []
        for name in ("masks", "words"):
            arrived = partial(self.first_arrival, name)
            arrival = self.session.wait(arrived, ANSWER_TIMEOUT_S, f"{name} on ~/regions")
            first.append(milliseconds((arrival.received_ns - sent_ns) / 1e6))
            self.latency_rows.append((f"topic: first {name}", 1, first[-1], first[-1]))
        say(f"~/prompts   {len(prompts)} prompts for one frame: masks after {first[0]}, words after {first[1]}")

    def first_arrival(self, name):
        """The first answer with regions in it; `name`: masks or words."""
        found = self.stream.first(lambda frame: getattr(frame, name) and frame.regions.regions)
        return found and getattr(found, name)

    def ask_by_service(self):
        """Each question to ~/segment, with words; several times."""
        for what, prompts in self.questions.service:
            times = []
            while len(times) < MOST_CALLS_OF_A_KIND and sum(times) < MOST_MS_OF_A_KIND:
                start = time.perf_counter()
                regions = self.ask(prompts).regions
                times.append((time.perf_counter() - start) * 1e3)
            words = shorten("; ".join(region.caption for region in regions) or "nothing found", 80, placeholder=" ...")
            say(f"~/segment   {what}: {len(regions)} region{'s' * (len(regions) != 1)}: {words}")
            self.add_latency(f"service: {what}, with words", times, "max", max(times))

    def watch_stream(self, followed):
        """Sticky answers while the camera moves: how old they are, and how many frames got one."""
        self.client.send_prompts(followed, sticky=True)
        self.session.play()
        self.client.spin(0.5)
        self.stream.start_counting()
        self.client.spin(STREAM_SECONDS)
        for what, ages in (("masks", self.stream.mask_ages_ms), ("words", self.stream.word_ages_ms)):
            self.add_latency(f"stream: age of {what}", ages, "p99", percentile(ages, 99))
        answered, frames = len(self.stream.mask_ages_ms), self.stream.frames_in
        say(f"~/regions   {len(followed)} sticky prompts: {answered} of {frames} frames answered"
            f" in {STREAM_SECONDS:.0f} s (the newest frame wins, none queues)")

    def add_latency(self, what, times, worst_name, worst):
        middle = milliseconds(percentile(times, 50))
        self.latency_rows.append((what, len(times), middle, f"{milliseconds(worst)} {worst_name}"))

    def take_pictures(self, out):
        """Waits for one frame with words, overlay and label map; writes the pictures and returns its regions."""
        def has_positions(frame):
            return self.truth is None or any(region.has_position for region in frame.regions.regions)

        def complete_frame():
            now_ns = time.time_ns()
            return self.stream.first(lambda frame: frame.is_complete(now_ns) and has_positions(frame))

        frame = self.session.wait(complete_frame, ANSWER_TIMEOUT_S, "a frame with words, ~/overlay and ~/label_map")
        labels = label_array(frame.label_map.message)
        Image.fromarray(rgb_array(frame.overlay.message)).save(out / "overlay.png")
        write_label_map(labels, out / "label_map.png")
        write_coloured_labels(labels, frame.regions, out / "label_map_colour.png")
        self.stream.ignore_pictures()
        return frame.regions

    def start_rviz(self):
        if self.session.start_rviz():
            say(f"RViz        with {LAYOUT.relative_to(ROOT)}: overlay, points, boxes and captions")
        else:
            say("RViz        rviz2 is not on the PATH (no Python wheel brings it): going on without it; what it would"
                " show is drawn in markers.png")

    def stay(self):
        """Until Ctrl-C."""
        domain = self.session.domain
        print(
            f"\nCamera and segcap_node stay up on ROS_DOMAIN_ID={domain} until Ctrl-C. To listen in another shell:\n"
            f"    source {ROOT}/env.sh; export ROS_DOMAIN_ID={domain}\n"
            f"    python {ROOT}/demo/listen.py\n"
            "    ros2 topic echo /segcap/regions      (where ros2cli is installed)\n"
            f"{'/image, /depth and /camera_info go' if self.truth else '/image goes'} in; /segcap/regions,"
            " /segcap/label_map, /segcap/overlay, /segcap/markers come out; /segcap/prompts asks.\n",
            flush=True,
        )
        while True:
            self.stream.start_counting()
            self.client.spin(5.0)
            self.session.check_alive()
            if self.session.rviz_has_ended():
                say("RViz        has ended; the camera and the node go on")
            ages = self.stream.mask_ages_ms
            say(f"{len(ages)} of {self.stream.frames_in} frames answered, age p50 {milliseconds(percentile(ages, 50))}")


_started = time.monotonic()


def seconds():
    """Since the demo began."""
    return time.monotonic() - _started


def say(text):
    print(f"{seconds():6.1f} s  {text}", flush=True)


def play(options):
    source = Path(options.image).expanduser() if options.image else ROOT / "samples" / "clip"
    files = [source] if options.image else clip_files(source)
    options.out.mkdir(parents=True, exist_ok=True)
    truth = None if options.image else read_truth(source)
    start = START_FRAME if truth else 0
    with Session(source, read_photo(files[start]), options.out, options.live, start) as session:
        count = f"{len(files)} frames" if len(files) > 1 else "a picture"
        say(f"camera      {source.name}: {count} of {session.width}x{session.height} at {session.rate_hz:.0f} Hz")
        demo = Demo(session, truth)
        demo.ask_by_topic()
        regions = demo.take_pictures(options.out)
        pictures = "overlay.png, label_map.png (16 bit, value = label), label_map_colour.png"
        if truth:
            count = draw_space(session, demo.questions.shown, options.out / "markers.png", ANSWER_TIMEOUT_S)
            say(f"~/markers   {count} markers: boxes and captions in space")
            pictures += ", markers.png (drawn from ~/markers)"
        demo.ask_by_service()
        # For who looks on, all things are followed.
        demo.watch_stream(demo.questions.shown if truth and options.live else demo.questions.followed)
        print(f"\nRegions of one frame, by {regions.model}\n{table(region_headers(regions), region_rows(regions))}")
        if truth:
            print(positions_line(regions, truth["frames"][start]["objects"].values()))
        latencies = table(("what", "n", "p50", "worst"), demo.latency_rows, wide_column=0)
        print(f"\nLatencies, as this Python client saw them\n{latencies}")
        print(f"\nIn {os.path.relpath(options.out)}/: {pictures}, segcap_node.log")
        if options.rviz:
            demo.start_rviz()
        if options.live:
            demo.stay()


# The exit code that a signal has asked for.
_asked_to_end = []


def end_with(code):
    """A signal handler. Ends the program by an exception, so that camera and node are ended, too."""

    def end(*_):
        _asked_to_end.append(code)
        sys.exit(code)

    return end


def main():
    # SIGINT, too: scripts start background jobs with it ignored.
    for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)):
        signal.signal(number, end_with(code))
    options = options_from(sys.argv[1:])
    try:
        play(options)
    except (PictureError, ProcessError, NoAnswer) as error:
        sys.exit(_asked_to_end[0] if _asked_to_end else f"demo: {error}")
    except Exception:
        # rclpy turns an exception that comes in the middle of it into one of its own.
        if not _asked_to_end:
            raise
        sys.exit(_asked_to_end[0])


if __name__ == "__main__":
    main()
