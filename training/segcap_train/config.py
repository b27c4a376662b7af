"""Folders, and the sizes of the language model."""
from dataclasses import dataclass
from pathlib import Path

TRAINING_DIR = Path(__file__).resolve().parent.parent
RUNS_DIR = TRAINING_DIR / "runs"
REPO_DIR = TRAINING_DIR.parent
SHARED_DATA = REPO_DIR.parent / "shared" / "data"   # optional for rendering and for tests

# ImageNet's statistics, as SAM uses them, in units of 0..1.
PIXEL_MEAN = (0.485, 0.456, 0.406)
PIXEL_STD = (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class ModelConfig:
    """The language model."""

    lm_width: int = 192
    lm_layers: int = 3
    lm_heads: int = 6
    lm_positions: int = 48
    vocab: int = 1024
