"""`python -m segcap_train.evaluate`: measures an exported bundle with ONNX Runtime and prints a table."""
import argparse
import time
from pathlib import Path

import numpy as np

from .bundle import Bundle
from .config import REPO_DIR, RUNS_DIR
from .evalsets import coco_set, photo_set, pool_set
from .metrics import iou, mean, named_colour, named_noun
from .predict import Picture
from .prompts import BACKGROUND, FOREGROUND, bounding_box, core
from .sheet import draw_sheet

COLUMNS = ("objects", "box mIoU", "1-click mIoU", "3-click mIoU", "noun accuracy", "colour accuracy")


def centre_click(mask):
    """The pixel x, y of a mask's core that is nearest to the core's middle."""
    ys, xs = np.nonzero(core(mask))
    at = ((xs - xs.mean()) ** 2 + (ys - ys.mean()) ** 2).argmin()
    return float(xs[at]), float(ys[at])


def click_rounds(picture, masks, rounds):
    """IoU lists after 1 .. `rounds` clicks: the first in the middle, each next one on the worst error."""
    coords = np.array([[centre_click(mask)] for mask in masks], np.float32)
    labels = np.full(coords.shape[:2], FOREGROUND, np.float32)
    scores, previous = [], None
    for _ in range(rounds):
        guess, previous, _ = picture.masks(picture.points(coords, labels), previous)
        scores.append([iou(g, m) for g, m in zip(guess, masks)])
        more, kinds = zip(*(correction(g, m) for g, m in zip(guess, masks)))
        coords = np.concatenate([coords, np.array(more, np.float32)[:, None]], 1)
        labels = np.concatenate([labels, np.array(kinds, np.float32)[:, None]], 1)
    return scores


def correction(guess, mask):
    """A click in the middle of what is wrong the most, and its label."""
    missed, excess = mask & ~guess, guess & ~mask
    if missed.sum() >= excess.sum():
        return centre_click(missed if missed.any() else mask), FOREGROUND
    return centre_click(excess), BACKGROUND


def measure(bundle, samples, words):
    """One row of the table; without `words` the captions are not scored."""
    boxes, rounds, nouns, colours = [], [], [], []
    for image, objects in samples:
        picture = Picture(bundle, image)
        masks = [mask for mask, _ in objects]
        prompt = picture.boxes([bounding_box(mask) for mask in masks])
        boxes += [iou(g, m) for g, m in zip(picture.masks(prompt)[0], masks)]
        rounds += list(zip(*click_rounds(picture, masks, 3)))
        if not words:
            continue
        for caption, (_, known) in zip(picture.captions(prompt), objects):
            if known.get("noun"):
                nouns.append(named_noun(caption) == known["noun"])
            colour = known.get("colour") or known.get("handle")
            if colour:
                colours.append(named_colour(caption) == colour)
    return [len(boxes), mean(boxes), mean(r[0] for r in rounds), mean(r[2] for r in rounds), mean(nouns), mean(colours)]


def table(rows):
    """Markdown."""
    lines = ["| set | " + " | ".join(COLUMNS) + " |", "|---" * (len(COLUMNS) + 1) + "|"]
    for name, (count, *figures) in rows:
        cells = ["-" if np.isnan(f) else f"{f:.3f}" for f in figures]
        lines.append(f"| {name} | {count} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def timings(bundle, repeat=10):
    """Milliseconds of the graphs with the bundle's threads: median of some runs."""
    pixels = np.zeros((1, 3, bundle.size, bundle.size), np.float32)
    embeddings = bundle.encode(pixels)
    result = {"encode": clock(lambda: bundle.encode(pixels), repeat)}
    for n in (1, 8):
        coords = np.full((n, 2, 2), bundle.size / 3, np.float32)
        labels = np.tile(np.array([2, 3], np.float32), (n, 1))
        result[f"masks of {n}"] = clock(lambda: bundle.masks(embeddings, coords, labels), repeat)
        result[f"captions of {n}"] = clock(lambda: bundle.captions(embeddings, coords, labels), repeat)
    return result


def clock(run, repeat):
    taken = []
    for _ in range(repeat):
        began = time.perf_counter()
        run()
        taken.append((time.perf_counter() - began) * 1e3)
    return float(np.median(taken))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bundle", type=Path, default=REPO_DIR / "models" / "builtin")
    parser.add_argument("--pool", type=Path, default=RUNS_DIR / "pool")
    parser.add_argument("--limit", type=int, default=10**9, help="pictures of each set")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--sheet", type=Path, help="also draw what it finds in real tabletop pictures, a PNG")
    args = parser.parse_args()
    bundle = Bundle(args.bundle, args.threads)
    sets = (("generated scenes, unseen", pool_set(args.pool, "seen"), True),
            ("generated scenes, unseen colour-shape pairs", pool_set(args.pool, "unseen"), True),
            ("real photographs of tools and trash bags", photo_set(), True),
            ("COCO things over 32 x 32", coco_set(), False))
    rows = []
    for name, samples, words in sets:
        row = measure(bundle, (s for _, s in zip(range(args.limit), samples)), words)
        if row[0]:
            rows.append((name, row))
    print(table(rows))
    print(f"\nMilliseconds on {args.threads} CPU threads: "
          + ", ".join(f"{name} {value:.1f}" for name, value in timings(bundle).items()))
    if args.sheet:
        draw_sheet(bundle, args.sheet)


if __name__ == "__main__":
    main()
