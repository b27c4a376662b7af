"""What is written for `segcap recall`."""
import numpy as np
from PIL import Image

from segcap_train.evaluation.truth import Item, Truth
from segcap_train.label_maps import label_map, write


def block(x0, y0, x1, y1, shape=(24, 32)):
    mask = np.zeros(shape, bool)
    mask[y0:y1, x0:x1] = True
    return mask


def test_the_smaller_of_two_things_lies_on_top():
    plate, cup = Truth(block(0, 0, 20, 20)), Truth(block(5, 5, 9, 9))
    for truths in ([plate, cup], [cup, plate]):
        labels = label_map(truths, (24, 32))
        assert labels[7, 7] == 2 and labels[0, 0] == 1 and labels[23, 31] == 0
        assert (labels == 2).sum() == cup.mask.sum()


def test_what_is_written_can_be_read(tmp_path):
    image = np.full((24, 32, 3), 90, np.uint8)
    things = [Truth(block(x, 0, x + 1, 24)) for x in range(0, 30, 3)]
    write(tmp_path, 7, Item("picture", lambda: (image, things)))
    with Image.open(tmp_path / "007.ids.png") as labels:
        assert labels.mode == "I;16" and set(np.unique(np.asarray(labels))) == set(range(11))
    with Image.open(tmp_path / "007.jpg") as picture:
        assert picture.size == (32, 24)
