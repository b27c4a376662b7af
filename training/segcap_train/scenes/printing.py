"""Printed surfaces: packages, labels, book covers, screens. Drawn, not photographed."""
import numpy as np
from PIL import Image, ImageDraw

from .material import shade_of


def rgb(colour):
    return tuple(int(c * 255) for c in colour)


def printed(colour, rng, size=96):
    """A package's face (size,size,3) that is mostly `colour`, with bars, a badge and lines like text."""
    sheet = Image.new("RGB", (size, size), rgb(colour))
    draw = ImageDraw.Draw(sheet)
    inks = [rgb(shade_of(name, rng)) for name in rng.choice(["white", "black", "yellow", "red", "blue", "white"], 3)]
    if rng.random() < 0.5:
        top = rng.integers(5, 70)
        draw.rectangle([0, top, size, top + rng.integers(4, 14)], fill=inks[0])
    if rng.random() < 0.6:
        x, y, r = rng.integers(20, 76), rng.integers(20, 76), rng.integers(8, 17)
        (draw.ellipse if rng.random() < 0.6 else draw.rectangle)([x - r, y - r, x + r, y + r], fill=inks[1])
    y = int(rng.integers(8, 40))
    for _ in range(rng.integers(1, 6)):
        words(draw, rng, y, size, inks[2])
        y += int(rng.integers(7, 14))
    return np.asarray(sheet, np.float32) / 255.0


def words(draw, rng, y, size, ink):
    """One line of blots the size of words."""
    x, tall = int(rng.integers(6, 20)), int(rng.integers(2, 6))
    while x < size - 14 and y < size - 8:
        w = int(rng.integers(4, 16))
        draw.rectangle([x, y, min(x + w, size - 8), y + tall], fill=ink)
        x += w + 4


def screen(rng, size=96):
    """What a display shows: dark, with a few windows."""
    sheet = Image.new("RGB", (size, size), (12, 14, 20))
    draw = ImageDraw.Draw(sheet)
    if rng.random() < 0.7:
        sheet.paste(tuple(rng.integers(20, 120, 3).tolist()), (0, 0, size, size))
        for _ in range(rng.integers(1, 5)):
            x, y = rng.integers(2, 60, 2)
            draw.rectangle([x, y, x + rng.integers(15, 50), y + rng.integers(10, 40)],
                           fill=tuple(rng.integers(60, 250, 3).tolist()))
    return np.asarray(sheet, np.float32) / 255.0


def keys(colour, rng, rows=5, columns=14, size=112):
    """Keyboard keys on a base of `colour`."""
    sheet = Image.new("RGB", (size, size), rgb(colour))
    draw = ImageDraw.Draw(sheet)
    key = tuple(int(c * (40 if sum(colour) < 1.5 else 215)) + 20 for c in (1, 1, 1))
    for i in range(rows):
        for j in range(columns):
            x, y = 3 + j * (size - 6) / columns, 6 + i * (size - 12) / rows
            draw.rectangle([x + 1, y + 2, x + (size - 6) / columns - 1, y + (size - 12) / rows - 2], fill=key)
    return np.asarray(sheet, np.float32) / 255.0


def pips(colour, rng, size=48):
    """A die's face."""
    sheet = Image.new("RGB", (size, size), rgb(colour))
    draw = ImageDraw.Draw(sheet)
    ink = (20, 20, 20) if sum(colour) > 1.4 else (240, 240, 240)
    for x, y in rng.permutation([(12, 12), (36, 36), (24, 24), (12, 36), (36, 12)])[:rng.integers(1, 6)].tolist():
        draw.ellipse([x - 5, y - 5, x + 5, y + 5], fill=ink)
    return np.asarray(sheet, np.float32) / 255.0
