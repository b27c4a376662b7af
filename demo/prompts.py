"""What the demo asks for: the prompts that belong to the sample clip, or those that suit any photograph."""

from dataclasses import dataclass

import yaml
from client import box_prompt, everything_prompt, point_prompt


@dataclass
class Questions:
    """Prompts by their use."""

    shown: list  # over ~/prompts; their answer becomes the table and the pictures
    followed: list  # over ~/prompts, sticky: answered for every frame
    service: list  # (what, [prompts]): one call of ~/segment each


def clicks_on(prompts_file, frame):
    """Clicks on the named things of a frame, such as "clip/000.jpg"."""
    with open(prompts_file, encoding="utf-8") as file:
        named = yaml.safe_load(file)[frame]
    return [point_prompt(thing["name"], [thing["point"]]) for thing in named]


def for_clip(clicks, boxes):
    """Questions about things that are clicked on; `boxes(click)` gives the box (x, y, w, h) around what lies under one."""
    box = box_prompt(f"box: {clicks[0].id}", boxes(clicks[0]))
    return Questions([box, *clicks[1:]], [box, clicks[1]], _calls(clicks[0], box))


def for_photo(width, height):
    """No names are known: everything there is, and whatever lies in the middle."""
    click = point_prompt("centre", [(width // 2, height // 2)])
    box = box_prompt("middle box", (width // 4, height // 4, max(1, width // 2), max(1, height // 2)))
    return Questions([click, box, everything_prompt("everything")], [click, box], _calls(click, box))


def _calls(click, box):
    return [("click", [click]), ("box", [box]), ("click and box", [click, box]), ("everything", [everything_prompt()])]
