"""Windows: rectangles of a picture that are looked at on a grid of fixed size, and back.

A window (N,4) is x0, y0, x1, y1 as shares of the square that the encoder sees, 0..1, and may reach beyond it.
"""
import torch
from torch.nn import functional as F

SPREAD = 2.1           # half a window's side in standard deviations of what it must hold; 1.73 for a filled box
SMALLEST = 0.02        # side of a window


def widened(boxes, factor):
    """Windows around boxes (N,4), `factor` times as large and never smaller than SMALLEST."""
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2
    half = ((boxes[:, 2:] - boxes[:, :2]) * factor / 2).clamp(min=SMALLEST / 2)
    return torch.cat([middle - half, middle + half], 1)


def around(share):
    """Boxes (N,4) of where shares (N,h,w) in 0..1 lie: middle and spread along both axes, so that specks do not count."""
    _, height, width = share.shape
    xs = (torch.arange(width, dtype=share.dtype, device=share.device) + 0.5) / width
    ys = (torch.arange(height, dtype=share.dtype, device=share.device) + 0.5) / height
    total = share.sum((1, 2))[:, None] + 1e-3
    along_x, along_y = share.sum(1) / total, share.sum(2) / total
    x, y = (along_x * xs).sum(1, keepdim=True), (along_y * ys).sum(1, keepdim=True)
    half_x = SPREAD * ((along_x * (xs - x) ** 2).sum(1, keepdim=True) + 1e-6).sqrt()
    half_y = SPREAD * ((along_y * (ys - y) ** 2).sum(1, keepdim=True) + 1e-6).sqrt()
    return torch.cat([x - half_x, y - half_y, x + half_x, y + half_y], 1)


def steps(count, like):
    """Centres (count) of a grid's cells, 0..1."""
    return (torch.arange(count, dtype=like.dtype, device=like.device) + 0.5) / count


def places(windows, size):
    """x (N,size) and y (N,size) of a grid's centres as shares of the square."""
    at = steps(size, windows)
    return (windows[:, 0:1] + (windows[:, 2:3] - windows[:, 0:1]) * at,
            windows[:, 1:2] + (windows[:, 3:4] - windows[:, 1:2]) * at)


def grid(x, y):
    """Sampling grid (N,H,W,2) in -1..1 from x (N,W) and y (N,H)."""
    n, width, height = x.shape[0], x.shape[1], y.shape[1]
    return torch.stack([x[:, None, :].expand(n, height, width), y[:, :, None].expand(n, height, width)], -1) * 2 - 1


def hat(at, size):
    """Bilinear weights (N,s,size) of a row's values for samples at shares (N,s); what lies beside the row has none."""
    cells = torch.arange(size, dtype=at.dtype, device=at.device)
    return (1 - (at[:, :, None] * size - 0.5 - cells).abs()).clamp(min=0)


def look(maps, windows, size, owner=None):
    """What lies in the windows: maps (B,C,h,w), owner (N) or one picture for all -> (N,C,size,size); beyond the square, zero.

    Bilinear sampling. Where the maps are small, as two products of matrices, which a runtime does several times faster.
    """
    x, y = places(windows, size)
    if owner is not None:                       # in training; a graph has one picture
        return F.grid_sample(maps.float()[owner], grid(x, y), align_corners=False)
    n, (height, width) = windows.shape[0], maps.shape[2:]
    if height <= 128:
        across = maps @ hat(x, width).transpose(1, 2)[:, None]                    # (N,C,h,size)
        return hat(y, height)[:, None] @ across
    # One picture: all windows are one tall grid, so that nothing is copied.
    seen = F.grid_sample(maps, grid(x, y).reshape(1, n * size, size, 2), align_corners=False)
    return seen.reshape(maps.shape[1], n, size, size).transpose(0, 1)


def put_back(seen, windows, height, width, elsewhere):
    """The inverse of `look`: (N,C,s,s) -> (N,C,height,width), `elsewhere` outside of the windows."""
    side = seen.shape[-1]
    at_x, at_y = steps(width, windows), steps(height, windows)
    x = (at_x - windows[:, 0:1]) / (windows[:, 2:3] - windows[:, 0:1])
    y = (at_y - windows[:, 1:2]) / (windows[:, 3:4] - windows[:, 1:2])
    inside = (((x >= 0) & (x <= 1))[:, None, None, :] & ((y >= 0) & (y <= 1))[:, None, :, None]).to(seen.dtype)
    half = 0.5 / side                           # the border's values go on to the window's edge
    across = seen @ hat(x.clamp(half, 1 - half), side).transpose(1, 2)[:, None]
    back = hat(y.clamp(half, 1 - half), side)[:, None] @ across
    return back * inside + elsewhere * (1 - inside)
