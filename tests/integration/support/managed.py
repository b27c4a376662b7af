"""The lifecycle of a node under test, driven as ros2 lifecycle and nav2's manager drive it."""

import time
from functools import partial

from lifecycle_msgs.msg import Transition, TransitionEvent
from lifecycle_msgs.srv import ChangeState, GetAvailableStates, GetAvailableTransitions, GetState
from patience import PATIENCE_S
from rcl_interfaces.srv import SetParameters
from rclpy.parameter import Parameter


class Managed:
    """Clients of a node's lifecycle services, and what its ~/transition_event has told."""

    def __init__(self, full_name, peer):
        """`peer`: a client.Client, which spins."""
        self.full_name = full_name
        self.peer = peer
        self.events = []
        self._clients = {}
        self._subscription = peer.node.create_subscription(
            TransitionEvent, f"{full_name}/transition_event", self.events.append, 50
        )
        peer.wait_for(lambda: peer.node.count_publishers(f"{full_name}/transition_event"), PATIENCE_S, "~/transition_event")

    def close(self):
        for client in self._clients.values():
            self.peer.node.destroy_client(client)
        self.peer.node.destroy_subscription(self._subscription)

    def call(self, kind, name, **fields):
        future = self.call_async(kind, name, **fields)
        self.peer.wait_for(future.done, PATIENCE_S, f"an answer of ~/{name}")
        return future.result()

    def call_async(self, kind, name, **fields):
        if name not in self._clients:
            self._clients[name] = self.peer.node.create_client(kind, f"{self.full_name}/{name}")
        self.peer.wait_for(self._clients[name].service_is_ready, PATIENCE_S, f"~/{name}")
        return self._clients[name].call_async(kind.Request(**fields))

    def state(self):
        """The label of the state that the node is in."""
        return self.call(GetState, "get_state").current_state.label

    def change(self, label="", number=0):
        """Asks for a transition; whether it succeeded."""
        wanted = Transition(id=number, label=label)
        return self.call(ChangeState, "change_state", transition=wanted).success

    def set_parameter(self, name, value):
        """The result of setting one parameter."""
        parameter = Parameter(name=name, value=value).to_parameter_msg()
        return self.call(SetParameters, "set_parameters", parameters=[parameter]).results[0]

    def lead(self, *labels):
        for label in labels:
            assert self.change(label), f"{label} in state {self.state()}"

    def available(self):
        """{id: (label, start, goal)} of what may be asked for now."""
        return ways(self.call(GetAvailableTransitions, "get_available_transitions"))

    def graph(self):
        return ways(self.call(GetAvailableTransitions, "get_transition_graph"))

    def states(self):
        found = self.call(GetAvailableStates, "get_available_states").available_states
        return {state.id: state.label for state in found}

    def wait_for_state(self, label):
        self.peer.wait_for(lambda: self.state() == label, PATIENCE_S, f"the state {label}")

    def begin_to_hear(self):
        """From now on no event is missed: the node, which must be unconfigured, has found our subscription, too.

        Returns the moment: earlier events may still come.
        """
        go_round = partial(self.lead, "configure", "cleanup")
        self.peer.wait_for(lambda: self.events, PATIENCE_S, "a first event", meanwhile=go_round, every=1.0)
        return time.time_ns()

    def steps(self, since_ns=0):
        """(start, transition, goal) of the events from this moment on that have come."""
        events = (event for event in self.events if event.timestamp >= since_ns)
        return [(e.start_state.label, e.transition.label, e.goal_state.label) for e in events]


def ways(response):
    return {
        way.transition.id: (way.transition.label, way.start_state.label, way.goal_state.label)
        for way in response.available_transitions
    }
