"""scripts/install_locked.py against an index that offers a newer release of everything."""

import shutil
import subprocess

import install_locked
import pytest
from fake_index import locked_line, wheel_bytes
from install_locked import Locked

LOCKED = {"alpha": "1.0", "beta": "1.0", "coverage": "1.0"}


def refused(result, *parts):
    """Set-up stops with one sentence of segcap's own, without a traceback."""
    assert result.returncode == 1, result.stdout + result.stderr
    assert "Traceback" not in result.stderr
    sentence = result.stderr[result.stderr.index("segcap: "):]
    for part in parts:
        assert part in sentence, sentence


def test_nothing_but_the_lock_comes_in(environment, locked, source):
    result = environment.install(locked, source)
    assert result.returncode == 0, result.stdout + result.stderr
    assert environment.packages() == {**LOCKED, "gamma": "1.0"}
    assert "4 packages, exactly as locked" in result.stdout


def test_a_pip_that_looks_for_dependencies_fails_at_this_index(environment, locked):
    """The index is a trap: what set-up used to run goes into it."""
    pip = [environment.python, "-I", "-m", "pip", "install"]
    command = [*pip, "--require-hashes", "-r", locked, "--index-url", environment.index.url]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode != 0
    assert environment.packages() == {}


def test_a_second_run_downloads_nothing(environment, locked):
    environment.install(locked)
    shutil.rmtree(environment.cache)
    shutil.rmtree(environment.index.folder)
    result = environment.install(locked)
    assert result.returncode == 0, result.stderr
    assert environment.packages() == LOCKED


def test_more_lists_are_added_to_what_is_there(environment, locked, tmp_path):
    environment.install(locked)
    more = tmp_path / "test.txt"
    more.write_text(locked_line("delta", "1.0", environment.index.publish_wheel("delta", "1.0")) + locked.read_text())
    result = environment.install(locked, more)
    assert result.returncode == 0, result.stderr
    assert environment.packages() == {**LOCKED, "delta": "1.0"}


def test_an_interrupted_download_goes_on_with_what_it_has(environment, locked):
    environment.cache.mkdir()
    for wheel in environment.index.folder.glob("*/*-1.0-*.whl"):
        shutil.move(wheel, environment.cache)
    result = environment.install(locked)
    assert result.returncode == 0, result.stderr
    assert environment.packages() == LOCKED


def test_a_half_installed_package_is_installed_again(environment, locked):
    environment.install(locked)
    (environment.site / "coverage-1.0.dist-info/INSTALLER").unlink()
    (environment.site / "coverage-1.0.dist-info/RECORD").unlink()
    (environment.site / "coverage.py").unlink()
    result = environment.install(locked)
    assert result.returncode == 0, result.stderr
    assert (environment.site / "coverage.py").exists()


def test_another_file_under_the_same_name_is_refused(environment, locked):
    environment.index.publish("beta-1.0-py3-none-any.whl", wheel_bytes("beta", "1.0", content="import os"))
    refused(environment.install(locked), "expected the package index to give the very files that are locked", "beta 1.0")
    assert environment.packages() == {}


def test_a_file_that_was_changed_after_the_download_is_downloaded_again(environment, locked):
    environment.cache.mkdir()
    (environment.cache / "beta-1.0-py3-none-any.whl").write_bytes(wheel_bytes("beta", "1.0", content="import os"))
    result = environment.install(locked)
    assert result.returncode == 0, result.stderr
    assert (environment.site / "beta.py").read_text() == ""


def test_a_package_that_the_index_no_longer_has_is_named(environment, locked):
    shutil.rmtree(environment.index.folder / "coverage")
    refused(environment.install(locked), "expected the package index to give", "coverage 1.0")
    assert environment.packages() == {}


def test_what_is_not_locked_is_named(environment, locked):
    stray = environment.site / "stray-3.0.dist-info"
    stray.mkdir()
    (stray / "INSTALLER").write_text("pip\n")
    (stray / "METADATA").write_text("Metadata-Version: 2.1\nName: stray\nVersion: 3.0\n")
    result = environment.install(locked)
    refused(result, "differs from the lock", "expected no stray, which is not locked, found 3.0", "make distclean")


def test_a_stray_egg_is_named(environment, locked):
    stray = environment.site / "stray-3.0-py3.11.egg-info"
    stray.mkdir()
    (stray / "PKG-INFO").write_text("Metadata-Version: 1.2\nName: stray\nVersion: 3.0\n")
    refused(environment.install(locked), "expected no stray, which is not locked, found 3.0")


def test_the_check_says_what_is_missing_and_what_has_another_version(monkeypatch):
    monkeypatch.setattr(install_locked, "installed", lambda: {"alpha": {"2.0"}, "beta": {"1.0", "2.0"}, "pip": {"25.0"}})
    monkeypatch.setattr(install_locked, "foreign_eggs", dict)
    expected = {name: Locked(name, "1.0", frozenset()) for name in ("alpha", "beta", "coverage")}
    assert install_locked.differences(expected) == [
        "expected alpha 1.0, found 2.0",
        "expected beta 1.0, found 1.0 and 2.0",
        "expected coverage 1.0, found none",
    ]


@pytest.mark.parametrize("line", [
    "coverage[toml]==1.0 --hash=sha256:" + "0" * 64,
    "coverage>=1.0 --hash=sha256:" + "0" * 64,
    "coverage==1.* --hash=sha256:" + "0" * 64,
    "coverage==1.0",
    "coverage==1.0 --hash=md5:" + "0" * 32,
    "coverage==1.0 ; python_version > '3' --hash=sha256:" + "0" * 64,
    "--index-url https://example.org/simple",
    "-r other.txt",
])
def test_an_entry_that_is_not_exact_is_refused(environment, locked, line):
    locked.write_text(locked.read_text() + line + "\n")
    refused(environment.install(locked), "expected NAME==VERSION --hash=sha256:...", f"found '{line}'")
    assert environment.packages() == {}


def test_lists_that_contradict_each_other_are_refused(environment, locked, tmp_path):
    other = tmp_path / "other.txt"
    other.write_text(locked_line("beta", "2.0", b""))
    refused(environment.install(locked, other), "expected one version of beta in all lists, found 1.0 and 2.0")


def test_settings_of_pip_that_lead_elsewhere_do_not_count(environment, locked, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    constraint = tmp_path / "constraint.txt"
    constraint.write_text("beta==2.0\n")
    shadow = tmp_path / "shadow"
    shadow.mkdir()
    (shadow / "pip.py").write_text("raise SystemExit('the wrong pip')")
    result = environment.install(
        locked, PIP_USER="1", PIP_TARGET=str(elsewhere), PIP_PREFIX=str(elsewhere), PIP_CONSTRAINT=str(constraint),
        PIP_NO_BINARY=":all:", PIP_REQUIRE_VIRTUALENV="1", PIP_PRE="1", PIP_PYTHON_VERSION="3.8", PYTHONPATH=str(shadow),
        PYTHONHOME="/nowhere",
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert environment.packages() == LOCKED
    assert not elsewhere.exists()


def test_a_configuration_file_gives_the_index_and_nothing_else(environment, locked, tmp_path):
    configuration = tmp_path / "pip.conf"
    configuration.write_text(
        f"[global]\nindex-url = {environment.index.url}\nuser = true\n[install]\nuser = true\ntarget = {tmp_path}/elsewhere\n"
    )
    result = environment.install(locked, PIP_INDEX_URL="", PIP_CONFIG_FILE=str(configuration))
    assert result.returncode == 0, result.stdout + result.stderr
    assert environment.packages() == LOCKED
    assert not (tmp_path / "elsewhere").exists()


def test_packages_of_the_system_are_not_counted(environment, locked):
    configuration = environment.folder / "pyvenv.cfg"
    key = "include-system-site-packages"
    configuration.write_text(configuration.read_text().replace(f"{key} = false", f"{key} = true"))
    result = environment.install(locked)
    assert result.returncode == 0, result.stdout + result.stderr


def test_the_setuptools_of_the_environment_gives_way_to_the_locked_one(environment, locked, tmp_path):
    tools = tmp_path / "tools.txt"
    tools.write_text(locked_line("setuptools", "1.5", environment.index.publish_wheel("setuptools", "1.5")))
    result = environment.install(locked, tools)
    assert result.returncode == 0, result.stdout + result.stderr
    assert [info.name for info in environment.site.glob("setuptools-*.dist-info")] == ["setuptools-1.5.dist-info"]


def test_a_wheel_for_another_python_is_downloaded_and_not_installed(environment, tmp_path):
    wheel = wheel_bytes("library", "1.0")
    environment.index.publish("library-1.0-cp399-none-any.whl", wheel)
    library = tmp_path / "library.txt"
    library.write_text(locked_line("library", "1.0", wheel))
    result = environment.install(library, options=("--only-download-for", "3.99"))
    assert result.returncode == 0, result.stdout + result.stderr
    assert [path.read_bytes() for path in environment.cache.iterdir()] == [wheel]
    assert environment.packages() == {}


def test_only_a_virtual_environment_is_written_to(locked, tmp_path):
    program = "import sys; print(sys._base_executable)"
    base = subprocess.run(["python3", "-I", "-c", program], capture_output=True, text=True).stdout.strip()
    command = [base, "-I", install_locked.__file__, "--cache", tmp_path / "cache", locked]
    refused(subprocess.run(command, capture_output=True, text=True), "expected a virtual environment's Python")
