"""Names of the parts that things have. A pool's part maps hold numbers: keep the order, add at the end."""

PARTS = ("", "body", "handle", "lid", "rim", "spout", "neck", "label", "cap", "contents", "blade", "head", "shaft",
         "tip",
         "stem", "leaf", "leg", "seat", "back", "wheel", "window", "screen", "keys", "button", "base", "stand", "shade",
         "flap", "cover", "pages", "face", "pointer", "ribbon", "pot", "soil", "tine", "bristles", "jaw", "trigger",
         "chuck", "stripe", "wick", "roof", "ring", "teeth", "eraser", "end", "frame", "crown", "icing", "pivot",
         "clip")
BODY = 1            # 0 is what belongs to no thing
NUMBERS = {name: number for number, name in enumerate(PARTS)}


def number_of(name):
    """The number of a part's name in part maps."""
    return NUMBERS[name]
