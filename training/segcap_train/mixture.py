"""Training pictures from all sources: generated scenes, cut-outs on photographs and textures, photographs with masks."""
from functools import lru_cache

import cv2
import numpy as np
from PIL import Image

from .colours import clear_colour
from .evaluation import real
from .scenes import tiles
from .scenes.composite import cutouts, photographs
from .vocabulary import nouns

WIDTH, HEIGHT = 480, 360
SHARES = {"scene": 0.35, "pasted": 0.35, "photo": 0.20, "coco": 0.10}
FIRST_PASTED = 100          # instance numbers of what is pasted over a picture that has its own
PASTED = (2, 8)
cv2.setNumThreads(0)


@lru_cache(maxsize=3000)
def cutout(file):
    """(H,W,4) uint8, trimmed to what is visible."""
    with Image.open(file) as image:
        image = image.convert("RGBA")
        return np.asarray(image.crop(image.getchannel("A").getbbox() or (0, 0, 1, 1)))


@lru_cache(maxsize=800)
def picture(file):
    with Image.open(file) as image:
        return np.asarray(image.convert("RGB"))


@lru_cache(maxsize=1)
def named_photographs():
    """[(file, noun or ''), ...]: one thing each, without masks. Every tenth is kept for choosing and calibrating."""
    if not tiles.available():
        return []
    folder = tiles.unpack("photos_named").parent
    rows = sorted((row for row in tiles.manifest() if row["kind"] == "photo_named"), key=lambda row: row["file"])
    return [(folder / row["file"], nouns().get(row["label"], "")) for row in rows]


@lru_cache(maxsize=1)
def trainable_coco():
    """[(image, ids, {id: words}), ...] of the COCO pictures whose licence lets us train on them."""
    if not real.TRAINABLE.exists() or not real.coco_index()[0]:
        return []
    found = []
    for file in sorted(set(real.TRAINABLE.read_text().split()) & set(real.coco_index()[0])):
        image, truths = real.coco_picture(file)
        ids, words = np.zeros(image.shape[:2], np.uint8), {}
        for number, truth in enumerate(truths[:90], 1):
            ids[truth.mask] = number
            words[number] = {"noun": truth.noun} if truth.noun else {}
        found.append((image, ids, words))
    return found


class Mixture:
    """Draws (image (H,W,3) uint8, ids (H,W) uint8, {id: words}) at random."""

    def __init__(self, pool, shares=SHARES):
        self.pool = pool
        can = {"scene": True, "pasted": bool(cutouts()), "photo": bool(photographs()), "coco": bool(trainable_coco())}
        self.kinds = [kind for kind in shares if can[kind]]
        total = sum(shares[kind] for kind in self.kinds)
        self.chances = [shares[kind] / total for kind in self.kinds]
        self.names = sorted(cutouts())

    def draw(self, rng):
        kind = self.kinds[rng.choice(len(self.kinds), p=self.chances)]
        return getattr(self, kind)(rng)

    def scene(self, rng):
        return self.pool[int(rng.integers(len(self.pool)))]

    def photo(self, rng):
        file, mask, names = photographs()[int(rng.integers(len(photographs())))]
        with Image.open(mask) as instances:
            ids = np.asarray(instances)
        return picture(file), ids, {number: {"noun": noun} if noun else {} for number, noun in names.items()}

    def coco(self, rng):
        return trainable_coco()[int(rng.integers(len(trainable_coco())))]

    def backdrop(self, rng):
        """What cut-outs are pasted over, and what is known of it."""
        kind = rng.random()
        if kind < 0.35:
            file, _ = named_photographs()[int(rng.integers(len(named_photographs())))]
            return cv2.resize(picture(file), (WIDTH, HEIGHT), interpolation=cv2.INTER_LINEAR), None, {}
        if kind < 0.6:
            image, ids, words = self.photo(rng) if rng.random() < 0.6 else self.scene(rng)
            ids = np.where((ids > 0) & (ids < FIRST_PASTED), ids, 0).astype(np.uint8)
            return (cv2.resize(image, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA),
                    cv2.resize(ids, (WIDTH, HEIGHT), interpolation=cv2.INTER_NEAREST),
                    {number: word for number, word in words.items() if number < FIRST_PASTED})
        return textured(rng), None, {}

    def pasted(self, rng):
        image, ids, words = self.backdrop(rng)
        image = image.copy()
        ids = np.zeros(image.shape[:2], np.uint8) if ids is None else ids.copy()
        words = dict(words)
        for number in range(FIRST_PASTED, FIRST_PASTED + int(rng.integers(*PASTED))):
            noun = self.names[int(rng.integers(len(self.names)))]
            files = cutouts()[noun]
            file, coloured = files[int(rng.integers(len(files)))]
            rgba = cutout(file)
            colour = clear_colour(rgba[::4, ::4][rgba[::4, ::4, 3] > 200][:, :3]) if coloured else ""
            paste(image, ids, turned(rgba, rng), number, rng)
            words[number] = {"noun": noun} | ({"colour": colour} if colour and colour != noun else {})
        if rng.random() < 0.5:
            image = cv2.GaussianBlur(image, (0, 0), float(rng.uniform(0.3, 1.0)))
        return image, ids, words


def textured(rng):
    """One texture, or two along a line, under uneven light."""
    def sheet():
        files = tiles.tiles_like("")
        tile = cv2.resize(tiles.tile(files[int(rng.integers(len(files)))]), [int(rng.integers(60, 360))] * 2)
        turn = cv2.getRotationMatrix2D((0, 0), float(rng.uniform(0, 360)), 1.0)
        return cv2.warpAffine(tile, turn, (WIDTH, HEIGHT), borderMode=cv2.BORDER_WRAP)
    out = sheet().astype(np.float32)
    yy, xx = np.mgrid[-1:1:HEIGHT * 1j, -1:1:WIDTH * 1j].astype(np.float32)
    if rng.random() < 0.5:
        line = yy + rng.normal(0, 0.3) * xx > rng.uniform(-0.7, 0.5)
        out = np.where(line[..., None], out, sheet())
    light = (1 + rng.normal(0, 0.15) * xx + rng.normal(0, 0.15) * yy) * rng.uniform(0.6, 1.1)
    return np.clip(out * light[..., None], 0, 255).astype(np.uint8)


def turned(rgba, rng):
    """A cut-out at a random size, slant and side."""
    if rng.random() < 0.5:
        rgba = rgba[:, ::-1]
    height, width = rgba.shape[:2]
    scale = 2.0 ** rng.uniform(4.8, 8.1) / max(height, width)
    angle = float(rng.normal(0, 18))
    stretch = float(np.exp(rng.normal(0, 0.1)))
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), angle, scale)
    turn[0] *= stretch
    corners = np.array([[0, 0, 1], [width, 0, 1], [0, height, 1], [width, height, 1]]) @ turn.T
    low, high = corners.min(0), corners.max(0)
    turn[:, 2] -= low
    size = np.maximum(np.ceil(high - low), 3).astype(int)
    source = cv2.GaussianBlur(rgba, (0, 0), 0.4 / scale) if scale < 0.6 else np.ascontiguousarray(rgba)
    return cv2.warpAffine(source, turn, tuple(int(n) for n in size), flags=cv2.INTER_LINEAR)


def paste(image, ids, cut, number, rng):
    """Into the picture and its instance map, in place, most of them with a soft shadow."""
    height, width = ids.shape
    h, w = cut.shape[:2]
    x, y = int(rng.integers(-w // 4, max(width - w + w // 4, 1))), int(rng.integers(-h // 4, max(height - h + h // 4, 1)))
    x0, y0, x1, y1 = max(x, 0), max(y, 0), min(x + w, width), min(y + h, height)
    if x1 - x0 < 4 or y1 - y0 < 4:
        return
    part = cut[y0 - y:y1 - y, x0 - x:x1 - x].astype(np.float32)
    alpha = part[..., 3:] / 255.0
    here = image[y0:y1, x0:x1].astype(np.float32)
    if rng.random() < 0.6:
        shift = np.roll(alpha[..., 0], (int(rng.uniform(0, 6)), int(rng.normal(0, 4))), (0, 1))
        cast = cv2.GaussianBlur(shift, (0, 0), float(rng.uniform(2, 6)))
        here = here * (1 - cast[..., None] * rng.uniform(0.2, 0.6))
    tint = rng.uniform(0.65, 1.15) * np.exp(rng.normal(0, 0.04, 3))
    image[y0:y1, x0:x1] = np.clip(here * (1 - alpha) + part[..., :3] * tint * alpha, 0, 255).astype(np.uint8)
    ids[y0:y1, x0:x1][alpha[..., 0] > 0.5] = number
