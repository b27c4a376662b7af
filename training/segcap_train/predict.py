"""A bundle on whole pictures: resizing, prompts in the picture's pixels, masks back at its resolution."""
import numpy as np
import torch
from PIL import Image
from torch.nn import functional as F

from .data import fit, normalise
from .prompts import CORNER_1, CORNER_2, FOREGROUND, bounding_box, with_padding


class Picture:
    """One picture, encoded; all its prompts share the features."""

    def __init__(self, bundle, image):
        self.bundle, self.shape = bundle, image.shape[:2]
        self.inner = fit(*self.shape, bundle.size)
        small = Image.fromarray(image).resize(self.inner[::-1], Image.Resampling.BILINEAR)
        self.features = bundle.encode(normalise(np.asarray(small), bundle.size)[None].numpy())

    def to_model(self, points):
        """Points (N,K,2) in the picture's pixels -> in the model's."""
        scale = np.array([self.inner[1] / self.shape[1], self.inner[0] / self.shape[0]])
        return (np.asarray(points, np.float64) * scale).astype(np.float32)

    def boxes(self, boxes):
        """x0, y0, x1, y1 (N,4) -> a prompt (coords, labels)."""
        coords = self.to_model(np.asarray(boxes).reshape(-1, 2, 2))
        return coords, np.tile(np.array([CORNER_1, CORNER_2], np.float32), (len(coords), 1))

    def points(self, points, labels=None):
        """(N,K,2) and labels (N,K), all foreground if not given -> a prompt with its padding point."""
        coords = torch.from_numpy(self.to_model(points))
        labels = torch.full(coords.shape[:2], FOREGROUND) if labels is None else torch.from_numpy(labels)
        return tuple(t.numpy() for t in with_padding(coords, labels))

    def masks(self, prompt, mask_input=None):
        """-> boolean masks (N,H,W), the logits (N,1,4h,4w) they come from, predicted IoU (N)."""
        low, predicted = self.bundle.masks(self.features, *prompt, mask_input)
        best = low[np.arange(len(low)), predicted.argmax(1)][:, None]
        size = (self.bundle.size, self.bundle.size)
        square = F.interpolate(torch.from_numpy(best), size, mode="bilinear", align_corners=False)
        inner = square[:, :, :self.inner[0], :self.inner[1]]
        full = F.interpolate(inner, self.shape, mode="bilinear", align_corners=False)
        return (full[:, 0] > 0).numpy(), best, predicted.max(1)

    def captions(self, masks):
        """What lies under boolean masks (N,H,W), by their bounding boxes as in the node: see `Bundle.captions`."""
        whole = np.array([0, 0, self.shape[1], self.shape[0]], np.float32)
        boxes = [bounding_box(mask) if mask.any() else whole for mask in masks]
        corners = self.to_model(np.asarray(boxes).reshape(-1, 2, 2))
        return self.bundle.captions(self.features, corners.reshape(-1, 4))
