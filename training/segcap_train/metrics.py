"""Overlap of masks, and what a caption says."""
import re

from .vocabulary import COLOURS, RELATIONS, noun_list


def iou(guess, truth):
    """Intersection over union of two boolean masks; 1 where both are empty."""
    union = (guess | truth).sum()
    return float((guess & truth).sum() / union) if union else 1.0


def head(caption):
    """The part of a caption that names the object itself."""
    return re.split(rf" (?:with|on|{'|'.join(RELATIONS)}) ", caption)[0]


def named_noun(caption):
    """The noun that a caption's head ends in, or ''."""
    words = " " + head(caption)
    return next((noun for noun in noun_list() if words.endswith(" " + noun)), "")


def named_colour(caption):
    """The colour in a caption: of the handle if it names one, else the first before the noun, or ''."""
    handle = re.search(r"with an? (\w+) handle", caption)
    if handle:
        return handle[1]
    noun = named_noun(caption)
    words = head(caption)[:-len(noun)] if noun else caption
    return next((word for word in words.split() if word in COLOURS), "")


def mean(values):
    values = list(values)
    return sum(values) / len(values) if values else float("nan")
