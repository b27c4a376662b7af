"""`python -m segcap_train.train`: trains from the pool in stages, resumes where it stopped."""
import argparse
import copy
import json
import math
import time
from pathlib import Path

import numpy as np
import torch

from . import checkpoint
from .config import GPU_STAGES, STAGES, TINY, ModelConfig, TrainConfig, stage_at
from .data import Loader
from .helper import Helper
from .model import Sca
from .objectives import objective
from .parallel import agreed, launch, share_gradients
from .pool import Pool

AVERAGE_DECAY = 0.998
REPORT_EVERY = 50        # steps
STOP = -1
CLOCK = ("step", "elapsed", "stage", "stage_steps")


class Trainer:
    """Weights, their running average, the optimiser and the clock of one run."""

    def __init__(self, cfg, rank=0):
        torch.manual_seed(cfg.seed)
        self.device = torch.device(cfg.device)
        if self.device.type == "cpu":
            torch.set_num_threads(1)
        self.rank, self.cfg = rank, cfg
        self.step, self.elapsed, self.stage, self.stage_steps = 0, 0.0, 0, 0
        self.model = Sca(ModelConfig()).to(self.device)
        self.average = copy.deepcopy(self.model).eval()
        self.helper = Helper(self.model.cfg.embed).to(self.device)
        self.optimiser = torch.optim.AdamW(self.groups(), lr=cfg.learning_rate, betas=(0.9, 0.98))
        self.path = cfg.out / "last.pt"
        if self.path.exists():
            self.resume()
        elif cfg.init:
            missing = self.model.load_state_dict(checkpoint.load(cfg.init)["average"], strict=False).missing_keys
            print(f"from {cfg.init}; new: {', '.join(missing) or 'nothing'}", flush=True)
            self.average.load_state_dict(self.model.state_dict())
        self.model.to(memory_format=torch.channels_last)

    def groups(self):
        """Weight decay for matrices only."""
        named = list(self.model.named_parameters())
        decayed = [p for n, p in named if p.ndim > 1 and "token" not in n and "embedding" not in n]
        known = {id(p) for p in decayed}
        return [{"params": decayed, "weight_decay": self.cfg.weight_decay},
                {"params": [p for _, p in named if id(p) not in known], "weight_decay": 0.0},
                {"params": list(self.helper.parameters()), "weight_decay": self.cfg.weight_decay}]

    def resume(self):
        state = checkpoint.load(self.path)
        self.model.load_state_dict(state["model"])
        self.average.load_state_dict(state["average"])
        self.helper.load_state_dict(state["helper"])
        self.optimiser.load_state_dict(state["optimiser"])
        for name in CLOCK:
            setattr(self, name, state[name])
        print(f"resumed at step {self.step}, {self.elapsed / 60:.1f} min", flush=True)

    def save(self):
        checkpoint.save(self.path, config=self.model.cfg.as_dict(), model=self.model.state_dict(),
                        average=self.average.state_dict(), helper=self.helper.state_dict(),
                        optimiser=self.optimiser.state_dict(), **{name: getattr(self, name) for name in CLOCK})

    def done(self):
        """How much of the run lies behind, 0..1: its share of minutes or of steps, whichever is further."""
        return min(max(self.elapsed / (self.cfg.max_minutes * 60), self.step / self.cfg.max_steps), 1.0)

    def learning_rate(self):
        """A cosine over the run; warmed up at its start and at that of each stage."""
        decay = 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * self.done()))
        return self.cfg.learning_rate * decay * min(1.0, (self.stage_steps + 1) / self.cfg.warmup_steps)

    def train_step(self, batch, rng):
        """One update; returns the figures to report."""
        rate = self.learning_rate()
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        batch = batch.to(self.device)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.cfg.bfloat16):
            embeddings = self.model.encode(batch.pixels.to(memory_format=torch.channels_last))
            loss, figures = objective(self.model, self.helper, batch, embeddings, rng)
        loss.backward()
        share_gradients([*self.model.parameters(), *self.helper.parameters()])
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        self.step += 1
        self.stage_steps += 1
        self.update_average()
        return figures | {"loss": loss.item()}

    @torch.no_grad()
    def update_average(self):
        if self.rank:
            return
        decay = min(AVERAGE_DECAY, (self.step + 1) / (self.step + 20))
        mine, theirs = self.average.state_dict(), self.model.state_dict()
        for name, value in theirs.items():
            if value.dtype.is_floating_point:
                mine[name].lerp_(value, 1 - decay)
            else:
                mine[name].copy_(value)

    def next_stage(self):
        """The stage of the coming step, as rank 0 sees it, or STOP."""
        over = self.elapsed >= self.cfg.max_minutes * 60 or self.step >= self.cfg.max_steps
        stage = agreed(STOP if over else stage_at(self.cfg.stages, self.done()))
        if stage not in (STOP, self.stage):
            self.stage, self.stage_steps = stage, 0
            self.smooth = {}
            if self.rank == 0:
                print(f"stage {self.cfg.stages[stage]}", flush=True)
        return stage

    def run(self):
        pool = Pool(self.cfg.pool, "train")
        if not len(pool):
            raise SystemExit(f"no training samples in {self.cfg.pool}: run segcap_train.generate first")
        if self.rank == 0:
            count = sum(p.numel() for p in self.model.parameters())
            print(f"{len(pool)} samples, {count / 1e6:.1f} M parameters", flush=True)
        loader = Loader(pool, self.cfg, self.rank, self.step)
        self.model.train()
        self.smooth, saved = {}, time.monotonic()
        while (stage := self.next_stage()) != STOP:
            began = time.monotonic()
            rng = np.random.default_rng([self.cfg.seed, 5, self.rank, self.step])
            figures = self.train_step(loader.next(stage), rng)
            self.elapsed += time.monotonic() - began
            self.report(figures, len(pool))
            if self.rank == 0 and time.monotonic() - saved > self.cfg.checkpoint_secs:
                self.save()
                saved = time.monotonic()
        if self.rank == 0:
            self.save()

    def report(self, figures, samples):
        """Smooths the figures; now and then prints them and appends them to log.jsonl."""
        for name, value in figures.items():
            self.smooth[name] = 0.98 * self.smooth.get(name, value) + 0.02 * value
        if self.step % REPORT_EVERY or self.rank:
            return
        shown = {name: round(value, 4) for name, value in self.smooth.items()}
        line = {"step": self.step, "minutes": round(self.elapsed / 60, 2), "stage": self.cfg.stages[self.stage].name,
                "lr": self.learning_rate(), "samples": samples} | shown
        with open(self.cfg.out / "log.jsonl", "a") as log:
            log.write(json.dumps(line) + "\n")
        print(" ".join(f"{key} {value:.3g}" if isinstance(value, float) else f"{key} {value}"
                       for key, value in line.items()), flush=True)


def work(rank, cfg):
    Trainer(cfg, rank).run()


def main():
    defaults = TrainConfig()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pool", type=Path, default=defaults.pool)
    parser.add_argument("--out", type=Path, default=defaults.out)
    for name in ("warmup_steps", "max_minutes", "max_steps", "checkpoint_secs", "learning_rate", "workers", "loaders",
                 "seed", "device"):
        value = getattr(defaults, name)
        parser.add_argument("--" + name.replace("_", "-"), type=type(value), default=value)
    parser.add_argument("--init", type=Path, help="start a new run from this checkpoint's weights")
    parser.add_argument("--tiny", action="store_true", help="small pictures and batches, to try the path")
    parser.add_argument("--float32", action="store_true", help="do not train in bfloat16")
    args = vars(parser.parse_args())
    args["bfloat16"] = not args.pop("float32")
    args["stages"] = TINY if args.pop("tiny") else STAGES if args["device"] == "cpu" else GPU_STAGES
    if args["device"] != "cpu":
        args["workers"] = 1
    cfg = TrainConfig(**args)
    cfg.out.mkdir(parents=True, exist_ok=True)
    launch(work, cfg.workers, cfg)


if __name__ == "__main__":
    main()
