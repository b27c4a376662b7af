"""What stands still: a room and the slabs in it. Met by rays, since they reach behind the camera."""
from dataclasses import dataclass

import numpy as np
import torch

from .device import on
from .material import Material

WALL = 100      # stands for the walls of the room where slabs are counted


@dataclass
class Slab:
    """An axis-aligned box of one material; `inside` turns it into a room seen from within."""

    low: tuple
    high: tuple
    material: Material
    inside: bool = False
    walls: Material | None = None     # of a room: the material of everything but its floor


def trace(slabs, origin, rays):
    """Nearest slab along each ray: depth (n), slab index, normal (n,3). Rays (n,3) float tensors."""
    count = len(rays)
    best = torch.full((count,), 1e6, device=rays.device)
    which = torch.zeros(count, dtype=torch.long, device=rays.device)
    normal = torch.zeros(count, 3, device=rays.device)
    inverse = 1.0 / torch.where(rays.abs() < 1e-9, 1e-9, rays)
    for i, slab in enumerate(slabs):
        a = (on(rays.device, slab.low) - origin) * inverse
        b = (on(rays.device, slab.high) - origin) * inverse
        near, near_axis = torch.minimum(a, b).max(1)
        far, far_axis = torch.maximum(a, b).min(1)
        t, axis = (far, far_axis) if slab.inside else (near, near_axis)
        hit = (far > near) & (t > 1e-4) & (t < best)
        best = torch.where(hit, t, best)
        which = torch.where(hit, i, which)
        hit = hit.nonzero()[:, 0]
        axis = axis[hit]
        normal[hit] = 0.0
        normal[hit, axis] = -torch.sign(rays[hit, axis])
    return best, which, normal


def flat_uv(position, normal):
    """World metres along the two axes of the face that a point lies on."""
    axis = normal.abs().argmax(1)
    u = torch.where(axis == 0, position[:, 1], position[:, 0])
    v = torch.where(axis == 2, position[:, 1], position[:, 2])
    return torch.stack([u, v], 1)


def rotated(position, angle):
    """Turns positions about z, so that a floor's pattern does not run along the axes."""
    c, s = float(np.cos(angle)), float(np.sin(angle))
    x, y, z = position.unbind(1)
    return torch.stack([c * x - s * y, s * x + c * y, z], 1)
