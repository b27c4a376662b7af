"""Which depth belongs to which picture: stamps that are equal, near, far, missing; depth that is fast, or that has died."""

import threading
import time

import numpy as np
import pytest
from builtin_interfaces.msg import Time
from client import box_prompt, stamp_key
from depth_camera import FRAME, DepthCamera, Pinhole, copied, depth_message
from peer import has_ids
from processes import resident_mb
from scenes import disc_scene, message

PINHOLE = Pinhole(150.0, 150.0, 79.5, 59.5)
SCENE = disc_scene(160, 120, radius=0.3)
NEAR = np.full((120, 160), 0.8)
PROMPTS = [box_prompt("disc", SCENE.box)]
ANSWERED = has_ids("disc")
RATE_HZ = 120
SECONDS = 6
# Of a node that keeps what it is sent: 120 depth images a second are 4.6 MB.
MOST_GROWTH_MB = 20


def placed(array):
    return ANSWERED(array) and array.regions[0].has_position


@pytest.fixture
def camera(space_node):
    # So that nothing of the last test is near in time.
    time.sleep(0.2)
    camera = DepthCamera(space_node)
    yield camera
    camera.close()
    space_node.forget()


@pytest.mark.parametrize(("later_s", "is_near"), [(0.0, True), (0.03, True), (-0.03, True), (100.0, False), (-100.0, False)])
def test_stamps_may_differ_by_the_tolerance(camera, later_s, is_near):
    def alter(_info, depth):
        depth.header = copied(depth.header, later_s)

    _, array = camera.ask(SCENE.rgb, NEAR, PINHOLE, PROMPTS, placed if is_near else ANSWERED, alter)
    assert array.regions[0].has_position == is_near


@pytest.mark.parametrize("which", ["depth", "calibration", "both"])
def test_without_stamps_what_comes_together_belongs_together(camera, which):
    def alter(info, depth):
        for message_, name in ((depth, "depth"), (info, "calibration")):
            if which in (name, "both"):
                message_.header.stamp = Time()

    _, array = camera.ask(SCENE.rgb, NEAR, PINHOLE, PROMPTS, placed, alter)
    assert array.regions[0].position.z == pytest.approx(0.8, abs=0.002)


def test_when_depth_dies_positions_end_with_a_reason(start_node):
    node = start_node(parameters={"caption.mode": "off"})
    camera = DepthCamera(node)
    camera.ask(SCENE.rgb, NEAR, PINHOLE, PROMPTS, placed)
    start = node.log_length()
    # From now on pictures come alone.
    time.sleep(0.2)
    make = lambda: message(SCENE.rgb, frame_id=FRAME)  # noqa: E731
    for _ in range(6):
        node.client.regions.clear()
        _, array = node.answer_on_topic(make, condition=ANSWERED)
        assert not array.regions[0].has_position
    node.wait_for_log("expected depth within 0.05 s of the image", start)
    camera.ask(SCENE.rgb, NEAR, PINHOLE, PROMPTS, placed)
    camera.close()


def test_depth_without_calibration_is_told(start_node):
    node = start_node(parameters={"caption.mode": "off"})
    camera = DepthCamera(node)
    node.client.node.destroy_publisher(camera.info)
    node.client.send_prompts(PROMPTS, sticky=True)

    def publish():
        picture = message(SCENE.rgb, frame_id=FRAME)
        camera.depth.publish(depth_message(picture.header, NEAR))
        node.client.images.publish(picture)

    node.wait_for_log("depth comes, but no camera_info", timeout=20, meanwhile=publish)


class FastDepth(threading.Thread):
    """Depth at 120 Hz; of the n-th image every reading is 0.5 m + n mm. Every twelfth has a picture."""

    def __init__(self, camera):
        super().__init__(daemon=True)
        self.camera = camera
        self.metres = {}  # by stamps of pictures
        self.slowest_hz = 0.0

    def run(self):
        began = time.monotonic()
        for number in range(RATE_HZ * SECONDS):
            time.sleep(max(0.0, began + number / RATE_HZ - time.monotonic()))
            picture = message(SCENE.rgb, frame_id=FRAME)
            metres = 0.5 + number / 1000
            if number % 12 == 0:
                self.metres[stamp_key(picture.header.stamp)] = metres
                self.camera.node.client.images.publish(picture)
                self.camera.info.publish(PINHOLE.info(picture.header, 160, 120))
            self.camera.depth.publish(depth_message(picture.header, np.full((120, 160), metres)))
        self.slowest_hz = RATE_HZ * SECONDS / (time.monotonic() - began)


def test_depth_at_120_hz_is_still_that_of_its_picture(space_node, camera, capsys):
    camera.ask(SCENE.rgb, NEAR, PINHOLE, PROMPTS, placed)
    space_node.client.regions.clear()
    before_mb = resident_mb(space_node.process.pid)
    fast = FastDepth(camera)
    fast.start()
    space_node.client.wait_for(lambda: not fast.is_alive(), 10 * SECONDS, "the stream's end")
    space_node.client.spin(1.0)
    arrays = [array for array in space_node.arrays(ANSWERED) if stamp_key(array.header.stamp) in fast.metres]
    places = [(array.regions[0], fast.metres[stamp_key(array.header.stamp)]) for array in arrays]
    errors = [abs(region.position.z - metres) for region, metres in places if region.has_position]
    grown_mb = resident_mb(space_node.process.pid) - before_mb
    with capsys.disabled():
        print(
            f"\n{fast.slowest_hz:.0f} Hz depth: {len(fast.metres)} pictures, {len(arrays)} answered, {len(errors)} with a "
            f"position, off by at most {1000 * max(errors):.1f} mm; memory grown by {grown_mb:.1f} MB"
        )
    assert len(arrays) >= 5 and len(errors) >= 0.9 * len(arrays)
    # The next depth image is 1 mm further away: a lost message may cost a few.
    assert np.quantile(errors, 0.9) < 0.0015 and max(errors) < 0.008
    assert grown_mb < MOST_GROWTH_MB
