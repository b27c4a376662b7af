#!/usr/bin/env python3
"""Describes everything that the camera sees, and shows how far it has come. Ctrl-C cancels the goal.

    python examples/describe_everything.py --time-limit 20
"""

import argparse
import signal
import sys
import threading

import rclpy
from action_msgs.msg import GoalStatus
from rclpy.action import ActionClient
from rclpy.signals import SignalHandlerOptions
from segcap.action import DescribeEverything

BAR = 30


def options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--points-per-side", type=int, default=0, help="of the grid of clicks; 0: the node's parameter")
    parser.add_argument("--max-regions", type=int, default=0, help="the best are kept; 0: the node's parameter")
    parser.add_argument("--time-limit", type=float, default=0.0, help="seconds; 0: none")
    parser.add_argument("--camera", default="", help="its name, where the node has several")
    parser.add_argument("--node", default="/segcap", help="the node's full name (default: %(default)s)")
    parser.add_argument("--patience", type=float, default=30.0, help="seconds to wait for the node, and for each of its answers")
    return parser.parse_args(rclpy.utilities.remove_ros_args()[1:])


class Progress:
    """A bar for each stage, and a line for each region that has got its words."""

    def __init__(self):
        self.is_terminal = sys.stdout.isatty()
        self.stage = None
        self.told = set()

    def show(self, message):
        feedback = message.feedback
        if feedback.caption and feedback.id not in self.told:
            self.told.add(feedback.id)
            self.line(f"  {feedback.id:>6}  {feedback.caption}")
        if self.is_terminal:
            filled = BAR * feedback.done // max(1, feedback.total)
            bar = "#" * filled + "." * (BAR - filled)
            print(f"\r{feedback.stage:>8} [{bar}] {feedback.done}/{feedback.total}  ", end="", flush=True)
        elif feedback.stage != self.stage:
            print(f"{feedback.stage} ({feedback.total})", flush=True)
        self.stage = feedback.stage

    def line(self, text):
        print(f"\r{text:<60}" if self.is_terminal else text, flush=True)


def main():
    asked = options()
    # Until there is a goal, nothing is to be tidied up: Ctrl-C ends the program at once.
    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    node = rclpy.create_node("describe_everything")
    client = ActionClient(node, DescribeEverything, f"{asked.node}/describe_everything")
    if not client.wait_for_server(asked.patience):
        sys.exit(f"there is no {asked.node}/describe_everything: is segcap_node running, on this ROS_DOMAIN_ID?"
                 f" (waited {asked.patience:.0f} s)")
    goal = DescribeEverything.Goal(
        camera=asked.camera, points_per_side=asked.points_per_side, max_regions=asked.max_regions,
        caption=True, time_limit=asked.time_limit,
    )  # fmt: skip
    progress, stop = Progress(), threading.Event()
    signal.signal(signal.SIGINT, lambda *_: stop.set())
    accepting = client.send_goal_async(goal, progress.show)
    rclpy.spin_until_future_complete(node, accepting, timeout_sec=asked.patience)
    handle = accepting.result()
    if handle is None:
        sys.exit(f"{asked.node}/describe_everything has not answered for {asked.patience:.0f} s")
    if not handle.accepted:
        sys.exit("the node rejected the goal; its log says why")
    finishing = handle.get_result_async()
    while not (finishing.done() or stop.is_set()):
        rclpy.spin_once(node, timeout_sec=0.1)
    if stop.is_set():
        progress.line("canceling ...")
        handle.cancel_goal_async()
        rclpy.spin_until_future_complete(node, finishing, timeout_sec=asked.patience)
    if not finishing.done():
        sys.exit("the goal has not ended")
    tell(finishing.result(), progress)


def tell(finished, progress):
    """What came of it; exit code 0 only for a goal that was done to the end."""
    result = finished.result
    ends = {GoalStatus.STATUS_SUCCEEDED: "done", GoalStatus.STATUS_CANCELED: "canceled"}
    progress.line(f"{ends.get(finished.status, 'ended early')}: {result.count} regions {result.message}".rstrip())
    for region, caption in zip(result.ids, result.captions, strict=True):
        if region not in progress.told:
            print(f"  {region:>6}  {caption or '(no words)'}")
    sys.exit(0 if result.success else 1)


if __name__ == "__main__":
    main()
