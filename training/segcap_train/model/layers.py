"""Small layers shared by the encoder, the decoder and the language model."""
import torch
from torch import nn
from torch.nn import functional as F


class LayerNorm2d(nn.Module):
    """LayerNorm over the channels of (N,C,H,W)."""

    def __init__(self, channels, eps=1e-6):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.eps = eps

    def forward(self, x):
        mean = x.mean(1, keepdim=True)
        var = (x - mean).pow(2).mean(1, keepdim=True)
        x = (x - mean) / torch.sqrt(var + self.eps)
        return x * self.weight[:, None, None] + self.bias[:, None, None]


class Shrink(nn.Module):
    """A 2x2 convolution of stride 2, as a rearrangement and a 1x1 one: its gradient is far faster on a CPU."""

    def __init__(self, cin, cout, bias=True):
        super().__init__()
        self.mix = nn.Conv2d(4 * cin, cout, 1, bias=bias)

    def forward(self, x):
        return self.mix(F.pixel_unshuffle(x, 2))


class Grow(nn.Module):
    """A 2x2 transposed convolution of stride 2, the same way."""

    def __init__(self, cin, cout):
        super().__init__()
        self.mix = nn.Conv2d(cin, 4 * cout, 1)

    def forward(self, x):
        return F.pixel_shuffle(self.mix(x), 2)


class Attention(nn.Module):
    """Multi-head attention whose inner width may be smaller than its outer one."""

    def __init__(self, dim, heads, inner=None):
        super().__init__()
        inner = inner or dim
        self.heads = heads
        self.q = nn.Linear(dim, inner)
        self.k = nn.Linear(dim, inner)
        self.v = nn.Linear(dim, inner)
        self.out = nn.Linear(inner, dim)

    def split(self, x):
        n, t, c = x.shape
        return x.reshape(n, t, self.heads, c // self.heads).transpose(1, 2)

    def forward(self, q, k, v):
        """(N,Tq,D), (N,Tk,D), (N,Tk,D) -> (N,Tq,D)."""
        q, k, v = self.split(self.q(q)), self.split(self.k(k)), self.split(self.v(v))
        y = ((q * q.shape[-1] ** -0.5) @ k.transpose(-1, -2)).softmax(-1) @ v
        n, h, t, d = y.shape
        return self.out(y.transpose(1, 2).reshape(n, t, h * d))


class Mlp(nn.Module):
    """Two linear layers with a GELU between them."""

    def __init__(self, dim, hidden):
        super().__init__()
        self.up = nn.Linear(dim, hidden)
        self.down = nn.Linear(hidden, dim)

    def forward(self, x):
        return self.down(F.gelu(self.up(x)))
