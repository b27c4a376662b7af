"""colcon builds, installs and tests the package, with and without --symlink-install, and from one to the other."""

import os

import pytest
from workspace import INTERFACES, LIBRARIES, PROGRAMS, Workspace, files_under, missing, write

pytestmark = pytest.mark.skipif(missing() is not None, reason=str(missing()))
MODES = {"copy": False, "symlink": True}


@pytest.fixture(scope="module")
def workspaces(tmp_path_factory):
    """A workspace for each way to install, built for the first time when a test asks for it."""
    built = {}

    def of(mode):
        if mode not in built:
            built[mode] = Workspace(tmp_path_factory.mktemp(mode))
            built[mode].build(symlink=MODES[mode])
        return built[mode]

    return of


@pytest.fixture(params=MODES)
def mode(request):
    return request.param


@pytest.fixture
def workspace(workspaces, mode):
    return workspaces(mode)


def is_data_or_program(name):
    parts = name.split("/")
    return parts[:2] == ["lib", "segcap"] or parts[:2] == ["share", "segcap"] and parts[2] in (
        "config", "examples", "launch", "models", "rviz",
    )  # fmt: skip


def of_the_interfaces(workspace):
    """The installed files that CMake's rules of the interfaces bring; colcon adds some of its own."""
    added_by_colcon = {"share/segcap/package." + end for end in ("bash", "dsv", "ps1", "sh", "zsh")}
    names = {name for name in files_under(workspace.prefix) if not is_data_or_program(name)} - added_by_colcon
    return {name for name in names if "/hook/" not in name and not name.startswith("share/colcon-core/")}


def check_complete(workspace):
    """What cargo, and Python's tests, find in the stage is all that is installed of the interfaces."""
    installed = of_the_interfaces(workspace)
    assert {f"share/segcap/{name}" for name in INTERFACES} <= installed
    assert sum(name.startswith("lib/libsegcap__") for name in installed) >= 8
    assert any(name.endswith("segcap/msg/_small.py") for name in installed)
    for found in (workspace.seen_by_cargo(), files_under(workspace.stage)):
        assert installed - found == set(), "missing in the stage"


def test_the_first_build_stages_every_interface_before_cargo_runs(workspace):
    check_complete(workspace)
    assert workspace.calls.read_text(encoding="utf-8").startswith("build --release --locked --bins")


def test_only_the_programs_are_executables_of_the_package(workspace):
    """`ros2 pkg executables` lists the files of lib/segcap that os.access() calls executable."""
    folder = workspace.prefix / "lib" / "segcap"
    assert {path.name for path in folder.iterdir()} == PROGRAMS | LIBRARIES
    assert {path.name for path in folder.iterdir() if os.access(path, os.X_OK)} == PROGRAMS


def test_programs_and_models_are_copied_and_configuration_is_linked_on_demand(workspace, mode):
    share = workspace.prefix / "share" / "segcap"
    copied = [*(workspace.prefix / "lib" / "segcap").iterdir(), share / "models" / "builtin" / "bundle.yaml"]
    assert not [path for path in copied if path.is_symlink()]
    for name in ("config/segcap.param.yaml", "launch/segcap.launch.py"):
        assert (share / name).is_symlink() == MODES[mode]
        assert (share / name).read_text(encoding="utf-8") == (workspace.source / name).read_text(encoding="utf-8")


def test_both_ways_install_the_same_files(workspaces):
    copied, linked = (workspaces(mode) for mode in MODES)
    assert files_under(copied.prefix) == files_under(linked.prefix)
    assert files_under(copied.stage) == {name for name in files_under(linked.stage) if not is_data_or_program(name)}
    assert not [path for path in linked.prefix.rglob("*.pyc") if "launch" in path.parts]


def test_colcon_test_finds_the_messages_and_the_node(workspace):
    workspace.test()
    assert workspace.calls.read_text(encoding="utf-8").splitlines()[-1].startswith("test ")


def test_a_build_again_and_one_the_other_way_after_an_edit(workspace, mode):
    before = files_under(workspace.prefix)
    workspace.build(symlink=MODES[mode])
    check_complete(workspace)
    assert files_under(workspace.prefix) == before

    text = INTERFACES["msg/Small.msg"].replace("A comment", "Another comment")
    write(workspace.source / "msg" / "Small.msg", text)
    workspace.build(symlink=not MODES[mode])
    check_complete(workspace)
    assert files_under(workspace.prefix) == before
    for prefix in (workspace.stage, workspace.prefix):
        assert (prefix / "share" / "segcap" / "msg" / "Small.msg").read_text(encoding="utf-8") == text
    assert not (workspace.prefix / "lib" / "segcap" / "segcap_node").is_symlink()
