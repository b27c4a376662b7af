"""Kinds of things, for when a name is not sure: "a container", "a tool". The last resort is GENERIC."""
from functools import cache
from pathlib import Path

GENERIC = "object"
PATH = Path(__file__).parent.parent / "kinds.txt"


@cache
def kinds():
    """{kind: nouns of it}"""
    rows = (line.split(":") for line in PATH.read_text().splitlines() if line and not line.startswith("#"))
    return {kind.strip(): [noun.strip() for noun in nouns.split(",")] for kind, nouns in rows}


@cache
def plain():
    """Names of which no colour is said: people, and what has the colour in its name or in its nature."""
    return frozenset(line for line in PATH.with_name("plain.txt").read_text().splitlines() if line and line[0] != "#")
