"""The books of ~/describe_everything, as several clients see them: whose goal, which id, which status, how long kept."""

import pytest
from action_msgs.msg import GoalStatus, GoalStatusArray
from client import Client
from goals import Goals, ended_as, show
from patience import PATIENCE_S
from rclpy.action import ActionClient
from rclpy.qos import DurabilityPolicy, QoSProfile
from scenes import disc_scene
from segcap.action import DescribeEverything
from segcap.msg import ResultCode
from unique_identifier_msgs.msg import UUID

SUCCEEDED, ABORTED, CANCELED = GoalStatus.STATUS_SUCCEEDED, GoalStatus.STATUS_ABORTED, GoalStatus.STATUS_CANCELED
SCENE = disc_scene(640, 480, radius=0.3)
MOST_RESULTS = 16  # core/node/goals.rs
MOST_BOXES = 100  # core/detections.rs


@pytest.fixture
def goals(node):
    client = Goals(node)
    show(node, SCENE.rgb)
    yield client
    client.close()


def running(goals):
    goal = goals.send(points_per_side=64)
    assert goal.accepted
    goals.wait(lambda: goal.has_come_to("segment"), "the goal to run")
    return goal


def raw_goal(goals, number, **fields):
    """Sends a goal with an id of one's choice; whether it was accepted."""
    service = DescribeEverything.Impl.SendGoalService
    sending = goals.node.client.node.create_client(service, f"{goals.name}/_action/send_goal")
    request = service.Request(goal_id=UUID(uuid=[number] * 16), goal=DescribeEverything.Goal(**fields))
    try:
        goals.wait(sending.service_is_ready, "the send_goal service")
        future = sending.call_async(request)
        goals.wait(future.done, "an answer to a goal")
        return future.result().accepted
    finally:
        goals.node.client.node.destroy_client(sending)


def result_of(goals, goal_id):
    """(status, result) of the goal, through the service."""
    service = DescribeEverything.Impl.GetResultService
    asking = goals.node.client.node.create_client(service, f"{goals.name}/_action/get_result")
    try:
        goals.wait(asking.service_is_ready, "the get_result service")
        future = asking.call_async(service.Request(goal_id=goal_id))
        goals.wait(future.done, "a result")
        return future.result().status, future.result().result
    finally:
        goals.node.client.node.destroy_client(asking)


def test_two_clients_have_a_goal_each_and_one_waits(node, goals):
    first = running(goals)
    other = Client(node.full_name, node.image_topic, f"second_{node.number}", node.domain)
    action = ActionClient(other.node, DescribeEverything, goals.name)
    told = []
    ask = DescribeEverything.Goal(points_per_side=2)
    try:
        other.wait_for(action.server_is_ready, PATIENCE_S, "the action server")

        def send():
            future = action.send_goal_async(ask, lambda message: told.append(message.feedback))
            other.wait_for(future.done, PATIENCE_S, "an answer to the goal")
            return future.result()

        refused = send().get_result_async()
        other.wait_for(refused.done, PATIENCE_S, "the reason")
        assert refused.result().result.code == ResultCode.OVERLOADED, "one at a time, whoever asks"
        goals.cancel(first)
        ended_as(first, CANCELED, ResultCode.CANCELED)
        heard = len(first.feedback)
        second = send()
        assert second.accepted
        future = second.get_result_async()
        other.wait_for(future.done, PATIENCE_S, "the second client's result")
        assert future.result().status == SUCCEEDED and future.result().result.code == ResultCode.OK
        totals = {one.total for one in told if one.stage == "segment"}
        assert len(totals) == 1 and 4 <= totals.pop() <= 4 + MOST_BOXES, "its own goal's feedback"
        goals.node.client.spin(0.2)
        assert len(first.feedback) == heard, "and not the other's"
    finally:
        action.destroy()
        other.close()


def test_an_id_is_of_one_goal(node, goals):
    assert raw_goal(goals, 42, points_per_side=2)
    status, result = result_of(goals, UUID(uuid=[42] * 16))
    assert (status, result.code) == (SUCCEEDED, ResultCode.OK), "asked for before or after its end"
    start = node.log_length()
    assert not raw_goal(goals, 42, points_per_side=2), "its result is still kept"
    node.wait_for_log("rejected.*goal id", start)
    assert result_of(goals, UUID(uuid=[42] * 16)) == (status, result), "the first one's result stays"
    assert raw_goal(goals, 43, points_per_side=2)
    assert result_of(goals, UUID(uuid=[43] * 16))[0] == SUCCEEDED


def test_an_id_of_a_goal_that_runs_is_refused_and_does_not_disturb_it(goals):
    goal = running(goals)
    number = goal.handle.goal_id
    service = DescribeEverything.Impl.SendGoalService
    sending = goals.node.client.node.create_client(service, f"{goals.name}/_action/send_goal")
    goals.wait(sending.service_is_ready, "the send_goal service")
    future = sending.call_async(service.Request(goal_id=number, goal=DescribeEverything.Goal(points_per_side=2)))
    goals.wait(future.done, "a rejection")
    assert not future.result().accepted and not goal.has_ended
    goals.cancel(goal)
    ended_as(goal, CANCELED, ResultCode.CANCELED)


def test_old_results_are_forgotten_new_ones_kept(goals):
    # Goals that will never do end at once.
    ended = [goals.describe(points_per_side=65) for _ in range(MOST_RESULTS + 2)]
    assert all(goal.status == ABORTED for goal in ended)
    assert result_of(goals, ended[0].handle.goal_id)[0] == GoalStatus.STATUS_UNKNOWN
    status, result = result_of(goals, ended[-1].handle.goal_id)
    assert (status, result.code) == (ABORTED, ResultCode.INVALID_PROMPT)


def test_who_comes_late_still_sees_every_goal_s_status(node, goals):
    done = goals.describe(points_per_side=2)
    goal = running(goals)
    seen = []
    late = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
    listening = node.client.node.create_subscription(
        GoalStatusArray, f"{goals.name}/_action/status", lambda message: seen.append(statuses(message)), late
    )
    key, done_key = (bytes(one.handle.goal_id.uuid) for one in (goal, done))
    try:
        goals.wait(lambda: seen, "the status of before")
        assert seen[0][key] == GoalStatus.STATUS_EXECUTING and seen[0][done_key] == SUCCEEDED
        goals.cancel(goal)
        goals.wait(lambda: seen[-1].get(key) == CANCELED, "the status of the canceled goal")
        way = [one[key] for one in seen if key in one]
        assert way == sorted(way), f"executing, canceling, canceled: {way}"
    finally:
        node.client.node.destroy_subscription(listening)


def statuses(message):
    return {bytes(one.goal_info.goal_id.uuid): one.status for one in message.status_list}
