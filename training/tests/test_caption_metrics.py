"""CIDEr-D, METEOR and the stemmer against values worked out by hand, and what must hold for any caption."""
import pytest

from segcap_train.evaluation.cider import cider_d
from segcap_train.evaluation.meteor import GAMMA, SYNONYM, align, meteor
from segcap_train.evaluation.stem import stem

REFERENCES = [["a red mug"], ["a blue bowl"]]


def test_cider_of_a_perfect_caption_of_three_words_misses_only_the_4_grams():
    assert cider_d(["a red mug", "a blue bowl"], REFERENCES) == pytest.approx([7.5, 7.5])


def test_cider_by_hand():
    # "a" is in every reference: idf 0. Of "red bowl" against "blue bowl" one of two unigrams of equal weight agrees,
    # cosine 1/2; no bigram does. 10 * (1/2 + 0 + 0 + 0) / 4.
    assert cider_d(["a red mug", "a red bowl"], REFERENCES)[1] == pytest.approx(1.25)


def test_cider_clips_repetition_and_punishes_length():
    plain, often = (cider_d([text, "a blue bowl"], REFERENCES)[0] for text in ("mug", "mug mug mug mug"))
    assert 0 < often < plain


def test_cider_invariants():
    assert cider_d(["", "a red mug"], REFERENCES) == [0.0, 0.0]
    both = cider_d(["a red mug"] * 2, [["a red mug", "a mug, red"], ["a blue bowl"]])
    assert 0 < both[0] < 7.5
    shuffled = cider_d(["A red mug.", "a blue bowl"], REFERENCES[:1] + [["a blue bowl"]])
    assert shuffled[0] == pytest.approx(7.5)


def test_meteor_by_hand():
    # Two of three words match: content weight .75, function weight .25, so P = R = 1 / 1.75; one chunk of two matches.
    expected = 1 / 1.75 * (1 - GAMMA * 0.5 ** 0.2)
    assert meteor("a red plate", ["a red wrench"]) == pytest.approx(expected)


def test_meteor_counts_synonyms_and_stems_less_than_the_word_itself():
    synonym, same = meteor("a red cup", ["a red mug"]), meteor("a red mug", ["a red mug"])
    assert same == 1.0
    assert synonym == pytest.approx((0.25 + 0.75 + 0.75 * SYNONYM) / 1.75)
    assert meteor("a stripes bowl", ["a striped bowl"]) == pytest.approx((0.25 + 0.75 + 0.75 * 0.6) / 1.75)


def test_meteor_invariants():
    assert meteor("", ["a red mug"]) == 0.0
    assert meteor("blue", ["a red mug"]) == 0.0
    ordered, mixed = meteor("a small red mug", ["a small red mug"]), meteor("mug red small a", ["a small red mug"])
    assert 0 < mixed < ordered
    texts = ["a green pear", "a red mug", "the mug on the table"]
    assert meteor("a red mug", texts) == max(meteor("a red mug", [text]) for text in texts) == 1.0


def test_alignment_prefers_more_matches_then_fewer_chunks():
    pairs, chunks = align("the mug on the table".split(), "on the table the mug".split())
    assert len(pairs) == 5 and chunks == 2
    pairs, chunks = align("a mug".split(), "a box and a mug".split())
    assert [(i, j) for i, j, _ in pairs] == [(0, 3), (1, 4)] and chunks == 1


@pytest.mark.parametrize("word, root", [
    ("caresses", "caress"), ("ponies", "poni"), ("cats", "cat"), ("feed", "feed"), ("agreed", "agre"),
    ("plastered", "plaster"), ("motoring", "motor"), ("sing", "sing"), ("conflated", "conflat"), ("hopping", "hop"),
    ("falling", "fall"), ("filing", "file"), ("happy", "happi"), ("sky", "sky"), ("relational", "relat"),
    ("rational", "ration"), ("vietnamization", "vietnam"), ("triplicate", "triplic"), ("hopefulness", "hope"),
    ("adjustable", "adjust"), ("adoption", "adopt"), ("probate", "probat"), ("rate", "rate"), ("controll", "control"),
])
def test_porters_own_examples(word, root):
    assert stem(word) == root
