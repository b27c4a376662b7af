"""Where light does not reach: a shadow map under the lamp, and the darkening where things touch."""
import numpy as np
import torch
from torch.nn import functional as F

from .device import on
from .raster import rasterise

SIDE = 320               # pixels of the shadow map
FAR = 50.0               # keeps the shadow map's depths nearly linear
PLAN = 96                # cells of the plan that contact is looked up in
LOOKS = ((0, 0), (1, .3), (-1, -.3), (.3, -1), (-.3, 1))


def shadow(soup, position, light):
    """Share of the light (n) that reaches each position, softened over a few looks at the map."""
    if not len(soup.faces):
        return torch.ones(len(position), device=position.device)
    toward = light.direction
    side = np.cross(toward, [0.3, 0.9, 0.1])
    side /= np.linalg.norm(side)
    frame = on(position.device, np.stack([side, np.cross(toward, side), -toward]))
    flat = soup.vertices @ frame.T
    low, high = flat.amin(0), flat.amax(0)
    scale = (SIDE - 4) / (float((high[:2] - low[:2]).max()) + 1e-3)

    def to_map(p):
        return torch.cat([(p[:, :2] - low[:2]) * scale + 2, p[:, 2:] - low[2] + FAR], 1)

    points = to_map(flat)
    hit, weights = rasterise(points, soup.faces, SIDE, SIDE)
    depth = (points[:, 2][soup.faces[hit.clamp(min=0)]] * weights).sum(-1)
    depth = torch.where(hit >= 0, depth, 1e6).reshape(-1)
    at = to_map(position @ frame.T)
    total = torch.zeros(len(position), device=position.device)
    reach = max(light.softness * scale, 0.7)
    for dx, dy in LOOKS:
        x, y = (at[:, 0] + dx * reach).long(), (at[:, 1] + dy * reach).long()
        inside = (x >= 0) & (y >= 0) & (x < SIDE) & (y < SIDE)
        nearest = depth[(y * SIDE + x).clamp(0, SIDE ** 2 - 1)]
        total += (~inside | (at[:, 2] < nearest + 2.5 / scale)).float()
    return total / len(LOOKS)


def contact(soup, position, ids):
    """Darkening (n) where a slab meets things and low down on the things themselves."""
    if not len(soup.vertices):
        return torch.ones(len(position), device=position.device)
    low, high = soup.vertices.amin(0) - 0.1, soup.vertices.amax(0) + 0.1
    cell = float((high - low)[:2].max()) / PLAN
    plan = torch.cat([(soup.vertices[:, :2] - low[:2]) / cell, high[2] - soup.vertices[:, 2:] + 1], 1)
    cover = (rasterise(plan, soup.faces, PLAN, PLAN)[0] >= 0).float()[None, None]
    wide = F.avg_pool2d(F.avg_pool2d(cover, 5, 1, 2), 5, 1, 2).reshape(-1)
    x, y = ((position[:, i] - low[i]) / cell for i in (0, 1))
    inside = (x >= 0) & (y >= 0) & (x < PLAN) & (y < PLAN) & (position[:, 2] < high[2])
    index = (y.long() * PLAN + x.long()).clamp(0, PLAN * PLAN - 1)
    height = position[:, 2] - low[2] - 0.1
    ground = 1 - 0.55 * wide[index] * inside * torch.exp(-height.clamp(min=0) / 0.08)
    thing = 1 - 0.35 * torch.exp(-height.clamp(min=0) / 0.025)
    return torch.where(ids > 0, thing, ground)
