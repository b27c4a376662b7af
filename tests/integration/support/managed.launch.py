"""segcap as a LifecycleNode of launch_ros: configured when it is there, activated when it is inactive."""

from launch import LaunchDescription
from launch.actions import EmitEvent, LogInfo, RegisterEventHandler
from launch.event_handlers import OnProcessStart
from launch.events import matches_action
from launch_ros.actions import LifecycleNode
from launch_ros.event_handlers import OnStateTransition
from launch_ros.events.lifecycle import ChangeState
from lifecycle_msgs.msg import Transition


def generate_launch_description():
    node = LifecycleNode(
        package="segcap",
        executable="segcap_node",
        name="segcap",
        namespace="managed",
        output="screen",
        parameters=[{"autostart": False}],
    )

    def ask(transition):
        return EmitEvent(event=ChangeState(lifecycle_node_matcher=matches_action(node), transition_id=transition))

    def when(state, *actions):
        return RegisterEventHandler(
            OnStateTransition(
                target_lifecycle_node=node, goal_state=state, entities=[LogInfo(msg=f"launch saw {state}"), *actions]
            )
        )

    return LaunchDescription([
        when("inactive", ask(Transition.TRANSITION_ACTIVATE)),
        when("active"),
        RegisterEventHandler(OnProcessStart(target_action=node, on_start=[ask(Transition.TRANSITION_CONFIGURE)])),
        node,
    ])  # fmt: skip
