"""`python -m segcap_train.samples`: renders samples/, the still and the clip that the demo shows, with their truth.

Only what the repository holds goes into them: no photograph, no texture from elsewhere.
"""
import argparse
from pathlib import Path

import numpy as np
import torch
import yaml
from PIL import Image
from torch.nn import functional as F

from .clips import HEIGHT, WIDTH, write_clip
from .config import REPO_DIR
from .scenes.camera import look_at
from .scenes.catalogue import build
from .scenes.compose import Scene, add_relations, put, seen_by
from .scenes.effects import Faults
from .scenes.grammar import Attributes, attributes_of, caption
from .scenes.material import Material
from .scenes.render import Light
from .scenes.sample import photograph
from .scenes.surroundings import WALL, Slab

SUPERSAMPLE = 2
FRAMES = 45
DEPTH_STEP_MM = 4          # keeps the depth pictures small
SOUND = Faults(grain=2.0)
# noun, colour, x and y on the table in metres, turn in degrees, seed of its shape
CLIP = [("mug", "red", .02, -.02, 215, 3), ("banana", "yellow", -.17, -.11, 25, 1), ("bowl", "blue", .2, .1, 0, 5),
        ("bottle", "green", -.1, .14, 40, 3), ("orange", "orange", .15, -.13, 0, 2),
        ("book", "purple", -.26, .1, 20, 8),
        ("screwdriver", "yellow", .03, -.19, 12, 4), ("can", "white", .06, .2, 60, 2)]
STILL = [("teapot", "blue", -.06, .12, 235, 1), ("mug", "yellow", .14, .03, 330, 6),
         ("plate", "white", -.16, -.06, 0, 4),
         ("apple", "red", -.19, -.05, 0, 2), ("apple", "green", -.11, -.08, 0, 5), ("book", "red", .27, .16, -15, 3),
         ("scissors", "orange", .08, -.16, 150, 7), ("box", "green", .05, .24, 20, 12),
         ("lemon", "yellow", -.02, -.06, 0, 2),
         ("potted plant", "green", -.27, .2, 0, 6)]


def table():
    """A wooden table in a plain room."""
    wood = Material((.58, .39, .23), (.42, .27, .15), "wooden", 6.0, 0.25, 0.4)
    floor = Material((.45, .43, .4), (.36, .34, .32), "checkered", 3.0, 0.1, 0.5)
    walls = Material((.74, .76, .74), gloss=0.02)
    return [Slab((-2.2, -2.0, -.72), (2.2, 1.7, 1.9), floor, True, walls),
            Slab((-.75, -.5, -.04), (.75, .5, 0.0), wood)]


def arranged(plan):
    """The things of a plan in their places; an apple stands on the plate."""
    placed = []
    for noun, colour, x, y, turn, seed in plan:
        rng = np.random.default_rng(seed)
        height = 0.011 if plan is STILL and noun == "apple" else 0.0
        placed.append(put(build(noun, rng, colour=colour), rng, x, y, height, turn))
    return placed


def scene_of(plan, camera):
    """The things of a plan on the table, under the samples' lamp; relations are as `camera` sees them."""
    placed = arranged(plan)
    words = [attributes_of(one.thing) for one in placed]
    known = {0: Attributes("floor"), 1: Attributes("table", pattern="wooden"), WALL: Attributes("wall")}
    light = Light(np.array([-.45, -.35, .82]) / 0.999, 1.0, (1.03, 1.0, .95), .5, .012)
    return Scene(placed, table(), camera, light, words, known, add_relations(placed, words, camera))


def view(share):
    """The clip's camera, at a share 0..1 of its way; it rests at both ends, so that it may turn back."""
    s = 0.5 - 0.5 * np.cos(np.pi * share)
    turn = np.radians(-115 + 50 * s)
    away = .92 - .1 * s
    position = (np.cos(turn) * away * .8, np.sin(turn) * away * .8, .5 + .12 * s)
    return look_at(position, (-.01, .015, .03), 0, 46, WIDTH * SUPERSAMPLE, HEIGHT * SUPERSAMPLE)


def click_points(scene, ids):
    """[{name, point}]: a pixel deep inside each thing that can be seen."""
    found = []
    for i, one in enumerate(scene.placed):
        mask = torch.from_numpy((ids == i + 1).astype(np.float32))[None, None]
        if mask.sum() < 150:
            continue
        while True:
            less = -F.max_pool2d(-F.pad(mask, (1, 1, 1, 1)), 3, 1)
            if not less.any():
                break
            mask = less
        spots = torch.nonzero(mask[0, 0])
        y, x = spots[(spots.float() - spots.float().mean(0)).square().sum(1).argmin()].tolist()
        words = caption(attributes_of(one.thing), np.random.default_rng(0), relation_share=0)
        found.append({"name": words, "point": [x, y]})
    return found


def still(rng):
    """-> the still's Scene and Sample."""
    camera = look_at((.06, -.72, .47), (.0, .035, .03), 0, 47, WIDTH * SUPERSAMPLE, HEIGHT * SUPERSAMPLE)
    scene = scene_of(STILL, camera)
    return scene, photograph(scene, SOUND, rng, WIDTH, HEIGHT)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=REPO_DIR / "samples")
    out = parser.parse_args().out
    torch.set_num_threads(1)
    rng = np.random.default_rng(11)
    (out / "clip").mkdir(parents=True, exist_ok=True)
    scene, picture = still(rng)
    Image.fromarray(picture.image).save(out / "tabletop.jpg", quality=92)
    prompts = {"tabletop.jpg": click_points(scene, picture.ids)}
    scene, seen = scene_of(CLIP, view(0)), []
    for i in range(FRAMES):
        seen.append(photograph(seen_by(scene, view(i / (FRAMES - 1))), SOUND, rng, WIDTH, HEIGHT))
    write_clip(out / "clip", seen, step_mm=DEPTH_STEP_MM)
    prompts["clip/000.jpg"] = click_points(scene, seen[0].ids)
    (out / "prompts.yaml").write_text("# Where to click, x and y in pixels, and what is there.\n"
                                      + yaml.safe_dump(prompts, sort_keys=False, default_flow_style=None))


if __name__ == "__main__":
    main()
