"""Hybrid image encoder: convolutions to stride 16, global attention there, fused back to stride 8.

`image_embeddings` lies at stride 8, so that masks are sharp, and still carries the global context.
"""
from torch import nn
from torch.nn import functional as F

from .layers import Attention, Mlp, Shrink


def conv_bn(cin, cout, stride=1):
    """3x3 convolution and BatchNorm, which an exporter folds into one."""
    return nn.Sequential(nn.Conv2d(cin, cout, 3, stride, 1, bias=False), nn.BatchNorm2d(cout))


class Residual(nn.Module):
    """ResNet's basic block. Dense 3x3 convolutions: on a CPU they do three times the arithmetic of depthwise ones a second."""

    def __init__(self, width):
        super().__init__()
        self.first, self.second = conv_bn(width, width), conv_bn(width, width)
        nn.init.zeros_(self.second[1].weight)     # a block starts as the identity

    def forward(self, x):
        return F.relu(x + self.second(F.relu(self.first(x))))


class AttentionBlock(nn.Module):
    """Global self-attention at stride 16, with position added to queries and keys."""

    def __init__(self, width, heads):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = Attention(width, heads)
        self.mlp = Mlp(width, width * 2)

    def forward(self, x, position):
        y = self.norm1(x)
        q = y + position
        x = x + self.attention(q, q, y)
        return x + self.mlp(self.norm2(x))


class ImageEncoder(nn.Module):
    """(1,3,S,S) normalised pixels -> (1,embed,S/8,S/8). S is a multiple of 16."""

    def __init__(self, cfg):
        super().__init__()
        w4, w8, w16 = cfg.widths
        self.stem = conv_bn(3 * 16, w4)
        self.stage4 = nn.Sequential(*(Residual(w4) for _ in range(cfg.depths[0])))
        self.down8 = conv_bn(w4, w8, 2)
        self.stage8 = nn.Sequential(*(Residual(w8) for _ in range(cfg.depths[1])))
        self.down16 = conv_bn(w8, w16, 2)
        self.stage16 = nn.Sequential(*(Residual(w16) for _ in range(cfg.depths[2])))
        self.global16 = nn.ModuleList(AttentionBlock(w16, cfg.attention_heads) for _ in range(cfg.attention_blocks))
        self.position = nn.Linear(cfg.dim, w16)
        self.lateral16 = nn.Conv2d(w16, cfg.embed, 1)
        self.lateral8 = nn.Conv2d(w8, cfg.embed, 1)
        self.lateral4 = Shrink(w4, cfg.embed)
        self.fuse = nn.Conv2d(cfg.embed, cfg.embed, 3, padding=1)

    def forward(self, pixels, position):
        """`position` is the dense Fourier encoding (H*W, dim) of the stride 16 grid."""
        x4 = self.stage4(F.relu(self.stem(F.pixel_unshuffle(pixels, 4))))
        x8 = self.stage8(F.relu(self.down8(x4)))
        x16 = self.stage16(F.relu(self.down16(x8)))
        n, c, h, w = x16.shape
        tokens = x16.flatten(2).transpose(1, 2)
        position = self.position(position)
        for block in self.global16:
            tokens = block(tokens, position)
        x16 = tokens.transpose(1, 2).reshape(n, c, h, w)
        top = F.interpolate(self.lateral16(x16), scale_factor=2.0, mode="nearest")
        x = F.gelu(top + self.lateral8(x8) + self.lateral4(x4))
        return x + self.fuse(x)
