"""Sizes of the network and of a training run, in one place."""
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch

TRAINING_DIR = Path(__file__).resolve().parent.parent
RUNS_DIR = TRAINING_DIR / "runs"
REPO_DIR = TRAINING_DIR.parent
SHARED_DATA = REPO_DIR.parent / "shared" / "data"   # optional; every user of it copes without

# ImageNet's statistics, as SAM uses them, in units of 0..1.
PIXEL_MEAN = (0.485, 0.456, 0.406)
PIXEL_STD = (0.229, 0.224, 0.225)


@dataclass
class ModelConfig:
    """Widths and depths; a checkpoint carries its own copy."""

    widths: tuple = (48, 128, 256)  # channels at strides 4, 8, 16
    depths: tuple = (1, 2, 2)       # residual blocks at strides 4, 8, 16
    attention_blocks: int = 2       # global attention blocks at stride 16
    attention_heads: int = 8
    embed: int = 128                # C of image_embeddings, at stride 8
    dim: int = 192                  # width of prompt, mask and caption tokens
    heads: int = 6
    mlp: int = 384
    decoder_layers: int = 2
    masks: int = 3                  # M
    caption_tokens: int = 8
    task_tokens: int = 2
    mixer_layers: int = 2
    lm_width: int = 192
    lm_layers: int = 4
    lm_heads: int = 6
    lm_positions: int = 48
    vocab: int = 1024
    nouns: int = 330                # tags, see vocabulary
    colours: int = 11

    def as_dict(self):
        return asdict(self)


@dataclass(frozen=True)
class Stage:
    """A part of a run. Small pictures first: what is learned from them cheaply need not be learned dearly."""

    name: str
    share: float        # of the run
    size: int           # side of the input, pixels
    batch: int          # pictures, of each worker
    prompts: int        # of each of the two kinds, a picture; none: names under true masks alone


STAGES = (Stage("names", 0.30, 192, 12, 0), Stage("masks", 0.45, 192, 8, 2), Stage("fine", 0.25, 256, 6, 2))
# Where a GPU does the arithmetic, batches and pictures can be larger. Written for one, never run on one.
GPU_STAGES = (Stage("names", 0.25, 256, 96, 0), Stage("masks", 0.50, 256, 48, 4), Stage("fine", 0.25, 384, 24, 4))
TINY = (Stage("names", 0.25, 128, 2, 0), Stage("masks", 0.75, 128, 2, 2))


def stage_at(stages, done):
    """Index of the stage that a run is in when `done` of it, 0..1, lies behind."""
    ends = [sum(stage.share for stage in stages[:i + 1]) for i in range(len(stages))]
    return next((i for i, end in enumerate(ends) if done < end), len(stages) - 1)


@dataclass
class TrainConfig:
    """One run. Times in seconds, sizes in pixels."""

    pool: Path = field(default_factory=lambda: RUNS_DIR / "pool")
    out: Path = field(default_factory=lambda: RUNS_DIR / "main")
    init: Path | None = None       # weights that a new run starts from
    stages: tuple = STAGES
    learning_rate: float = 1e-3
    weight_decay: float = 0.05
    warmup_steps: int = 150        # of the run, and of each stage
    max_minutes: float = 90.0      # of training in all, over every resumption; sets the decay
    max_steps: int = 10**9
    checkpoint_secs: float = 180.0
    device: str = "cuda" if torch.cuda.is_available() else "cpu"
    workers: int = 2               # trainers of one thread each, on a CPU
    loaders: int = 1               # threads of each trainer that make batches
    seed: int = 1
    bfloat16: bool = True
