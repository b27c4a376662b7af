"""CIDEr-D (Vedantam et al. 2015): how much a caption sounds like its references, rare n-grams counting more.

For n = 1 .. 4, tf-idf vectors of n-grams; idf over the objects of the set, of which an n-gram counts once each;
cosine with the caption's counts clipped to the reference's, times exp(-d^2 / (2 * 6^2)) for a length difference of d
words; mean over references and n, times 10. Values here are on that scale of 0..10; tables of the COCO kind print 100
times as much. A caption of three words has no 4-gram, so that even a perfect one gets 7.5.
"""
import math
from collections import Counter

from .words import tokens

LONGEST, SIGMA, SCALE = 4, 6.0, 10.0


def ngrams(words):
    """One Counter for each n."""
    return [Counter(tuple(words[i:i + n]) for i in range(len(words) - n + 1)) for n in range(1, LONGEST + 1)]


def cider_d(captions, references):
    """Scores of captions (strings), each with a list of reference strings of its own."""
    spoken = [[tokens(text) for text in texts] for texts in references]
    seen = Counter(gram for texts in spoken for gram in {g for words in texts for c in ngrams(words) for g in c})
    rarity = {gram: math.log(len(references)) - math.log(count) for gram, count in seen.items()}
    unseen = math.log(max(1, len(references)))

    def weigh(words):
        return [{g: n * rarity.get(g, unseen) for g, n in counts.items()} for counts in ngrams(words)]

    scores = []
    for caption, texts in zip(captions, spoken):
        words = tokens(caption)
        scores.append(SCALE * sum(similarity(words, weigh(words), text, weigh(text)) for text in texts)
                      / max(1, len(texts)))
    return scores


def similarity(words, vector, reference, target):
    """0..1, mean over n."""
    total = 0.0
    for mine, theirs in zip(vector, target):
        norm = math.sqrt(sum(v * v for v in mine.values()) * sum(v * v for v in theirs.values()))
        if norm > 0:
            total += sum(min(v, theirs[g]) * theirs[g] for g, v in mine.items() if g in theirs) / norm
    return total / LONGEST * math.exp(-(len(words) - len(reference)) ** 2 / (2 * SIGMA ** 2))
