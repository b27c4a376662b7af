"""SAM-style prompt encoder: points, box corners, padding and mask prompts become tokens."""
import math

import torch
from torch import nn

from .layers import LayerNorm2d, Shrink

LABELS = (-1.0, 0.0, 1.0, 2.0, 3.0)     # padding, background, foreground, the two corners of a box


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

    def mask(self, mask_input, has_mask):
        """(N,1,4H,4W) logits and (N) flags -> (N,dim,H/2,W/2); without a mask, a learned constant."""
        seen = self.mask_net(mask_input.clamp(-16.0, 16.0) * 0.125)
        flag = has_mask.reshape(-1, 1, 1, 1)
        return seen * flag + self.no_mask.reshape(1, -1, 1, 1) * (1.0 - flag)
