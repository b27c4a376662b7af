"""scripts/requirements: the lists that set-up installs, as far as they can be judged without a network."""

import re

import pytest
from conftest import ROOT
from install_locked import canonical, read_list, read_lists

FOLDER = ROOT / "scripts/requirements"
WITH_ROS = {"ros", "source", "tools", "test", "colcon"}
LISTS = {
    "python3.10": WITH_ROS | {"onnxruntime"},
    "python3.11": WITH_ROS,
    "python3.12": WITH_ROS,
    "python3.13": WITH_ROS,
    "python3.14": {"tools", "test"},  # beside a sourced ROS 2 only
}
# Not the same for every Python: parts of newer standard libraries, and onnxruntime, whose wheels need 3.11.
ONLY_3_10 = {"exceptiongroup", "tomli", "typing-extensions"}
FROM_3_11 = {"onnxruntime", "flatbuffers", "protobuf", "packaging"}
ALL = [(python, name) for python, names in LISTS.items() for name in sorted(names)]


def wanted(group: str) -> set[str]:
    """The packages that a .in file asks for."""
    lines = (line.split("#")[0].strip() for line in (FOLDER / f"{group}.in").read_text().splitlines())
    return {canonical(re.match(r"[A-Za-z0-9._-]+", line)[0]) for line in lines if line}


def test_there_is_a_list_for_every_python_and_no_other():
    found = {folder.name: {path.stem for path in folder.iterdir()} for folder in FOLDER.iterdir() if folder.is_dir()}
    assert found == LISTS


@pytest.mark.parametrize("python, name", ALL)
def test_every_entry_is_one_version_with_hashes(python, name):
    assert read_list(FOLDER / python / f"{name}.txt")


@pytest.mark.parametrize("python", LISTS)
def test_the_lists_of_a_python_agree(python):
    read_lists(sorted((FOLDER / python).glob("*.txt")))


@pytest.mark.parametrize("group", ["ros", "source", "tools", "test", "colcon"])
def test_every_python_gets_the_same_packages(group):
    sets = [
        set(read_list(FOLDER / python / f"{group}.txt")) - ONLY_3_10 - (FROM_3_11 if group == "tools" else set())
        for python, names in LISTS.items()
        if group in names
    ]
    assert all(names == sets[0] for names in sets)


@pytest.mark.parametrize("python", LISTS)
@pytest.mark.parametrize("group", ["ros", "tools", "test", "colcon"])
def test_what_is_asked_for_is_locked(python, group):
    if group not in LISTS[python]:
        pytest.skip(f"no {group} for {python}")
    locked = set(read_lists(sorted((FOLDER / python).glob("*.txt"))))
    # The wheel ros-jazzy-X only points at ros-X.
    assert {name.replace("ros-jazzy-", "ros-") for name in wanted(group)} <= locked


@pytest.mark.parametrize("python, name", ALL)
def test_what_nobody_needs_is_not_locked(python, name):
    assert not wanted("unneeded") & set(read_list(FOLDER / python / f"{name}.txt"))


@pytest.mark.parametrize("python", LISTS)
def test_the_demo_installs_no_tools_of_the_tests(python):
    for_demo = read_lists(FOLDER / python / f"{name}.txt" for name in ("ros", "source", "tools") if name in LISTS[python])
    assert not [name for name in for_demo if re.match("pytest|coverage|colcon", name)]


@pytest.mark.parametrize("python", LISTS)
def test_beside_a_sourced_ros_its_own_packages_stay(python):
    lists = read_lists(FOLDER / python / f"{name}.txt" for name in ("tools", "test"))
    assert not {"numpy", "pyyaml", "empy", "catkin-pkg", "setuptools"} & set(lists)
