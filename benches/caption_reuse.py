"""How many captions a steady scene costs, with and without reuse, and how old the words are that go out with masks.

    make bench, or: source env.sh && python benches/caption_reuse.py [--seconds 20]

With reuse the prompts are sticky: objects are tracked, and described when they are new or change. Without, the same prompts
come anew with every picture: each answer is then described from its own picture, as a node without tracks would do.
"""

import argparse
import datetime
import os
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "demo"))

import numpy as np  # noqa: E402
import yaml  # noqa: E402
from client import Client, point_prompt, stamp_key  # noqa: E402
from pictures import image_message  # noqa: E402
from PIL import Image as Picture  # noqa: E402
from processes import Process, cpu_seconds, free_domain_id, node_command, ros_environment  # noqa: E402
from report import percentile, table  # noqa: E402

RATE_HZ = 2.0  # slow enough for every region of every frame
STILL = ROOT / "samples" / "tabletop.jpg"


@dataclass
class Figures:
    """What one way of asking cost."""

    frames: set = field(default_factory=set)
    described: set = field(default_factory=set)  # (id, stamp of the picture that was described)
    published: int = 0  # regions, each frame's once
    ages_secs: list = field(default_factory=list)  # of the words that go out with masks
    first_words_secs: dict = field(default_factory=dict)  # id -> from its first picture to its words
    cpu_percent: float = 0.0

    def take(self, arrival):
        array = arrival.message
        stamp = stamp_key(array.header.stamp)
        is_first = stamp not in self.frames
        self.frames.add(stamp)
        self.published += len(array.regions) if is_first else 0
        for region in array.regions:
            if not region.caption or region.caption_state == region.CAPTION_PENDING:
                continue
            captioned_at = stamp_key(region.captioned_at)
            self.described.add((region.id, captioned_at))
            first_seen = stamp_key(region.first_seen)
            self.first_words_secs.setdefault(region.id, (arrival.received_ns - first_seen) / 1e9)
            if is_first:
                self.ages_secs.append((stamp - captioned_at) / 1e9)


def steady_pictures():
    """The still, with a camera's noise; endless."""
    still = np.asarray(Picture.open(STILL).convert("RGB"), np.int16)
    dice = np.random.default_rng(0)
    noise = [dice.normal(0, 3, still.shape).astype(np.int16) for _ in range(8)]
    number = 0
    while True:
        yield np.clip(still + noise[number % len(noise)], 0, 255).astype(np.uint8)
        number += 1


def named_clicks():
    things = yaml.safe_load((ROOT / "samples" / "prompts.yaml").read_text(encoding="utf-8"))[STILL.name]
    return [point_prompt(thing["name"], [thing["point"]]) for thing in things]


def measure(name, sticky, seconds, out):
    """Starts a node of its own domain and shows it the steady scene."""
    domain = free_domain_id()
    os.environ.update(ros_environment(domain))
    node = Process(name, node_command({}), out / f"{name}.log", dict(os.environ))
    client = Client(name="bench", domain_id=domain)
    try:
        client.wait_for(client.graph_is_ready, 20, "the graph of segcap")
        return load(client, node, sticky, seconds)
    finally:
        client.close()
        node.stop()


def load(client, node, sticky, seconds):
    figures, pictures, clicks = Figures(), steady_pictures(), named_clicks()
    client.take_regions(figures.take)
    if sticky:
        client.send_prompts(clicks, sticky=True)
        client.spin(0.5)
    cpu, start = cpu_seconds(node.pid), time.monotonic()
    for number in range(round(seconds * RATE_HZ)):
        stamp = client.node.get_clock().now().to_msg()
        if not sticky:
            client.send_prompts(clicks, stamp=stamp)
        client.images.publish(image_message(next(pictures), "rgb8", stamp))
        client.spin(max(0.0, start + (number + 1) / RATE_HZ - time.monotonic()))
    figures.cpu_percent = 100 * (cpu_seconds(node.pid) - cpu) / (time.monotonic() - start)
    client.spin(3.0)
    return figures


def row(what, figures):
    first = list(figures.first_words_secs.values())
    return (
        what,
        len(figures.frames),
        figures.published,
        len(figures.described),
        f"{len(figures.described) / max(1, len(figures.frames)):.2f}",
        f"{percentile(first, 50):.2f} s",
        *(f"{percentile(figures.ages_secs, at):.1f} s" if figures.ages_secs else "-" for at in (50, 99)),
        f"{figures.cpu_percent:.0f} %",
    )


HEADERS = ("captions", "frames", "regions", "runs", "runs a frame", "first words", "age p50", "age p99", "one core")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=20.0, help="of streaming, each way")
    parser.add_argument("--out", type=Path, default=ROOT / "out" / "caption_reuse", help="folder for logs")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    reused = measure("reused", True, options.seconds, options.out)
    anew = measure("anew", False, options.seconds, options.out)
    print(f"\na steady scene with {len(named_clicks())} things at {RATE_HZ:.0f} Hz, {os.cpu_count()} cores,"
          f" load {os.getloadavg()[0]:.1f}, {datetime.date.today()}")
    print(table(HEADERS, [row("reused", reused), row("anew with every frame", anew)], wide_column=0))
    a_frame = [len(figures.described) / max(1, len(figures.frames)) for figures in (anew, reused)]
    print(f"  reuse needs {a_frame[0] / a_frame[1]:.0f} times fewer caption runs (wanted: at least 10)")


if __name__ == "__main__":
    main()
