"""Crockery, cookware and cutlery."""
import numpy as np

from ..catalogue import metal, thing
from ..material import plain
from ..mesh import arc, box, joined, lathe, sphere, tube
from .vessels import shell


@thing("bowl", patterns=True, weight=2, made_of="ceramic")
def bowl(rng, _):
    r, h = rng.uniform(.06, .095), rng.uniform(.045, .07)
    t = np.linspace(.25, np.pi / 2, 9)
    curve = np.stack([np.sin(t) * r, (1 - np.cos(t)) * h], 1)
    return lathe(shell([(r * .35, 0), *curve], .004), 0, 36), {}


@thing("plate", patterns=True, weight=1.5, made_of="ceramic")
def plate(rng, _):
    r = rng.uniform(.085, .13)
    rim = [(r * .55, 0), (r * .6, .007), (r * .7, .016), (r, .025), (r * .985, .0275), (r * .7, .0195),
           (r * .62, .0105),
           (0, .009)]
    parts = [lathe([(0, 0), *rim[:5]], 0, 40), lathe(rim[4:6], 0, 40).called("rim"), lathe(rim[5:], 0, 40, crease=20)]
    if rng.random() < .3:
        parts.append(tube(arc((0, 0, .0265), r * .97, 0, 360, 40, "xy"), .002, 1, 6).called("rim"))
        return joined(parts), {1: plain(str(rng.choice(["blue", "red", "black", "green"])), rng)}
    return joined(parts), {}


@thing("tray", patterns=True, weight=.6)
def tray(rng, _):
    x, y, h = rng.uniform(.22, .32), rng.uniform(.16, .22), .022
    sides = [box(x, .006, h).moved(offset=(0, s * y / 2, 0)) for s in (-1, 1)]
    sides += [box(.006, y, h).moved(offset=(s * x / 2, 0, 0)) for s in (-1, 1)]
    grips = [tube([(s * x / 2, -.035, h), (s * (x / 2 + .018), -.028, h + .006), (s * (x / 2 + .018), .028, h + .006),
                   (s * x / 2, .035, h)], .005, 0, 8).called("handle") for s in (-1, 1)]
    return joined([box(x, y, .005), joined(sides).called("rim"), *grips]), {}


@thing("pot", colours=("gray", "black", "red", "blue", "orange", "white"), made_of="metal")
def pot(rng, _):
    r, h = rng.uniform(.08, .11), rng.uniform(.07, .12)
    parts = [lathe(shell([(r * .97, 0), (r, .006), (r, h)], .003), 0, 32)]
    if rng.random() < .5:
        path = [(r, 0, h * .85), (r + .06, 0, h * .92), (r + .15, 0, h * .95)]
        parts.append(tube(path, .009, 1, 8, .6).called("handle"))
    else:
        parts += [tube(arc((sign * r, 0, h * .8), .022, 0, 360, 12, "xy"), .005, 1, 6).called("handle")
                  for sign in (-1, 1)]
    if rng.random() < .4:
        lid = lathe([(r * 1.02, h), (r * .9, h + .01), (r * .2, h + .022), (0, h + .022)], 0, 32)
        knob = lathe([(.006, h + .022), (.008, h + .032), (.014, h + .036), (.014, h + .042), (0, h + .044)], 1, 16)
        parts.append(joined([lid, knob]).called("lid"))
    return joined(parts), {1: plain("black", rng)}


@thing("pan", colours=("black", "gray", "red"), made_of="metal")
def pan(rng, _):
    r = rng.uniform(.09, .13)
    body = lathe(shell([(r * .8, 0), (r, .035)], .003), 0, 32)
    grip = tube([(r * .95, 0, .03), (r + .05, 0, .045), (r + .17, 0, .06)], .011, 1, 8, .6).called("handle")
    return joined([body, grip]), {1: plain(str(rng.choice(["black", "brown"])), rng)}


@thing("spoon", colours=("gray",), made_of="metal")
def spoon(rng, _):
    bowl = sphere(.022, 0, .3).moved(np.diag([1.45, 1, 1]), (.098, 0, .006)).called("head")
    bar = tube([(-.08, 0, .003), (0, 0, .004), (.05, 0, .011), (.075, 0, .006)], [.0075, .005, .0038, .005], 0, 8, .4)
    return joined([bowl, bar.called("handle")]), {0: metal(rng)}


@thing("fork", colours=("gray",), made_of="metal")
def fork(rng, _):
    bar = tube([(-.09, 0, .003), (0, 0, .004), (.045, 0, .01)], [.0075, .005, .0038], 0, 8, .4).called("handle")
    head = tube([(.042, 0, .0095), (.052, 0, .008), (.064, 0, .006)], [.004, .0115, .0135], 0, 10, .2).called("head")
    tines = [tube([(.06, y, .006), (.08, y, .004), (.108, y, .009)], .0018, 0, 6)
             for y in (-.0117, -.0039, .0039, .0117)]
    return joined([bar, head, joined(tines).called("tine")]), {0: metal(rng)}


@thing("knife", colours=("black", "brown", "red", "blue", "gray"), made_of="metal")
def knife(rng, _):
    h = rng.uniform(.1, .17)
    blade = tube([(0, 0, .008), (h * .6, .002, .008), (h, .009, .008)], [.014, .014, .001], 1, 8, .1).called("blade")
    grip = tube([(-.1, 0, .008), (-.05, 0, .008), (.002, 0, .008)], [.01, .009, .011], 0, 10, .7).called("handle")
    return joined([blade, grip]), {1: metal(rng)}


@thing("sponge", colours=("yellow", "green", "blue", "pink"), weight=.7, made_of="foam")
def sponge(rng, _):
    m = joined([box(.1, .065, .024, 0), box(.1, .065, .008, 1).moved(offset=(0, 0, .024)).called("face")])
    return m, {1: plain(str(rng.choice(["green", "blue", "black"])), rng, gloss=0)}


@thing("toothbrush", colours=("red", "blue", "green", "pink", "white", "purple"), weight=.7)
def toothbrush(rng, _):
    bar = tube([(-.09, 0, .005), (-.02, 0, .006), (.04, 0, .004), (.09, 0, .005)], [.006, .007, .003, .006], 0, 8, .7)
    bristles = box(.028, .01, .011, 1).moved(offset=(.076, 0, .006)).called("bristles")
    return joined([bar.called("handle"), bristles]), {1: plain("white", rng)}


@thing("candle", colours=("white", "red", "yellow", "pink", "purple", "green"), made_of="wax")
def candle(rng, _):
    r, h = rng.uniform(.018, .035), rng.uniform(.06, .16)
    wick = tube([(0, 0, h - .003), (.001, 0, h + .012)], .0013, 1, 6).called("wick")
    return joined([lathe([(0, 0), (r, 0), (r, h), (0, h - .003)], 0), wick]), {1: plain("black", rng)}
