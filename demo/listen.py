"""Prints what a running segcap_node sees, a line for each region: the shortest useful client.

    source env.sh && python demo/listen.py [/segcap]
"""

import sys

import rclpy
from rclpy.executors import ExternalShutdownException
from segcap.msg import RegionArray


def show(array):
    stamp = array.header.stamp
    for region in array.regions:
        box = region.bbox
        place = f"{box.x_offset},{box.y_offset} {box.width}x{box.height}"
        print(f"{stamp.sec}.{stamp.nanosec:09d}  {region.id:8}  {place:20}  {region.caption or '...'}", flush=True)


def main():
    node_name = sys.argv[1] if len(sys.argv) > 1 else "/segcap"
    rclpy.init()
    node = rclpy.create_node("segcap_listener")
    node.create_subscription(RegionArray, f"{node_name}/regions", show, 5)
    try:
        rclpy.spin(node)
    except (KeyboardInterrupt, ExternalShutdownException, BrokenPipeError):
        pass


if __name__ == "__main__":
    main()
