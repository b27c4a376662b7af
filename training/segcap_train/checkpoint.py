"""Checkpoints: written whole or not at all, and enough to resume from."""
import os

import torch

from .config import ModelConfig
from .model import Sca


def save(path, **state):
    """Atomic, so that a run that is killed keeps its last good checkpoint."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    torch.save(state, partial)
    os.replace(partial, path)


def load(path):
    return torch.load(path, map_location="cpu", weights_only=True)


def load_model(path):
    """The averaged weights of a checkpoint, ready for evaluation or export."""
    state = load(path)
    sca = Sca(ModelConfig(**state["config"]))
    sca.load_state_dict(state["average"])
    return sca.eval()
