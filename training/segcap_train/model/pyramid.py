"""From the detector's features to those that masks are painted from."""
from torch import nn
from torch.nn import functional as F

from .layers import Grow
from .nanodet import resize

EMBED, FINE = 96, 32       # channels at strides 8 and 4


class Pyramid(nn.Module):
    """Backbone and neck of the detector -> embeddings (B,EMBED,H/8,W/8), fine features (B,FINE,H/4,W/4)."""

    def __init__(self):
        super().__init__()
        self.backbone8 = nn.Conv2d(128, EMBED, 1)
        self.neck = nn.ModuleList(nn.Conv2d(128, EMBED, 1) for _ in range(3))
        self.context = nn.Sequential(nn.Conv2d(EMBED, EMBED, 3, padding=1), nn.GELU(),
                                     nn.Conv2d(EMBED, EMBED, 3, padding=2, dilation=2), nn.GELU())
        self.fuse = nn.Sequential(nn.Conv2d(EMBED, EMBED, 3, padding=1), nn.GELU(), nn.Conv2d(EMBED, EMBED, 3, padding=1))
        self.fine4 = nn.Conv2d(64, FINE, 1)
        self.grow4 = Grow(EMBED, FINE)
        self.mix4 = nn.Conv2d(FINE, FINE, 3, padding=1)

    def forward(self, x4, x8, neck):
        p8, p16, p32 = (layer(x) for layer, x in zip(self.neck, neck))
        top = F.gelu(p16 + resize(p32, 2.0))
        top = top + self.context(top)
        x = F.gelu(p8 + self.backbone8(x8) + resize(top, 2.0))
        x = x + self.fuse(x)
        fine = F.gelu(self.fine4(x4) + self.grow4(x))
        return x, fine + self.mix4(fine)
