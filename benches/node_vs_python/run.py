"""segcap_node against the node that a user would write in Python: same clip, same graphs, same threads, in turn.

    make bench, or: source env.sh && python benches/node_vs_python/run.py [--seconds 10] [--threads 1]
"""

import argparse
import datetime
import os
import platform
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "demo"))

import numpy as np  # noqa: E402
from bundle import Bundle  # noqa: E402
from client import Client, box_prompt, point_prompt, words_are_in  # noqa: E402
from pictures import read_clip  # noqa: E402
from PIL import Image  # noqa: E402
from processes import Process, cpu_seconds, free_domain_id, node_command, resident_mb, ros_environment  # noqa: E402
from report import table  # noqa: E402
from stream import Stream  # noqa: E402

HERE = Path(__file__).resolve().parent
RATE_HZ = 5.0  # slow enough for both: latency, not overload, is compared
SIZE = (1280, 720)


@dataclass
class Figures:
    """What one node did with one load."""

    service_ms: list = field(default_factory=list)
    masks_ms: list = field(default_factory=list)
    words_ms: list = field(default_factory=list)
    frames_in: int = 0
    cpu_percent: float = 0.0
    memory_mb: float = 0.0


def at(values, percent):
    return float(np.percentile(values, percent)) if len(values) else float("nan")


def enlarged_clip(folder):
    """The sample clip at 720p, as a folder of PNGs for the camera."""
    target = folder / "clip"
    target.mkdir(parents=True, exist_ok=True)
    for number, frame in enumerate(read_clip(ROOT / "samples" / "clip")[:12]):
        Image.fromarray(frame).resize(SIZE).save(target / f"{number:03}.png", compress_level=1)
    return target


def measure(name, command, clip, seconds, calls, out):
    """Starts a node and a camera of its own domain, loads it by topic and then by service."""
    domain = free_domain_id()
    os.environ.update(ros_environment(domain))
    node = Process(name, command, out / f"{name}.log", dict(os.environ))
    camera_command = [sys.executable, ROOT / "demo" / "camera.py", clip, "--rate", RATE_HZ]
    camera = Process("camera", camera_command, out / "camera.log", dict(os.environ))
    client = Client(name="bench", domain_id=domain)
    try:
        client.wait_for(client.graph_is_ready, 20, f"the graph of {name}")
        return load(client, node, seconds, calls)
    finally:
        client.close()
        camera.stop()
        node.stop()


def load(client, node, seconds, calls):
    width, height = SIZE
    click = point_prompt("click", [(width // 2, height // 2)])
    box = box_prompt("box", (width // 4, height // 4, width // 2, height // 2))
    stream = Stream(client)
    client.send_prompts([click, box], sticky=True)
    client.wait_for(lambda: stream.first(lambda frame: frame.regions and words_are_in(frame.regions)), 20, "words")
    client.spin(1.0)
    figures = Figures()
    stream.start_counting()
    cpu, start = cpu_seconds(node.pid), time.monotonic()
    client.spin(seconds)
    figures.cpu_percent = 100 * (cpu_seconds(node.pid) - cpu) / (time.monotonic() - start)
    figures.masks_ms, figures.words_ms = list(stream.mask_ages_ms), list(stream.word_ages_ms)
    figures.frames_in = stream.frames_in
    client.send_prompts([], sticky=True)
    client.spin(0.5)
    for _ in range(calls):
        start = time.perf_counter()
        answer = client.segment([click])
        figures.service_ms.append((time.perf_counter() - start) * 1e3)
        assert answer.success, answer.message
        client.spin(0.3)  # the next frame comes: every call pays its encode
    figures.memory_mb = resident_mb(node.pid)
    return figures


def graphs_alone_ms(threads, calls):
    """Encode and decode of one click at 720p by onnxruntime alone, milliseconds: what no node can be below."""
    bundle = Bundle(ROOT / "models" / "builtin", threads, spinning=False)
    pixels = np.random.default_rng(0).standard_normal((1, 3, bundle.side, bundle.side), np.float32)
    coords, labels = np.array([[[100.0, 80.0], [0.0, 0.0]]], np.float32), np.array([[1.0, -1.0]], np.float32)
    times = []
    for _ in range(calls + 3):
        time.sleep(0.1)  # as in a node, which waits between frames
        start = time.perf_counter()
        bundle.decode(bundle.sessions["image_encoder"].run(None, {"pixels": pixels})[0], coords, labels)
        times.append((time.perf_counter() - start) * 1e3)
    return times[3:]


def merged(parts):
    """One node's rounds as one: all latencies, the mean of CPU and memory."""
    whole = Figures()
    for part in parts:
        whole.service_ms += part.service_ms
        whole.masks_ms += part.masks_ms
        whole.words_ms += part.words_ms
        whole.frames_in += part.frames_in
        whole.cpu_percent += part.cpu_percent / len(parts)
        whole.memory_mb += part.memory_mb / len(parts)
    return whole


def rows(segcap, python, graphs):
    """The table: what, segcap, Python, ratio."""
    def row(what, ours, theirs, unit):
        return what, f"{ours:.1f} {unit}", f"{theirs:.1f} {unit}", f"{ours / theirs:.2f}x"

    kinds = [
        ("stream, age of masks", "masks_ms"),
        ("stream, age of words", "words_ms"),
        ("service, one click", "service_ms"),
    ]
    lines = [
        row(f"{what} p{percent}", at(getattr(segcap, name), percent), at(getattr(python, name), percent), "ms")
        for what, name in kinds
        for percent in (50, 99)
    ]
    lines.append(row("processor, one core = 100 %", segcap.cpu_percent, python.cpu_percent, "%"))
    lines.append(row("memory", segcap.memory_mb, python.memory_mb, "MiB"))
    beyond = [at(figures.service_ms, 50) - at(graphs, 50) for figures in (segcap, python)]
    return [*lines, row("service p50 beyond the graphs", *beyond, "ms")]


def processor():
    """The processor's name, as Linux knows it."""
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=6.0, help="of streaming, each node and round")
    parser.add_argument("--calls", type=int, default=20, help="of the service, each node and round")
    parser.add_argument("--rounds", type=int, default=2, help="the two nodes take turns")
    parser.add_argument("--threads", type=int, default=max(1, (os.cpu_count() or 2) - 1), help="of each graph's run")
    parser.add_argument("--out", type=Path, default=ROOT / "out" / "node_vs_python", help="folder for logs")
    options = parser.parse_args()

    clip = enlarged_clip(options.out)
    bundle = ROOT / "models" / "builtin"
    commands = {
        "segcap": node_command({"threads": options.threads, "bundle": bundle}),
        "python": [sys.executable, HERE / "python_node.py", "--bundle", bundle, "--threads", options.threads],
    }
    found = {name: [] for name in commands}
    graphs = []
    for number in range(options.rounds):
        for name, command in commands.items():
            print(f"round {number + 1} of {options.rounds}: {name}", flush=True)
            found[name].append(measure(name, command, clip, options.seconds, options.calls, options.out))
        graphs += graphs_alone_ms(options.threads, options.calls)
    segcap, python = merged(found["segcap"]), merged(found["python"])

    width, height = SIZE
    print(f"\nsegcap_node against a Python node: {width}x{height} at {RATE_HZ:.0f} Hz, one click and one box, words,"
          f" {options.threads} thread(s) a graph")
    print(f"{processor()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {datetime.date.today()}")
    print(table(("what", "segcap", "python", "ratio"), rows(segcap, python, graphs), wide_column=0))
    print(f"  graphs alone (encode + decode, onnxruntime): p50 {at(graphs, 50):.1f} ms, p99 {at(graphs, 99):.1f} ms")
    print(f"  frames answered: segcap {len(segcap.masks_ms)} of {segcap.frames_in},"
          f" python {len(python.masks_ms)} of {python.frames_in}")


if __name__ == "__main__":
    main()
