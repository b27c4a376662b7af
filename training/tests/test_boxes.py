"""Boxes end where the node's end."""
import numpy as np

from segcap_train.boxes import bounding_box, noisy_box


def block(x0, y0, x1, y1, shape=(48, 64)):
    mask = np.zeros(shape, bool)
    mask[y0:y1, x0:x1] = True
    return mask


def test_a_box_ends_behind_the_last_pixel():
    assert bounding_box(block(3, 5, 20, 9)).tolist() == [3, 5, 20, 9]
    assert bounding_box(block(7, 7, 8, 8)).tolist() == [7, 7, 8, 8], "a pixel is one wide"
    assert bounding_box(block(0, 0, 64, 48)).tolist() == [0, 0, 64, 48], "the whole picture, as the node has it"


def test_a_noisy_box_is_near_and_can_reach_the_picture_s_end():
    boxes = np.array([noisy_box(block(0, 0, 64, 48), np.random.default_rng(seed)) for seed in range(40)])
    assert (boxes >= 0).all() and (boxes <= [64, 48, 64, 48]).all()
    assert boxes[:, 2].max() == 64 and boxes[:, 3].max() == 48
    assert np.abs(boxes - [0, 0, 64, 48]).max() <= 12
