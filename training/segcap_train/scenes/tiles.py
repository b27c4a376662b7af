"""Photographic textures and meshes of the optional data folder. Everything here copes without it."""
import csv
import io
import tarfile
from functools import cache

import numpy as np
from PIL import Image

from ..config import RUNS_DIR, SHARED_DATA
from ..vocabulary import nouns
from .heldout import unseen_name

PACK = SHARED_DATA / "training"
UNPACKED = RUNS_DIR / "unpacked"
# Meshes that a person would not recognise, or that are no single object.
UNCLEAR = {"chandelier", "stove", "refrigerator", "picture frame", "range hood", "building", "fountain", "playground",
           "crane", "radio tower", "water tower", "utility pole", "street lamp", "air conditioner", "door handle",
           "counter", "curtain", "hospital curtain", "elevator door", "tablet computer", "wooden board", "pillow",
           "folding door", "kitchen cabinet", "lamp", "books", "pile of books"}
LARGE = {"table", "bed", "armchair", "chair", "coffee table", "door", "folding door", "kitchen cabinet", "desk",
         "nightstand", "bookshelf", "sofa", "tv stand", "wardrobe", "stool", "bench", "weight bench", "office chair",
         "shoe rack", "television", "trash can", "barrel", "traffic barrel", "traffic cone", "concrete barrier",
         "fire hydrant", "mailbox", "tire", "mobile robot", "exercise ball", "cinder block", "car", "suv", "ambulance",
         "fire truck", "pickup truck", "rover", "utility vehicle", "traffic light", "cardboard box", "lamp"}


def available():
    return (PACK / "manifest.csv").exists()


def unpack(name):
    """The folder of an unpacked archive of the pack, made on first use."""
    folder = UNPACKED / name
    if not folder.exists():
        UNPACKED.mkdir(parents=True, exist_ok=True)
        with tarfile.open(PACK / f"{name}.tar") as archive:
            archive.extractall(UNPACKED, filter="data")
    return folder


@cache
def manifest():
    """Rows of the pack's list that training may use."""
    with open(PACK / "manifest.csv", newline="") as file:
        return [row for row in csv.DictReader(file) if row["tier"] == "A"]


@cache
def tile_files():
    """All textures, the held-out ones too."""
    return sorted(unpack("textures").glob("*.webp")) if available() else []


@cache
def tile(path):
    """A seamless texture (h,w,3), sRGB, uint8."""
    with Image.open(path) as image:
        return np.array(image.convert("RGB"))


@cache
def tiles_like(*words, unseen=False):
    """Textures whose file name begins with one of the words; the held-out ones, or the others."""
    return [file for file in tile_files() if file.name.startswith(words) and unseen_name(file.stem) == unseen]


@cache
def mesh_rows():
    """(file, noun, up axis, large) of every mesh worth showing."""
    if not available():
        return []
    folder = unpack("meshes").parent
    with open(PACK / "meshes.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    return [(folder / row["file"], nouns()[row["label"]], row["up"], row["label"] in LARGE) for row in rows
            if row["label"] in nouns() and row["label"] not in UNCLEAR]


@cache
def mesh_arrays(path):
    """A mesh's arrays, its textures decoded."""
    with np.load(path) as data:
        arrays = {name: data[name] for name in data.files}
    for name in [name for name in arrays if name.startswith("texture_")]:
        with Image.open(io.BytesIO(arrays[name].tobytes())) as image:
            image.thumbnail((256, 256))
            arrays[name] = np.array(image.convert("RGB"))
    return arrays
