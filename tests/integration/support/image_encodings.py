"""One RGB picture in every encoding that the node takes, as drivers lay them out (sensor_msgs/image_encodings.hpp)."""

import numpy as np

# Encodings that carry the picture's colours unchanged.
EXACT = ("rgb8", "bgr8", "rgba8", "bgra8", "8UC3", "8UC4")
# Encodings that lose colour or resolution.
GREY = ("mono8", "8UC1", "mono16")
YUV = ("yuyv", "yuv422_yuy2", "uyvy", "yuv422", "nv12", "nv21", "nv24")
BAYER = ("bayer_rggb8", "bayer_bggr8", "bayer_gbrg8", "bayer_grbg8")
ALL = EXACT + GREY + YUV + BAYER
# NV24's chroma rows are twice as long as its luma rows, and what lies between them too.
PADDED_ROW_BY_ROW = tuple(name for name in ALL if name != "nv24")
# OpenCV's names: blue, green, red.
OTHER_NAMES = {"8UC1": "mono8", "8UC3": "bgr8", "8UC4": "bgra8"}


def encode(rgb, encoding):
    """Bytes as a (rows, row bytes) uint8 array; sides must be even for YUV and Bayer."""
    encoding = OTHER_NAMES.get(encoding, encoding)
    if encoding in EXACT:
        return _reorder(rgb, encoding)
    if encoding in GREY:
        grey = to_grey(rgb)
        return grey if encoding == "mono8" else (grey.astype("<u2") * 257).view(np.uint8)
    if encoding in BAYER:
        return _bayer(rgb, encoding)
    return _yuv(rgb, encoding)


def to_grey(rgb):
    """ITU-R BT.601 luma, (H, W) uint8."""
    return np.rint(rgb.astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)).astype(np.uint8)


def _reorder(rgb, encoding):
    order = [0, 1, 2] if encoding.startswith("rgb") else [2, 1, 0]
    channels = [rgb[..., channel] for channel in order]
    if "a8" in encoding:
        channels.append(np.full(rgb.shape[:2], 77, np.uint8))  # alpha says nothing about the colour
    return np.stack(channels, -1).reshape(len(rgb), -1)


def _bayer(rgb, encoding):
    pattern = encoding[len("bayer_") : -1]
    mosaic = np.empty(rgb.shape[:2], np.uint8)
    for place, letter in enumerate(pattern):
        row, column = divmod(place, 2)
        mosaic[row::2, column::2] = rgb[row::2, column::2, "rgb".index(letter)]
    return mosaic


def _yuv(rgb, encoding):
    """BT.601, limited range; chroma is the mean of the pixels that share it."""
    r, g, b = (rgb[..., channel].astype(np.float32) for channel in range(3))
    luma = 16 + (65.738 * r + 129.057 * g + 25.064 * b) / 256
    u = 128 + (-37.945 * r - 74.494 * g + 112.439 * b) / 256
    v = 128 + (112.439 * r - 94.154 * g - 18.285 * b) / 256
    if encoding == "nv24":
        return _bytes(np.vstack([luma, np.stack([u, v], -1).reshape(-1, luma.shape[1])]))
    y, u, v = luma, (u[:, ::2] + u[:, 1::2]) / 2, (v[:, ::2] + v[:, 1::2]) / 2
    if encoding in ("nv12", "nv21"):
        u, v = ((plane[::2] + plane[1::2]) / 2 for plane in (u, v))
        pair = (u, v) if encoding == "nv12" else (v, u)
        chroma = np.stack(pair, -1).reshape(len(y) // 2, -1)
        return _bytes(np.vstack([y, chroma]))
    left, right = y[:, ::2], y[:, 1::2]
    order = (left, u, right, v) if encoding in ("yuyv", "yuv422_yuy2") else (u, left, v, right)
    return _bytes(np.stack(order, -1).reshape(len(y), -1))


def _bytes(values):
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)
