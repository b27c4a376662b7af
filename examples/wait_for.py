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
from rclpy.qos import QoSProfile
from rclpy.signals import SignalHandlerOptions
from segcap.msg import Prompt, PromptArray
from segcap.srv import QueryRegions

ASK_EVERY_S = 0.2


def options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("words", nargs="*", default=["red", "mug"], help="what is waited for (default: red mug)")
    parser.add_argument("--min-score", type=float, default=0.7, help="relevance from which on it counts, 0 to 1")
    parser.add_argument("--timeout", type=float, default=60.0, help="seconds (default: %(default)s)")
    parser.add_argument("--camera", default="", help="its name, where the node has several")
    parser.add_argument("--node", default="/segcap", help="the node's full name (default: %(default)s)")
    parser.add_argument("--look-every", type=float, default=5.0,
                        help="seconds between looks at everything; 0: only what others ask the node about")
    parser.add_argument("--patience", type=float, default=10.0, help="seconds to wait for the node")
    return parser.parse_args(rclpy.utilities.remove_ros_args()[1:])


def ask(node, client, request):
    """(region, relevance, RegionArray) of what is most like it, or None."""
    future = client.call_async(request)
    rclpy.spin_until_future_complete(node, future, timeout_sec=10)
    if not future.done():
        sys.exit(f"{client.srv_name} has not answered for 10 s")
    answer = future.result()
    if not answer.success:
        sys.exit(f"{client.srv_name} answered code {answer.code}: {answer.message}")
    found = answer.regions.regions
    return (found[0], answer.relevance[0], answer.regions) if found else None


def where(region, array):
    """In space if the node has depth, otherwise in the picture."""
    box = region.bbox
    pixel = f"pixel ({box.x_offset + box.width // 2}, {box.y_offset + box.height // 2}) of {array.width}x{array.height}"
    if not region.has_position:
        return pixel
    at = region.position
    return f"({at.x:.2f}, {at.y:.2f}, {at.z:.2f}) m in frame {array.header.frame_id!r}, {pixel}"


def wait(node, asked, text):
    """(region, relevance, RegionArray) when it is there; the program ends when it does not come."""
    client = node.create_client(QueryRegions, f"{asked.node}/query_regions")
    topic = f"{asked.node}/{asked.camera}/prompts" if asked.camera else f"{asked.node}/prompts"
    prompts = node.create_publisher(PromptArray, topic, QoSProfile(depth=1))
    if not client.wait_for_service(asked.patience):
        sys.exit(f"there is no {client.srv_name}: is segcap_node running, on this ROS_DOMAIN_ID?"
                 f" (waited {asked.patience:.0f} s)")
    question = QueryRegions.Request(text=text, camera=asked.camera, max_age=5.0, limit=1)
    begun, look_at, best = time.monotonic(), 0.0, None
    while (now := time.monotonic()) - begun < asked.timeout:
        found = ask(node, client, question)
        if found and found[1] >= asked.min_score:
            return found
        if found and (best is None or found[1] > best[1]):
            best = found
            print(f"  not yet; the most alike so far: {best[0].caption!r} ({best[1]:.2f})", flush=True)
        if asked.look_every > 0 and now >= look_at and prompts.get_subscription_count():
            # Everything in one image; its regions come into the node's memory.
            prompts.publish(PromptArray(prompts=[Prompt(type=Prompt.EVERYTHING)]))
            look_at = now + asked.look_every
        rclpy.spin_once(node, timeout_sec=ASK_EVERY_S)
    alike = f"; the most alike was {best[0].caption!r} ({best[1]:.2f})" if best else "; nothing was like it"
    sys.exit(f"no {text!r} in {asked.timeout:.0f} s{alike}")


def main():
    asked = options()
    # Nothing is to be tidied up: Ctrl-C ends the program at once, instead of in the middle of rclpy.
    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    text = " ".join(asked.words)
    node = rclpy.create_node("wait_for")
    print(f"Waiting for {text!r} ...", flush=True)
    region, relevance, array = wait(node, asked, text)
    print(f"There: {region.id}, {region.caption!r} ({relevance:.2f}), at {where(region, array)}")


if __name__ == "__main__":
    main()
