"""Reads Dockerfiles as far as segcap's need it: instructions, and the shell and the environment of each RUN."""

import json
import re
import shlex
from dataclasses import dataclass, field


@dataclass
class Stage:
    """One FROM with what follows it; `runs` are pairs of the shell's command and the line that it is given."""

    base: str
    shell: list = field(default_factory=lambda: ["/bin/sh", "-c"])
    env: dict = field(default_factory=dict)
    runs: list = field(default_factory=list)
    settings: dict = field(default_factory=dict)


def instructions(text):
    """Pairs of keyword and arguments; lines that go on are joined, as the builder does, without comments."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n", "", "\n".join(lines))
    for line in filter(str.strip, joined.splitlines()):
        keyword, _, arguments = line.strip().partition(" ")
        yield keyword.upper(), arguments.strip()


def stages(text):
    found = []
    for keyword, arguments in instructions(text):
        if keyword == "FROM":
            found.append(Stage(arguments.split()[0]))
        elif not found:
            assert keyword == "ARG", f"{keyword} before FROM"
        elif keyword == "SHELL":
            found[-1].shell = json.loads(arguments)
        elif keyword == "ENV":
            found[-1].env.update(pair.split("=", 1) for pair in shlex.split(arguments))
        elif keyword == "RUN":
            found[-1].runs.append((list(found[-1].shell), arguments))
        else:
            found[-1].settings[keyword] = arguments
    return found
