"""Fixtures: an index that also offers what is not locked, and an empty virtual environment for each test."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE), str(ROOT / "scripts")]

from fake_index import FakeIndex, locked_line, source_bytes  # noqa: E402


class Environment:
    """A virtual environment, and set-up's way of installing into it."""

    def __init__(self, folder: Path, index: FakeIndex):
        self.folder, self.cache, self.index = folder, folder.parent / "cache", index
        self.python = folder / "bin/python"
        self.site = next(folder.glob("lib/python3*/site-packages"))

    def install(self, *lists: Path, options: tuple[str, ...] = (), **settings: str) -> subprocess.CompletedProcess:
        """Runs scripts/install_locked.py as set-up does, with these environment variables."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("PIP_", "PYTHON"))}
        command = [self.python, "-I", ROOT / "scripts/install_locked.py", "--cache", self.cache, *options, *lists]
        environment = {**kept, "HOME": str(self.folder.parent), "PIP_INDEX_URL": self.index.url, "PIP_RETRIES": "0", **settings}
        return subprocess.run(command, env=environment, capture_output=True, text=True)

    def packages(self) -> dict[str, str]:
        """What is there, without pip and setuptools."""
        found = dict(info.stem.split("-") for info in self.site.glob("*.dist-info"))
        return {name: version for name, version in found.items() if name not in ("pip", "setuptools")}


def copy_of_scripts(folder: Path) -> Path:
    """As much of a checkout as set-up reads before it does anything."""
    shutil.copytree(ROOT / "scripts", folder / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("env.sh", "Cargo.toml", "Makefile"):
        shutil.copy(ROOT / name, folder)
    return folder


def run(command: str, folder: Path, **settings: str) -> subprocess.CompletedProcess:
    """Runs a bash command in a shell where no ROS is sourced but what the settings say."""
    others = ("ROS_", "AMENT_", "SEGCAP_", "PYTHON", "MAKE")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(others)}
    return subprocess.run(["bash", "-c", command], cwd=folder, env={**kept, **settings}, capture_output=True, text=True)


@pytest.fixture
def checkout(tmp_path) -> Path:
    return copy_of_scripts(tmp_path / "checkout")


@pytest.fixture(scope="session")
def empty_environment(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("venv") / "venv"
    subprocess.run([sys.executable, "-I", "-m", "venv", folder], check=True)
    return folder


@pytest.fixture
def index(tmp_path) -> FakeIndex:
    return FakeIndex(tmp_path / "index")


@pytest.fixture
def environment(tmp_path, empty_environment, index) -> Environment:
    shutil.copytree(empty_environment, tmp_path / "venv", symlinks=True)
    return Environment(tmp_path / "venv", index)


@pytest.fixture
def locked(tmp_path, index) -> Path:
    """A lock list of release 1.0 of some packages. Of each, the index also offers 2.0, which wants more."""
    requirements = {
        "alpha": ("beta>=1", "never-needed"), "beta": ("coverage[toml]>=1",), "coverage": ("tomlish; extra == 'toml'",),
    }
    wheels = {name: index.publish_wheel(name, "1.0", requires) for name, requires in requirements.items()}
    for name in (*requirements, "buildtool", "never-needed", "tomlish"):
        index.publish_wheel(name, "2.0", ("surprise",))
    index.publish_wheel("surprise", "1.0")
    path = tmp_path / "locked.txt"
    path.write_text("# a comment\n" + "".join(locked_line(name, "1.0", wheel) for name, wheel in wheels.items()))
    return path


@pytest.fixture
def source(tmp_path, index) -> Path:
    """A lock list of a package that is to be built from its sources, though the index offers a newer wheel."""
    content = source_bytes("gamma", "1.0")
    index.publish("gamma-1.0.tar.gz", content)
    index.publish_wheel("gamma", "2.0", ("surprise",))
    path = tmp_path / "source.txt"
    path.write_text(locked_line("gamma", "1.0", content))
    return path
