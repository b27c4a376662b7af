"""Round things: cups, bowls, bottles, cans, fruit, balls."""
import numpy as np

from .catalogue import FLOOR, FREE, metal, thing
from .material import Material, plain, shade_of
from .mesh import arc, box, joined, lathe, rotation, sphere, tube
from .printing import printed

WHITE = Material((0.93, 0.93, 0.91))


def shell(outer, wall):
    """A vessel's profile: up the outside, over the rim, down the inside."""
    outer = np.asarray(outer, float)
    inner = outer[::-1].copy()
    inner[:, 0] = np.maximum(inner[:, 0] - wall, 0)
    inner[-1] = (0, outer[0, 1] + wall)
    return np.concatenate([[(0, outer[0, 1])], outer, inner])


@thing("mug", patterns=True, weight=2.5)
def mug(rng, _):
    r, h = rng.uniform(.036, .046), rng.uniform(.08, .11)
    flare = rng.uniform(.86, 1.08)
    body = lathe(shell([(r * flare * .94, 0), (r * flare, .006), (r, h)], .004), 0)
    grip = h * rng.uniform(.27, .34)
    path = arc((r * 0.95, 0, h * .52), grip, -88, 88, 14) * [1, 1, 1]
    path[:, 0] = r * .95 + (path[:, 0] - r * .95) * rng.uniform(.75, 1.0)
    parts = [body, tube(path, rng.uniform(.0045, .0065), 0, 8)]
    extras = {}
    if rng.random() < .3:       # a drink in it
        parts.append(lathe([(r * .93, h * .8), (0, h * .8)], 1))
        extras[1] = plain("brown", rng, gloss=.6)
    elif rng.random() < .3:     # white inside
        parts.append(lathe([(r * .92, h * .97), (r * flare * .9, .008), (0, .007)], 1))
        extras[1] = WHITE
    return joined(parts), extras


@thing("cup", patterns=True)
def cup(rng, _):
    r, h = rng.uniform(.035, .043), rng.uniform(.085, .12)
    parts = [lathe(shell([(r * .7, 0), (r, h)], .0015), 0)]
    parts.append(tube(arc((0, 0, h), r, 0, 360, 28, "xy"), .0018, 0, 6))
    if rng.random() < .35:
        parts.append(lathe([(r * 1.05, h - .006), (r * 1.05, h + .004), (r * .85, h + .008), (0, h + .007)], 1))
        return joined(parts), {1: plain(str(rng.choice(["white", "black"])), rng)}
    return joined(parts), {}


@thing("bowl", patterns=True, weight=2)
def bowl(rng, _):
    r, h = rng.uniform(.06, .095), rng.uniform(.045, .07)
    t = np.linspace(.25, np.pi / 2, 9)
    curve = np.stack([np.sin(t) * r, (1 - np.cos(t)) * h], 1)
    parts = [lathe(shell([(r * .35, 0), *curve], .004), 0, 36)]
    return joined(parts), {}


@thing("plate", patterns=True, weight=1.5)
def plate(rng, _):
    r = rng.uniform(.085, .13)
    rim = [(r * .55, 0), (r * .62, .006), (r * .95, .017), (r, .02), (r * .98, .022), (r * .93, .019), (r * .62, .01),
           (0, .009)]
    parts = [lathe([(0, 0), *rim[:6]], 0, 40), lathe(rim[5:], 0, 40)]
    if rng.random() < .3:
        parts.append(tube(arc((0, 0, .0215), r * .97, 0, 360, 40, "xy"), .002, 1, 6))
        return joined(parts), {1: plain(str(rng.choice(["blue", "red", "black", "green"])), rng)}
    return joined(parts), {}


@thing("bottle", weight=2)
def bottle(rng, colour):
    r, h = rng.uniform(.03, .042), rng.uniform(.18, .26)
    neck = r * rng.uniform(.3, .45)
    low = h * rng.uniform(.55, .72)
    body = lathe([(0, 0), (r * .95, 0), (r, .005), (r, low), (r * .85, low + (h - low) * .3),
                  (neck, low + (h - low) * .65), (neck, h)], 0)
    cap = lathe([(neck * 1.15, h - .014), (neck * 1.15, h + .006), (0, h + .006)], 1)
    parts, extras = [body, cap], {1: plain(str(rng.choice(["white", "red", "blue", "black", "yellow"])), rng)}
    if rng.random() < .6:
        parts.append(lathe([(r * 1.015, low * .3), (r * 1.015, low * .8)], 2))
        ink = shade_of(str(rng.choice(["white", "yellow", "white", "black"])), rng)
        extras[2] = Material(ink, image=printed(ink, rng))
    return joined(parts), extras


@thing("can", weight=2)
def can(rng, colour):
    r, h = (.033, .122) if rng.random() < .5 else (rng.uniform(.036, .05), rng.uniform(.07, .12))
    body = lathe([(r, .006), (r, h - .008)], 0)
    ends = [lathe([(0, .002), (r * .85, 0), (r, .006)], 1), lathe([(r, h - .008), (r * .86, h), (r * .84, h - .004),
                                                                (0, h - .004)], 1)]
    return joined([body, *ends]), {0: Material(colour, image=printed(colour, rng), gloss=.6), 1: metal(rng)}


@thing("jar")
def jar(rng, _):
    r, h = rng.uniform(.035, .05), rng.uniform(.08, .12)
    body = lathe([(0, 0), (r, .002), (r, h * .78), (r * .8, h * .86), (r * .8, h * .9)], 0)
    lid = lathe([(r * .86, h * .84), (r * .86, h), (0, h)], 1)
    return joined([body, lid]), {1: plain(str(rng.choice(["white", "red", "black", "gray", "yellow"])), rng, gloss=.7)}


@thing("vase", patterns=True)
def vase(rng, _):
    h, a, b = rng.uniform(.15, .24), rng.uniform(.03, .05), rng.uniform(.3, 1.4)
    t = np.linspace(0, 1, 14)
    radius = a * (.6 + .55 * np.sin(t * np.pi * rng.uniform(.9, 1.35) + b * .5))
    return lathe(shell(np.stack([np.maximum(radius, .012), t * h], 1), .004), 0, crease=70), {}


@thing("teapot", patterns=True)
def teapot(rng, _):
    r = rng.uniform(.055, .075)
    body = sphere(r, 0, .85).moved(offset=(0, 0, r * .8))
    spout = tube([(r * .8, 0, r * .6), (r * 1.2, 0, r * .85), (r * 1.4, 0, r * 1.25), (r * 1.6, 0, r * 1.5)],
                 np.array([.3, .2, .14, .12]) * r, 0)
    grip = tube(arc((-r * .85, 0, r * .85), r * .55, 80, 280, 14), r * .09, 0, 8)
    lid = lathe([(r * .55, r * 1.45), (r * .3, r * 1.62), (r * .1, r * 1.66), (r * .14, r * 1.8), (0, r * 1.88)], 0)
    return joined([body, spout, grip, lid]), {}


@thing("pot", colours=("gray", "black", "red", "blue", "orange", "white"))
def pot(rng, _):
    r, h = rng.uniform(.08, .11), rng.uniform(.07, .12)
    parts = [lathe(shell([(r * .97, 0), (r, .006), (r, h)], .003), 0, 32)]
    if rng.random() < .5:
        parts.append(tube([(r, 0, h * .85), (r + .06, 0, h * .92), (r + .15, 0, h * .95)], .009, 1, 8, .6))
    else:
        parts += [tube(arc((sign * r, 0, h * .8), .022, 0, 360, 12, "xy"), .005, 1, 6) for sign in (-1, 1)]
    return joined(parts), {1: plain("black", rng)}


@thing("pan", colours=("black", "gray", "red"))
def pan(rng, _):
    r = rng.uniform(.09, .13)
    body = lathe(shell([(r * .8, 0), (r, .035)], .003), 0, 32)
    return joined([body, tube([(r * .95, 0, .03), (r + .05, 0, .045), (r + .17, 0, .06)], .011, 1, 8, .6)]), \
        {1: plain(str(rng.choice(["black", "brown"])), rng)}


@thing("bucket", place=FLOOR)
def bucket(rng, _):
    r, h = rng.uniform(.11, .15), rng.uniform(.2, .3)
    body = lathe(shell([(r * .75, 0), (r, h)], .004), 0, 32)
    wire = tube(arc((0, 0, 0), r * 1.02, 0, 180, 20), .004, 1, 6)
    wire = wire.moved(rotation("x", rng.uniform(-80, 80)), (0, 0, h * .95))
    return joined([body, wire, tube(arc((0, 0, h), r, 0, 360, 32, "xy"), .006, 0, 6)]), {1: metal(rng)}


@thing("trash can", place=FLOOR, colours=("black", "gray", "blue", "green", "white"))
def trash_can(rng, _):
    r, h = rng.uniform(.13, .2), rng.uniform(.35, .6)
    return lathe(shell([(r * .8, 0), (r, h)], .006), 0, 28), {}


@thing("ball", patterns=True, weight=2)
def ball(rng, _):
    r = rng.uniform(.025, .07)
    return sphere(r).moved(offset=(0, 0, r)), {}


@thing("egg", colours=("white", "brown"), weight=.6)
def egg(rng, _):
    m = sphere(.022, 0, 1.3, lambda t: 1 - .12 * np.sin(t)).moved(rotation("x", 90))
    return m.moved(rotation("z", rng.uniform(0, 360)), (0, 0, -m.bounds()[0][2])), {}


@thing("orange", colours=("orange",), weight=1.3)
def orange(rng, _):
    r = rng.uniform(.034, .043)
    return joined([sphere(r, 0, .95).moved(offset=(0, 0, r * .95)),
                   lathe([(.004, r * 1.89), (.003, r * 1.92), (0, r * 1.92)], 1, 8)]), {1: plain("green", rng)}


@thing("lemon", colours=("yellow",))
def lemon(rng, _):
    m = sphere(.027, 0, 1.25, lambda t: 1 + .16 * np.abs(np.sin(t)) ** 9).moved(rotation("y", 90))
    return m.moved(rotation("z", rng.uniform(0, 360)), (0, 0, .027)), {}


@thing("apple", colours=("red", "green", "yellow"), weight=1.3)
def apple(rng, _):
    r = rng.uniform(.034, .042)
    body = sphere(r, 0, .92, lambda t: 1 - .32 * np.exp(-((np.pi / 2 - t) / .3) ** 2) + .04 * np.sin(t))
    stem = tube([(0, 0, r * .55), (.001, 0, r * .95), (.005, 0, r * 1.12)], .0018, 1, 6)
    m = joined([body, stem])
    return m.moved(rotation("x", rng.uniform(-25, 25)), (0, 0, r * .88)), {1: plain("brown", rng)}


@thing("pear", colours=("green", "yellow"))
def pear(rng, _):
    profile = [(0, 0), (.02, .001), (.034, .018), (.036, .032), (.028, .055), (.017, .075), (.013, .088), (0, .094)]
    m = joined([lathe(profile, 0, crease=80), tube([(0, 0, .09), (.003, 0, .108)], .002, 1, 6)])
    if rng.random() < .5:
        m = m.moved(rotation("x", 80), (0, .04, .033))
    return m, {1: plain("brown", rng)}


@thing("donut", colours=("brown", "pink", "white"))
def donut(rng, _):
    ring = tube(arc((0, 0, .017), .03, 0, 360, 30, "xy"), .017, 1, 12)
    top = tube(arc((0, 0, .021), .03, 0, 360, 30, "xy"), .0158, 0, 12)
    return joined([ring, top]), {1: Material((.72, .48, .25))}


@thing("carrot", colours=("orange",))
def carrot(rng, _):
    t = np.linspace(0, 1, 8)
    path = np.stack([t * .16 - .08, .01 * np.sin(t * 3) * rng.uniform(-1, 1), .014 + 0 * t], 1)
    parts = [tube(path, .015 * (1 - t * .85), 0)]
    for _ in range(4):
        end = path[0] + [-.05, rng.uniform(-.025, .025), rng.uniform(0, .03)]
        parts.append(tube([path[0], (path[0] + end) / 2 + [0, 0, .005], end], [.003, .004, .001], 1, 6))
    return joined(parts), {1: plain("green", rng)}


@thing("banana", colours=("yellow", "green"), weight=1.5)
def banana(rng, _):
    t = np.linspace(0, 1, 14)
    angle = np.linspace(-55, 55, 14) * rng.uniform(.7, 1.1)
    r = rng.uniform(.08, .11)
    path = np.stack([np.sin(np.radians(angle)) * r, np.cos(np.radians(angle)) * r - r * .8, .017 + 0 * t], 1)
    width = .0175 * np.clip(np.minimum(t, 1 - t) * 6 + .25, 0, 1) ** .7
    m = tube(path, width, 0, 10)
    ends = joined([tube(path[:2] + [[-.006, 0, 0], [-.002, 0, 0]], .005, 1, 6), tube(path[-2:], .0045, 1, 6)])
    return joined([m, ends]), {1: Material((.3, .24, .12))}


@thing("candle", colours=("white", "red", "yellow", "pink", "purple", "green"))
def candle(rng, _):
    r, h = rng.uniform(.018, .035), rng.uniform(.06, .16)
    return joined([lathe([(0, 0), (r, 0), (r, h), (0, h - .003)], 0), tube([(0, 0, h - .003), (.001, 0, h + .012)],
                                                                        .0013, 1, 6)]), {1: Material((.1, .1, .1))}


@thing("potted plant", colours=("green",))
def potted_plant(rng, _):
    r, h = rng.uniform(.04, .06), rng.uniform(.07, .1)
    parts = [lathe(shell([(r * .75, 0), (r, h), ], .005), 1), lathe([(r * .9, h * .9), (0, h * .92)], 2)]
    for _ in range(int(rng.integers(9, 18))):
        a, lean, tall = rng.uniform(0, 6.3), rng.uniform(.02, .09), rng.uniform(.06, .16)
        tip = np.array([np.cos(a) * lean, np.sin(a) * lean, h + tall])
        mid = np.array([np.cos(a) * lean * .35, np.sin(a) * lean * .35, h + tall * .65])
        parts.append(tube([(0, 0, h * .9), mid, (mid + tip) / 2 + [0, 0, .01], tip], [.003, .011, .013, .001], 0, 8, .25))
    colours = [c for c in FREE if c not in ("green",)]
    return joined(parts), {1: plain(str(rng.choice(colours + ["brown"] * 4)), rng), 2: Material((.2, .13, .08))}


@thing("roll of tape", colours=("gray", "brown", "blue", "yellow", "white", "black"))
def roll_of_tape(rng, _):
    r, h = rng.uniform(.03, .05), rng.uniform(.02, .045)
    out = lathe([(r * .7, 0), (r, 0), (r, h), (r * .7, h)], 0)
    m = joined([out, lathe([(r * .7, h), (r * .66, h), (r * .66, 0), (r * .7, 0)], 1)])
    return m if rng.random() < .7 else m.moved(rotation("x", 90), (0, h / 2, r)), {1: Material((.75, .65, .5))}


@thing("cone", colours=("orange", "red", "yellow"), place=FLOOR, weight=2)
def cone(rng, _):
    h = rng.uniform(.25, .6)
    r = h * .26
    parts = [box(r * 2.5, r * 2.5, h * .05, 0)]
    cut = [0.04, .34, .5, .66, .8, 1]
    for i in range(5):
        parts.append(lathe([(r * (1.04 - c * .86), c * h) for c in cut[i:i + 2]], i % 2))
    parts.append(lathe([(r * .18, h), (0, h)], 0))
    return joined(parts), {1: WHITE if rng.random() < .8 else plain("orange", rng)}
