"""What ships beside the frames of a clip: depth, calibration, and what is truly where (samples/README.md)."""

import json
from pathlib import Path

import numpy as np
from pictures import PictureError, bytes_field
from PIL import Image as PilImage
from PIL import UnidentifiedImageError
from sensor_msgs.msg import CameraInfo, Image

TRUTH_FILE = "truth.json"


def read_truth(folder):
    """The contents of a clip's truth.json, or None where there is none; raises PictureError when it cannot be used."""
    path = Path(folder) / TRUTH_FILE
    if not path.is_file():
        return None
    try:
        truth = json.loads(path.read_text(encoding="utf-8"))
        calibration(truth, "")
        {frame["image"]: frame["depth"] for frame in truth["frames"]}
    except (OSError, ValueError, KeyError, TypeError, AssertionError) as error:
        form = "camera (width, height, fx, fy, cx, cy) and frames (image, depth)"
        raise PictureError(f"{path}: expected {form}, got {type(error).__name__}: {error}") from error
    return truth


def calibration(truth, frame_id):
    """The sensor_msgs/CameraInfo of a camera without distortion."""
    width, height, fx, fy, cx, cy = (truth["camera"][name] for name in ("width", "height", "fx", "fy", "cx", "cy"))
    info = CameraInfo(width=width, height=height, distortion_model="plumb_bob", d=[0.0] * 5)
    info.k = [float(value) for value in (fx, 0, cx, 0, fy, cy, 0, 0, 1)]
    info.r = [float(value) for value in (1, 0, 0, 0, 1, 0, 0, 0, 1)]
    info.p = [float(value) for value in (fx, 0, cx, 0, 0, fy, cy, 0, 0, 0, 1, 0)]
    info.header.frame_id = frame_id
    return info


def read_depth(path):
    """An (H, W) uint16 array, millimetres, 0 = none."""
    try:
        with PilImage.open(path) as opened:
            depth = np.asarray(opened)
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise PictureError(f"{path}: not a readable depth picture ({error})") from error
    if depth.ndim != 2 or depth.dtype.kind not in "iu" or depth.min() < 0 or depth.max() > 0xFFFF:
        raise PictureError(f"{path}: expected 16 bit greyscale, got {depth.dtype} of shape {depth.shape}")
    return depth.astype(np.uint16)


def depth_message(millimetres, frame_id):
    """A sensor_msgs/Image (16UC1) of an (H, W) uint16 array."""
    height, width = millimetres.shape
    message = Image(height=height, width=width, encoding="16UC1", step=2 * width)
    message.data = bytes_field(np.ascontiguousarray(millimetres, "<u2"))
    message.header.frame_id = frame_id
    return message


def depth_array(message):
    """The millimetres of a 16UC1 message, (H, W) uint16."""
    rows = np.frombuffer(message.data, np.uint8).reshape(message.height, message.step)
    return np.ascontiguousarray(rows[:, : 2 * message.width]).view("<u2")


def name_of(thing):
    """Its colour and its noun: "red mug"; "orange" for an orange one."""
    words = [thing["colour"], thing["noun"]]
    return " ".join(dict.fromkeys(word for word in words if word))
