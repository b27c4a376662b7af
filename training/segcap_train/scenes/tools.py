"""Long things that lie: tools, pens, cutlery."""
import numpy as np

from .catalogue import metal, thing
from .material import Material, plain
from .mesh import arc, box, joined, lathe, rotation, sphere, tube

GRIPS = ("red", "yellow", "blue", "green", "orange", "black", "purple")
LYING = rotation("y", 90)


def lying(mesh):
    """Laid along x, resting on the table."""
    mesh = mesh.moved(LYING)
    low, high = mesh.bounds()
    return mesh.moved(offset=(-(low[0] + high[0]) / 2, 0, -low[2]))


@thing("pen", colours=("blue", "black", "red", "green", "white", "purple"))
def pen(rng, _):
    m = joined([lathe([(0, 0), (.0015, .002), (.005, .016), (.005, .125), (.0045, .14), (0, .14)], 0, 12),
                box(.003, .003, .04, 1).moved(offset=(.006, 0, .095))])
    return lying(m), {1: metal(rng)}


@thing("pencil", colours=("yellow", "red", "green", "blue", "orange"))
def pencil(rng, _):
    m = joined([lathe([(0, 0), (.0012, .004)], 1, 8), lathe([(.0012, .004), (.0042, .02)], 2, 8),
                lathe([(.0042, .02), (.0042, .15)], 0, 7), lathe([(.0044, .15), (.0044, .16)], 3, 8),
                lathe([(.004, .16), (.004, .168), (0, .168)], 4, 8)])
    return lying(m), {1: Material((.1, .1, .1)), 2: Material((.85, .68, .45)), 3: metal(rng), 4: plain("pink", rng)}


@thing("marker", colours=("red", "blue", "green", "black", "orange", "purple", "pink", "yellow"))
def marker(rng, _):
    m = joined([lathe([(0, 0), (.008, 0), (.0085, .05), (.0085, .052)], 0, 14),
                lathe([(.008, .052), (.008, .125), (0, .128)], 1, 14)])
    white = Material((.92, .92, .92)) if rng.random() < .5 else None
    return lying(m), {1: white} if white else {}


@thing("hammer", colours=GRIPS + ("brown",), weight=1.5)
def hammer(rng, _):
    h = rng.uniform(.24, .32)
    grip = tube([(0, 0, 0), (0, 0, h * .2), (0, 0, h * .45)], [.013, .016, .013], 0, 10, .8)
    neck = tube([(0, 0, h * .44), (0, 0, h * .7), (0, 0, h)], .009, 2 if rng.random() < .5 else 0, 10)
    head = [tube([(-.02, 0, h), (.035, 0, h), (.05, 0, h)], [.011, .011, .015], 1, 12),
            tube([(-.02, 0, h), (-.05, 0, h - .004), (-.075, 0, h - .02)], [.011, .01, .006], 1, 8, .7)]
    m = joined([grip, neck, *head]).moved(rotation("z", 90))
    return lying(m), {1: metal(rng), 2: metal(rng)}


@thing("screwdriver", colours=GRIPS, weight=1.5)
def screwdriver(rng, _):
    h = rng.uniform(.08, .11)
    grip = lathe([(0, 0), (.009, .001), (.014, .012), (.012, h * .4), (.014, h * .75), (.008, h), (.0045, h)], 0, 8)
    rod = rng.uniform(.08, .14)
    shaft = lathe([(.0035, h), (.0035, h + rod), (.001, h + rod + .008), (0, h + rod + .008)], 1, 10)
    return lying(joined([grip, shaft])), {1: metal(rng)}


@thing("wrench", colours=("gray",), weight=1.5)
def wrench(rng, _):
    h, w = rng.uniform(.14, .24), rng.uniform(.008, .011)
    bar = tube([(0, 0, 0), (h / 2, 0, 0), (h, 0, 0)], w, 0, 10, .4)
    ring = tube(arc((-w * 1.2, 0, 0), w * 1.5, 0, 360, 20, "xy"), w * .55, 0, 8)
    jaw = tube(arc((h + w * 1.5, 0, 0), w * 1.7, 50, 310, 16, "xy"), w * .65, 0, 8)
    m = joined([bar, ring, jaw])
    return m.moved(offset=(-h / 2, 0, -m.bounds()[0][2])), {0: metal(rng)}


@thing("spoon", colours=("gray",))
def spoon(rng, _):
    bowl = sphere(.02, 0, .3).moved(np.diag([1.45, 1, 1]), (.095, 0, .006))
    bar = tube([(-.08, 0, .003), (0, 0, .004), (.05, 0, .011), (.075, 0, .006)], [.006, .004, .003, .004], 0, 8, .4)
    return joined([bowl, bar]), {0: metal(rng)}


@thing("fork", colours=("gray",))
def fork(rng, _):
    bar = tube([(-.09, 0, .003), (0, 0, .004), (.045, 0, .01), (.06, 0, .006)], [.006, .004, .003, .009], 0, 8, .4)
    tines = [tube([(.058, y, .006), (.075, y, .004), (.1, y, .008)], .0016, 0, 6) for y in (-.0085, -.003, .003, .0085)]
    return joined([bar, *tines]), {0: metal(rng)}


@thing("knife", colours=("black", "brown", "red", "blue", "gray"))
def knife(rng, _):
    h = rng.uniform(.1, .17)
    blade = tube([(0, 0, .008), (h * .6, .002, .008), (h, .009, .008)], [.014, .014, .001], 1, 8, .1)
    grip = tube([(-.1, 0, .008), (-.05, 0, .008), (.002, 0, .008)], [.01, .009, .011], 0, 10, .7)
    return joined([blade, grip]), {1: metal(rng)}


@thing("scissors", colours=GRIPS)
def scissors(rng, _):
    open_angle = rng.uniform(3, 22)
    halves = []
    for sign in (-1, 1):
        loop = tube(arc((-.075, sign * .02, .005), .018, 0, 360, 18, "xy"), .0045, 0, 8)
        loop = loop.moved(np.diag([1.3, 1, 1]), (.02, 0, 0))
        arm = tube([(-.055, sign * .012, .005), (-.02, sign * .004, .005), (0, 0, .005)], .0045, 0, 8, .6)
        blade = tube([(0, 0, .005), (.05, -sign * .003, .005), (.095, -sign * .001, .005)], [.007, .006, .001], 1, 8, .2)
        halves.append(joined([loop, arm, blade]).moved(rotation("z", -sign * open_angle)))
    return joined(halves), {1: metal(rng)}


@thing("pliers", colours=GRIPS)
def pliers(rng, _):
    spread = rng.uniform(.016, .03)
    parts = [tube([(0, 0, .007), (.03, 0, .007), (.055, 0, .007)], [.012, .009, .004], 1, 8, .5)]
    for sign in (-1, 1):
        parts.append(tube([(-.1, sign * spread, .007), (-.05, sign * spread * .95, .007), (-.005, sign * .005, .007)],
                          [.006, .0065, .006], 0, 8))
    return joined(parts), {1: metal(rng)}


@thing("toothbrush", colours=("red", "blue", "green", "pink", "white", "purple"), weight=.7)
def toothbrush(rng, _):
    bar = tube([(-.09, 0, .005), (-.02, 0, .006), (.04, 0, .004), (.09, 0, .005)], [.006, .007, .003, .006], 0, 8, .7)
    return joined([bar, box(.028, .01, .011, 1).moved(offset=(.076, 0, .006))]), {1: Material((.93, .93, .95))}


@thing("key", colours=("gray", "yellow"), weight=.6)
def key(rng, _):
    ring = tube(arc((-.012, 0, .0015), .01, 0, 360, 18, "xy"), .0032, 0, 8, .5)
    teeth = [box(.003, .007, .002).moved(offset=(x, -.004, 0)) for x in (.022, .028, .034)]
    return joined([ring, box(.042, .005, .002).moved(offset=(.018, 0, 0)), *teeth]), {0: metal(rng)} \
        if rng.random() < .6 else {0: Material((.75, .6, .25), gloss=.8)}
