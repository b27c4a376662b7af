"""Positions on real tables (../shared/data/tabletop_rgbd, four RGB-D pictures), skipped where these are not there.

The pictures come without true positions. What is known all the same: pictures 2 and 3 are of the same camera and mostly
the same things, which must not move; a soup can is 66 mm wide; and the points above the table within a thing's box, found
here without segcap's masks. Run with `pytest -s` for the figures.
"""

import json

import numpy as np
import pytest
from client import box_prompt, stamp_key
from depth_camera import DepthCamera, Pinhole, extent, place_of, position
from peer import NodeUnderTest, has_ids
from PIL import Image as PilImage
from processes import ROOT

FOLDER = ROOT.parent / "shared" / "data" / "tabletop_rgbd"
pytestmark = pytest.mark.skipif(not FOLDER.exists(), reason=f"{FOLDER} is not there")

# x, y, width, height by eye, for each picture.
BOXES = [
    {
        "soup can": (500, 315, 84, 95), "potted meat": (25, 262, 95, 91), "mustard": (254, 43, 62, 115),
        "white mug": (267, 209, 85, 80), "green bowl": (165, 309, 138, 127), "white bowl": (357, 316, 130, 116),
    },
    {
        "potted meat": (25, 268, 95, 95), "mustard": (248, 112, 68, 116), "white mug": (294, 232, 82, 80),
        "green bowl": (120, 292, 134, 120), "cracker box": (392, 230, 186, 178),
    },
    {
        "soup can": (105, 130, 86, 104), "potted meat": (117, 224, 85, 74), "mustard": (154, 68, 82, 136),
        "green bowl": (249, 158, 130, 107), "white bowl": (402, 205, 133, 101), "cracker box": (202, 0, 124, 144),
    },
    {
        "soup can": (105, 130, 86, 104), "potted meat": (117, 224, 85, 74), "mustard": (154, 68, 82, 136),
        "green bowl": (249, 158, 130, 107), "white bowl": (399, 207, 133, 101), "cracker box": (202, 0, 124, 144),
    },
]  # fmt: skip
# In pictures 2 and 3 at the same place.
AT_REST = ["soup can", "potted meat", "mustard", "green bowl", "cracker box"]
SOUP_CAN_WIDTH = 0.066
# Lower points may be the table's.
ABOVE_TABLE = 0.008


def look(index):
    rgb = np.asarray(PilImage.open(FOLDER / f"{index:04d}_rgb.png").convert("RGB"))
    return rgb, np.asarray(PilImage.open(FOLDER / f"{index:04d}_depth_mm.png")).astype(float) / 1000


def height_over_table(points, valid):
    """(H, W) metres over the plane that most points lie on (RANSAC, then least squares)."""
    found = points[valid & (points[..., 2] < 1.6)]
    dice, few = np.random.default_rng(0), found[::50]
    best = (0, None, None)
    for _ in range(200):
        a, b, c = found[dice.integers(len(found), size=3)]
        normal = np.cross(b - a, c - a)
        normal /= max(np.linalg.norm(normal), 1e-9)
        best = max(best, (np.count_nonzero(np.abs((few - a) @ normal) < 0.008), tuple(normal), tuple(a)))
    table = found[np.abs((found - best[2]) @ np.array(best[1])) < 0.008]
    middle = table.mean(0)
    normal = np.linalg.svd(table[::20] - middle, full_matrices=False)[2][2]
    return (points - middle) @ (normal if normal @ -middle > 0 else -normal)


def references(metres, pinhole, boxes):
    """{name: (position, extent)} of the points above the table in each box, without segcap."""
    points = pinhole.points(metres)
    stands_out = (metres > 0) & (height_over_table(points, metres > 0) > ABOVE_TABLE)
    places = {}
    for name, (x, y, width, height) in boxes.items():
        inside = points[y : y + height, x : x + width][stands_out[y : y + height, x : x + width]]
        near = np.linalg.norm(inside - np.median(inside, 0), axis=1) < 0.2
        places[name] = place_of(inside[near])
    return places


def first_with_places(*names):
    """The first picture that is answered has places: at once, or in the answer's second version, when its depth has come."""
    stamps = []

    def condition(array):
        if not has_ids(*names)(array):
            return False
        stamps.append(stamp_key(array.header.stamp))
        return stamps[-1] == stamps[0] and all(region.has_position for region in array.regions)

    return condition


@pytest.fixture(scope="module")
def answers(domain, logs):
    """For each picture {name: region}, and its references."""
    camera_json = json.loads((FOLDER / "camera.json").read_text(encoding="utf-8"))
    pinhole = Pinhole(*(camera_json[name] for name in ("fx", "fy", "x_offset", "y_offset")))
    node = NodeUnderTest(logs, domain, {"caption.mode": "off"})
    camera = DepthCamera(node)
    found = []
    for index, boxes in enumerate(BOXES):
        rgb, metres = look(index)
        prompts = [box_prompt(name, box) for name, box in boxes.items()]
        if index == 0:
            # Until both sides know of each other, depth may be lost.
            is_whole = has_ids(*boxes)
            camera.ask(rgb, metres, pinhole, prompts, lambda a, ok=is_whole: ok(a) and a.regions[0].has_position)
        _, array = camera.ask(rgb, metres, pinhole, prompts, first_with_places(*boxes))
        regions = {region.prompt_id: region for region in array.regions}
        found.append((regions, references(metres, pinhole, boxes)))
    node.stop()
    return found


def test_everything_on_a_real_table_has_a_place(answers):
    for regions, _ in answers:
        for name, region in regions.items():
            assert region.has_position, name
            assert 0.4 < region.position.z < 1.3, (name, region.position.z)


def test_positions_agree_with_the_points_above_the_table(answers, capsys):
    pairs = [(region, reference[name]) for regions, reference in answers for name, region in regions.items()]
    away = [np.linalg.norm(position(region) - place) for region, (place, _) in pairs]
    widths = [abs(extent(region)[0] - size[0]) for region, (_, size) in pairs]
    with capsys.disabled():
        print(
            f"\nreal tables: {len(away)} things, position {1000 * np.median(away):.1f} mm from the points above the table"
            f" (median; {1000 * np.quantile(away, 0.95):.1f} mm: 95 %), width {1000 * np.median(widths):.1f} mm"
            f" ({1000 * np.quantile(widths, 0.95):.1f})"
        )
    assert np.median(away) < 0.02 and np.quantile(away, 0.8) < 0.05


def test_what_does_not_move_stays_where_it_is(answers, capsys):
    (before, _), (after, _) = answers[2:]
    moved = [np.linalg.norm(position(before[name]) - position(after[name])) for name in AT_REST]
    with capsys.disabled():
        print(f"\nreal tables: things at rest moved by {1000 * np.median(moved):.1f} mm (median; worst {1000 * max(moved):.1f})")
    assert np.median(moved) < 0.01


def test_a_soup_can_has_its_width(answers, capsys):
    widths = [extent(regions["soup can"])[0] for regions, _ in answers if "soup can" in regions]
    with capsys.disabled():
        print("\nreal tables: soup can (66 mm) measured as", ", ".join(f"{1000 * width:.0f} mm" for width in widths))
    assert all(abs(width - SOUP_CAN_WIDTH) < 0.02 for width in widths)
