"""Launch files under test: the package as it is installed, and launches of it as processes with a client."""

import os
import re
import shutil
import sys
from pathlib import Path

from client import Client
from patience import PATIENCE_S
from processes import ROOT, Process, node_binary, wait_until

RUNNER = Path(__file__).with_name("run_launch_file.py")


def make_prefix(folder):
    """The package as CMake installs it, as far as launch files see it; returns the prefix."""
    share = folder / "share" / "segcap"
    for name in ("launch", "config", "rviz"):
        shutil.copytree(ROOT / name, share / name, ignore=shutil.ignore_patterns("__pycache__"))
    (share / "models").symlink_to(ROOT / "models")
    shutil.copy(ROOT / "package.xml", share)
    add_package(folder, "segcap", {})
    # The node looks for its model beside itself: a symbolic link would lead it elsewhere.
    shutil.copy2(node_binary(), folder / "lib" / "segcap" / "segcap_node")
    return folder


def add_package(prefix, name, programs):
    """Adds a package with executables, {name: text}, to a prefix."""
    index = prefix / "share" / "ament_index" / "resource_index" / "packages"
    index.mkdir(parents=True, exist_ok=True)
    (index / name).touch()
    folder = prefix / "lib" / name
    folder.mkdir(parents=True, exist_ok=True)
    for program, text in programs.items():
        (folder / program).write_text(text, encoding="utf-8")
        (folder / program).chmod(0o755)


class Launched:
    """A launch file that runs in a process of its own."""

    def __init__(self, file, arguments, prefix, log_path, unset=()):
        environment = {name: value for name, value in os.environ.items() if name not in unset}
        environment["AMENT_PREFIX_PATH"] = f"{prefix}:{os.environ['AMENT_PREFIX_PATH']}"
        path = prefix / "share" / "segcap" / "launch" / file
        arguments = [f"{name}:={value}" for name, value in arguments.items()]
        command = [sys.executable, RUNNER, path, *arguments]
        self.process = Process(f"launch of {file}", command, log_path, environment)
        self.client = None

    def wait_for_log(self, pattern, start=0):
        """The match of the pattern in what launch and its processes printed after character `start`."""
        search = lambda: re.search(pattern, self.process.log()[start:])  # noqa: E731
        wait_until(search, PATIENCE_S, f"/{pattern}/ in {self.process.name}", alive=[self.process])
        return search()

    def connect(self, node, image_topic, domain):
        """A client that has found the node at these names."""
        self.client = Client(node, image_topic, f"launch_peer_{os.getpid()}", domain)
        self.client.wait_for(self.client.graph_is_ready, PATIENCE_S, f"the graph of {node}")
        return self.client

    def node_pid(self, start=0):
        return int(self.wait_for_log(r"segcap_node-\d+\]: process started with pid \[(\d+)\]", start).group(1))

    def stop(self):
        """Ends it as Ctrl-C does; returns the exit code."""
        if self.client:
            self.client.close()
            self.client = None
        return self.process.stop(PATIENCE_S)


def environment_of(pid):
    """The environment with which a process was started."""
    entries = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    return dict(entry.decode().split("=", 1) for entry in entries if entry)
