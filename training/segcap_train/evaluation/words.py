"""Captions as words, and words that mean the same, for the caption metrics."""
import re
from functools import cache

from ..metrics import accepted_nouns
from ..vocabulary import nouns

SPELLINGS = (("gray", "grey"), ("tin", "can"), ("large", "big"), ("small", "little"), ("sofa", "couch"))


def tokens(caption):
    """Lower case words without punctuation."""
    return re.findall(r"[a-z0-9]+", caption.lower())


@cache
def synonyms():
    """Unordered pairs of single words that mean the same: the vocabulary's merged labels and the accepted nouns."""
    pairs = list(SPELLINGS) + list(nouns().items())
    pairs += [(noun, other) for noun, others in accepted_nouns().items() for other in others]
    return {frozenset(pair) for pair in pairs if pair[0] != pair[1] and not any(" " in word for word in pair)}


def same_meaning(one, other):
    return frozenset((one, other)) in synonyms()
