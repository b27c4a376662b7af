"""Captions from attributes, at most twelve words, with paraphrases."""
from dataclasses import asdict, dataclass

METALLIC = {"wrench", "spoon", "fork", "key"}        # named by what they are made of, not by a colour
HANDLED = {"hammer", "knife", "axe", "saw"}                        # whose colour is that of the handle
COLOUR_IMPLIED = {"cardboard box", "rubiks cube", "soccer ball"}


@dataclass
class Attributes:
    """What is known of an object; '' where nothing is. `relation` is to `other`, a noun phrase."""

    noun: str = ""
    colour: str = ""
    pattern: str = ""
    size: str = ""
    handle: str = ""
    relation: str = ""
    other: str = ""

    def as_dict(self):
        return {key: value for key, value in asdict(self).items() if value}


def attributes_of(thing):
    """The words that fit a thing of the catalogue."""
    if thing.noun in METALLIC:
        return Attributes(thing.noun, pattern="metal")
    if thing.noun in HANDLED:
        return Attributes(thing.noun, handle=thing.colour)
    if thing.noun in COLOUR_IMPLIED or thing.colour == thing.noun:
        return Attributes(thing.noun)
    return Attributes(thing.noun, thing.colour, thing.pattern)


def article(words):
    """'a' or 'an' by the first sound, near enough for our words."""
    return "an" if words[0] in "aeio" or words.startswith("umb") else "a"


def phrase(a, with_size=True):
    """'small striped red mug', without an article."""
    words = [a.size if with_size else "", a.pattern, a.colour, a.noun]
    return " ".join(word for word in words if word)


def caption(a, rng, relation_share=0.12):
    """One of the ways to say it; the plainest is the most frequent, so that greedy decoding finds it."""
    words = phrase(a)
    plural = a.noun.endswith(("scissors", "pliers", "glasses", "socks", "pants", "gloves", "skis", "pins", "stairs"))
    mass = a.noun in ("bread", "garlic", "corn", "cheese", "broccoli", "lettuce", "salad", "candy", "toothpaste")
    text = words if plural or mass else f"{article(words)} {words}"
    if a.noun in ("floor", "wall") and not (a.pattern or a.colour):
        text = f"the {a.noun}"
    if a.handle:
        text += f" with a{'n' if a.handle[0] in 'aeio' else ''} {a.handle} handle"
    elif a.relation and rng.random() < relation_share:
        text += f" {a.relation} {a.other}"
    return " ".join(text.split()[:12])


def relate(one, other, camera):
    """Where one thing is as seen from the camera, relative to another; positions in the world."""
    a, b = camera.rotation @ one, camera.rotation @ other
    right, away = a[0] - b[0], a[2] - b[2]
    if abs(right) > 1.8 * abs(away):
        return "to the right of" if right > 0 else "to the left of"
    if abs(away) > 1.8 * abs(right):
        return "behind" if away > 0 else "in front of"
    return "next to"
