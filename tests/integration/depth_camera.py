"""A camera that sends pictures with depth and calibration, and what numpy alone says of the things in them."""

import array

import numpy as np
from scenes import message
from sensor_msgs.msg import CameraInfo, Image

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
        info.header = header
        return info


def depth_message(header, metres, encoding="16UC1"):
    """(H, W) metres, 0 = none, in the encoding's unit."""
    pixels = np.rint(metres * 1000).astype("<u2") if encoding == "16UC1" else metres.astype("<f4")
    image = Image(width=metres.shape[1], height=metres.shape[0], encoding=encoding, step=metres.shape[1] * pixels.itemsize)
    image.data = array.array("B", pixels.tobytes())
    image.header = header
    return image


class DepthCamera:
    """Publishes to a node's image, depth and camera_info."""

    def __init__(self, node, encoding="16UC1"):
        self.node = node
        self.encoding = encoding
        peer = node.client.node
        self.depth = peer.create_publisher(Image, f"{node.namespace}/depth", 5)
        self.info = peer.create_publisher(CameraInfo, f"{node.namespace}/camera_info", 5)
        ears = (self.depth, self.info)
        node.client.wait_for(lambda: all(ear.get_subscription_count() for ear in ears), 10, "depth and camera_info")

    def ask(self, rgb, metres, pinhole, prompts, condition=lambda array: True, depth_frame=FRAME):
        """Sticky prompts and this picture until it is answered; the picture and its RegionArray."""

        def publish(picture):
            depth = depth_message(picture.header, metres, self.encoding)
            if depth_frame != FRAME:
                depth.header = type(picture.header)(stamp=picture.header.stamp, frame_id=depth_frame)
            self.info.publish(pinhole.info(picture.header, picture.width, picture.height))
            self.depth.publish(depth)
            self.node.client.images.publish(picture)

        return self.node.answer_on_topic(lambda: message(rgb, frame_id=FRAME), prompts, publish, condition)

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
