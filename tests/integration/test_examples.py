"""The programs of examples/, each as a user runs it: against a node with a camera, and without one."""

import os
import re
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest
from action_msgs.msg import GoalStatus, GoalStatusArray
from client import point_prompt
from goals import Goals, ended_as
from managed import Managed
from patience import PATIENCE_S
from peer import NodeUnderTest
from processes import ROOT, node_binary
from questions import camera, clip_frame
from rclpy.qos import DurabilityPolicy, QoSProfile
from segcap.msg import ResultCode
from std_srvs.srv import Trigger

SUCCEEDED = GoalStatus.STATUS_SUCCEEDED

LANGUAGES = ["py", "rs"]
NAMES = ["what_is_here", "wait_for", "describe_everything"]
ARGUMENTS = {"what_is_here": ["10", "10"], "wait_for": [], "describe_everything": []}


def command(name, language):
    """The program; skips where the Rust ones are not built."""
    if language == "py":
        return [sys.executable, ROOT / "examples" / f"{name}.py"]
    program = node_binary().parent / "examples" / name
    if not program.exists():
        pytest.skip(f"{program} is not built: make build")
    return [program]


def start(name, language, *arguments):
    return subprocess.Popen(
        [str(part) for part in [*command(name, language), *arguments]],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip


def said_by(child, timeout=5 * PATIENCE_S):
    """(exit code, output); the program is ended when it does not end."""
    try:
        output, _ = child.communicate(timeout=timeout)
    finally:
        child.kill()
    return child.returncode, output


@pytest.fixture(scope="module")
def scene(domain, logs):
    """A node that follows two things of the sample clip, whose camera stands still."""
    node = NodeUnderTest(logs, domain, {"everything.points_per_side": 8, "everything.min_area": 400})
    _, prompts = clip_frame()
    with camera(node, logs, rate_hz=10, paused=True):
        node.client.send_prompts(prompts[:2], sticky=True)
        node._wait(lambda: node.arrays(described), PATIENCE_S, "words")
        yield node, node.arrays(described)[0]
    assert node.stop() == 0


def described(array):
    return array.regions and all(region.caption for region in array.regions)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_here(scene, language):
    node, array = scene
    box = array.regions[1].bbox
    middle = [str(box.x_offset + box.width // 2), str(box.y_offset + box.height // 2)]
    code, said = said_by(start("what_is_here", language, *middle, "--node", node.full_name))
    assert code == 0 and "Traceback" not in said, said
    assert "from memory" in said or "by the model" in said, said
    assert re.search(r"^ +r\d+  \S.*: box \d+,\d+ \d+x\d+, seen (in|[\d.]+ s before) the newest picture", said,
                     re.MULTILINE), said


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_nobody_has_asked_about_is_looked_at(scene, language):
    node, _ = scene
    code, said = said_by(start("what_is_here", language, "437", "168", "--max-age", "0.000001", "--node", node.full_name))
    assert code == 0, said
    assert "looking at the newest image" in said and "by the model" in said, said


@pytest.mark.parametrize("language", LANGUAGES)
def test_wait_for_what_is_there(scene, language):
    node, array = scene
    region = array.regions[1]
    code, said = said_by(start("wait_for", language, *region.caption.split(), "--node", node.full_name, "--look-every", "0"))
    assert code == 0, said
    place = r"\(-?\d+\.\d\d, -?\d+\.\d\d, \d+\.\d\d\) m in frame .camera_optical_frame., pixel \(\d+, \d+\) of 640x480"
    found = rf"^There: r\d+, .{re.escape(region.caption)}. \(1.00\), at {place}"
    assert re.search(found, said, re.MULTILINE), said


@pytest.mark.parametrize("language", LANGUAGES)
def test_wait_for_what_does_not_come(scene, language):
    node, _ = scene
    arguments = ["purple", "helicopter", "--timeout", "2", "--look-every", "0", "--node", node.full_name]
    code, said = said_by(start("wait_for", language, *arguments))
    assert code == 1, said
    assert "purple helicopter" in said and "in 2 s" in said, said


# Longer than the 5 s before its start of which wait_for takes what was seen.
HELD_S = 7.0


@pytest.fixture
def unprompted(start_node, logs):
    """A node that nobody asks for anything, before a camera that stands still."""
    node = start_node(parameters={"everything.points_per_side": 8, "everything.min_area": 400, "autostart": False})
    lifecycle = Managed(node.full_name, node.client)
    with camera(node, logs, rate_hz=10, paused=True):
        lifecycle.lead("configure", "activate")
        yield node, lifecycle
        lifecycle.close()
    assert node.stop() == 0


class GoalWatch:
    """Every goal of ~/describe_everything, and how many of them ran at the same time at most."""

    def __init__(self, node):
        self.statuses, self.most = {}, 0
        qos = QoSProfile(depth=10, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        topic = f"{node.full_name}/describe_everything/_action/status"
        node.client.node.create_subscription(GoalStatusArray, topic, self.take, qos)

    def take(self, message):
        self.statuses.update({bytes(one.goal_info.goal_id.uuid): one.status for one in message.status_list})
        self.most = max(self.most, len(self.running()))

    def running(self):
        return [key for key, status in self.statuses.items() if status == GoalStatus.STATUS_EXECUTING]


@contextmanager
def held(node):
    """The node stands still, as if its model took so long."""
    node.process.signal(signal.SIGSTOP)
    try:
        yield
    finally:
        node.process.signal(signal.SIGCONT)


@pytest.mark.parametrize("language", LANGUAGES)
def test_wait_for_finds_what_a_slow_look_has_seen(unprompted, language):
    """Nobody else prompts, and a look takes longer than what was seen may be old at the start."""
    node, _ = unprompted
    goals = Goals(node)
    node._wait(lambda: node.segment([point_prompt("", [(320, 240)])]).success, PATIENCE_S, "the camera's picture")
    words = ended_as(goals.describe(caption=True), SUCCEEDED, ResultCode.OK).captions[0]
    forget(node)  # the same picture is described in the same words again
    watch = GoalWatch(node)
    node.client.spin(0.5)
    before = set(watch.statuses)
    child = start("wait_for", language, *words.split(), "--min-score", "1", "--look-every", "0.1", "--patience", str(PATIENCE_S),
                  "--node", node.full_name)
    try:
        node._wait(watch.running, PATIENCE_S, "a look of its own")
        with held(node):
            time.sleep(HELD_S)
        node._wait(lambda: child.poll() is not None, PATIENCE_S, "its end")
    finally:
        code, said = said_by(child)
    assert code == 0 and f"{words}' (1.00), at " in said.replace('"', "'"), said
    assert "ended early" not in said and len(set(watch.statuses) - before) in (1, 2) and watch.most == 1, said
    node._wait(lambda: not watch.running(), PATIENCE_S, "the end of the look that it left")
    goals.close()


@pytest.mark.parametrize("language", LANGUAGES)
def test_looks_do_not_pile_up(unprompted, language):
    node, _ = unprompted
    node._wait(lambda: node.segment([point_prompt("", [(320, 240)])]).success, PATIENCE_S, "the camera's picture")
    watch = GoalWatch(node)
    arguments = ["purple", "helicopter", "--timeout", "600", "--look-every", "0.01", "--patience", str(PATIENCE_S),
                 "--node", node.full_name]
    child = start("wait_for", language, *arguments)
    try:
        node._wait(watch.running, PATIENCE_S, "a look")
        with held(node):
            time.sleep(2)
        node._wait(lambda: len(watch.statuses) >= 3, PATIENCE_S, "one look after the other")
    finally:
        child.kill()
        code, said = said_by(child)
    assert watch.most == 1 and "ended early" not in said, said


@pytest.mark.parametrize("language", LANGUAGES)
def test_why_a_goal_is_refused_is_said(unprompted, language):
    node, lifecycle = unprompted
    goals = Goals(node)
    node._wait(lambda: node.segment([point_prompt("", [(320, 240)])]).success, PATIENCE_S, "the camera's picture")
    running = goals.send(points_per_side=64)
    code, said = said_by(start("describe_everything", language, "--node", node.full_name))
    assert code == 1 and "runs already: expected one at a time" in said, said
    goals.cancel(running)
    lifecycle.lead("deactivate")
    code, said = said_by(start("describe_everything", language, "--node", node.full_name))
    assert code == 1 and "expected the node to be active" in said, said
    assert "another" not in said and "Traceback" not in said and "panicked" not in said
    goals.close()


def forget(node):
    clear = node.client.node.create_client(Trigger, f"{node.full_name}/clear")
    node.client.wait_for(clear.service_is_ready, PATIENCE_S, "~/clear")
    future = clear.call_async(Trigger.Request())
    node.client.wait_for(future.done, PATIENCE_S, "the answer of ~/clear")
    assert future.result().success
    node.client.node.destroy_client(clear)


@pytest.mark.parametrize("language", LANGUAGES)
def test_describe_everything(scene, language):
    node, _ = scene
    forget(node)  # the other language's goal has left its words, which would be used again
    code, said = said_by(start("describe_everything", language, "--points-per-side", "4", "--node", node.full_name))
    assert code == 0, said
    assert "segment" in said and "caption" in said and re.search(r"\b[1-9]\d* regions", said), said
    assert re.search(r"^ +r\d+  \S", said, re.MULTILINE), said


@pytest.mark.parametrize("language", LANGUAGES)
def test_ctrl_c_cancels_the_goal(scene, language):
    node, _ = scene
    child = start("describe_everything", language, "--points-per-side", "32", "--node", node.full_name)
    while "segment" not in (line := child.stdout.readline()):
        assert line, "the program has ended early"
    child.send_signal(signal.SIGINT)
    code, said = said_by(child)
    assert code == 1 and "Traceback" not in said, said
    assert "canceling" in said and "cancel" in said.replace("canceling", ""), said


@pytest.mark.parametrize("language", LANGUAGES)
def test_ctrl_c_ends_the_wait(scene, language):
    node, _ = scene
    child = start("wait_for", language, "purple", "helicopter", "--node", node.full_name, "--look-every", "0")
    while "Waiting for" not in (line := child.stdout.readline()):
        assert line, "the program has ended early"
    time.sleep(1)
    child.send_signal(signal.SIGINT)
    code, said = said_by(child)
    assert code in (130, -signal.SIGINT), said
    assert "Traceback" not in said and "panicked" not in said, said


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", NAMES)
def test_without_a_node_there_is_a_sentence(domain, name, language):
    code, said = said_by(start(name, language, *ARGUMENTS[name], "--node", "/nobody", "--patience", "0.5"))
    assert code == 1, said
    assert "there is no /nobody" in said and "segcap_node" in said and "ROS_DOMAIN_ID" in said, said
    assert "Traceback" not in said and "panicked" not in said


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", NAMES)
def test_help(name, language):
    code, said = said_by(start(name, language, "--help"))
    assert code == 0 and "--node" in said and "--patience" in said


IN_ONE_COMMAND = {
    "what_is_here": ([], r"^At \(355, 231\).*\n +r\d+  \S"),
    "wait_for": ([], r"^There: r\d+, .*banana. \([01]\.\d\d\), at .*pixel \(\d+, \d+\) of 640x480"),
    "describe_everything": (["--points-per-side", "4"], r"\b[1-9]\d* regions"),
}


def make_example(name, language, *arguments):
    """What `make example` runs, in a process group of its own, as a shell does."""
    command(name, language)
    rust = ["--rust"] if language == "rs" else []
    return subprocess.Popen(
        [sys.executable, ROOT / "demo" / "example.py", *rust, name, *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env={**os.environ, "ROS_DOMAIN_ID": ""},
        start_new_session=True,
    )  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", NAMES)
def test_one_command_starts_everything(domain, name, language):
    arguments, pattern = IN_ONE_COMMAND[name]
    code, said = said_by(make_example(name, language, *arguments))
    assert code == 0 and re.search(pattern, said, re.MULTILINE), said


def test_ctrl_c_ends_the_one_command(domain):
    child = make_example("describe_everything", "py", "--points-per-side", "32")
    while "segment" not in (line := child.stdout.readline()):
        assert line, "the program has ended early"
    os.killpg(child.pid, signal.SIGINT)
    code, said = said_by(child)
    assert code == 1 and "Traceback" not in said, said
    assert "canceled:" in said, said
