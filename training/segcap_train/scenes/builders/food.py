"""Fruit, vegetables and other food."""
import numpy as np

from ..catalogue import thing
from ..material import Material, plain
from ..mesh import arc, joined, lathe, rotation, smooth, sphere, tube

STALK = (.25, .45, .18)


def leaves(count, length, height, lean, material):
    """A star of small leaves around the top of a fruit."""
    found = []
    for i in range(count):
        a = i * 2 * np.pi / count
        out = np.array([np.cos(a), np.sin(a), 0])
        found.append(tube([(0, 0, height), out * length * .5 + [0, 0, height + .002],
                           out * length + [0, 0, height - lean]],
                          [.002, length * .28, .0006], material, 6, .25))
    return joined(found).called("leaf")


@thing("egg", colours=("white", "brown"), weight=.6, made_of="food")
def egg(rng, _):
    m = sphere(.022, 0, 1.3, lambda t: 1 - .12 * np.sin(t)).moved(rotation("x", 90))
    return m.moved(rotation("z", rng.uniform(0, 360)), (0, 0, -m.bounds()[0][2])), {}


@thing("orange", colours=("orange",), weight=1.3, made_of="food")
def orange(rng, _):
    r = rng.uniform(.034, .043)
    stalk = lathe([(.004, r * 1.89), (.003, r * 1.92), (0, r * 1.92)], 1, 8).called("stem")
    return joined([sphere(r, 0, .95).moved(offset=(0, 0, r * .95)), stalk]), {1: plain("green", rng)}


@thing("lemon", colours=("yellow",), made_of="food")
def lemon(rng, _):
    m = sphere(.027, 0, 1.25, lambda t: 1 + .16 * np.abs(np.sin(t)) ** 9).moved(rotation("y", 90))
    return m.moved(rotation("z", rng.uniform(0, 360)), (0, 0, .027)), {}


@thing("apple", colours=("red", "green", "yellow"), weight=1.3, made_of="food")
def apple(rng, _):
    r = rng.uniform(.034, .042)
    body = sphere(r, 0, .92, lambda t: 1 - .32 * np.exp(-((np.pi / 2 - t) / .3) ** 2) + .04 * np.sin(t))
    stem = tube([(0, 0, r * .55), (.001, 0, r * .95), (.005, 0, r * 1.12)], .0018, 1, 6).called("stem")
    m = joined([body, stem])
    return m.moved(rotation("x", rng.uniform(-25, 25)), (0, 0, r * .88)), {1: plain("brown", rng)}


@thing("pear", colours=("green", "yellow"), made_of="food")
def pear(rng, _):
    profile = smooth([(0, 0), (.02, .002), (.033, .016), (.036, .034), (.028, .056), (.018, .076), (.012, .088),
                      (0, .094)])
    profile[:, 0] = np.maximum(profile[:, 0], 0)
    m = joined([lathe(profile, 0, crease=80), tube([(0, 0, .09), (.003, 0, .108)], .002, 1, 6).called("stem")])
    if rng.random() < .5:
        m = m.moved(rotation("x", 80)).centred()
    return m, {1: plain("brown", rng)}


@thing("donut", colours=("brown", "pink", "white"), made_of="food")
def donut(rng, _):
    ring = tube(arc((0, 0, .017), .03, 0, 360, 30, "xy"), .017, 1, 12)
    top = tube(arc((0, 0, .021), .03, 0, 360, 30, "xy"), .0158, 0, 12).called("icing")
    return joined([ring, top]), {1: Material((.72, .48, .25))}


@thing("carrot", colours=("orange",), made_of="food")
def carrot(rng, _):
    t = np.linspace(0, 1, 8)
    path = np.stack([t * .16 - .08, .01 * np.sin(t * 3) * rng.uniform(-1, 1), .014 + 0 * t], 1)
    parts = [tube(path, .015 * (1 - t * .85), 0)]
    for _ in range(4):
        end = path[0] + [-.05, rng.uniform(-.025, .025), rng.uniform(0, .03)]
        parts.append(tube([path[0], (path[0] + end) / 2 + [0, 0, .005], end], [.003, .004, .001], 1, 6).called("leaf"))
    return joined(parts), {1: plain("green", rng)}


@thing("banana", colours=("yellow", "green"), weight=1.5, made_of="food")
def banana(rng, _):
    t = np.linspace(0, 1, 14)
    angle = np.linspace(-55, 55, 14) * rng.uniform(.7, 1.1)
    r = rng.uniform(.08, .11)
    path = np.stack([np.sin(np.radians(angle)) * r, np.cos(np.radians(angle)) * r - r * .8, .017 + 0 * t], 1)
    width = .0175 * np.clip(np.minimum(t, 1 - t) * 6 + .25, 0, 1) ** .7
    stem = tube(path[:2] + [[-.006, 0, 0], [-.002, 0, 0]], .005, 1, 6).called("stem")
    end = tube(path[-2:], .0045, 1, 6).called("end")
    return joined([tube(path, width, 0, 10), stem, end]), {1: Material((.3, .24, .12))}


@thing("tomato", colours=("red",), made_of="food")
def tomato(rng, _):
    r = rng.uniform(.03, .042)
    body = sphere(r, 0, .82, lambda t: 1 - .1 * np.exp(-((np.pi / 2 - t) / .35) ** 2)).moved(offset=(0, 0, r * .82))
    return joined([body, leaves(5, r * .6, r * 1.52, .003, 1)]), {1: Material(STALK)}


@thing("strawberry", colours=("red",), made_of="food")
def strawberry(rng, _):
    profile = smooth([(0, 0), (.008, .004), (.015, .018), (.017, .028), (.011, .036), (0, .038)])
    body = lathe(np.maximum(profile, 0), 0, crease=80)
    m = joined([body, leaves(6, .017, .038, .002, 1)]).moved(rotation("x", 100)).centred()
    return m, {0: Material((.78, .07, .08), (.93, .75, .35), "spotted", 260, .4), 1: Material(STALK)}


@thing("grapes", colours=("purple", "green"), made_of="food")
def grapes(rng, _):
    parts = []
    for level, count in enumerate((5, 8, 6, 3, 1)):
        for i in range(count):
            a = i * 2 * np.pi / count + level
            out = .021 * (count > 1) * (1 + .3 * (count > 4))
            spot = (.019 * level - .04, np.cos(a) * out, np.sin(a) * out * .75 + .025)
            parts.append(sphere(.0125 * rng.uniform(.92, 1.06), 0).moved(offset=spot))
    stalk = tube([(-.04, 0, .025), (-.065, 0, .03), (-.08, .01, .028)], .002, 1, 6).called("stem")
    return joined([*parts, stalk]).centred(), {1: Material((.4, .32, .16))}


@thing("eggplant", colours=("purple",), made_of="food")
def eggplant(rng, _):
    profile = np.maximum(smooth([(0, 0), (.024, .006), (.034, .035), (.03, .07), (.02, .11), (.014, .13), (0, .134)]),
                         0)
    crown = lathe([(.019, .115), (.0155, .131), (.005, .138), (.004, .155), (0, .155)], 1, 12).called("stem")
    return joined([lathe(profile, 0, crease=80), crown]).moved(rotation("y", 83)).centred(), \
        {0: Material((.2, .07, .25), gloss=.8), 1: Material(STALK)}


@thing("bell pepper", colours=("red", "yellow", "green", "orange"), made_of="food")
def bell_pepper(rng, _):
    body = sphere(.038, 0, 1.05, lambda t: 1 - .22 * np.exp(-((np.pi / 2 - t) / .35) ** 2) + .06 * np.sin(t))
    turn = np.arctan2(body.vertices[:, 1], body.vertices[:, 0])
    body.vertices[:, :2] *= (1 + .09 * np.cos(4 * turn))[:, None]
    stalk = tube([(0, 0, .026), (.001, 0, .04), (.008, 0, .056)], [.007, .004, .005], 1, 8).called("stem")
    return joined([body, stalk]).centred(), {1: Material(STALK)}


@thing("mushroom", colours=("brown", "white", "red"), made_of="food")
def mushroom(rng, _):
    h, r = rng.uniform(.035, .055), rng.uniform(.024, .036)
    stem = lathe([(0, 0), (r * .38, 0), (r * .32, h * .5), (r * .38, h)], 1).called("stem")
    cap = lathe(smooth([(r * .3, h), (r, h - .003), (r * .95, h + r * .3), (r * .5, h + r * .62), (0, h + r * .7)]), 0,
                crease=80).called("cap")
    return joined([stem, cap]), {1: Material((.92, .88, .8))}


@thing("watermelon", colours=("green",), weight=.5, made_of="food")
def watermelon(rng, colour):
    r = rng.uniform(.09, .12)
    m = sphere(r, 0, 1.25).moved(rotation("y", 90), (0, 0, r))
    dark = tuple(np.array(colour) * .45)
    light = tuple(np.clip(np.array(colour) * 1.35 + .05, 0, 1))
    return m, {0: Material(light, dark, "melon", 10, .3)}
