"""A region's name: what the detector, the ImageNet classifier and our own head say of it, weighed against each other.

The detector's score and the classifier's probability come with networks trained elsewhere; our own head knows the nouns of
the training pack. A gate that looks at how sure each is gives their mixture: a probability for each of K nouns.
"""
from functools import cache
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F

from ..metrics import accepted_nouns
from ..vocabulary import noun_list
from . import windows
from .efficientnet_lite import CLASSES, FEATURES, EfficientNetLite
from .nanodet import CLASSES as DETECTED

HERE = Path(__file__).parent.parent
CLOSE = 192                 # pixels of a close-up's side
ROOM = 1.12                 # its side, in those of the region's longer side
NECK = 3 * 128              # the detector's features under a region
EXPERTS = 3
OWN_WIDTH = 512
HINTS = 8                   # what the gate sees


@cache
def names():
    """Every noun, in the order of the model's outputs."""
    return sorted(noun_list())


@cache
def detected_names():
    return (HERE / "coco_names.txt").read_text().splitlines()


@cache
def classified():
    """{ImageNet class: noun}"""
    found = {}
    for line in (HERE / "imagenet_nouns.txt").read_text().splitlines():
        if line.startswith("#"):
            continue
        noun, numbers = line.split(":")
        for part in numbers.split():
            first, _, last = part.partition("-")
            found |= {number: noun for number in range(int(first), int(last or first) + 1)}
    return found


def table(pairs, rows):
    """0/1 matrix (rows, K) from (row, noun) pairs."""
    out = torch.zeros(rows, len(names()))
    for row, noun in pairs:
        out[row, names().index(noun)] = 1
    return out


def acceptable():
    """0/1 matrix (K,K): row truth, column what a person would take for it; the diagonal is one."""
    out = torch.eye(len(names()))
    for truth, others in accepted_nouns().items():
        for other in others:
            if truth in names() and other in names():
                out[names().index(truth), names().index(other)] = 1
    return out


def squares(boxes):
    """Windows of close-ups: squares around boxes (N,4) in shares."""
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2
    half = ((boxes[:, 2:] - boxes[:, :2]).amax(1, keepdim=True) * ROOM / 2).clamp(min=windows.SMALLEST / 2)
    return torch.cat([middle - half, middle + half], 1)


def overlap(boxes, others):
    """IoU (N,A) of boxes (N,4) and others (A,4)."""
    low = torch.maximum(boxes[:, None, :2], others[None, :, :2])
    high = torch.minimum(boxes[:, None, 2:], others[None, :, 2:])
    both = (high - low).clamp(min=0).prod(-1)
    area, area_of = (b[:, 2:].sub(b[:, :2]).clamp(min=0).prod(-1) for b in (boxes, others))
    return both / (area[:, None] + area_of[None] - both).clamp(min=1e-9)


def detections(scores, where, boxes):
    """(N,80): of each name the largest score x IoU over the detector's cells; scores (A,80), where (A,4), boxes (N,4)."""
    near = overlap(boxes, where)
    return torch.stack([(scores * row[:, None]).amax(0) for row in near]) if not torch.onnx.is_in_onnx_export() else \
        (scores[None] * near[:, :, None]).amax(1)


class Own(nn.Module):
    """Our head: features of the close-up and the detector's under the region -> logits of K nouns."""

    def __init__(self):
        super().__init__()
        self.norm = nn.LayerNorm(FEATURES)
        self.norm_neck = nn.LayerNorm(NECK)
        self.hidden = nn.Linear(FEATURES + NECK, OWN_WIDTH)
        self.out = nn.Linear(OWN_WIDTH, len(names()))

    def forward(self, close, neck):
        x = torch.cat([self.norm(close), self.norm_neck(neck)], 1)
        return self.out(F.dropout(F.gelu(self.hidden(F.dropout(x, 0.2, self.training))), 0.5, self.training))


class Namer(nn.Module):
    """Features of regions -> probabilities (N,K)."""

    def __init__(self):
        super().__init__()
        self.classifier = EfficientNetLite()
        self.own = Own()
        self.gate = nn.Sequential(nn.Linear(HINTS, 16), nn.Tanh(), nn.Linear(16, EXPERTS + 1))
        self.sharp = nn.Parameter(torch.ones(EXPERTS))          # exponents: how far each expert's confidence is believed
        self.register_buffer("accepted", acceptable())
        self.register_buffer("of_detector", table(enumerate(detected_names()), DETECTED))
        self.register_buffer("of_classifier", table(classified().items(), CLASSES))

    def experts(self, close, neck, detected):
        """Three distributions over the nouns (N,3,K) and what the gate sees (N,HINTS)."""
        by_detector = (detected ** (2 * self.sharp[0].clamp(0.2, 4))) @ self.of_detector
        by_detector = by_detector / by_detector.sum(1, keepdim=True).clamp(min=1e-9)
        chances = (self.classifier.classes(close) * self.sharp[1].clamp(0.2, 4)).softmax(1)
        kept = chances @ self.of_classifier
        by_classifier = kept / kept.sum(1, keepdim=True).clamp(min=1e-9)
        by_own = (self.own(close, neck) * self.sharp[2].clamp(0.1, 4)).softmax(1)
        each = torch.stack([by_detector, by_classifier, by_own], 1)
        tops = each.topk(2, 2).values
        agree = (each[:, 0] * each[:, 2]).sum(1), (each[:, 0] * each[:, 1]).sum(1)
        hints = torch.stack([detected.amax(1), tops[:, 0, 0], tops[:, 1, 0], tops[:, 2, 0],
                             kept.sum(1), agree[0], agree[1], tops[:, 2, 1]], 1)
        return each, hints

    def mixed(self, each, hints):
        """The gate's mixture (N,K); what it gives to nothing is missing from the sum."""
        weights = self.gate(hints).softmax(1)
        return (each * weights[:, :EXPERTS, None]).sum(1)
