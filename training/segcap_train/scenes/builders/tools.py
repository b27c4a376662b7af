"""Tools of a workshop; most of them lie."""
import numpy as np

from ..catalogue import metal, thing
from ..material import Material, plain
from ..mesh import arc, box, extrude, joined, lathe, rotation, smooth, tube
from .writing import lying

GRIPS = ("red", "yellow", "blue", "green", "orange", "black", "purple")
DARK = Material((.07, .07, .08), gloss=.3)


@thing("hammer", colours=GRIPS + ("brown",), weight=1.5, made_of="metal")
def hammer(rng, _):
    h = rng.uniform(.24, .32)
    grip = tube([(0, 0, 0), (0, 0, h * .2), (0, 0, h * .45)], [.013, .016, .013], 0, 10, .8).called("handle")
    neck = tube([(0, 0, h * .44), (0, 0, h * .7), (0, 0, h)], .009, 2 if rng.random() < .5 else 0, 10).called("shaft")
    head = [tube([(-.02, 0, h), (.035, 0, h), (.05, 0, h)], [.012, .012, .016], 1, 12),
            tube([(-.02, 0, h), (-.05, 0, h - .004), (-.08, 0, h - .022)], [.012, .011, .006], 1, 8, .8)]
    m = joined([grip, neck, joined(head).called("head")]).moved(rotation("z", 90))
    return lying(m), {1: metal(rng), 2: metal(rng)}


@thing("screwdriver", colours=GRIPS, weight=1.5, made_of="plastic")
def screwdriver(rng, _):
    h = rng.uniform(.08, .11)
    grip = lathe([(0, 0), (.009, .001), (.014, .012), (.012, h * .4), (.014, h * .75), (.008, h), (.0045, h)], 0, 8)
    rod = rng.uniform(.08, .14)
    shaft = lathe([(.0035, h), (.0035, h + rod)], 1, 10).called("shaft")
    tip = lathe([(.0035, h + rod), (.001, h + rod + .008), (0, h + rod + .008)], 1, 10).called("tip")
    return lying(joined([grip.called("handle"), shaft, tip])), {1: metal(rng)}


@thing("wrench", colours=("gray",), weight=1.5, made_of="metal")
def wrench(rng, _):
    h, w = rng.uniform(.13, .22), rng.uniform(.0095, .0125)
    bar = tube([(0, 0, 0), (h / 2, 0, 0), (h, 0, 0)], w, 0, 10, .4).called("handle")
    ring = tube(arc((-w * 1.2, 0, 0), w * 1.5, 0, 360, 20, "xy"), w * .6, 0, 8).called("ring")
    jaw = tube(arc((h + w * 1.8, 0, 0), w * 2, 62, 298, 16, "xy"), w * .8, 0, 8, .8).called("jaw")
    m = joined([bar, ring, jaw])
    return m.moved(offset=(-h / 2, 0, -m.bounds()[0][2])), {0: metal(rng)}


@thing("scissors", colours=GRIPS, made_of="metal")
def scissors(rng, _):
    open_angle = rng.uniform(3, 22)
    halves = []
    for sign in (-1, 1):
        loop = tube(arc((-.075, sign * .02, .005), .018, 0, 360, 18, "xy"), .0045, 0, 8)
        loop = loop.moved(np.diag([1.3, 1, 1]), (.02, 0, 0))
        arm = tube([(-.055, sign * .012, .005), (-.02, sign * .004, .005), (0, 0, .005)], .0045, 0, 8, .6)
        path = [(0, 0, .005), (.05, -sign * .003, .005), (.095, -sign * .001, .005)]
        blade = tube(path, [.007, .006, .001], 1, 8, .2)
        half = joined([joined([loop, arm]).called("handle"), blade.called("blade")])
        halves.append(half.moved(rotation("z", -sign * open_angle)))
    return joined(halves), {1: metal(rng)}


@thing("pliers", colours=GRIPS, made_of="metal")
def pliers(rng, _):
    spread = rng.uniform(.016, .03)
    parts = [tube([(0, 0, .007), (.03, 0, .007), (.055, 0, .007)], [.013, .0095, .0045], 1, 8, .5).called("jaw"),
             lathe([(.006, .012), (.006, .015), (0, .015)], 1, 12).called("pivot")]
    for sign in (-1, 1):
        grip = tube([(-.1, sign * spread, .007), (-.05, sign * spread * .95, .007), (-.005, sign * .005, .007)],
                    [.006, .0065, .006], 0, 8)
        parts.append(grip.called("handle"))
    return joined(parts), {1: metal(rng)}


@thing("drill", colours=("yellow", "red", "green", "blue", "orange"), weight=1.5)
def drill(rng, _):
    body = tube([(-.075, 0, .17), (-.07, 0, .17), (-.03, 0, .17), (.05, 0, .17), (.062, 0, .17)],
                [.02, .026, .029, .028, .022], 0, 16)
    collar = tube([(.06, 0, .17), (.078, 0, .17)], .021, 1, 16).called("ring")
    chuck = tube([(.078, 0, .17), (.105, 0, .17), (.122, 0, .17)], [.018, .017, .008], 1, 12).called("chuck")
    bit = tube([(.12, 0, .17), (.17, 0, .17), (.195, 0, .17)], [.0035, .0035, .001], 2, 8).called("tip")
    grip = tube(smooth([(-.022, 0, .155), (-.034, 0, .11), (-.05, 0, .07), (-.055, 0, .035)], 3),
                np.linspace(.021, .019, 10), 3, 12, .85).called("handle")
    pack = joined([box(.1, .055, .034, 1), box(.085, .048, .012, 0).moved(offset=(0, 0, .034))])
    trigger = box(.014, .016, .03, 4).moved(rotation("y", 12), (-.006, 0, .112)).called("trigger")
    m = joined([body, collar, chuck, bit, grip, pack.moved(offset=(-.045, 0, 0)).called("base"), trigger])
    if rng.random() < .5:
        m = m.moved(rotation("x", 90))
    extras = {1: DARK, 2: metal(rng), 4: plain(str(rng.choice(["black", "red"])), rng)}
    if rng.random() < .5:
        extras[3] = DARK
    return m.moved(np.eye(3) * rng.uniform(.85, 1.1)).centred(), extras


@thing("saw", colours=GRIPS + ("brown",), made_of="metal")
def saw(rng, _):
    long, tall = rng.uniform(.24, .34), rng.uniform(.07, .09)
    count = 28
    teeth = [(long * (i + k) / count, (-.005 if k else 0) + .03 * (i + k) / count) for i in range(count)
             for k in (0, .5)]
    blade = extrude([*teeth, (long, .03), (long, .055), (0, tall)], .002, 1).called("blade")
    grip = tube(smooth([(.01, 0, .005), (-.05, 0, -.005), (-.085, 0, .03), (-.075, 0, tall), (-.03, 0, tall + .012),
                        (.012, 0, tall - .005), (.006, 0, .04), (.01, 0, .005)], 3), .011, 0, 8)
    plate = extrude([(-.005, 0), (.045, .012), (.04, tall * .8), (-.005, tall)], .014, 0)
    m = joined([blade, joined([grip, plate]).called("handle")])
    return m.moved(rotation("x", 90)).centred(), {1: metal(rng)}


@thing("axe", colours=("brown", "red", "yellow", "black", "orange"), made_of="metal")
def axe(rng, _):
    h = rng.uniform(.26, .38)
    path = smooth([(0, 0, 0), (.006, 0, h * .25), (-.004, 0, h * .6), (0, 0, h)], 4)
    shaft = tube(path, .012, 0, 10, .7).called("handle")
    head = extrude([(-.02, h - .045), (.025, h - .05), (.085, h - .085), (.095, h - .04), (.088, h + .008),
                    (.025, h - .008),
                    (-.02, h - .008)], .02, 1).called("head")
    edge = extrude([(.078, h - .08), (.09, h - .088), (.101, h - .04), (.093, h + .011), (.082, h + .003),
                    (.088, h - .04)],
                   .008, 2).called("blade")
    m = joined([shaft, head, edge]).moved(rotation("x", 90)).centred()
    return m, {1: plain(str(rng.choice(["gray", "black", "red"])), rng, gloss=.5), 2: metal(rng)}


@thing("toolbox", colours=("red", "blue", "yellow", "black", "gray", "orange"), made_of="metal")
def toolbox(rng, _):
    x, y, z = rng.uniform(.26, .36), rng.uniform(.13, .17), rng.uniform(.09, .12)
    slope = [(-y * .51, z + .025), (y * .51, z + .025), (y * .3, z + .055), (-y * .3, z + .055)]
    lid = joined([box(x * 1.02, y * 1.03, .025).moved(offset=(0, 0, z)),
                  extrude(slope, x).moved(rotation("z", 90))]).called("lid")
    path = [(-.07, 0, z + .05), (-.06, 0, z + .085), (.06, 0, z + .085), (.07, 0, z + .05)]
    grip = tube(path, .008, 1, 8).called("handle")
    latches = [box(.025, .006, .035, 2).moved(offset=(s * x * .3, -y * .53, z - .014)).called("clip") for s in (-1, 1)]
    return joined([box(x, y, z), lid, grip, *latches]), {1: DARK, 2: metal(rng)}


@thing("shovel", colours=GRIPS + ("brown",), place="floor", weight=.7, made_of="metal")
def shovel(rng, _):
    h = rng.uniform(.55, .8)
    pole = tube([(0, 0, .2), (0, 0, h)], .014, 0, 10).called("shaft")
    grip = tube([(0, 0, h - .02), (-.055, 0, h + .03), (-.055, 0, h + .075), (.055, 0, h + .075), (.055, 0, h + .03),
                 (0, 0, h - .02)], .012, 0, 8).called("handle")
    blade = extrude([(-.085, .23), (-.09, .08), (-.05, .02), (0, 0), (.05, .02), (.09, .08), (.085, .23)], .008, 1)
    m = joined([pole, grip, blade.called("blade")]).moved(rotation("x", 90))
    return m.centred(), {1: metal(rng) if rng.random() < .6 else plain("black", rng)}
