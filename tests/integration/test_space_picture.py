"""The view of RViz's layout and the demo's picture of what is in space."""

import numpy as np
import pytest
import yaml
from camera import FRAME_ID
from clip import calibration, name_of, read_depth, read_truth
from orbit_view import OrbitView, view_of_layout
from pictures import PictureError
from processes import ROOT
from space_picture import BACKGROUND, draw_scene
from visualization_msgs.msg import Marker

LAYOUT = ROOT / "rviz" / "segcap.rviz"
CLIP = ROOT / "samples" / "clip"
# From behind a camera, along its z axis.
BEHIND = (-np.pi / 2, -np.pi / 2 + 1e-3, 1.0, (0, 0, 0))


def test_in_an_optical_frame_x_is_right_and_y_is_down():
    view = OrbitView(*BEHIND, 400, 300)
    columns, rows, ahead = view.see([[0, 0, 0], [0.1, 0, 0], [0, 0.1, 0], [0, 0, -2]])
    assert np.allclose([columns[0], rows[0], ahead[0]], [200, 150, 1], atol=0.01)
    assert columns[1] > 230 and abs(rows[1] - 150) < 1
    assert rows[2] > 180 and abs(columns[2] - 200) < 1
    assert ahead[3] < 0, "behind the eye"


def test_a_ray_through_a_pixel_meets_the_point_that_is_seen_there():
    view = OrbitView(4.5, -1.1, 1.2, (0.1, 0, 0.8), 640, 480)
    point = np.array([0.2, -0.1, 0.9])
    (column,), (row,), (ahead,) = view.see([point])
    assert np.allclose(view.eye + ahead * view.rays(np.array(column - 0.5), np.array(row - 0.5)), point)


def test_the_layout_sees_everything_on_the_demos_table_upright():
    view = view_of_layout(LAYOUT, 900, 600)
    for frame in read_truth(CLIP)["frames"]:
        places = np.array([thing["position"] for thing in frame["objects"].values() if "box" in thing])
        columns, rows, ahead = view.see(places)
        assert ahead.min() > 0
        assert 0 < columns.min() and columns.max() < 900 and 0 < rows.min() and rows.max() < 600, frame["image"]
    x, y, z = view.axes[0]
    assert x > 0.99, "what is right of another thing is right of it in the picture"
    assert view.axes[1][1] > 0.5, "what is below another thing is below it in the picture"


def test_the_layout_stands_in_the_frame_of_the_demos_camera():
    layout = yaml.safe_load(LAYOUT.read_text(encoding="utf-8"))["Visualization Manager"]
    assert layout["Global Options"]["Fixed Frame"] == FRAME_ID
    assert layout["Views"]["Current"]["Target Frame"] == "<Fixed Frame>"
    assert FRAME_ID in (ROOT / "launch" / "segcap.launch.py").read_text(encoding="utf-8")


def cube(position, scale):
    marker = Marker(type=Marker.CUBE)
    marker.pose.position.x, marker.pose.position.y, marker.pose.position.z = position
    marker.scale.x = marker.scale.y = marker.scale.z = scale
    marker.color.r, marker.color.a = 1.0, 1.0
    return marker


def test_a_box_is_drawn_in_front_of_points_and_not_behind_them():
    info = calibration({"camera": {"width": 80, "height": 60, "fx": 80, "fy": 80, "cx": 39.5, "cy": 29.5}}, "")
    rgb, wall = np.full((60, 80, 3), 200, np.uint8), np.full((60, 80), 1000, np.uint16)
    view = OrbitView(*BEHIND[:3], (0, 0, 1), 320, 240)
    middle = lambda z: np.asarray(draw_scene(view, rgb, wall, info, [cube((0, 0, z), 0.2)]))[60, 80]  # noqa: E731
    assert middle(0.7)[0] > 200 and middle(0.7)[1] < 60
    assert tuple(middle(1.5)) == (200, 200, 200)
    nothing = np.asarray(draw_scene(view, rgb, np.zeros_like(wall), info, []))
    assert (nothing == BACKGROUND).all()


def test_depth_and_truth_of_the_samples_can_be_read(tmp_path):
    truth = read_truth(CLIP)
    frame = truth["frames"][30]
    assert read_depth(CLIP / frame["depth"]).shape == (480, 640)
    assert {name_of(thing) for thing in frame["objects"].values()} >= {"red mug", "orange", "white can"}
    assert read_truth(tmp_path) is None and read_truth(CLIP / "000.jpg") is None


@pytest.mark.parametrize("text", ["", "[]", '{"camera": {}}', '{"camera": {"width": -1}, "frames": []}'])
def test_a_truth_file_that_cannot_be_used_is_a_sentence(tmp_path, text):
    (tmp_path / "truth.json").write_text(text, encoding="utf-8")
    with pytest.raises(PictureError, match=r"truth.json: expected camera .* got"):
        read_truth(tmp_path)


def test_a_depth_picture_that_is_none_is_a_sentence():
    with pytest.raises(PictureError, match="expected 16 bit greyscale, got uint8"):
        read_depth(CLIP / "000.jpg")
    with pytest.raises(PictureError, match="not a readable depth picture"):
        read_depth(CLIP / "truth.json")
