"""Prompts lie where they should."""
import numpy as np
import torch

from segcap_train.prompts import BACKGROUND, FOREGROUND, PAD, bounding_box, clicks, core, error_clicks, noisy_box, with_padding


def disc(size=96, x=40, y=50, r=20):
    yy, xx = np.mgrid[:size, :size]
    return (xx - x) ** 2 + (yy - y) ** 2 <= r * r


def test_the_box_is_tight_and_the_noisy_one_near_it():
    assert bounding_box(disc()).tolist() == [20, 30, 61, 71]
    noisy = noisy_box(disc(), np.random.default_rng(0))
    assert np.abs(noisy - [20, 30, 61, 71]).max() <= 12


def test_clicks_are_inside_or_labelled_background():
    mask = disc()
    for seed in range(40):
        coords, labels = clicks(mask, 3, np.random.default_rng(seed))
        assert labels[0] == FOREGROUND
        for (x, y), label in zip(coords.astype(int), labels):
            assert mask[y, x] == (label == FOREGROUND)


def test_the_core_is_deep_inside():
    ys, xs = np.nonzero(core(disc()))
    assert len(xs) and np.hypot(xs - 40, ys - 50).max() < 5


def test_a_correction_hits_the_error_and_knows_its_sign():
    truth = torch.from_numpy(disc())[None].float()
    logits = torch.where(truth > 0, 5.0, -5.0)
    logits[0, :10, :10] = 5.0                                    # too much in a corner
    coords, labels = error_clicks(logits, truth, 192, np.random.default_rng(0))
    assert labels.item() == BACKGROUND and (coords < 20).all()
    logits = torch.full_like(truth, -5.0)                        # nothing found
    coords, labels = error_clicks(logits, truth, 192, np.random.default_rng(0))
    x, y = (coords[0, 0] / 2).long().tolist()
    assert labels.item() == FOREGROUND and truth[0, y, x] == 1


def test_padding_is_one_point_at_the_origin():
    coords, labels = with_padding(torch.ones(2, 3, 2), torch.ones(2, 3))
    assert coords.shape == (2, 4, 2) and labels[:, -1].tolist() == [PAD, PAD]
