"""What is known of one object, and where the pictures of a set come from."""
from dataclasses import dataclass, field

import numpy as np


@dataclass
class Truth:
    """An object of a picture. What is empty is not known, and not scored."""

    mask: np.ndarray                        # (H,W) bool, what can be seen of it
    noun: str = ""
    also: tuple = ()                        # other nouns that a person would accept here
    colours: tuple = ()                     # every colour that a person would accept
    attributes: dict = field(default_factory=dict)      # pattern, material, size
    references: tuple = ()                  # captions to compare with


@dataclass
class Item:
    """One picture: `load()` gives (image (H,W,3) uint8, [Truth]); it can be handed to another process."""

    name: str
    load: object


@dataclass
class EvalSet:
    """A row of the tables."""

    key: str                                # in results.json and file names
    title: str
    items: list
    per_sheet: int = 15                     # objects on its sheet


def attributes_known(words):
    """The part of a generator's attributes that is scored as such."""
    return {key: words[key] for key in ("pattern", "material", "size") if words.get(key)}
