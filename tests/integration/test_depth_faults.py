"""Depth as sensors really send it: with holes and noise, of another size, through a lens, or not to be read at all.

One disc before a wall: where it is, is known without segcap.
"""

import numpy as np
import pytest
from client import box_prompt
from depth_camera import DepthCamera, Pinhole, extent, position
from peer import has_ids
from scenes import disc_scene

PINHOLE = Pinhole(300.0, 300.0, 159.5, 119.5)
SCENE = disc_scene(320, 240, at=(0.7, 0.4), radius=0.2)
DISC_M, WALL_M = 0.8, 2.0
METRES = np.where(SCENE.disc, DISC_M, WALL_M)
PROMPTS = [box_prompt("disc", SCENE.box)]
ANSWERED = has_ids("disc")
TRUE_POSITION = PINHOLE.points(METRES)[SCENE.disc].mean(0)
TRUE_WIDTH = SCENE.box[2] * DISC_M / PINHOLE.fx


def placed(array):
    return ANSWERED(array) and array.regions[0].has_position


@pytest.fixture(params=["16UC1"])
def camera(space_node, request):
    camera = DepthCamera(space_node, request.param)
    yield camera
    camera.close()
    space_node.forget()


def spoilt(metres, share, values):
    """So many of the readings replaced by one of the values."""
    dice = np.random.default_rng(5)
    return np.where(dice.random(metres.shape) < share, dice.choice(values, metres.shape), metres)


def check_place(region, most_mm=10.0, sides_mm=20.0):
    """A pixel is 2.7 mm at the disc; its mask is the model's."""
    off = 1000 * np.linalg.norm(position(region) - TRUE_POSITION)
    sides = 1000 * np.abs(extent(region)[:2] - TRUE_WIDTH).max()
    assert off < most_mm and sides < sides_mm, f"{off:.1f} mm away, sides {sides:.1f} mm off"
    assert extent(region)[2] < 0.05, "the wall is not part of the disc"
    return off, sides


METRE_FAULTS = {
    "clean": METRES,
    "40 % NaN": spoilt(METRES, 0.4, [np.nan]),
    "60 % NaN, Inf, zero, negative": spoilt(METRES, 0.6, [np.nan, np.inf, -np.inf, 0.0, -1.0]),
    "noise of 1 %": METRES * (1 + 0.01 * np.random.default_rng(6).standard_normal(METRES.shape)),
    "5 % flying pixels": spoilt(METRES, 0.05, np.linspace(0.2, 5.0, 50)),
    "a hole of a third": np.where(np.arange(320) < SCENE.box[0] + SCENE.box[2] / 3, 0.0, METRES),
    "half the size": METRES[::2, ::2],
    "twice the size": METRES.repeat(2, 0).repeat(2, 1),
}


@pytest.mark.parametrize("name", METRE_FAULTS)
@pytest.mark.parametrize("camera", ["32FC1"], indirect=True)
def test_what_is_wrong_with_readings_does_not_move_things(space_node, camera, name, capsys):
    _, array = camera.ask(SCENE.rgb, METRE_FAULTS[name], PINHOLE, PROMPTS, placed)
    # With a third of the disc unread, its middle and its width are those of the rest.
    most, sides = (35.0, 1000 * TRUE_WIDTH / 3 + 20) if name.startswith("a hole") else (10.0, 20.0)
    off, sides = check_place(array.regions[0], most, sides)
    with capsys.disabled():
        print(f"\n32FC1, {name}: position off by {off:.1f} mm, sides by {sides:.1f} mm")


@pytest.mark.parametrize("nothing", [0, 65535])
def test_millimetres_without_reading(camera, nothing):
    _, array = camera.ask(SCENE.rgb, spoilt(METRES, 0.5, [nothing / 1000]), PINHOLE, PROMPTS, placed)
    check_place(array.regions[0])


def test_big_endian_rows_with_padding(camera):
    def alter(_info, depth):
        rows = np.frombuffer(depth.data, "<u2").reshape(240, 320)
        padded = np.full((240, 330), 4321, ">u2")
        padded[:, :320] = rows
        depth.data, depth.step, depth.is_bigendian = padded.tobytes(), 660, 1

    _, array = camera.ask(SCENE.rgb, METRES, PINHOLE, PROMPTS, placed, alter)
    check_place(array.regions[0])


def test_a_region_without_readings_has_no_position(camera):
    _, array = camera.ask(SCENE.rgb, np.where(SCENE.disc, 0.0, WALL_M), PINHOLE, PROMPTS, ANSWERED)
    assert not array.regions[0].has_position or array.regions[0].position.z == pytest.approx(WALL_M, abs=0.01)
    _, array = camera.ask(SCENE.rgb, np.zeros_like(METRES), PINHOLE, PROMPTS, lambda a: ANSWERED(a) and not placed(a))
    region = array.regions[0]
    assert (region.position.x, region.position.z, region.extent.x) == (0, 0, 0)


def test_a_lens_is_undone(camera):
    """The disc is where a strong lens has put it; the calibration says how to get back."""
    k1, middle = -0.8, SCENE.centre
    seen = np.array([(middle[0] - PINHOLE.cx) / PINHOLE.fx, (middle[1] - PINHOLE.cy) / PINHOLE.fy])
    ray = seen.copy()
    for _ in range(100):
        ray = seen / (1 + k1 * (ray @ ray))

    def alter(info, _depth):
        info.d = [k1, 0.0, 0.0, 0.0, 0.0]

    _, array = camera.ask(SCENE.rgb, METRES, PINHOLE, PROMPTS, placed, alter)
    got = position(array.regions[0])[:2]
    assert np.linalg.norm(got - ray * DISC_M) < 0.004
    assert np.linalg.norm(seen * DISC_M - ray * DISC_M) > 0.005, "a lens that can be told from none"


def other_frame(_info, depth):
    depth.header.frame_id = "left_optical"


def without_calibration(info, _depth):
    info.k, info.p = [0.0] * 9, [0.0] * 12


def not_a_number(info, _depth):
    info.k = [300.0, 0.0, float("nan"), 0.0, 300.0, 119.5, 0.0, 0.0, 1.0]


def fish_eye(info, _depth):
    info.distortion_model, info.d = "equidistant", [0.1, 0.0, 0.0, 0.0]


def wider(info, _depth):
    info.width = 427


def in_colour(_info, depth):
    depth.encoding = "rgb8"


def too_short(_info, depth):
    depth.data = depth.data[:1000]


@pytest.mark.parametrize(
    ("alter", "reason"),
    [
        (other_frame, "depth: expected the image's frame_id .*left_optical"),
        (without_calibration, "the camera is not calibrated"),
        (not_a_number, "principal point: expected finite numbers"),
        (fish_eye, "distortion: expected plumb_bob or rational_polynomial"),
        (wider, "camera_info: expected the shape of the image, 320x240, got 427x240"),
        (in_colour, 'unknown encoding "rgb8": expected one of 16UC1, 32FC1'),
        (too_short, "too little data: 16UC1 at 320x240"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_what_does_not_fit_is_told_and_masks_come_all_the_same(start_node, alter, reason):
    node = start_node(parameters={"caption.mode": "off"})
    camera = DepthCamera(node)

    def ask():
        _, array = camera.ask(SCENE.rgb, METRES, PINHOLE, PROMPTS, ANSWERED, alter)
        assert array.regions[0].area > 1000 and not array.regions[0].has_position
        node.client.regions.clear()

    # The first depth or calibration may be lost: the node's ears need not know this camera yet.
    node.wait_for_log(reason, meanwhile=ask)
    ask()
    # And it goes on as soon as all is well.
    camera.ask(SCENE.rgb, METRES, PINHOLE, PROMPTS, placed)
    assert len([line for line in node.process.log().splitlines() if "depth refused" in line]) == 1, "told once"
    camera.close()
