"""Balls and other sports things."""
import numpy as np

from ..catalogue import metal, thing
from ..material import Material
from ..mesh import joined, lathe, rotation, sphere, tube
from ..printing import basketball_skin, football_skin


@thing("ball", patterns=True, weight=2, made_of="rubber")
def ball(rng, _):
    r = rng.uniform(.025, .07)
    return sphere(r).moved(offset=(0, 0, r)), {}


def rolled(radius, rng):
    """A ball turned any way."""
    turn = rotation("x", rng.uniform(0, 360)) @ rotation("y", rng.uniform(0, 360))
    return sphere(radius).moved(turn).moved(offset=(0, 0, radius))


@thing("basketball", colours=("orange",), place="floor", weight=.8, made_of="rubber")
def basketball(rng, _):
    return rolled(.12, rng), {0: Material((.85, .42, .12), image=basketball_skin(), gloss=.15)}


@thing("soccer ball", colours=("white",), place="floor", weight=.8, made_of="leather")
def soccer_ball(rng, _):
    return rolled(.11, rng), {0: Material((.93, .93, .93), image=football_skin(), gloss=.3)}


@thing("dumbbell", colours=("black", "gray", "red", "blue", "green", "pink", "purple"), weight=.8, made_of="metal")
def dumbbell(rng, _):
    r, w = rng.uniform(.028, .045), rng.uniform(.025, .04)
    sides = int(rng.choice([6, 20]))
    heads = []
    for s in (-1, 1):
        a, b = sorted((s * .045, s * (.045 + w)))
        heads.append(lathe([(0, a), (r * .9, a), (r, a + .005), (r, b - .005), (r * .9, b), (0, b)], 0, sides))
    grip = tube([(0, 0, -.05), (0, 0, 0), (0, 0, .05)], [.012, .014, .012], 1, 12).called("handle")
    m = joined([joined(heads).called("head"), grip]).moved(rotation("y", 90))
    return m.centred(), {1: metal(rng)}


@thing("trophy", colours=("yellow",), weight=.7, made_of="metal")
def trophy(rng, _):
    s = rng.uniform(.8, 1.2)
    t = np.linspace(.2, np.pi / 2, 8)
    cup = [(0, .07), *np.stack([np.sin(t) * .045, .07 + (1 - np.cos(t)) * .075], 1), (.048, .148), (.044, .148),
           (.03, .1), (0, .085)]
    stem = lathe([(.026, .028), (.01, .04), (.008, .055), (.012, .072)], 0)
    base = lathe([(0, 0), (.038, 0), (.036, .028), (0, .028)], 1, 24).called("base")
    curve = np.array([(.044, 0, .135), (.072, 0, .138), (.07, 0, .11), (.034, 0, .092)])
    grips = [tube(curve * [x, 1, 1], .0045, 0, 8).called("handle")
             for x in (-1, 1)]
    return joined([lathe(cup, 0, crease=60), stem.called("stem"), base, *grips]).moved(np.eye(3) * s), \
        {0: Material((.83, .66, .2), gloss=.9), 1: Material((.12, .09, .07), gloss=.4)}
