"""A z-buffer in a few tensor operations: triangles become rows, rows become fragments, the nearest fragment stays."""
import torch

NEAR = 1e-3
SLACK = 1e-3         # pixels by which a row is longer than its triangle, so that neighbours leave no crack
NOTHING = torch.iinfo(torch.int64).max


def rasterise(points, faces, height, width):
    """points (V,3): x, y in pixels and a positive depth; faces (F,3) int64; both on one device, as the answer.

    Returns the nearest triangle a pixel (height,width), -1 where there is none, and its barycentric
    weights (height,width,3), linear on the screen. Triangles that reach behind the camera are dropped.
    """
    corner = points[faces]                                        # (F,3,3)
    area = cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
    triangle, y, left, right = rows(corner, area, height, width)
    pixel, depth, triangle = fragments(corner, area, triangle, y, left, right, width)
    key = (depth.view(torch.int32).long() << 32) | triangle       # positive floats sort as integers
    buffer = torch.full((height * width,), NOTHING, device=points.device)
    buffer.scatter_reduce_(0, pixel, key, "amin")
    hit = torch.where(buffer != NOTHING, buffer & 0xFFFFFFFF, -1)
    index = (hit >= 0).nonzero()[:, 0]
    at = torch.stack([index % width, index // width], -1).float() + 0.5
    weights = torch.zeros(height * width, 3, device=points.device)
    found = barycentric(corner[hit[index]], at, area[hit[index]]).clamp(min=0)
    weights[index] = found / found.sum(1, keepdim=True)
    return hit.reshape(height, width), weights.reshape(height, width, 3)


def rows(corner, area, height, width):
    """The rows of pixels that triangles meet: triangle, y, first and last x, each (R,) int64."""
    low, high = corner.amin(1), corner.amax(1)
    top = (low[:, 1] - 0.5).ceil().clamp(0, height).long()
    tall = (high[:, 1] - 0.5).floor().clamp(-1, height - 1).long() - top + 1
    seen = (low[:, 2] > NEAR) & (area.abs() > 1e-9) & (high[:, 0] >= 0) & (low[:, 0] < width) & (tall > 0)
    kept = seen.nonzero()[:, 0]
    triangle, within = spread(tall[kept])
    triangle = kept[triangle]
    y = top[triangle] + within
    left, right = span(corner, triangle, y.float() + 0.5)
    left = (left - SLACK - 0.5).ceil().clamp(0, width).long()
    right = (right + SLACK - 0.5).floor().clamp(-1, width - 1).long()
    kept = (right >= left).nonzero()[:, 0]
    return triangle[kept], y[kept], left[kept], right[kept]


def span(corner, triangle, y):
    """Where the line at height y enters and leaves the triangle: two x (R,)."""
    a, b = corner[:, :, :2], corner.roll(-1, 1)[:, :, :2]
    slope = (b[..., 0] - a[..., 0]) / (b[..., 1] - a[..., 1])     # infinite or NaN for level edges, which bound no row
    low, high = torch.minimum(a[..., 1], b[..., 1]), torch.maximum(a[..., 1], b[..., 1])
    x = a[..., 0][triangle] + (y[:, None] - a[..., 1][triangle]) * slope[triangle]
    meets = (y[:, None] >= low[triangle]) & (y[:, None] <= high[triangle]) & (low != high)[triangle]
    left = torch.where(meets, x, torch.inf).amin(1)
    right = torch.where(meets, x, -torch.inf).amax(1)
    return left, right


def fragments(corner, area, triangle, y, left, right, width):
    """Pixel, depth and triangle (n,) of every pixel of the rows; depth is linear in 1/z along a row."""
    inverse = 1.0 / corner[..., 2]
    near, far = inverse.amax(1)[triangle], inverse.amin(1)[triangle]
    ends = []
    for x in (left, right):
        at = torch.stack([x, y], -1).float() + 0.5
        weights = barycentric(corner[triangle], at, area[triangle])
        ends.append(torch.minimum(torch.maximum((weights * inverse[triangle]).sum(1), far), near))
    count = right - left
    step = (ends[1] - ends[0]) / count.clamp(min=1)
    row, within = spread(count + 1)
    depth = 1.0 / (ends[0][row] + step[row] * within)
    return (y * width + left)[row] + within, depth, triangle[row]


def spread(count):
    """Repeats each index i count[i] times, and numbers the repetitions from 0."""
    index = torch.arange(len(count), device=count.device).repeat_interleave(count)
    start = (count.cumsum(0) - count)[index]
    return index, torch.arange(len(index), device=count.device) - start


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
