"""Boxes, books and what else is printed or wrapped."""
import numpy as np

from ..catalogue import thing
from ..material import Material, plain
from ..mesh import arc, box, extrude, joined, lathe, rotation, tube
from ..printing import printed


@thing("box", weight=3, made_of="cardboard")
def package(rng, colour):
    x, y, z = rng.uniform(.04, .16), rng.uniform(.03, .09), rng.uniform(.05, .2)
    m = box(x, y, z, 0)
    if rng.random() < .35:
        return m, {}
    m.material[4:8] = 1          # the two broad faces carry another print than the rest
    return m, {i: Material(colour, image=printed(colour, rng), gloss=.3) for i in (0, 1)}


@thing("cardboard box", colours=("brown",), weight=1.5, made_of="cardboard")
def cardboard_box(rng, _):
    x, y, z = rng.uniform(.1, .26), rng.uniform(.08, .2), rng.uniform(.06, .2)
    base = Material(tuple(np.array((.69, .53, .36)) * rng.uniform(.8, 1.12)), gloss=.03)
    parts = [box(x, y, z, 0)]
    if rng.random() < .4:        # open: flaps and a dark inside
        parts.append(box(x * .96, y * .96, .001, 1).moved(offset=(0, 0, z)).called("contents"))
        for sign in (-1, 1):
            flap = box(x, y * .5, .003, 0).moved(rotation("x", sign * rng.uniform(-60, 20)))
            parts.append(flap.moved(offset=(0, sign * y * .68, z)).called("flap"))
        return joined(parts), {0: base, 1: Material((.3, .22, .14), gloss=0)}
    parts.append(box(.035, y * 1.004, z * 1.004, 1).called("stripe"))
    return joined(parts), {0: base, 1: Material((.78, .66, .48), gloss=.4)}


@thing("book", weight=2, made_of="paper")
def book(rng, colour):
    x, y, z = rng.uniform(.11, .18), rng.uniform(.15, .24), rng.uniform(.012, .045)
    cover = [box(x, y, .003, 0), box(x, y, .003, 0).moved(offset=(0, 0, z - .003)),
             box(.003, y, z, 0).moved(offset=(-x / 2, 0, 0))]
    pages = box(x * .96, y * .97, z - .006, 1).moved(offset=(0, 0, .003)).called("pages")
    m = joined([joined(cover).called("cover"), pages])
    if rng.random() < .2:       # upright
        m = m.moved(rotation("y", 90), (0, 0, x / 2))
        m = m.moved(offset=(0, 0, -m.bounds()[0][2]))
    return m, {0: Material(colour, image=printed(colour, rng), gloss=.3), 1: Material((.9, .88, .8))}


@thing("carton", colours=("white", "blue", "green", "orange", "red"), made_of="cardboard")
def carton(rng, colour):
    s, h = rng.uniform(.06, .075), rng.uniform(.14, .2)
    roof = extrude([(-s / 2, h), (s / 2, h), (0, h + s * .45)], s, 0).called("roof")
    ridge = box(.004, s, .018, 0).moved(offset=(0, 0, h + s * .43)).called("roof")
    parts = [box(s, s, h, 0), roof, ridge]
    if rng.random() < .5:
        cap = lathe([(.013, 0), (.013, .014), (0, .014)], 1, 16).moved(rotation("y", 42), (s * .24, 0, h + s * .22))
        parts.append(cap.called("cap"))
    return joined(parts), {0: Material(colour, image=printed(colour, rng), gloss=.3),
                           1: plain(str(rng.choice(["white", "red", "blue"])), rng)}


@thing("gift box", weight=.7, made_of="paper")
def gift_box(rng, colour):
    x, y, z = rng.uniform(.06, .13, 3)
    other = str(rng.choice(["white", "yellow", "red"]))
    loops = [tube(arc((0, s * .018, z + .014), .017, 0, 360, 14, "yz"), .004, 1, 6, .6) for s in (-1, 1)]
    ribbon = joined([box(.016, y * 1.01, z * 1.01, 1), box(x * 1.01, .016, z * 1.01, 1), *loops]).called("ribbon")
    return joined([box(x, y, z, 0), ribbon]), {1: plain(other, rng)}


@thing("suitcase", place="floor")
def suitcase(rng, _):
    x, y, z = rng.uniform(.35, .45), rng.uniform(.18, .25), rng.uniform(.5, .65)
    ribs = [box(.02, y * 1.03, z * .94, 0).moved(offset=(i * x * .2, 0, .05)) for i in (-2, -1, 0, 1, 2)]
    grip = tube([(-.08, 0, z + .03), (-.08, 0, z + .12), (.08, 0, z + .12), (.08, 0, z + .03)], .01, 1, 6)
    wheels = [lathe([(0, -.012), (.025, -.012), (.025, .012), (0, .012)], 1, 12).moved(
        rotation("x", 90), (i * x * .4, j * y * .4, .025)) for i in (-1, 1) for j in (-1, 1)]
    return joined([box(x, y, z, 0).moved(offset=(0, 0, .045)), *ribs, grip.called("handle"),
                   joined(wheels).called("wheel")]), {1: Material((.06, .06, .07), gloss=.5)}
