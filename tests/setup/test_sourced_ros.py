"""Which ROS that is sourced set-up and env.sh accept. The prefixes are fakes."""

import os
import subprocess
from pathlib import Path

import pytest
from conftest import ROOT, run

EXPECTED = "segcap: expected ROS 2 humble, jazzy, lyrical or rolling to be sourced, or none; found ROS_DISTRO='{}'"


@pytest.fixture
def prefix(tmp_path) -> Path:
    """What a sourced ROS 2 looks like to set-up."""
    package = tmp_path / "opt/ros/share/rcl/package.xml"
    package.parent.mkdir(parents=True)
    package.write_text("<package/>")
    return tmp_path / "opt/ros"


@pytest.mark.parametrize("command", ["scripts/setup.sh", "scripts/setup.sh --test", ". ./env.sh"])
@pytest.mark.parametrize("distribution", ["kilted", "iron", "foxy", ""])
def test_a_ros_that_is_not_supported_is_refused(checkout, prefix, command, distribution):
    result = run(command, checkout, ROS_DISTRO=distribution, ROS_VERSION="2", AMENT_PREFIX_PATH=f"/elsewhere:{prefix}")
    assert result.returncode == 1
    assert EXPECTED.format(distribution) in result.stderr
    assert f"in {prefix}" in result.stderr
    assert "open a shell without ROS" in result.stderr
    assert not (checkout / ".venv").exists()


@pytest.mark.parametrize("command", ["scripts/setup.sh", ". ./env.sh"])
def test_ros_1_is_refused(checkout, command):
    result = run(command, checkout, ROS_DISTRO="noetic", ROS_VERSION="1")
    assert result.returncode == 1
    assert EXPECTED.format("noetic") in result.stderr


ACCEPTED = [
    {},
    {"ROS_DISTRO": "kilted"},  # left over, with nothing sourced
    *({"ROS_DISTRO": distro, "AMENT_PREFIX_PATH": "{prefix}"} for distro in ("humble", "jazzy", "lyrical", "rolling")),
]


@pytest.mark.parametrize("settings", ACCEPTED, ids=str)
def test_a_supported_ros_or_none_is_accepted(checkout, prefix, settings):
    settings = {key: value.format(prefix=prefix) for key, value in settings.items()}
    result = run(". scripts/ros.sh; segcap_refused_ros; segcap_sourced_ros", checkout, **settings)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == (f"{prefix}\n" if "AMENT_PREFIX_PATH" in settings else "")


def test_wheels_of_another_checkout_are_no_sourced_ros(checkout, prefix):
    (prefix / "pyvenv.cfg").write_text("")
    command = ". scripts/ros.sh; segcap_refused_ros; segcap_sourced_ros"
    result = run(command, checkout, ROS_DISTRO="jazzy", AMENT_PREFIX_PATH=str(prefix))
    assert (result.returncode, result.stdout) == (0, "")


@pytest.mark.parametrize("own", [{}, {"ORT_DISABLE_TELEMETRY": "0"}], ids=str)
def test_env_turns_off_the_telemetry_of_onnx_runtime(own):
    environment = {**os.environ, "SEGCAP_QUIET": "1", **own}
    command = ["bash", "-c", '. "$0" && printenv ORT_DISABLE_TELEMETRY', str(ROOT / "env.sh")]
    result = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert result.stdout == "1\n", result.stderr
