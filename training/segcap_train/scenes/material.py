"""Materials: a colour, a pattern, a gloss; and their evaluation at points of a surface."""
from dataclasses import dataclass

import numpy as np
import torch

from ..vocabulary import COLOURS
from .device import on

METAL = (0.62, 0.63, 0.65)


@dataclass
class Material:
    """Colours are sRGB in 0..1. `image` (h,w,3), sRGB, float in 0..1 or uint8, replaces the
    colour where a surface has one."""

    colour: tuple
    second: tuple = (1.0, 1.0, 1.0)
    pattern: str = "plain"
    scale: float = 30.0            # repeats a metre
    gloss: float = 0.15
    phase: float = 0.0
    image: np.ndarray | None = None


def shade_of(name, rng):
    """A colour that a person would call `name`, as sRGB in 0..1."""
    base = np.array(COLOURS[name]) / 255.0
    if name in ("black", "white", "gray"):
        shift = rng.normal(0, 0.012, 3) + rng.uniform(-0.04, 0.04)
    else:
        shift = rng.normal(0, 0.035, 3)
    colour = base + shift
    if name not in ("black", "white", "gray", "brown", "orange", "pink"):
        colour = colour * rng.uniform(0.8, 1.15)
    return tuple(np.clip(colour, 0.01, 0.98))


def plain(name_or_rgb, rng, **rest):
    colour = shade_of(name_or_rgb, rng) if isinstance(name_or_rgb, str) else name_or_rgb
    return Material(colour, gloss=rest.pop("gloss", float(rng.uniform(0.05, 0.5))), **rest)


def noise(p, phase):
    """A cheap smooth noise in -1..1 from sums of sines; p (n,3)."""
    x, y, z = p.unbind(1)
    a = torch.sin(x * 1.7 + phase + 1.3 * torch.sin(y * 2.1 + phase)) + torch.sin(y * 1.3 - 2.0 * z + phase * 2)
    b = torch.sin(z * 2.9 + 1.7 * torch.sin(x * 1.1 - y * 0.7) + phase * 3) + torch.sin((x + y + z) * 4.3)
    return (a + 0.5 * b) / 3.0


def albedo(material, position, uv):
    """position (n,3) in the object's own metres, uv (n,2) -> sRGB (n,3)."""
    device = position.device
    first, second = on(device, material.colour), on(device, material.second)
    if material.image is not None:
        return sample(material.image, uv)
    p = position * material.scale
    kind = material.pattern
    if kind == "plain":
        return first.expand(len(p), 3)
    if kind in ("striped", "rings"):
        axis = p[:, 2] if kind == "striped" else p[:, :2].norm(dim=1)
        mix = (torch.frac(axis + material.phase).abs() > 0.5).float()
    elif kind == "checkered":
        mix = torch.remainder((p * 0.7 + material.phase).floor().sum(1), 2.0)
    elif kind == "woven":
        across = torch.atan2(position[:, 1], position[:, 0]) * 8
        mix = torch.remainder(across.floor() + p[:, 2].floor(), 2.0)
    elif kind == "melon":            # ragged stripes along x
        turn = torch.atan2(position[:, 1], position[:, 2] - position[:, 2].mean())
        mix = ((torch.sin(turn * 9) + 0.9 * noise(p * 2.5, material.phase)) > 0.35).float()
    elif kind == "spotted":
        cell = torch.frac(p * 0.6 + material.phase).abs() - 0.5
        mix = (cell.norm(dim=1) < 0.36).float()
    elif kind == "marbled":
        mix = (noise(p * 1.4, material.phase).abs() * 2.2).clamp(0, 1).rsqrt().clamp(0, 2.5) - 1.0
        mix = mix.clamp(0, 1)
    elif kind == "wooden":
        grain = torch.sin((p[:, 1] * 2.2 + 0.35 * noise(p * 0.35, material.phase) * 6) * 3.0)
        mix = 0.5 + 0.3 * grain + 0.2 * noise(p * on(device, (0.6, 9.0, 9.0)), material.phase)
    else:
        mix = 0.5 + 0.5 * noise(p, material.phase)
    mix = mix.clamp(0, 1).unsqueeze(1)
    return first * (1 - mix) + second * mix


def sample(image, uv):
    """Nearest texel of a repeating image (h,w,3), v running down."""
    h, w = image.shape[:2]
    table = on(uv.device, image, torch.uint8 if image.dtype == np.uint8 else torch.float32).reshape(-1, 3)
    u = torch.remainder(uv[:, 0], 1.0).mul(w).long().clamp(0, w - 1)
    v = torch.remainder(uv[:, 1], 1.0).mul(h).long().clamp(0, h - 1)
    texel = table[v * w + u]
    return texel / 255.0 if texel.dtype == torch.uint8 else texel
