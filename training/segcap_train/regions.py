"""`python -m segcap_train.regions`: what the pretrained networks see of named regions, once, for the naming to learn from.

Rows are appended in parts, so a stopped run goes on. A part holds arrays of as many rows: close (FEATURES), neck, detected,
noun (index), kind (index of KINDS), held (whether kept for the gate: another tenth of the material).
"""
import argparse
import hashlib
from pathlib import Path

import cv2
import numpy as np
import torch

from .config import RUNS_DIR, SHARED_DATA
from .data import fit, normalise
from .mixture import Mixture, named_photographs, picture
from .model import windows
from .model.efficientnet_lite import load_published as load_classifier
from .model.namer import CLOSE, detections, names, squares
from .model.nanodet import load_published as load_detector
from .model.network import under
from .pool import Pool
from .prompts import noisy_box
from .scenes.sample import STUFF

SIZE = 416
KINDS = ("scene", "pasted", "photo", "coco", "named")
SHARES = {"scene": 0.4, "pasted": 0.45, "photo": 0.10, "coco": 0.05}
SCENES_FROM = 1000          # number of the first part of scenes alone
SMALLEST = 300              # pixels of a region at SIZE


class Seer:
    """The pretrained networks on whole pictures."""

    def __init__(self, detector):
        self.detector, self.classifier = load_detector(detector), load_classifier()

    @torch.no_grad()
    def look(self, pixels, boxes):
        """pixels (3,S,S), boxes (N,4) in shares -> close (N,1280), neck (N,384), detected (N,80)."""
        _, x8, x16, x32 = self.detector.backbone(pixels[None])
        neck = self.detector.neck(x8, x16, x32)
        scores, where = self.detector.detect(neck)
        close = self.classifier(windows.look(pixels[None], squares(boxes), CLOSE))
        return close, under(neck, boxes), detections(scores[0], where[0] / pixels.shape[-1], boxes)


def augmented(image, rng):
    if rng.random() < 0.3:
        return image
    x = image.astype(np.float32) / 255.0
    x = x ** float(np.exp(rng.normal(0, 0.2))) * np.exp(rng.normal(0, 0.05, 3)) + rng.uniform(-0.06, 0.06)
    return (np.clip(x, 0, 1) * 255).astype(np.uint8)


def square(image):
    """(3,SIZE,SIZE) normalised, and the inner size."""
    height, width = fit(*image.shape[:2], SIZE)
    return normalise(cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA), SIZE), height, width


def masked_regions(mixture, rng):
    """A picture of the mixture: pixels, boxes in shares, nouns, kind."""
    kind = mixture.kinds[rng.choice(len(mixture.kinds), p=mixture.chances)]
    image, ids, words = getattr(mixture, kind)(rng)
    zoom = rng.uniform(0.5, 1.0)
    h, w = int(ids.shape[0] * zoom), int(ids.shape[1] * zoom)
    y, x = int(rng.integers(ids.shape[0] - h + 1)), int(rng.integers(ids.shape[1] - w + 1))
    image, ids = image[y:y + h, x:x + w], ids[y:y + h, x:x + w]
    if rng.random() < 0.5:
        image, ids = np.ascontiguousarray(image[:, ::-1]), ids[:, ::-1]
    pixels, height, width = square(augmented(image, rng))
    ids = cv2.resize(np.ascontiguousarray(ids), (width, height), interpolation=cv2.INTER_NEAREST)
    areas = np.bincount(ids.reshape(-1), minlength=256)
    boxes, nouns = [], []
    for number in rng.permutation([n for n, word in words.items() if word.get("noun") and areas[n] >= SMALLEST])[:6]:
        if number >= STUFF and rng.random() < 0.8:
            continue
        boxes.append(noisy_box(ids == number, rng, 0.04) / SIZE)
        nouns.append(words[number]["noun"])
    return pixels, boxes, nouns, kind


def named_region(rng):
    """A photograph of one thing, on a canvas of its own size or larger."""
    files = [entry for entry in named_photographs() if entry[1]]
    file, noun = files[int(rng.integers(len(files)))]
    image = picture(file)
    if rng.random() < 0.5:
        image = np.ascontiguousarray(image[:, ::-1])
    pixels, height, width = square(augmented(image, rng))
    inset = rng.uniform(0, 0.18, 4) * np.array([width, height] * 2)
    box = np.array([inset[0], inset[1], width - inset[2], height - inset[3]], np.float32) / SIZE
    return pixels, [box], [noun], "named", file


def held_out(text):
    """Whether a thing is kept for the gate: a tenth, by a hash of its name."""
    return int(hashlib.sha256(text.encode()).hexdigest(), 16) % 10 == 0


def part(seer, mixture, rng, rows):
    """Rows of so many regions; a mixture of all kinds also brings named photographs."""
    named = 0.3 if len(mixture.kinds) > 1 else 0.0
    out = {"close": [], "neck": [], "detected": [], "noun": [], "kind": [], "held": []}
    while len(out["noun"]) < rows:
        if rng.random() < named:
            pixels, boxes, nouns, kind, file = named_region(rng)
            held = held_out(Path(file).stem)
        else:
            pixels, boxes, nouns, kind = masked_regions(mixture, rng)
            held = bool(rng.random() < 0.1)
        if not boxes:
            continue
        close, neck, detected = seer.look(pixels, torch.from_numpy(np.stack(boxes)).float())
        out["close"] += list(close.half().numpy())
        out["neck"] += list(neck.half().numpy())
        out["detected"] += list(detected.numpy())
        out["noun"] += [names().index(noun) for noun in nouns]
        out["kind"] += [KINDS.index(kind)] * len(nouns)
        out["held"] += [held] * len(nouns)
    return {name: np.stack(values) for name, values in out.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=RUNS_DIR / "regions")
    parser.add_argument("--pool", type=Path, default=RUNS_DIR / "pool")
    parser.add_argument("--detector", type=Path, default=SHARED_DATA / "pretrained" / "nanodet_coco.onnx")
    parser.add_argument("--parts", type=int, default=46)
    parser.add_argument("--scenes", action="store_true", help="parts of generated scenes alone, beside those of everything")
    parser.add_argument("--rows", type=int, default=500, help="of a part")
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    args.out.mkdir(parents=True, exist_ok=True)
    seer = Seer(args.detector)
    mixture = Mixture(Pool(args.pool, "train"), {"scene": 1.0} if args.scenes else SHARES)
    first = SCENES_FROM if args.scenes else 0
    for number in range(first, first + args.parts):
        file = args.out / f"{number:04d}.npz"
        if file.exists():
            continue
        mixture.pool.refresh()
        found = part(seer, mixture, np.random.default_rng([9, number]), args.rows)
        partial = file.with_suffix(".partial.npz")
        np.savez(partial, **found)
        partial.rename(file)
        print(file.name, len(found["noun"]), np.bincount(found["kind"], minlength=len(KINDS)), flush=True)


if __name__ == "__main__":
    main()


