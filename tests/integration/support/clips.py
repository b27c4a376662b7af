"""Short clips of painted things that move, hide one another, leave and come back: who is where is known."""

from dataclasses import dataclass

import numpy as np

SIZE = (320, 240)
FRAME_SECS = 0.1
# Of a thing of which less is to be seen, nothing is asked.
LEAST_PIXELS = 200

RED, GREEN, BLUE, YELLOW = (214, 48, 36), (40, 150, 60), (40, 70, 200), (235, 200, 50)
PURPLE, WHITE, BLACK = (140, 60, 160), (240, 240, 236), (24, 24, 28)


@dataclass
class Thing:
    """`path`: the frame's number to its centre in pixels; where there is none, it is not there."""

    name: str
    form: str  # disc, box
    size: tuple  # width, height
    colour: tuple
    path: object
    # The frame's number to how much larger it is then.
    growth: object = lambda _number: 1.0

    def mask(self, number, camera):
        centre = self.path(number)
        if centre is None:
            return np.zeros(SIZE[::-1], bool)
        rows, columns = np.ogrid[: SIZE[1], : SIZE[0]]
        width, height = (length * self.growth(number) for length in self.size)
        across = (columns + camera[0] - centre[0]) / (width / 2)
        down = (rows + camera[1] - centre[1]) / (height / 2)
        return across**2 + down**2 <= 1 if self.form == "disc" else (np.abs(across) <= 1) & (np.abs(down) <= 1)


def still(x, y):
    return lambda _number: (x, y)


def line(start, step):
    return lambda number: (start[0] + step[0] * number, start[1] + step[1] * number)


@dataclass
class Clip:
    """Things from the back to the front."""

    things: list
    frames: int
    camera: object = lambda _number: (0, 0)
    background: tuple = (118, 116, 112)

    def frame(self, number):
        """The picture, (H, W, 3) uint8, and the visible part of each thing by its name."""
        camera = self.camera(number)
        rgb = self._background(camera)
        visible = {}
        for thing in self.things:
            mask = thing.mask(number, camera)
            rgb[mask] = thing.colour
            # A little light from above, so that it is no flat patch.
            shade = np.linspace(14, -14, SIZE[1])[:, None].repeat(SIZE[0], 1)[mask]
            rgb[mask] = np.clip(rgb[mask] + shade[:, None], 0, 255)
            for other in visible.values():
                other &= ~mask
            visible[thing.name] = mask
        noise = np.random.default_rng(number).normal(0, 2.0, rgb.shape)
        return np.clip(rgb + noise, 0, 255).astype(np.uint8), visible

    def _background(self, camera):
        """Grey with soft stripes that the camera passes over."""
        rows, columns = np.mgrid[: SIZE[1], : SIZE[0]]
        wave = 6 * np.sin((columns + camera[0]) / 37) + 6 * np.cos((rows + camera[1]) / 29)
        return np.float64(self.background) + wave[..., None]


def table():
    """Four different things that stand apart."""
    return [
        Thing("red disc", "disc", (60, 60), RED, still(60, 60)),
        Thing("blue box", "box", (60, 46), BLUE, still(230, 70)),
        Thing("yellow disc", "disc", (46, 46), YELLOW, still(90, 180)),
        Thing("white box", "box", (40, 60), WHITE, still(220, 180)),
    ]
