"""The managed node: states, transitions, refusals, models that come and go."""

import re
import signal
import time

import pytest
from checks import check_regions, good, refusal
from client import Client, box_prompt
from growth import check_growth
from lifecycle_cycles import cycle
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from managed import Managed
from patience import PATIENCE_S
from processes import ROOT, resident_mb
from scenes import disc_scene, message
from segcap.msg import ResultCode
from std_srvs.srv import SetBool

SCENE = disc_scene(320, 240)
TINY = ROOT / "tests" / "fixtures" / "tiny"
BUILT_IN = '""'  # an empty text, on the command line
# Of each primary state: how it is reached, and what may be asked for in it.
WAYS = {
    "unconfigured": ([], {1: "configure", 5: "shutdown"}),
    "inactive": (["configure"], {2: "cleanup", 3: "activate", 6: "shutdown"}),
    "active": (["configure", "activate"], {4: "deactivate", 7: "shutdown"}),
    "finalized": (["shutdown"], {}),
}


@pytest.fixture
def managed(start_node):
    """managed(parameters): a node that waits to be configured, with a tiny model, and its lifecycle."""
    opened = []

    def start(autostart=False, **parameters):
        node = start_node(parameters={"autostart": autostart, "bundle": TINY, **parameters})
        opened.append(Managed(node.full_name, node.client))
        return node, opened[-1]

    yield start
    for one in opened:
        one.close()


def ask(node, **fields):
    return node.segment([box_prompt("disc", SCENE.box)], SCENE.rgb, **fields)


def test_a_plain_node_is_active(node):
    managed = Managed(node.full_name, node.client)
    managed.wait_for_state("active")
    managed.close()


def test_states_and_transitions_are_those_of_every_lifecycle_node(managed):
    _node, lifecycle = managed()
    assert lifecycle.states() == {
        0: "unknown", 1: "unconfigured", 2: "inactive", 3: "active", 4: "finalized", 10: "configuring",
        11: "cleaningup", 12: "shuttingdown", 13: "activating", 14: "deactivating", 15: "errorprocessing",
    }  # fmt: skip
    graph = lifecycle.graph()
    assert len(graph) == 25
    assert graph[1] == ("configure", "unconfigured", "configuring")
    assert graph[11] == ("transition_failure", "configuring", "unconfigured")
    assert graph[60] == ("transition_success", "errorprocessing", "unconfigured")


@pytest.mark.parametrize("state", WAYS)
def test_every_transition_that_there_is_not_is_refused(state, managed):
    _node, lifecycle = managed()
    there, possible = WAYS[state]
    lifecycle.begin_to_hear()
    lifecycle.lead(*there)
    assert lifecycle.state() == state
    begun = time.time_ns()
    assert {number: label for number, (label, _, _) in lifecycle.available().items()} == possible
    for number in set(range(100)) | {250, 255}:
        if number not in possible:
            assert not lifecycle.change(number=number), f"{number} in {state}"
    for label in ["configure", "cleanup", "activate", "deactivate", "shutdown", "destroy", "transition_success", "x\u00e4"]:
        if label not in possible.values():
            assert not lifecycle.change(label, number=next(iter(possible), 1)), f"{label} in {state}"
    assert lifecycle.state() == state and not lifecycle.steps(since_ns=begun)


def test_only_an_active_node_answers_and_publishes(managed):
    node, lifecycle = managed()
    refusal(ask(node), ResultCode.NOT_ACTIVE, "active")
    lifecycle.lead("configure")
    refusal(ask(node), ResultCode.NOT_ACTIVE, "active")
    lifecycle.lead("activate")
    check_regions(good(ask(node)), size=SCENE.size)
    node.answer_on_topic(lambda: message(SCENE.rgb), [box_prompt("disc", SCENE.box)])
    lifecycle.lead("deactivate")
    sent = [message(SCENE.rgb) for _ in range(5)]
    for picture in sent:
        node.client.images.publish(picture)
        node.client.spin(0.1)
    assert not node.arrays(lambda array: array.header.stamp in [picture.header.stamp for picture in sent])
    refusal(ask(node), ResultCode.NOT_ACTIVE, "active")
    lifecycle.lead("activate")
    check_regions(good(ask(node)), size=SCENE.size)


def test_an_active_node_can_be_paused(managed):
    node, lifecycle = managed()
    enable = lambda data: lifecycle.call(SetBool, "set_enabled", data=data)  # noqa: E731
    assert "active" in enable(False).message and not enable(False).success
    lifecycle.lead("configure", "activate")
    assert enable(False).success
    refusal(ask(node), ResultCode.NOT_ACTIVE, "set_enabled")
    assert lifecycle.state() == "active"
    assert enable(True).success
    good(ask(node))


def test_every_step_is_told(managed):
    _node, lifecycle = managed()
    begun = lifecycle.begin_to_hear()
    lifecycle.lead("configure", "activate", "deactivate", "cleanup", "shutdown")
    done = "transition_success"
    last = ("shuttingdown", done, "finalized")
    lifecycle.peer.wait_for(lambda: lifecycle.steps()[-1] == last, PATIENCE_S, "the last event")
    assert lifecycle.steps(since_ns=begun) == [
        ("unconfigured", "configure", "configuring"), ("configuring", done, "inactive"),
        ("inactive", "activate", "activating"), ("activating", done, "active"),
        ("active", "deactivate", "deactivating"), ("deactivating", done, "inactive"),
        ("inactive", "cleanup", "cleaningup"), ("cleaningup", done, "unconfigured"),
        ("unconfigured", "shutdown", "shuttingdown"), last,
    ]  # fmt: skip
    stamps = [event.timestamp for event in lifecycle.events]
    assert stamps == sorted(stamps) and stamps[0] > 1_600_000_000 * 10**9, "nanoseconds since 1970"


def test_of_many_who_ask_for_a_transition_at_once_one_gets_it(managed):
    _node, lifecycle = managed(bundle=BUILT_IN)
    wanted = [Transition(label="configure")] * 3 + [Transition()] * 2
    futures = [lifecycle.call_async(ChangeState, "change_state", transition=each) for each in wanted]
    lifecycle.peer.wait_for(lambda: all(future.done() for future in futures), PATIENCE_S, "five answers")
    got_it = [future.result().success for future in futures]
    assert sorted(got_it[:3]) == [False, False, True]
    assert got_it[3:] == [False, False], "an empty request names no transition"
    assert lifecycle.state() == "inactive"


@pytest.mark.parametrize("bad", ["/nowhere/at/all", ROOT / "demo", ROOT / "tests" / "fixtures"])
def test_a_bad_bundle_is_refused_with_a_reason_and_a_good_one_taken_afterwards(bad, managed):
    node, lifecycle = managed()
    lifecycle.begin_to_hear()
    lifecycle.lead("configure", "activate")
    assert good(ask(node)).model.startswith("tiny")
    refused = lifecycle.set_parameter("bundle", str(bad))
    assert not refused.successful and "unconfigured" in refused.reason and "active" in refused.reason
    lifecycle.lead("deactivate", "cleanup")
    assert lifecycle.set_parameter("bundle", str(bad)).successful
    start = node.log_length()
    assert not lifecycle.change("configure")
    assert lifecycle.state() == "unconfigured"
    node.wait_for_log(rf"configure: .*{bad}", start)
    failed = ("configuring", "transition_failure", "unconfigured")
    lifecycle.peer.wait_for(lambda: lifecycle.steps()[-1:] == [failed], PATIENCE_S, "the failure's event")
    refusal(ask(node), ResultCode.NOT_ACTIVE, "active")
    assert lifecycle.set_parameter("bundle", "").successful
    lifecycle.lead("configure", "activate")
    assert not good(ask(node)).model.startswith("tiny"), "the built-in model answers now"


def test_a_start_with_a_bad_bundle_waits_to_be_put_right(managed):
    node, lifecycle = managed(autostart=True, bundle="/nowhere/at/all")
    node.wait_for_log(r"/nowhere/at/all[\s\S]*not started; correct what stands above")
    assert lifecycle.state() == "unconfigured"
    assert lifecycle.set_parameter("bundle", str(TINY)).successful
    lifecycle.lead("configure", "activate")
    good(ask(node))


def test_what_is_asked_while_the_node_starts_is_answered(start_node):
    """A client that sees the services and asks at once does not meet a node that is not active yet."""
    for _ in range(3):
        node = start_node(connect=False)
        node.connect()  # and does not wait until it has started
        good(node.segment([box_prompt("disc", SCENE.box)], SCENE.rgb))


def test_a_camera_that_is_there_first_is_no_trouble(start_node):
    """What comes while the node starts is neither an error nor lost: the newest picture is kept."""
    node = start_node(connect=False)
    node.client = Client(node.full_name, node.image_topic, f"{node.namespace[1:]}_early", node.domain)
    send = lambda: node.client.images.publish(message(SCENE.rgb))  # noqa: E731
    # Until one of them has come: they are sent as best effort, and at first to nobody.
    ready = lambda: re.search(r"(?s)(?=.*\]: ready)(?=.*pictures arrive on)", node.process.log())  # noqa: E731
    node.client.wait_for(ready, PATIENCE_S, "the node's start", meanwhile=send, every=0.005)
    check_regions(good(node.segment([box_prompt("disc", SCENE.box)])), size=SCENE.size)
    assert "ERROR" not in node.process.log(), node.process.log()


def test_cleanup_frees_the_model(managed):
    node, lifecycle = managed(bundle=BUILT_IN)
    lifecycle.lead("configure", "activate")
    good(ask(node, caption=True))
    lifecycle.lead("deactivate")
    loaded = resident_mb(node.process.pid)
    lifecycle.lead("cleanup")
    freed = loaded - resident_mb(node.process.pid)
    assert freed > 20, f"{freed:.1f} of {loaded:.1f} MiB freed"


def test_configure_and_cleanup_again_and_again_without_growth(managed):
    node, lifecycle = managed()

    def ten_cycles():
        for _ in range(10):
            cycle(lifecycle)

    check_growth(node.process.pid, ten_cycles, most_mb=2)


@pytest.mark.parametrize("state", WAYS)
def test_a_signal_ends_the_node_in_every_state(state, managed):
    node, lifecycle = managed()
    lifecycle.lead(*WAYS[state][0])
    node.process.signal(signal.SIGINT)
    assert node.process.wait(PATIENCE_S) == 0


def test_topics_are_there_before_the_node_is_configured(managed):
    """So that whoever waits for them can tell a node that is not active from one that is not there."""
    node, _lifecycle = managed()
    assert node.client.node.count_publishers(f"{node.full_name}/regions") == 1
    assert node.client.service.service_is_ready()
