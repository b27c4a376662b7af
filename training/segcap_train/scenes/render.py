"""Deferred shading: one pass finds what a pixel shows, then materials and light are worked out once."""
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional as F

from .material import albedo
from .raster import perspective, rasterise
from .surroundings import WALL, flat_uv, rotated, trace

SHADOW_SIDE = 320        # pixels of the shadow map
FAR = 50.0               # keeps the shadow map's depths nearly linear


@dataclass
class Placed:
    """A thing in the world: its mesh is already moved there, `local` are its own coordinates."""

    thing: object
    mesh: object
    local: np.ndarray


@dataclass
class Light:
    direction: np.ndarray    # towards the light, unit
    strength: float
    tint: tuple
    ambient: float
    softness: float          # metres


@dataclass
class Picture:
    """colour (H,W,3) linear, ids (H,W): 0 none, 1.. the things, -1-i slab i, -1-WALL a wall; depth (H,W) metres."""

    colour: torch.Tensor
    ids: torch.Tensor
    depth: torch.Tensor


class Soup:
    """All triangles of all placed things as tensors, with the thing and the material of each."""

    def __init__(self, placed):
        starts = np.cumsum([0] + [len(p.mesh.vertices) for p in placed])
        stack = lambda arrays, width: torch.from_numpy(
            np.concatenate([*arrays, np.zeros((0, width))])).float()
        self.vertices = stack([p.mesh.vertices for p in placed], 3)
        self.normals = stack([p.mesh.normals for p in placed], 3)
        self.uv = stack([p.mesh.uv for p in placed], 2)
        self.local = stack([p.local for p in placed], 3)
        faces = [p.mesh.faces.astype(np.int64) + s for p, s in zip(placed, starts)]
        self.faces = torch.from_numpy(np.concatenate([*faces, np.zeros((0, 3), np.int64)]))
        self.owner = torch.cat([torch.full((len(p.mesh.faces),), i) for i, p in enumerate(placed)]
                               + [torch.zeros(0)]).long()
        firsts = np.cumsum([0] + [len(p.thing.materials) for p in placed])
        self.materials = [m for p in placed for m in p.thing.materials]
        self.material = torch.cat([torch.from_numpy(p.mesh.part.astype(np.int64)) + f
                                   for p, f in zip(placed, firsts)] + [torch.zeros(0).long()])


def render(camera, placed, slabs, light):
    """-> Picture."""
    h, w = camera.height, camera.width
    soup = Soup(placed)
    origin = torch.from_numpy(camera.position).float()
    rays = torch.from_numpy(camera.rays()).float()
    depth, slab, normal = trace(slabs, origin, rays)
    points = torch.from_numpy(camera.project(soup.vertices.numpy().astype(float))).float()
    hit, weights = rasterise(points, soup.faces, h, w)
    hit, weights = hit.reshape(-1), weights.reshape(-1, 3)
    shown = (hit >= 0).nonzero()[:, 0]
    corners = soup.faces[hit[shown]]
    exact = perspective(weights[shown], points[:, 2][corners])
    z = (exact * points[:, 2][corners]).sum(1)
    nearer = z < depth[shown]
    shown, corners, exact, z = shown[nearer], corners[nearer], exact[nearer], z[nearer]
    depth[shown] = z
    blend = lambda values: (values[corners] * exact[:, :, None]).sum(1)
    normal[shown] = F.normalize(blend(soup.normals), dim=1)
    position = origin + rays * depth[:, None]
    view = -F.normalize(rays, dim=1)
    normal = torch.where((normal * view).sum(1, keepdim=True) < 0, -normal, normal)

    ids = -1 - slab
    ids[shown] = 1 + soup.owner[hit[shown]]
    base, gloss = torch.zeros(h * w, 3), torch.zeros(h * w)
    paint_slabs(base, gloss, slabs, ids, position, normal)
    paint_things(base, gloss, soup, hit[shown], shown, blend(soup.local), blend(soup.uv))
    colour = shade(base, gloss, position, normal, view, ids, soup, light)
    for i, one in enumerate(slabs):
        if one.walls:
            ids[(ids == -1 - i) & (normal[:, 2].abs() < 0.5)] = -1 - WALL
    return Picture(colour.reshape(h, w, 3), ids.reshape(h, w), depth.reshape(h, w))


def paint_slabs(base, gloss, slabs, ids, position, normal):
    for i, slab in enumerate(slabs):
        for wall in (False, True):
            material = slab.walls if wall and slab.walls else slab.material
            at = ids == -1 - i
            if slab.walls:
                at = at & ((normal[:, 2].abs() < 0.5) == wall)
            elif wall:
                continue
            index = at.nonzero()[:, 0]
            uv = flat_uv(rotated(position[index], material.phase), normal[index]) * material.scale
            base[index] = albedo(material, rotated(position[index], material.phase), uv)
            gloss[index] = material.gloss


def paint_things(base, gloss, soup, faces, pixels, local, uv):
    material = soup.material[faces]
    for i in material.unique().tolist():
        at = (material == i).nonzero()[:, 0]
        base[pixels[at]] = albedo(soup.materials[i], local[at], uv[at])
        gloss[pixels[at]] = soup.materials[i].gloss


def shade(base, gloss, position, normal, view, ids, soup, light):
    """Lambert and Blinn-Phong under one shadowed light and a sky, in linear light."""
    toward = torch.tensor(light.direction).float()
    tint = torch.tensor(light.tint).float() * light.strength
    lit = shadow(soup, position + normal * 0.0015, light) * (normal @ toward).clamp(min=0)
    sky = light.ambient * (0.65 + 0.35 * normal[:, 2]) * contact(soup, position, ids)
    half = F.normalize(view + toward, dim=1)
    shine = (normal * half).sum(1).clamp(min=0) ** (8 + 90 * gloss) * gloss * (lit > 0) * lit.sqrt()
    linear = base.clamp(0, 1) ** 2.2
    return linear * (lit[:, None] * tint + sky[:, None]) + 0.45 * shine[:, None] * tint


def shadow(soup, position, light):
    """Share of the light (n) that reaches each position, softened over a few looks at the map."""
    if not len(soup.faces):
        return torch.ones(len(position))
    toward = light.direction
    side = np.cross(toward, [0.3, 0.9, 0.1])
    side /= np.linalg.norm(side)
    frame = torch.from_numpy(np.stack([side, np.cross(toward, side), -toward])).float()
    flat = soup.vertices @ frame.T
    low, high = flat.amin(0), flat.amax(0)
    span = float((high[:2] - low[:2]).max()) + 1e-3
    scale = (SHADOW_SIDE - 4) / span
    to_map = lambda p: torch.cat([(p[:, :2] - low[:2]) * scale + 2, p[:, 2:] - low[2] + FAR], 1)
    points = to_map(flat)
    hit, weights = rasterise(points, soup.faces, SHADOW_SIDE, SHADOW_SIDE)
    depth = (points[:, 2][soup.faces[hit.clamp(min=0)]] * weights).sum(-1)
    depth = torch.where(hit >= 0, depth, torch.full_like(depth, 1e6)).reshape(-1)
    at = to_map(position @ frame.T)
    total = torch.zeros(len(position))
    reach = max(light.softness * scale, 0.7)
    looks = ((0, 0), (1, .3), (-1, -.3), (.3, -1), (-.3, 1))
    for dx, dy in looks:
        x, y = (at[:, 0] + dx * reach).long(), (at[:, 1] + dy * reach).long()
        inside = (x >= 0) & (y >= 0) & (x < SHADOW_SIDE) & (y < SHADOW_SIDE)
        nearest = depth[(y * SHADOW_SIDE + x).clamp(0, SHADOW_SIDE ** 2 - 1)]
        total += (~inside | (at[:, 2] < nearest + 2.5 / scale)).float()
    return total / len(looks)


def contact(soup, position, ids, side=96):
    """Darkening (n) where a slab meets things and low down on the things themselves."""
    out = torch.ones(len(position))
    if not len(soup.vertices):
        return out
    low, high = soup.vertices.amin(0) - 0.1, soup.vertices.amax(0) + 0.1
    cell = float((high - low)[:2].max()) / side
    plan = torch.cat([(soup.vertices[:, :2] - low[:2]) / cell, high[2] - soup.vertices[:, 2:] + 1], 1)
    cover = (rasterise(plan, soup.faces, side, side)[0] >= 0).float()[None, None]
    wide = F.avg_pool2d(F.avg_pool2d(cover, 5, 1, 2), 5, 1, 2).reshape(-1)
    x, y = ((position[:, i] - low[i]) / cell for i in (0, 1))
    inside = (x >= 0) & (y >= 0) & (x < side) & (y < side) & (position[:, 2] < high[2])
    index = (y.long() * side + x.long()).clamp(0, side * side - 1)
    height = position[:, 2] - low[2] - 0.1
    ground = 1 - 0.55 * wide[index] * inside * torch.exp(-height.clamp(min=0) / 0.08)
    thing = 1 - 0.35 * torch.exp(-height.clamp(min=0) / 0.025)
    return torch.where(ids > 0, thing, ground)
