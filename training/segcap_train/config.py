"""Sizes of the network and of a training run, in one place."""
from dataclasses import asdict, dataclass, field
from pathlib import Path

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

    stem: int = 24                 # channels at stride 2
    widths: tuple = (48, 96, 192)  # channels at strides 4, 8, 16
    depths: tuple = (2, 3, 4)      # convolutional blocks at strides 4, 8, 16
    attention_blocks: int = 2      # global attention blocks at stride 16
    embed: int = 128               # C of image_embeddings, at stride 8
    dim: int = 192                 # width of prompt, mask and caption tokens
    heads: int = 6
    mlp: int = 384
    decoder_layers: int = 2
    masks: int = 3                 # M
    caption_tokens: int = 8
    task_tokens: int = 2
    mixer_layers: int = 2
    lm_width: int = 192
    lm_layers: int = 4
    lm_heads: int = 6
    lm_positions: int = 48
    vocab: int = 1024

    def as_dict(self):
        return asdict(self)


@dataclass
class TrainConfig:
    """One run. Times in seconds, sizes in pixels."""

    pool: Path = field(default_factory=lambda: RUNS_DIR / "pool")
    out: Path = field(default_factory=lambda: RUNS_DIR / "main")
    init: Path | None = None       # weights that a new run starts from
    size: int = 256
    batch: int = 4
    prompts: int = 3               # of each of the two kinds of prompt, a picture
    learning_rate: float = 6e-4
    weight_decay: float = 0.05
    warmup_steps: int = 100
    max_minutes: float = 90.0      # of training in all, over every resumption; sets the decay
    max_steps: int = 10**9
    checkpoint_secs: float = 180.0
    workers: int = 2               # processes of one thread each; the batch is each one's
    seed: int = 1
    words_only: bool = False       # train what comes after the masks: closer look, mixer, language model
    bfloat16: bool = True
