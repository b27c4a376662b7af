"""SAM-style prompt encoder: points, box corners, padding and mask prompts become tokens."""
import math

import torch
from torch import nn

from .layers import LayerNorm2d, Shrink

LABELS = (-1.0, 0.0, 1.0, 2.0, 3.0)     # padding, background, foreground, the two corners of a box

DRAWN = 4                               # channels of a prompt's drawing
NARROW, WIDE, EDGE = 0.03, 0.12, 0.008  # widths of blots and of a box's soft edge, as shares of the square


class PromptEncoder(nn.Module):
    """Random Fourier features of positions plus one learned embedding a label."""

    def __init__(self, dim):
        super().__init__()
        self.register_buffer("gaussian", torch.randn(2, dim // 2))
        self.label_embedding = nn.Parameter(torch.randn(len(LABELS), dim) * 0.5)
        self.no_mask = nn.Parameter(torch.zeros(dim))
        self.mask_net = nn.Sequential(
            Shrink(1, 8), LayerNorm2d(8), nn.GELU(),
            Shrink(8, 32), LayerNorm2d(32), nn.GELU(),
            Shrink(32, dim))
        self.draw = Shrink(DRAWN, dim)

    def fourier(self, unit_xy):
        """(...,2) positions in 0..1 -> (...,dim)."""
        xy = (unit_xy * 2.0 - 1.0) * (2.0 * math.pi)
        angle = xy[..., :1] * self.gaussian[0] + xy[..., 1:] * self.gaussian[1]   # no matmul: never halved
        return torch.cat([angle.sin(), angle.cos()], -1)

    def dense(self, height, width):
        """Encoding (H*W, dim) of the centres of a grid's cells."""
        ys = (torch.arange(height, dtype=torch.float32, device=self.gaussian.device) + 0.5) / height
        xs = (torch.arange(width, dtype=torch.float32, device=self.gaussian.device) + 0.5) / width
        yy, xx = torch.meshgrid(ys, xs, indexing="ij")
        return self.fourier(torch.stack([xx, yy], -1).reshape(-1, 2))

    def points(self, coords, labels, size):
        """coords (N,K,2) in pixels of the size x size square, labels (N,K) -> (N,K,dim)."""
        where = self.fourier((coords + 0.5) / size)
        where = where * (labels >= 0).to(where.dtype).unsqueeze(-1)      # padding has no place
        kind = (labels.unsqueeze(-1) == torch.tensor(LABELS, device=labels.device)).to(where.dtype)
        return where + kind @ self.label_embedding

    def drawing(self, coords, labels, size, height, width):
        """The prompt drawn on a grid, (N,DRAWN,H,W): narrow and wide blots at clicks, the box filled.

        Tokens alone teach a network where a prompt lies only after long training; drawn, it sees at once.
        """
        ys = ((torch.arange(height, dtype=torch.float32, device=coords.device) + 0.5) / height).reshape(1, 1, -1, 1)
        xs = ((torch.arange(width, dtype=torch.float32, device=coords.device) + 0.5) / width).reshape(1, 1, 1, -1)
        at = (coords + 0.5) / size
        x, y = at[..., 0, None, None], at[..., 1, None, None]
        kind = labels[..., None, None]
        gap = (xs - x) ** 2 + (ys - y) ** 2
        narrow, wide = (-gap / NARROW ** 2).exp(), (-gap / WIDE ** 2).exp()
        clicked, refused = (kind == 1).float(), (kind == 0).float()
        first, second = (kind == 2).float(), (kind == 3).float()
        low_x, low_y, high_x, high_y = ((v * corner).sum(1) for corner in (first, second) for v in (x, y))
        across = ((xs[:, 0] - low_x) / EDGE).sigmoid() * ((high_x - xs[:, 0]) / EDGE).sigmoid()
        down = ((ys[:, 0] - low_y) / EDGE).sigmoid() * ((high_y - ys[:, 0]) / EDGE).sigmoid()
        filled = across * down * first.amax(1)
        return torch.stack([(narrow * clicked).amax(1), (wide * clicked).amax(1), (narrow * refused).amax(1), filled], 1)

    def mask(self, mask_input, has_mask):
        """(N,1,4H,4W) logits and (N) flags -> (N,dim,H/2,W/2); without a mask, a learned constant."""
        seen = self.mask_net(mask_input.clamp(-16.0, 16.0) * 0.125)
        flag = has_mask.reshape(-1, 1, 1, 1)
        return seen * flag + self.no_mask.reshape(1, -1, 1, 1) * (1.0 - flag)
