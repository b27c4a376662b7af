"""A closer look for the caption: what lies under the mask, sampled to one fixed grid whatever its size.

Attention at stride 16 sees a small object as one or two cells, too few to tell a mug from a ball.
"""
import torch
from torch import nn
from torch.nn import functional as F

from .layers import Grow, Shrink

GRID = 16          # samples across and down
CELLS = 8          # of the grid that the mixer looks at
SEEN = 48          # channels sampled at stride 4
WIDTH = 128        # channels of a cell
CLOSE = 256        # width of what a look sums up to
REACH = 2.1        # half the side of the square that is looked at, in standard deviations of the mask


def consensus(masks, iou):
    """Where a prompt's masks lie: logits (N,M,h,w) and predicted IoU (N,M) -> shares (N,1,h,w) in 0..1."""
    weight = (iou * 30.0).softmax(1)[:, :, None, None]
    return (masks * weight).sum(1, keepdim=True).sigmoid()


class Closeup(nn.Module):
    """Embeddings and where a mask lies -> cells for the mixer to look at, and their sum."""

    def __init__(self, cfg):
        super().__init__()
        self.rows, self.dim = cfg.caption_tokens, cfg.dim
        self.see = Grow(cfg.embed, SEEN)
        self.look = nn.Sequential(
            nn.Conv2d(SEEN + 1, 96, 3, padding=1), nn.GELU(), Shrink(96, WIDTH), nn.GELU(),
            nn.Conv2d(WIDTH, WIDTH, 3, padding=1), nn.GELU())
        self.gather = nn.Sequential(Shrink(WIDTH, WIDTH), nn.GELU())
        self.sum_up = nn.Linear(WIDTH * (CELLS // 2) ** 2 + 1, CLOSE)
        self.cells = nn.Linear(WIDTH, cfg.dim)
        self.tell = nn.Linear(CLOSE, self.rows * self.dim)

    def sample(self, seen, share):
        """seen (N,SEEN,2H,2W): `see` of the embeddings; share (N,1,h,w) -> patch (N,SEEN+1,GRID,GRID), size (N,1).

        In single precision: places are no matter for bfloat16.
        """
        with torch.autocast(seen.device.type, enabled=False):
            seen, share = seen.float(), share.float()
            grid, size = self.square(share)
            return torch.cat([F.grid_sample(seen, grid, align_corners=False),
                              F.grid_sample(share, grid, align_corners=False) * 2 - 1], 1), size

    def forward(self, patch, size):
        """-> cells (N,CELLS^2,D), what is added to the caption tokens (N,rows,D), their sum (N,CLOSE)."""
        x = self.look(patch)
        hidden = F.gelu(self.sum_up(torch.cat([self.gather(x).flatten(1), size], 1)))
        cells = self.cells(x.flatten(2).transpose(1, 2))
        return cells, self.tell(hidden).reshape(-1, self.rows, self.dim), hidden

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
