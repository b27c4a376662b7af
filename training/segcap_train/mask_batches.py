"""Batches for the masks: crops at the network's size, things in them, and a prompt for each."""
from dataclasses import dataclass

import cv2
import numpy as np
import torch

from .data import normalise
from .prompts import CORNER_1, CORNER_2, PAD, clicks, noisy_box
from .scenes.sample import STUFF

POINTS = 4              # of a prompt, padding included
SMALLEST = 60           # pixels of a thing worth asking for
ZOOM = (0.35, 1.0)      # share of the picture that a crop shows


@dataclass
class MaskBatch:
    """pixels (B,3,S,S) normalised; owner (N); coords (N,POINTS,2) in pixels, labels (N,POINTS); targets (N,1,S,S) 0 or 1."""

    pixels: torch.Tensor
    owner: torch.Tensor
    coords: torch.Tensor
    labels: torch.Tensor
    targets: torch.Tensor


def crop(image, ids, rng, size):
    """A part of the picture around one of its things, its longest side at `size`, sometimes mirrored."""
    height, width = ids.shape
    zoom = 1.0 if rng.random() < 0.2 else rng.uniform(*ZOOM)
    ratio = width / height if rng.random() < 0.4 else rng.uniform(0.9, 1.2)
    h = min(height * zoom, width * zoom / ratio)
    w = h * ratio
    at = rng.choice(np.flatnonzero(ids)) if ids.any() else rng.integers(ids.size)
    x = int(np.clip(at % width - rng.uniform(0.25, 0.75) * w, 0, width - w))
    y = int(np.clip(at // width - rng.uniform(0.25, 0.75) * h, 0, height - h))
    image, ids = image[y:y + int(h), x:x + int(w)], ids[y:y + int(h), x:x + int(w)]
    scale = size / max(image.shape[:2])
    shape = (min(size, round(image.shape[1] * scale)), min(size, round(image.shape[0] * scale)))
    image = cv2.resize(image, shape, interpolation=cv2.INTER_LINEAR if scale > 0.8 else cv2.INTER_AREA)
    ids = cv2.resize(ids, shape, interpolation=cv2.INTER_NEAREST)
    if rng.random() < 0.5:
        image, ids = image[:, ::-1], ids[:, ::-1]
    return image, ids


def recoloured(image, rng):
    """Light, contrast, cast, saturation, noise: what cameras differ in. Masks do not depend on colour names."""
    if rng.random() < 0.25:
        return image
    x = image.astype(np.float32) / 255.0
    x = x ** float(np.exp(rng.normal(0, 0.2)))
    gray = x.mean(2, keepdims=True)
    x = gray + (x - gray) * float(np.exp(rng.normal(0, 0.25)))
    x = (x - 0.5) * float(rng.uniform(0.75, 1.25)) + 0.5 + float(rng.uniform(-0.1, 0.1))
    x = x * np.exp(rng.normal(0, 0.06, 3)).astype(np.float32)
    if rng.random() < 0.3:
        x = x + rng.normal(0, rng.uniform(0.005, 0.04), x.shape).astype(np.float32)
    if rng.random() < 0.08:
        x = np.repeat(x.mean(2, keepdims=True), 3, 2)
    x = (np.clip(x, 0, 1) * 255).astype(np.uint8)
    if rng.random() < 0.25:
        x = cv2.imdecode(cv2.imencode(".jpg", x, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(30, 90))])[1], 1)
    return x


def prompt_for(mask, rng):
    """A box or one to three clicks: coords (POINTS,2), labels (POINTS)."""
    coords, labels = np.zeros((POINTS, 2), np.float32), np.full(POINTS, PAD, np.float32)
    if rng.random() < 0.5:
        coords[:2] = noisy_box(mask, rng).reshape(2, 2)
        labels[:2] = CORNER_1, CORNER_2
    else:
        count = int(rng.choice([1, 1, 1, 1, 2, 3]))
        coords[:count], labels[:count] = clicks(mask, count, rng)
    return coords, labels


def make(mixture, size, pictures, prompts, rng):
    """One batch."""
    pixels, rows = [], []
    while len(pixels) < pictures:
        image, ids, words = mixture.draw(rng)
        image, ids = crop(image, ids, rng, size)
        areas = np.bincount(ids.reshape(-1), minlength=256)
        numbers = [n for n in words if areas[n] >= SMALLEST]
        if not numbers:
            continue
        weight = np.array([0.25 if n >= STUFF else 1.0 for n in numbers])
        chosen = rng.choice(numbers, min(prompts, 2 * len(numbers)), p=weight / weight.sum())
        for number in chosen:
            mask = np.zeros((size, size), bool)
            mask[:ids.shape[0], :ids.shape[1]] = ids == number
            rows.append((len(pixels), *prompt_for(mask, rng), mask))
        pixels.append(normalise(np.ascontiguousarray(recoloured(np.ascontiguousarray(image), rng)), size))
    owner, coords, labels, masks = zip(*rows)
    return MaskBatch(torch.stack(pixels), torch.tensor(owner), torch.from_numpy(np.stack(coords)),
                     torch.from_numpy(np.stack(labels)), torch.from_numpy(np.stack(masks)).float()[:, None])
