"""Boxes as the node and its clients give them: in pixels, from the first corner up to, not including, the second."""
import numpy as np


def bounding_box(mask):
    """x0, y0, x1, y1 of a mask (H,W): its first column and row, and those behind its last ones, so that x1 - x0 is its
    width. The node's boxes end there, too: `PixelBox::right` is x + width."""
    ys, xs = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    return np.array([xs[0], ys[0], xs[-1] + 1, ys[-1] + 1], np.float32)


def noisy_box(mask, rng, amount=0.06):
    """The bounding box with each side off by some share of the box, at most 12 pixels; inside the picture."""
    box = bounding_box(mask)
    side = np.array([box[2] - box[0], box[3] - box[1]] * 2)
    box = box + np.clip(rng.normal(0, amount, 4) * side, -12, 12)
    return np.clip(box, 0, [mask.shape[1], mask.shape[0]] * 2).astype(np.float32)
