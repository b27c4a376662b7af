"""The model on one picture: masks from a box and from clicks, a caption from the box; one record an object."""
import numpy as np

from ..metrics import iou
from ..predict import Picture
from ..prompts import BACKGROUND, FOREGROUND, bounding_box, core

CLICKS = 3
AT_ONCE = 16                    # prompts in one run


def centre_click(mask):
    """The pixel x, y of a mask's core that is nearest to the core's middle."""
    ys, xs = np.nonzero(core(mask))
    at = ((xs - xs.mean()) ** 2 + (ys - ys.mean()) ** 2).argmin()
    return float(xs[at]), float(ys[at])


def correction(guess, mask):
    """A click in the middle of what is wrong the most, and its label."""
    missed, excess = mask & ~guess, guess & ~mask
    if missed.sum() >= excess.sum():
        return centre_click(missed if missed.any() else mask), FOREGROUND
    return centre_click(excess), BACKGROUND


def click_rounds(picture, masks, rounds=CLICKS):
    """[(IoU, predicted IoU) of every mask] after 1 .. `rounds` clicks: the first in the middle, then on the errors."""
    coords = np.array([[centre_click(mask)] for mask in masks], np.float32)
    labels = np.full(coords.shape[:2], FOREGROUND, np.float32)
    scores, previous = [], None
    for done in range(1, rounds + 1):
        guess, previous, predicted = picture.masks(picture.points(coords, labels), previous)
        scores.append([(iou(g, m), float(p)) for g, m, p in zip(guess, masks, predicted)])
        if done < rounds:
            more, kinds = zip(*(correction(g, m) for g, m in zip(guess, masks)))
            coords = np.concatenate([coords, np.array(more, np.float32)[:, None]], 1)
            labels = np.concatenate([labels, np.array(kinds, np.float32)[:, None]], 1)
    return scores


def measured(bundle, item):
    """Records of an item's objects, ready for JSON."""
    image, truths = item.load()
    if not truths:
        return []
    picture = Picture(bundle, image)
    return [record for at in range(0, len(truths), AT_ONCE)
            for record in measured_some(picture, item.name, truths[at:at + AT_ONCE], at)]


def measured_some(picture, name, truths, first):
    masks = [truth.mask for truth in truths]
    prompt = picture.boxes([bounding_box(mask) for mask in masks])
    guess, _, predicted = picture.masks(prompt)
    overlaps = [[(iou(g, m), float(p)) for g, m, p in zip(guess, masks, predicted)], *click_rounds(picture, masks)]
    captions = picture.captions(guess)
    kinds = ["box", *(f"click_{n}" for n in range(1, CLICKS + 1))]
    return [{"picture": name, "object": first + i, "pixels": int(truth.mask.sum()),
             "share": float(truth.mask.mean()),
             "noun": truth.noun, "also": list(truth.also), "colours": list(truth.colours),
             "attributes": truth.attributes, "references": list(truth.references), "caption": captions[i][0],
             "caption_score": captions[i][1], "names": captions[i][2],
             "iou": {kind: scores[i][0] for kind, scores in zip(kinds, overlaps)},
             "predicted": {kind: scores[i][1] for kind, scores in zip(kinds, overlaps)}}
            for i, truth in enumerate(truths)]
