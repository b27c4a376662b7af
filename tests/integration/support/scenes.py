"""Pictures with one obvious thing in them, and the messages that carry them."""

import array
import io
import time
from dataclasses import dataclass

import image_encodings
import numpy as np
from builtin_interfaces.msg import Time
from PIL import Image as PilImage
from sensor_msgs.msg import CompressedImage, Image

BACKGROUND = (92, 96, 100)
DISC = (226, 64, 38)


@dataclass
class Scene:
    """A bright disc on grey."""

    rgb: np.ndarray  # (H, W, 3) uint8
    disc: np.ndarray  # (H, W) bool: where the disc is
    centre: tuple  # x, y in pixels
    box: tuple  # x, y, width, height of the disc
    outside: tuple  # a pixel of the background

    @property
    def size(self):
        return self.rgb.shape[1], self.rgb.shape[0]


def disc_scene(width=320, height=240, at=(0.5, 0.5), radius=0.25):
    """`at` in parts of the sides, `radius` in parts of the shorter side."""
    x, y = int(at[0] * (width - 1)), int(at[1] * (height - 1))
    reach = max(0.5, radius * min(width, height))
    rows, columns = np.ogrid[:height, :width]
    disc = (columns - x) ** 2 + (rows - y) ** 2 <= reach**2
    rgb = np.where(disc[..., None], np.uint8(DISC), np.uint8(BACKGROUND))
    ys, xs = np.flatnonzero(disc.any(1)), np.flatnonzero(disc.any(0))
    box = (int(xs[0]), int(ys[0]), int(xs[-1] - xs[0] + 1), int(ys[-1] - ys[0] + 1))
    return Scene(rgb, disc, (x, y), box, (width - 1 if x < width / 2 else 0, 0))


_last_stamp_ns = 0


def fresh_stamp():
    """Now, and never the same twice."""
    global _last_stamp_ns
    _last_stamp_ns = max(time.time_ns(), _last_stamp_ns + 1)
    return Time(sec=_last_stamp_ns // 10**9, nanosec=_last_stamp_ns % 10**9)


def message(rgb, encoding="rgb8", padding=0, big_endian=False, frame_id="front_camera_optical"):
    """A sensor_msgs/Image with a fresh stamp; `padding` bytes of rubbish end every row."""
    rows = image_encodings.encode(rgb, encoding)
    if big_endian and encoding == "mono16":
        rows = np.ascontiguousarray(rows).view("<u2").astype(">u2").view(np.uint8)
    if padding:
        rows = np.hstack([rows, np.full((len(rows), padding), 171, np.uint8)])
    picture = Image(width=rgb.shape[1], height=rgb.shape[0], encoding=encoding, step=rows.shape[1])
    picture.is_bigendian = int(big_endian)
    picture.data = array.array("B", np.ascontiguousarray(rows).tobytes())
    picture.header.stamp = fresh_stamp()
    picture.header.frame_id = frame_id
    return picture


def compressed(rgb, kind="jpeg", frame_id="front_camera_optical"):
    """A sensor_msgs/CompressedImage with a fresh stamp."""
    file = io.BytesIO()
    PilImage.fromarray(rgb).save(file, kind, **({"quality": 95} if kind == "jpeg" else {}))
    return compressed_bytes(file.getvalue(), f"rgb8; {kind} compressed bgr8", frame_id)


def compressed_bytes(data, label="jpeg", frame_id="front_camera_optical"):
    picture = CompressedImage(format=label, data=array.array("B", data))
    picture.header.stamp = fresh_stamp()
    picture.header.frame_id = frame_id
    return picture


def iou(a, b):
    """Intersection over union of two bool arrays; 1 where both are empty."""
    union = np.logical_or(a, b).sum()
    return float(np.logical_and(a, b).sum() / union) if union else 1.0
