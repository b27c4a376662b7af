"""Porter's stemmer (1980): 'stripes', 'striped' -> 'stripe'; for METEOR's second stage."""
import re
from functools import lru_cache

STEP_2 = (("ational", "ate"), ("tional", "tion"), ("enci", "ence"), ("anci", "ance"), ("izer", "ize"), ("abli", "able"),
          ("alli", "al"), ("entli", "ent"), ("eli", "e"), ("ousli", "ous"), ("ization", "ize"), ("ation", "ate"),
          ("ator", "ate"), ("alism", "al"), ("iveness", "ive"), ("fulness", "ful"), ("ousness", "ous"),
          ("aliti", "al"), ("iviti", "ive"), ("biliti", "ble"))
STEP_3 = (("icate", "ic"), ("ative", ""), ("alize", "al"), ("iciti", "ic"), ("ical", "ic"), ("ful", ""), ("ness", ""))
STEP_4 = ("ement", "ance", "ence", "able", "ible", "ment", "ant", "ent", "ion", "ism", "ate", "iti", "ous", "ive", "ize",
          "al", "er", "ic", "ou")


def kinds(word):
    """'c' for each consonant, 'v' for each vowel; a y after a consonant is a vowel."""
    out = ""
    for i, letter in enumerate(word):
        vowel = letter in "aeiou" or (letter == "y" and i > 0 and out[-1] == "c")
        out += "v" if vowel else "c"
    return out


def measure(part):
    """How often consonants follow vowels."""
    return len(re.findall("v+c+", kinds(part)))


def short(part):
    """Ends in consonant, vowel, consonant, the last one no w, x, y."""
    return kinds(part)[-3:] == "cvc" and part[-1] not in "wxy"


def doubled(part):
    return len(part) > 1 and part[-1] == part[-2] and kinds(part)[-1] == "c"


@lru_cache(50_000)
def stem(word):
    if len(word) < 3:
        return word
    word = past(plural(word))
    if word.endswith("y") and "v" in kinds(word[:-1]):
        word = word[:-1] + "i"
    word = replaced(replaced(word, STEP_2), STEP_3)
    return tidy(shortened(word))


def plural(word):
    for ending, new in (("sses", "ss"), ("ies", "i"), ("ss", "ss"), ("s", "")):
        if word.endswith(ending):
            return word[:-len(ending)] + new
    return word


def past(word):
    if word.endswith("eed"):
        return word[:-1] if measure(word[:-3]) > 0 else word
    for ending in ("ed", "ing"):
        part = word[:-len(ending)]
        if word.endswith(ending) and "v" in kinds(part):
            if part.endswith(("at", "bl", "iz")):
                return part + "e"
            if doubled(part) and part[-1] not in "lsz":
                return part[:-1]
            return part + "e" if measure(part) == 1 and short(part) else part
    return word


def replaced(word, endings):
    for ending, new in endings:
        if word.endswith(ending):
            part = word[:-len(ending)]
            return part + new if measure(part) > 0 else word
    return word


def shortened(word):
    for ending in STEP_4:
        if word.endswith(ending):
            part = word[:-len(ending)]
            fits = measure(part) > 1 and (ending != "ion" or part.endswith(("s", "t")))
            return part if fits else word
    return word


def tidy(word):
    if word.endswith("e"):
        part = word[:-1]
        if measure(part) > 1 or (measure(part) == 1 and not short(part)):
            word = part
    return word[:-1] if measure(word) > 1 and doubled(word) and word.endswith("l") else word
