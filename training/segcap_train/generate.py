"""`python -m segcap_train.generate`: fills the pool; shards that exist are kept, so it can be resumed."""
import argparse
import multiprocessing
import sys
from pathlib import Path

import numpy as np
import torch

from .config import RUNS_DIR
from .pool import HEIGHT, SHARD, WIDTH, PoolError, Recipe, claim, write_shard
from .scenes import tiles
from .scenes.sample import scene_sample

SPLITS = {"train": 0, "seen": 1, "unseen": 2}    # the last two are held out: new scenes, and new things in them


def sample(seed, split, index, device="cpu"):
    """Sample number `index` of a split; the same for the same seed, device and optional data."""
    rng = np.random.default_rng([seed, SPLITS[split], index])
    return scene_sample(rng, WIDTH, HEIGHT, split == "unseen", device)


def make_shard(job):
    folder, recipe, device, split, shard = job
    name = f"{split}_{shard:05d}"
    if not (folder / name).exists():
        samples = [sample(recipe.seed, split, shard * SHARD + i, device) for i in range(SHARD)]
        write_shard(folder, name, samples, recipe.labels)
    return name


def quiet():
    torch.set_num_threads(1)


def options():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=RUNS_DIR / "pool")
    parser.add_argument("--train", type=int, default=200, help=f"shards of {SHARD} samples")
    parser.add_argument("--held-out", type=int, default=3, help="shards of each held-out split")
    parser.add_argument("--labels", choices=("masks", "all"), default="masks",
                        help="all: also depth, parts, geometry and cameras")
    parser.add_argument("--device", default="cpu", help="where scenes are rendered: cpu, cuda, cuda:1 ...")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def main():
    args = options()
    recipe = Recipe(args.seed, tiles.available(), args.labels)
    try:
        claim(args.out, recipe)
    except PoolError as error:
        sys.exit(str(error))
    if tiles.available():            # unpacked once, before the workers start
        for name in ("cutouts_emoji", "cutouts_objects", "photos_masks", "meshes", "textures"):
            tiles.unpack(name)
    counts = {"seen": args.held_out, "unseen": args.held_out, "train": args.train}
    jobs = [(args.out, recipe, args.device, split, shard) for split, n in counts.items() for shard in range(n)]
    with multiprocessing.get_context("spawn").Pool(args.workers, quiet) as pool:
        for name in pool.imap(make_shard, jobs):
            print(name, flush=True)


if __name__ == "__main__":
    main()
