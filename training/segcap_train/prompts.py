"""Prompts as people and detectors give them: clicks, noisy boxes, corrections, masks of the last frame."""
import cv2
import numpy as np
import torch
from torch.nn import functional as F

from .boxes import bounding_box, noisy_box  # noqa: F401

PAD, BACKGROUND, FOREGROUND, CORNER_1, CORNER_2 = -1.0, 0.0, 1.0, 2.0, 3.0


def inner_point(mask, rng):
    """A click: anywhere in the mask, or, as often, well inside it. x, y in pixels."""
    if rng.random() < 0.5:
        mask = core(mask)
    index = rng.choice(np.flatnonzero(mask))
    return np.array([index % mask.shape[1], index // mask.shape[1]], np.float32)


def core(mask):
    """What lies deepest inside a mask (H,W): the pixels nearly as far from its edge as any."""
    x0, y0, x1, y1 = bounding_box(mask).astype(int)
    part = np.pad(mask[y0:y1, x0:x1], 1).astype(np.uint8)
    depth = cv2.distanceTransform(part, cv2.DIST_L2, 3)[1:-1, 1:-1]
    out = np.zeros_like(mask)
    out[y0:y1, x0:x1] = depth > max(depth.max() - 1.5, 0)
    return out


def clicks(mask, count, rng):
    """`count` clicks, the first in the object, the others in it or, one in three, beside it."""
    coords, labels = [inner_point(mask, rng)], [FOREGROUND]
    x0, y0, x1, y1 = bounding_box(mask).astype(int)
    margin = 12
    around = np.zeros_like(mask)
    around[max(y0 - margin, 0):y1 + margin, max(x0 - margin, 0):x1 + margin] = True
    around &= ~mask
    while len(coords) < count:
        beside = rng.random() < 0.33 and around.any()
        coords.append(inner_point(around if beside else mask, rng))
        labels.append(BACKGROUND if beside else FOREGROUND)
    return np.stack(coords), np.array(labels, np.float32)


def with_padding(coords, labels):
    """Points only: one point (0,0) with label -1 is appended, as SAM does. (N,K,2), (N,K)."""
    n = len(coords)
    return (torch.cat([coords, torch.zeros(n, 1, 2)], 1), torch.cat([labels, torch.full((n, 1), PAD)], 1))


def error_clicks(logits, targets, size, rng):
    """A click on each prediction's error: logits and targets (N,h,w) -> coords (N,1,2), labels (N,1)."""
    wrong = (logits > 0) != (targets > 0.5)
    scale = size / logits.shape[-1]
    coords, labels = torch.zeros(len(logits), 1, 2), torch.zeros(len(logits), 1)
    for i, (miss, target) in enumerate(zip(wrong.cpu().numpy(), targets.cpu().numpy() > 0.5)):
        x, y = inner_point(miss if miss.any() else target, rng)
        coords[i, 0] = torch.tensor([x, y]) * scale + (scale - 1) / 2
        labels[i, 0] = FOREGROUND if target[int(y), int(x)] else BACKGROUND
    return coords.to(logits.device), labels.to(logits.device)


def stale_masks(targets, rng):
    """Masks as a tracker hands them over: the true ones (N,h,w), shifted and blurred, as logits (N,1,h,w)."""
    moved = torch.stack([torch.roll(t, tuple(rng.integers(-3, 4, 2).tolist()), (0, 1)) for t in targets])
    soft = F.avg_pool2d(moved[:, None], 5, 1, 2)
    return (soft - 0.5) * float(rng.uniform(8, 20))
