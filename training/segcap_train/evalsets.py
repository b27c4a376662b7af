"""What the model is measured on. Each set yields (image uint8, [(mask, attributes), ...])."""
import json

import numpy as np
from PIL import Image

from .config import SHARED_DATA
from .pool import SMALLEST, Pool
from .scenes.composite import photographs
from .scenes.sample import STUFF

COCO_SMALLEST = 32 * 32


def pool_set(folder, split):
    """Held-out scenes of the generator, things only."""
    pool = Pool(folder, split)
    for i in range(len(pool)):
        image, ids, words = pool[i]
        objects = [(ids == n, w) for n, w in words.items() if n < STUFF and (ids == n).sum() >= SMALLEST]
        if objects:
            yield image, objects


def photo_set():
    """Held-out real photographs of tools and trash bags."""
    for file, mask, names in photographs(held_out=True):
        with Image.open(file) as image, Image.open(mask) as instances:
            ids, pixels = np.asarray(instances), np.asarray(image.convert("RGB"))
        objects = [(ids == n, {"noun": noun}) for n, noun in names.items() if (ids == n).sum() >= COCO_SMALLEST]
        if objects:
            yield pixels, objects


def coco_set():
    """Things larger than 32 x 32 pixels in COCO photographs; crowds are left out. Nothing without the data."""
    folder = SHARED_DATA / "coco_dev"
    if not (folder / "panoptic.json").exists():
        return
    panoptic = json.loads((folder / "panoptic.json").read_text())
    things = {c["id"]: c["name"] for c in panoptic["categories"] if c["isthing"]}
    files = {image["id"]: image["file_name"] for image in panoptic["images"]}
    for entry in panoptic["annotations"]:
        with Image.open(folder / "images" / files[entry["image_id"]]) as image:
            pixels = np.asarray(image.convert("RGB"))
        with Image.open(folder / "panoptic" / entry["file_name"]) as image:
            ids = np.asarray(image.convert("RGB"), np.uint32) @ np.array([1, 256, 65536], np.uint32)
        objects = [(ids == s["id"], {"noun": things[s["category_id"]]}) for s in entry["segments_info"]
                   if s["category_id"] in things and not s.get("iscrowd")]
        objects = [(mask, words) for mask, words in objects if mask.sum() > COCO_SMALLEST]
        if objects:
            yield pixels, objects
