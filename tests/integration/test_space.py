"""Depth and camera_info in; positions, extents and ~/markers out: against the true geometry of samples/clip."""

import json
import math

import numpy as np
import pytest
from checks import check_regions
from client import box_prompt, stamp_key
from depth_camera import FRAME, DepthCamera, Pinhole, extent, position
from patience import PATIENCE_S
from peer import has_ids
from PIL import Image as PilImage
from processes import ROOT
from questions import camera as demo_camera
from visualization_msgs.msg import Marker, MarkerArray

CLIP = ROOT / "samples" / "clip"
TRUTH = json.loads((CLIP / "truth.json").read_text(encoding="utf-8"))
PINHOLE = Pinhole(*(TRUTH["camera"][name] for name in ("fx", "fy", "cx", "cy")))
# Smaller things are for the model to find, not for the geometry.
LEAST_PIXELS = 800


def look(index):
    """(rgb, depth in metres, {id: object}) of a frame."""
    frame = TRUTH["frames"][index]
    rgb = np.asarray(PilImage.open(CLIP / frame["image"]).convert("RGB"))
    metres = np.asarray(PilImage.open(CLIP / frame["depth"])).astype(float) / 1000
    return rgb, metres, {key: thing for key, thing in frame["objects"].items() if thing["pixels"] >= LEAST_PIXELS}


def off_by(what, errors):
    """Median and 95th percentile, millimetres."""
    median, most = 1000 * np.quantile(errors, [0.5, 0.95])
    return f"{what} off by {median:.1f} mm (median), {most:.1f} mm (95 %)"


def boxes(things):
    return [box_prompt(key, thing["box"]) for key, thing in things.items()]


@pytest.fixture(params=["16UC1", "32FC1"])
def camera(space_node, request):
    camera = DepthCamera(space_node, request.param)
    yield camera
    camera.close()
    space_node.forget()


def placed(*ids):
    """For conditions: exactly these prompts are answered, each with a position."""
    return lambda array: has_ids(*ids)(array) and all(region.has_position for region in array.regions)


@pytest.mark.parametrize("index", [0, 30])
def test_positions_are_those_of_the_scene(space_node, camera, index, capsys):
    rgb, metres, things = look(index)
    picture, array = camera.ask(rgb, metres, PINHOLE, boxes(things), placed(*things))
    check_regions(array, picture.header)
    pairs = [(region, things[region.prompt_id]) for region in array.regions]
    errors = [np.linalg.norm(position(region) - thing["surface_position"]) for region, thing in pairs]
    sides = [np.abs(extent(region) - thing["surface_extent"]).max() for region, thing in pairs]
    with capsys.disabled():
        print(
            f"\nframe {index}, {camera.encoding}: {len(errors)} things; {off_by('position', errors)}; "
            f"{off_by('the worst side', sides)}"
        )
    assert np.median(errors) < 0.01 and np.quantile(errors, 0.8) < 0.03
    assert np.median(sides) < 0.025


def test_the_service_tells_positions_too(space_node, camera):
    rgb, metres, things = look(0)
    camera.ask(rgb, metres, PINHOLE, boxes(things), placed(*things))

    def answer():
        response = space_node.segment(boxes(things))
        assert response.success, response.message
        return all(region.has_position for region in response.regions.regions)

    # The newest picture's depth may still be on its way.
    space_node._wait(answer, PATIENCE_S, "positions of everything")


def test_without_depth_there_is_no_position(start_node):
    node = start_node(parameters={"caption.mode": "off"})
    rgb, _metres, things = look(0)
    response = node.segment(boxes(things), rgb)
    assert response.success
    assert not any(region.has_position or region.position.z for region in response.regions.regions)


@pytest.fixture
def viewer(space_node):
    """Markers as RViz has them: {(ns, id): marker}, and the arrays that have come."""
    shown, arrived = {}, []

    def take(arrival):
        arrived.append(arrival.message)
        for marker in arrival.message.markers:
            if marker.action == Marker.DELETEALL:
                shown.clear()
            elif marker.action == Marker.DELETE:
                shown.pop((marker.ns, marker.id), None)
            else:
                shown[marker.ns, marker.id] = marker

    topic = f"{space_node.full_name}/markers"
    subscription = space_node.client.listen(MarkerArray, topic, take)
    space_node.client.wait_for(lambda: subscription.get_publisher_count(), PATIENCE_S, topic)
    yield shown, arrived
    space_node.client.node.destroy_subscription(subscription)


def test_markers_stand_where_regions_are_and_go_with_them(space_node, viewer):
    shown, arrived = viewer
    camera = DepthCamera(space_node)
    rgb, metres, things = look(0)
    few = dict(list(things.items())[:3])
    # Until the viewer is connected on both sides nothing is shown: ask again.
    space_node.client.wait_for(
        lambda: shown, PATIENCE_S, "markers", lambda: camera.ask(rgb, metres, PINHOLE, boxes(few), placed(*few))
    )
    picture, array = camera.ask(rgb, metres, PINHOLE, boxes(few), placed(*few))
    stamp = array.header.stamp.nanosec
    are_new = lambda: {marker.header.stamp.nanosec for marker in shown.values()} == {stamp}  # noqa: E731
    space_node.client.wait_for(are_new, PATIENCE_S, "the markers of this picture")
    solids = [marker for marker in shown.values() if marker.type == Marker.CUBE]
    assert len(solids) == len(few) and len(shown) == 2 * len(few)
    for region in array.regions:
        near = min(solids, key=lambda marker: math.dist(position_of(marker), position(region)))
        # The position is the median of the surface, the marker the middle of its extent: inside each other.
        away = np.abs(np.subtract(position_of(near), position(region)))
        assert (away <= np.array(extent(region)) / 2 + 1e-6).all()
        assert near.header == picture.header and near.header.frame_id == FRAME
        assert np.allclose([near.scale.x, near.scale.y, near.scale.z], np.maximum(extent(region), 0.002))
        assert near.lifetime.sec > 0
    texts = {marker.text for marker in shown.values() if marker.type == Marker.TEXT_VIEW_FACING}
    assert all(any(region.id in text for text in texts) for region in array.regions)

    one = dict(list(few.items())[:1])
    camera.ask(rgb, metres, PINHOLE, boxes(one), has_ids(*one))
    space_node.client.wait_for(lambda: len(shown) == 2, PATIENCE_S, "the other markers to go")
    assert any(marker.action == Marker.DELETE for array in arrived for marker in array.markers)
    camera.close()
    space_node.forget()


def test_the_demos_camera_gives_markers_where_the_things_are(space_node, viewer, logs):
    """Depth and calibration that ship beside the clip, by the demo's camera, which stands still on the first frame."""
    shown, _arrived = viewer
    _rgb, _metres, things = look(0)
    things = {key: thing for key, thing in things.items() if thing["pixels"] > 2000}
    of_demo = lambda: [m for m in shown.values() if m.header.frame_id == "camera_optical_frame"]  # noqa: E731
    solids = lambda: [marker for marker in of_demo() if marker.type == Marker.CUBE]  # noqa: E731
    with demo_camera(space_node, logs, rate_hz=5, paused=True):
        space_node.client.send_prompts(boxes(things), sticky=True)
        space_node.client.wait_for(lambda: len(solids()) == len(things), PATIENCE_S, "a marker for each thing")
        now = space_node.client.node.get_clock().now().nanoseconds
        markers, found = of_demo(), np.array([position_of(marker) for marker in solids()])
        sizes = np.array([[m.scale.x, m.scale.y, m.scale.z] for m in solids()])
    assert len(markers) == 2 * len(things), "a box and a text for each"
    truth = np.array([thing["surface_position"] for thing in things.values()])
    # The true position is the median of the visible surface; a box is centred on the middle of its extent.
    away = np.abs(found[:, None] - truth[None])
    nearest = np.linalg.norm(away, axis=2).argmin(0)
    errors = np.linalg.norm(away, axis=2).min(0)
    assert np.median(errors) < 0.02 and errors.max() < 0.06, errors
    inside = [away[near, thing] <= sizes[near] / 2 + 0.01 for thing, near in enumerate(nearest)]
    assert np.all(inside), inside
    for marker in markers:
        assert 0 <= now - stamp_key(marker.header.stamp) < 60e9
        assert complaints_of_rviz(marker) == []
    space_node.forget()


def complaints_of_rviz(marker):
    """What RViz's own checks of a marker would say."""
    turn, scale = marker.pose.orientation, marker.scale
    is_text = marker.type == Marker.TEXT_VIEW_FACING
    checks = {
        "the quaternion is not normalised": abs(turn.x**2 + turn.y**2 + turn.z**2 + turn.w**2 - 1) < 1e-6,
        "a side of the box is 0": is_text or min(scale.x, scale.y, scale.z) > 0,
        "the text has no height, or a width too": not is_text or (scale.z > 0 and scale.x == scale.y == 0),
        "the text is empty": not is_text or marker.text.strip(),
        "the colour cannot be seen": marker.color.a > 0,
        "no frame": marker.header.frame_id,
    }
    return [complaint for complaint, is_good in checks.items() if not is_good]


def position_of(marker):
    return [marker.pose.position.x, marker.pose.position.y, marker.pose.position.z]
