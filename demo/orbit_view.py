"""The view of an RViz layout: where its orbit camera stands, and what it sees of points in the fixed frame."""

from pathlib import Path

import numpy as np
import yaml

# The vertical field of view of RViz's perspective camera.
FIELD_OF_VIEW = np.pi / 4


class OrbitView:
    """rviz_default_plugins/Orbit, drawn into a picture of `width` x `height` pixels."""

    def __init__(self, yaw, pitch, distance, focal_point, width, height):
        self.width, self.height = width, height
        self.focal_px = height / 2 / np.tan(FIELD_OF_VIEW / 2)
        forward = -np.array([np.cos(yaw) * np.cos(pitch), np.sin(yaw) * np.cos(pitch), np.sin(pitch)])
        self.eye = np.asarray(focal_point, float) - distance * forward
        # As RViz does it: the z axis of the fixed frame points up in the picture.
        right = np.cross(forward, [0.0, 0.0, 1.0])
        right /= np.linalg.norm(right)
        self.axes = np.stack([right, np.cross(forward, right), forward])

    def see(self, points):
        """(N, 3) points to columns, rows and distances along the line of sight, which are <= 0 behind the eye."""
        across, down, ahead = ((np.asarray(points, float) - self.eye) @ self.axes.T).T
        scale = self.focal_px / np.where(ahead > 0, ahead, np.inf)
        return self.width / 2 + across * scale, self.height / 2 + down * scale, ahead

    def rays(self, columns, rows):
        """Directions, (..., 3), through the middles of pixels; one along the line of sight has the length 1."""
        across = (columns + 0.5 - self.width / 2) / self.focal_px
        down = (rows + 0.5 - self.height / 2) / self.focal_px
        return across[..., None] * self.axes[0] + down[..., None] * self.axes[1] + self.axes[2]


def view_of_layout(path, width, height):
    """The current view of an .rviz file."""
    layout = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    view = layout["Visualization Manager"]["Views"]["Current"]
    if view["Class"] != "rviz_default_plugins/Orbit":
        raise ValueError(f"{path}: expected a view of the class rviz_default_plugins/Orbit, got {view['Class']}")
    focal_point = [view["Focal Point"][axis] for axis in "XYZ"]
    return OrbitView(view["Yaw"], view["Pitch"], view["Distance"], focal_point, width, height)
