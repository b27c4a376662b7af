"""Pictures as the network takes them."""
import torch
from torch.nn import functional as F

from .config import PIXEL_MEAN, PIXEL_STD


def normalise(image, size):
    """uint8 (h,w,3), no side longer than `size` -> (3,size,size), zero to the right and below."""
    x = torch.from_numpy(image.copy()).permute(2, 0, 1).float() / 255.0
    x = (x - torch.tensor(PIXEL_MEAN)[:, None, None]) / torch.tensor(PIXEL_STD)[:, None, None]
    return F.pad(x, (0, size - x.shape[2], 0, size - x.shape[1]))


def fit(height, width, size):
    """SAM's rule: the longest edge becomes `size`, the other floor(side * scale + 0.5)."""
    scale = size / max(height, width)
    return int(height * scale + 0.5), int(width * scale + 0.5)
