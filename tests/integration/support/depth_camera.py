"""A camera that sends pictures with depth and calibration, and what numpy alone says of the things in them."""

import array

import numpy as np
from builtin_interfaces.msg import Time
from client import stamp_key
from patience import PATIENCE_S
from scenes import message
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Header

FRAME = "front_camera_optical"


class Pinhole:
    """Focal lengths and principal point, pixels."""

    def __init__(self, fx, fy, cx, cy):
        self.fx, self.fy, self.cx, self.cy = fx, fy, cx, cy

    def points(self, metres):
        """(H, W) depths to (H, W, 3) points."""
        rows, columns = np.mgrid[: metres.shape[0], : metres.shape[1]]
        return np.stack([(columns - self.cx) / self.fx * metres, (rows - self.cy) / self.fy * metres, metres], -1)

    def info(self, header, width, height):
        k = [self.fx, 0.0, self.cx, 0.0, self.fy, self.cy, 0.0, 0.0, 1.0]
        p = [self.fx, 0.0, self.cx, 0.0, 0.0, self.fy, self.cy, 0.0, 0.0, 0.0, 1.0, 0.0]
        info = CameraInfo(width=width, height=height, distortion_model="plumb_bob", d=[0.0] * 5, k=k, p=p)
        info.header = copied(header)
        return info


def copied(header, later_s=0.0):
    """A header of one's own, with a later stamp."""
    stamp_ns = stamp_key(header.stamp) + round(later_s * 1e9)
    return Header(stamp=Time(sec=stamp_ns // 10**9, nanosec=stamp_ns % 10**9), frame_id=header.frame_id)


def depth_message(header, metres, encoding="16UC1"):
    """(H, W) metres, 0 = none, in the encoding's unit."""
    pixels = np.rint(metres * 1000).astype("<u2") if encoding == "16UC1" else metres.astype("<f4")
    height, width = metres.shape
    image = Image(width=width, height=height, encoding=encoding, step=width * pixels.itemsize)
    image.data = array.array("B", pixels.tobytes())
    image.header = copied(header)
    return image


class DepthCamera:
    """Publishes to the depth and camera_info of a node, or of one of its named cameras; or to another topic for the latter."""

    def __init__(self, node, encoding="16UC1", name="", info_topic=None):
        self.node = node
        self.encoding = encoding
        peer, inputs = node.client.node, f"{node.namespace}/{name}".rstrip("/")
        self.depth = peer.create_publisher(Image, f"{inputs}/depth", 5)
        self.info = peer.create_publisher(CameraInfo, info_topic or f"{inputs}/camera_info", 5)
        ears = (self.depth, self.info)
        node.client.wait_for(lambda: all(ear.get_subscription_count() for ear in ears), PATIENCE_S, "depth and camera_info")

    def ask(self, rgb, metres, pinhole, prompts, condition=lambda array: True, alter=lambda info, depth: None):
        """Sticky prompts and this picture until it is answered; the picture and its RegionArray.

        `alter` changes the other two messages before they go out.
        """

        def publish(picture):
            self.send(picture, metres, pinhole, alter)
            self.node.client.images.publish(picture)

        return self.node.answer_on_topic(lambda: message(rgb, frame_id=FRAME), prompts, publish, condition)

    def send(self, picture, metres, pinhole, alter=lambda info, depth: None):
        """What belongs to this picture."""
        info = pinhole.info(picture.header, picture.width, picture.height)
        depth = depth_message(picture.header, metres, self.encoding)
        alter(info, depth)
        self.info.publish(info)
        self.depth.publish(depth)

    def close(self):
        for publisher in (self.depth, self.info):
            self.node.client.node.destroy_publisher(publisher)


def place_of(points):
    """Median and extent of (N, 3) points."""
    return np.median(points, 0), np.quantile(points, 0.995, axis=0) - np.quantile(points, 0.005, axis=0)


def position(region):
    return np.array([region.position.x, region.position.y, region.position.z])


def extent(region):
    return np.array([region.extent.x, region.extent.y, region.extent.z])
