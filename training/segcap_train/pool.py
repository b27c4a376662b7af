"""A pool of packed samples on disk: shards of arrays that training maps into memory.

A shard of N samples is a folder with `images.npy` (N,H,W,3) uint8 sRGB, `ids.npy` (N,H,W) uint8 and `words.json`,
N times {id: attributes}. With all labels also `depth.npy` (N,H,W) uint16 millimetres, 0 unknown; `parts.npy` (N,H,W)
uint8, numbers of `scenes.parts.PARTS`; `truth.json`, N times {camera, objects} as `scenes.truth` says. Beside the
shards `pool.json` says what made them; see `Recipe`.
"""
import json
import os
import shutil
from dataclasses import asdict, dataclass

import numpy as np

from .scenes.sample import STUFF

WIDTH, HEIGHT = 480, 360
SHARD = 50                  # samples
SCENE_SHARE = 0.5           # of the draws are from generated scenes alone
SMALLEST = 60               # visible pixels of an instance worth prompting for
# 1: no pool.json; textures and meshes of `unseen` scenes are not held out of training, pairs of colour and shape are.
# 2: they are, see `scenes.heldout`; better shapes, up to 20 things, all labels.
# 3: 480 x 360 instead of 320 x 240; scenes alone, since cut-outs and photographs join while training (`mixture`).
GENERATOR = 3


class PoolError(Exception):
    """A folder that cannot take these samples, or lacks those asked for."""


@dataclass
class Recipe:
    """What decides a pool's samples. Shards of different recipes are never mixed."""

    seed: int
    data: bool                  # whether the optional data folder was there
    labels: str                 # "masks" or "all"
    generator: int = GENERATOR


def claim(folder, recipe):
    """Makes the folder a pool of that recipe; PoolError where it holds samples of another."""
    made_by = folder / "pool.json"
    if made_by.exists():
        found = json.loads(made_by.read_text())
    else:
        found = {"generator": 1} if any(folder.glob("*_[0-9]*")) else asdict(recipe)
    if found != asdict(recipe):
        raise PoolError(f"{folder} holds samples of {found}, expected {asdict(recipe)}: choose another folder")
    folder.mkdir(parents=True, exist_ok=True)
    made_by.write_text(json.dumps(found) + "\n")


def write_shard(folder, name, samples, labels="masks"):
    """A finished shard appears all at once."""
    partial = folder / f".{name}"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    np.save(partial / "images.npy", np.stack([s.image for s in samples]))
    np.save(partial / "ids.npy", np.stack([s.ids for s in samples]))
    words = [{str(i): w for i, w in s.words.items() if (s.ids == i).sum() >= SMALLEST} for s in samples]
    (partial / "words.json").write_text(json.dumps(words))
    if labels == "all":
        write_labels(partial, samples)
    os.replace(partial, folder / name)


def write_labels(partial, samples):
    def stacked(maps, dtype):
        return np.stack([np.zeros(s.ids.shape, dtype) if m is None else m for s, m in zip(samples, maps)])

    np.save(partial / "depth.npy", stacked([s.depth for s in samples], np.uint16))
    np.save(partial / "parts.npy", stacked([s.parts for s in samples], np.uint8))
    (partial / "truth.json").write_text(json.dumps([{"camera": s.camera, "objects": s.objects} for s in samples]))


class Pool:
    """All shards of a split, looked up again by `refresh`, since they may be being made right now."""

    def __init__(self, folder, split):
        self.folder, self.split = folder, split
        self.shards = {}
        self.refresh()

    def refresh(self):
        for path in sorted(self.folder.glob(f"{self.split}_*")):
            if path.name not in self.shards:
                self.shards[path.name] = (np.load(path / "images.npy", mmap_mode="r"),
                                          np.load(path / "ids.npy", mmap_mode="r"),
                                          json.loads((path / "words.json").read_text()))
        self.index = [(name, i) for name in sorted(self.shards) for i, words in enumerate(self.shards[name][2])
                      if words]

        self.scenes = [at for at, (name, i) in enumerate(self.index)
                       if any(int(n) >= STUFF for n in self.shards[name][2][i])]

    def draw(self, rng):
        """A random sample; generated scenes are drawn more often than pasted and real ones."""
        if self.scenes and rng.random() < SCENE_SHARE:
            return self[self.scenes[int(rng.integers(len(self.scenes)))]]
        return self[int(rng.integers(len(self)))]

    def __len__(self):
        return len(self.index)

    def __getitem__(self, at):
        """-> image (H,W,3) uint8, ids (H,W) uint8, {id: attributes as a dict}."""
        name, i = self.index[at]
        images, ids, words = self.shards[name]
        return np.asarray(images[i]), np.asarray(ids[i]), {int(k): v for k, v in words[i].items()}

    def truth(self, at):
        """-> depth (H,W) uint16 millimetres, parts (H,W) uint8, camera or None, {id: geometry and attributes}."""
        name, i = self.index[at]
        folder = self.folder / name
        if not (folder / "truth.json").exists():
            raise PoolError(f"{folder} has masks only, expected all labels: generate it with --labels all")
        known = json.loads((folder / "truth.json").read_text())[i]
        depth, parts = (np.asarray(np.load(folder / f"{kind}.npy", mmap_mode="r")[i]) for kind in ("depth", "parts"))
        return depth, parts, known["camera"], {int(k): v for k, v in known["objects"].items()}
