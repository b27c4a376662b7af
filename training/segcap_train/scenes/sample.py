"""One training sample from a generated scene: a picture, an instance map, what the instances are."""
from dataclasses import dataclass

import numpy as np
from PIL import Image

from .compose import compose
from .effects import develop, spoil
from .render import render

SUPERSAMPLE = 1.5
STUFF = 200          # instance numbers from here on are tables, floors, walls and shelves


@dataclass
class Sample:
    """image (H,W,3) uint8; ids (H,W) uint8, 0 unknown; words {id: attributes}, '' nouns have no name."""

    image: np.ndarray
    ids: np.ndarray
    words: dict


def shrink_ids(ids, width, height):
    """Instance numbers at a lower resolution, by their nearest pixel."""
    ys = ((np.arange(height) + 0.5) * ids.shape[0] / height).astype(int)
    xs = ((np.arange(width) + 0.5) * ids.shape[1] / width).astype(int)
    return ids[ys][:, xs]


def scene_sample(rng, width, height, unseen=False):
    """A random scene as the camera sees it."""
    scene = compose(rng, int(width * SUPERSAMPLE), int(height * SUPERSAMPLE), unseen)
    picture = render(scene.camera, scene.placed, scene.slabs, scene.light)
    image = Image.fromarray(develop(picture.colour, rng)).resize((width, height), Image.Resampling.BOX)
    seen = shrink_ids(picture.ids.numpy(), width, height)
    ids, words = np.zeros(seen.shape, np.uint8), {}
    for i, word in enumerate(scene.words):
        ids[seen == i + 1] = i + 1
        words[i + 1] = word.as_dict()
    same = {}
    for i, word in scene.slab_words.items():
        number = same.setdefault(word.noun, STUFF + len(same))
        ids[seen == -1 - i] = number
        words[number] = word.as_dict()
    return Sample(spoil(np.asarray(image), rng), ids, words)
