"""Samples from the optional data: named cut-outs pasted over textures, and photographs with masks."""
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

from ..colours import clear_colour
from ..vocabulary import nouns
from . import tiles
from .effects import faults, spoil
from .grammar import Attributes
from .heldout import shows_one_of
from .meshpack import held_out_meshes
from .sample import Sample

NO_COLOUR = ("people-body", "animals-nature/animal")      # groups whose colour is no word for them
HELD_OUT_EVERY = 12                                        # every such photograph is for evaluation


@cache
def cutouts():
    """{noun: [(file, whether a colour may be named), ...]} of cut-outs with a noun we know, but for views of
    held-out meshes."""
    if not tiles.available():
        return {}
    found = {}
    for row in tiles.manifest():
        if row["kind"] == "cutout_rgba" and row["label"] in nouns():
            folder = tiles.unpack(row["file"].split("/")[0]).parent
            if shows_one_of(Path(row["file"]).stem, held_out_meshes()):
                continue
            coloured = not row["group"].startswith(NO_COLOUR)
            found.setdefault(nouns()[row["label"]], []).append((folder / row["file"], coloured))
    return found


@cache
def photographs(held_out=False):
    """[(picture, mask, {id: noun or ''}), ...] of real photographs with instance masks."""
    if not tiles.available():
        return []
    rows = [row for row in tiles.manifest() if row["kind"] == "photo_instances"]
    found = []
    for i, row in enumerate(sorted(rows, key=lambda row: row["file"])):
        if (i % HELD_OUT_EVERY == 0) != held_out:
            continue
        file = tiles.unpack("photos_masks").parent / row["file"]
        labels = dict(part.split(":", 1) for part in row["label"].split("|"))
        found.append((file, file.with_name(file.stem + "_inst.png"),
                      {int(i): nouns().get(label, "") for i, label in labels.items()}))
    return found


def backdrop(rng, width, height):
    """One texture, or two along a line, under uneven light; (H,W,3) float in 0..255."""
    def sheet():
        files = tiles.tiles_like("")
        with Image.open(files[int(rng.integers(len(files)))]) as image:
            side = int(rng.integers(60, 260))
            image = image.convert("RGB").resize((side, side))
        array = np.asarray(image, np.float32)
        turn, shift = rng.uniform(0, 6.28), rng.uniform(0, side, 2)
        yy, xx = np.mgrid[0:height, 0:width]
        u = (xx * np.cos(turn) + yy * np.sin(turn) + shift[0]).astype(int) % side
        v = (yy * np.cos(turn) - xx * np.sin(turn) + shift[1]).astype(int) % side
        return array[v, u]
    picture = sheet()
    yy, xx = np.mgrid[-1:1:height * 1j, -1:1:width * 1j]
    if rng.random() < 0.5:
        line = yy + rng.normal(0, 0.3) * xx > rng.uniform(-0.7, 0.5)
        picture = np.where(line[..., None], picture, sheet())
    light = 1 + rng.normal(0, 0.15) * xx + rng.normal(0, 0.15) * yy
    return picture * light[..., None] * rng.uniform(0.6, 1.1)


def composite_sample(rng, width, height):
    """Two to six cut-outs, later ones in front, each with a soft shadow."""
    canvas, ids, words = backdrop(rng, width, height), np.zeros((height, width), np.uint8), {}
    names = sorted(cutouts())
    for number in range(1, int(rng.integers(2, 7)) + 1):
        noun = names[int(rng.integers(len(names)))]
        file, coloured = cutouts()[noun][int(rng.integers(len(cutouts()[noun])))]
        cut = prepared(file, rng)
        colour = clear_colour(np.asarray(cut)[np.asarray(cut)[..., 3] > 200][:, :3]) if coloured else ""
        paste(canvas, ids, cut, number, rng)
        words[number] = Attributes(noun, "" if colour == noun else colour).as_dict()
    return Sample(spoil(np.clip(canvas, 0, 255).astype(np.uint8), faults(rng), rng), ids, words)


def prepared(file, rng):
    """A cut-out, trimmed, turned a little and resized."""
    with Image.open(file) as image:
        cut = image.convert("RGBA")
    if rng.random() < 0.5:
        cut = cut.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    cut = cut.rotate(float(rng.normal(0, 14)), Image.Resampling.BILINEAR, expand=True)
    cut = cut.crop(cut.getchannel("A").getbbox() or (0, 0, 1, 1))
    side = 2.0 ** rng.uniform(5.3, 7.5)
    factor = side / max(cut.size)
    return cut.resize([max(4, int(n * factor)) for n in cut.size], Image.Resampling.BOX if factor < 1 else
                      Image.Resampling.BILINEAR)


def paste(canvas, ids, cut, number, rng):
    """Onto the canvas and into the instance map, in place."""
    height, width = ids.shape
    w, h = cut.size
    x, y = int(rng.integers(-w // 5, width - w + w // 5 + 1)), int(rng.integers(-h // 5, max(height - h + h // 5, 1)))
    layer = Image.new("RGBA", (width, height))
    layer.paste(cut, (x, y))
    array = np.asarray(layer, np.float32)
    alpha = array[..., 3:] / 255.0
    if rng.random() < 0.7:
        mask = Image.new("L", (width, height))
        mask.paste(cut.getchannel("A"), (x + int(rng.normal(0, 4)), y + int(rng.uniform(0, 8))))
        cast = np.asarray(mask.filter(ImageFilter.GaussianBlur(float(rng.uniform(2, 7)))), np.float32)[..., None]
        canvas *= 1 - cast / 255.0 * rng.uniform(0.2, 0.6)
    gain = rng.uniform(0.7, 1.15)
    canvas[:] = canvas * (1 - alpha) + array[..., :3] * gain * alpha
    ids[alpha[..., 0] > 0.5] = number


def photo_sample(rng, width, height):
    """A random part of a real photograph."""
    file, mask, names = photographs()[int(rng.integers(len(photographs())))]
    with Image.open(file) as image, Image.open(mask) as instances:
        scale = rng.uniform(0.5, 1.0)
        w = scale * min(image.width, image.height * width / height)
        h = w * height / width
        x, y = rng.uniform(0, image.width - w), rng.uniform(0, image.height - h)
        part = (x, y, x + w, y + h)
        picture = image.convert("RGB").resize((width, height), Image.Resampling.BILINEAR, box=part)
        ids = instances.resize((width, height), Image.Resampling.NEAREST, box=part)
    return Sample(np.asarray(picture), np.asarray(ids, np.uint8),
                  {i: Attributes(noun).as_dict() for i, noun in names.items()})
