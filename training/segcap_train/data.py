"""From the pool to batches: cropping, colour changes, choice of objects and prompts, in a thread of its own."""
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields

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
THINGS = 8             # of a picture, at most
IGNORE = -100
SWAPPED = 0.3          # share of pictures with colours that are not the things' own
ZOOM = (0.28, 0.8)     # share of the picture that a crop shows: small inputs train for larger ones


class OnDevice:
    """A dataclass of tensors, and of such dataclasses, that moves as one."""

    def to(self, device):
        moved = {f.name: getattr(self, f.name) for f in fields(self)}
        return type(self)(**{k: v.to(device) if hasattr(v, "to") else v for k, v in moved.items()})


@dataclass
class Things(OnDevice):
    """T objects in a batch's pictures. owner (T): whose; targets (T,S/2,S/2) in 0..1; caption ids (T,L), -100 after
    the end; names (T,2), the noun and the colour as numbers."""

    owner: torch.Tensor
    targets: torch.Tensor
    captions: torch.Tensor
    names: torch.Tensor


@dataclass
class Prompts(OnDevice):
    """N prompts of one kind: coords (N,K,2) in pixels of the input, labels (N,K), thing (N) that is meant."""

    coords: torch.Tensor
    labels: torch.Tensor
    thing: torch.Tensor


@dataclass
class Batch(OnDevice):
    """pixels (B,3,S,S) normalised; borders (B,1,S/4,S/4), 1 where two objects meet; no prompts in a stage of names."""

    stage: int
    pixels: torch.Tensor
    borders: torch.Tensor
    things: Things
    boxes: Prompts | None
    points: Prompts | None


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


def swap_colours(image, words, rng):
    """Red, green and blue change places, and nobody says what colour a thing has: its shape alone must tell the noun.

    Else the pairs of colour and noun that training never shows are learned as a rule: what is red is no box.
    """
    order = [(0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)][int(rng.integers(5))]
    return image[..., order], {number: {"noun": a["noun"]} if "noun" in a else {} for number, a in words.items()}


def found(ids, words):
    """Instance numbers that are large enough to ask for."""
    areas = np.bincount(ids.reshape(-1), minlength=256)
    return [n for n in words if areas[n] >= SMALLEST]


def choose(numbers, count, rng, stuff_share):
    """Some of the instances; tables, floors and walls less often than things."""
    weight = np.array([stuff_share if n >= STUFF else 1.0 for n in numbers])
    return rng.choice(numbers, count, replace=len(numbers) < count, p=weight / weight.sum()).tolist()


def borders(ids):
    """1 (H/4,W/4) where pixels of two instances lie within a cell or beside it."""
    part = ids[::2, ::2]
    edge = np.zeros(part.shape, np.float32)
    edge[:, 1:] = part[:, 1:] != part[:, :-1]
    edge[1:] = np.maximum(edge[1:], part[1:] != part[:-1])
    return edge.reshape(edge.shape[0] // 2, 2, -1, 2).max((1, 3))


def words_of(attributes, mirrored, rng):
    """Token ids of a caption, or none where the object has no name."""
    a = Attributes(**attributes)
    if not a.noun:
        return []
    if mirrored and a.relation.endswith("of") and a.relation.startswith("to"):
        a.relation = {"to the left of": "to the right of"}.get(a.relation, "to the left of")
    return encode(caption(a, rng))[:LONGEST]


def gather(rows):
    """Stacks the things of a batch: rows of owner, mask, caption, names."""
    owner, masks, captions, names = zip(*rows)
    targets = F.avg_pool2d(torch.from_numpy(np.stack(masks)).float()[:, None], 2)[:, 0]
    ids = torch.full((len(rows), max(2, *map(len, captions))), IGNORE)
    for i, tokens in enumerate(captions):
        ids[i, :len(tokens)] = torch.tensor(tokens, dtype=torch.long)
    return Things(torch.tensor(owner), targets, ids, torch.tensor(names))


def stack(rows):
    """Stacks prompts: rows of coords, labels, thing."""
    if not rows:
        return None
    coords, labels, thing = zip(*rows)
    return Prompts(torch.from_numpy(np.stack(coords)), torch.from_numpy(np.stack(labels)), torch.tensor(thing))


class Maker:
    """Makes one batch of a stage from random samples of the pool."""

    def __init__(self, pool, stage, number, rng):
        self.pool, self.stage, self.number, self.rng = pool, stage, number, rng
        self.pixels, self.borders, self.things, self.boxes, self.points = [], [], [], [], []
        self.clicks = int(rng.choice([1, 1, 1, 1, 2, 3]))

    def make(self):
        while len(self.pixels) < self.stage.batch:
            self.add_picture()
        points = stack(self.points)
        if points:
            points.coords, points.labels = with_padding(points.coords, points.labels)
        return Batch(self.number, torch.stack(self.pixels), torch.from_numpy(np.stack(self.borders))[:, None],
                     gather(self.things), stack(self.boxes), points)

    def add_picture(self):
        """One more picture and its things, unless nothing in it is large enough."""
        size, rng = self.stage.size, self.rng
        image, ids, words = self.pool.draw(rng)
        image, ids, mirrored = crop(image, ids, rng, size)
        swapped = bool(self.pixels) and rng.random() < SWAPPED      # never the first: a batch must have captions
        if swapped:
            image, words = swap_colours(image, words, rng)
        numbers = found(ids, words)
        if not numbers:
            return
        full = np.zeros((size, size), np.uint8)
        full[:ids.shape[0], :ids.shape[1]] = ids
        boxes, points = (choose(numbers, self.stage.prompts, rng, share) for share in (0.12, 0.3))
        rest = choose(numbers, len(numbers), rng, 0.2)
        first = len(self.things)
        asked = list(dict.fromkeys([*boxes, *points, *rest]))[:THINGS]
        masks = {number: full == number for number in asked}
        for number in asked:
            said = [] if swapped else words_of(words[number], mirrored, rng)
            self.things.append((len(self.pixels), masks[number], said, labels_of(words[number])))
        for number in boxes:
            self.boxes.append((noisy_box(masks[number], rng).reshape(2, 2),
                               np.array([CORNER_1, CORNER_2], np.float32), first + asked.index(number)))
        for number in points:
            self.points.append((*clicks(masks[number], self.clicks, rng), first + asked.index(number)))
        self.pixels.append(normalise(recolour(image, rng), size))
        self.borders.append(borders(full))


class Loader:
    """Batches without end, made ahead in threads, in one order; `start` continues the stream of a resumed run."""

    def __init__(self, pool, cfg, rank=0, start=0, ahead=3):
        self.pool, self.cfg, self.rank, self.step = pool, cfg, rank, start
        self.threads = ThreadPoolExecutor(cfg.loaders)
        self.ready, self.stage, self.ahead = deque(), None, ahead * cfg.loaders

    def make(self, step, number):
        rng = np.random.default_rng([self.cfg.seed, 77, self.rank, step])
        return Maker(self.pool, self.cfg.stages[number], number, rng).make()

    def next(self, stage):
        """The next batch of a stage; those made ahead for another are dropped."""
        if stage != self.stage:
            self.step -= len(self.ready)
            self.ready.clear()
            self.stage = stage
        while len(self.ready) < self.ahead:
            if self.step % 100 == 0:
                self.pool.refresh()
            self.ready.append(self.threads.submit(self.make, self.step, stage))
            self.step += 1
        return self.ready.popleft().result()
