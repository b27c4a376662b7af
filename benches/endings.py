"""How soon a node ends, a goal is canceled and a silent camera is told of: times that tests do not assert.

    make bench, or: source env.sh && python benches/endings.py [--rounds 5]

The baseline is a call of the same node that does nothing, in the same minute: the way there and back, as busy as the machine is.
"""

import argparse
import os
import signal
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests" / "integration" / "support"), str(ROOT / "demo")]

from client import box_prompt, everything_prompt  # noqa: E402
from goals import Goals, show  # noqa: E402
from health import Health  # noqa: E402
from patience import PATIENCE_S  # noqa: E402
from peer import NodeUnderTest  # noqa: E402
from processes import free_domain_id, ros_environment  # noqa: E402
from rcl_interfaces.srv import GetParameterTypes  # noqa: E402
from scenes import disc_scene, message  # noqa: E402
from segcap.srv import Segment  # noqa: E402

SCENE = disc_scene(640, 480, radius=0.3)


def timed(act):
    begun = time.perf_counter()
    act()
    return 1e3 * (time.perf_counter() - begun)


def empty_call(node):
    """A call that does nothing."""
    client = node.client.node.create_client(GetParameterTypes, f"{node.full_name}/get_parameter_types")
    node._wait(client.service_is_ready, PATIENCE_S, "~/get_parameter_types")

    def call():
        future = client.call_async(GetParameterTypes.Request())
        node._wait(future.done, PATIENCE_S, "an answer")

    took = timed(call)
    node.client.node.destroy_client(client)
    return took


def end(node):
    node.process.signal(signal.SIGINT)
    assert node.process.wait(PATIENCE_S) == 0


def busy(node):
    requests = [Segment.Request(image=message(SCENE.rgb), prompts=[everything_prompt()], caption=True) for _ in range(4)]
    for request in requests:
        node.client.service.call_async(request)
    node.client.spin(0.3)


def cancel(node):
    goals = Goals(node)
    show(node, SCENE.rgb)
    goal = goals.send(points_per_side=64, caption=True)
    goals.wait(lambda: goal.has_come_to("segment"), "the goal to run")
    took = timed(lambda: goals.cancel(goal))
    goals.close()
    return took


def silence(node):
    health = Health(node)
    node.client.send_prompts([box_prompt("disc", SCENE.box)], sticky=True)
    health.wait_for("camera", "OK", "pictures a second", meanwhile=lambda: node.client.images.publish(message(SCENE.rgb)))
    took = timed(lambda: health.wait_for("camera", "WARN", "no picture"))
    health.close()
    return took


def one_round(folder, domain):
    """{what: milliseconds}"""
    took = {}
    node = NodeUnderTest(folder, domain)
    try:
        took["a call that does nothing"] = empty_call(node)
        took["from cancel to the goal's result"] = cancel(node)
        took["from a camera's last picture to the warning"] = silence(node)
        took["from SIGINT to the end, idle"] = timed(lambda: end(node))
    finally:
        node.stop()
    node = NodeUnderTest(folder, domain)
    try:
        busy(node)
        took["from SIGINT to the end, at work"] = timed(lambda: end(node))
    finally:
        node.stop()
    return took


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    domain = free_domain_id()
    os.environ.update(ros_environment(domain))
    with tempfile.TemporaryDirectory() as folder:
        found = [one_round(Path(folder), domain) for _ in range(rounds)]
    print(f"{rounds} rounds, load {os.getloadavg()[0]:.1f}\n\n| what | median | most |\n|---|---|---|")
    for what in found[0]:
        figures = [one[what] for one in found]
        print(f"| {what} | {median(figures):.0f} ms | {max(figures):.0f} ms |")


if __name__ == "__main__":
    main()
