"""Triangle meshes from a few primitives. World units are metres, z points up."""
from dataclasses import dataclass, replace

import numpy as np

from .parts import BODY, number_of


@dataclass
class Mesh:
    """Triangles with smooth normals. `material` (F) says which of a thing's materials a face has, `part` (F)
    which of `parts.PARTS` it belongs to."""

    vertices: np.ndarray     # (V,3)
    normals: np.ndarray      # (V,3)
    uv: np.ndarray           # (V,2)
    faces: np.ndarray        # (F,3)
    material: np.ndarray     # (F,)
    part: np.ndarray | None = None      # (F,) uint8; the body unless said

    def __post_init__(self):
        if self.part is None:
            self.part = np.full(len(self.faces), BODY, np.uint8)

    def moved(self, matrix=None, offset=(0.0, 0.0, 0.0)):
        """Rotated or scaled by a 3x3 matrix, then shifted."""
        matrix = np.eye(3) if matrix is None else np.asarray(matrix, float)
        normals = self.normals @ np.linalg.inv(matrix)
        normals /= np.linalg.norm(normals, axis=1, keepdims=True) + 1e-9
        return Mesh(self.vertices @ matrix.T + np.asarray(offset, float), normals, self.uv, self.faces,
                    self.material, self.part)

    def called(self, name):
        """The same, as the part of that name."""
        return replace(self, part=np.full(len(self.faces), number_of(name), np.uint8))

    def centred(self):
        """Shifted until it stands on z = 0, in the middle of x and y."""
        low, high = self.bounds()
        return self.moved(offset=(-(low[0] + high[0]) / 2, -(low[1] + high[1]) / 2, -low[2]))

    def bounds(self):
        return self.vertices.min(0), self.vertices.max(0)


def joined(meshes):
    """One mesh out of several."""
    starts = np.cumsum([0] + [len(m.vertices) for m in meshes[:-1]])
    return Mesh(*(np.concatenate([getattr(m, name) for m in meshes]) for name in ("vertices", "normals", "uv")),
                np.concatenate([m.faces + start for m, start in zip(meshes, starts)]),
                np.concatenate([m.material for m in meshes]), np.concatenate([m.part for m in meshes]))


def rotation(axis, degrees):
    """3x3 rotation about 'x', 'y' or 'z'."""
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    i, j = {"x": (1, 2), "y": (2, 0), "z": (0, 1)}[axis]
    matrix = np.eye(3)
    matrix[i, i] = matrix[j, j] = c
    matrix[i, j], matrix[j, i] = -s, s
    return matrix


def grid_faces(rows, columns):
    """Two triangles for each cell of a grid of vertices."""
    index = np.arange(rows * columns).reshape(rows, columns)
    a, b, c, d = index[:-1, :-1], index[:-1, 1:], index[1:, 1:], index[1:, :-1]
    return np.concatenate([np.stack([a, b, c], -1).reshape(-1, 3), np.stack([a, c, d], -1).reshape(-1, 3)])


def lathe(profile, material=0, sides=28, crease=50.0):
    """Turns a profile of (radius, height) about z; corners sharper than `crease` degrees stay sharp."""
    profile = np.asarray(profile, float)
    step = np.diff(profile, axis=0)
    length = np.linalg.norm(step, axis=1) + 1e-9
    out = np.stack([step[:, 1], -step[:, 0]], 1) / length[:, None]
    along = np.concatenate([[0], np.cumsum(length)]) / length.sum()
    angle = np.linspace(0, 2 * np.pi, sides + 1)
    around = np.stack([np.cos(angle), np.sin(angle)], 1)
    normal = np.stack([out, out], 1)                      # of each stretch (S), at its two ends
    gentle = (out[:-1] * out[1:]).sum(1) > np.cos(np.radians(crease))
    blend = (out[:-1] + out[1:])[gentle]
    blend /= np.linalg.norm(blend, axis=1, keepdims=True)
    normal[:-1, 1][gentle] = normal[1:, 0][gentle] = blend
    ends, v = (np.stack([values[:-1], values[1:]], 1) for values in (profile, along))
    shape = (len(step), 2, sides + 1)
    uv = np.stack([np.broadcast_to(np.linspace(0, 1, sides + 1), shape), np.broadcast_to(v[..., None], shape)], -1)
    faces = grid_faces(2, sides + 1) + 2 * (sides + 1) * np.arange(len(step))[:, None, None]
    return Mesh(swept(around, ends).reshape(-1, 3), swept(around, normal).reshape(-1, 3), uv.reshape(-1, 2),
                faces.reshape(-1, 3), np.full(2 * sides * len(step), material))


def swept(around, points):
    """Points (S,2,2), out and up, carried around z: (S,2,n,3)."""
    out = around * points[:, :, None, :1]
    return np.concatenate([out, np.broadcast_to(points[:, :, None, 1:], (*out.shape[:3], 1))], -1)


def sphere(radius, material=0, squash=1.0, bumps=None):
    """A ball, squashed in height; `bumps` maps the polar angle to a factor on the radius."""
    t = np.linspace(-np.pi / 2, np.pi / 2, 15)
    factor = 1.0 if bumps is None else bumps(t)
    profile = np.stack([np.cos(t) * factor, np.sin(t) * squash * factor], 1) * radius
    return lathe(profile, material, crease=80)


def box(x, y, z, material=0):
    """An upright box that stands on z = 0, centred in x and y; each face has the whole texture."""
    faces = []
    half = np.array([x, y, z]) / 2
    for axis in range(3):
        u, v = ((1, 2), (0, 2), (0, 1))[axis]
        for sign in (-1, 1):
            corner = np.zeros((4, 3))
            corner[:, axis] = sign * half[axis]
            corner[:, u] = np.array([-1, 1, 1, -1]) * half[u]
            corner[:, v] = np.array([-1, -1, 1, 1]) * half[v]
            normal = np.zeros((4, 3))
            normal[:, axis] = sign
            uv = np.array([[0, 1], [1, 1], [1, 0], [0, 0]], float)
            faces.append(Mesh(corner, normal, uv, np.array([[0, 1, 2], [0, 2, 3]]), np.full(2, material)))
    return joined(faces).moved(offset=(0, 0, half[2]))


def tube(path, radius, material=0, sides=12, flat=1.0):
    """A round bar along a path (P,3); `radius` may vary along it; `flat` < 1 flattens it."""
    path = np.asarray(path, float)
    radius = np.broadcast_to(np.asarray(radius, float), len(path))
    tangent = np.gradient(path, axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True) + 1e-9
    helper = np.array([0, 0, 1.0]) if abs(tangent[:, 2]).mean() < 0.8 else np.array([1.0, 0, 0])
    side = np.cross(tangent, helper)
    side /= np.linalg.norm(side, axis=1, keepdims=True) + 1e-9
    up = np.cross(side, tangent) * flat
    angle = np.linspace(0, 2 * np.pi, sides + 1)
    circle = (np.cos(angle)[None, :, None] * side[:, None] + np.sin(angle)[None, :, None] * up[:, None])
    rows = [path[:1, None] + 0 * circle[:1], path[:, None] + circle * radius[:, None, None],
            path[-1:, None] + 0 * circle[:1]]
    normals = [-tangent[:1, None] + 0 * circle[:1], circle, tangent[-1:, None] + 0 * circle[:1]]
    vertices = np.concatenate(rows).reshape(-1, 3)
    count = len(path) + 2
    uv = np.stack(np.meshgrid(np.linspace(0, 1, sides + 1), np.linspace(0, 1, count)), -1).reshape(-1, 2)
    return Mesh(vertices, np.concatenate(normals).reshape(-1, 3), uv, grid_faces(count, sides + 1),
                np.full(2 * sides * (count - 1), material))


def arc(centre, radius, start, stop, steps=12, plane="xz"):
    """Points of a circle's arc in a plane, from one angle to another in degrees."""
    t = np.radians(np.linspace(start, stop, steps))
    points = np.zeros((steps, 3))
    i, j = ("xyz".index(axis) for axis in plane)
    points[:, i], points[:, j] = np.cos(t) * radius, np.sin(t) * radius
    return points + np.asarray(centre, float)


def extrude(outline, depth, material=0):
    """A plate of the given thickness in y, upright in x and z; `outline` (P,2) is star-shaped about its mean."""
    outline = np.asarray(outline, float)
    low, size = outline.min(0), np.ptp(outline, 0) + 1e-9
    count, around = len(outline), np.arange(len(outline))
    plates = []
    for sign in (-1, 1):
        rim = np.concatenate([outline, outline.mean(0)[None]])
        vertices = np.stack([rim[:, 0], np.full(count + 1, sign * depth / 2), rim[:, 1]], 1)
        uv = (rim - low) / size * [1, -1] + [0, 1]
        faces = np.stack([around, (around + 1) % count, np.full(count, count)], 1)
        plates.append(Mesh(vertices, np.tile([0.0, sign, 0.0], (count + 1, 1)), uv, faces, np.full(count, material)))
    ends = [outline, np.roll(outline, -1, 0)]
    corner = np.stack([np.stack([p[:, 0], np.full(count, y), p[:, 1]], 1)
                       for p, y in ((ends[0], -depth / 2), (ends[1], -depth / 2), (ends[1], depth / 2),
                                    (ends[0], depth / 2))], 1)
    along = ends[1] - ends[0]
    normal = np.stack([along[:, 1], np.zeros(count), -along[:, 0]], 1)
    normal /= np.linalg.norm(normal, axis=1, keepdims=True) + 1e-9
    start = np.arange(count)[:, None] * 4
    edge = Mesh(corner.reshape(-1, 3), normal.repeat(4, 0), np.tile([[0, 1], [1, 1], [1, 0], [0, 0]],
                                                                    (count, 1)).astype(float),
                np.concatenate([start + [0, 1, 2], start + [0, 2, 3]]), np.full(2 * count, material))
    return joined([*plates, edge])


def smooth(points, steps=5):
    """A Catmull-Rom curve through points (P,n), `steps` to a stretch."""
    p = np.asarray(points, float)
    p = np.concatenate([2 * p[:1] - p[1:2], p, 2 * p[-1:] - p[-2:-1]])
    t = np.linspace(0, 1, steps, endpoint=False)[:, None]
    curve = [0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t ** 2 + (3 * b - a - 3 * c + d) * t ** 3)
             for a, b, c, d in zip(p, p[1:], p[2:], p[3:])]
    return np.concatenate([*curve, p[-2:-1]])
