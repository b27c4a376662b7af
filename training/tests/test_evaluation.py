"""The measuring itself: an oracle gets full marks, mistakes are seen, corrections hit them."""
import json

import numpy as np
import pytest
from PIL import Image

from segcap_train.evaluation import figures, held_out, report, sheets
from segcap_train.evaluation.calibration import compared
from segcap_train.evaluation.measure import click_rounds, correction, measured_some
from segcap_train.evaluation.references import spoken
from segcap_train.evaluation.truth import EvalSet, Item, Truth
from segcap_train.prompts import BACKGROUND, FOREGROUND


def block(x0, y0, x1, y1, shape=(48, 64)):
    mask = np.zeros(shape, bool)
    mask[y0:y1, x0:x1] = True
    return mask


TRUTHS = [Truth(block(4, 4, 24, 30), "mug", (), ("red",), {"size": "small"}, ("a small red mug", "a red mug")),
          Truth(block(30, 10, 60, 40), "bowl", (), ("blue", "green"), {}, ("a blue bowl",))]


class Oracle:
    """Answers as a perfect model would, or with the masks and captions that it is given."""

    def __init__(self, captions=("a small red mug", "a blue bowl"), guesses=None):
        self.said, self.guesses, self.asked = list(captions), guesses, []

    def boxes(self, boxes):
        return "boxes", boxes

    def points(self, coords, labels=None):
        self.asked.append((coords.copy(), labels.copy()))
        return "points", coords

    def masks(self, prompt, previous=None):
        masks = self.guesses or [truth.mask for truth in TRUTHS]
        return masks, "previous", np.full(len(masks), 0.9)

    def captions(self, masks):
        return [(said, 0.8, [("mug", 0.6), ("bowl", 0.3)]) for said in self.said]


def judged(oracle):
    records = measured_some(oracle, "picture", TRUTHS, 0)
    figures.judge(records)
    return records


def test_an_oracle_gets_full_marks():
    summary = figures.summary(judged(Oracle()))
    for name in ("box_iou", "click_1_iou", "click_3_iou", "noun", "noun_accepted", "colour", "size", "meteor"):
        assert summary["figures"][name]["mean"] == pytest.approx(1.0), name
    assert summary["figures"]["pattern_invented"]["mean"] == 0.0
    assert summary["confusions"] == []
    assert summary["calibration"]["all"]["mean_absolute_error"] == pytest.approx(0.1)


def test_references_are_several_plainest_first_and_always_the_same():
    known = {"noun": "mug", "colour": "red", "size": "small", "relation": "behind", "other": "the blue bowl"}
    said = spoken(known)
    assert said == spoken(known) and len(said) == len(set(said)) == 5
    assert said[:2] == ("a small red mug", "a red mug") and "the red mug" in said
    assert spoken({"noun": "egg"}) == ("an egg", "the egg")


def test_mistakes_are_seen_and_named():
    summary = figures.summary(judged(Oracle(("a red cup", "a striped yellow can"))))
    means = {name: figure["mean"] for name, figure in summary["figures"].items()}
    assert (means["noun"], means["noun_accepted"], means["colour"], means["size"]) == (0.0, 0.5, 0.5, 0.0)
    assert means["pattern_invented"] == 0.5
    assert summary["confusions"] == [["bowl", "can", 1]]
    assert summary["per_class"]["mug"] == {"count": 1, "box_iou": 1.0, "click_1_iou": 1.0, "noun": 0.0,
                                           "noun_accepted": 1.0, "colour": 1.0}
    assert {size: row["count"] for size, row in summary["per_size"].items()} == {"over 5 %": 2}


def test_clicks_go_on_what_is_wrong():
    too_little, too_much = block(4, 4, 24, 8), block(26, 10, 60, 40)
    oracle = Oracle(guesses=[too_little, too_much])
    click_rounds(oracle, [truth.mask for truth in TRUTHS])
    coords, labels = oracle.asked[-1]
    assert coords.shape == (2, 3, 2) and (labels[:, 0] == FOREGROUND).all()
    (x, y), (u, v) = coords[:, 1].astype(int)
    assert labels[0, 1] == FOREGROUND and TRUTHS[0].mask[y, x] and not too_little[y, x]
    assert labels[1, 1] == BACKGROUND and too_much[v, u] and not TRUTHS[1].mask[v, u]
    assert correction(TRUTHS[0].mask, TRUTHS[0].mask)[1] == FOREGROUND       # nothing is wrong: a click inside


def test_intervals_hold_the_mean_and_know_certainty():
    records = [{"picture": str(i // 2), "scores": {"noun": float(i % 3 == 0), "sure": 0.5}} for i in range(60)]
    noun, sure = figures.interval(records, "noun"), figures.interval(records, "sure")
    assert noun["low"] < noun["mean"] < noun["high"] and noun["mean"] == pytest.approx(1 / 3)
    assert (sure["low"], sure["mean"], sure["high"], sure["count"]) == (0.5, 0.5, 0.5, 60)


def test_calibration_by_hand():
    found = compared([(0.05, 0.15), (0.95, 0.85), (1.0, 1.0)])
    assert found["mean_absolute_error"] == pytest.approx(0.2 / 3)
    assert found["bias"] == pytest.approx(0.0)
    assert [row["count"] for row in found["bins"]] == [1, 0, 0, 0, 0, 0, 0, 0, 0, 2]
    assert found["bins"][9]["real"] == pytest.approx(0.925)
    assert compared([(0.5, 0.5), (0.5, 0.7)])["pearson"] is None


def test_the_report_has_every_set_and_target():
    summary = figures.summary(judged(Oracle()))
    results = {"sets": {"generated": {"title": "made", **summary}},
               "timings": {"threads": 2, "load_before": 0.0, "milliseconds": {"captions_1": 59.0, "captions_16": 301.0}}}
    text = report.sections(results)
    assert "| made | 2 | 1.000 (1.00..1.00) |" in text
    assert "| made | box mIoU | 1.000 | 0.78 | yes |" in text
    assert "| made | over 5 % | 2 | 1.00 |" in text
    assert "| captions of 1 | 59 | 60 | yes |" in text and "| captions of 16 | 301 | 300 | no |" in text


class TinyBundle:
    """A bundle whose masks are the left half and whose only words are 'a red mug'."""

    size = 64

    def encode(self, pixels):
        return {}

    def masks(self, features, coords, labels, mask_input=None):
        low = np.where(np.arange(32) < 16, 4.0, -4.0).astype(np.float32)
        return np.broadcast_to(low, (len(coords), 3, 32, 32)).copy(), np.tile([[.2, .9, .1]], (len(coords), 1))

    def captions(self, features, boxes):
        return [("a red mug", 0.9, [("mug", 0.9)])] * len(boxes)


def scene():
    return np.full((48, 64, 3), 90, np.uint8), TRUTHS


def test_a_sheet_shows_each_object_with_a_verdict(tmp_path):
    eval_set = EvalSet("some", "some things", [Item("one", scene)], per_sheet=4)
    sheets.draw_sheet(TinyBundle(), eval_set, {"one"}, tmp_path / "sheet.png")
    with Image.open(tmp_path / "sheet.png") as sheet:
        colours = {colour for _, colour in sheet.convert("RGB").getcolors(10**6)}
        assert sheet.width == 2 * (sheets.CELL[0] + sheets.GAP) + sheets.GAP
    assert {sheets.RIGHT, sheets.WRONG, sheets.PROMPT} <= colours
    assert sheets.judgement("a red mug", TRUTHS[0]) and not sheets.judgement("a red mug", TRUTHS[1])
    assert sheets.judgement("a red mug", Truth(TRUTHS[0].mask)) is None


def test_a_window_shows_the_whole_object_and_stays_in_the_picture_if_it_can():
    for box, shape in (((10, 10, 20, 20), (240, 320)), ((0, 0, 320, 240), (240, 320)), ((300, 200, 320, 240), (240, 320)),
                       ((5, 5, 96, 391), (400, 100))):
        x0, y0, x1, y1 = sheets.around(np.array(box), (*shape, 3))
        assert x0 <= box[0] and y0 <= box[1] and x1 >= box[2] and y1 >= box[3]
        assert abs((x1 - x0) / (y1 - y0) - 4 / 3) < 0.03
        if max(box) < 60:
            assert x0 >= 0 and y0 >= 0 and x1 <= shape[1] and y1 <= shape[0]


def test_scenes_are_the_pools_if_they_are_of_this_generator_and_rendered_if_not(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(held_out, "render", lambda *words: asked.append(words))
    pool = tmp_path / "pool"
    own = held_out.stocked(pool, 60, 1)
    assert own != pool and asked == [(own, 2, 1)]
    for split in ("seen", "unseen"):
        (pool / f"{split}_00000").mkdir(parents=True)
    (pool / "pool.json").write_text(json.dumps({"generator": held_out.GENERATOR}))
    assert held_out.stocked(pool, 60, 1) == pool and len(asked) == 1
    (pool / "pool.json").write_text(json.dumps({"generator": held_out.GENERATOR - 1}))
    assert held_out.stocked(pool, 60, 1) == own and len(asked) == 2
