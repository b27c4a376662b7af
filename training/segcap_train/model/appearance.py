"""What a region looks like: the colour, the pattern or material, the colour of a handle. From pixels and mask alone."""
import torch
from torch import nn
from torch.nn import functional as F

from ..vocabulary import COLOURS, PATTERNS

SIDE = 32                                   # of the look
LISTS = {"colour": ("", *COLOURS), "pattern": ("", *PATTERNS), "handle": ("", *COLOURS)}      # '' is none


class Appearance(nn.Module):
    """Colours (N,3,SIDE,SIDE) and mask shares (N,1,SIDE,SIDE) of a window -> logits of each list, {name: (N,L)}."""

    def __init__(self):
        super().__init__()
        self.convs = nn.ModuleList([nn.Conv2d(4, 32, 3, padding=1), nn.Conv2d(32, 48, 3, padding=1),
                                    nn.Conv2d(48, 64, 3, 2, 1), nn.Conv2d(64, 64, 3, padding=1)])
        self.hidden = nn.Linear(2 * 64 + 32, 96)
        self.heads = nn.ModuleDict({name: nn.Linear(96, len(words)) for name, words in LISTS.items()})

    def forward(self, colours, share):
        x = torch.cat([colours, share * 2 - 1], 1)
        early = None
        for conv in self.convs:
            x = F.gelu(conv(x))
            early = x if early is None else early
        small = F.avg_pool2d(share, 2)
        inside = [(m * s).sum((2, 3)) / s.sum((2, 3)).clamp(min=1e-3) for m, s in ((early, share), (x, small))]
        hidden = F.gelu(self.hidden(torch.cat([*inside, x.amax((2, 3))], 1)))
        return {name: head(hidden) for name, head in self.heads.items()}
