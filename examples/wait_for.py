#!/usr/bin/env python3
"""Waits until the camera shows what the words say, and prints where it is.

    python examples/wait_for.py red mug
    python examples/wait_for.py something to drink from --timeout 30
"""

import argparse
import signal
import sys
import time

import rclpy
from rclpy.action import ActionClient
from rclpy.qos import QoSProfile
from rclpy.signals import SignalHandlerOptions
from segcap.action import DescribeEverything
from segcap.srv import QueryRegions

ASK_EVERY_S = 0.2
# Deep: ROS 2 hands a service's answers to all of its clients, and those to others must not push out ours.
QUEUE = QoSProfile(depth=100)
# What was seen so shortly before the start counts, too.
BEFORE_S = 5.0


def options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("words", nargs="*", default=["red", "mug"], help="what is waited for (default: red mug)")
    parser.add_argument("--min-score", type=float, default=0.7, help="relevance from which on it counts, 0 to 1")
    parser.add_argument("--timeout", type=float, default=60.0, help="seconds (default: %(default)s)")
    parser.add_argument("--camera", default="", help="its name, where the node has several")
    parser.add_argument("--node", default="/segcap", help="the node's full name (default: %(default)s)")
    parser.add_argument("--look-every", type=float, default=5.0,
                        help="seconds from the end of one look at everything to the next; 0: only what others ask the node about")
    parser.add_argument("--patience", type=float, default=10.0, help="seconds to wait for the node, and for each of its answers")
    return parser.parse_args(rclpy.utilities.remove_ros_args()[1:])


class Looks:
    """Looks at everything, one after the other: what they find comes into the node's memory.

    However slow the model is, the next one begins only when the last one has ended.
    """

    def __init__(self, node, asked):
        self.client = ActionClient(node, DescribeEverything, f"{asked.node}/describe_everything")
        self.camera = asked.camera
        self.every = asked.look_every
        self.ends = time.monotonic() + asked.timeout
        self.next = time.monotonic()
        self.goal = None
        self.is_busy = False
        self.trouble = ""

    def go_on(self):
        """Begins the next look when it is due."""
        now = time.monotonic()
        if self.every <= 0 or self.is_busy or now < self.next or not self.client.server_is_ready():
            return
        self.is_busy = True
        # With a time limit the goal ends, too, if this program is killed.
        goal = DescribeEverything.Goal(camera=self.camera, caption=True, time_limit=max(0.1, self.ends - now))
        self.client.send_goal_async(goal).add_done_callback(self._accepted)

    def _accepted(self, future):
        self.goal = future.result()
        if self.goal.accepted:
            self.goal.get_result_async().add_done_callback(self._ended)
        else:
            self._over("the node rejected it; its log says why")

    def _ended(self, future):
        self._over(future.result().result.message)

    def _over(self, trouble):
        self.goal, self.is_busy, self.next = None, False, time.monotonic() + self.every
        if trouble and trouble != self.trouble:
            print(f"  a look ended early: {trouble}", flush=True)
        self.trouble = trouble

    def stop(self, node):
        """Leaves no goal behind."""
        if self.goal:
            rclpy.spin_until_future_complete(node, self.goal.cancel_goal_async(), timeout_sec=2)


def ask(node, client, request, patience):
    """(region, relevance, RegionArray) of what is most like it, or None."""
    future = client.call_async(request)
    rclpy.spin_until_future_complete(node, future, timeout_sec=patience)
    if not future.done():
        sys.exit(f"{client.srv_name} has not answered for {patience:.0f} s")
    answer = future.result()
    if not answer.success:
        sys.exit(f"{client.srv_name} answered code {answer.code}: {answer.message}")
    found = answer.regions.regions
    return (found[0], answer.relevance[0], answer.regions) if found else None


def spin(node, seconds):
    """For so long, however much comes: rclpy's spin_once returns with the first message."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        rclpy.spin_once(node, timeout_sec=left)


def where(region, array):
    """In space if the node has depth, otherwise in the picture."""
    box = region.bbox
    pixel = f"pixel ({box.x_offset + box.width // 2}, {box.y_offset + box.height // 2}) of {array.width}x{array.height}"
    if not region.has_position:
        return pixel
    at = region.position
    return f"({at.x:.2f}, {at.y:.2f}, {at.z:.2f}) m in frame {array.header.frame_id!r}, {pixel}"


def wait(node, asked, text, looks):
    """(region, relevance, RegionArray) when it is there; the program ends when it does not come."""
    client = node.create_client(QueryRegions, f"{asked.node}/query_regions", qos_profile=QUEUE)
    if not client.wait_for_service(asked.patience):
        sys.exit(f"there is no {client.srv_name}: is segcap_node running, on this ROS_DOMAIN_ID?"
                 f" (waited {asked.patience:.0f} s)")
    begun, best = time.monotonic(), None
    while (waited := time.monotonic() - begun) < asked.timeout:
        # An age counts from when the picture was taken until now: a slow look is no reason to miss what it has found.
        question = QueryRegions.Request(text=text, camera=asked.camera, max_age=BEFORE_S + waited, limit=1)
        found = ask(node, client, question, asked.patience)
        if found and found[1] >= asked.min_score:
            return found
        if found and (best is None or found[1] > best[1]):
            best = found
            print(f"  not yet; the most alike so far: {best[0].caption!r} ({best[1]:.2f})", flush=True)
        looks.go_on()
        spin(node, ASK_EVERY_S)
    alike = f"; the most alike was {best[0].caption!r} ({best[1]:.2f})" if best else "; nothing was like it"
    sys.exit(f"no {text!r} in {asked.timeout:.0f} s{alike}")


def main():
    asked = options()
    # Nothing is to be tidied up: Ctrl-C ends the program at once, instead of in the middle of rclpy.
    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    text = " ".join(asked.words)
    node = rclpy.create_node("wait_for")
    looks = Looks(node, asked)
    print(f"Waiting for {text!r} ...", flush=True)
    region, relevance, array = wait(node, asked, text, looks)
    print(f"There: {region.id}, {region.caption!r} ({relevance:.2f}), at {where(region, array)}")
    looks.stop(node)


if __name__ == "__main__":
    main()
