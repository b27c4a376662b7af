"""Log lines: on the console as every ROS 2 node has them, on /rosout, and with a level that can be changed."""

import re
import time
from pathlib import Path

import pytest
from client import stamp_key
from managed import Managed
from patience import PATIENCE_S
from rcl_interfaces.msg import Log, LoggerLevel
from rcl_interfaces.srv import GetLoggerLevels, SetLoggerLevels
from rclpy.qos import DurabilityPolicy, QoSProfile

HAS_GPU = any(Path(device).exists() for device in ("/dev/nvidiactl", "/dev/nvhost-gpu", "/dev/nvgpu", "/dev/dxg"))
LINE = re.compile(r"\[(DEBUG|INFO|WARN|ERROR)\] \[\d+\.\d+\] \[([\w./]+)\]: .+")


@pytest.fixture
def rosout(node):
    """Lines of this node on /rosout."""
    lines = []
    name = node.full_name.strip("/").replace("/", ".")
    qos = QoSProfile(depth=1000, durability=DurabilityPolicy.TRANSIENT_LOCAL)
    take = lambda line: lines.append(line) if line.name == name else None  # noqa: E731
    subscription = node.client.node.create_subscription(Log, "/rosout", take, qos)
    yield lines
    node.client.node.destroy_subscription(subscription)


def call(node, kind, service, **fields):
    client = node.client.node.create_client(kind, f"{node.full_name}/{service}")
    try:
        node.client.wait_for(client.service_is_ready, PATIENCE_S, service)
        future = client.call_async(kind.Request(**fields))
        node.client.wait_for(future.done, PATIENCE_S, f"an answer of {service}")
        return future.result()
    finally:
        node.client.node.destroy_client(client)


def provoke(node):
    """Something that the node warns of."""
    node.client.send_prompts([])


def test_console_lines_have_ros_s_format(node):
    lines = [line for line in node.process.log().splitlines() if line.startswith("[")]
    assert len(lines) > 3
    for line in lines:
        found = LINE.fullmatch(re.sub(r"\x1b\[\d*m", "", line))
        assert found, line
    assert found.group(2) == node.full_name.strip("/").replace("/", ".")


def test_a_level_can_be_changed_while_it_runs(node, rosout):
    name = node.full_name.strip("/").replace("/", ".")
    [before] = call(node, GetLoggerLevels, "get_logger_levels", names=[name]).levels
    warned = lambda: [line for line in rosout if line.level == 30]  # noqa: E731
    node.client.wait_for(warned, PATIENCE_S, "a warning on /rosout", meanwhile=lambda: provoke(node))

    def set_level(level):
        levels = [LoggerLevel(name=name, level=level)]
        [result] = call(node, SetLoggerLevels, "set_logger_levels", levels=levels).results
        return result

    assert set_level(50).successful
    since_ns, start = time.time_ns(), node.log_length()
    for _ in range(5):
        provoke(node)
        node.client.spin(0.1)
    late = [line for line in rosout if stamp_key(line.stamp) > since_ns]
    assert not late and node.log_length() == start
    [told] = call(node, GetLoggerLevels, "get_logger_levels", names=[name]).levels
    assert (told.name, told.level) == (name, 50)
    refused = set_level(33)
    assert not refused.successful and "33" in refused.reason
    assert set_level(before.level).successful


def test_every_state_is_logged(start_node):
    node = start_node()
    for step in ("configuring -> inactive", "activating -> active"):
        node.wait_for_log(rf"INFO[^\n]*lifecycle: {step}")
    lifecycle = Managed(node.full_name, node.client)
    lifecycle.lead("deactivate")
    node.wait_for_log(r"INFO[^\n]*lifecycle: deactivating -> inactive")
    lifecycle.close()


@pytest.mark.skipif(HAS_GPU, reason="this machine has a GPU")
def test_a_machine_without_a_gpu_is_no_reason_to_warn(start_node):
    node = start_node(parameters={"provider": "auto"})
    node.wait_for_log(r"\]: ready")
    started = node.process.log()
    assert re.search(r"INFO[^\n]*no GPU on this machine: the model runs on the CPU", started), started
    assert "runs on cpu" in started and not re.search(r"\[WARN\]", started), started


def test_a_provider_that_was_named_and_cannot_is_told(start_node):
    node = start_node(parameters={"provider": "cuda"})
    said = node.wait_for_log(r"WARN[^\n]*cuda (is not to be had|cannot run the graph): |runs on cuda")
    assert HAS_GPU or "WARN" in said.group(), said.group()
