"""Several ways to say what an object is, for the caption metrics."""
import itertools
import re
from collections import Counter

import numpy as np

from ..scenes.grammar import Attributes, caption

WAYS, DRAWS = 5, 24                             # references of an object, and captions drawn of the grammar
DETAILS = ("pattern", "size", "relation", "other")


def spoken(words, ways=WAYS):
    """Up to `ways` captions of an object with these attributes, the plainest first; the same each time.

    Those that the grammar draws, the most frequent first; one without details; each with 'the' for 'a'.
    """
    drawn = Counter(caption(Attributes(**words), np.random.default_rng([draw, 5])) for draw in range(DRAWS))
    said = [text for text, _ in drawn.most_common()]
    brief = {key: value for key, value in words.items() if key not in DETAILS}
    said.insert(1, caption(Attributes(**brief), np.random.default_rng(0)))
    said += [re.sub(r"^an? ", "the ", text) for text in said]
    return tuple(itertools.islice(dict.fromkeys(said), ways))


def accepted(nouns, colours):
    """Captions of an object that may be called by several nouns and colours, some of each pair."""
    pairs = [{"noun": noun, "colour": colour} for noun in nouns for colour in colours]
    each = max(1, 2 * WAYS // len(pairs))
    return tuple(dict.fromkeys(text for words in pairs for text in spoken(words, each)))
