"""NanoDet-g (RangiLyu, Apache-2.0): a CSP network, a PAN neck and anchor-free heads of 80 COCO names.

Its published weights are the pretrained part of the built-in model: features for masks, boxes and names for regions.
Fully convolutional: any input whose sides are multiples of 32.
"""
import torch
from torch import nn
from torch.nn import functional as F

CLASSES, BINS = 80, 11
STRIDES = (8, 16, 32)
LAST = 34                     # convolutions, in the order of the published graph
# RGB in 0..1 with ImageNet's statistics (what the bundle feeds) -> BGR in 0..255 with NanoDet's.
MEAN, STD = (103.53, 116.28, 123.675), (57.375, 57.12, 58.395)


class Csp(nn.Module):
    """Cross-stage partial stage: half of the channels take the longer way."""

    def __init__(self, cin, width, blocks, stride=2):
        super().__init__()
        self.enter = nn.Conv2d(cin, width, 3, stride, 1)
        self.parts = nn.ModuleList(nn.ModuleList([nn.Conv2d(width, width // 2, 3, 1, 1),
                                                  nn.Conv2d(width // 2, width // 2, 3, 1, 1)]) for _ in range(blocks))
        self.leave = nn.Conv2d(width, width, 3, 1, 1)

    def forward(self, x):
        x = start = act(self.enter(x))
        for short, long in self.parts:
            x = act(short(x))
            x = torch.cat([act(long(x)), x], 1)
        return torch.cat([act(self.leave(x)), start], 1)


class NanoDet(nn.Module):
    """Normalised RGB (B,3,H,W) -> features at strides 4, 8, 16, 32 and, from the last three, what is where."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 32, 3, 2, 1)
        self.stages = nn.ModuleList([Csp(32, 32, 1, 1), Csp(64, 64, 2), Csp(128, 128, 2), Csp(256, 256, 3)])
        self.laterals = nn.ModuleList(nn.Conv2d(c, 128, 1) for c in (128, 256, 512))
        self.towers = nn.ModuleList(nn.Conv2d(128, 128, 3, 1, 1) for _ in STRIDES)
        self.heads = nn.ModuleList(nn.Conv2d(128, CLASSES + 4 * BINS, 1) for _ in STRIDES)

    def convolutions(self):
        """All of them in the published graph's order."""
        yield self.stem
        for stage in self.stages:
            yield stage.enter
            for part in stage.parts:
                yield from part
            yield stage.leave
        yield from self.laterals
        for tower, head in zip(self.towers, self.heads):
            yield from (tower, head)

    def backbone(self, pixels):
        """-> x4 (64), x8 (128), x16 (256), x32 (512 channels)."""
        x = F.max_pool2d(act(self.stem(pixels)), 3, 2, 1)
        seen = []
        for stage in self.stages:
            x = stage(x)
            seen.append(x)
        return seen

    def neck(self, x8, x16, x32):
        """-> three maps of 128 channels at strides 8, 16, 32."""
        p8, p16, p32 = (lateral(x) for lateral, x in zip(self.laterals, (x8, x16, x32)))
        p16 = p16 + resize(p32, 2.0)
        p8 = p8 + resize(p16, 2.0)
        p16 = p16 + resize(p8, 0.5)
        return p8, p16, p32 + resize(p16, 0.5)

    def detect(self, maps):
        """-> scores (B,A,80) in 0..1, boxes (B,A,4): x0, y0, x1, y1 in pixels of the input."""
        scores, boxes = [], []
        for x, tower, head, stride in zip(maps, self.towers, self.heads, STRIDES):
            y = head(act(tower(x)))
            _, _, height, width = y.shape
            scores.append(y[:, :CLASSES].flatten(2).transpose(1, 2).sigmoid())
            sides = y[:, CLASSES:].flatten(2).transpose(1, 2).reshape(y.shape[0], -1, 4, BINS).softmax(-1)
            sides = (sides * torch.arange(BINS, dtype=y.dtype, device=y.device)).sum(-1) * stride
            ys = (torch.arange(height, dtype=y.dtype, device=y.device) + 0.5) * stride
            xs = (torch.arange(width, dtype=y.dtype, device=y.device) + 0.5) * stride
            yy, xx = (g.reshape(1, -1) for g in torch.meshgrid(ys, xs, indexing="ij"))
            boxes.append(torch.stack([xx - sides[..., 0], yy - sides[..., 1], xx + sides[..., 2], yy + sides[..., 3]], -1))
        return torch.cat(scores, 1), torch.cat(boxes, 1)


def act(x):
    return F.leaky_relu(x, 0.1)


def resize(x, factor):
    return F.interpolate(x, scale_factor=factor, mode="bilinear", align_corners=False)


def in_order(graph, kind):
    """The nodes of a kind by the number that their output's name ends in: its exporter's order, not the file's."""
    return sorted((node for node in graph.node if node.op_type == kind and "onnx_tf" not in node.output[0]),
                  key=lambda node: int("0" + "".join(filter(str.isdigit, node.output[0].split("/")[-1]))))


def load_published(path):
    """The published ONNX graph's weights, with the input's statistics folded into the first convolution, so that it takes
    RGB in 0..1 less ImageNet's mean, over its deviation: what every other part of the bundle takes.

    Padding is exact only inside: the published graph pads with what is its zero, BGR's mean, and so does this one, since
    both statistics say the same mean but for rounding.
    """
    import onnx
    from onnx import numpy_helper

    from ..config import PIXEL_MEAN, PIXEL_STD

    graph = onnx.load(str(path)).graph
    constants = {tensor.name: torch.from_numpy(numpy_helper.to_array(tensor).copy()) for tensor in graph.initializer}
    weights = [constants[node.input[1]] for node in in_order(graph, "Conv")]
    biases = [constants[node.input[1]].flatten() for node in in_order(graph, "Add") if node.input[1] in constants]
    net = NanoDet()
    layers = list(net.convolutions())
    if not len(weights) == len(biases) == len(layers) == LAST:
        raise ValueError(f"{path}: expected {LAST} convolutions with biases, got {len(weights)} and {len(biases)}")
    with torch.no_grad():
        for layer, weight, bias in zip(layers, weights, biases):
            layer.weight.copy_(weight)
            layer.bias.copy_(bias)
        std = torch.tensor(PIXEL_STD).flip(0) * 255 / torch.tensor(STD)
        shift = (torch.tensor(PIXEL_MEAN).flip(0) * 255 - torch.tensor(MEAN)) / torch.tensor(STD)
        first = net.stem.weight.clone()
        net.stem.weight.copy_((first * std[None, :, None, None]).flip(1))
        net.stem.bias.add_((first * shift[None, :, None, None]).sum((1, 2, 3)))
    return net.eval()
