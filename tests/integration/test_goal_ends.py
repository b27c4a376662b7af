"""How goals of ~/describe_everything end before they are done: canceled, out of time, refused, abandoned."""

import os
import signal
import sys
import time

import numpy as np
import pytest
from action_msgs.msg import GoalStatus
from action_msgs.srv import CancelGoal
from builtin_interfaces.msg import Time
from checks import check_regions, good
from client import box_prompt, stamp_key
from goals import Goals, ended_as, show
from growth import check_growth
from managed import Managed
from patience import PATIENCE_S
from processes import Process, wait_until
from scenes import disc_scene
from segcap.action import DescribeEverything
from segcap.msg import ResultCode
from unique_identifier_msgs.msg import UUID
from waiting import Patience

SUCCEEDED, ABORTED, CANCELED = GoalStatus.STATUS_SUCCEEDED, GoalStatus.STATUS_ABORTED, GoalStatus.STATUS_CANCELED
SCENE = disc_scene(640, 480, radius=0.3)
# The finest grid: takes seconds on any machine without a GPU.
LONG = dict(points_per_side=64)
CLICKS = 64 * 64


@pytest.fixture
def goals(node):
    client = Goals(node)
    show(node, SCENE.rgb)
    yield client
    client.close()


def running(goals, stage="segment", **fields):
    goal = goals.send(**{**LONG, **fields})
    assert goal.accepted
    goals.wait(lambda: goal.has_come_to(stage), f"the goal to come to {stage!r}")
    return goal


def clicks_done(goal):
    """How far the search had come when the client heard of it last."""
    return max(told.done for told in goal.feedback if told.stage == "segment")


def test_cancel_ends_it_in_the_middle_of_its_work(goals):
    for _ in range(2):
        goal = running(goals)
        response = goals.cancel(goal)
        assert response.return_code == CancelGoal.Response.ERROR_NONE
        assert [bytes(info.goal_id.uuid) for info in response.goals_canceling] == [bytes(goal.handle.goal_id.uuid)]
        ended_as(goal, CANCELED, ResultCode.CANCELED, "cancel")
        assert {told.stage for told in goal.feedback} <= {"encode", "segment"} and clicks_done(goal) < CLICKS / 2


def test_after_cancel_the_node_is_free_and_the_goal_is_silent(goals):
    goal = running(goals)
    goals.cancel(goal)
    heard = len(goal.feedback)
    ended_as(goals.describe(points_per_side=4), SUCCEEDED, ResultCode.OK)
    assert len(goal.feedback) == heard, "a goal that has ended tells nothing"


def many_discs():
    """48 discs, each in a colour of its own."""
    rgb = np.full((480, 640, 3), 96, np.uint8)
    rows, columns = np.ogrid[:480, :640]
    colours = np.random.default_rng(0).integers(0, 255, (6, 8, 3))
    for row, column in np.ndindex(6, 8):
        rgb[(columns - 40 - 80 * column) ** 2 + (rows - 40 - 80 * row) ** 2 <= 26**2] = colours[row, column]
    return rgb


def test_canceled_in_the_middle_of_the_words_it_keeps_those_that_are_said(start_node):
    # Every mask is a region: far more words than are said before the cancel comes.
    all_masks = {"everything.pred_iou_thresh": 0.0, "everything.stability_thresh": 0.0, "everything.nms_thresh": 1.0}
    node = start_node(parameters={**all_masks, "caption.batch": 1})
    goals = Goals(node)
    picture = show(node, many_discs())
    goal = running(goals, "caption", points_per_side=8, caption=True, max_regions=200)
    goals.cancel(goal)
    result = ended_as(goal, CANCELED, ResultCode.CANCELED)
    said = [caption for caption in result.captions if caption]
    assert 1 <= len(said) < result.count

    def last():
        arrays = node.arrays(lambda array: stamp_key(array.header.stamp) == stamp_key(picture.header.stamp))
        return len(arrays) >= 2 and arrays[-1]

    array = goals.wait(last, "the words that were said, on the topic")
    states = {region.caption_state for region in array.regions}
    assert array.regions[0].CAPTION_PENDING not in states, "no words are promised that will not come"
    assert [region.id for region in array.regions] == list(result.ids)


def test_cancel_by_id_by_time_and_of_all(goals):
    goal = running(goals)
    before = Time(sec=1)
    assert goals.cancel_by(stamp=before).goals_canceling == [], "it was accepted later"
    unknown = goals.cancel_by(goal_id=UUID(uuid=[7] * 16))
    assert unknown.return_code == CancelGoal.Response.ERROR_UNKNOWN_GOAL_ID
    assert not goal.has_ended
    everything = goals.cancel_by()
    assert len(everything.goals_canceling) == 1
    ended_as(goals.ended(goal, 5), CANCELED, ResultCode.CANCELED)
    over = goals.cancel_by(goal_id=goal.handle.goal_id)
    assert over.return_code == CancelGoal.Response.ERROR_GOAL_TERMINATED


def test_cancel_twice_at_once(goals):
    goal = running(goals)
    futures = [goal.handle.cancel_goal_async() for _ in range(2)]
    goals.wait(lambda: all(future.done() for future in futures), "two answers")
    assert len(futures[0].result().goals_canceling) == 1
    ended_as(goals.ended(goal), CANCELED, ResultCode.CANCELED)


def test_one_goal_at_a_time(node, goals):
    goal = running(goals)
    for _ in range(3):
        ended_as(goals.describe(caption=True), ABORTED, ResultCode.OVERLOADED, "runs already", "one at a time")
    assert not goal.has_ended, "the first one is not disturbed"
    goals.cancel(goal)
    ended_as(goals.describe(points_per_side=4), SUCCEEDED, ResultCode.OK)


def test_a_node_that_is_not_active_says_so(start_node):
    node = start_node(parameters={"autostart": False})
    goals, lifecycle = Goals(node), Managed(node.full_name, node.client)
    ended_as(goals.describe(), ABORTED, ResultCode.NOT_ACTIVE, "to be active")
    lifecycle.lead("configure")
    ended_as(goals.describe(), ABORTED, ResultCode.NOT_ACTIVE, "to be active")
    lifecycle.lead("activate")
    show(node, SCENE.rgb)
    ended_as(goals.describe(points_per_side=2), SUCCEEDED, ResultCode.OK)
    lifecycle.close()
    goals.close()


def test_the_time_limit_is_kept_and_what_was_found_is_there(node, goals):
    begun = time.monotonic()
    goal = goals.ended(goals.send(**LONG, caption=True, time_limit=1.5))
    took = time.monotonic() - begun
    result = ended_as(goal, ABORTED, ResultCode.TIMEOUT, "1.5 s")
    assert took >= 1.5, "not before its time"
    assert "caption" not in {told.stage for told in goal.feedback}, "nor at the end of its work"
    if result.count:
        array = goals.wait(lambda: [a for a in node.arrays() if stamp_key(a.header.stamp) == stamp_key(result.stamp)],
                           "the regions found so far", 5)[-1]
        check_regions(array, size=SCENE.size)
        assert [region.id for region in array.regions] == list(result.ids)


def test_a_time_limit_that_suffices_changes_nothing(goals):
    ended_as(goals.describe(points_per_side=4, caption=True, time_limit=600.0), SUCCEEDED, ResultCode.OK)


def test_a_result_can_be_asked_for_late_and_an_unknown_one_is_unknown(node, goals):
    goal = goals.describe(points_per_side=4)
    again = goal.handle.get_result_async()
    goals.wait(again.done, "the result once more")
    assert (again.result().status, again.result().result) == (goal.status, goal.result)
    service = DescribeEverything.Impl.GetResultService
    asking = node.client.node.create_client(service, f"{goals.name}/_action/get_result")
    future = asking.call_async(service.Request(goal_id=UUID(uuid=[9] * 16)))
    goals.wait(future.done, "an answer about an unknown goal")
    assert future.result().status == GoalStatus.STATUS_UNKNOWN


VANISHING = """
import sys, rclpy
from rclpy.action import ActionClient
from segcap.action import DescribeEverything
rclpy.init()
node = rclpy.create_node("vanishing")
client = ActionClient(node, DescribeEverything, sys.argv[1])
client.wait_for_server()
told = lambda feedback: print("told", flush=True)
future = client.send_goal_async(DescribeEverything.Goal(points_per_side=64, caption=True, time_limit=2.0), told)
rclpy.spin_until_future_complete(node, future)
print("accepted" if future.result().accepted else "rejected", flush=True)
future.result().get_result_async()
rclpy.spin(node)
"""


def test_a_client_that_vanishes_leaves_nothing_behind(node, goals, logs):
    for number in range(3):
        log = logs / f"vanishing_{os.getpid()}_{number}.log"
        client = Process("a vanishing client", [sys.executable, "-c", VANISHING, goals.name], log, dict(os.environ))
        try:
            said = ("accepted", "told")
            wait_until(lambda: all(word in client.log() for word in said), PATIENCE_S, "its goal to run", alive=[client])  # noqa: B023
        finally:
            client.signal(signal.SIGKILL)
            client.wait(PATIENCE_S)
        patience = Patience(PATIENCE_S)
        goal = goals.describe(points_per_side=2)
        while goal.result.code == ResultCode.OVERLOADED:
            assert not patience.is_over(), "its time limit must end the goal"
            node.client.spin(0.1)
            goal = goals.describe(points_per_side=2)
        ended_as(goal, SUCCEEDED, ResultCode.OK)
        check_regions(good(node.segment([box_prompt("disc", SCENE.box)], SCENE.rgb)), size=SCENE.size)


def test_many_goals_leave_no_memory_behind(node, goals):
    def ten_goals():
        for _ in range(10):
            goals.describe(points_per_side=2)

    check_growth(node.process.pid, ten_goals, most_mb=5)


def test_a_signal_ends_node_and_goal(start_node):
    node = start_node()
    goals = Goals(node)
    show(node, SCENE.rgb)
    goal = running(goals, caption=True)
    node.process.signal(signal.SIGINT)
    assert node.process.wait(PATIENCE_S) == 0
    node.client.wait_for(lambda: goal.has_ended, PATIENCE_S, "the goal's result")
    assert clicks_done(goal) < CLICKS / 2, "the node has not waited for the goal"
    ended_as(goal, ABORTED, ResultCode.CANCELED, "shutting down")
