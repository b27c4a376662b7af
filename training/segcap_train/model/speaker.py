"""From what is known of a region to the rows that the language model continues: tags, not pictures.

A name that stands there is copied, of whatever vocabulary: the language model is trained with random names, so that it
says "an elephant" without a single elephant in its training pictures.
"""
import torch
from torch import nn

from .appearance import LISTS
from .language import LanguageModel

NAME_ROWS = 9               # tokens of a name; the rest of a longer one is not said
TASK_ROWS = 2
ROWS = TASK_ROWS + NAME_ROWS + len(LISTS)
NOTHING = 0                 # a token id that no name has: the end token stands for an empty row


class Speaker(nn.Module):
    """Tags -> rows (N,ROWS,D), and the language model that says them."""

    def __init__(self, cfg):
        super().__init__()
        self.language = LanguageModel(cfg)
        self.task = nn.Parameter(torch.randn(TASK_ROWS, cfg.lm_width) * 0.3)
        self.place = nn.Parameter(torch.randn(NAME_ROWS, cfg.lm_width) * 0.1)
        self.tags = nn.ModuleDict({name: nn.Embedding(len(words), cfg.lm_width) for name, words in LISTS.items()})

    def rows(self, name, tags):
        """name (N,NAME_ROWS) token ids, tags {list: (N) index} -> (N,ROWS,D)."""
        n = name.shape[0]
        said = self.language.tokens(name) + self.place
        known = torch.stack([self.tags[key](tags[key]) for key in LISTS], 1)
        return torch.cat([self.task.expand(n, -1, -1), said, known], 1)
