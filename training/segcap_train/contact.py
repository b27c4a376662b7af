"""`python -m segcap_train.contact`: contact sheets of what the generator makes, to be looked at by a person.

Random scenes with the outlines of their things and their captions; or, with --nouns, every noun it can build.
"""
import argparse
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont
from torch.nn import functional as F

from .generate import SPLITS, sample
from .scenes import compose, meshpack, tiles
from .scenes.camera import look_at
from .scenes.catalogue import BUILDERS, build
from .scenes.effects import Faults, develop
from .scenes.grammar import Attributes, caption
from .scenes.material import Material
from .scenes.render import Light, render
from .scenes.sample import STUFF
from .scenes.surroundings import Slab

INKS = ("#ff4040", "#40c8ff", "#ffe040", "#60ff60", "#ff70ff", "#ffa030", "#ffffff", "#a080ff")
TILE = (150, 130)           # pixels of one thing
VIEWS = 2                   # of each noun, each of another shape and colour
LINES = 20                  # of captions under a scene


def outlined(image, ids):
    """The picture (H,W,3) with a line along the inner edge of each instance."""
    image = image.copy()
    for n in np.unique(ids[(ids > 0) & (ids < STUFF)]):
        mask = torch.from_numpy((ids == n).astype(np.float32))[None, None]
        inner = -F.max_pool2d(-mask, 3, 1, 1)
        image[(mask != inner)[0, 0].numpy()] = Image.new("RGB", (1, 1), INKS[n % len(INKS)]).getpixel((0, 0))
    return image


def scene_tile(one, rng):
    """A sample's picture above its captions."""
    height, width = one.ids.shape
    tile = Image.new("RGB", (width, height + 11 * LINES), "#202020")
    tile.paste(Image.fromarray(outlined(one.image, one.ids)))
    draw, font = ImageDraw.Draw(tile), ImageFont.load_default(10)
    shown = [n for n in one.words if (one.ids == n).sum() >= 30 and one.words[n].get("noun")]
    for line, n in enumerate(shown[:LINES]):
        ink = INKS[n % len(INKS)] if n < STUFF else "#a0a0a0"
        draw.text((3, height + 11 * line), caption(Attributes(**one.words[n]), rng, relation_share=.5), ink, font)
    return tile


def thing_tile(thing, turn, name):
    """One thing on a plain ground, with its name."""
    placed = compose.put(thing, np.random.default_rng(0), 0, 0, 0, turn)
    low, high = placed.mesh.bounds()
    size = float(np.linalg.norm(high - low))
    ground = Slab((-9, -9, -.1), (9, 9, 0), Material((.62, .6, .57), gloss=.02))
    target = (low + high) / 2
    camera = look_at(target + np.array([0, -.87, .6]) * size * 1.75, target, 0, 38, TILE[0] * 2, TILE[1] * 2)
    light = Light(np.array([-.48, -.42, .77]), .8, (1.0, 1.0, .97), .5, .006)
    image = develop(render(camera, [placed], [ground], light).colour, Faults())
    tile = Image.fromarray(image).resize(TILE, Image.Resampling.BOX)
    ImageDraw.Draw(tile).text((3, 2), name, "black", ImageFont.load_default(11))
    return tile


def noun_tiles(seed, only):
    for noun in only or sorted(BUILDERS):
        for view in range(VIEWS):
            yield thing_tile(build(noun, np.random.default_rng([seed, view, *noun.encode()])), 30 + 100 * view, noun)


def mesh_tiles():
    for row in tiles.mesh_rows():
        mark = " (held out)" if row[0].stem in meshpack.held_out_meshes() else ""
        yield thing_tile(meshpack.load(row, np.random.default_rng(0)), 30, row[1] + mark)


def scene_tiles(seed, split, count):
    for index in range(count):
        yield scene_tile(sample(seed, split, index), np.random.default_rng(index))


def sheet(made, columns):
    """All tiles in rows."""
    made = list(made)
    width, height = made[0].size
    page = Image.new("RGB", (width * columns, height * -(-len(made) // columns)), "#202020")
    for i, tile in enumerate(made):
        page.paste(tile, (i % columns * width, i // columns * height))
    return page


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("sheet.png"))
    parser.add_argument("--nouns", nargs="*", metavar="NOUN",
                        help="things instead of scenes; all that there are, or these")
    parser.add_argument("--meshes", action="store_true", help="the textured meshes of the optional data instead")
    parser.add_argument("--split", choices=SPLITS, default="seen")
    parser.add_argument("--count", type=int, default=12, help="scenes")
    parser.add_argument("--columns", type=int, help="tiles a row")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(1)
    if args.meshes or args.nouns is not None:
        made, columns = mesh_tiles() if args.meshes else noun_tiles(args.seed, args.nouns), 10
    else:
        made, columns = scene_tiles(args.seed, args.split, args.count), 4
    sheet(made, args.columns or columns).save(args.out)


if __name__ == "__main__":
    main()
