"""From the pool to batches: cropping, colour changes, choice of objects and prompts, in a thread of its own."""
import queue
import threading
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image
from torch.nn import functional as F

from .config import PIXEL_MEAN, PIXEL_STD
from .helper import labels_of
from .prompts import CORNER_1, CORNER_2, clicks, noisy_box, with_padding
from .scenes.grammar import Attributes, caption
from .scenes.sample import STUFF
from .tokenizer import encode

SMALLEST = 40          # pixels of a prompted object at the input's size
LONGEST = 18           # caption tokens
IGNORE = -100
ZOOM = (0.28, 0.8)     # share of the picture that a crop shows: small inputs train for larger ones


@dataclass
class Prompts:
    """N prompts of one kind. targets (N,S/2,S/2) in 0..1; caption ids (N,T), -100 after the end;
    names (N,2), the noun and the colour as numbers."""

    coords: torch.Tensor
    labels: torch.Tensor
    owner: torch.Tensor
    targets: torch.Tensor
    captions: torch.Tensor
    names: torch.Tensor


@dataclass
class Batch:
    pixels: torch.Tensor        # (B,3,S,S) normalised
    boxes: Prompts
    points: Prompts


def normalise(image, size):
    """uint8 (h,w,3), no side longer than `size` -> (3,size,size), zero to the right and below."""
    x = torch.from_numpy(image.copy()).permute(2, 0, 1).float() / 255.0
    x = (x - torch.tensor(PIXEL_MEAN)[:, None, None]) / torch.tensor(PIXEL_STD)[:, None, None]
    return F.pad(x, (0, size - x.shape[2], 0, size - x.shape[1]))


def fit(height, width, size):
    """SAM's rule: the longest edge becomes `size`, the other floor(side * scale + 0.5)."""
    scale = size / max(height, width)
    return int(height * scale + 0.5), int(width * scale + 0.5)


def crop(image, ids, rng, size):
    """A part of the picture around one of its pixels, at the network's size, sometimes mirrored."""
    height, width = ids.shape
    zoom = 1.0 if rng.random() < 0.1 else rng.uniform(*ZOOM)
    ratio = width / height if rng.random() < 0.6 else rng.uniform(0.8, 1.4)
    h = min(height * zoom, width * zoom / ratio)
    w = h * ratio
    things = np.flatnonzero((ids > 0) & (ids < STUFF))
    at = rng.choice(things) if len(things) else rng.integers(ids.size)
    x = np.clip(at % width - rng.uniform(0.25, 0.75) * w, 0, width - w)
    y = np.clip(at // width - rng.uniform(0.25, 0.75) * h, 0, height - h)
    out_h, out_w = fit(h, w, size)
    box, shape = (x, y, x + w, y + h), (out_w, out_h)
    image = np.asarray(Image.fromarray(image).resize(shape, Image.Resampling.BILINEAR, box=box))
    ids = np.asarray(Image.fromarray(ids).resize(shape, Image.Resampling.NEAREST, box=box))
    mirrored = rng.random() < 0.5
    if mirrored:
        image, ids = image[:, ::-1], ids[:, ::-1]
    return image, ids, mirrored


def recolour(image, rng):
    """Brightness, contrast and a slight cast; never so much that a colour's name changes."""
    if rng.random() < 0.4:
        return image
    x = image.astype(np.float32) / 255.0
    x = (x - 0.5) * rng.uniform(0.8, 1.2) + 0.5 + rng.uniform(-0.08, 0.08)
    x = x * rng.normal(1, 0.03, 3).astype(np.float32)
    return (np.clip(x, 0, 1) * 255).astype(np.uint8)


def choose(ids, words, count, rng, stuff_share):
    """Instance numbers to prompt for; tables, floors and walls less often than things."""
    numbers, areas = np.unique(ids, return_counts=True)
    found = [int(n) for n, a in zip(numbers, areas) if int(n) in words and a >= SMALLEST]
    if not found:
        return []
    weight = np.array([stuff_share if n >= STUFF else 1.0 for n in found])
    steady = np.count_nonzero(weight) >= count
    return rng.choice(found, count, replace=not steady, p=weight / weight.sum()).tolist()


def words_of(attributes, mirrored, rng):
    """Token ids of a caption, or none where the object has no name."""
    a = Attributes(**attributes)
    if not a.noun:
        return []
    if mirrored and a.relation.endswith("of") and a.relation.startswith("to"):
        a.relation = {"to the left of": "to the right of"}.get(a.relation, "to the left of")
    return encode(caption(a, rng))[:LONGEST]


def gather(rows, size):
    """Stacks the prompts of a batch."""
    coords, labels, owner, masks, captions, names = zip(*rows)
    targets = F.avg_pool2d(torch.from_numpy(np.stack(masks)).float()[:, None], 2)[:, 0]
    ids = torch.full((len(rows), max(2, *map(len, captions))), IGNORE)
    for i, tokens in enumerate(captions):
        ids[i, :len(tokens)] = torch.tensor(tokens, dtype=torch.long)
    return Prompts(torch.from_numpy(np.stack(coords)), torch.from_numpy(np.stack(labels)),
                   torch.tensor(owner), targets, ids, torch.tensor(names))


class Loader:
    """Batches without end, made ahead in a thread; `start` continues the stream of a resumed run."""

    def __init__(self, pool, cfg, rank=0, start=0, ahead=4):
        self.pool, self.cfg, self.rank, self.step = pool, cfg, rank, start
        self.ready = queue.Queue(ahead)
        threading.Thread(target=self.work, daemon=True).start()

    def work(self):
        while True:
            if self.step % 100 == 0:
                self.pool.refresh()
            self.ready.put(self.make(np.random.default_rng([self.cfg.seed, 77, self.rank, self.step])))
            self.step += 1

    def next(self):
        return self.ready.get()

    def make(self, rng):
        cfg = self.cfg
        pixels, boxes, points = [], [], []
        count = int(rng.choice([1, 1, 1, 1, 2, 3]))
        while len(pixels) < cfg.batch:
            image, ids, words = self.pool.draw(rng)
            image, ids, mirrored = crop(image, ids, rng, cfg.size)
            picked = [choose(ids, words, cfg.prompts, rng, share) for share in (0.12, 0.3)]
            if not all(picked):
                continue
            full = np.zeros((cfg.size, cfg.size), np.uint8)
            full[:ids.shape[0], :ids.shape[1]] = ids
            masks = {number: full == number for number in {*picked[0], *picked[1]}}
            for number in picked[0]:
                box = noisy_box(masks[number], rng).reshape(2, 2)
                boxes.append((box, np.array([CORNER_1, CORNER_2], np.float32), len(pixels), masks[number],
                              words_of(words[number], mirrored, rng), labels_of(words[number])))
            for number in picked[1]:
                points.append((*clicks(masks[number], count, rng), len(pixels), masks[number],
                               words_of(words[number], mirrored, rng), labels_of(words[number])))
            pixels.append(normalise(recolour(image, rng), cfg.size))
        batch = Batch(torch.stack(pixels), gather(boxes, cfg.size), gather(points, cfg.size))
        batch.points.coords, batch.points.labels = with_padding(batch.points.coords, batch.points.labels)
        return batch
