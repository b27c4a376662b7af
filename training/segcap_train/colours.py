"""Names a picture's colour, where one name is clear."""
import numpy as np

from .vocabulary import COLOURS

NAMES = list(COLOURS)
CLEAR_SHARE = 0.62       # of the pixels that must agree


def lab(rgb):
    """sRGB (n,3) in 0..255 -> CIELAB (n,3)."""
    c = np.asarray(rgb, np.float64) / 255.0
    c = np.where(c > 0.04045, ((c + 0.055) / 1.055) ** 2.4, c / 12.92)
    m = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    xyz = c @ m.T / np.array([0.9505, 1.0, 1.089])
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.stack([116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])], 1)


CENTRES = lab(np.array(list(COLOURS.values())))


def clear_colour(pixels):
    """The name that most of the pixels (n,3) uint8 agree on, or ''. Lightness counts half."""
    if len(pixels) < 30:
        return ""
    step = max(1, len(pixels) // 600)
    weight = np.array([0.5, 1.0, 1.0])
    gap = ((lab(pixels[::step])[:, None] - CENTRES[None]) * weight) ** 2
    votes = np.bincount(gap.sum(-1).argmin(1), minlength=len(NAMES))
    best = int(votes.argmax())
    return NAMES[best] if votes[best] >= CLEAR_SHARE * votes.sum() else ""
