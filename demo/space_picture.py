"""Draws ~/markers over the points of a depth picture, seen as RViz's layout sees them. It is no screenshot of RViz."""

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from visualization_msgs.msg import Marker

BACKGROUND = (48, 48, 48)
# Everything is drawn so many times larger and then made smaller: smooth edges.
OVERSAMPLING = 2
# A point is a square with the side that a pixel has at its distance, times this (the layout's Auto Size Factor).
POINT_SIZE = 2.0
MOST_POINT_PX = 7
EDGE_ALPHA, HIDDEN_EDGE_ALPHA = 0.95, 0.25
# Edges that lie on a surface are not hidden by it, metres.
EDGE_TOLERANCE_M = 0.004
# How much light the sides of a box get that are seen along x, y and z.
LIGHT = np.array([0.75, 0.9, 1.0])
CORNERS = np.array([[x, y, z] for x in (-0.5, 0.5) for y in (-0.5, 0.5) for z in (-0.5, 0.5)])
EDGES = [(a, b) for a in range(8) for b in range(a) if (CORNERS[a] != CORNERS[b]).sum() == 1]


def cloud(rgb, millimetres, info):
    """The points, (N, 3) metres, and colours, (N, 3) uint8, of a registered depth picture and its CameraInfo."""
    rows, columns = np.nonzero(millimetres)
    z = millimetres[rows, columns] / 1000.0
    x, y = (columns - info.k[2]) / info.k[0] * z, (rows - info.k[5]) / info.k[4] * z
    return np.stack([x, y, z], -1), rgb[rows, columns]


class SpacePicture:
    """A picture of the size and the view of an OrbitView, with the distance of what each pixel shows."""

    def __init__(self, view):
        self.view = view
        self.pixels = np.full((view.height, view.width, 3), BACKGROUND, np.float32)
        self.depth = np.full((view.height, view.width), np.inf)

    def draw_cloud(self, points, colours, focal_px):
        """Squares for points that a camera with this focal length has measured, the nearest on top."""
        columns, rows, ahead = self.view.see(points)
        # Of several points in one pixel the last one is kept: the nearest.
        farthest_first = np.argsort(-ahead)
        farthest_first = farthest_first[ahead[farthest_first] > 0]
        columns, rows, ahead, colours = (of[farthest_first] for of in (columns, rows, ahead, colours))
        side = POINT_SIZE * points[farthest_first, 2] / focal_px * self.view.focal_px / ahead
        side = np.clip(np.ceil(side), 1, MOST_POINT_PX).astype(int)
        left, top = (np.floor(at - (side - 1) / 2).astype(int) for at in (columns, rows))
        pixels, depth = self.pixels.reshape(-1, 3), self.depth.reshape(-1)
        for down in range(side.max(initial=0)):
            for across in range(side.max(initial=0)):
                x, y = left + across, top + down
                inside = (x >= 0) & (x < self.view.width) & (y >= 0) & (y < self.view.height)
                which = np.nonzero(inside & (max(across, down) < side))[0]
                at = y[which] * self.view.width + x[which]
                nearer = ahead[which] < depth[at]
                at, which = at[nearer], which[nearer]
                pixels[at], depth[at] = colours[which], ahead[which]

    def draw_box(self, marker):
        """A translucent box along the axes of the frame, with its edges."""
        centre, sides = vector(marker.pose.position), vector(marker.scale)
        columns, rows, ahead = self.view.see(centre + CORNERS * sides)
        if ahead.min() <= 0:
            return
        left, right = np.clip([columns.min(), columns.max() + 1], 0, self.view.width).astype(int)
        top, bottom = np.clip([rows.min(), rows.max() + 1], 0, self.view.height).astype(int)
        y, x = np.mgrid[top:bottom, left:right]
        rays = self.view.rays(x.astype(float), y.astype(float))
        rays = np.where(rays == 0, 1e-12, rays)
        planes = [(centre + sign * sides / 2 - self.view.eye) / rays for sign in (-1, 1)]
        entries, exits = np.minimum(*planes), np.maximum(*planes)
        entry = entries.max(-1)
        hit = (entry < exits.min(-1)) & (entry > 0) & (entry < self.depth[top:bottom, left:right])
        shade = rgb_of(marker) * LIGHT[entries.argmax(-1)][..., None]
        self._blend((slice(top, bottom), slice(left, right)), shade, hit * marker.color.a)
        for a, b in EDGES:
            self._draw_edge(centre + CORNERS[a] * sides, centre + CORNERS[b] * sides, rgb_of(marker))

    def _draw_edge(self, start, end, colour):
        steps = np.linspace(0, 1, 1500)[:, None]
        columns, rows, ahead = self.view.see(start + (end - start) * steps)
        at = np.unique(np.stack([rows, columns]).astype(int), axis=1, return_index=True)[1]
        y, x, ahead = rows[at].astype(int), columns[at].astype(int), ahead[at]
        for down, across in ((0, 0), (0, 1), (1, 0)):
            inside = (x >= 0) & (y >= 0) & (x < self.view.width - 1) & (y < self.view.height - 1)
            spot = (y[inside] + down, x[inside] + across)
            is_hidden = ahead[inside] > self.depth[spot] + EDGE_TOLERANCE_M
            self._blend(spot, colour, np.where(is_hidden, HIDDEN_EDGE_ALPHA, EDGE_ALPHA))

    def draw_text(self, marker):
        """Lines that face the viewer, around the marker's position; what is nearer hides them."""
        (column,), (row,), (ahead,) = self.view.see([vector(marker.pose.position)])
        if ahead <= 0:
            return
        # The scale is the height of a capital A, which is 0.7 of the font's size.
        size = marker.scale.z * self.view.focal_px / ahead / 0.7
        font, rim = ImageFont.load_default(size), max(1, round(size / 9))
        form = {"font": font, "anchor": "mm", "align": "center"}
        left, top, right, bottom = ImageDraw.Draw(Image.new("L", (1, 1))).multiline_textbbox(
            (column, row), marker.text, stroke_width=rim, **form)
        left, right = np.clip([np.floor(left), np.ceil(right)], 0, self.view.width).astype(int)
        top, bottom = np.clip([np.floor(top), np.ceil(bottom)], 0, self.view.height).astype(int)
        if left >= right or top >= bottom:
            return
        where = np.s_[top:bottom, left:right]
        # The dark rim is ours: RViz's letters have none.
        for stroke, colour, alpha in ((rim, np.array([20.0, 20.0, 20.0]), 0.8), (0, rgb_of(marker), marker.color.a)):
            layer = Image.new("L", (right - left, bottom - top))
            middle = (column - left, row - top)
            ImageDraw.Draw(layer).multiline_text(middle, marker.text, 255, stroke_width=stroke, **form)
            self._blend(where, colour, alpha * np.where(ahead < self.depth[where], np.asarray(layer) / 255.0, 0.0))

    def _blend(self, where, colour, alpha):
        alpha = np.asarray(alpha)[..., None]
        self.pixels[where] = self.pixels[where] * (1 - alpha) + colour * alpha

    def image(self):
        return Image.fromarray(self.pixels.round().astype(np.uint8))


def vector(xyz):
    return np.array([xyz.x, xyz.y, xyz.z])


def rgb_of(marker):
    return 255.0 * np.array([marker.color.r, marker.color.g, marker.color.b])


def draw_scene(view, rgb, millimetres, info, markers):
    """The points of a depth picture with the markers; `view` is OVERSAMPLING times larger than the picture."""
    picture = SpacePicture(view)
    points, colours = cloud(rgb, millimetres, info)
    picture.draw_cloud(points, colours, info.k[0])
    farthest_first = sorted(markers, key=lambda marker: -np.linalg.norm(vector(marker.pose.position) - view.eye))
    for marker in farthest_first:
        if marker.type == Marker.CUBE:
            picture.draw_box(marker)
    for marker in farthest_first:
        if marker.type == Marker.TEXT_VIEW_FACING:
            picture.draw_text(marker)
    size = (view.width // OVERSAMPLING, view.height // OVERSAMPLING)
    return picture.image().resize(size, Image.Resampling.LANCZOS)
