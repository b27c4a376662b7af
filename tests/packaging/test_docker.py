"""docker/: no image is built here. Every RUN line is parsed by its own shell, the lines that use ROS 2 are run with setup
scripts like ROS 2's, and the entry point is run as it is."""

import os
import re
import signal
import subprocess

import pytest
from dockerfile import stages
from workspace import ROOT, write

FILES = ["docker/Dockerfile", "docker/Dockerfile.jetson"]
ENTRYPOINT = ROOT / "docker" / "entrypoint.sh"
# What the scripts of ament_package and colcon do: they read variables that nobody has set.
SETUP = """
if [ -n "$AMENT_TRACE_SETUP_FILES" ]; then echo "# . setup.bash"; fi
if [ -z "$COLCON_CURRENT_PREFIX" ]; then _prefix=$(builtin cd "$(dirname "${{BASH_SOURCE[0]}}")" && pwd); fi
unset _prefix
export {name}=sourced
"""
# Tools of the image: each writes down how it was called, and in which environment.
TOOL = """#!/bin/bash
echo "$(basename "$0") $* ROS_SETUP=$ROS_SETUP SEGCAP_SETUP_SOURCED=$SEGCAP_SETUP_SOURCED AMENT=$AMENT_PREFIX_PATH" >> '{calls}'
"""
PROGRAM = """#!/bin/bash
trap 'echo got SIGINT; exit 7' INT
echo "$(basename "$0") $* home=$HOME"
while [ "$1" = wait ] || [ "$3" = segcap.launch.py ] && [ -n "$WAIT" ]; do sleep 0.1; done
exit 5
"""


def text_of(file):
    return (ROOT / file).read_text(encoding="utf-8")


def executable(path, text):
    write(path, text)
    path.chmod(0o755)


@pytest.fixture
def tools(tmp_path):
    """PATH with stand-ins for what the RUN lines call; returns (environment, file of calls)."""
    for name in ("colcon", "make"):
        executable(tmp_path / "bin" / name, TOOL.format(calls=tmp_path / "calls"))
    return {"PATH": f"{tmp_path}/bin:/usr/bin:/bin"}, tmp_path / "calls"


def in_sandbox(text, folder):
    """The same with everything of /opt below a folder."""
    return text.replace("/opt/", f"{folder}/opt/")


@pytest.mark.parametrize("file", FILES)
def test_every_run_line_is_valid_in_its_own_shell(file):
    runs = [run for stage in stages(text_of(file)) for run in stage.runs]
    assert len(runs) >= 5
    for shell, line in runs:
        assert shell[0] == "/bin/bash"
        done = subprocess.run([shell[0], "-n", *shell[1:], line], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, ""), line


def run_lines_with_ros(file, folder, env):
    """Runs the RUN lines that name ROS 2's setup script, each in its shell, as the builder would; returns their results."""
    results = []
    for stage in stages(text_of(file)):
        stage_env = {key: in_sandbox(value, folder) for key, value in stage.env.items() if key != "PATH"}
        for shell, line in stage.runs:
            if "SEGCAP_SETUP" in line or "source " in line:
                command = [*shell, in_sandbox(line, folder)]
                results.append(
                    subprocess.run(command, env={**env, **stage_env}, capture_output=True, text=True, check=False, cwd=folder)
                )
    return results


def ros_in(folder, place):
    write(folder / "opt" / "ros" / place / "setup.bash", SETUP.format(name="ROS_SETUP"))


def test_the_lines_with_ros_run_to_their_end(tmp_path, tools):
    env, calls = tools
    ros_in(tmp_path, "jazzy")
    library = tmp_path / "opt/onnxruntime/lib/python3.12/site-packages/onnxruntime/capi/libonnxruntime.so.1.32.0"
    write(library, "")
    results = run_lines_with_ros("docker/Dockerfile", tmp_path, env)
    assert [result.returncode for result in results] == [0], results
    (call,) = calls.read_text(encoding="utf-8").splitlines()
    assert call.startswith(f"colcon build --packages-select segcap --merge-install --install-base {tmp_path}/opt/segcap")
    assert f"-DSEGCAP_ONNXRUNTIME={library}" in call and "ROS_SETUP=sourced" in call


@pytest.mark.parametrize("place", ["humble", "humble/install"], ids=["ROS 2 of apt", "ROS 2 of jetson-containers"])
@pytest.mark.parametrize("wheel", [False, True], ids=["CPU", "with a wheel for CUDA"])
def test_the_lines_with_ros_run_to_their_end_on_a_jetson(tmp_path, tools, place, wheel):
    env, calls = tools
    ros_in(tmp_path, place)
    if wheel:
        write(tmp_path / "opt/onnxruntime/onnxruntime/capi/libonnxruntime.so.1.31.0", "")
    env["CMAKE_PREFIX_PATH"] = "/built"
    results = run_lines_with_ros("docker/Dockerfile.jetson", tmp_path, env)
    assert [result.returncode for result in results] == [0, 0, 0], results
    setup, build = calls.read_text(encoding="utf-8").splitlines()
    assert setup.startswith("make setup") and "ROS_SETUP=sourced" in setup
    assert build.startswith("colcon build") and "ROS_SETUP=sourced" in build
    assert ("-DSEGCAP_ONNXRUNTIME=" in build) == wheel
    assert build.endswith("AMENT=/built" if "install" in place else "AMENT=")


def test_a_jetson_image_without_ros_is_refused_with_a_sentence(tmp_path, tools):
    (tmp_path / "opt" / "ros" / "humble").mkdir(parents=True)
    result = run_lines_with_ros("docker/Dockerfile.jetson", tmp_path, tools[0])[0]
    assert result.returncode != 0
    assert "expected ROS 2 Humble" in result.stderr and "found neither" in result.stderr


@pytest.mark.parametrize("file", FILES)
def test_the_image_does_not_run_as_root_and_stops_with_sigint(file):
    last = stages(text_of(file))[-1]
    user, _, group = last.settings["USER"].partition(":")
    assert int(user) > 0 and int(group) > 0
    assert last.settings["STOPSIGNAL"] == "SIGINT"
    assert last.settings["ENTRYPOINT"] == '["/segcap_entrypoint.sh"]'
    assert last.env["SEGCAP_SETUP"].startswith("/opt/ros/")
    assert os.access(ENTRYPOINT, os.X_OK)


def test_the_pinned_versions_are_those_of_the_lock_and_of_cargo():
    locked = {
        version
        for lock in ROOT.glob("scripts/requirements/*.txt")
        for version in re.findall(r"^onnxruntime==([\d.]+)", lock.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert set(re.findall(r"onnxruntime==([\d.]+)", text_of("docker/Dockerfile"))) <= locked
    wanted = re.search(r'^rust-version = "([\d.]+)"', text_of("Cargo.toml"), re.MULTILINE).group(1)
    for file in FILES:
        versions = re.findall(r"toolchain (?:install )?(\d[\d.]+)", text_of(file))
        assert versions and all(version.startswith(wanted) for version in versions)


def test_dockerignore_leaves_out_all_that_is_built_here():
    ignored = set(text_of(".dockerignore").split())
    for line in text_of(".gitignore").split():
        name = line.strip("/")
        wanted = {name, f"**/{name}", *(parent for parent in [name.split("/")[0]] if "/" in name)}
        assert wanted & ignored, f".dockerignore: expected {name}, found no such line"
    assert ".git" in ignored
    kept = {"src", "cmake", "models", "config", "launch", "examples", "rviz", "benches", "scripts", "docker", "tests"}
    assert not kept & ignored, "cargo and CMake read them"


@pytest.fixture
def container(tmp_path):
    """Starts the entry point as a container would: container(*arguments, **environment)."""
    write(tmp_path / "ros" / "setup.bash", SETUP.format(name="ROS_SETUP"))
    write(tmp_path / "segcap" / "setup.bash", SETUP.format(name="SEGCAP_SETUP_SOURCED"))
    for name in ("ros2", "program"):
        executable(tmp_path / "bin" / name, PROGRAM)
    started = []

    def start(*arguments, **environment):
        env = {
            "PATH": f"{tmp_path}/bin:/usr/bin:/bin", "HOME": str(tmp_path), "TMPDIR": str(tmp_path),
            "SEGCAP_SETUP": f"{tmp_path}/ros/setup.bash", "SEGCAP_PREFIX": f"{tmp_path}/segcap", **environment,
        }  # fmt: skip
        process = subprocess.Popen(
            [ENTRYPOINT, *arguments], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "ros2 launch segcap segcap.launch.py home="),
        (["image:=/a b/c", "provider:=cpu"], "ros2 launch segcap segcap.launch.py image:=/a b/c provider:=cpu home="),
        (["--show-args"], "ros2 launch segcap segcap.launch.py --show-args home="),
        (["program", "a:=b"], "program a:=b home="),
    ],
)
def test_launch_arguments_start_the_launch_and_a_command_runs(container, arguments, said):
    process = container(*arguments)
    out, err = process.communicate(timeout=60)
    assert out.startswith(said) and err == ""
    assert process.returncode == 5, "the program's own exit code"


@pytest.mark.parametrize("arguments", [["program", "wait"], ["image:=/picture"]], ids=["a command", "the launch"])
def test_the_signal_that_stops_the_container_reaches_the_program(container, arguments):
    process = container(*arguments, WAIT="1")
    assert process.stdout.readline()
    process.send_signal(signal.SIGINT)
    out, _err = process.communicate(timeout=60)
    assert (process.returncode, out) == (7, "got SIGINT\n")


@pytest.mark.parametrize("home", ["/proc/nothing", ""], ids=["a home that is not there", "no home"])
def test_a_user_without_a_home_gets_one_for_the_logs(container, home, tmp_path):
    out, _err = container("program", HOME=home).communicate(timeout=60)
    given = out.strip().partition("home=")[2]
    assert given.startswith(str(tmp_path)) and os.access(given, os.W_OK)


def test_a_setup_script_that_is_not_there_is_named(container):
    process = container("program", SEGCAP_SETUP="/opt/ros/none/setup.bash")
    _out, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "expected a setup script in /opt/ros/none/setup.bash, found none" in err
