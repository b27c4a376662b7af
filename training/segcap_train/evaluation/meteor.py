"""METEOR (Denkowski and Lavie 2014, the English parameters): words of a caption aligned with those of a reference.

Stages of matching: the same word (weight 1), the same stem (0.6), a synonym (0.8). The synonyms are the project's own
small table (`words.synonyms`); WordNet and the paraphrase table are NOT used, so values are somewhat lower than those
of the authors' program, and not comparable with published ones. A caption's score is that of its best reference; a
set's is the mean over its captions.
"""
from functools import lru_cache

from .stem import stem
from .words import same_meaning, tokens

ALPHA, BETA, GAMMA, DELTA = 0.85, 0.2, 0.6, 0.75
SAME, STEM, SYNONYM = 1.0, 0.6, 0.8
FUNCTION_WORDS = frozenset("a an the of with on in to at by for from and or is are its it that this two".split())


def meteor(caption, references):
    """0..1: the score against the best of the references."""
    return max((against(tuple(tokens(caption)), tuple(tokens(text))) for text in references), default=0.0)


@lru_cache(200_000)
def pair_weight(word, other):
    """How well two words match, 0 for not at all."""
    if word == other:
        return SAME
    return SYNONYM if same_meaning(word, other) else STEM if stem(word) == stem(other) else 0.0


def against(words, reference):
    """0..1: F mean of weighted precision and recall, less a penalty for words in another order."""
    pairs, chunks = align(words, reference)
    if not pairs:
        return 0.0
    precision = sum(importance(words[i]) * w for i, _, w in pairs) / sum(map(importance, words))
    recall = sum(importance(reference[j]) * w for _, j, w in pairs) / sum(map(importance, reference))
    f_mean = precision * recall / (ALPHA * precision + (1 - ALPHA) * recall)
    whole = chunks == 1 and len(pairs) == len(words) == len(reference)
    return f_mean * (1 - (0.0 if whole else GAMMA * (chunks / len(pairs)) ** BETA))


def importance(word):
    return 1 - DELTA if word in FUNCTION_WORDS else DELTA


def align(words, reference):
    """-> ([(i, j, weight)], chunks): most matches, then fewest chunks, then best weights, then least displacement.

    Exact, by dynamic programming over the caption's words: a state is the set of reference words in use, as bits, and
    the one that the last word took.
    """
    states = {(0, None): ((0, 0, 0.0, 0), ())}
    for i, word in enumerate(words):
        found = {}
        for (used, last), (score, pairs) in states.items():
            keep(found, (used, None), score, pairs)
            for j, other in enumerate(reference):
                weight = pair_weight(word, other)
                if weight and not used >> j & 1:
                    opens = last is None or j != last + 1
                    better = (score[0] + 1, score[1] - opens, score[2] + weight, score[3] - abs(i - j))
                    keep(found, (used | 1 << j, j), better, (*pairs, (i, j, weight)))
        states = found
    score, pairs = max(states.values(), key=lambda state: state[0])
    return pairs, -score[1]


def keep(states, key, score, pairs):
    if key not in states or score > states[key][0]:
        states[key] = (score, pairs)
