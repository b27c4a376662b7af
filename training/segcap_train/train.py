"""`python -m segcap_train.train`: trains from the pool, resumes where it stopped."""
import argparse
import copy
import math
import time
from pathlib import Path

import numpy as np
import torch

from . import checkpoint
from .config import ModelConfig, TrainConfig
from .data import Loader
from .helper import Helper
from .losses import CAPTION, caption_loss, mask_loss
from .model import Sca
from .model.closeup import CLOSE
from .parallel import agreed, launch, share_gradients
from .pool import Pool
from .prompts import error_clicks, stale_masks

AGAIN_SHARE = 0.3        # of the steps have a second round: a correction or a mask prompt
AVERAGE_DECAY = 0.998


class Trainer:
    """Weights, their running average, the optimiser and the clock of one run."""

    def __init__(self, cfg, rank=0):
        torch.manual_seed(cfg.seed)
        torch.set_num_threads(1)
        self.rank = rank
        self.cfg, self.step, self.elapsed = cfg, 0, 0.0
        self.model = Sca(ModelConfig())
        self.average = copy.deepcopy(self.model).eval()
        self.helper = Helper(self.model.cfg.embed, CLOSE)
        self.optimiser = torch.optim.AdamW(self.groups(), lr=cfg.learning_rate, betas=(0.9, 0.98))
        self.path = cfg.out / "last.pt"
        if self.path.exists():
            self.resume()
        elif cfg.init:
            self.model.load_state_dict(checkpoint.load(cfg.init)["average"])
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
        self.step, self.elapsed = state["step"], state["elapsed"]
        print(f"resumed at step {self.step}, {self.elapsed / 60:.1f} min", flush=True)

    def save(self):
        checkpoint.save(self.path, config=self.model.cfg.as_dict(), model=self.model.state_dict(),
                        average=self.average.state_dict(), helper=self.helper.state_dict(),
                        optimiser=self.optimiser.state_dict(),
                        step=self.step, elapsed=self.elapsed)

    def learning_rate(self):
        """Warm-up by steps, then a cosine over the run's share of steps or minutes, whichever is further."""
        done = max(self.elapsed / (self.cfg.max_minutes * 60), self.step / self.cfg.max_steps)
        decay = 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(done, 1.0)))
        return self.cfg.learning_rate * decay * min(1.0, (self.step + 1) / self.cfg.warmup_steps)

    def train_step(self, batch, rng):
        """One update; returns the figures to report."""
        for group in self.optimiser.param_groups:
            group["lr"] = self.learning_rate()
        with torch.autocast("cpu", torch.bfloat16, enabled=self.cfg.bfloat16):
            with torch.set_grad_enabled(not self.cfg.words_only):
                embeddings = self.model.encode(batch.pixels.to(memory_format=torch.channels_last))
            loss, figures = 0.0, {}
            for name, prompts in (("box", batch.boxes), ("point", batch.points)):
                loss = loss + self.first_round(name, embeddings, prompts, rng, figures)
        loss.backward()
        share_gradients([*self.model.parameters(), *self.helper.parameters()])
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        self.step += 1
        self.update_average()
        return figures

    def first_round(self, name, embeddings, prompts, rng, figures):
        """Loss of one kind of prompts; with `words_only`, of their names and captions alone."""
        with torch.set_grad_enabled(not self.cfg.words_only):
            stage = self.model.segment(embeddings, prompts.coords, prompts.labels, None, None, prompts.owner)
        masks, iou, prefix, close = self.model.describe(embeddings, *stage, prompts.owner)
        logits, _ = self.model.language(prefix, prompts.captions[:, :-1].clamp(min=0))
        words = caption_loss(logits, prompts.captions, prefix.shape[1])
        named, right = self.helper(embeddings, prompts, close)
        loss, real = mask_loss(masks, iou, prompts.targets)
        figures |= {name: real.mean().item(), name + "_words": words.item(), name + "_named": right}
        if self.cfg.words_only:
            return CAPTION * words + named
        if rng.random() < AGAIN_SHARE:
            again, figures["again"] = self.second_round(embeddings, prompts, masks.detach(), iou.detach(), rng)
            loss = loss + again
        return loss + CAPTION * words + named

    def second_round(self, embeddings, prompts, masks, iou, rng):
        """A click on the error, or a mask prompt with nothing but its box."""
        best = masks[torch.arange(len(masks)), iou.argmax(1)].float()
        coords, labels = prompts.coords, prompts.labels
        previous = best[:, None]
        boxed = labels[0, 0] == 2
        if boxed and rng.random() < 0.5:
            previous = stale_masks(prompts.targets, rng)
        else:
            more, kinds = error_clicks(best, prompts.targets, self.cfg.size, rng)
            end = coords.shape[1] - (0 if boxed else 1)         # new points come before the padding
            coords = torch.cat([coords[:, :end], more, coords[:, end:]], 1)
            labels = torch.cat([labels[:, :end], kinds, labels[:, end:]], 1)
        has = torch.full((len(coords),), float(boxed or rng.random() < 0.7))
        masks, iou = self.model.masks(embeddings, coords, labels, previous, has, prompts.owner)
        loss, real = mask_loss(masks, iou, prompts.targets)
        return loss, real.mean().item()

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

    def run(self):
        pool = Pool(self.cfg.pool, "train")
        if not len(pool):
            raise SystemExit(f"no training samples in {self.cfg.pool}: run segcap_train.generate first")
        print(f"{len(pool)} samples, {sum(p.numel() for p in self.model.parameters()) / 1e6:.1f} M parameters", flush=True)
        loader = Loader(pool, self.cfg, self.rank, self.step)
        self.model.train()
        if self.cfg.words_only:          # the statistics of a part that stays as it is stay, too
            self.model.encoder.eval()
            self.optimiser.param_groups[0]["weight_decay"] = 0.0
        saved, smooth = time.monotonic(), {}
        while agreed(self.elapsed < self.cfg.max_minutes * 60 and self.step < self.cfg.max_steps):
            began = time.monotonic()
            figures = self.train_step(loader.next(), np.random.default_rng([self.cfg.seed, 5, self.rank, self.step]))
            self.elapsed += time.monotonic() - began
            for name, value in figures.items():
                smooth[name] = 0.98 * smooth.get(name, value) + 0.02 * value
            if self.step % 50 == 0 and self.rank == 0:
                shown = " ".join(f"{name} {value:.3f}" for name, value in smooth.items())
                print(f"{self.step} {self.elapsed / 60:.1f} min {shown} pool {len(pool)}", flush=True)
            if self.rank == 0 and time.monotonic() - saved > self.cfg.checkpoint_secs:
                self.save()
                saved = time.monotonic()
        if self.rank == 0:
            self.save()


def work(rank, cfg):
    Trainer(cfg, rank).run()


def main():
    defaults = TrainConfig()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pool", type=Path, default=defaults.pool)
    parser.add_argument("--out", type=Path, default=defaults.out)
    for name in ("size", "batch", "prompts", "warmup_steps", "max_minutes", "max_steps", "checkpoint_secs",
                 "learning_rate", "workers", "seed"):
        value = getattr(defaults, name)
        parser.add_argument("--" + name.replace("_", "-"), type=type(value), default=value)
    parser.add_argument("--init", type=Path, help="start a new run from this checkpoint's weights")
    parser.add_argument("--words-only", action="store_true", help="leave the encoder and the masks as they are")
    parser.add_argument("--float32", action="store_true", help="do not train in bfloat16")
    args = vars(parser.parse_args())
    args["bfloat16"] = not args.pop("float32")
    cfg = TrainConfig(**args)
    launch(work, cfg.workers, cfg)


if __name__ == "__main__":
    main()
