"""What stands along streets and in yards, and in a robot's way."""
import numpy as np

from ..catalogue import FLOOR, metal, thing
from ..material import Material, plain
from ..mesh import box, extrude, joined, lathe, rotation, smooth, tube
from ..printing import stop_face
from .vessels import WHITE, shell

DARK = Material((.07, .07, .08), gloss=.2)


@thing("cone", colours=("orange", "red", "yellow"), place=FLOOR, weight=2)
def cone(rng, _):
    h = rng.uniform(.25, .6)
    r = h * .26
    parts = [box(r * 2.5, r * 2.5, h * .05, 0).called("base")]
    cut = [0.04, .34, .5, .66, .8, 1]
    for i in range(5):
        band = lathe([(r * (1.04 - c * .86), c * h) for c in cut[i:i + 2]], i % 2)
        parts.append(band.called("stripe") if i % 2 else band)
    parts.append(lathe([(r * .18, h), (0, h)], 0))
    return joined(parts), {1: WHITE if rng.random() < .8 else plain("orange", rng)}


@thing("barrel", colours=("blue", "brown", "red", "black", "gray", "green", "yellow"), place=FLOOR, made_of="metal")
def barrel(rng, _):
    r, h = rng.uniform(.18, .24), rng.uniform(.5, .7)
    wall = [(r * .97, 0), (r, .01)]
    for z in (.33, .66):
        wall += [(r, h * z - .015), (r * 1.045, h * z), (r, h * z + .015)]
    body = lathe([(0, 0), *wall, (r, h - .01), (r * .97, h), (r * .93, h - .012), (0, h - .012)], 0, 32)
    plug = lathe([(.03, h - .012), (.03, h), (0, h)], 1, 12).moved(offset=(r * .5, 0, 0)).called("cap")
    return joined([body, plug]), {1: metal(rng)}


@thing("tire", colours=("black",), place=FLOOR, weight=.8, made_of="rubber")
def tire(rng, _):
    r, w = rng.uniform(.22, .3), rng.uniform(.13, .18)
    tread = lathe([(r * .58, 0), (r * .8, -.008), (r * .95, .01), (r, .03),
                   (r, w - .03), (r * .95, w - .01), (r * .8, w + .008),
                   (r * .58, w), (r * .55, w * .8), (r * .55, w * .2), (r * .58, 0)], 0, 40)
    lugs = [box(.012, .03, w * .9, 1).moved(offset=(r, 0, w * .05)).moved(rotation("z", i * 15)) for i in range(24)]
    parts, extras = [tread, joined(lugs)], {0: Material((.1, .1, .105), gloss=.15),
                                            1: Material((.06, .06, .065), gloss=.1)}
    if rng.random() < .5:        # on a rim
        parts.append(lathe([(r * .56, w * .85), (r * .45, w * .6), (r * .2, w * .7), (0, w * .7)], 2, 40).called("rim"))
        extras[2] = metal(rng)
    m = joined(parts)
    return (m if rng.random() < .6 else m.moved(rotation("x", 90))).centred(), extras


@thing("fire extinguisher", colours=("red",), place=FLOOR, weight=1.2, made_of="metal")
def fire_extinguisher(rng, _):
    r, h = rng.uniform(.06, .08), rng.uniform(.32, .42)
    body = lathe([(0, 0), (r, 0), (r, h * .8), (r * .93, h * .89), (r * .7, h * .96), (.02, h)], 0, 28)
    label = lathe([(r * 1.01, h * .35), (r * 1.01, h * .65)], 2).called("label")
    valve = [lathe([(.02, h), (.018, h + .04), (0, h + .04)], 1, 12),
             box(.12, .018, .01, 1).moved(rotation("y", -14), (.03, 0, h + .05)),
             box(.1, .018, .008, 1).moved(rotation("y", 6), (.03, 0, h + .03))]
    hose = tube(smooth([(-.015, 0, h + .025), (-r * 1.1, 0, h * .97), (-r * 1.35, 0, h * .7), (-r * 1.25, 0, h * .35)]),
                .011, 1, 8)
    horn = tube([(-r * 1.25, 0, h * .37), (-r * 1.25, 0, h * .2)], [.012, .022], 1, 10)
    return joined([body, label, joined(valve).called("handle"), joined([hose, horn]).called("spout")]), \
        {1: DARK, 2: plain("white", rng)}


@thing("fire hydrant", colours=("red", "yellow"), place=FLOOR, made_of="metal")
def fire_hydrant(rng, _):
    s = rng.uniform(.5, .75)
    body = lathe([(0, 0), (.17, 0), (.17, .04), (.12, .05), (.115, .48), (.15, .49), (.15, .53), (.125, .54)], 0, 28)
    dome = lathe(smooth([(.125, .54), (.115, .61), (.07, .66), (.03, .675)], 4), 0, 28, crease=80).called("cap")
    nut = lathe([(.03, .67), (.03, .72), (0, .72)], 0, 5).called("cap")
    port = lathe([(.06, 0), (.06, .03), (.045, .035), (.045, .09), (.06, .09), (.06, .12), (0, .125)], 0, 16)
    port = port.moved(rotation("y", 90), (.09, 0, .4))
    ports = [port.moved(rotation("z", a)) for a in (0, 180, -90)]
    return joined([body, dome, nut, joined(ports).called("spout")]).moved(np.eye(3) * s), {}


@thing("stop sign", colours=("red",), place=FLOOR, weight=.8, made_of="metal")
def stop_sign(rng, _):
    h, r = rng.uniform(.6, .85), rng.uniform(.15, .2)
    a = np.radians(np.arange(8) * 45 + 22.5)
    edge = np.stack([np.cos(a) * r, np.sin(a) * r], 1)
    board = [extrude(edge, .004, side).moved(offset=(0, .004 * side - .022, h)) for side in (0, 1)]
    pole = joined([box(.03, .025, h + r * .6, 1), box(.26, .2, .02, 1)]).called("stand")
    return joined([joined(board).called("face"), pole]), {0: Material((.75, .1, .1), image=stop_face(), gloss=.3), 1: metal(rng)}


@thing("flower", colours=("red", "yellow", "pink", "white", "purple", "orange"), weight=.8, made_of="plant")
def flower(rng, _):

    h, r = rng.uniform(.14, .2), rng.uniform(.02, .028)
    pot = lathe(shell([(r * .8, 0), (r * 1.1, .05)], .003), 3).called("pot")
    stem = tube(smooth([(0, 0, .02), (.004, 0, h * .5), (0, 0, h)], 3), .0025, 1, 6).called("stem")
    petals = []
    for i in range(8):
        out = np.array([np.cos(i * np.pi / 4), np.sin(i * np.pi / 4), 0])
        petals.append(tube([(0, 0, h), out * .018 + [0, 0, h + .006], out * .034 + [0, 0, h + .004]],
                           [.003, .0105, .004], 0, 8, .2))
    heart = lathe([(.009, h), (.008, h + .007), (0, h + .009)], 2, 12).called("face")
    bloom = joined([joined(petals).called("leaf"), heart]).moved(offset=(0, 0, -h)).moved(rotation("x", 35), (0, 0, h))
    green = [tube([(0, 0, h * .4), (s * .02, 0, h * .5), (s * .045, 0, h * .48)], [.002, .008, .001], 1, 8, .25)
             .called("leaf") for s in (-1, 1)]
    return joined([pot, stem, bloom, *green]), {1: Material((.2, .45, .15)), 2: Material((.55, .35, .08)),
                                                3: plain(str(rng.choice(["brown", "white", "blue"])), rng)}
