"""Real pictures, where `../shared/data` is: COCO, robot tabletops, photographs of tools and trash bags."""
import json
from functools import cache, partial
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from ..config import SHARED_DATA
from ..scenes.composite import photographs
from .references import accepted
from .truth import Item, Truth

HERE = Path(__file__).parent
SMALLEST = 32 * 32              # pixels of a thing that counts
COCO, TABLETOP = SHARED_DATA / "coco_dev", SHARED_DATA / "tabletop_rgbd"
TRAINABLE = SHARED_DATA / "training" / "coco128_permissive_train.txt"


def opened(file):
    with Image.open(file) as image:
        return np.asarray(image.convert("RGB"))


def photos():
    """Held-out photographs; their nouns are known, colours are not."""
    return [Item(file.stem, partial(photo, file, mask, names)) for file, mask, names in photographs(held_out=True)]


def photo(file, mask, names):
    with Image.open(mask) as image:
        ids = np.asarray(image)
    found = [Truth(ids == number, noun) for number, noun in names.items()]
    return opened(file), [truth for truth in found if truth.mask.sum() > SMALLEST]


@cache
def coco_nouns():
    """{COCO's name: (our noun, other nouns that are right too ...)}"""
    rows = (line.split(":") for line in (HERE / "coco_nouns.txt").read_text().splitlines()
            if line and not line.startswith("#"))
    return {name.strip(): tuple(noun.strip() for noun in nouns.split(",")) for name, nouns in rows}


@cache
def coco_index():
    """{file name: annotation}, and {category: name} of the things."""
    if not (COCO / "panoptic.json").exists():
        return {}, {}
    panoptic = json.loads((COCO / "panoptic.json").read_text())
    files = {image["id"]: image["file_name"] for image in panoptic["images"]}
    things = {c["id"]: c["name"] for c in panoptic["categories"] if c["isthing"]}
    return {files[entry["image_id"]]: entry for entry in panoptic["annotations"]}, things


def coco():
    """Photographs that training may not use, whether it uses any or not."""
    trained = set(TRAINABLE.read_text().split()) if TRAINABLE.exists() else set()
    return [Item(file, partial(coco_picture, file)) for file in sorted(coco_index()[0]) if file not in trained]


def coco_picture(file):
    """Things, without crowds and small ones; a name that is not in our vocabulary is not scored."""
    index, things = coco_index()
    ids = opened(COCO / "panoptic" / index[file]["file_name"]).astype(np.uint32) @ np.array([1, 256, 65536], np.uint32)
    found = []
    for segment in index[file]["segments_info"]:
        if segment["category_id"] not in things or segment.get("iscrowd"):
            continue
        noun, *also = coco_nouns().get(things[segment["category_id"]], ("",))
        found.append(Truth(ids == segment["id"], noun, tuple(also)))
    return opened(COCO / "images" / file), [truth for truth in found if truth.mask.sum() > SMALLEST]


def annotated():
    """The hand-made annotation of the tabletops."""
    return json.loads((HERE / "tabletop.json").read_text())["pictures"]


def tabletops():
    return [Item(picture["file"], partial(tabletop, picture)) for picture in annotated()
            if (TABLETOP / picture["file"]).exists()]


def tabletop(picture):
    image = opened(TABLETOP / picture["file"])
    return image, tabletop_truths(picture["objects"], image.shape[:2])


def tabletop_truths(objects, shape):
    """Objects listed from back to front -> Truths with what can be seen of each."""
    masks = []
    for known in objects:
        canvas = Image.new("1", shape[::-1])
        draw = ImageDraw.Draw(canvas)
        draw.polygon([tuple(corner) for corner in known["outline"]], fill=1)
        if "hole" in known:
            draw.polygon([tuple(corner) for corner in known["hole"]], fill=0)
        front = np.array(canvas)
        masks = [mask & ~front for mask in masks] + [front]
    return [Truth(mask, known["noun"], tuple(known.get("also", ())), tuple(known["colours"]), {},
                  accepted([known["noun"], *known.get("also", ())], known["colours"]))
            for mask, known in zip(masks, objects)]
