"""Heads that exist in training only: they name objects under their true masks and find where objects meet.

They give the encoder a short way to learn what things are; captions alone take far longer to reach it.
"""
import torch
from torch import nn
from torch.nn import functional as F

from .model.layers import Grow
from .vocabulary import COLOURS, noun_list

NOUNS = {noun: i for i, noun in enumerate(sorted(noun_list()))}
COLOUR_INDEX = {colour: i for i, colour in enumerate(COLOURS)}
NOUN, COLOUR, BORDER = 1.0, 0.3, 0.5      # weights of the losses
UNKNOWN = -100


def labels_of(attributes):
    """Indices of an object's noun and colour, UNKNOWN where there is none."""
    return NOUNS.get(attributes.get("noun", ""), UNKNOWN), COLOUR_INDEX.get(attributes.get("colour", ""), UNKNOWN)


class Helper(nn.Module):
    """Heads on the embeddings under true masks, and one that finds borders."""

    def __init__(self, width):
        super().__init__()
        self.hidden = nn.Linear(width, 2 * width)
        self.noun = nn.Linear(2 * width, len(NOUNS))
        self.colour = nn.Linear(2 * width, len(COLOURS))
        self.border = Grow(width, 1)

    def under_masks(self, embeddings, things):
        """Loss of nouns and colours from the mean embedding (T,C) under each thing's true mask."""
        masks = F.adaptive_avg_pool2d(things.targets[:, None], embeddings.shape[2:])[:, 0]
        share = masks / masks.sum((1, 2), keepdim=True).clamp(min=1e-4)
        pooled = torch.einsum("nchw,nhw->nc", embeddings.float()[things.owner], share)
        x = F.gelu(self.hidden(pooled))
        return NOUN * known_loss(self.noun(x), things.names[:, 0]) + COLOUR * known_loss(self.colour(x), things.names[:, 1])

    def borders(self, embeddings, truth):
        """Loss of where objects meet; truth (B,1,S/4,S/4)."""
        weight = 1.0 + 3.0 * truth
        return BORDER * F.binary_cross_entropy_with_logits(self.border(embeddings).float(), truth, weight)


def tag_loss(tags, names):
    """Loss of the model's own tags, logits of nouns and colours; and the share of nouns that they get right."""
    nouns, colours = tags
    known = names[:, 0] != UNKNOWN
    right = (nouns.argmax(1) == names[:, 0])[known].float().mean().item() if known.any() else 0.0
    return NOUN * known_loss(nouns, names[:, 0]) + COLOUR * known_loss(colours, names[:, 1]), right


def known_loss(logits, labels):
    """Cross-entropy over the known labels; zero where there are none."""
    total = F.cross_entropy(logits.float(), labels, ignore_index=UNKNOWN, reduction="sum", label_smoothing=0.05)
    return total / (labels != UNKNOWN).sum().clamp(min=1)
