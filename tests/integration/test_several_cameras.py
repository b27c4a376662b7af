"""Several cameras in one node: each gets its share of the models, its topics, its ids and its frames."""

import pytest
from action_msgs.msg import GoalStatus
from camera_rig import LEAST_IOU
from cameras import CameraSpec
from checks import check_regions, good, refusal
from client import box_prompt, stamp_key
from goals import Goals, ended_as
from patience import PATIENCE_S
from pictures import region_mask
from scenes import iou, message
from segcap.msg import ResultCode
from segcap.srv import Segment

# Sends far more than any processor can answer; small, so that the sending itself costs little.
FRONT = CameraSpec("front", 120, 160, 120, 0.3)
REAR = CameraSpec("rear", 4, 640, 480, 0.7)
WRIST = CameraSpec("wrist", 1.5, 400, 300, 0.5)
FRAMES_OF_THE_SLOWEST = 10


@pytest.mark.load
@pytest.mark.parametrize("specs", [(FRONT, REAR), (FRONT, REAR, WRIST)], ids=["two", "three"])
def test_none_starves_and_each_gets_its_share(camera_rig, specs):
    rig = camera_rig(*specs)
    watches = rig.watches
    front, rear, slowest = watches[0], watches[1], watches[-1]
    rig.peer.wait_for(lambda: len(slowest.stamps) >= FRAMES_OF_THE_SLOWEST, PATIENCE_S, "frames of the slowest camera")
    last = slowest.stamps[-1]
    rig.peer.wait_for(lambda: slowest.answered and slowest.answered[-1] >= last, PATIENCE_S, "the last one's answer")
    shares = {watch.spec.name: (len(watch.answered), len(watch.stamps)) for watch in watches}
    for name, (answered, sent) in shares.items():
        print(f"{name}: {sent} frames sent, {answered} answered, {answered / sent:.0%}")
    for watch in watches:
        watch.check(others=[other for other in watches if other is not watch])
    assert len(front.stamps) > len(rear.stamps), f"a camera that never rests: {shares}"
    equal_part = sum(answered for answered, _ in shares.values()) / len(shares)
    for name, (answered, sent) in shares.items():
        assert answered >= 0.75 * min(sent, equal_part), f"{name} has less than its part: {shares}"
    assert front.answered == sorted(front.answered), "never backwards"
    all_ids = [watch.ids for watch in watches]
    assert sum(map(len, all_ids)) == len(set().union(*all_ids)), f"an id is of one camera: {all_ids}"
    assert all(len(ids) <= 2 for ids in all_ids), f"what stands still keeps its id: {all_ids}"


def test_a_request_names_its_camera(camera_rig):
    rig = camera_rig(FRONT, REAR)
    peer, watches = rig.peer, rig.watches
    for watch in watches:
        scene = watch.spec.scene
        array = good(peer.segment([box_prompt("disc", scene.box)], camera=watch.spec.name))
        check_regions(array, size=scene.size)
        assert (array.camera, array.header.frame_id) == (watch.spec.name, watch.spec.frame_id)
        assert iou(region_mask(array.regions[0], *scene.size), scene.disc) >= LEAST_IOU
    prompts = [box_prompt("disc", FRONT.scene.box)]
    refusal(peer.segment(prompts), ResultCode.NOT_FOUND, "front", "rear")
    refusal(peer.segment(prompts, camera="left"), ResultCode.NOT_FOUND, "left")
    own = Segment.Request(prompts=prompts)
    own.image = message(FRONT.scene.rgb, frame_id="album")
    assert good(peer.call(own)).header.frame_id == "album", "a picture of its own needs no camera"


def test_a_goal_names_its_camera(camera_rig):
    rig = camera_rig(FRONT, REAR)
    goals = Goals(rig.node)
    try:
        for watch, other in (rig.watches, rig.watches[::-1]):

            def is_seen(watch=watch, other=other):
                """Whether the frame of a goal came here, too: on a busy machine some do not."""
                goal = goals.describe(camera=watch.spec.name, points_per_side=4)
                result = ended_as(goal, GoalStatus.STATUS_SUCCEEDED, ResultCode.OK)
                rig.peer.spin(0.1)
                assert stamp_key(result.stamp) not in other.stamps, "a frame of the other camera"
                return stamp_key(result.stamp) in watch.stamps

            rig.peer.wait_for(is_seen, PATIENCE_S, f"a goal on a frame of {watch.spec.name}")
        for camera, said in (("", ["front", "rear"]), ("left", ["left"])):
            goal = goals.describe(camera=camera, points_per_side=4)
            ended_as(goal, GoalStatus.STATUS_ABORTED, ResultCode.NOT_FOUND, *said)
    finally:
        goals.close()
