"""Clocks and stamps as simulators, bags and careless drivers give them."""

import pytest
from builtin_interfaces.msg import Time
from checks import check_regions, good
from client import box_prompt, stamp_key
from health import Health, values
from patience import PATIENCE_S
from rosgraph_msgs.msg import Clock
from scenes import disc_scene, iou, message
from segcap.msg import Region

LEFT, RIGHT = disc_scene(320, 240, at=(0.25, 0.5)), disc_scene(320, 240, at=(0.75, 0.5))


def picture(scene, seconds):
    """A picture with a stamp of so many seconds."""
    made = message(scene.rgb)
    made.header.stamp = Time(sec=int(seconds), nanosec=round(seconds % 1 * 1e9))
    return made


def disc_iou(array, scene):
    """How well the best region of an answer fits the disc."""
    return max((iou(mask_of(region, scene), scene.disc) for region in array.regions), default=0.0)


def mask_of(region: Region, scene):
    import numpy as np

    width, height = scene.size
    full = np.zeros((height, width), bool)
    box, mask = region.bbox, region.mask
    rows = np.frombuffer(mask.data, np.uint8).reshape(mask.height, mask.step)[:, : mask.width] > 0
    full[box.y_offset : box.y_offset + box.height, box.x_offset : box.x_offset + box.width] = rows
    return full


def play(node, scenes, stamps, seconds=0.3):
    for scene, stamp in zip(scenes, stamps, strict=True):
        node.client.images.publish(picture(scene, stamp))
        node.client.spin(seconds)


@pytest.fixture
def sticky(node):
    """A sticky prompt for each place where the disc may be."""
    prompts = [box_prompt("left", LEFT.box), box_prompt("right", RIGHT.box)]
    node.client.send_prompts(prompts, sticky=True)
    node.client.spin(0.1)
    return node


def answered(node, stamp, scene):
    """Whether the last answer with this stamp fits this scene."""
    wanted = round(stamp * 1e9)
    arrays = node.arrays(lambda array: stamp_key(array.header.stamp) == wanted)
    return arrays and disc_iou(arrays[-1], scene) > 0.5 and arrays[-1]


def test_a_bag_that_starts_again_is_answered_again(sticky):
    """The second round has the same stamps and other pictures: nothing of the first round is remembered by its stamp."""
    stamps = [100.0, 100.25, 100.5]
    play(sticky, [LEFT] * 3, stamps)
    sticky._wait(
        lambda: answered(sticky, stamps[-1], LEFT), PATIENCE_S, "the first round", lambda: play(sticky, [LEFT], stamps[-1:])
    )
    sticky.client.regions.clear()
    array = sticky._wait(
        lambda: answered(sticky, stamps[0], RIGHT), PATIENCE_S, "the second round", lambda: play(sticky, [RIGHT], stamps[:1])
    )
    check_regions(array, size=RIGHT.size)
    assert disc_iou(array, RIGHT) > disc_iou(array, LEFT)


def test_two_pictures_with_one_stamp_are_two_pictures(sticky):
    """Where the stamps stand, a sticky prompt waits for its object by the node's clock."""
    for scene in (LEFT, RIGHT, LEFT):
        sticky.client.regions.clear()
        sticky._wait(
            lambda scene=scene: answered(sticky, 77.0, scene), PATIENCE_S, "the picture",
            lambda scene=scene: play(sticky, [scene], [77.0]),
        )


def test_pictures_without_a_stamp_are_answered_and_told(sticky):
    health = Health(sticky)
    for scene in (LEFT, RIGHT):
        sticky.client.regions.clear()
        sticky._wait(
            lambda scene=scene: answered(sticky, 0.0, scene), PATIENCE_S, "the picture",
            lambda scene=scene: play(sticky, [scene], [0.0]),
        )
    health.wait_for("camera", "WARN", "stamp 0", meanwhile=lambda: play(sticky, [LEFT], [0.0]))
    health.close()


def test_a_service_call_works_whatever_the_stamps(node):
    for stamp in (5.0, 3.0, 3.0, 0.0, 2_000_000_000.5):
        answer = node.segment([box_prompt("disc", LEFT.box)], picture(LEFT, stamp))
        assert stamp_key(good(answer).header.stamp) == round(stamp * 1e9)


@pytest.fixture
def simulated(start_node):
    """A node that follows /clock, and a clock that can be set."""
    node = start_node(parameters={"use_sim_time": True})
    clock = node.client.node.create_publisher(Clock, "/clock", 10)
    health = Health(node)

    def tell(seconds):
        clock.publish(Clock(clock=Time(sec=int(seconds), nanosec=round(seconds % 1 * 1e9))))

    yield node, health, tell
    health.close()
    node.client.node.destroy_publisher(clock)


def stamp_s(health):
    return stamp_key(health.arrivals[-1].message.header.stamp) / 1e9


def test_time_comes_from_the_simulator_and_may_go_back(simulated):
    node, health, tell = simulated
    health.wait_for("clock", "WARN", "nothing comes on /clock")
    assert stamp_s(health) == 0.0
    node._wait(lambda: stamp_s(health) == 1000.5, PATIENCE_S, "the simulated time", lambda: tell(1000.5))
    health.wait_for("clock", "OK", "simulated")
    node.client.send_prompts([box_prompt("left", LEFT.box)], sticky=True)

    def run(seconds):
        tell(seconds)
        play(node, [LEFT], [seconds], 0.1)

    node._wait(lambda: answered(node, 1001.0, LEFT), PATIENCE_S, "an answer", lambda: run(1001.0))
    status = health.wait_for("camera", "WARN", "not newer", meanwhile=lambda: run(1001.0))
    assert int(values(status)["late"]) == 0, "pictures are as old as the simulated clock says"
    since = len(health.arrivals)
    node._wait(lambda: answered(node, 10.0, LEFT), PATIENCE_S, "an answer after the jump", lambda: run(10.0))
    health.wait_for("clock", "WARN", "went back by 99", since=since)
    assert stamp_s(health) == 10.0
    times = iter(range(11, 1000))
    health.wait_for("clock", "OK", meanwhile=lambda: run(float(next(times))))
    health.wait_for("camera", "OK", meanwhile=lambda: run(float(next(times))))
    good(node.segment([box_prompt("disc", LEFT.box)], picture(LEFT, 12.0)))


def test_a_clock_that_stands_still_stops_nothing(simulated):
    node, health, tell = simulated
    node._wait(lambda: health.arrivals and stamp_s(health) == 50.0, PATIENCE_S, "the simulated time", lambda: tell(50.0))
    count = len(health.arrivals)
    for _ in range(3):
        good(node.segment([box_prompt("disc", LEFT.box)], picture(LEFT, 50.0)))
    health.next(2)
    assert len(health.arrivals) >= count + 2 and stamp_s(health) == 50.0
