#!/usr/bin/env python3
"""What is at this pixel? From the node's memory, in milliseconds; if nothing is known there, from the newest image.

    python examples/what_is_here.py 320 240
"""

import argparse
import signal
import sys
import time

import rclpy
from geometry_msgs.msg import Point32
from rclpy.qos import QoSProfile
from rclpy.signals import SignalHandlerOptions
from segcap.msg import Prompt
from segcap.srv import QueryRegions, Segment

# Deep: ROS 2 hands a service's answers to all of its clients, and those to others must not push out ours.
QUEUE = QoSProfile(depth=100)

def options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("x", type=float, help="column, pixels from the left")
    parser.add_argument("y", type=float, help="row, pixels from the top")
    parser.add_argument("--camera", default="", help="its name, where the node has several")
    parser.add_argument("--max-age", type=float, default=2.0,
                        help="seconds from the picture to now; what was seen longer ago does not count")
    parser.add_argument("--node", default="/segcap", help="the node's full name (default: %(default)s)")
    parser.add_argument("--patience", type=float, default=30.0, help="seconds to wait for the node, and for each of its answers")
    return parser.parse_args(rclpy.utilities.remove_ros_args()[1:])


def call(node, client, request, patience):
    """The answer to a request, and how many milliseconds it took; ends the program with a sentence where there is none."""
    if not client.wait_for_service(patience):
        sys.exit(f"there is no {client.srv_name}: is segcap_node running, on this ROS_DOMAIN_ID? (waited {patience:.0f} s)")
    begun = time.perf_counter()
    future = client.call_async(request)
    rclpy.spin_until_future_complete(node, future, timeout_sec=patience)
    if not future.done():
        sys.exit(f"{client.srv_name} has not answered for {patience:.0f} s")
    answer = future.result()
    if not answer.success:
        sys.exit(f"{client.srv_name} answered code {answer.code}: {answer.message}")
    return answer.regions, (time.perf_counter() - begun) * 1e3


def describe(region, array):
    """One line about a region; the header is that of the newest picture that the node has answered."""
    stamp, seen = array.header.stamp, region.last_seen
    before = max(0.0, stamp.sec - seen.sec + (stamp.nanosec - seen.nanosec) * 1e-9)
    when = f"{before:.1f} s before the newest picture" if before else "in the newest picture"
    box = region.bbox
    where = f"box {box.x_offset},{box.y_offset} {box.width}x{box.height}, seen {when}"
    if region.has_position:
        at = region.position
        where += f", at ({at.x:.2f}, {at.y:.2f}, {at.z:.2f}) m in {array.header.frame_id}"
    return f"  {region.id:>5}  {region.caption or '(no words yet)'}: {where}"


def main():
    asked = options()
    # Nothing is to be tidied up: Ctrl-C ends the program at once, instead of in the middle of rclpy.
    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    node = rclpy.create_node("what_is_here")
    memory = node.create_client(QueryRegions, f"{asked.node}/query_regions", qos_profile=QUEUE)
    pixel = Point32(x=asked.x, y=asked.y)
    question = QueryRegions.Request(use_point=True, point=pixel, camera=asked.camera, max_age=asked.max_age)
    known, took_ms = call(node, memory, question, asked.patience)
    if known.regions:
        print(f"At ({asked.x:.0f}, {asked.y:.0f}), from memory, {took_ms:.1f} ms, the smallest first:")
    else:
        print(f"Nothing is remembered at ({asked.x:.0f}, {asked.y:.0f}); looking at the newest image ...")
        look = node.create_client(Segment, f"{asked.node}/segment", qos_profile=QUEUE)
        click = Prompt(type=Prompt.POINTS, points=[pixel])
        request = Segment.Request(prompts=[click], camera=asked.camera, caption=True)
        known, took_ms = call(node, look, request, asked.patience)
        print(f"At ({asked.x:.0f}, {asked.y:.0f}), by the model, {took_ms:.0f} ms:")
    for region in known.regions:
        print(describe(region, known))


if __name__ == "__main__":
    main()
