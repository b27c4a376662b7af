"""`python -m segcap_train.label_maps`: held-out pictures with label maps beside them, as `segcap recall` reads them.

OUT/<set>/000.jpg and OUT/<set>/000.ids.png: 16 bit grey, a number for each thing, 0 where nothing is known.
"""
import argparse
from pathlib import Path

import numpy as np
from PIL import Image

from .config import RUNS_DIR
from .evaluation.sets import all_sets

SETS = ("generated", "coco", "tabletop")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--limit", type=int, default=12, help="pictures of each set")
    parser.add_argument("--seed", type=int, help="render fresh scenes of this seed, not those of the pool")
    parser.add_argument("--pool", type=Path, default=RUNS_DIR / "pool", help="of held-out scenes; made if it has none")
    parser.add_argument("--workers", type=int, default=2)
    return parser.parse_args()


def label_map(truths, shape):
    """(H,W) uint16; where masks overlap, the smaller thing lies on top."""
    labels = np.zeros(shape, np.uint16)
    for number, truth in enumerate(sorted(truths, key=lambda truth: -truth.mask.sum()), 1):
        labels[truth.mask] = number
    return labels


def write(folder, number, item):
    image, truths = item.load()
    Image.fromarray(np.ascontiguousarray(image)).save(folder / f"{number:03d}.jpg", quality=95)
    Image.fromarray(label_map(truths, image.shape[:2])).save(folder / f"{number:03d}.ids.png")


def main():
    args = arguments()
    for each in all_sets(args.limit, args.seed, args.pool, args.workers, SETS):
        folder = args.out / each.key
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob("*"):
            old.unlink()
        for number, item in enumerate(each.items):
            write(folder, number, item)
        print(f"wrote {len(each.items)} pictures to {folder}", flush=True)


if __name__ == "__main__":
    main()
