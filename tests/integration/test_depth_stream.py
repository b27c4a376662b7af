"""Which depth belongs to which picture: stamps that are equal, near, far, missing; depth that is fast, or has died."""

import threading
import time

import numpy as np
import pytest
from builtin_interfaces.msg import Time
from client import Client, box_prompt, stamp_key
from depth_camera import FRAME, DepthCamera, Pinhole, copied, depth_message
from patience import PATIENCE_S
from peer import has_ids
from processes import resident_mb
from scenes import disc_scene, message
from sensor_msgs.msg import Image

PINHOLE = Pinhole(150.0, 150.0, 79.5, 59.5)
SCENE = disc_scene(160, 120, radius=0.3)
NEAR = np.full((120, 160), 0.8)
PROMPTS = [box_prompt("disc", SCENE.box)]
ANSWERED = has_ids("disc")
RATE_HZ = 120
# 74 MB of depth, four seconds where the machine can send as fast.
ROUND = 4 * RATE_HZ


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


@pytest.mark.parametrize(
    ("later_s", "is_near"), [(0.0, True), (0.06, True), (-0.06, True), (100.0, False), (-100.0, False)]
)
def test_stamps_may_differ_by_the_tolerance(camera, later_s, is_near):
    def alter(_info, depth):
        depth.header = copied(depth.header, later_s)

    _, array = camera.ask(SCENE.rgb, NEAR, PINHOLE, PROMPTS, placed if is_near else ANSWERED, alter)
    assert array.regions[0].has_position == is_near


def test_depth_that_comes_after_the_masks_brings_the_same_answer_again_with_places(camera):
    node = camera.node
    node.client.send_prompts(PROMPTS, sticky=True)
    node.client.spin(0.1)
    node.client.regions.clear()

    def answers(picture):
        return node.arrays(lambda array: array.header.stamp == picture.header.stamp and ANSWERED(array))

    def attempt():
        """(masks, the same with places); none where the client was kept from sending depth within a second of the masks."""
        picture = message(SCENE.rgb, frame_id=FRAME)
        masks = node._wait(lambda: answers(picture), PATIENCE_S, "masks", lambda: node.client.images.publish(picture))[-1]
        assert not masks.regions[0].has_position
        camera.send(picture, NEAR, PINHOLE)
        node.client.spin(2.0)
        return [(masks, array) for array in answers(picture) if placed(array)]

    masks, places = node._wait(attempt, PATIENCE_S, "places")[0]
    region, before = places.regions[0], masks.regions[0]
    assert region.position.z == pytest.approx(0.8, abs=0.002)
    assert (region.id, region.bbox, region.mask) == (before.id, before.bbox, before.mask)


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
    node.wait_for_log("expected depth within [0-9.]+ s of the image", start)
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

    node.wait_for_log("depth comes, but no camera_info", meanwhile=publish)


def test_each_camera_has_its_own_depth(start_node):
    node = start_node(parameters={"caption.mode": "off", "cameras": "[front, rear]"}, connect=False)
    node.client = Client(node.full_name, f"{node.namespace}/unused", "two_depths", node.domain)
    cameras = {name: DepthCamera(node, name=name) for name in ("front", "rear")}
    images = {name: node.client.node.create_publisher(Image, f"{node.namespace}/{name}/image", 5) for name in cameras}
    metres = {"front": 0.8, "rear": 1.6}

    def publish():
        for name, camera in cameras.items():
            picture = message(SCENE.rgb, frame_id=f"{name}_optical")
            camera.send(picture, np.full((120, 160), metres[name]), PINHOLE)
            images[name].publish(picture)

    def where(name):
        """Metres to the disc, from the camera's newest picture."""
        response = node.client.segment(PROMPTS, camera=name)
        regions = response.regions.regions
        return regions[0].position.z if response.success and regions[0].has_position else None

    for name in cameras:
        found = node.client.wait_for(lambda name=name: where(name), PATIENCE_S, f"a place for {name}", meanwhile=publish)
        assert found == pytest.approx(metres[name], abs=0.002)


class FastDepth(threading.Thread):
    """Depth at 120 Hz, twice the pictures' size: of the n-th all readings are 0.5 m + n mm. Every 12th has a picture."""

    def __init__(self, camera):
        super().__init__(daemon=True)
        self.camera = camera
        self.sent = 0
        self.metres = {}  # by stamps of pictures
        self.end = threading.Event()

    def run(self):
        began = time.monotonic()
        while not self.end.is_set():
            time.sleep(max(0.0, began + self.sent / RATE_HZ - time.monotonic()))
            picture = message(SCENE.rgb, frame_id=FRAME)
            metres = 0.5 + self.sent / 1000
            if self.sent % 12 == 0:
                self.metres[stamp_key(picture.header.stamp)] = metres
                self.camera.node.client.images.publish(picture)
                self.camera.info.publish(PINHOLE.info(picture.header, 160, 120))
            self.camera.depth.publish(depth_message(picture.header, np.full((240, 320), metres)))
            self.sent += 1

    def errors(self):
        """{stamp: metres} of the pictures whose answers have a position."""
        found = {}
        for array in self.camera.node.arrays(placed):
            stamp = stamp_key(array.header.stamp)
            if stamp in self.metres:
                found[stamp] = abs(array.regions[0].position.z - self.metres[stamp])
        return found


def test_depth_at_120_hz_is_still_that_of_its_picture(start_node, capsys):
    # Without a cache of encoded pictures, which would grow.
    node = start_node(parameters={"caption.mode": "off", "embedding_cache_mb": 0})
    camera = DepthCamera(node)
    camera.ask(SCENE.rgb, NEAR, PINHOLE, PROMPTS, placed)
    node.client.regions.clear()
    fast, memory_mb = FastDepth(camera), []
    fast.start()
    try:
        # In the first round the rings fill.
        for number in (1, 2):
            has_come = lambda: fast.sent >= number * ROUND and len(fast.errors()) >= 5 * number  # noqa: B023, E731
            node.client.wait_for(has_come, 2 * PATIENCE_S, f"round {number} of depth, and positions")
            memory_mb.append(resident_mb(node.process.pid))
    finally:
        fast.end.set()
        fast.join()
    errors, grown_mb = list(fast.errors().values()), memory_mb[1] - memory_mb[0]
    with capsys.disabled():
        print(
            f"\n{len(fast.metres)} pictures, {len(errors)} answered with a position, off by {1000 * np.median(errors):.1f} mm "
            f"(median), {1000 * max(errors):.1f} mm at most; memory: {memory_mb[0]:.0f}, then {memory_mb[1]:.0f} MB"
        )
    # The next depth image is 1 mm further away: a lost message costs one, and beyond 0.1 s (12 images) there is no position.
    assert np.median(errors) < 0.0015 and max(errors) < 0.0135
    assert grown_mb < 35, "as much as half of the depth that came"
    camera.close()
