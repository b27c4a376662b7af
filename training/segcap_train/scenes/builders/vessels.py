"""What holds drinks and other liquids."""
import numpy as np

from ..catalogue import metal, thing
from ..material import Material, plain, shade_of
from ..mesh import arc, box, joined, lathe, sphere, tube
from ..printing import printed

WHITE = Material((0.93, 0.93, 0.91))


def shell(outer, wall):
    """A vessel's profile: up the outside, over the rim, down the inside."""
    outer = np.asarray(outer, float)
    inner = outer[::-1].copy()
    inner[:, 0] = np.maximum(inner[:, 0] - wall, 0)
    inner[-1] = (0, outer[0, 1] + wall)
    return np.concatenate([[(0, outer[0, 1])], outer, inner])


@thing("mug", patterns=True, weight=2.5, made_of="ceramic")
def mug(rng, _):
    r, h = rng.uniform(.036, .046), rng.uniform(.08, .11)
    flare = rng.uniform(.86, 1.08)
    body = lathe(shell([(r * flare * .94, 0), (r * flare, .006), (r, h)], .004), 0)
    grip = h * rng.uniform(.27, .34)
    path = arc((r * 0.95, 0, h * .52), grip, -88, 88, 14)
    path[:, 0] = r * .95 + (path[:, 0] - r * .95) * rng.uniform(.75, 1.0)
    parts = [body, tube(path, rng.uniform(.0045, .0065), 0, 8).called("handle")]
    extras = {}
    if rng.random() < .3:
        parts.append(lathe([(r * .93, h * .8), (0, h * .8)], 1).called("contents"))
        extras[1] = plain("brown", rng, gloss=.6)
    elif rng.random() < .3:     # white inside
        parts.append(lathe([(r * .92, h * .97), (r * flare * .9, .008), (0, .007)], 1))
        extras[1] = WHITE
    return joined(parts), extras


@thing("cup", patterns=True, made_of="paper")
def cup(rng, _):
    r, h = rng.uniform(.035, .043), rng.uniform(.085, .12)
    parts = [lathe(shell([(r * .7, 0), (r, h)], .0015), 0)]
    parts.append(tube(arc((0, 0, h), r, 0, 360, 28, "xy"), .0018, 0, 6).called("rim"))
    if rng.random() < .35:
        lid = lathe([(r * 1.05, h - .006), (r * 1.05, h + .004), (r * .85, h + .008), (0, h + .007)], 1)
        return joined([*parts, lid.called("lid")]), {1: plain(str(rng.choice(["white", "black"])), rng)}
    return joined(parts), {}


@thing("bottle", weight=2)
def bottle(rng, colour):
    r, h = rng.uniform(.03, .042), rng.uniform(.18, .26)
    neck = r * rng.uniform(.3, .45)
    low = h * rng.uniform(.55, .72)
    shoulder = (r * .85, low + (h - low) * .3)
    body = lathe([(0, 0), (r * .95, 0), (r, .005), (r, low), shoulder], 0)
    top = lathe([shoulder, (neck, low + (h - low) * .65), (neck, h)], 0).called("neck")
    cap = lathe([(neck * 1.15, h - .014), (neck * 1.15, h + .006), (0, h + .006)], 1).called("cap")
    parts, extras = [body, top, cap], {1: plain(str(rng.choice(["white", "red", "blue", "black", "yellow"])), rng)}
    if rng.random() < .6:
        parts.append(lathe([(r * 1.015, low * .3), (r * 1.015, low * .8)], 2).called("label"))
        ink = shade_of(str(rng.choice(["white", "yellow", "white", "black"])), rng)
        extras[2] = Material(ink, image=printed(ink, rng))
    return joined(parts), extras


@thing("can", weight=2, made_of="metal")
def can(rng, colour):
    r, h = (.033, .122) if rng.random() < .5 else (rng.uniform(.036, .05), rng.uniform(.07, .12))
    body = lathe([(r, .006), (r, h - .008)], 0)
    ends = [lathe([(0, .002), (r * .85, 0), (r, .006)], 1).called("base"),
            lathe([(r, h - .008), (r * .86, h), (r * .84, h - .004), (0, h - .004)], 1).called("lid"),
            box(r * .5, r * .3, .001, 1).moved(offset=(r * .2, 0, h - .004)).called("lid")]
    return joined([body, *ends]), {0: Material(colour, image=printed(colour, rng), gloss=.6), 1: metal(rng)}


@thing("jar", made_of="glass")
def jar(rng, _):
    r, h = rng.uniform(.035, .05), rng.uniform(.08, .12)
    body = lathe([(0, 0), (r, .002), (r, h * .78), (r * .8, h * .86), (r * .8, h * .9)], 0)
    lid = lathe([(r * .86, h * .84), (r * .86, h), (0, h)], 1).called("lid")
    return joined([body, lid]), {1: plain(str(rng.choice(["white", "red", "black", "gray", "yellow"])), rng, gloss=.7)}


@thing("vase", patterns=True, made_of="ceramic")
def vase(rng, _):
    h, a, b = rng.uniform(.15, .24), rng.uniform(.03, .05), rng.uniform(.3, 1.4)
    t = np.linspace(0, 1, 14)
    radius = a * (.6 + .55 * np.sin(t * np.pi * rng.uniform(.9, 1.35) + b * .5))
    return lathe(shell(np.stack([np.maximum(radius, .012), t * h], 1), .004), 0, crease=70), {}


@thing("teapot", patterns=True, made_of="ceramic")
def teapot(rng, _):
    r = rng.uniform(.055, .075)
    body = sphere(r, 0, .85).moved(offset=(0, 0, r * .8))
    spout = tube([(r * .8, 0, r * .6), (r * 1.2, 0, r * .85), (r * 1.4, 0, r * 1.25), (r * 1.6, 0, r * 1.5)],
                 np.array([.3, .2, .14, .12]) * r, 0).called("spout")
    grip = tube(arc((-r * .85, 0, r * .85), r * .55, 80, 280, 14), r * .09, 0, 8).called("handle")
    lid = lathe([(r * .55, r * 1.45), (r * .3, r * 1.62), (r * .1, r * 1.66), (r * .14, r * 1.8), (0, r * 1.88)], 0)
    return joined([body, spout, grip, lid.called("lid")]), {}


@thing("spray bottle", colours=("white", "blue", "green", "red", "yellow"))
def spray_bottle(rng, _):
    r, h = rng.uniform(.032, .042), rng.uniform(.13, .17)
    body = lathe([(0, 0), (r, 0), (r, h * .65), (r * .45, h * .9), (r * .4, h)], 0)
    parts = [body, lathe([(r * .5, h), (r * .5, h + .02), (0, h + .02)], 1).called("neck"),
             box(.075, .026, .028, 1).moved(offset=(.014, 0, h + .02)).called("head"),
             box(.012, .014, .014, 2).moved(offset=(.057, 0, h + .027)).called("spout"),
             tube([(.036, 0, h + .022), (.045, 0, h - .004), (.04, 0, h - .03)], .005, 2, 8).called("trigger")]
    tone = plain(str(rng.choice(["white", "red", "blue", "black"])), rng)
    if rng.random() < .6:
        parts.append(lathe([(r * 1.015, h * .15), (r * 1.015, h * .55)], 3).called("label"))
    ink = shade_of(str(rng.choice(["white", "yellow"])), rng)
    return joined(parts), {1: tone, 2: plain(str(rng.choice(["red", "black", "white"])), rng),
                           3: Material(ink, image=printed(ink, rng))}
