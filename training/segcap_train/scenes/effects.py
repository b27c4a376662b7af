"""What a camera does to light: exposure, white balance, blur, noise, compression."""
import io

import numpy as np
import torch
from PIL import Image, ImageFilter


def develop(colour, rng, strength=1.0):
    """Linear colour (H,W,3) -> 8 bit sRGB (H,W,3). `strength` 0 leaves out the faults."""
    exposure = 2.0 ** (rng.normal(0, 0.35) * strength)
    balance = torch.tensor(np.exp(rng.normal(0, 0.06, 3) * strength)).float()
    x = (colour * exposure * balance).clamp(min=0)
    x = x / (1 + 0.25 * x)                                   # a soft shoulder
    x = (x * 1.12).clamp(0, 1) ** (1 / 2.2)
    return (x.numpy() * 255).astype(np.uint8)


def spoil(image, rng):
    """Lens and sensor faults on an 8 bit picture (H,W,3)."""
    picture = Image.fromarray(image)
    if rng.random() < 0.5:
        picture = picture.filter(ImageFilter.GaussianBlur(float(rng.uniform(0.2, 0.9))))
    array = np.asarray(picture, np.float32)
    if rng.random() < 0.6:
        grain = rng.normal(0, rng.uniform(1, 7), array.shape[:2] + (1,))
        array = array + grain + rng.normal(0, rng.uniform(0.5, 4), array.shape)
    if rng.random() < 0.3:
        yy, xx = np.mgrid[-1:1:array.shape[0] * 1j, -1:1:array.shape[1] * 1j]
        array = array * (1 - rng.uniform(0.05, 0.3) * (xx ** 2 + yy ** 2) / 2)[..., None]
    array = np.clip(array, 0, 255).astype(np.uint8)
    if rng.random() < 0.6:
        array = jpeg(array, int(rng.integers(45, 95)))
    return array


def jpeg(array, quality):
    """The same picture after JPEG compression."""
    buffer = io.BytesIO()
    Image.fromarray(array).save(buffer, "JPEG", quality=quality)
    return np.asarray(Image.open(io.BytesIO(buffer.getvalue())).convert("RGB"))
