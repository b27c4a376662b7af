"""Deferred shading: one pass finds what a pixel shows, then materials and light are worked out once."""
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional as F

from .device import on
from .material import albedo
from .raster import perspective, rasterise
from .shadow import contact, shadow
from .surroundings import WALL, flat_uv, rotated, trace


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
    """colour (H,W,3) linear; ids (H,W): 0 none, 1.. the things, -1-i slab i, -1-WALL a wall; depth (H,W) metres
    along the camera's z; parts (H,W) uint8, see `parts`, 0 off the things. On the device that rendered."""

    colour: torch.Tensor
    ids: torch.Tensor
    depth: torch.Tensor
    parts: torch.Tensor


class Soup:
    """All triangles of all placed things as tensors, with the thing and the material of each."""

    def __init__(self, placed, device):
        def stack(arrays, width):
            return on(device, np.concatenate([*arrays, np.zeros((0, width))]))

        def number(arrays):
            return on(device, np.concatenate([*arrays, np.zeros(0, np.int64)]), torch.int64)

        meshes = [p.mesh for p in placed]
        starts = np.cumsum([0] + [len(m.vertices) for m in meshes])
        firsts = np.cumsum([0] + [len(p.thing.materials) for p in placed])
        self.vertices = stack([m.vertices for m in meshes], 3)
        self.normals = stack([m.normals for m in meshes], 3)
        self.uv = stack([m.uv for m in meshes], 2)
        self.local = stack([p.local for p in placed], 3)
        self.faces = number([(m.faces + s).reshape(-1) for m, s in zip(meshes, starts)]).reshape(-1, 3)
        self.owner = number([np.full(len(m.faces), i) for i, m in enumerate(meshes)])
        self.part = number([m.part for m in meshes])
        self.material = number([m.material + f for m, f in zip(meshes, firsts)])
        self.materials = [m for p in placed for m in p.thing.materials]


def render(camera, placed, slabs, light, device="cpu"):
    """-> Picture, worked out on `device`."""
    h, w = camera.height, camera.width
    soup = Soup(placed, device)
    origin, rays = on(device, camera.position), on(device, camera.rays())
    depth, slab, normal = trace(slabs, origin, rays)
    vertices = np.concatenate([*(p.mesh.vertices for p in placed), np.zeros((0, 3))])
    points = on(device, camera.project(vertices))
    hit, weights = rasterise(points, soup.faces, h, w)
    hit, weights = hit.reshape(-1), weights.reshape(-1, 3)
    shown = (hit >= 0).nonzero()[:, 0]
    corners = soup.faces[hit[shown]]
    exact = perspective(weights[shown], points[:, 2][corners])
    z = (exact * points[:, 2][corners]).sum(1)
    nearer = z < depth[shown]
    shown, corners, exact, z = shown[nearer], corners[nearer], exact[nearer], z[nearer]
    depth[shown] = z

    def blend(values):
        return (values[corners] * exact[:, :, None]).sum(1)

    normal[shown] = F.normalize(blend(soup.normals), dim=1)
    position = origin + rays * depth[:, None]
    view = -F.normalize(rays, dim=1)
    normal = torch.where((normal * view).sum(1, keepdim=True) < 0, -normal, normal)

    ids = -1 - slab
    ids[shown] = 1 + soup.owner[hit[shown]]
    parts = torch.zeros(h * w, dtype=torch.uint8, device=device)
    parts[shown] = soup.part[hit[shown]].to(torch.uint8)
    base, gloss = torch.zeros(h * w, 3, device=device), torch.zeros(h * w, device=device)
    paint_slabs(base, gloss, slabs, ids, position, normal)
    paint_things(base, gloss, soup, hit[shown], shown, blend(soup.local), blend(soup.uv))
    colour = shade(base, gloss, position, normal, view, ids, soup, light)
    for i, one in enumerate(slabs):
        if one.walls:
            ids[(ids == -1 - i) & (normal[:, 2].abs() < 0.5)] = -1 - WALL
    return Picture(colour.reshape(h, w, 3), ids.reshape(h, w), depth.reshape(h, w), parts.reshape(h, w))


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
    toward, tint = on(base.device, light.direction), on(base.device, light.tint) * light.strength
    lit = (normal @ toward).clamp(min=0)
    facing = lit.nonzero()[:, 0]
    lit[facing] *= shadow(soup, position[facing] + normal[facing] * 0.0015, light)
    sky = light.ambient * (0.65 + 0.35 * normal[:, 2]) * contact(soup, position, ids)
    half = F.normalize(view + toward, dim=1)
    shine = (normal * half).sum(1).clamp(min=0) ** (8 + 90 * gloss) * gloss * (lit > 0) * lit.sqrt()
    linear = base.clamp(0, 1) ** 2.2
    return linear * (lit[:, None] * tint + sky[:, None]) + 0.45 * shine[:, None] * tint
