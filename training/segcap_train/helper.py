"""A head that exists in training only: names objects from the embeddings under their true masks.

It gives the encoder a short way to learn what things are; captions alone take far longer to reach it.
"""
import torch
from torch import nn
from torch.nn import functional as F

from .vocabulary import COLOURS, noun_list

NOUNS = {noun: i for i, noun in enumerate(sorted(noun_list()))}
COLOUR_INDEX = {colour: i for i, colour in enumerate(COLOURS)}
NOUN, COLOUR = 1.0, 0.3          # weights of the two losses
UNKNOWN = -100


def labels_of(attributes):
    """Indices of an object's noun and colour, UNKNOWN where there is none."""
    return NOUNS.get(attributes.get("noun", ""), UNKNOWN), COLOUR_INDEX.get(attributes.get("colour", ""), UNKNOWN)


class Helper(nn.Module):
    """Two heads: on the embeddings under the true mask, and on the caption's closer look."""

    def __init__(self, width, close):
        super().__init__()
        self.hidden = nn.Linear(width, 2 * width)
        self.noun = nn.Linear(2 * width, len(NOUNS))
        self.colour = nn.Linear(2 * width, len(COLOURS))
        self.close_noun = nn.Linear(close, len(NOUNS))

    def forward(self, embeddings, prompts, close):
        """Loss and the share of nouns that the closer look gets right."""
        masks = F.adaptive_avg_pool2d(prompts.targets[:, None], embeddings.shape[2:])[:, 0]
        share = masks / masks.sum((1, 2), keepdim=True).clamp(min=1e-4)
        pooled = torch.einsum("nchw,nhw->nc", embeddings.float()[prompts.owner], share)
        x = F.gelu(self.hidden(pooled))
        noun, colour, closer = self.noun(x).float(), self.colour(x).float(), self.close_noun(close).float()
        names = prompts.names[:, 0]
        known = names != UNKNOWN
        right = (closer.argmax(1) == names)[known].float().mean().item() if known.any() else 0.0
        loss = NOUN * (known_loss(noun, names) + known_loss(closer, names))
        return loss + COLOUR * known_loss(colour, prompts.names[:, 1]), right


def known_loss(logits, labels):
    """Cross-entropy over the known labels; zero where there are none."""
    total = F.cross_entropy(logits, labels, ignore_index=UNKNOWN, reduction="sum", label_smoothing=0.05)
    return total / (labels != UNKNOWN).sum().clamp(min=1)
