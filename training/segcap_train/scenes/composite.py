"""Samples from the optional data: named cut-outs pasted over textures, and photographs with masks."""
from functools import cache
from pathlib import Path

from ..vocabulary import nouns
from . import tiles
from .heldout import shows_one_of
from .meshpack import held_out_meshes

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
