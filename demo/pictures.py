"""Pictures to and from ROS messages, and picture files."""

import array
from pathlib import Path

import numpy as np
from PIL import Image as PilImage
from PIL import ImageOps, UnidentifiedImageError
from sensor_msgs.msg import Image

# The node's default for limits.max_image_px.
MAX_PIXELS = 4096 * 4096


class PictureError(Exception):
    """A file that is not a readable picture; the text says which and why."""


def read_photo(path):
    """An (H, W, 3) uint8 RGB array, turned upright by its EXIF orientation, and shrunk to MAX_PIXELS if it has more."""
    path = Path(path).expanduser()
    if not path.exists():
        raise PictureError(f"{path}: no such file")
    try:
        with PilImage.open(path) as opened:
            photo = ImageOps.exif_transpose(opened).convert("RGB")
    except (UnidentifiedImageError, PilImage.DecompressionBombError, OSError, SyntaxError, ValueError) as error:
        raise PictureError(f"{path}: not a readable picture ({error})") from error
    if photo.width * photo.height > MAX_PIXELS:
        scale = (MAX_PIXELS / (photo.width * photo.height)) ** 0.5
        photo = photo.resize((int(photo.width * scale), int(photo.height * scale)), PilImage.Resampling.LANCZOS)
    return np.asarray(photo)


def clip_files(folder):
    """The frames of a clip in the order of their names; raises PictureError when there are none."""
    files = sorted(path for path in Path(folder).iterdir() if path.suffix.lower() in {".jpg", ".jpeg", ".png"})
    if not files:
        raise PictureError(f"{folder}: no .jpg or .png in it")
    return files


def read_clip(folder):
    """The frames of a folder as (H, W, 3) uint8 RGB arrays."""
    return [read_photo(path) for path in clip_files(folder)]


def bytes_field(data):
    """What rclpy copies in one go: a bytes object or a list would be checked and copied value by value."""
    return array.array("B", bytes(data))


def image_message(pixels, encoding="rgb8", stamp=None, frame_id="camera"):
    """A sensor_msgs/Image of an (H, W, C) or (H, W) uint8 array."""
    pixels = np.ascontiguousarray(pixels)
    message = Image(height=pixels.shape[0], width=pixels.shape[1], encoding=encoding)
    message.step = pixels.strides[0]
    message.data = bytes_field(pixels)
    message.header.frame_id = frame_id
    if stamp is not None:
        message.header.stamp = stamp
    return message


def rgb_array(message):
    """The pixels of an rgb8 message, (H, W, 3)."""
    rows = np.frombuffer(message.data, np.uint8).reshape(message.height, message.step)
    return rows[:, : 3 * message.width].reshape(message.height, message.width, 3)


def label_array(message):
    """The labels of a mono16 message, (H, W) uint16."""
    kind = ">u2" if message.is_bigendian else "<u2"
    rows = np.frombuffer(message.data, np.uint8).reshape(message.height, message.step)
    return np.ascontiguousarray(rows[:, : 2 * message.width]).view(kind).astype(np.uint16)


def region_mask(region, width, height):
    """The region's mask over the whole image, (height, width) bool."""
    box, crop = region.bbox, region.mask
    inside = np.frombuffer(crop.data, np.uint8).reshape(crop.height, crop.step)[:, : crop.width] > 0
    mask = np.zeros((height, width), bool)
    mask[box.y_offset : box.y_offset + box.height, box.x_offset : box.x_offset + box.width] = inside
    return mask
