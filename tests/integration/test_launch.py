"""The launch files, run by the real launch and launch_ros; where these are not installed, all of this is skipped."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from checks import good
from client import box_prompt
from patience import PATIENCE_S
from processes import ROOT
from rcl_interfaces.srv import GetParameters
from scenes import disc_scene, message
from segcap.srv import Segment

launch = pytest.importorskip("launch", reason="launch is not installed")
pytest.importorskip("launch_ros", reason="launch_ros is not installed")
pytest.importorskip("launch_xml", reason="launch_xml is not installed")

from launch.launch_description_sources import get_launch_description_from_any_launch_file  # noqa: E402
from launched import Launched, add_package, environment_of, make_prefix  # noqa: E402
from managed import Managed  # noqa: E402

ARGUMENTS = {
    "namespace", "params_file", "bundle", "provider", "image", "image_transport", "depth", "camera_info",
    "autostart", "use_sim_time", "respawn", "rviz", "fixed_frame", "log_level",
}  # fmt: skip
SUPPORT = Path(__file__).parent / "support"
PROFILE = "FASTRTPS_DEFAULT_PROFILES_FILE"
SCENE = disc_scene(320, 240)
DRIVER = """#!{python}
import os, sys
sys.argv[1:1] = [{clip!r}, "--rate", "5"]
sys.path.insert(0, {demo!r})
import camera
camera.main()
"""


@pytest.fixture(scope="session")
def prefix(tmp_path_factory):
    return make_prefix(tmp_path_factory.mktemp("prefix"))


@pytest.fixture
def start(prefix, domain, tmp_path):
    """start(file, unset=[...], **arguments): a launch that is ended after the test."""
    started = []

    def start(file="segcap.launch.py", unset=(), **arguments):
        started.append(Launched(file, arguments, prefix, tmp_path / f"launch_{len(started)}.log", unset))
        return started[-1]

    yield start
    for launched in started:
        launched.stop()


def declared(file, prefix, monkeypatch):
    monkeypatch.setenv("AMENT_PREFIX_PATH", f"{prefix}:{os.environ['AMENT_PREFIX_PATH']}")
    path = prefix / "share" / "segcap" / "launch" / file
    return get_launch_description_from_any_launch_file(str(path)).get_launch_arguments()


@pytest.mark.parametrize("file", ["segcap.launch.py", "segcap.launch.xml"])
def test_every_argument_is_described_and_has_a_default(file, prefix, monkeypatch):
    arguments = declared(file, prefix, monkeypatch)
    assert {argument.name for argument in arguments} == ARGUMENTS
    for argument in arguments:
        assert argument.description.endswith(".") or argument.choices, argument.name
        assert argument.default_value is not None, argument.name
    choices = {argument.name: argument.choices for argument in arguments if argument.choices}
    assert choices["provider"] == ["", "auto", "tensorrt", "cuda", "cpu"]
    assert set(choices) == {"provider", "image_transport", "autostart", "use_sim_time", "respawn", "rviz", "log_level"}


def parameters(launched, node, names):
    client = launched.client.node.create_client(GetParameters, f"{node}/get_parameters")
    launched.client.wait_for(client.service_is_ready, PATIENCE_S, "get_parameters")
    future = client.call_async(GetParameters.Request(names=names))
    launched.client.wait_for(future.done, PATIENCE_S, "an answer of get_parameters")
    return future.result().values


@pytest.mark.parametrize("file", ["segcap.launch.py", "segcap.launch.xml"])
def test_the_node_is_where_the_arguments_say(file, start, domain, tmp_path):
    params = {"/**": {"ros__parameters": {"provider": "auto", "limits": {"max_prompts": 7}, "overlay": {"alpha": 0.25}}}}
    (tmp_path / "my.param.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")
    launched = start(
        file, namespace="robot", image="/eye/picture", provider="cpu", params_file=tmp_path / "my.param.yaml"
    )
    client = launched.connect("/robot/segcap", "/eye/picture", domain)

    provider, prompts, alpha = parameters(launched, "/robot/segcap", ["provider", "limits.max_prompts", "overlay.alpha"])
    assert provider.string_value == "cpu", "an argument comes on top of the parameter file"
    assert (prompts.integer_value, alpha.double_value) == (7, 0.25)

    answer = client.call(Segment.Request(image=message(SCENE.rgb), prompts=[box_prompt("disc", SCENE.box)]))
    assert good(answer).header.frame_id == message(SCENE.rgb).header.frame_id
    client.close()
    launched.client = None
    launched.process.signal(signal.SIGINT)
    assert launched.process.wait(PATIENCE_S) == 0
    assert "process has finished cleanly" in launched.process.log()


def test_arguments_left_empty_leave_the_parameter_file_alone(start, domain, tmp_path):
    (tmp_path / "p.yaml").write_text("/**: {ros__parameters: {image_transport: compressed}}", encoding="utf-8")
    launched = start(params_file=tmp_path / "p.yaml", image="/eye/picture")
    found = launched.wait_for_log(r"pictures from (\S+) \((\S+),")
    assert found.groups() == ("/eye/picture/compressed", "sensor_msgs/CompressedImage")


@pytest.mark.parametrize(
    ("arguments", "info"),
    [
        ({"image": "/eye/image_raw"}, "/eye/camera_info"),
        ({"image": "eye/image_raw", "namespace": "robot"}, "/robot/eye/camera_info"),
        ({"image": "/eye/image_raw", "image_transport": "compressed"}, "/eye/camera_info"),
        ({"image": "/eye/image_raw", "camera_info": "/lens"}, "/lens"),
    ],
)
@pytest.mark.parametrize("file", ["segcap.launch.py", "segcap.launch.xml"])
def test_the_calibration_lies_beside_the_image(file, arguments, info, start):
    assert start(file, **arguments).wait_for_log(r"positions with \S+ and (\S+),").group(1) == info


@pytest.mark.parametrize("file", ["segcap.launch.py", "segcap.launch.xml"])
def test_a_parameter_file_that_is_not_there_is_told(file, start):
    launched = start(file, params_file="/nowhere/my.param.yaml")
    assert launched.process.wait(60) != 0
    said = launched.process.log()
    assert "params_file: expected a parameter file" in said and "'/nowhere/my.param.yaml'" in said
    assert "process started" not in said, "no node with defaults"


def test_without_autostart_the_node_waits_for_a_manager(start, domain):
    launched = start(autostart="false", namespace="waiting")
    lifecycle = Managed("/waiting/segcap", launched.connect("/waiting/segcap", "/waiting/image", domain))
    assert lifecycle.state() == "unconfigured"
    lifecycle.lead("configure", "activate", "deactivate", "cleanup", "shutdown")
    lifecycle.close()


def test_launch_ros_drives_it_as_a_lifecycle_node(start, prefix, domain):
    """launch_ros's LifecycleNode hears ~/transition_event and calls ~/change_state."""
    shutil.copy(SUPPORT / "managed.launch.py", prefix / "share" / "segcap" / "launch")
    launched = start("managed.launch.py")
    launched.wait_for_log("launch saw inactive")
    launched.wait_for_log("launch saw active")


def test_fast_dds_gets_the_profile_unless_there_is_one(start, prefix, domain):
    ours = environment_of(start(unset=[PROFILE]).node_pid())
    assert ours[PROFILE] == str(prefix / "share" / "segcap" / "config" / "fastdds.xml")
    assert PROFILE in os.environ, "ros_environment() sets it for the tests"
    assert environment_of(start().node_pid())[PROFILE] == os.environ[PROFILE]


def test_a_choice_that_there_is_not_is_refused(start):
    launched = start(provider="gpu")
    assert launched.process.wait(PATIENCE_S) != 0
    assert "provider" in launched.process.log() and "'tensorrt'" in launched.process.log()


def test_a_node_that_died_comes_back(start):
    launched = start(respawn="true")
    first = launched.node_pid()
    launched.wait_for_log(r"\]: ready")
    seen = len(launched.process.log())
    os.kill(first, signal.SIGKILL)
    assert launched.node_pid(start=seen) != first
    launched.wait_for_log(r"\]: ready", start=seen)


@pytest.mark.parametrize(
    ("camera", "package", "executable", "image"),
    [
        ("image_tools", "image_tools", "cam2image", "/eye/image"),
        ("usb_cam", "usb_cam", "usb_cam_node_exe", "/eye/image_raw"),
        ("realsense", "realsense2_camera", "realsense2_camera_node", "/eye/driver/color/image_raw"),
    ],
)
def test_a_camera_and_segcap_find_each_other(camera, package, executable, image, start, prefix, domain):
    text = DRIVER.format(python=sys.executable, clip=str(ROOT / "samples" / "clip"), demo=str(ROOT / "demo"))
    # The stand-in publishes `image`; the driver's own name for it is what the launch file must know.
    rename = f"sys.argv += ['--ros-args', '-r', 'image:={image}']\n"
    add_package(prefix, package, {executable: text.replace("import camera\n", rename + "import camera\n")})
    launched = start("camera.launch.py", camera=camera, camera_namespace="eye", unset=[PROFILE])
    launched.wait_for_log(rf"pictures arrive on {image}\b")
    driver = launched.wait_for_log(rf"{executable}-\d+\]: process started with pid \[(\d+)\]").group(1)
    assert environment_of(driver)[PROFILE].endswith("config/fastdds.xml")


RVIZ = """#!{python}
import sys
with open({out!r}, "w") as file:
    file.write("\\n".join(sys.argv[1:]) + "\\n")
"""


@pytest.mark.parametrize(
    ("file", "arguments", "frame"),
    [
        ("segcap.launch.py", {}, "camera_optical_frame"),
        ("segcap.launch.xml", {"fixed_frame": "map"}, "map"),
        ("camera.launch.py", {"camera": "realsense"}, "camera_color_optical_frame"),
        ("camera.launch.py", {"camera": "usb_cam", "fixed_frame": "map"}, "map"),
    ],
)
def test_rviz_gets_the_layout_the_frame_and_the_topics(file, arguments, frame, start, prefix, domain, tmp_path):
    out = tmp_path / "rviz_arguments"
    add_package(prefix, "rviz2", {"rviz2": RVIZ.format(python=sys.executable, out=str(out))})
    for package, executable in (("realsense2_camera", "realsense2_camera_node"), ("usb_cam", "usb_cam_node_exe")):
        add_package(prefix, package, {executable: "#!/bin/sh\nexec sleep 60\n"})
    launched = start(file, rviz="true", depth="/eye/depth", camera_info="/eye/info", **arguments)
    launched.wait_for_log(r"rviz2-\d+\]: process has finished cleanly")
    said = out.read_text(encoding="utf-8").splitlines()
    assert said[said.index("-d") + 1] == str(prefix / "share" / "segcap" / "rviz" / "segcap.rviz")
    assert said[said.index("-f") + 1] == frame
    remapped = dict(rule.split(":=") for rule in said if ":=" in rule)
    topics = [remapped[name] for name in ("image", "depth", "camera_info")]
    if file == "camera.launch.py":
        assert all(topic.startswith("/camera/") for topic in topics)
    else:
        assert topics == ["image", "/eye/depth", "/eye/info"]


def test_launch_testing(domain):
    """launch's own way of testing, as `launch_test` and `colcon test` run it."""
    pytest.importorskip("launch_testing", reason="launch_testing is not installed")
    file = SUPPORT / "launch_testing_of_segcap.py"
    done = subprocess.run(
        [sys.executable, "-m", "launch_testing.launch_test", file],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
