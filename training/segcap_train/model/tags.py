"""Tags: the noun and the colour that the closer look suggests, as two rows in front of the caption tokens.

The language model alone learns which colour goes with which noun, and so misnames a thing in a colour that it never saw.
Tags are read from the picture, and it only has to say them (Tag2Text, Huang et al. 2023, guides captions so, too).
"""
import torch
from torch import nn

from .closeup import CLOSE

ROWS = 2        # noun, colour


class Tagger(nn.Module):
    """The closer look's sum (N,CLOSE) -> logits of nouns and colours, and rows for the language model."""

    def __init__(self, cfg):
        super().__init__()
        self.noun, self.colour = nn.Linear(CLOSE, cfg.nouns), nn.Linear(CLOSE, cfg.colours)
        self.say_noun = nn.Linear(cfg.nouns, cfg.lm_width)
        self.say_colour = nn.Linear(cfg.colours, cfg.lm_width)

    def forward(self, hidden):
        """-> (N,nouns), (N,colours)."""
        return self.noun(hidden), self.colour(hidden)

    def rows(self, nouns, colours):
        """Logits -> (N,ROWS,lm_width); words teach how to say a tag, not which one it is."""
        return torch.stack([self.say_noun(nouns.detach().softmax(-1)),
                            self.say_colour(colours.detach().softmax(-1))], 1)
