"""The registry of things that scenes are made of."""
from dataclasses import dataclass

import numpy as np

from ..vocabulary import COLOURS
from .material import METAL, Material, shade_of
from .mesh import Mesh

FREE = tuple(COLOURS)
TABLE, FLOOR = "table", "floor"
BUILDERS = {}


@dataclass
class Thing:
    """An object ready to be placed: standing on z = 0, around x = y = 0. Words may be ''."""

    noun: str
    mesh: Mesh
    materials: list
    colour: str
    pattern: str = ""
    made_of: str = ""


@dataclass
class Builder:
    """How a noun's mesh is made, what colours it takes and where it belongs."""

    make: object
    colours: tuple
    patterns: bool
    place: str
    weight: float
    made_of: str


def thing(noun, colours=FREE, patterns=False, place=TABLE, weight=1.0, made_of="plastic"):
    """Registers a function (rng, colour) -> (mesh, {material's number: Material}); number 0 has the main colour."""
    def register(make):
        BUILDERS[noun] = Builder(make, tuple(colours), patterns, place, weight, made_of)
        return make
    return register


def held_out(noun, colour):
    """Pairs of colour and shape that training never sees, about one in twelve of the free ones."""
    code = sum(ord(c) * (i + 3) for i, c in enumerate(noun + "/" + colour))
    return len(BUILDERS[noun].colours) > 6 and code % 12 == 0


def main_material(builder, colour, rng):
    """Material number 0 and the pattern's name, '' for a plain one."""
    base = shade_of(colour, rng)
    gloss = float(rng.uniform(0.05, 0.6))
    if not builder.patterns or rng.random() < 0.72:
        return Material(base, gloss=gloss), ""
    pattern = str(rng.choice(["striped", "checkered", "spotted", "marbled"]))
    other = str(rng.choice([name for name in ("white", "white", "black", "yellow") if name != colour]))
    second = shade_of(other, rng)
    if pattern == "marbled":
        second = tuple(np.clip(np.array(base) * 0.55 + 0.35, 0, 1))
    return Material(base, second, pattern, float(rng.uniform(28, 60)), gloss, float(rng.uniform(0, 6))), pattern


def build(noun, rng, unseen=False, colour=None):
    """A random thing of that name. `unseen` asks for the held-out colours, where there are any.

    Asked for a colour, it is plain.
    """
    builder = BUILDERS[noun]
    wanted = [c for c in builder.colours if held_out(noun, c) == unseen] or list(builder.colours)
    if colour is None:
        colour = str(rng.choice(wanted))
        material, pattern = main_material(builder, colour, rng)
    else:
        material, pattern = Material(shade_of(colour, rng), gloss=0.35), ""
    mesh, extras = builder.make(rng, material.colour)
    count = int(mesh.material.max()) + 1
    materials = [extras.get(i, material) for i in range(count)]
    return Thing(noun, mesh, materials, colour, pattern, builder.made_of)


def metal(rng):
    return Material(tuple(np.array(METAL) * rng.uniform(0.75, 1.2)), gloss=0.9)


def pick(rng, place):
    """A noun that belongs to a place."""
    names = [n for n, b in BUILDERS.items() if b.place == place]
    weights = np.array([BUILDERS[n].weight for n in names])
    return str(rng.choice(names, p=weights / weights.sum()))
