"""Printed surfaces: packages, labels, book covers, screens. Drawn, not photographed."""
import numpy as np
from PIL import Image, ImageDraw, ImageFont

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
    """Keys of `colour`, dark gaps between them, a letter's blot on each."""
    base = np.array(colour)
    sheet = Image.new("RGB", (size, size), rgb(base * .45))
    draw = ImageDraw.Draw(sheet)
    top, ink = rgb(base * .88 + .08), (235, 235, 235) if base.sum() < 1.2 else (70, 70, 75)
    for i in range(rows):
        for j in range(columns):
            x, y = 3 + j * (size - 6) / columns, 6 + i * (size - 12) / rows
            right, bottom = x + (size - 6) / columns - 2, y + (size - 12) / rows - 4
            if i == rows - 1 and 4 <= j <= 8:        # the space bar
                right += 2
            draw.rectangle([x, y, right, bottom], fill=top)
            if i < rows - 1:
                draw.rectangle([x + 2, y + 4, x + 3, y + 8], fill=ink)
    return np.asarray(sheet, np.float32) / 255.0


def pips(colour, rng, size=48):
    """A die's face."""
    sheet = Image.new("RGB", (size, size), rgb(colour))
    draw = ImageDraw.Draw(sheet)
    ink = (20, 20, 20) if sum(colour) > 1.4 else (240, 240, 240)
    for x, y in rng.permutation([(12, 12), (36, 36), (24, 24), (12, 36), (36, 12)])[:rng.integers(1, 6)].tolist():
        draw.ellipse([x - 5, y - 5, x + 5, y + 5], fill=ink)
    return np.asarray(sheet, np.float32) / 255.0


def stickers(rng, size=48):
    """A scrambled face of a puzzle cube: nine coloured squares on black."""
    sheet = Image.new("RGB", (size, size), (18, 18, 20))
    draw = ImageDraw.Draw(sheet)
    inks = [(200, 25, 30), (20, 70, 180), (20, 140, 60), (240, 205, 30), (235, 235, 235), (240, 120, 20)]
    for i in range(9):
        x, y = i % 3 * 16, i // 3 * 16
        draw.rectangle([x + 1, y + 1, x + 14, y + 14], fill=inks[int(rng.integers(6))])
    return np.asarray(sheet, np.float32) / 255.0


def stop_face(size=96):
    """The face of a stop sign: red, a white edge, the word."""
    sheet = Image.new("RGB", (size, size), (190, 25, 30))
    draw = ImageDraw.Draw(sheet)
    edge = [(size / 2 + np.cos(a) * size * .5, size / 2 + np.sin(a) * size * .5)
            for a in np.radians(np.arange(8) * 45 + 22.5)]
    draw.line([*edge, edge[0]], fill=(240, 240, 240), width=5)
    draw.text((size / 2, size / 2), "STOP", (240, 240, 240), ImageFont.load_default(34), anchor="mm", stroke_width=1)
    return np.asarray(sheet, np.float32) / 255.0


def directions(height, width):
    """Unit vectors (height,width,3) that the texels of a ball's skin point in, as `mesh.sphere` lays it out."""
    tilt, turn = np.meshgrid(np.linspace(-np.pi / 2, np.pi / 2, height), np.linspace(0, 2 * np.pi, width),
                             indexing="ij")
    return np.stack([np.cos(tilt) * np.cos(turn), np.cos(tilt) * np.sin(turn), np.sin(tilt)], -1)


def football_skin(height=96):
    """White with twelve black patches, where an icosahedron has its corners, and seams between them."""
    g = (1 + 5 ** .5) / 2
    corners = np.array([(0, a, b * g) for a in (-1, 1) for b in (-1, 1)])
    corners = np.concatenate([np.roll(corners, k, 1) for k in range(3)]) / np.hypot(1, g)
    near = np.sort(directions(height, 2 * height) @ corners.T, -1)
    skin = np.where(near[..., -1:] > np.cos(.36), .06, np.full((1, 1, 3), .93))
    seam = (near[..., -1] - near[..., -2] < .035) & (near[..., -1] < np.cos(.36))
    skin[seam] = .35
    return skin.astype(np.float32)


def basketball_skin(height=96):
    """Orange with black seams: two great circles and two arcs."""
    x, y, z = np.moveaxis(directions(height, 2 * height), -1, 0)
    seam = (np.abs(x) < .035) | (np.abs(z) < .035) | (np.abs(np.abs(y) - .62) < .03)
    return np.where(seam[..., None], (.07, .05, .04), (.83, .4, .12)).astype(np.float32)
