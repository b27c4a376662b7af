"""A camera that moves around a scene in which nothing else does: a thing keeps its id in every frame."""
from dataclasses import replace

import numpy as np

from .compose import compose, seen_by
from .effects import faults
from .mesh import rotation
from .sample import SUPERSAMPLE, photograph


def turned(camera, centre, degrees, nearer):
    """The camera carried around the vertical through `centre` (3), and towards it by a share of the way."""
    turn = rotation("z", degrees)
    away = turn @ (camera.position - centre) * (1 - nearer)
    return replace(camera, position=centre + away, rotation=camera.rotation @ turn.T)


def clip_samples(rng, width, height, frames, unseen=False, device="cpu"):
    """Yields `frames` Samples of one random scene. The camera starts and ends at rest; its faults stay the same,
    its noise does not."""
    scene = compose(rng, int(width * SUPERSAMPLE), int(height * SUPERSAMPLE), unseen)
    faulty = faults(rng)
    sweep, nearer = rng.choice([-1, 1]) * rng.uniform(20, 45), rng.uniform(-.05, .15)
    vertices = np.concatenate([p.mesh.vertices for p in scene.placed]) if scene.placed else np.zeros((1, 3))
    centre = (vertices.min(0) + vertices.max(0)) / 2
    for at in range(frames):
        share = 0.5 - 0.5 * np.cos(np.pi * at / max(frames - 1, 1))
        camera = turned(scene.camera, centre, sweep * share, nearer * share)
        yield photograph(seen_by(scene, camera), faulty, rng, width, height, device)
