"""Toys."""
import numpy as np

from ..catalogue import metal, thing
from ..material import Material, plain
from ..mesh import arc, box, extrude, joined, lathe, rotation, sphere, tube
from ..printing import pips, stickers

DARK = Material((.06, .06, .07), gloss=.5)


def blob(radius, at, material=0, scale=(1, 1, 1)):
    """A ball stretched along the axes."""
    return sphere(radius, material).moved(np.diag(np.asarray(scale, float)), at)


@thing("block", colours=("red", "yellow", "green", "blue", "orange", "purple", "pink"), weight=1.5, made_of="wood")
def block(rng, _):
    s = rng.uniform(.025, .045)
    kind = rng.integers(0, 5)
    if kind == 0:
        return box(s, s, s), {}
    if kind == 1:
        return box(s * 2, s, s * rng.choice([.5, 1])), {}
    if kind == 2:
        return lathe([(0, 0), (s / 2, 0), (s / 2, s * 1.4), (0, s * 1.4)]), {}
    if kind == 3:
        return extrude([(-s, 0), (s, 0), (0, s)], s), {}
    hole = arc((0, 0, 0), s * .5, 180, 0, 10)[:, [0, 2]]
    halves = [extrude([(0, s), *(p for p in hole[::sign] if p[0] * -sign >= -1e-6), (-sign * s, 0),
                       (-sign * s, s)][::sign], s)
              for sign in (1, -1)]
    return joined(halves), {}


@thing("dice", colours=("white", "red", "black", "blue", "green"), weight=.6)
def dice(rng, colour):
    return box(.022, .022, .022), {0: Material(colour, image=pips(colour, rng))}


@thing("rubiks cube", colours=("black",), weight=.8)
def rubiks_cube(rng, _):
    m = box(.056, .056, .056)
    m.material[:] = np.arange(6).repeat(2)
    return m, {i: Material((.1, .1, .1), image=stickers(rng), gloss=.4) for i in range(6)}


@thing("toy car", patterns=False, weight=1.5)
def toy_car(rng, _):
    s = rng.uniform(.8, 1.5)
    cabin = box(.052, .038, .02, 0).moved(offset=(-.006, 0, .029))
    panes = joined([box(.046, .0385, .012, 2).moved(offset=(-.006, 0, .033)),
                    box(.0525, .032, .012, 2).moved(offset=(-.006, 0, .033))]).called("window")
    lights = [box(.001, .009, .006, 3).moved(offset=(.0503, y, .018)) for y in (-.014, .014)]
    wheel = lathe([(0, 0), (.005, .001), (.012, 0), (.012, .009), (.005, .008), (0, .008)], 1, 16)
    wheels = [wheel.moved(rotation("x", -90), (x, y, .012)) for x in (-.03, .03) for y in (-.0225, .0145)]
    m = joined([box(.1, .042, .02, 0).moved(offset=(0, 0, .01)), cabin.called("roof"), panes, *lights,
                joined(wheels).called("wheel")])
    return m.moved(np.eye(3) * s), {1: DARK, 2: Material((.35, .45, .55), gloss=.9),
                                    3: Material((.95, .93, .75), gloss=.8)}


@thing("rubber duck", colours=("yellow",), weight=1.2, made_of="rubber")
def rubber_duck(rng, _):
    s = rng.uniform(.8, 1.4)
    body = blob(.032, (0, 0, .024), scale=(1.25, 1, .78))
    tail = tube([(-.025, 0, .03), (-.042, 0, .044), (-.05, 0, .055)], [.018, .01, .002], 0, 10)
    wings = [blob(.018, (-.004, y, .03), scale=(1.2, .35, .75)) for y in (-.03, .03)]
    head = blob(.021, (.022, 0, .058)).called("head")
    beak = blob(.009, (.044, 0, .054), 1, (1.2, 1.15, .45)).called("spout")
    eyes = [blob(.0034, (.037, y, .066), 2) for y in (-.01, .01)]
    return joined([body, tail, *wings, head, beak, joined(eyes).called("face")]).moved(np.eye(3) * s).centred(), \
        {1: plain("orange", rng), 2: DARK}


@thing("teddy bear", colours=("brown", "white", "pink", "gray", "yellow"), weight=1.2, made_of="fabric")
def teddy_bear(rng, colour):
    s = rng.uniform(.8, 1.5)
    pale = Material(tuple(np.clip(np.array(colour) * .7 + .3, 0, 1)), gloss=0)
    body = [blob(.034, (0, 0, .04), scale=(.85, 1, 1.1)), blob(.024, (.014, 0, .04), 1, (.8, 1, 1.1))]
    head = [blob(.029, (.004, 0, .094)), blob(.0125, (.03, 0, .088), 1), blob(.0045, (.042, 0, .091), 2)]
    head += [blob(.0033, (.03, y, .102), 2) for y in (-.011, .011)]
    ears = [blob(.011, (0, y, .118), 0, (.6, 1, 1)) for y in (-.022, .022)]
    ears += [blob(.007, (.004, y, .118), 1, (.6, 1, 1)) for y in (-.022, .022)]
    arms = [tube([(0, y * .028, .065), (.018, y * .043, .048), (.032, y * .044, .04)], [.012, .012, .013], 0, 10)
            for y in (-1, 1)]
    legs = [tube([(.01, y * .022, .014), (.035, y * .03, .014), (.05, y * .032, .016)], [.015, .014, .016], 0, 10)
            for y in (-1, 1)]
    soles = [blob(.011, (.06, y * .032, .016), 1, (.3, 1, 1)) for y in (-1, 1)]
    m = joined([*body, joined(head + ears).called("head"), joined(arms).called("handle"),
                joined(legs + soles).called("leg")])
    return m.moved(np.eye(3) * s).centred(), {0: Material(colour, gloss=0), 1: pale, 2: DARK}


@thing("toy robot", weight=1.2)
def toy_robot(rng, _):
    s = rng.uniform(.8, 1.3)
    head = [box(.038, .034, .03).moved(offset=(0, 0, .106)), tube([(0, 0, .134), (0, 0, .155)], .0016, 1, 6),
            blob(.004, (0, 0, .156), 2)]
    eyes = [lathe([(.0055, 0), (.0055, .002), (0, .002)], 2, 12).moved(rotation("x", 90), (x, -.0165, .122))
            for x in (-.009, .009)]
    panel = [box(.034, .002, .024, 1).moved(offset=(0, -.0215, .068)),
             box(.006, .003, .006, 2).moved(offset=(-.008, -.0225, .077)),
             box(.006, .003, .006, 3).moved(offset=(.006, -.0225, .077))]
    arms = [joined([tube([(x * .03, 0, .09), (x * .043, 0, .075), (x * .043, -.012, .052)], .0065, 1, 8),
                    blob(.009, (x * .043, -.014, .05), 0)]) for x in (-1, 1)]
    legs = [joined([box(.016, .02, .04, 1).moved(offset=(x * .014, 0, .008)),
                    box(.022, .034, .012).moved(offset=(x * .014, -.004, 0))])
            for x in (-1, 1)]
    m = joined([box(.056, .042, .056).moved(offset=(0, 0, .046)), box(.014, .014, .01, 1).moved(offset=(0, 0, .099)),
                joined(head).called("head"), joined(eyes).called("face"), joined(panel).called("button"),
                joined(arms).called("handle"), joined(legs).called("leg")])
    return m.moved(np.eye(3) * s), {1: metal(rng), 2: plain("yellow", rng), 3: plain("red", rng)}


@thing("toy airplane", weight=1.2)
def toy_airplane(rng, _):
    body = tube([(-.075, 0, .032), (-.05, 0, .031), (.02, 0, .03), (.055, 0, .03), (.064, 0, .03)],
                [.004, .009, .015, .014, .008], 0, 14)
    wing = extrude([(-.012, -.1), (.014, -.1), (.028, 0), (.014, .1), (-.012, .1)], .004, 1)
    tail = extrude([(-.012, -.036), (.006, -.036), (.012, 0), (.006, .036), (-.012, .036)], .003, 1)
    wings = [wing.moved(rotation("x", 90), (.01, 0, .03)), tail.moved(rotation("x", 90), (-.064, 0, .034))]
    fin = extrude([(-.078, .034), (-.052, .034), (-.068, .062), (-.08, .062)], .003, 1)
    screw = [box(.003, .008, .05, 2).moved(offset=(.068, 0, .005)), blob(.005, (.068, 0, .03), 0)]
    wheel = lathe([(0, -.003), (.009, -.003), (.009, .003), (0, .003)], 3, 12).moved(rotation("x", 90))
    wheels = [wheel.moved(offset=(.026, y, .009)) for y in (-.02, .02)]
    struts = [tube([(.026, y, .009), (.022, y * .4, .022)], .0018, 2, 6) for y in (-.02, .02)]
    pane = blob(.011, (.022, 0, .041), 4, (1.5, .8, .8)).called("window")
    m = joined([body, joined([*wings, fin]).called("flap"), joined(screw).called("blade"),
                joined(wheels + struts).called("wheel"), pane])
    other = plain(str(rng.choice(["white", "red", "yellow", "blue"])), rng) if rng.random() < .6 else None
    extras = {2: metal(rng), 3: DARK, 4: Material((.4, .55, .65), gloss=.9)}
    return m.moved(np.eye(3) * rng.uniform(.9, 1.4)).centred(), extras | ({1: other} if other else {})
