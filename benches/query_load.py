"""How long a question to ~/query_regions takes with many regions in memory: alone, and beside a camera and prompts.

    make bench, or: source env.sh && python benches/query_load.py [--calls 400] [--regions 1000]

Each question is followed by a call of the same node that does nothing (~/get_parameter_types without names): what it takes
is the way there and back through DDS and rclpy on this machine, busy as it is.
"""

import argparse
import datetime
import os
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "benches" / "node_vs_python"), str(ROOT / "demo")]

import numpy as np  # noqa: E402
from client import Client, NoAnswer, everything_prompt, point_prompt, stamp_key  # noqa: E402
from geometry_msgs.msg import Point32  # noqa: E402
from pictures import image_message  # noqa: E402
from processes import Process, ProcessError, free_domain_id, node_command, ros_environment  # noqa: E402
from rcl_interfaces.srv import GetParameterTypes  # noqa: E402
from report import table  # noqa: E402
from run import SIZE, at, enlarged_clip, processor  # noqa: E402
from segcap.srv import QueryRegions  # noqa: E402

RATE_HZ = 30.0
THINGS_A_PICTURE = 64
QUESTIONS = {
    "red mug": {"text": "red mug"},
    "something to drink from": {"text": "something to drink from"},
    "two typos": {"text": "yelow screwdrivver"},
    "a pixel": {"use_point": True, "point": Point32(x=600.0, y=300.0)},
    "no words": {},
}
PARAMETERS = {
    "memory.ttl_s": 3600.0,
    "memory.max_regions": 4000,
    "limits.max_prompts": THINGS_A_PICTURE,
    "everything.points_per_side": 2,
    "limits.request_timeout_s": 120.0,
}
FILL_S = 240.0


class Asker:
    """Questions and empty calls to one node, timed."""

    def __init__(self, client):
        self.client = client
        self.query = client.node.create_client(QueryRegions, f"{client.target}/query_regions")
        self.empty = client.node.create_client(GetParameterTypes, f"{client.target}/get_parameter_types")
        client.wait_for(lambda: self.query.service_is_ready() and self.empty.service_is_ready(), 20, "the services")

    def timed(self, client, request):
        """(answer, milliseconds)"""
        begun = time.perf_counter()
        future = client.call_async(request)
        self.client.wait_for(future.done, 30, client.srv_name)
        return future.result(), (time.perf_counter() - begun) * 1e3

    def count(self):
        """Regions in memory."""
        answer, _ = self.timed(self.query, QueryRegions.Request())
        assert answer.success, answer.message
        return len(answer.regions.regions)

    def measure(self, calls, meanwhile=lambda number: None):
        """{what: [milliseconds]} of questions in turn, and of empty calls between them."""
        times = {what: [] for what in [*QUESTIONS, "a call that does nothing"]}
        for number in range(calls):
            meanwhile(number)
            what = list(QUESTIONS)[number % len(QUESTIONS)]
            answer, took = self.timed(self.query, QueryRegions.Request(**QUESTIONS[what], limit=10))
            assert answer.success, answer.message
            times[what].append(took)
            _, took = self.timed(self.empty, GetParameterTypes.Request())
            times["a call that does nothing"].append(took)
            self.client.spin(0.01)
        return times


def things(random):
    """A picture of bright patches on a noisy ground, and a click on each."""
    width, height = SIZE
    rgb = random.integers(90, 110, (height, width, 3), np.uint8)
    clicks = []
    for number in range(THINGS_A_PICTURE):
        x, y = int(random.integers(40, width - 40)), int(random.integers(40, height - 40))
        half_width, half_height = random.integers(15, 40, 2)
        rgb[y - half_height : y + half_height, x - half_width : x + half_width] = random.integers(0, 256, 3)
        clicks.append(point_prompt(str(number), [(x, y)]))
    return rgb, clicks


def fill(client, asker, wanted, seed=1):
    """Shows pictures and asks about them, until so many regions are remembered; returns how many. Gives up after FILL_S."""
    random = np.random.default_rng(seed)
    end = time.monotonic() + FILL_S
    while (known := asker.count()) < wanted and time.monotonic() < end:
        print(f"\r{known} of {wanted} regions in memory", end="", flush=True)
        ask_about(client, *things(random))
        cut(client, random)
    print(f"\r{known} regions in memory            ")
    return known


def ask_about(client, rgb, prompts):
    """Shows a picture until an answer is about it."""
    picture = image_message(rgb)
    picture.header.stamp = client.node.get_clock().now().to_msg()

    def answered():
        answer = client.segment(prompts, caption=True, wait=120)
        return answer.success and stamp_key(answer.regions.header.stamp) == stamp_key(picture.header.stamp)

    client.wait_for(answered, 240, "regions of a picture", lambda: client.images.publish(picture))


def cut(client, random):
    """Two looks at everything in other places: what is missed twice right after it was first seen is not known again."""
    for _ in range(2):
        ask_about(client, random.integers(90, 110, (*SIZE[::-1], 3), np.uint8), [everything_prompt()])


def under_load(client, asker, clip, calls, out):
    """Beside a 720p camera at 30 Hz, two sticky prompts with words, and a prompt more now and then."""
    width, height = SIZE
    middle = point_prompt("middle", [(width // 2, height // 2)])
    camera = Process(
        "camera", [sys.executable, ROOT / "demo" / "camera.py", clip, "--rate", RATE_HZ], out / "camera.log", dict(os.environ)
    )

    def prompt_now_and_then(number):
        camera.check_alive()
        if number % 10 == 0:
            client.send_prompts([point_prompt("now and then", [(100 + number % width // 2, height // 3)])])

    try:
        client.send_prompts([middle, point_prompt("left", [(width // 4, height // 2)])], sticky=True)
        client.regions.clear()
        client.wait_for(lambda: client.regions, 60, "answers to the sticky prompts")
        times = asker.measure(calls, prompt_now_and_then)
        answered = len({stamp_key(arrival.message.header.stamp) for arrival in client.regions})
        print(f"{answered} frames were answered meanwhile")
        return times
    finally:
        client.send_prompts([], sticky=True)
        client.spin(0.2)
        camera.stop()


def rows(alone, loaded):
    def figures(times):
        return [f"{at(times, percent):.1f} ms" for percent in (50, 99)]

    lines = [(what, *figures(alone[what]), *figures(loaded[what])) for what in alone]
    every = [[took for what in QUESTIONS for took in times[what]] for times in (alone, loaded)]
    beyond = [
        f"{at(took, percent) - at(times['a call that does nothing'], percent):.1f} ms"
        for took, times in zip(every, (alone, loaded), strict=True) for percent in (50, 99)
    ]  # fmt: skip
    return [*lines, ("every question, beyond a call that does nothing", *beyond)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--calls", type=int, default=400, help="questions, alone and under load")
    parser.add_argument("--regions", type=int, default=1000, help="to be remembered")
    parser.add_argument("--out", type=Path, default=ROOT / "out" / "query_load", help="folder for logs")
    options = parser.parse_args()

    clip = enlarged_clip(options.out)
    domain = free_domain_id()
    os.environ.update(ros_environment(domain))
    node = Process("segcap_node", node_command(PARAMETERS), options.out / "segcap_node.log", dict(os.environ))
    client = Client(name="bench", domain_id=domain)
    try:
        client.wait_for(client.graph_is_ready, 20, "the graph")
        asker = Asker(client)
        known = fill(client, asker, options.regions)
        asker.measure(50)
        alone = asker.measure(options.calls)
        loaded = under_load(client, asker, clip, options.calls, options.out)
    except NoAnswer as error:
        raise ProcessError(f"{error}; last words of segcap_node:\n{node.last_lines()}") from None
    finally:
        client.close()
        node.stop()

    print(f"\n~/query_regions with {known} regions in memory, limit 10, from rclpy; {options.calls} questions each")
    print(f"{processor()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {datetime.date.today()}")
    print(table(("question", "alone p50", "p99", "beside camera and prompts p50", "p99"), rows(alone, loaded), wide_column=0))


if __name__ == "__main__":
    main()
