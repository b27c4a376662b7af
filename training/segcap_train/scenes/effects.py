"""What a camera does to light: exposure, white balance, blur, noise, compression."""
import io
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter

from .device import on


@dataclass
class Faults:
    """One camera in one mood; the defaults are a perfect one. Noise is in 8 bit levels."""

    stops: float = 0.0                       # of exposure
    balance: tuple = (1.0, 1.0, 1.0)
    blur: float = 0.0                        # pixels
    streak: np.ndarray | None = None         # (5,5) kernel of a camera that moved
    grain: float = 0.0                       # noise of brightness
    speckle: float = 0.0                     # noise of each channel
    vignette: float = 0.0                    # share of light lost in the corners
    quality: int | None = None               # of JPEG


def faults(rng):
    """What is wrong with a random camera."""
    found = Faults(stops=float(rng.normal(0, 0.35)), balance=tuple(np.exp(rng.normal(0, 0.06, 3))))
    if rng.random() < 0.5:
        found.blur = float(rng.uniform(0.2, 0.9))
    if rng.random() < 0.1:
        found.streak = streak(rng)
    if rng.random() < 0.6:
        found.grain, found.speckle = float(rng.uniform(1, 7)), float(rng.uniform(0.5, 4))
    if rng.random() < 0.3:
        found.vignette = float(rng.uniform(0.05, 0.3))
    if rng.random() < 0.6:
        found.quality = int(rng.integers(45, 95))
    return found


def streak(rng):
    """The trace of a point while the shutter is open: 3 to 5 pixels in one of four directions."""
    kernel = np.zeros((5, 5))
    reach = int(rng.integers(1, 3))
    dx, dy = ((1, 0), (0, 1), (1, 1), (1, -1))[int(rng.integers(4))]
    for k in range(-reach, reach + 1):
        kernel[2 + k * dy, 2 + k * dx] = 1.0
    return kernel / kernel.sum()


def develop(colour, camera):
    """Linear colour (H,W,3), a tensor -> 8 bit sRGB (H,W,3)."""
    x = (colour * 2.0 ** camera.stops * on(colour.device, camera.balance)).clamp(min=0)
    x = x / (1 + 0.25 * x)                                   # a soft shoulder
    x = (x * 1.12).clamp(0, 1) ** (1 / 2.2)
    return (x.cpu().numpy() * 255).astype(np.uint8)


def spoil(image, camera, rng):
    """Lens and sensor faults on an 8 bit picture (H,W,3); `rng` is for the noise."""
    picture = Image.fromarray(image)
    if camera.blur:
        picture = picture.filter(ImageFilter.GaussianBlur(camera.blur))
    if camera.streak is not None:
        picture = picture.filter(ImageFilter.Kernel((5, 5), camera.streak.ravel().tolist(), 1.0))
    array = np.asarray(picture, np.float32)
    if camera.grain or camera.speckle:
        array = array + rng.normal(0, camera.grain, (*array.shape[:2], 1)) + rng.normal(0, camera.speckle, array.shape)
    if camera.vignette:
        yy, xx = np.mgrid[-1:1:array.shape[0] * 1j, -1:1:array.shape[1] * 1j]
        array = array * (1 - camera.vignette * (xx ** 2 + yy ** 2) / 2)[..., None]
    array = np.clip(array, 0, 255).astype(np.uint8)
    return array if camera.quality is None else jpeg(array, camera.quality)


def jpeg(array, quality):
    """The same picture after JPEG compression."""
    buffer = io.BytesIO()
    Image.fromarray(array).save(buffer, "JPEG", quality=quality)
    return np.asarray(Image.open(io.BytesIO(buffer.getvalue())).convert("RGB"))
