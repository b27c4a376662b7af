"""Furniture and what else stands on floors indoors."""
import numpy as np

from ..catalogue import FLOOR, FREE, metal, thing
from ..material import Material, plain
from ..mesh import arc, box, joined, lathe, rotation, sphere, tube
from .vessels import shell

LEGS = ["brown", "black", "gray"]


@thing("chair", colours=FREE, place=FLOOR, weight=1.5, made_of="wood")
def chair(rng, _):
    w, h, back = .4, .45, rng.uniform(.4, .5)
    seat = box(w, w, .04, 0).moved(offset=(0, 0, h)).called("seat")
    rest = [box(w, .03, back * .45, 0).moved(offset=(0, w * .47, h + back * .55))]
    rest += [box(.035, .03, back, 1).moved(offset=(x * w * .44, w * .47, h)) for x in (-1, 1)]
    if rng.random() < .3:        # an office chair
        feet = [tube([(0, 0, .1), (np.cos(a) * .28, np.sin(a) * .28, .05)], .018, 1, 8)
                for a in np.arange(5) * 2 * np.pi / 5]
        wheels = [sphere(.028, 1).moved(offset=(np.cos(a) * .28, np.sin(a) * .28, .028))
                  for a in np.arange(5) * 2 * np.pi / 5]
        legs = [*feet, lathe([(.03, .08), (.03, h)], 1), joined(wheels).called("wheel")]
        return joined([joined(legs[:-1]).called("leg"), legs[-1], seat, joined(rest).called("back")]), \
            {1: plain("black", rng)}
    legs = [box(.035, .035, h, 1).moved(offset=(x * w * .44, y * w * .44, 0)) for x in (-1, 1) for y in (-1, 1)]
    extras = {} if rng.random() < .4 else {1: plain(str(rng.choice(LEGS)), rng)}
    return joined([joined(legs).called("leg"), seat, joined(rest).called("back")]), extras


@thing("stool", place=FLOOR, made_of="wood")
def stool(rng, _):
    h, r = rng.uniform(.4, .6), rng.uniform(.14, .19)
    parts = [lathe([(0, h), (r, h), (r, h + .035), (0, h + .035)], 0).called("seat")]
    for i in range(4):
        a = i * np.pi / 2 + .4
        foot = np.array([np.cos(a) * r * 1.15, np.sin(a) * r * 1.15, 0])
        parts.append(tube([foot, foot * .8 + [0, 0, h / 2], foot * .6 + [0, 0, h]], .014, 1, 8).called("leg"))
    return joined(parts), {1: plain(str(rng.choice(LEGS)), rng)}


@thing("table", colours=("brown", "white", "black"), place=FLOOR, weight=.7, made_of="wood")
def small_table(rng, _):
    x, y, h = rng.uniform(.45, .7), rng.uniform(.4, .6), rng.uniform(.35, .55)
    legs = [box(.04, .04, h).moved(offset=(i * x * .45, j * y * .45, 0)) for i in (-1, 1) for j in (-1, 1)]
    return joined([joined(legs).called("leg"), box(x, y, .03).moved(offset=(0, 0, h))]), {}


@thing("sofa", place=FLOOR, made_of="fabric")
def sofa(rng, _):
    x, y = rng.uniform(.75, .95), .42
    arms = [joined([box(.1, y, .26), tube([(0, -y / 2, .26), (0, y / 2, .26)], .055, 0, 12)]).moved(
        offset=(s * x / 2, 0, .04)) for s in (-1, 1)]
    cushions = [box(x * .42, y * .8, .09).moved(offset=(s * x * .22, -y * .06, .19)) for s in (-1, 1)]
    backs = [box(x * .42, .1, .26).moved(rotation("x", -12), (s * x * .22, y * .36, .26)) for s in (-1, 1)]
    feet = [box(.03, .03, .04, 1).moved(offset=(i * x * .46, j * y * .42, 0)) for i in (-1, 1) for j in (-1, 1)]
    rest = box(x * .9, .1, .42).moved(offset=(0, y * .44, .06))
    return joined([box(x * .92, y, .16).moved(offset=(0, 0, .04)), *arms, joined(cushions).called("seat"),
                   joined([rest, *backs]).called("back"), joined(feet).called("leg")]), {1: plain("brown", rng)}


@thing("cabinet", colours=("brown", "white", "gray", "black"), place=FLOOR, made_of="wood")
def cabinet(rng, colour):
    x, y, z = rng.uniform(.35, .55), rng.uniform(.25, .35), rng.uniform(.4, .75)
    rows = int(rng.integers(1, 4))
    columns = 2 if rows == 1 else 1
    edge = tuple(np.clip(np.array(colour) * .72 + .03, 0, 1))
    parts = [box(x, y, z).moved(offset=(0, 0, .04)), box(x * .92, y * .9, .04, 1).called("base")]
    for i in range(rows):
        for j in range(columns):
            w, h = x / columns, (z - .02) / rows
            at = ((j + .5) * w - x / 2, -y / 2, .05 + i * h)
            parts.append(box(w - .012, .012, h - .012, 1).moved(offset=at).called("face"))
            parts.append(box(w - .03, .018, h - .03, 0).moved(offset=(at[0], at[1], at[2] + .009)).called("face"))
            side = (1 - 2 * j) * (w * .5 - .05) if columns == 2 else 0
            parts.append(sphere(.013, 2).moved(offset=(at[0] + side, at[1] - .02, at[2] + h * .55)).called("handle"))
    return joined(parts), {1: Material(edge), 2: metal(rng)}


@thing("basket", colours=("brown", "white", "gray"), place=FLOOR, weight=.7, made_of="wicker")
def basket(rng, colour):
    r, h = rng.uniform(.12, .2), rng.uniform(.14, .25)
    parts = [lathe(shell([(r * .8, 0), (r, h)], .01), 0),
             tube(arc((0, 0, h), r, 0, 360, 28, "xy"), .011, 0, 8).called("rim")]
    if rng.random() < .6:
        parts.append(tube(arc((0, 0, h), r * .98, 0, 180, 18), .009, 0, 8, .6).called("handle"))
    dark = tuple(np.array(colour) * .55)
    return joined(parts), {0: Material(colour, dark, "woven", 45, .05)}


@thing("bucket", place=FLOOR)
def bucket(rng, _):
    r, h = rng.uniform(.11, .15), rng.uniform(.2, .3)
    body = lathe(shell([(r * .75, 0), (r, h)], .004), 0, 32)
    wire = tube(arc((0, 0, 0), r * 1.02, 0, 180, 20), .004, 1, 6)
    wire = wire.moved(rotation("x", rng.uniform(-80, 80)), (0, 0, h * .95)).called("handle")
    rim = tube(arc((0, 0, h), r, 0, 360, 32, "xy"), .006, 0, 6).called("rim")
    return joined([body, wire, rim]), {1: metal(rng)}


@thing("trash can", place=FLOOR, colours=("black", "gray", "blue", "green", "white"))
def trash_can(rng, _):
    r, h = rng.uniform(.13, .2), rng.uniform(.35, .6)
    body = lathe(shell([(r * .8, 0), (r, h)], .006), 0, 28)
    rim = tube(arc((0, 0, h), r * 1.01, 0, 360, 28, "xy"), .01, 0, 6).called("rim")
    kind = rng.random()
    if kind < .45:               # with a lid and a pedal
        lid = lathe([(r * 1.04, h), (r * 1.04, h + .03), (r * .8, h + .06), (0, h + .075)], 1, 28).called("lid")
        pedal = box(.09, .06, .015, 2).moved(offset=(0, -r * .8 - .03, .02)).called("button")
        tone = plain(str(rng.choice(["black", "gray"])), rng)
        return joined([body, rim, lid, pedal]), {1: tone, 2: plain("black", rng)}
    if kind < .8:                # with a bag folded over its rim
        bag = lathe([(r * .97, h * .86), (r * 1.03, h * .88), (r * 1.04, h + .008), (r * .96, h + .008),
                     (r * .9, h * .7)], 1, 28)
        return joined([body, bag.called("contents")]), {1: plain(str(rng.choice(["white", "black"])), rng, gloss=.6)}
    return joined([body, rim]), {}


@thing("ladder", colours=("gray", "yellow", "orange", "brown"), place=FLOOR, weight=.6, made_of="metal")
def ladder(rng, _):
    h, w, lean = rng.uniform(.8, 1.0), .36, .3
    rails = [tube([(s * w * .5, -lean, 0), (s * w * .32, 0, h)], .016, 0, 8) for s in (-1, 1)]
    struts = [tube([(s * w * .5, lean, 0), (s * w * .32, 0, h)], .011, 0, 8) for s in (-1, 1)]
    steps = [box(w * (1 - .36 * t), .08, .018).moved(offset=(0, -lean * (1 - t), t * h)) for t in (.2, .4, .6, .8)]
    return joined([joined(rails + struts).called("leg"), joined(steps).called("seat"),
                   box(w * .7, .12, .03).moved(offset=(0, 0, h - .015))]).centred(), {}


@thing("potted plant", colours=("green",), weight=1.5, made_of="plant")
def potted_plant(rng, _):
    r, h = rng.uniform(.04, .06), rng.uniform(.07, .1)
    parts = [lathe(shell([(r * .75, 0), (r, h), ], .005), 1).called("pot"),
             lathe([(r * .9, h * .9), (0, h * .92)], 2).called("soil")]
    for _ in range(int(rng.integers(9, 18))):
        a, lean, tall = rng.uniform(0, 6.3), rng.uniform(.02, .09), rng.uniform(.06, .16)
        tip = np.array([np.cos(a) * lean, np.sin(a) * lean, h + tall])
        mid = np.array([np.cos(a) * lean * .35, np.sin(a) * lean * .35, h + tall * .65])
        leaf = tube([(0, 0, h * .9), mid, (mid + tip) / 2 + [0, 0, .01], tip], [.003, .011, .013, .001], 0, 8, .25)
        parts.append(leaf.called("leaf"))
    colours = [c for c in FREE if c not in ("green",)]
    return joined(parts), {1: plain(str(rng.choice(colours + ["brown"] * 4)), rng), 2: Material((.2, .13, .08))}
