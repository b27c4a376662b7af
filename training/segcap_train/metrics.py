"""Overlap of masks, and what a caption says."""
import re
from functools import cache
from pathlib import Path

from .vocabulary import COLOURS, PATTERNS, RELATIONS, noun_list

ACCEPTED = Path(__file__).parent / "evaluation" / "accepted.txt"
PLACES = (*RELATIONS, "beside", "near", "under", "on", "in", "inside")     # what follows tells of something else
OWN_END = re.compile(rf" (?:{'|'.join(PLACES)}) ")
HEAD_END = re.compile(rf",| (?:with|that|which|made|{'|'.join(PLACES)}) ")
HANDLE = re.compile(r"with an? (\w+) handle")


def iou(guess, truth):
    """Intersection over union of two boolean masks; 1 where both are empty."""
    union = (guess | truth).sum()
    return float((guess & truth).sum() / union) if union else 1.0


def own(caption):
    """The part of a caption that tells of the object itself, not of what it is next to."""
    return OWN_END.split(caption)[0]


def head(caption):
    """The part of a caption that names the object."""
    return HEAD_END.split(caption)[0]


@cache
def noun_pattern():
    return re.compile(r"\b(?:" + "|".join(map(re.escape, noun_list())) + r")\b")


def named_noun(caption):
    """The last noun of a caption's head, the longest that fits, or ''."""
    found = noun_pattern().findall(head(caption))
    return found[-1] if found else ""


def named_colour(caption):
    """The first colour that a caption gives the object, else that of its handle, or ''."""
    noun = named_noun(caption)
    before, _, after = own(caption).rpartition(noun) if noun else ("", "", own(caption))
    handle = HANDLE.search(caption)
    after = HANDLE.sub(" ", after)
    spoken = [word for part in (before, after) for word in re.findall(r"\w+", part) if word in COLOURS]
    return spoken[0] if spoken else handle[1] if handle else ""


def says(caption, word):
    """Whether a caption gives the object this attribute."""
    return word in re.findall(r"\w+", own(caption))


def named_pattern(caption):
    """The first pattern in a caption, or ''."""
    return next((word for word in re.findall(r"\w+", own(caption)) if word in PATTERNS), "")


@cache
def accepted_nouns():
    """{noun: nouns that a person would accept for it}, from the committed table."""
    rows = (line.split(":") for line in ACCEPTED.read_text().splitlines() if line and not line.startswith("#"))
    return {noun.strip(): frozenset(part.strip() for part in others.split(",")) for noun, others in rows}


def noun_accepted(said, noun, also=()):
    """Whether a person would take `said` for `noun`, or for one of the other nouns that fit this object."""
    return said == noun or said in also or said in accepted_nouns().get(noun, ())


def mean(values):
    values = list(values)
    return sum(values) / len(values) if values else float("nan")
