"""The committed tables that scoring rests on: their words exist, their outlines fit."""
import numpy as np
import pytest

from segcap_train.evaluation import real
from segcap_train.evaluation.real import annotated, coco_nouns, tabletop_truths
from segcap_train.evaluation.truth import Truth
from segcap_train.metrics import accepted_nouns
from segcap_train.vocabulary import COLOURS, noun_list

SHAPE = (480, 640)


def test_every_noun_of_the_tables_is_in_the_vocabulary():
    known = set(noun_list())
    for noun, others in accepted_nouns().items():
        assert {noun, *others} <= known, noun
        assert noun not in others
    for name, nouns in coco_nouns().items():
        assert set(nouns) <= known, name


def test_the_tabletops_are_annotated_within_their_pictures():
    for picture in annotated():
        assert 8 <= len(picture["objects"]) <= 15
        for known in picture["objects"]:
            assert {known["noun"], *known.get("also", ())} <= set(noun_list())
            assert known["colours"] and set(known["colours"]) <= set(COLOURS)
            for x, y in known["outline"] + known.get("hole", []):
                assert 0 <= x < SHAPE[1] and 0 <= y <= SHAPE[0]
        truths = tabletop_truths(picture["objects"], SHAPE)
        assert all(isinstance(truth, Truth) and truth.mask.sum() > 500 and truth.references for truth in truths)
        assert np.sum([truth.mask for truth in truths], 0).max() == 1


def test_what_is_in_front_covers_what_is_behind_but_for_its_hole():
    behind = {"noun": "box", "colours": ["red"], "outline": [[0, 0], [99, 0], [99, 99], [0, 99]]}
    front = {"noun": "mug", "colours": ["blue"], "outline": [[20, 20], [80, 20], [80, 80], [20, 80]],
             "hole": [[40, 40], [60, 40], [60, 60], [40, 60]]}
    box, mug = tabletop_truths([behind, front], SHAPE)
    assert mug.mask[30, 30] and not box.mask[30, 30]
    assert box.mask[50, 50] and not mug.mask[50, 50]


@pytest.mark.skipif(not real.TRAINABLE.exists(), reason="needs ../shared/data/coco_dev and its list of trainable files")
def test_coco_pictures_that_may_be_trained_on_are_left_out_and_small_things_too():
    items = real.coco()
    assert items and not {item.name for item in items} & set(real.TRAINABLE.read_text().split())
    image, truths = items[0].load()
    assert truths and all(truth.mask.shape == image.shape[:2] and truth.mask.sum() > 32 * 32 for truth in truths)
