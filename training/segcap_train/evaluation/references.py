"""Several ways in which the grammar would say what an object is."""
import itertools

import numpy as np

from ..scenes.grammar import Attributes, caption

WAYS, DRAWS = 5, 24         # references of an object, and tries to find so many different ones


def spoken(words, ways=WAYS):
    """Up to `ways` different captions of an object with these attributes; the same each time."""
    said = dict.fromkeys(caption(Attributes(**words), np.random.default_rng([draw, 5])) for draw in range(DRAWS))
    return tuple(itertools.islice(said, ways))


def accepted(nouns, colours):
    """Captions of an object that may be called by several nouns and colours, some of each pair."""
    pairs = [{"noun": noun, "colour": colour} for noun in nouns for colour in colours]
    each = max(1, 2 * WAYS // len(pairs))
    return tuple(dict.fromkeys(text for words in pairs for text in spoken(words, each)))
