"""A pool of packed samples on disk: shards of arrays that training maps into memory."""
import json
import os
import shutil

import numpy as np

from .scenes.sample import STUFF

WIDTH, HEIGHT = 320, 240
SHARD = 50                  # samples
SCENE_SHARE = 0.5           # of the draws are from generated scenes alone
SMALLEST = 60               # visible pixels of an instance worth prompting for


def write_shard(folder, name, samples):
    """A finished shard appears all at once."""
    partial = folder / f".{name}"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    np.save(partial / "images.npy", np.stack([s.image for s in samples]))
    np.save(partial / "ids.npy", np.stack([s.ids for s in samples]))
    words = [{str(i): w for i, w in s.words.items() if (s.ids == i).sum() >= SMALLEST} for s in samples]
    (partial / "words.json").write_text(json.dumps(words))
    os.replace(partial, folder / name)


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
