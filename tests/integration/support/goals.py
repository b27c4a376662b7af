"""Goals of ~/describe_everything, sent and followed by a real rclpy ActionClient."""

from dataclasses import dataclass, field

from action_msgs.msg import GoalInfo, GoalStatus
from action_msgs.srv import CancelGoal
from client import point_prompt, stamp_key
from patience import PATIENCE_S
from rclpy.action import ActionClient
from rclpy.qos import QoSProfile
from scenes import message
from segcap.action import DescribeEverything

STAGES = ["encode", "segment", "filter", "caption"]


@dataclass
class Goal:
    """A goal on its way."""

    handle: object = None
    feedback: list = field(default_factory=list)
    result_future: object = None

    @property
    def accepted(self):
        return self.handle.accepted

    @property
    def has_ended(self):
        return self.result_future.done()

    @property
    def status(self):
        return self.result_future.result().status

    @property
    def result(self):
        return self.result_future.result().result

    def has_come_to(self, stage, done=1):
        return any(told.stage == stage and told.done >= done for told in self.feedback)


class Goals:
    """An action client of a node under test."""

    def __init__(self, node):
        self.node = node
        self.name = f"{node.full_name}/describe_everything"
        # As deep as the node's: a client that is kept from looking for a while loses no step.
        feedback = QoSProfile(depth=64)
        self.client = ActionClient(node.client.node, DescribeEverything, self.name, feedback_sub_qos_profile=feedback)
        self.canceling = node.client.node.create_client(CancelGoal, f"{self.name}/_action/cancel_goal")
        node._wait(self.client.server_is_ready, PATIENCE_S, "the action server")
        node._wait(self.canceling.service_is_ready, PATIENCE_S, "its cancel service")

    def close(self):
        self.node.client.node.destroy_client(self.canceling)
        self.client.destroy()

    def wait(self, condition, what, timeout=PATIENCE_S, meanwhile=None):
        return self.node._wait(condition, timeout, what, meanwhile)

    def send(self, **fields):
        """Sends a goal; returns it once it is accepted or rejected."""
        goal = Goal()
        request = DescribeEverything.Goal(**fields)
        future = self.client.send_goal_async(request, lambda told: goal.feedback.append(told.feedback))
        self.wait(future.done, "an answer to the goal")
        goal.handle = future.result()
        if goal.accepted:
            goal.result_future = goal.handle.get_result_async()
        return goal

    def ended(self, goal, timeout=PATIENCE_S, meanwhile=None):
        """The goal, when it has ended."""
        self.wait(lambda: goal.has_ended, "the goal's result", timeout, meanwhile)
        return goal

    def describe(self, **fields):
        """The whole way of a goal that is accepted."""
        goal = self.send(**fields)
        assert goal.accepted
        return self.ended(goal)

    def cancel(self, goal):
        """Cancels the goal; returns the response when the goal has ended."""
        future = goal.handle.cancel_goal_async()
        self.wait(lambda: goal.has_ended, "the canceled goal's result")
        self.wait(future.done, "the answer to cancel")
        return future.result()

    def cancel_by(self, **goal_info):
        """A bare cancel request, with an id, a time, both or neither."""
        future = self.canceling.call_async(CancelGoal.Request(goal_info=GoalInfo(**goal_info)))
        self.wait(future.done, "the answer to cancel")
        return future.result()


def show(node, rgb):
    """Makes this the newest frame of the node's camera; returns its message."""
    picture = message(rgb)
    height, width = rgb.shape[:2]

    def is_newest():
        array = node.segment([point_prompt("", [(width // 2, height // 2)])]).regions
        return stamp_key(array.header.stamp) == stamp_key(picture.header.stamp)

    node._wait(is_newest, PATIENCE_S, "the frame to be taken", lambda: node.client.images.publish(picture))
    return picture


def ended_as(goal, status, code, *said):
    """The goal ended so, and its result agrees: success exactly for code 0, and a message that names every text."""
    names = {value: name for name, value in vars(GoalStatus).items() if name.startswith("STATUS_")}
    result = goal.result
    assert goal.status == status, f"{names.get(goal.status)}, code {result.code}: {result.message[:300]}"
    assert (result.code, result.success) == (code, code == 0), result.message[:300]
    assert (result.message == "") == (code == 0)
    for text in said:
        assert text.lower() in result.message.lower(), f"{text!r} is not named in: {result.message}"
    assert result.count == len(result.ids) == len(result.captions), "one of each for each region"
    assert len(set(result.ids)) == len(result.ids) and all(result.ids)
    return result
