"""A z-buffer in a few tensor operations: every triangle's bounding box becomes fragments."""
import torch

NEAR = 1e-3


def rasterise(points, faces, height, width):
    """points (V,3): x, y in pixels and a positive depth; faces (F,3) int64.

    Returns the nearest triangle a pixel (height,width), -1 where there is none, and its barycentric
    weights (height,width,3), linear on the screen. Triangles that reach behind the camera are dropped.
    """
    corner = points[faces]                                        # (F,3,3)
    x, y, z = corner.unbind(-1)
    low_x = x.amin(1).floor().clamp(0, width - 1).long()
    low_y = y.amin(1).floor().clamp(0, height - 1).long()
    wide = x.amax(1).ceil().clamp(0, width - 1).long() - low_x + 1
    tall = y.amax(1).ceil().clamp(0, height - 1).long() - low_y + 1
    area = cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
    seen = (z.amin(1) > NEAR) & (area.abs() > 1e-9)
    seen &= (x.amax(1) >= 0) & (y.amax(1) >= 0) & (x.amin(1) < width) & (y.amin(1) < height)
    kept = seen.nonzero()[:, 0]

    count = (wide * tall)[kept]
    triangle = kept.repeat_interleave(count)
    start = count.cumsum(0) - count
    within = torch.arange(len(triangle)) - start.repeat_interleave(count)
    px = low_x[triangle] + within % wide[triangle]
    py = low_y[triangle] + within // wide[triangle]
    at = torch.stack([px, py], -1).float() + 0.5
    weights = barycentric(corner[triangle], at, area[triangle])
    inside = (weights >= 0).all(1)
    triangle, pixel, weights = triangle[inside], (py * width + px)[inside], weights[inside]

    depth = 1.0 / (weights / z[triangle]).sum(1)                  # linear in 1/z on the screen
    key = (depth.view(torch.int32).long() << 32) | triangle       # positive floats sort as integers
    buffer = torch.full((height * width,), torch.iinfo(torch.int64).max)
    buffer.scatter_reduce_(0, pixel, key, "amin")
    covered = buffer != torch.iinfo(torch.int64).max
    hit = torch.where(covered, buffer & 0xFFFFFFFF, -1)
    index = covered.nonzero()[:, 0]
    out = torch.zeros(height * width, 3)
    at = torch.stack([index % width, index // width], -1).float() + 0.5
    out[index] = barycentric(corner[hit[index]], at, area[hit[index]])
    return hit.reshape(height, width), out.reshape(height, width, 3)


def cross(a, b):
    return a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]


def barycentric(corner, at, area):
    """Weights (n,3) of 2D points in their triangles; `area` is twice the signed area."""
    a, b, c = (corner[:, i, :2] for i in range(3))
    return torch.stack([cross(b - at, c - at), cross(c - at, a - at), cross(a - at, b - at)], 1) / area[:, None]


def perspective(weights, depth):
    """Screen-linear weights (n,3) and corner depths (n,3) -> weights that are linear in space."""
    scaled = weights / depth
    return scaled / scaled.sum(1, keepdim=True)
