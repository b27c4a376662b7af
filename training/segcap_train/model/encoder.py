"""Hybrid image encoder: convolutions to stride 16, global attention there, fused back to stride 8.

`image_embeddings` lies at stride 8, so that masks are sharp, and still carries the global context.
"""
from torch import nn
from torch.nn import functional as F

from .layers import Attention, Mlp, Shrink


def conv_bn(cin, cout, kernel, stride=1, groups=1):
    """Convolution and BatchNorm, which an exporter folds into one."""
    conv = nn.Conv2d(cin, cout, kernel, stride, kernel // 2, groups=groups, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(cout))


def shrink_bn(cin, cout):
    """Half the resolution."""
    return nn.Sequential(Shrink(cin, cout, bias=False), nn.BatchNorm2d(cout))


class ConvBlock(nn.Module):
    """RepViT-like: a depthwise 3x3 that mixes space, then a pointwise pair that mixes channels."""

    def __init__(self, width, expand=2):
        super().__init__()
        self.space = conv_bn(width, width, 3, groups=width)
        self.up = conv_bn(width, width * expand, 1)
        self.down = conv_bn(width * expand, width, 1)
        nn.init.zeros_(self.down[1].weight)     # a block starts as the identity

    def forward(self, x):
        x = x + self.space(x)
        return x + self.down(F.gelu(self.up(x)))


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
        self.stem = nn.Sequential(conv_bn(3, cfg.stem, 3, 2), nn.GELU(), shrink_bn(cfg.stem, w4))
        self.stage4 = nn.Sequential(*(ConvBlock(w4) for _ in range(cfg.depths[0])))
        self.down8 = shrink_bn(w4, w8)
        self.stage8 = nn.Sequential(*(ConvBlock(w8) for _ in range(cfg.depths[1])))
        self.down16 = shrink_bn(w8, w16)
        self.stage16 = nn.Sequential(*(ConvBlock(w16) for _ in range(cfg.depths[2])))
        self.global16 = nn.ModuleList(AttentionBlock(w16, cfg.heads) for _ in range(cfg.attention_blocks))
        self.position = nn.Linear(cfg.dim, w16)
        self.lateral16 = nn.Conv2d(w16, cfg.embed, 1)
        self.lateral8 = nn.Conv2d(w8, cfg.embed, 1)
        self.lateral4 = Shrink(w4, cfg.embed)
        self.fuse = ConvBlock(cfg.embed)

    def forward(self, pixels, position):
        """`position` is the dense Fourier encoding (H*W, dim) of the stride 16 grid."""
        x4 = self.stage4(self.stem(pixels))
        x8 = self.stage8(self.down8(x4))
        x16 = self.stage16(self.down16(x8))
        n, c, h, w = x16.shape
        tokens = x16.flatten(2).transpose(1, 2)
        position = self.position(position)
        for block in self.global16:
            tokens = block(tokens, position)
        x16 = tokens.transpose(1, 2).reshape(n, c, h, w)
        top = F.interpolate(self.lateral16(x16), scale_factor=2.0, mode="nearest")
        return self.fuse(top + self.lateral8(x8) + self.lateral4(x4))
