"""Words: nouns (from nouns.txt), colours, patterns, relations."""
from functools import cache
from pathlib import Path

# Basic colours with an sRGB point each; a colour is named by its nearest point in CIELAB.
COLOURS = {
    "red": (190, 30, 35), "orange": (235, 125, 25), "yellow": (240, 205, 40), "green": (45, 140, 60),
    "blue": (35, 80, 180), "purple": (115, 55, 150), "pink": (235, 135, 170), "brown": (110, 70, 40),
    "black": (25, 25, 28), "white": (238, 238, 235), "gray": (128, 128, 130),
}
PATTERNS = ("striped", "checkered", "spotted", "marbled", "wooden", "metal", "cardboard")
SIZES = ("small", "large")
RELATIONS = ("next to", "behind", "in front of", "to the left of", "to the right of")


@cache
def nouns():
    """{label of the data: noun}, the noun itself included."""
    table = {}
    for line in (Path(__file__).parent / "nouns.txt").read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        noun, _, labels = line.partition(":")
        for label in [noun, *filter(None, labels.split(","))]:
            table.setdefault(label.strip(), noun.strip())
    return table


@cache
def noun_list():
    """Every noun once, longest first, so that the first that a caption ends in is the right one."""
    return sorted(set(nouns().values()), key=lambda noun: (-len(noun), noun))
