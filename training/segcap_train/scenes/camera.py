"""A pinhole camera that looks at a point. Its x points right, y down, z forward."""
from dataclasses import dataclass

import numpy as np


@dataclass
class Camera:
    position: np.ndarray     # (3,) metres
    rotation: np.ndarray     # (3,3) world to camera
    focal: float             # pixels
    width: int
    height: int

    def project(self, points):
        """World (V,3) -> x and y in pixels and the depth in metres, (V,3)."""
        p = (points - self.position) @ self.rotation.T
        z = p[:, 2]
        safe = np.where(np.abs(z) < 1e-6, 1e-6, z)
        x = p[:, 0] / safe * self.focal + self.width / 2
        y = p[:, 1] / safe * self.focal + self.height / 2
        return np.stack([x, y, z], 1)

    def rays(self):
        """Directions (H*W,3) in the world through the pixels' centres; their depth is 1."""
        x = (np.arange(self.width) + 0.5 - self.width / 2) / self.focal
        y = (np.arange(self.height) + 0.5 - self.height / 2) / self.focal
        xx, yy = np.meshgrid(x, y)
        return np.stack([xx.ravel(), yy.ravel(), np.ones(xx.size)], 1) @ self.rotation


def look_at(position, target, roll_deg, fov_deg, width, height):
    """A camera at `position` that sees `target` in the middle; the field of view is horizontal."""
    position, target = np.asarray(position, float), np.asarray(target, float)
    forward = target - position
    forward /= np.linalg.norm(forward)
    up = np.array([0, 0, 1.0]) if abs(forward[2]) < 0.98 else np.array([0, 1.0, 0])
    right = np.cross(forward, up)
    right /= np.linalg.norm(right)
    down = np.cross(forward, right)
    c, s = np.cos(np.radians(roll_deg)), np.sin(np.radians(roll_deg))
    rotation = np.stack([c * right + s * down, c * down - s * right, forward])
    focal = width / 2 / np.tan(np.radians(fov_deg) / 2)
    return Camera(position, rotation, focal, width, height)
