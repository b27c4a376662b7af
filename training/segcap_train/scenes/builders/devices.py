"""Devices with screens, keys and lamps."""
import numpy as np

from ..catalogue import metal, thing
from ..material import Material, plain
from ..mesh import box, joined, lathe, rotation, smooth, sphere, tube
from ..printing import keys, screen

DARK = Material((.06, .06, .07), gloss=.5)


@thing("battery", colours=("black", "green", "blue", "orange"), weight=.5, made_of="metal")
def battery(rng, _):
    m = joined([lathe([(0, 0), (.0075, 0), (.0075, .034)], 0, 14),
                lathe([(.0075, .034), (.0075, .048), (0, .048)], 1, 14),
                lathe([(.003, .048), (.003, .051), (0, .051)], 2, 10).called("tip")])
    if rng.random() < .7:
        m = m.moved(rotation("y", 90), (-.025, 0, .0075))
    return m, {1: plain("orange", rng, gloss=.7), 2: metal(rng)}


@thing("laptop", colours=("gray", "black", "white"))
def laptop(rng, colour):
    x, y = rng.uniform(.28, .34), rng.uniform(.19, .23)
    base = joined([box(x, y, .014, 0), box(x * .9, y * .45, .001, 1).moved(offset=(0, y * .12, .014)).called("keys"),
                   box(x * .3, y * .25, .001, 3).moved(offset=(0, -y * .3, .014))])
    lid = joined([box(x, .008, y, 0).called("lid"),
                  box(x * .93, .001, y * .87, 2).moved(offset=(0, -.005, y * .06)).called("screen")])
    lid = lid.moved(rotation("x", -rng.uniform(5, 35)), (0, y / 2, .012))
    tone = tuple(np.clip(np.array(colour) * .8 + .03, 0, 1))
    return joined([base, lid]), {1: Material((.1, .1, .1), image=keys((.1, .1, .1), rng)),
                                 2: Material((0, 0, 0), image=screen(rng), gloss=.6), 3: Material(tone)}


@thing("phone", colours=("black", "white", "blue", "red", "pink"))
def phone(rng, _):
    lens = [lathe([(.006, -.0025), (.006, 0), (0, 0)], 2, 12).moved(rotation("x", 180), (.022, .06 - i * .018, -.0025))
            for i in range(2)]
    m = joined([box(.072, .148, .008, 0), box(.066, .14, .0006, 1).moved(offset=(0, 0, .008)).called("screen"), *lens])
    if rng.random() < .25:
        m = m.moved(rotation("y", 180))
    return m.centred(), {1: Material((0, 0, 0), image=screen(rng), gloss=.9), 2: DARK}


@thing("tablet", colours=("black", "white", "gray"), weight=.6)
def tablet(rng, _):
    m = joined([box(.17, .24, .008, 0), box(.15, .21, .0006, 1).moved(offset=(0, 0, .008)).called("screen")])
    return m, {1: Material((0, 0, 0), image=screen(rng), gloss=.9)}


@thing("keyboard", colours=("black", "white", "gray"))
def keyboard(rng, colour):
    x, y = rng.uniform(.3, .44), rng.uniform(.12, .15)
    m = joined([box(x, y, .016, 0), box(x * .96, y * .88, .005, 1).moved(offset=(0, 0, .016)).called("keys")])
    return m, {1: Material(colour, image=keys(colour, rng))}


@thing("mouse", colours=("black", "white", "gray", "red", "blue"))
def mouse(rng, _):
    body = sphere(.032, 0, .62).moved(np.diag([1.0, 1.7, 1.0]))
    body.vertices[:, 2] = np.maximum(body.vertices[:, 2], -.004)
    seams = [tube([(0, .045, .0105), (0, .03, .0165), (0, .012, .0192)], .0011, 1, 6),
             tube([(-.024, .008, .0115), (0, .012, .0195), (.024, .008, .0115)], .0011, 1, 6)]
    wheel = lathe([(0, 0), (.008, 0), (.008, .006), (0, .006)], 1, 12).moved(rotation("y", 90), (-.003, .032, .014))
    parts = [body, joined(seams).called("button"), wheel.called("wheel")]
    if rng.random() < .5:
        parts.append(tube(smooth([(0, .05, .002), (0, .08, .002), (.02, .11, .002), (.05, .115, .002)]), .002, 1, 6))
    return joined(parts).moved(offset=(0, 0, .004)), {1: DARK}


@thing("remote control", colours=("black", "gray", "white"))
def remote_control(rng, colour):
    parts = [box(.045, .17, .018, 0)]
    for i in range(6):
        for j in range(3):
            knob = lathe([(.005, 0), (.005, .003), (0, .003)], 1 + (i == 5), 8)
            parts.append(knob.moved(offset=((j - 1) * .013, .065 - i * .018, .018)).called("button"))
    grey = Material((.5, .5, .5) if sum(colour) < 1 else (.2, .2, .2))
    return joined(parts), {1: grey, 2: plain("red", rng)}


@thing("monitor", colours=("black", "gray", "white"))
def monitor(rng, _):
    x, z = rng.uniform(.4, .55), rng.uniform(.25, .32)
    m = joined([box(x, .02, z, 0).moved(offset=(0, 0, .09)),
                box(x * .95, .001, z * .9, 1).moved(offset=(0, -.0108, .09 + z * .05)).called("screen"),
                box(.05, .02, .12, 0).moved(offset=(0, .015, 0)).called("stand"), box(.2, .15, .01, 0).called("stand")])
    return m, {1: Material((0, 0, 0), image=screen(rng), gloss=.6)}


@thing("lamp", colours=("white", "black", "red", "yellow", "green", "blue"), made_of="fabric")
def lamp(rng, _):
    h = rng.uniform(.25, .36)
    shade = joined([lathe([(.085, h - .11), (.05, h)], 0, 28), lathe([(.05, h), (0, h)], 0)]).called("shade")
    m = joined([lathe([(0, 0), (.065, 0), (.06, .012), (.008, .02), (.006, h)], 1).called("stand"), shade])
    return m, {1: metal(rng) if rng.random() < .5 else plain(str(rng.choice(["black", "brown", "white"])), rng)}


@thing("clock", colours=("red", "black", "white", "blue", "green", "yellow"), weight=.7)
def clock(rng, _):
    r = rng.uniform(.04, .07)
    case = lathe([(0, 0), (r, 0), (r, .03), (r * .88, .03)], 0, 32).called("frame")
    face = lathe([(r * .88, .028), (0, .028)], 1, 32).called("face")
    hands = [box(.004, r * long, .002, 2).moved(offset=(0, r * long * .45, .029))
             .moved(rotation("z", rng.uniform(0, 360)))
             for long in (.62, .42)]
    marks = [box(.004, r * .14, .0015, 2).moved(offset=(0, r * .76, .0285)).moved(rotation("z", i * 30))
             for i in range(12)]
    m = joined([case, joined([face, *marks]).called("face"), joined(hands).called("pointer")]).moved(rotation("x", 82))
    feet = [sphere(r * .12, 0).moved(offset=(s * r * .6, m.vertices[:, 1].mean(), -r * .85)).called("stand")
            for s in (-1, 1)]
    return joined([m, *feet]).centred(), {1: Material((.95, .95, .92)), 2: DARK}


@thing("light bulb", colours=("white",), weight=.5, made_of="glass")
def light_bulb(rng, _):
    glass = np.maximum(smooth([(.012, .022), (.018, .034), (.029, .056), (.026, .078), (.012, .09), (0, .092)]), 0)
    thread = lathe([(0, 0), (.005, 0), (.011, .004), (.013, .007), (.011, .01), (.013, .013), (.011, .016),
                    (.013, .019),
                    (.012, .023)], 1).called("base")
    return joined([lathe(glass, 0, crease=80), thread]).moved(rotation("x", 97)).centred(), \
        {0: Material((.96, .95, .88), gloss=.9), 1: metal(rng)}


@thing("flashlight", colours=("black", "red", "yellow", "blue", "gray"))
def flashlight(rng, _):
    h = rng.uniform(.1, .15)
    body = lathe([(0, 0), (.014, 0), (.015, .004), (.015, h)], 0, 18).called("handle")
    head = lathe([(.015, h), (.024, h + .02), (.025, h + .045), (.022, h + .045)], 0, 18).called("head")
    lens = lathe([(.022, h + .043), (0, h + .043)], 1, 18).called("window")
    rings = [lathe([(.0162, z), (.0162, z + .003)], 2, 18).called("stripe") for z in (h * .2, h * .3, h * .4)]
    knob = box(.008, .014, .01, 2).moved(rotation("y", 90), (.014, 0, h * .75)).called("button")
    return joined([body, head, lens, *rings, knob]).moved(rotation("y", 90)).centred(), \
        {1: Material((.95, .95, .8), gloss=.9), 2: DARK if rng.random() < .5 else metal(rng)}
