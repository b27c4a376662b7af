#!/usr/bin/env python3
"""Counts images lost between two processes on best effort, without and with config/fastdds.xml at the publisher.

    source env.sh && python scripts/measure_image_loss.py

Prints one line for each size and profile: images sent, received, lost. Exits with 1 if any is lost with the profile.
"""

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

import rclpy
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Image

PROFILE = Path(__file__).resolve().parent.parent / "config/fastdds.xml"
TOPIC = "segcap_image_loss"
# The subscriber's own scheduling must not count as a loss of the transport.
QOS = QoSProfile(depth=30, reliability=ReliabilityPolicy.BEST_EFFORT)
DISCOVERY_SECS = 10.0


def publish(width: int, height: int, rate_hz: float, count: int) -> None:
    """Publishes `count` numbered images once a subscriber is there."""
    rclpy.init()
    node = rclpy.create_node("image_loss_publisher")
    publisher = node.create_publisher(Image, TOPIC, QOS)
    image = Image(width=width, height=height, encoding="rgb8", step=3 * width)
    image.data = bytes(3 * width * height)
    deadline = time.monotonic() + DISCOVERY_SECS
    while publisher.get_subscription_count() == 0 and time.monotonic() < deadline:
        time.sleep(0.01)
    start = time.monotonic()
    for number in range(count):
        time.sleep(max(0.0, start + number / rate_hz - time.monotonic()))
        image.header.frame_id = str(number)
        publisher.publish(image)
    time.sleep(1.0)
    rclpy.shutdown()


def count_received(node, width: int, height: int, rate_hz: float, count: int, profile: Path | None) -> int:
    environment = {key: value for key, value in os.environ.items() if key != "FASTRTPS_DEFAULT_PROFILES_FILE"}
    if profile:
        environment["FASTRTPS_DEFAULT_PROFILES_FILE"] = str(profile)
    received = set()
    subscription = node.create_subscription(Image, TOPIC, lambda image: received.add(image.header.frame_id), QOS)
    arguments = ["--publish", str(width), str(height), str(rate_hz), str(count)]
    publisher = subprocess.Popen([sys.executable, __file__, *arguments], env=environment)
    while publisher.poll() is None:
        rclpy.spin_once(node, timeout_sec=0.1)
    node.destroy_subscription(subscription)
    return len(received)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rate", type=float, default=30.0, help="Hz (default: 30)")
    parser.add_argument("--count", type=int, default=150, help="images for each line (default: 150)")
    parser.add_argument("--publish", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.publish:
        width, height, rate_hz, count = options.publish
        publish(int(width), int(height), float(rate_hz), int(count))
        return 0
    os.environ.pop("FASTRTPS_DEFAULT_PROFILES_FILE", None)
    rclpy.init()
    node = rclpy.create_node("image_loss_subscriber")
    lost_with_profile = 0
    for width, height in [(640, 480), (1280, 720), (1920, 1080)]:
        for profile in [None, PROFILE]:
            received = count_received(node, width, height, options.rate, options.count, profile)
            lost = options.count - received
            lost_with_profile += lost if profile else 0
            name = profile.name if profile else "stock"
            print(f"{width}x{height} rgb8 {options.rate:g} Hz {name:12} sent {options.count} received {received} "
                  f"lost {lost} ({100 * lost / options.count:.0f} %)", flush=True)
    rclpy.shutdown()
    return 1 if lost_with_profile else 0


if __name__ == "__main__":
    sys.exit(main())
