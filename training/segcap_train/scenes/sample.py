"""One training sample from a generated scene: a picture and everything that is known of it."""
from dataclasses import dataclass, field

import numpy as np
from PIL import Image

from .compose import compose
from .effects import develop, faults, spoil
from .render import render
from .truth import intrinsics, objects_of, seen_from

SUPERSAMPLE = 1.5
STUFF = 200          # instance numbers from here on are tables, floors, walls and shelves
FARTHEST = 65.535    # metres that fit 16 bits of millimetres


@dataclass
class Sample:
    """A picture and its labels. Photographs and pasted pictures have neither depth, parts, objects nor camera.

    image (H,W,3) uint8 sRGB; ids (H,W) uint8: 0 unknown, 1.. things, STUFF.. surfaces; words {id: attributes for
    captions}, '' nouns have no name; depth (H,W) uint16, millimetres along the camera's z, 0 unknown; parts (H,W)
    uint8, numbers of `parts.PARTS`, 0 off the things; objects {id: see `truth.object_of`}; camera, see
    `truth.intrinsics`.
    """

    image: np.ndarray
    ids: np.ndarray
    words: dict
    depth: np.ndarray | None = None
    parts: np.ndarray | None = None
    objects: dict = field(default_factory=dict)
    camera: dict | None = None


def shrink(array, width, height):
    """A map at a lower resolution, by its nearest pixel."""
    ys = ((np.arange(height) + 0.5) * array.shape[0] / height).astype(int)
    xs = ((np.arange(width) + 0.5) * array.shape[1] / width).astype(int)
    return array[ys][:, xs]


def number_things(seen, scene):
    """The renderer's ids (H,W) as a sample's: (ids, words). Surfaces of one name share a number."""
    ids, words = np.zeros(seen.shape, np.uint8), {}
    for i, word in enumerate(scene.words):
        ids[seen == i + 1] = i + 1
        words[i + 1] = word.as_dict()
    same = {}
    for i, word in scene.slab_words.items():
        number = same.setdefault(word.noun, STUFF + len(same))
        ids[seen == -1 - i] = number
        words[number] = word.as_dict()
    return ids, words


def photograph(scene, faulty, rng, width, height, device="cpu"):
    """What the scene's camera, whose picture is at least that large, sees: a Sample of width x height."""
    picture = render(scene.camera, scene.placed, scene.slabs, scene.light, device)
    image = Image.fromarray(develop(picture.colour, faulty)).resize((width, height), Image.Resampling.BOX)
    ids, words = number_things(shrink(picture.ids.cpu().numpy(), width, height), scene)
    metres = shrink(picture.depth.cpu().numpy(), width, height)
    depth = np.where(metres <= FARTHEST, np.round(metres * 1000), 0).astype(np.uint16)
    parts = shrink(picture.parts.cpu().numpy(), width, height)
    lens = intrinsics(scene.camera, width, height)
    return Sample(spoil(np.asarray(image), faulty, rng), ids, words, depth, parts,
                  objects_of(scene, lens, ids, metres), lens | seen_from(scene.camera))


def scene_sample(rng, width, height, unseen=False, device="cpu"):
    """A random scene as a random camera sees it."""
    scene = compose(rng, int(width * SUPERSAMPLE), int(height * SUPERSAMPLE), unseen)
    return photograph(scene, faults(rng), rng, width, height, device)
