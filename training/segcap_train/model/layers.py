"""Small layers shared by the masks and the language model."""
from torch import nn
from torch.nn import functional as F


class Grow(nn.Module):
    """A 2x2 transposed convolution of stride 2, as a 1x1 one and a rearrangement: its gradient is far faster on a CPU."""

    def __init__(self, cin, cout):
        super().__init__()
        self.mix = nn.Conv2d(cin, 4 * cout, 1)

    def forward(self, x):
        return F.pixel_shuffle(self.mix(x), 2)


class Mlp(nn.Module):
    """Two linear layers with a GELU between them."""

    def __init__(self, dim, hidden):
        super().__init__()
        self.up = nn.Linear(dim, hidden)
        self.down = nn.Linear(hidden, dim)

    def forward(self, x):
        return self.down(F.gelu(self.up(x)))
