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


def load_model(*paths):
    """The averaged weights of a checkpoint, ready for evaluation or export; of several, where one run went on from
    another, their mean, which is often better than each (model soups, Wortsman et al. 2022)."""
    states = [load(path) for path in paths]
    sca = Sca(ModelConfig(**states[0]["config"]))
    weights = states[0]["average"]
    for name, value in weights.items():
        if value.dtype.is_floating_point:
            weights[name] = sum(state["average"][name] for state in states) / len(states)
    sca.load_state_dict(weights)
    return sca.eval()
