"""Masks from prompts in two looks, as a person would: roughly where it is, then its edge from close by.

The first look finds what a click may mean: the box of what was clicked, from the clicked features (FCOS, Tian et al. 2019),
and a rough mask in the whole picture, by a small network whose weights those features choose (CondInst, Tian et al. 2020).
The second samples a window around that box (or around the given box or mask) to a fixed grid, and paints there: the edge
of a small thing is as fine as that of a large one.
"""
import torch
from torch import nn
from torch.nn import functional as F

from . import windows
from .layers import Grow
from .pyramid import EMBED, FINE

MASKS = 3
GRID = 40                   # cells of the close look; its masks have twice as many
WIDTH = 64
KEY, HIDDEN = 16, 12        # channels of the first look and of its small network
ROUGH = KEY + 6             # with where the clicks are
MARGIN = 1.3                # a window's side, in those of what it must hold
NOWHERE = -12.0             # logit outside of a window
UNIT = 0.15                 # of the distances from a click to the sides of what it means, in shares of the square
BLOT, WIDE = 0.02, 0.10     # widths of a click's drawings, as shares of the square


def blots(coords, chosen, x, y, width):
    """Drawings (N,h,w) of the chosen clicks: coords (N,K,2) in 0..1, chosen (N,K) 0 or 1, x (N,w), y (N,h)."""
    gap = ((x[:, None, None, :] - coords[..., 0, None, None]) ** 2
           + (y[:, None, :, None] - coords[..., 1, None, None]) ** 2)
    return ((-gap / width ** 2).exp() * chosen[..., None, None]).amax(1)


def filled(boxes, x, y):
    """1 inside of boxes (N,4), with soft edges of half a cell: (N,h,w)."""
    edge_x, edge_y = (x[:, 1:2] - x[:, 0:1]) / 2, (y[:, 1:2] - y[:, 0:1]) / 2
    across = ((x - boxes[:, 0:1]) / edge_x).sigmoid() * ((boxes[:, 2:3] - x) / edge_x).sigmoid()
    down = ((y - boxes[:, 1:2]) / edge_y).sigmoid() * ((boxes[:, 3:4] - y) / edge_y).sigmoid()
    return across[:, None, :] * down[:, :, None]


class Prompt:
    """What a batch of prompts says. coords (N,K,2) in 0..1; of labels (N,K): -1 none, 0 and 1 clicks, 2 and 3 corners."""

    def __init__(self, coords, labels, mask=None, has_mask=None):
        self.coords = coords
        self.refused, self.clicked = (labels == 0).to(coords.dtype), (labels == 1).to(coords.dtype)
        first, second = (labels == 2).to(coords.dtype), (labels == 3).to(coords.dtype)
        self.boxed = first.amax(1, keepdim=True) * second.amax(1, keepdim=True)                  # (N,1)
        self.box = torch.cat([(coords * corner[..., None]).sum(1) for corner in (first, second)], 1)
        self.mask = mask                                                                         # (N,1,h,w) logits
        self.has_mask = None if mask is None else has_mask.reshape(-1, 1).to(coords.dtype)


class FirstLook(nn.Module):
    """Where what was clicked is: its box, and in the whole picture, roughly, logits (N,MASKS,H,W) at stride 8."""

    def __init__(self):
        super().__init__()
        self.key = nn.Conv2d(EMBED, KEY, 1)
        self.sizes = [(HIDDEN, ROUGH), (HIDDEN, HIDDEN), (MASKS, HIDDEN)]
        self.choose = nn.Sequential(nn.Linear(2 * EMBED + 1, 192), nn.GELU(),
                                    nn.Linear(192, sum(out * (into + 1) for out, into in self.sizes)))
        nn.init.normal_(self.choose[2].weight, std=0.01)
        self.reach = nn.Sequential(nn.Linear(2 * EMBED + 1, 192), nn.GELU(), nn.Linear(192, 4))
        self.base = nn.ParameterList(nn.Parameter(torch.randn(out, into) * (1.0 / into) ** 0.5) for out, into in self.sizes)

    def clicked(self, embeddings, prompt, owner):
        """Features under the clicks: the wanted ones' mean, the refused ones' mean, whether there are any (N,2*EMBED+1)."""
        at = prompt.coords * 2 - 1
        if owner is None:
            seen = F.grid_sample(embeddings, at[None], align_corners=False)[0].permute(1, 2, 0)
        else:
            seen = F.grid_sample(embeddings.float()[owner], at[:, :, None], align_corners=False)[..., 0].transpose(1, 2)
        means = [(seen * who[..., None]).sum(1) / who.sum(1, keepdim=True).clamp(min=1)
                 for who in (prompt.clicked, prompt.refused)]
        return torch.cat([*means, prompt.refused.amax(1, keepdim=True)], 1)

    def boxes(self, clicked, coords):
        """Boxes (N,4) of what features (N,2*EMBED+1) under clicks at coords (N,2) belong to."""
        sides = F.softplus(self.reach(clicked).float()) * UNIT
        return torch.cat([coords - sides[:, :2], coords + sides[:, 2:]], 1)

    def forward(self, embeddings, prompt, owner=None):
        """-> rough logits (N,MASKS,H,W), boxes (N,4)."""
        n = prompt.coords.shape[0]
        _, _, height, width = embeddings.shape
        key = self.key(embeddings)
        key = key.expand(n, -1, -1, -1) if owner is None else key[owner]
        like = prompt.coords
        x, y = (windows.steps(count, like).expand(n, -1) for count in (width, height))
        wanted = self.clicked(embeddings, prompt, owner)
        middle = (prompt.coords * prompt.clicked[..., None]).sum(1) / prompt.clicked.sum(1, keepdim=True).clamp(min=1)
        away_x = ((x - middle[:, :1]) * 4)[:, None, :].expand(n, height, width)
        away_y = ((y - middle[:, 1:]) * 4)[:, :, None].expand(n, height, width)
        drawn = torch.stack([away_x, away_y, (away_x ** 2 + away_y ** 2 + 1e-6).sqrt(),
                             blots(prompt.coords, prompt.clicked, x, y, 2 * BLOT),
                             blots(prompt.coords, prompt.clicked, x, y, WIDE),
                             blots(prompt.coords, prompt.refused, x, y, 2 * BLOT)], 1)
        z = torch.cat([key, drawn], 1).flatten(2)                                  # (N,ROUGH,H*W)
        weights = self.choose(wanted)
        for i, ((out, into), base) in enumerate(zip(self.sizes, self.base)):
            own, weights = weights[:, :out * into].reshape(n, out, into), weights[:, out * into:]
            bias, weights = weights[:, :out, None], weights[:, out:]
            z = (own + base) @ z + bias
            if i < 2:
                z = F.gelu(z)
        return z.reshape(n, MASKS, height, width), self.boxes(wanted, middle)


class Dilated(nn.Module):
    def __init__(self, dilation):
        super().__init__()
        self.first = nn.Conv2d(WIDTH, WIDTH, 3, padding=dilation, dilation=dilation)
        self.norm = nn.GroupNorm(8, WIDTH)

    def forward(self, x):
        return x + F.gelu(self.norm(self.first(x)))


class CloseLook(nn.Module):
    """A window on a fixed grid -> mask logits (N,MASKS,2*GRID,2*GRID), predicted IoU (N,MASKS)."""

    def __init__(self):
        super().__init__()
        self.enter = nn.Conv2d(EMBED, WIDTH, 1)
        self.mix = nn.Conv2d(WIDTH + FINE + MASKS + 5, WIDTH, 3, padding=1)
        self.blocks = nn.ModuleList(Dilated(d) for d in (1, 2, 4, 8, 1))
        self.sum_up = nn.Linear(2 * WIDTH, WIDTH)
        self.grow = Grow(WIDTH, 24)
        self.colour = nn.Conv2d(3, 24, 3, padding=1)
        self.edge = nn.Conv2d(24, 24, 3, padding=1)
        self.paint = nn.Conv2d(24, MASKS, 1)
        self.quality = nn.Sequential(nn.Linear(2 * WIDTH, WIDTH), nn.GELU(), nn.Linear(WIDTH, MASKS))

    def forward(self, near, fine, colours, drawn):
        """near (N,WIDTH,G,G): `enter` of the embeddings, fine (N,FINE,G,G), drawn (N,MASKS+5,G,G), colours (N,3,2G,2G)."""
        x = F.gelu(self.mix(torch.cat([near, fine, drawn], 1)))
        for i, block in enumerate(self.blocks):
            x = block(x)
            if i == 3:
                x = x + self.sum_up(pooled(x))[:, :, None, None]
        y = F.gelu(self.grow(x) + self.colour(colours))
        y = y + F.gelu(self.edge(y))
        return self.paint(y), self.quality(pooled(x))


def pooled(x):
    return torch.cat([x.mean((2, 3)), x.amax((2, 3))], 1)


def with_clicks(boxes, prompt):
    """Boxes (N,4), grown to hold every wanted click."""
    chosen = prompt.clicked[..., None]
    low = (prompt.coords - BLOT) * chosen + 2.0 * (1 - chosen)
    high = (prompt.coords + BLOT) * chosen - 2.0 * (1 - chosen)
    return torch.cat([torch.minimum(boxes[:, :2], low.amin(1)), torch.maximum(boxes[:, 2:], high.amax(1))], 1)


class Masker(nn.Module):
    """Embeddings, fine features, the picture's pixels and prompts -> masks in windows."""

    def __init__(self):
        super().__init__()
        self.first = FirstLook()
        self.close = CloseLook()

    def windows_of(self, prompt, found):
        """Windows (N,4): around the box, else around the handed-over mask, else around the box that the first look found."""
        if prompt.mask is not None:
            handed = windows.around((prompt.mask[:, 0] * 0.5).sigmoid() * (prompt.mask[:, 0] > 0).to(found.dtype))
            found = handed * prompt.has_mask + found * (1 - prompt.has_mask)
        inside = prompt.box * prompt.boxed + found * (1 - prompt.boxed)
        return windows.widened(with_clicks(inside, prompt), MARGIN)

    def paint(self, embeddings, fine, pixels, prompt, rough, window, owner=None):
        """-> logits (N,MASKS,2*GRID,2*GRID) in the windows, predicted IoU (N,MASKS)."""
        near = windows.look(self.close.enter(embeddings), window, GRID, owner)
        detail = windows.look(fine, window, GRID, owner)
        colours = windows.look(pixels, window, 2 * GRID, owner)
        x, y = windows.places(window, GRID)
        at = windows.grid(x, y)
        seen = F.grid_sample(rough.clamp(-8, 8) * 0.25, at, padding_mode="border", align_corners=False)
        seen = seen * (1 - prompt.boxed)[:, :, None, None]
        handed = torch.zeros_like(seen[:, :1])
        known = torch.zeros_like(handed)
        if prompt.mask is not None:
            flag = prompt.has_mask[:, :, None, None]
            handed = F.grid_sample(prompt.mask.clamp(-8, 8) * 0.25, at, align_corners=False) * flag
            known = known + flag
        size = (window[:, 2:] - window[:, :2]).mean(1, keepdim=True)
        # Clicks are as wide as the window asks: a twelfth of its side.
        near_x, near_y = x / size, y / size
        scaled = prompt.coords / size[:, :, None]
        drawn = [blots(scaled, prompt.clicked, near_x, near_y, 0.08), blots(scaled, prompt.refused, near_x, near_y, 0.08),
                 filled(prompt.box, x, y) * prompt.boxed[:, :, None]]
        drawn = torch.cat([seen, handed, known, torch.stack(drawn, 1)], 1)
        return self.close(near, detail, colours, drawn)

    def forward(self, embeddings, fine, pixels, prompt):
        """One picture: logits (N,MASKS,4H,4W) over the whole square, predicted IoU (N,MASKS)."""
        rough, found = self.first(embeddings, prompt)
        window = self.windows_of(prompt, found)
        seen, quality = self.paint(embeddings, fine, pixels, prompt, rough, window)
        _, _, height, width = embeddings.shape
        return windows.put_back(seen, window, 4 * height, 4 * width, NOWHERE), quality
