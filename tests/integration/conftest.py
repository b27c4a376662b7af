"""Fixtures: the real segcap_node as a process, and a real rclpy client that talks to it over DDS."""

import os
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE / "support"), str(HERE.parents[1] / "demo")]

# The helpers, and through them rclpy, are found only now.
from peer import NodeUnderTest  # noqa: E402
from processes import ProcessError, free_domain_id, node_binary, ros_environment  # noqa: E402


def pytest_configure(config):
    config.addinivalue_line("markers", "load: takes the whole machine for some seconds")


def pytest_sessionstart(session):
    try:
        node_binary()
    except ProcessError as error:
        pytest.exit(str(error), returncode=2)


@pytest.fixture(scope="session")
def domain():
    """A ROS domain of this session's own."""
    number = free_domain_id()
    os.environ.update(ros_environment(number))
    return number


@pytest.fixture(scope="session")
def logs(tmp_path_factory):
    return tmp_path_factory.mktemp("logs")


# Everything-mode with a grid that two busy cores can answer in time, and content with a modest model's masks.
EVERYTHING = {
    "everything.points_per_side": 8,
    "everything.pred_iou_thresh": 0.4,
    "everything.stability_thresh": 0.4,
}


@pytest.fixture(scope="session")
def _shared_node(domain, logs):
    running = NodeUnderTest(logs, domain, EVERYTHING)
    yield running
    assert running.stop() == 0, "the node must end with code 0"


@pytest.fixture
def node(_shared_node, request):
    """The node that most tests share, without sticky prompts; it must be alive after every test."""
    yield from _watched(_shared_node, request)
    _shared_node.forget()


@pytest.fixture(scope="session")
def _compressed_node(domain, logs):
    running = NodeUnderTest(logs, domain, {"image_transport": "compressed"})
    yield running
    assert running.stop() == 0, "the node must end with code 0"


@pytest.fixture
def compressed_node(_compressed_node, request):
    """A node that takes image/compressed."""
    yield from _watched(_compressed_node, request)
    _compressed_node.forget()


@pytest.fixture(scope="module")
def space_node(domain, logs):
    """A node of one file's own: what it hears of depth is no other test's business. It only segments."""
    running = NodeUnderTest(logs, domain, {"caption.mode": "on_request"})
    yield running
    assert running.stop() == 0


@pytest.fixture
def start_node(domain, logs, request):
    """Starts further nodes: start_node(parameters=..., node_name=..., connect=...); all are ended after the test."""
    started = []

    def start(**options):
        started.append(NodeUnderTest(logs, domain, **options))
        _log_of(request.node, started[-1])
        return started[-1]

    yield start
    for running in started:
        running.stop()


@pytest.fixture
def camera_rig(start_node):
    """Starts a node with named cameras that publish: camera_rig(FRONT, REAR, parameters=...)."""
    from camera_rig import CameraRig

    rigs = []

    def start(*specs, parameters=None):
        rigs.append(CameraRig(start_node, specs, parameters))
        rigs[-1].wait_until_ready()
        return rigs[-1]

    yield start
    for rig in rigs:
        rig.close()


def _watched(running, request):
    _log_of(request.node, running)
    yield running
    running.process.check_alive()


def _log_of(item, running):
    """Remembers where in the node's log this test begins."""
    item.stash.setdefault(_LOGS, []).append((running, running.log_length()))


_LOGS = pytest.StashKey()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Adds what the nodes logged during a test to the report of its failure."""
    report = (yield).get_result()
    if report.failed:
        for running, start in item.stash.get(_LOGS, []):
            text = running.process.log()[start:][-6000:]
            report.sections.append((f"log of {running.process.name}", text or "(nothing)"))
