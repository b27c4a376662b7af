"""Random scenes: a table, a floor or a shelf, things on it, a camera and a light."""
from dataclasses import dataclass, replace

import numpy as np

from . import builders, meshpack, tiles  # noqa: F401  (the builders register themselves)
from .camera import look_at
from .catalogue import FLOOR, TABLE, build, pick
from .grammar import Attributes, attributes_of, phrase, relate
from .material import Material, shade_of
from .mesh import rotation
from .render import Light, Placed
from .surroundings import WALL, Slab

MOST = 20               # things on a table
TRIES = 10              # at a free place for a thing
CLOSENESS = 0.8         # of two things' radii that must lie between them
LYING_SHARE = 0.1       # of what may lie on its side
CAN_LIE = {"bottle", "can", "cup", "jar", "candle", "spray bottle", "flashlight", "wine glass", "carton", "battery"}
LARGER = 1.3            # times the other's extent makes a thing the large one
WOODS = ((.55, .36, .2), (.72, .53, .34), (.4, .25, .15), (.82, .68, .5), (.3, .2, .14))


@dataclass
class Scene:
    placed: list
    slabs: list
    camera: object
    light: Light
    words: list             # Attributes of each placed thing
    slab_words: dict        # of each slab's index, and of WALL
    near: list              # of each placed thing: index of the one that its relation is to, or None


def surface(rng, noun, tile_words, unseen):
    """A material for a table, floor or wall and the words for it."""
    files = tiles.tiles_like(*tile_words, unseen=unseen)
    kind = rng.random()
    phase = float(rng.uniform(0, 6.28))
    if files and kind < 0.45:
        file = files[int(rng.integers(len(files)))]
        pattern = "wooden" if file.name.startswith(("Wood", "Planks")) else ""
        return Material((.5, .5, .5), image=tiles.tile(file), scale=float(rng.uniform(.6, 3)), gloss=.15,
                        phase=phase), \
            Attributes(noun, pattern=pattern)
    if kind < 0.65 and noun != "wall":
        first = np.array(WOODS[int(rng.integers(len(WOODS)))]) * rng.uniform(.8, 1.2)
        return Material(tuple(first), tuple(first * rng.uniform(.6, .85)), "wooden", float(rng.uniform(4, 9)),
                        float(rng.uniform(.05, .5)), phase), Attributes(noun, pattern="wooden")
    if kind < 0.72:
        first, second = np.clip(rng.uniform(.2, .95) + rng.normal(0, .05, (2, 3)), 0, 1) * rng.uniform(.6, 1, (2, 1))
        return Material(tuple(first), tuple(second), str(rng.choice(["checkered", "marbled", "striped"])),
                        float(rng.uniform(5, 25)), .2, phase), Attributes(noun)
    colour = str(rng.choice(["white"] * 4 + ["gray"] * 3 + ["brown", "blue", "green", "black", "yellow", "red"]))
    return Material(shade_of(colour, rng), gloss=float(rng.uniform(0, .3)), phase=phase), Attributes(noun, colour)


def room(rng, floor_z, unseen):
    """A room around everything, one slab with two materials, and the words for floor and walls."""
    floor, floor_words = surface(rng, "floor", ("WoodFloor", "Tiles", "Carpet", "Concrete", "Terrazzo", "Planks"),
                                unseen)
    walls, wall_words = surface(rng, "wall", ("Plaster", "Bricks", "Wallpaper", "Paint", "Concrete", "WoodSiding"),
                                unseen)
    x, y = rng.uniform(1.2, 3.5, 2)
    slab = Slab((-x, -y, floor_z), (x, y, floor_z + 2.6), floor, True, walls)
    return slab, {0: floor_words, WALL: wall_words}


def lamp(rng):
    """A light from above, more or less hard."""
    turn, tilt = rng.uniform(0, 6.28), np.radians(rng.uniform(35, 80))
    direction = np.array([np.cos(turn) * np.cos(tilt), np.sin(turn) * np.cos(tilt), np.sin(tilt)])
    warm = rng.normal(0, 0.05)
    return Light(direction, float(rng.uniform(.4, .9)), (1 + warm, 1.0, 1 - warm), float(rng.uniform(.3, .6)),
                 float(rng.uniform(.002, .025)))


def radius_of(thing):
    low, high = thing.mesh.bounds()
    return float(np.hypot(*(np.maximum(np.abs(low), np.abs(high))[:2])))


def put(thing, rng, x, y, z, turn=None):
    """The thing moved to its place and turned about the vertical."""
    turn = rng.uniform(0, 360) if turn is None else turn
    mesh = thing.mesh.moved(rotation("z", turn), (x, y, z))
    return Placed(thing, mesh, thing.mesh.vertices)


def some_thing(rng, place, unseen):
    if rng.random() < (0.16 if place == TABLE else 0.4):
        found = meshpack.choose(rng, place == FLOOR, unseen)
        if found:
            return found
    thing = build(pick(rng, place), rng, unseen)
    if thing.noun in CAN_LIE and rng.random() < LYING_SHARE:
        thing.mesh = thing.mesh.moved(rotation("x", 90)).centred()
    return thing


def free_spot(rng, region, radius, spots):
    """x and y of a place within the region (half-extents) for a thing of that radius, or None."""
    for _ in range(TRIES):
        x, y = rng.uniform(-region[0], region[0]), rng.uniform(-region[1], region[1])
        if all(np.hypot(x - a, y - b) >= (radius + r) * CLOSENESS for a, b, r in spots):
            return x, y
    return None


def scatter(rng, count, region, place, unseen, level=0.0):
    """Things that do not touch within a box region (x, y half-extents); a few stand on others."""
    placed, spots = [], []
    twin = None
    for _ in range(count * 2):
        if len(placed) == count:
            break
        thing = twin or some_thing(rng, place, unseen)
        twin, r = None, radius_of(thing)
        spot = free_spot(rng, region, r, spots) if r <= min(region) * 1.1 else None
        if spot is None:
            continue
        spots.append((*spot, r))
        placed.append(put(thing, rng, *spot, level))
        if rng.random() < 0.08:
            twin = build(thing.noun, rng, unseen) if thing.colour else None
    if place == TABLE and placed and rng.random() < 0.25:
        stack(rng, placed, unseen)
    return placed


def stack(rng, placed, unseen):
    """Puts one more thing on a box or a book."""
    for base in placed:
        if base.thing.noun in ("box", "book", "cardboard box", "plate", "tray"):
            low, high = base.mesh.bounds()
            top = some_thing(rng, TABLE, unseen)
            if radius_of(top) < 0.6 * min((high - low)[:2]):
                height = high[2] if base.thing.noun not in ("plate", "tray") else low[2] + 0.012
                placed.append(put(top, rng, *((low + high) / 2)[:2], height))
                return


def camera_for(rng, width, height, target, distance, elevation):
    turn, tilt = rng.uniform(0, 360), np.radians(elevation)
    offset = np.array([np.cos(np.radians(turn)) * np.cos(tilt), np.sin(np.radians(turn)) * np.cos(tilt), np.sin(tilt)])
    return look_at(np.asarray(target) + offset * distance, target, rng.normal(0, 4), rng.uniform(42, 68), width, height)


def table_scene(rng, width, height, unseen):
    count = 1 + int(MOST * rng.random() ** 1.5)
    spread = rng.uniform(.06, .1) + .045 * np.sqrt(count) * rng.uniform(.8, 1.5)
    top, words = surface(rng, "table", ("Wood", "Planks", "Marble", "Fabric", "Metal", "Plastic", "Granite", "Onyx"),
                         unseen)
    half = rng.uniform(.45, .9, 2)
    slab, known = room(rng, -.72, unseen)
    slabs = [slab, Slab((-half[0], -half[1], -.04), (half[0], half[1], 0.0), top)]
    placed = scatter(rng, count, (spread * 1.25, spread), TABLE, unseen)
    target = (rng.normal(0, .03), rng.normal(0, .03), .03)
    camera = camera_for(rng, width, height, target, rng.uniform(1.3, 2.4) * spread + .2, rng.uniform(16, 82))
    return placed, slabs, camera, known | {1: words}


def floor_scene(rng, width, height, unseen):
    count, spread = int(rng.integers(1, 9)), rng.uniform(.4, 1.1)
    slab, known = room(rng, 0.0, unseen)
    slabs = [slab]
    placed = scatter(rng, count, (spread, spread), FLOOR, unseen)
    camera = camera_for(rng, width, height, (0, 0, .15), rng.uniform(1.0, 2.0) * spread + .6, rng.uniform(10, 60))
    low, high = np.array(slabs[0].low), np.array(slabs[0].high)
    reach = np.abs(camera.position[:2]).max() + .3
    slabs[0].low, slabs[0].high = (tuple(float(v) for v in np.minimum(low, [-reach, -reach, low[2]])),
                                   tuple(float(v) for v in np.maximum(high, [reach, reach, high[2]])))
    return placed, slabs, camera, known


def shelf_scene(rng, width, height, unseen):
    board, words = surface(rng, "shelf", ("Wood", "Planks", "Metal", "Plastic"), unseen)
    gap, depth, wide = rng.uniform(.28, .38), .16, .6
    slab, known = room(rng, -.8, unseen)
    slabs = [slab]
    slabs += [Slab((-wide, -depth, z - .02), (wide, depth, z), board) for z in (0.0, gap, 2 * gap)]
    slabs += [Slab((-wide, depth, -.02), (wide, depth + .02, 2 * gap), board)]
    slabs += [Slab((s * wide - .01, -depth, -.02), (s * wide + .01, depth, 2 * gap), board) for s in (-1, 1)]
    placed = []
    for level in (0.0, gap):
        row = scatter(rng, int(rng.integers(2, 6)), (wide * .85, depth * .55), TABLE, unseen, level)
        placed += [p for p in row if p.mesh.bounds()[1][2] < level + gap - .03]
    x, z = rng.normal(0, .12), gap * rng.uniform(.6, 1.4)
    camera = look_at((x + rng.normal(0, .15), -rng.uniform(.7, 1.1), z + rng.uniform(-.05, .3)), (x, 0, z),
                     rng.normal(0, 3), rng.uniform(45, 65), width, height)
    return placed, slabs, camera, known | {i: words for i in range(1, len(slabs))}


def compose(rng, width, height, unseen=False):
    """A random Scene; `unseen` draws only what training leaves out, see `heldout`, where that is possible."""
    kind = rng.random()
    make = table_scene if kind < .66 else floor_scene if kind < .86 else shelf_scene
    placed, slabs, camera, slab_words = make(rng, width, height, unseen)
    words = [attributes_of(p.thing) for p in placed]
    near = add_relations(placed, words, camera)
    add_sizes(placed, words)
    return Scene(placed, slabs, camera, lamp(rng), words, slab_words, near)


def seen_by(scene, camera):
    """The same scene before another camera, from which things are to the left of, or behind, others."""
    words = [replace(word) for word in scene.words]
    return replace(scene, camera=camera, words=words, near=add_relations(scene.placed, words, camera))


def add_sizes(placed, words):
    """'large' and 'small' where a scene shows two things of one name, one clearly larger than the other."""
    extent = [float(np.linalg.norm(np.subtract(*p.thing.mesh.bounds()))) for p in placed]
    for noun in {word.noun for word in words}:
        alike = [i for i, word in enumerate(words) if word.noun == noun]
        small, large = min(alike, key=extent.__getitem__), max(alike, key=extent.__getitem__)
        if extent[large] > LARGER * extent[small]:
            words[small].size, words[large].size = "small", "large"


def add_relations(placed, words, camera):
    """Each thing's place relative to its nearest neighbour, where that one is near -> Scene.near."""
    centres = [(p.mesh.vertices.min(0) + p.mesh.vertices.max(0)) / 2 for p in placed]
    near = [None] * len(placed)
    for i, word in enumerate(words):
        gaps = [(np.linalg.norm(centres[i] - c) if j != i else np.inf) for j, c in enumerate(centres)]
        if len(gaps) > 1 and min(gaps) < 2.6 * radius_of(placed[i].thing) + .04:
            j = int(np.argmin(gaps))
            named = phrase(Attributes(words[j].noun, words[j].colour))
            word.relation, word.other = relate(centres[i], centres[j], camera), f"the {named}"
            near[i] = j
    return near
