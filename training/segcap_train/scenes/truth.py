"""What is true of a scene's things, in numbers: where they are, how large, what they are made of.

Metres in the camera's frame: x right, y down, z forward (ROS's optical frame). Pixels count from 0 at the centre of
the top left one, as in sensor_msgs/CameraInfo.
"""
import numpy as np


def intrinsics(camera, width, height):
    """The pinhole of the finished picture: {width, height, fx, fy, cx, cy}, pixels."""
    return {"width": width, "height": height, "fx": camera.focal * width / camera.width,
            "fy": camera.focal * height / camera.height, "cx": (width - 1) / 2, "cy": (height - 1) / 2}


def seen_from(camera):
    """Where the camera is: {position (3), rotation (3,3)}; a point p of the world is rotation (p - position) to it."""
    return {"position": camera.position.tolist(), "rotation": camera.rotation.tolist()}


def objects_of(scene, lens, ids, metres):
    """{id: object_of(...)} of every thing of a scene, hidden ones too. ids (H,W), metres (H,W) along z."""
    found, camera = {}, scene.camera
    for i, placed in enumerate(scene.placed):
        points = (placed.mesh.vertices - camera.position) @ camera.rotation.T
        found[i + 1] = object_of(placed.thing, points, ids == i + 1, metres, lens)
        if scene.words[i].size:
            found[i + 1]["size"] = scene.words[i].size
        if scene.near[i] is not None:
            found[i + 1] |= {"relation": scene.words[i].relation, "other": scene.near[i] + 1}
    return found


def object_of(thing, points, mask, metres, lens):
    """One thing's attributes and geometry.

    noun, colour, pattern, material: words, '' where there is none; longest: its greatest extent in its own frame.
    Where they hold, `objects_of` adds size ("small" or "large" among its like) and relation, which is to id `other`.
    position, extent: centre and sides of the box around all of it, along the camera's axes, metres.
    pixels: how many show it. If any: box [x, y, width, height] around them, pixels; surface_position,
    surface_extent: median and size of the points that they show.
    """
    low, high = points.min(0), points.max(0)
    own = np.subtract(*thing.mesh.bounds()[::-1])
    known = {"noun": thing.noun, "colour": thing.colour, "pattern": thing.pattern, "material": thing.made_of,
             "longest": metric(own.max()), "position": metric((low + high) / 2), "extent": metric(high - low),
             "pixels": int(mask.sum())}
    if not known["pixels"]:
        return known
    y, x = np.nonzero(mask)
    z = metres[y, x]
    shown = np.stack([(x - lens["cx"]) / lens["fx"] * z, (y - lens["cy"]) / lens["fy"] * z, z], 1)
    return known | {"box": [int(x.min()), int(y.min()), int(np.ptp(x)) + 1, int(np.ptp(y)) + 1],
                    "surface_position": metric(np.median(shown, 0)), "surface_extent": metric(np.ptp(shown, 0))}


def metric(value):
    """Metres to a tenth of a millimetre, as plain floats."""
    return np.round(value, 4).tolist()
