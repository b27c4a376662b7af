"""A colcon workspace with a small segcap: its CMake files, three small interfaces and a stand-in for cargo.

Compiling the Rust programs takes minutes, and how they are built and installed does not depend on what is in them. The
stand-in writes down what it finds in the staged prefix and leaves two scripts where cargo leaves the programs.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
INTERFACES = {
    "msg/Small.msg": "# A comment.\nint32 number\n",
    "srv/Ask.srv": "segcap/Small small\n---\nbool success\n",
    "action/Work.action": "int32 goal\n---\nint32 result\n---\nint32 step\n",
}
PROGRAMS = {"segcap", "segcap_node"}
LIBRARIES = {"libonnxruntime.so", "libonnxruntime_providers_shared.so"}
CARGO = """#!/usr/bin/env bash
set -euo pipefail
stage=${{AMENT_PREFIX_PATH%%:*}}
(cd "$stage" && find -L . -type f | cut -c 3- | sort) > '{seen}'
echo "$*" >> '{calls}'
[ "$1" = build ] || exit 0
mkdir -p "$CARGO_TARGET_DIR/release"
for program in segcap segcap_node; do
    printf '#!/bin/sh\\necho %s\\n' "$program" > "$CARGO_TARGET_DIR/release/$program"
    chmod +x "$CARGO_TARGET_DIR/release/$program"
done
"""
# What `colcon test` runs as tests/integration.
INTEGRATION = """import os

import segcap.msg
import segcap.srv


def test_the_client_has_messages_and_a_node():
    assert segcap.msg.Small(number=3).number == 3
    assert segcap.srv.Ask.Request().small.number == 0
    assert os.access(os.environ["SEGCAP_NODE"], os.X_OK)
"""


def ros_prefixes():
    """The prefixes of ROS 2 itself, without segcap's own stage in front of them."""
    path = os.environ.get("SEGCAP_ROS_PREFIX_PATH") or os.environ.get("AMENT_PREFIX_PATH", "")
    return [prefix for prefix in path.split(":") if prefix and not Path(prefix, "share", "segcap").exists()]


def missing():
    """What colcon workspaces cannot be built without, or None."""
    if shutil.which("colcon") is None:
        return "colcon is not installed"
    if not any(Path(prefix, "share", "ament_cmake").exists() for prefix in ros_prefixes()):
        return "no ROS 2 with ament_cmake is sourced"
    return None


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def files_under(folder):
    """The files below a folder, links followed. Left out: compiled Python, and the generated sources that rosidl means to
    keep from the headers, which CMake installs all the same and ament's symlink installer does not."""
    found = [path.relative_to(folder) for path in folder.rglob("*") if path.is_file()]
    sources = {path for path in found if path.parts[0] == "include" and path.suffix in (".c", ".cpp")}
    return {path.as_posix() for path in found if path not in sources and "__pycache__" not in path.parts}


class Workspace:
    def __init__(self, folder):
        self.folder = folder
        self.source = folder / "src" / "segcap"
        self.stage = folder / "build" / "segcap" / "ament_stage"
        self.prefix = folder / "install" / "segcap"
        self.seen, self.calls = folder / "seen", folder / "calls"
        self._write_sources()
        self.cargo = folder / "cargo"
        write(self.cargo, CARGO.format(seen=self.seen, calls=self.calls))
        self.cargo.chmod(0o755)
        # As the wheel and many archives carry them: with the execute bit.
        for name in LIBRARIES:
            write(folder / "onnxruntime" / name, "not a library")
            (folder / "onnxruntime" / name).chmod(0o755)

    def _write_sources(self):
        for name in ("CMakeLists.txt", "package.xml", "LICENSE"):
            write(self.source / name, (ROOT / name).read_text(encoding="utf-8"))
        for name in ("cmake", "scripts", "config", "examples", "launch", "rviz"):
            shutil.copytree(ROOT / name, self.source / name, ignore=shutil.ignore_patterns("__pycache__"))
        for name, text in INTERFACES.items():
            write(self.source / name, text)
        names = (f"segcap/{Path(name).with_suffix('')}\n" for name in INTERFACES)
        write(self.source / "scripts" / "messages.txt", "".join(names))
        write(self.source / "models" / "builtin" / "bundle.yaml", "format: 1\n")
        write(self.source / "launch" / "__pycache__" / "segcap.launch.cpython-311.pyc", "compiled")
        write(self.source / "tests" / "integration" / "test_small.py", INTEGRATION)

    def _colcon(self, *arguments):
        prefixes = ":".join(ros_prefixes())
        env = dict(os.environ, AMENT_PREFIX_PATH=prefixes, CMAKE_PREFIX_PATH=prefixes)
        env.update(COLCON_HOME=str(self.folder / "colcon"), COLCON_DEFAULTS_FILE=os.devnull)
        for name in ("CARGO_TARGET_DIR", "ORT_DYLIB_PATH", "COLCON_PREFIX_PATH"):
            env.pop(name, None)
        own = os.environ.get("SEGCAP_ROOT", "/nowhere") + "/build/ament_stage"
        for name in ("PYTHONPATH", "LD_LIBRARY_PATH"):
            env[name] = ":".join(part for part in env.get(name, "").split(":") if part and not part.startswith(own))
        command = [shutil.which("colcon"), *arguments, "--packages-select", "segcap"]
        done = subprocess.run(
            command, cwd=self.folder, env=env, capture_output=True, text=True, timeout=1800, check=False
        )
        logs = sorted(self.folder.glob("log/latest/segcap/stdout_stderr.log"))
        output = done.stdout + done.stderr + "".join(log.read_text(encoding="utf-8") for log in logs)
        assert done.returncode == 0, f"{' '.join(map(str, command))}\n{output[-6000:]}"
        return output

    def build(self, *, symlink):
        # Without a clean cache ament goes on with links once it was told to.
        arguments = ["--symlink-install"] if symlink else ["--cmake-clean-cache"]
        settings = {
            "CMAKE_BUILD_TYPE": "Debug",  # compiled fastest
            "CARGO_EXECUTABLE": self.cargo,
            "Python3_EXECUTABLE": sys.executable,
            "SEGCAP_ONNXRUNTIME": self.folder / "onnxruntime" / "libonnxruntime.so",
        }
        return self._colcon("build", *arguments, "--cmake-args", *(f"-D{key}={value}" for key, value in settings.items()))

    def test(self):
        return self._colcon("test", "--return-code-on-test-failure")

    def seen_by_cargo(self):
        return set(self.seen.read_text(encoding="utf-8").split())
