"""Pens and other small things of a desk."""
import numpy as np

from ..catalogue import metal, thing
from ..material import Material, plain
from ..mesh import arc, box, joined, lathe, rotation, tube


def lying(mesh):
    """What was made upright laid along x, resting on the table."""
    return mesh.moved(rotation("y", 90)).centred()


@thing("pen", colours=("blue", "black", "red", "green", "white", "purple"))
def pen(rng, _):
    m = joined([lathe([(0, 0), (.0015, .002), (.005, .016)], 1, 12).called("tip"),
                lathe([(.005, .016), (.0055, .12)], 0, 12),
                lathe([(.006, .085), (.0055, .14), (0, .14)], 0, 12).called("cap"),
                box(.003, .003, .045, 1).moved(offset=(.0065, 0, .092)).called("clip")])
    return lying(m), {1: metal(rng)}


@thing("pencil", colours=("yellow", "red", "green", "blue", "orange"), made_of="wood")
def pencil(rng, _):
    m = joined([lathe([(0, 0), (.0012, .004)], 1, 8).called("tip"),
                lathe([(.0012, .004), (.0042, .02)], 2, 8).called("tip"),
                lathe([(.0042, .02), (.0042, .15)], 0, 7), lathe([(.0044, .15), (.0044, .16)], 3, 8).called("ring"),
                lathe([(.004, .16), (.004, .168), (0, .168)], 4, 8).called("eraser")])
    return lying(m), {1: Material((.1, .1, .1)), 2: Material((.85, .68, .45)), 3: metal(rng), 4: plain("pink", rng)}


@thing("marker", colours=("red", "blue", "green", "black", "orange", "purple", "pink", "yellow"))
def marker(rng, _):
    m = joined([lathe([(0, 0), (.009, 0), (.0095, .05), (.0095, .052)], 0, 14).called("cap"),
                lathe([(.008, .052), (.008, .125), (0, .128)], 1, 14),
                lathe([(.0083, .112), (.0083, .122)], 0, 14).called("ring")])
    return lying(m), {1: Material((.92, .92, .92))} if rng.random() < .7 else {1: Material((.2, .2, .2))}


@thing("key", colours=("gray", "yellow"), weight=.6, made_of="metal")
def key(rng, _):
    ring = tube(arc((-.012, 0, .0015), .01, 0, 360, 18, "xy"), .0032, 0, 8, .5).called("handle")
    teeth = [box(.003, .007, .002).moved(offset=(x, -.004, 0)) for x in (.022, .028, .034)]
    m = joined([ring, box(.042, .005, .002).moved(offset=(.018, 0, 0)).called("shaft"), joined(teeth).called("teeth")])
    return m, {0: metal(rng)} if rng.random() < .6 else {0: Material((.75, .6, .25), gloss=.8)}


@thing("roll of tape", colours=("gray", "brown", "blue", "yellow", "white", "black"))
def roll_of_tape(rng, _):
    r, h = rng.uniform(.03, .05), rng.uniform(.02, .045)
    out = lathe([(r * .7, 0), (r, 0), (r, h), (r * .7, h)], 0)
    m = joined([out, lathe([(r * .7, h), (r * .66, h), (r * .66, 0), (r * .7, 0)], 1).called("ring")])
    return m if rng.random() < .7 else m.moved(rotation("x", 90), (0, h / 2, r)), {1: Material((.75, .65, .5))}


@thing("padlock", colours=("yellow", "gray", "black", "blue", "red"), weight=.7, made_of="metal")
def padlock(rng, _):
    s = rng.uniform(.8, 1.3)
    bow = np.concatenate([[(-.014, 0, .03)], arc((0, 0, .045), .014, 180, 0, 12), [(.014, 0, .03)]])
    shackle = tube(bow, .0038, 1, 8)
    hole = lathe([(.005, 0), (.005, .001), (0, .001)], 2, 12).moved(rotation("x", 90), (0, -.0095, .014))
    m = joined([box(.042, .019, .034), shackle.called("handle"), hole]).moved(np.eye(3) * s)
    m = m if rng.random() < .5 else m.moved(rotation("x", -90)).centred()
    return m, {1: metal(rng), 2: Material((.05, .05, .05))}


@thing("paintbrush", colours=("brown", "red", "yellow", "blue", "black"), made_of="wood")
def paintbrush(rng, _):
    w = rng.uniform(.7, 1.4)
    path = [(0, 0, .11), (0, 0, .15), (0, 0, .19), (0, 0, .25)]
    grip = tube(path, [.016, .008, .011, .006], 0, 10, .6).called("handle")
    ferrule = box(.044, .016, .036, 1).moved(offset=(0, 0, .077)).called("ring")
    hair = joined([box(.042, .013, .06, 2).moved(offset=(0, 0, .02)), box(.034, .009, .022, 2)]).called("bristles")
    m = joined([grip, ferrule, hair]).moved(np.diag([w, 1, 1])).moved(rotation("z", 90))
    return lying(m), {1: metal(rng), 2: Material((.25, .19, .13) if rng.random() < .5 else (.8, .72, .55), gloss=.02)}
