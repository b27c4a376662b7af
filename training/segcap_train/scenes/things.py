"""Boxy things: packages, books, blocks, devices, furniture."""
import numpy as np

from .catalogue import FLOOR, FREE, metal, thing
from .material import Material, plain, shade_of
from .mesh import arc, box, joined, lathe, rotation, sphere, tube
from .printing import keys, pips, printed, screen

DARK = Material((.06, .06, .07), gloss=.5)


@thing("box", weight=3)
def package(rng, colour):
    x, y, z = rng.uniform(.04, .16), rng.uniform(.03, .09), rng.uniform(.05, .2)
    m = box(x, y, z, 0)
    if rng.random() < .35:
        return m, {}
    m.part[4:8] = 1          # the two broad faces carry another print than the rest
    return m, {i: Material(colour, image=printed(colour, rng), gloss=.3) for i in (0, 1)}


@thing("cardboard box", colours=("brown",), weight=1.5)
def cardboard_box(rng, _):
    x, y, z = rng.uniform(.1, .26), rng.uniform(.08, .2), rng.uniform(.06, .2)
    base = Material(tuple(np.array((.69, .53, .36)) * rng.uniform(.8, 1.12)), gloss=.03)
    parts = [box(x, y, z, 0)]
    if rng.random() < .4:        # open: flaps and a dark inside
        parts.append(box(x * .96, y * .96, .001, 1).moved(offset=(0, 0, z)))
        for sign in (-1, 1):
            flap = box(x, y * .5, .003, 0).moved(rotation("x", sign * rng.uniform(-60, 20)))
            parts.append(flap.moved(offset=(0, sign * y * .68, z)))
        return joined(parts), {0: base, 1: Material((.3, .22, .14), gloss=0)}
    parts.append(box(.035, y * 1.004, z * 1.004, 1))
    return joined(parts), {0: base, 1: Material((.78, .66, .48), gloss=.4)}


@thing("book", weight=2)
def book(rng, colour):
    x, y, z = rng.uniform(.11, .18), rng.uniform(.15, .24), rng.uniform(.012, .045)
    cover = [box(x, y, .003, 0), box(x, y, .003, 0).moved(offset=(0, 0, z - .003)),
             box(.003, y, z, 0).moved(offset=(-x / 2, 0, 0))]
    m = joined([*cover, box(x * .96, y * .97, z - .006, 1).moved(offset=(0, 0, .003))])
    if rng.random() < .2:       # upright
        m = m.moved(rotation("y", 90), (0, 0, x / 2))
        m = m.moved(offset=(0, 0, -m.bounds()[0][2]))
    return m, {0: Material(colour, image=printed(colour, rng), gloss=.3), 1: Material((.9, .88, .8))}


@thing("block", colours=("red", "yellow", "green", "blue", "orange", "purple", "pink"), weight=1.5)
def block(rng, _):
    s = rng.uniform(.025, .045)
    kind = rng.integers(0, 4)
    if kind == 0:
        return box(s, s, s), {}
    if kind == 1:
        return box(s * 2, s, s * rng.choice([.5, 1])), {}
    if kind == 2:
        return lathe([(0, 0), (s / 2, 0), (s / 2, s * 1.4), (0, s * 1.4)]), {}
    return lathe([(0, 0), (s * .8, 0), (0, s * 1.1)], sides=int(rng.choice([3, 4]))), {}


@thing("dice", colours=("white", "red", "black", "blue", "green"), weight=.6)
def dice(rng, colour):
    return box(.022, .022, .022), {0: Material(colour, image=pips(colour, rng))}


@thing("carton", colours=("white", "blue", "green", "orange", "red"))
def carton(rng, colour):
    s, h = rng.uniform(.06, .075), rng.uniform(.14, .2)
    roof = lathe([(s * .707, h), (s * .1, h + s * .5)], 0, 4).moved(rotation("z", 45))
    m = joined([box(s, s, h, 0), roof.moved(np.diag([1, .9, 1])), box(s, .004, .02, 0).moved(offset=(0, 0, h + s * .45))])
    return m, {0: Material(colour, image=printed(colour, rng), gloss=.3)}


@thing("tray", patterns=True, weight=.6)
def tray(rng, _):
    x, y, h = rng.uniform(.22, .32), rng.uniform(.16, .22), .022
    sides = [box(x, .006, h).moved(offset=(0, s * y / 2, 0)) for s in (-1, 1)]
    sides += [box(.006, y, h).moved(offset=(s * x / 2, 0, 0)) for s in (-1, 1)]
    return joined([box(x, y, .005), *sides]), {}


@thing("battery", colours=("black", "green", "blue", "orange"), weight=.5)
def battery(rng, _):
    m = joined([lathe([(0, 0), (.0075, 0), (.0075, .034)], 0, 14), lathe([(.0075, .034), (.0075, .048), (0, .048)], 1, 14),
                lathe([(.003, .048), (.003, .051), (0, .051)], 2, 10)])
    if rng.random() < .7:
        m = m.moved(rotation("y", 90), (-.025, 0, .0075))
    return m, {1: plain("orange", rng, gloss=.7), 2: metal(rng)}


@thing("toy car", patterns=False, weight=1.5)
def toy_car(rng, _):
    s = rng.uniform(.8, 1.5)
    parts = [box(.1, .042, .02, 0).moved(offset=(0, 0, .01)), box(.052, .038, .02, 0).moved(offset=(-.006, 0, .029)),
             box(.046, .0385, .012, 2).moved(offset=(-.006, 0, .033)), box(.0525, .032, .012, 2).moved(offset=(-.006, 0, .033))]
    wheel = lathe([(0, 0), (.005, .001), (.012, 0), (.012, .009), (.005, .008), (0, .008)], 1, 16)
    for x in (-.03, .03):
        for y in (-.0225, .0145):
            parts.append(wheel.moved(rotation("x", -90), (x, y, .012)))
    return joined(parts).moved(np.eye(3) * s), {1: DARK, 2: Material((.35, .45, .55), gloss=.9)}


@thing("laptop", colours=("gray", "black", "white"))
def laptop(rng, colour):
    x, y = rng.uniform(.28, .34), rng.uniform(.19, .23)
    base = joined([box(x, y, .014, 0), box(x * .9, y * .45, .001, 1).moved(offset=(0, y * .12, .014)),
                   box(x * .3, y * .25, .001, 3).moved(offset=(0, -y * .3, .014))])
    lid = joined([box(x, .008, y, 0), box(x * .93, .001, y * .87, 2).moved(offset=(0, -.005, y * .06))])
    lid = lid.moved(rotation("x", -rng.uniform(5, 35)), (0, y / 2, .012))
    tone = tuple(np.clip(np.array(colour) * .8 + .03, 0, 1))
    return joined([base, lid]), {1: Material((.1, .1, .1), image=keys((.1, .1, .1), rng)),
                                 2: Material((0, 0, 0), image=screen(rng), gloss=.6), 3: Material(tone)}


@thing("phone", colours=("black", "white", "blue", "red", "pink"))
def phone(rng, _):
    m = joined([box(.072, .148, .008, 0), box(.066, .14, .0006, 1).moved(offset=(0, 0, .008))])
    if rng.random() < .35:
        m = m.moved(rotation("y", 180), (0, 0, .0086))
    return m, {1: Material((0, 0, 0), image=screen(rng), gloss=.9)}


@thing("tablet", colours=("black", "white", "gray"), weight=.6)
def tablet(rng, _):
    m = joined([box(.17, .24, .008, 0), box(.15, .21, .0006, 1).moved(offset=(0, 0, .008))])
    return m, {1: Material((0, 0, 0), image=screen(rng), gloss=.9)}


@thing("keyboard", colours=("black", "white", "gray"))
def keyboard(rng, colour):
    x, y = rng.uniform(.3, .44), rng.uniform(.12, .15)
    m = joined([box(x, y, .016, 0), box(x * .96, y * .88, .004, 1).moved(offset=(0, 0, .016))])
    return m, {1: Material(colour, image=keys(colour, rng))}


@thing("mouse", colours=("black", "white", "gray", "red", "blue"))
def mouse(rng, _):
    half = sphere(.03, 0, .65)
    m = half.moved(np.diag([1.0, 1.75, 1.0]))
    m.vertices[:, 2] = np.maximum(m.vertices[:, 2], -.004)
    wheel = lathe([(0, 0), (.007, 0), (.007, .005), (0, .005)], 1, 12).moved(rotation("y", 90), (-.0025, .03, .014))
    return joined([m, wheel]).moved(offset=(0, 0, .004)), {1: DARK}


@thing("remote control", colours=("black", "gray", "white"))
def remote_control(rng, colour):
    parts = [box(.045, .17, .018, 0)]
    for i in range(6):
        for j in range(3):
            parts.append(lathe([(.005, 0), (.005, .003), (0, .003)], 1 + (i == 5), 8).moved(
                offset=((j - 1) * .013, .065 - i * .018, .018)))
    grey = Material((.5, .5, .5) if sum(colour) < 1 else (.2, .2, .2))
    return joined(parts), {1: grey, 2: plain("red", rng)}


@thing("monitor", colours=("black", "gray", "white"))
def monitor(rng, _):
    x, z = rng.uniform(.4, .55), rng.uniform(.25, .32)
    m = joined([box(x, .02, z, 0).moved(offset=(0, 0, .09)), box(x * .95, .001, z * .9, 1).moved(offset=(0, -.0108, .09 + z * .05)),
                box(.05, .02, .12, 0).moved(offset=(0, .015, 0)), box(.2, .15, .01, 0)])
    return m, {1: Material((0, 0, 0), image=screen(rng), gloss=.6)}


@thing("lamp", colours=("white", "black", "red", "yellow", "green", "blue"))
def lamp(rng, _):
    h = rng.uniform(.25, .36)
    shade = lathe([(.05, h - .1), (.085, h - .11), (.05, h), (.045, h)][1:3], 0, 28)
    m = joined([lathe([(0, 0), (.065, 0), (.06, .012), (.008, .02), (.006, h)], 1), shade,
                lathe([(.05, h), (0, h)], 0)])
    return m, {1: metal(rng) if rng.random() < .5 else plain(str(rng.choice(["black", "brown", "white"])), rng)}


@thing("clock", colours=("red", "black", "white", "blue", "green", "yellow"), weight=.7)
def clock(rng, _):
    r = rng.uniform(.04, .07)
    face = joined([lathe([(0, 0), (r, 0), (r, .03), (r * .9, .03)], 0, 32), lathe([(r * .9, .028), (0, .028)], 1, 32)])
    hands = [box(.004, r * .62, .002, 2).moved(offset=(0, r * .28, .029)).moved(rotation("z", rng.uniform(0, 360))),
             box(.005, r * .42, .002, 2).moved(offset=(0, r * .2, .029)).moved(rotation("z", rng.uniform(0, 360)))]
    m = joined([face, *hands]).moved(rotation("x", 82), (0, 0, r))
    return m.moved(offset=(0, 0, -m.bounds()[0][2])), {1: Material((.95, .95, .92)), 2: DARK}


@thing("sponge", colours=("yellow", "green", "blue", "pink"), weight=.7)
def sponge(rng, _):
    m = joined([box(.1, .065, .024, 0), box(.1, .065, .008, 1).moved(offset=(0, 0, .024))])
    return m, {1: plain(str(rng.choice(["green", "blue", "black"])), rng, gloss=0)}


@thing("chair", colours=FREE, place=FLOOR)
def chair(rng, _):
    w, h, back = .4, .45, rng.uniform(.4, .5)
    legs = [box(.035, .035, h, 1).moved(offset=(x * w * .44, y * w * .44, 0)) for x in (-1, 1) for y in (-1, 1)]
    seat = box(w, w, .04, 0).moved(offset=(0, 0, h))
    rest = [box(w, .03, back * .45, 0).moved(offset=(0, w * .47, h + back * .55))]
    rest += [box(.035, .03, back, 1).moved(offset=(x * w * .44, w * .47, h)) for x in (-1, 1)]
    extras = {} if rng.random() < .4 else {1: plain(str(rng.choice(["brown", "black", "gray"])), rng)}
    return joined([*legs, seat, *rest]).moved(rotation("x", 0)), extras


@thing("stool", place=FLOOR)
def stool(rng, _):
    h, r = rng.uniform(.4, .6), rng.uniform(.14, .19)
    parts = [lathe([(0, h), (r, h), (r, h + .035), (0, h + .035)], 0)]
    for i in range(4):
        a = i * np.pi / 2 + .4
        foot = np.array([np.cos(a) * r * 1.15, np.sin(a) * r * 1.15, 0])
        parts.append(tube([foot, foot * .8 + [0, 0, h / 2], foot * .6 + [0, 0, h]], .014, 1, 8))
    return joined(parts), {1: plain(str(rng.choice(["brown", "black", "gray"])), rng)}


@thing("basket", colours=("brown", "white", "gray"), place=FLOOR, weight=.7)
def basket(rng, colour):
    from .vessels import shell
    r, h = rng.uniform(.12, .2), rng.uniform(.14, .25)
    dark = tuple(np.array(colour) * .7)
    return lathe(shell([(r * .8, 0), (r, h)], .01), 0), {0: Material(colour, dark, "checkered", 60, .05)}


@thing("suitcase", colours=FREE, place=FLOOR)
def suitcase(rng, _):
    x, y, z = rng.uniform(.35, .45), rng.uniform(.18, .25), rng.uniform(.5, .65)
    ribs = [box(.02, y * 1.03, z * .94, 0).moved(offset=(i * x * .2, 0, .05)) for i in (-2, -1, 0, 1, 2)]
    grip = tube([(-.08, 0, z + .03), (-.08, 0, z + .12), (.08, 0, z + .12), (.08, 0, z + .03)], .01, 1, 6)
    return joined([box(x, y, z, 0).moved(offset=(0, 0, .04)), *ribs, grip,
                   box(x * .8, y * .8, .05, 1)]), {1: DARK}


@thing("table", colours=("brown", "white", "black"), place=FLOOR, weight=.7)
def small_table(rng, _):
    x, y, h = rng.uniform(.45, .7), rng.uniform(.4, .6), rng.uniform(.35, .55)
    legs = [box(.04, .04, h).moved(offset=(i * x * .45, j * y * .45, 0)) for i in (-1, 1) for j in (-1, 1)]
    return joined([*legs, box(x, y, .03).moved(offset=(0, 0, h))]), {}


@thing("gift box", weight=.7)
def gift_box(rng, colour):
    x, y, z = rng.uniform(.06, .13, 3)
    other = str(rng.choice(["white", "yellow", "red"]))
    loops = [tube(arc((0, s * .018, z + .014), .017, 0, 360, 14, "yz"), .004, 1, 6, .6) for s in (-1, 1)]
    return joined([box(x, y, z, 0), box(.016, y * 1.01, z * 1.01, 1), box(x * 1.01, .016, z * 1.01, 1), *loops]), \
        {1: plain(other, rng)}
