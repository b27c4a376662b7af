"""Questions to ~/query_regions, and pictures whose things the node is to remember."""

import sys
from contextlib import contextmanager

import numpy as np
import yaml
from client import point_prompt, stamp_key
from geometry_msgs.msg import Point32
from patience import PATIENCE_S
from pictures import read_photo
from processes import ROOT, Process
from rclpy.qos import QoSProfile
from scenes import message
from segcap.srv import QueryRegions
from sensor_msgs.msg import RegionOfInterest

FRAME = "clip/000.jpg"


def clip_frame():
    """A table with eight things, (H, W, 3), and a click on each."""
    named = yaml.safe_load((ROOT / "samples" / "prompts.yaml").read_text(encoding="utf-8"))[FRAME]
    return read_photo(ROOT / "samples" / FRAME), [point_prompt(thing["name"], [thing["point"]]) for thing in named]


def pixel(x, y):
    return {"use_point": True, "point": Point32(x=float(x), y=float(y))}


def rect(x, y, width, height):
    return {"box": RegionOfInterest(x_offset=x, y_offset=y, width=width, height=height)}


class Questions:
    """A client of ~/query_regions of a node under test."""

    def __init__(self, node):
        self.node = node
        self.client = node.client.node.create_client(
            QueryRegions, f"{node.full_name}/query_regions", qos_profile=QoSProfile(depth=100)
        )
        node._wait(self.client.service_is_ready, PATIENCE_S, "~/query_regions")

    def close(self):
        self.node.client.node.destroy_client(self.client)

    def answer(self, **fields):
        """The response to one question."""
        future = self.client.call_async(QueryRegions.Request(**fields))
        return self.node._wait(lambda: future.done() and future.result(), PATIENCE_S, "an answer of ~/query_regions")

    def ask(self, **fields):
        """(regions, relevance) of an answer that must be a success."""
        response = self.answer(**fields)
        assert (response.success, response.code, response.message) == (True, 0, ""), response.message
        assert len(response.relevance) == len(response.regions.regions)
        return response.regions.regions, list(response.relevance)

    def ids(self, **fields):
        return [region.id for region in self.ask(**fields)[0]]


def remember(node, rgb, prompts):
    """Shows the camera's picture and asks about it with words; returns the RegionArray, which the node then remembers."""
    picture = message(rgb)

    def answered():
        answer = node.segment(prompts, caption=True)
        is_of_picture = answer.success and stamp_key(answer.regions.header.stamp) == stamp_key(picture.header.stamp)
        return is_of_picture and answer.regions

    return node._wait(answered, PATIENCE_S, "regions of the picture", lambda: node.client.images.publish(picture))


def outside_of_all(regions, width, height):
    """A pixel (x, y) that lies in no region's box."""
    free = np.ones((height, width), bool)
    for box in (region.bbox for region in regions):
        free[box.y_offset : box.y_offset + box.height, box.x_offset : box.x_offset + box.width] = False
    rows, columns = np.nonzero(free)
    return int(columns[0]), int(rows[0])


@contextmanager
def camera(node, folder, rate_hz, source=ROOT / "samples" / "clip", paused=False):
    """The demo's camera, as a process of its own, on the node's image topic."""
    arguments = [source, "--rate", rate_hz, *(["--paused"] if paused else [])]
    ros = ["--ros-args", "-r", f"__ns:={node.namespace}"]
    command = [sys.executable, ROOT / "demo" / "camera.py", *arguments, *ros]
    process = Process("camera", command, folder / f"camera_{node.number}.log", None)
    try:
        yield process
        process.check_alive()
    finally:
        process.stop()
