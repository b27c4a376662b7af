"""A closer look for the caption: what lies under the mask, sampled to one fixed grid whatever its size.

Attention at stride 16 sees a small object as one or two cells, too few to tell a mug from a ball.
"""
import torch
from torch import nn
from torch.nn import functional as F

from .layers import Grow, Shrink

GRID = 16          # samples across and down
SEEN = 32          # channels sampled at stride 4
CLOSE = 256        # width of what a look sums up to
REACH = 2.1        # half the side of the square that is looked at, in standard deviations of the mask


class Closeup(nn.Module):
    """Embeddings and a prompt's masks -> what is added to the caption tokens."""

    def __init__(self, cfg):
        super().__init__()
        self.rows, self.dim = cfg.caption_tokens, cfg.dim
        self.see = Grow(cfg.embed, SEEN)
        self.look = nn.Sequential(
            nn.Conv2d(SEEN + 1, 64, 3, padding=1), nn.GELU(), Shrink(64, 96), nn.GELU(),
            nn.Conv2d(96, 96, 3, padding=1), nn.GELU(), Shrink(96, 128), nn.GELU())
        self.sum_up = nn.Linear(128 * (GRID // 4) ** 2 + 1, CLOSE)
        self.tell = nn.Linear(CLOSE, self.rows * self.dim)
        nn.init.zeros_(self.tell.weight)
        nn.init.zeros_(self.tell.bias)

    def forward(self, seen, masks, iou):
        """seen (N,SEEN,2H,2W): `see` of the embeddings; masks (N,M,4H,4W) -> (N,rows,D), hidden (N,CLOSE)."""
        weight = (iou * 30.0).softmax(1)[:, :, None, None]
        share = (masks * weight).sum(1, keepdim=True).sigmoid()
        grid, size = self.square(share)
        patch = torch.cat([F.grid_sample(seen, grid, align_corners=False),
                           F.grid_sample(share, grid, align_corners=False) * 2 - 1], 1)
        flat = torch.cat([self.look(patch).flatten(1), size], 1)
        hidden = F.gelu(self.sum_up(flat))
        return self.tell(hidden).reshape(-1, self.rows, self.dim), hidden

    def square(self, share):
        """Sampling grid (N,GRID,GRID,2) in -1..1 over the mask's surroundings; its size (N,1) as a logarithm."""
        _, _, height, width = share.shape
        ys = (torch.arange(height, dtype=torch.float32, device=share.device) + 0.5) / height * 2 - 1
        xs = (torch.arange(width, dtype=torch.float32, device=share.device) + 0.5) / width * 2 - 1
        total = share.sum((2, 3)) + 1e-3
        along_x, along_y = share.sum(2)[:, 0] / total, share.sum(3)[:, 0] / total        # (N,W), (N,H)
        x, y = (along_x * xs).sum(1, keepdim=True), (along_y * ys).sum(1, keepdim=True)
        spread = torch.maximum((along_x * (xs - x) ** 2).sum(1, keepdim=True),
                               (along_y * (ys - y) ** 2).sum(1, keepdim=True))
        half = REACH * (spread + 1e-5).sqrt() + 0.01
        step = (torch.arange(GRID, dtype=torch.float32, device=share.device) + 0.5) / GRID * 2 - 1
        gx = (x + half * step)[:, None, :].expand(-1, GRID, -1)
        gy = (y + half * step)[:, :, None].expand(-1, -1, GRID)
        return torch.stack([gx, gy], -1), half.log()
