"""`python -m segcap_train.train_masks`: the mask branch on the detector's features; resumes from its last checkpoint.

Times are of training alone: what a stopped run has done counts, and the learning rate ends at `--minutes` in all.
"""
import argparse
import json
import math
import os
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch

from . import mask_batches
from .config import RUNS_DIR, SHARED_DATA
from .mask_objective import objective
from .mixture import Mixture
from .model.nanodet import load_published
from .model.segmenter import Segmenter
from .pool import Pool

DETECTOR = SHARED_DATA / "pretrained" / "nanodet_coco.onnx"
WARMUP = 100            # steps
AVERAGE = 0.998         # of the weights that are shipped, a step
AHEAD = 6               # batches made in advance
LONGEST_STEP = 20.0     # seconds that count: a machine that was paused was not training


def options():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=RUNS_DIR / "masks")
    parser.add_argument("--pool", type=Path, default=RUNS_DIR / "pool")
    parser.add_argument("--init", type=Path, help="weights that a new run starts from")
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--steps", type=int, default=10**9)
    parser.add_argument("--size", type=int, default=384)
    parser.add_argument("--pictures", type=int, default=6)
    parser.add_argument("--prompts", type=int, default=6, help="of each picture")
    parser.add_argument("--rate", type=float, default=1.2e-3)
    parser.add_argument("--joint", type=float, default=0.0, help="the detector's rate as a share; 0: frozen")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    return parser.parse_args()


class Run:
    """Model, optimiser, averaged weights and how far the run is."""

    def __init__(self, args):
        torch.manual_seed(args.seed)
        self.args, self.step, self.seconds = args, 0, 0.0
        self.model = Segmenter().to(args.device, memory_format=torch.channels_last)
        self.model.frozen = args.joint == 0
        own = self.model.own()
        groups = [{"params": own, "share": 1.0}]
        if not self.model.frozen:
            groups.append({"params": list(self.model.detector.parameters()), "share": args.joint})
        self.optimiser = torch.optim.AdamW(groups, lr=args.rate, weight_decay=0.02, betas=(0.9, 0.98))
        self.average = None
        self.last = args.out / "last.pt"
        if self.last.exists():
            self.load(torch.load(self.last, map_location=args.device, weights_only=True))
        elif args.init:
            kept = torch.load(args.init, map_location=args.device, weights_only=True)["average"]
            self.model.load_state_dict(kept, strict=False)      # parts that are new start at random
        else:
            self.model.detector.load_state_dict(load_published(DETECTOR).state_dict())
        self.average = self.average or {k: v.clone() for k, v in self.model.state_dict().items()}

    def load(self, kept):
        self.model.load_state_dict(kept["model"])
        self.optimiser.load_state_dict(kept["optimiser"])
        self.average, self.step, self.seconds = kept["average"], kept["step"], kept["seconds"]

    def save(self):
        partial = self.last.with_suffix(".partial")
        torch.save({"model": self.model.state_dict(), "optimiser": self.optimiser.state_dict(), "average": self.average,
                    "step": self.step, "seconds": self.seconds}, partial)
        os.replace(partial, self.last)

    def done(self):
        return max(self.seconds / 60 / self.args.minutes, self.step / self.args.steps)

    def learn(self, batch, rng):
        falling = 0.03 + 0.97 * 0.5 * (1 + math.cos(math.pi * min(1.0, self.done())))
        rate = self.args.rate * min(1.0, (self.step + 1) / WARMUP) * falling
        for group in self.optimiser.param_groups:
            group["lr"] = rate * group["share"]
        with torch.autocast(batch.pixels.device.type, torch.bfloat16):
            loss, figures = objective(self.model, batch, rng)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_([p for g in self.optimiser.param_groups for p in g["params"]], 1.0)
        self.optimiser.step()
        self.step += 1
        keep = min(AVERAGE, (self.step + 1) / (self.step + 20))
        with torch.no_grad():
            for name, value in self.model.state_dict().items():
                self.average[name].lerp_(value, 1 - keep)
        return {"loss": loss.item(), "lr": rate, **figures}


def batches(args, start):
    """Batches without end, made ahead in threads."""
    mixture = Mixture(Pool(args.pool, "train"))
    threads = ThreadPoolExecutor(2)
    step, ready = start, deque()

    def make(number):
        return mask_batches.make(mixture, args.size, args.pictures, args.prompts, np.random.default_rng([args.seed, 5, number]))
    while True:
        while len(ready) < AHEAD:
            if step % 100 == 0:
                mixture.pool.refresh()
            ready.append(threads.submit(make, step))
            step += 1
        batch = ready.popleft().result()
        batch.pixels = batch.pixels.contiguous(memory_format=torch.channels_last)
        yield mask_batches.MaskBatch(*(t.to(args.device) for t in vars(batch).values()))


def main():
    args = options()
    torch.set_num_threads(args.threads)
    args.out.mkdir(parents=True, exist_ok=True)
    run = Run(args)
    log = open(args.out / "log.jsonl", "a")
    sums, counts, saved, spoken = {}, {}, time.monotonic(), time.monotonic()
    for batch in batches(args, run.step):
        began = time.monotonic()
        for name, value in run.learn(batch, np.random.default_rng([args.seed, 6, run.step])).items():
            sums[name], counts[name] = sums.get(name, 0) + value, counts.get(name, 0) + 1
        run.seconds += min(time.monotonic() - began, LONGEST_STEP)
        if time.monotonic() - spoken > 20:
            line = {"step": run.step, "minutes": round(run.seconds / 60, 2)} | {k: round(sums[k] / counts[k], 6) for k in sums}
            print(json.dumps(line), flush=True)
            log.write(json.dumps(line) + "\n")
            log.flush()
            sums, counts, spoken = {}, {}, time.monotonic()
        if time.monotonic() - saved > 120 or run.done() >= 1:
            run.save()
            saved = time.monotonic()
        if run.done() >= 1:
            break


if __name__ == "__main__":
    main()
