"""Things from the optional pack of textured meshes."""
from functools import cache

import numpy as np

from . import tiles
from .catalogue import BUILDERS, Thing
from .heldout import unseen_meshes
from .material import Material
from .mesh import Mesh, rotation

SIZES = {True: (0.35, 1.0), False: (0.09, 0.22)}     # metres, largest extent, of furniture and of small things


@cache
def held_out_meshes():
    """The stems of the meshes that only the `unseen` split shows."""
    return unseen_meshes(tiles.mesh_rows(), BUILDERS)


def choose(rng, large, unseen):
    """A random mesh as a thing, or None where there is no pack; a held-out one if `unseen`, else another."""
    rows = [row for row in tiles.mesh_rows() if row[3] == large and (row[0].stem in held_out_meshes()) == unseen]
    if not rows:
        return None
    names = sorted({row[1] for row in rows})
    noun = str(rng.choice(names))
    rows = [row for row in rows if row[1] == noun]
    return load(rows[int(rng.integers(len(rows)))], rng)


def load(row, rng):
    """Normalises a mesh: upright, standing on z = 0, centred, of a plausible size."""
    path, noun, up, large = row
    data = tiles.mesh_arrays(path)
    uv = data["uv"].astype(float).copy()
    uv[:, 1] = 1 - uv[:, 1]
    slot, materials = slots(data)
    mesh = Mesh(data["vertices"].astype(float), data["normals"].astype(float), uv,
                data["faces"].astype(np.int64), slot)
    if up == "y":
        mesh = mesh.moved(rotation("x", 90))
    low, high = mesh.bounds()
    factor = rng.uniform(*SIZES[large]) / max((high - low).max(), 1e-6)
    middle = (low + high) / 2
    mesh = mesh.moved(np.eye(3) * factor, -np.array([middle[0], middle[1], low[2]]) * factor)
    return Thing(noun, mesh, materials, "")


def slots(data):
    """Material index a face, and the materials: one a texture, one a flat colour of untextured faces."""
    texture = data["face_texture"].astype(int)
    materials, slot = [], np.zeros(len(texture), np.int64)
    for index in np.unique(texture):
        at = texture == index
        if index >= 0 and f"texture_{index}" in data:
            slot[at] = len(materials)
            materials.append(Material((0.7, 0.7, 0.7), image=data[f"texture_{index}"], gloss=0.15))
            continue
        colours = data["color"][data["faces"][at][:, 0]]
        for colour in np.unique(colours // 16, axis=0)[:24]:
            same = np.flatnonzero(at)[(colours // 16 == colour).all(1)]
            slot[same] = len(materials)
            materials.append(Material(tuple((colour * 16 + 8) / 255.0), gloss=0.2))
    return slot, materials or [Material((0.6, 0.6, 0.6))]
