"""Which ROS 2 interfaces r2r makes Rust types of: scripts/choose_messages.py."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "scripts" / "choose_messages.py"
LIST = [line.partition("#")[0].split() for line in (ROOT / "scripts" / "messages.txt").read_text().splitlines()]
NEEDED = [words[0] for words in LIST if len(words) == 1]
OPTIONAL = [words[0] for words in LIST if words[1:] == ["?"]]
FIELDS = """
int32 NUMBER=3                # a constant
string<=10 text 'with a default'
deep_msgs/Deep[<=4] several   # of another package
Near near
"""


def define(prefix, name, text=""):
    package, kind, type_name = name.split("/")
    file = prefix / "share" / package / kind / f"{type_name}.{kind}"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def choose(out, *prefixes):
    paths = ":".join(str(prefix) for prefix in prefixes)
    return subprocess.run([sys.executable, SCRIPT, out, paths], capture_output=True, text=True)


def chosen(out, *prefixes):
    """(the folder with the choice, the names in it)."""
    done = choose(out, *prefixes)
    assert done.returncode == 0, done.stderr
    folders = {Path(path).parents[1] for path in done.stdout.strip().split(":")}
    assert len(folders) == 1
    folder = folders.pop()
    return folder, {str(file.relative_to(folder).with_suffix("")) for file in folder.rglob("*.idl")}


@pytest.fixture
def prefix(tmp_path):
    """A ROS 2 with exactly what the node needs, and one message that it does not."""
    prefix = tmp_path / "ros"
    for name in [*NEEDED, "sensor_msgs/msg/PointCloud2"]:
        define(prefix, name)
    return prefix


def test_what_is_needed_is_chosen_and_nothing_else(prefix, tmp_path):
    assert chosen(tmp_path / "out", prefix)[1] == set(NEEDED)


def test_what_fields_consist_of_is_chosen_too(prefix, tmp_path):
    define(prefix, "sensor_msgs/msg/Image", FIELDS)
    define(prefix, "sensor_msgs/msg/Near")
    define(prefix, "deep_msgs/msg/Deep", "deep_msgs/Deeper[3] three")
    define(prefix, "deep_msgs/msg/Deeper", "float64 x")
    fields = {"sensor_msgs/msg/Near", "deep_msgs/msg/Deep", "deep_msgs/msg/Deeper"}
    assert chosen(tmp_path / "out", prefix)[1] == {*NEEDED, *fields}


def test_optional_interfaces_are_chosen_where_they_are_installed(prefix, tmp_path):
    other = tmp_path / "overlay"
    for name in OPTIONAL:
        define(other, name)
    assert OPTIONAL and chosen(tmp_path / "out", other, prefix)[1] == {*NEEDED, *OPTIONAL}


def test_an_edited_definition_is_another_choice(prefix, tmp_path):
    before = chosen(tmp_path / "out", prefix)[0]
    assert chosen(tmp_path / "out", prefix)[0] == before
    define(prefix, "segcap/msg/RegionArray", "# a comment")
    assert chosen(tmp_path / "out", prefix)[0] != before


@pytest.mark.parametrize("missing", ["segcap/srv/Segment", "deep_msgs/msg/Deep"])
def test_what_is_missing_is_named(prefix, tmp_path, missing):
    define(prefix, "sensor_msgs/msg/Image", "deep_msgs/Deep deep")
    define(prefix, "deep_msgs/msg/Deep")
    package, kind, type_name = missing.split("/")
    os.remove(prefix / "share" / package / kind / f"{type_name}.{kind}")
    done = choose(tmp_path / "out", prefix)
    assert done.returncode == 1 and f"expected the ROS 2 interface {missing} in {prefix}, found none" in done.stderr


def test_every_message_that_the_node_names_is_in_the_list():
    sources = [file for folder in ("src/ros", "examples") for file in (ROOT / folder).rglob("*.rs")]
    text = "\n".join(file.read_text(encoding="utf-8") for file in sources)
    services = re.findall(r"use r2r::(\w+)::(srv|action)::(\w+)(?:;|::)", text)
    assert services and {"/".join(name) for name in services} <= {*NEEDED, *OPTIONAL}
