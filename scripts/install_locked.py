#!/usr/bin/env python3
"""Installs exactly what lock lists name into the virtual environment whose Python runs this, and checks that.

    .venv/bin/python -I scripts/install_locked.py --cache FOLDER LIST...

1. Files that are not in FOLDER yet are downloaded from the package index, in batches, so that an interrupted run
   goes on where it stopped. Settings of the index (PIP_INDEX_URL, PIP_CERT, pip.conf ...) hold.
2. The files are installed from FOLDER without an index, without dependencies and without pip's settings. What a list
   called source.txt names is then built with the setuptools that is locked.
3. The environment must then hold every locked package in its version, and nothing else but pip and setuptools.
"""

import argparse
import hashlib
import os
import re
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

ENTRY = re.compile(r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)==(?P<version>[^\s;,*]+)(?P<hashes>( --hash=sha256:[0-9a-f]{64})+)")
SOURCE_LIST = "source.txt"
BATCH = 25
# What `python -m venv` puts there itself.
OF_VENV = {"pip", "setuptools"}
# The settings of pip that say where files come from and how they are reached. All others (PIP_USER, PIP_TARGET,
# PIP_CONSTRAINT, PIP_REQUIRE_VIRTUALENV ...) are about other installations.
INDEX_SETTINGS = re.compile(
    r"PIP_(INDEX_URL|EXTRA_INDEX_URL|NO_INDEX|FIND_LINKS|TRUSTED_HOST|CERT|CLIENT_CERT|PROXY|KEYRING_PROVIDER|USE_FEATURE"
    r"|TIMEOUT|DEFAULT_TIMEOUT|RETRIES|RESUME_RETRIES|CACHE_DIR|NO_CACHE_DIR|CONFIG_FILE)"
)
ALWAYS = ["--disable-pip-version-check", "--no-input"]
EXACT = ["--no-deps", "--require-hashes"]


class LockError(Exception):
    """Says what was expected and what was found."""


class Locked(NamedTuple):
    name: str
    version: str
    hashes: frozenset

    def line(self) -> str:
        return " ".join([f"{self.name}=={self.version}", *(f"--hash=sha256:{digest}" for digest in sorted(self.hashes))])


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def read_list(path: Path) -> dict[str, Locked]:
    """Returns the packages of a lock list by name; every entry must be NAME==VERSION with hashes and nothing else."""
    entries: dict[str, Locked] = {}
    for line in path.read_text().replace("\\\n", " ").splitlines():
        line = " ".join(line.split())
        if not line or line.startswith("#"):
            continue
        match = ENTRY.fullmatch(line)
        if match is None:
            raise LockError(f"expected NAME==VERSION --hash=sha256:... in {path}, found '{line}'")
        locked = Locked(canonical(match["name"]), match["version"], frozenset(re.findall(r"[0-9a-f]{64}", match["hashes"])))
        if locked.name in entries:
            raise LockError(f"expected {locked.name} once in {path}, found it twice")
        entries[locked.name] = locked
    return entries


def read_lists(paths: Iterable[Path]) -> dict[str, Locked]:
    """Returns the packages of several lists, which may share packages if they agree about them."""
    merged: dict[str, Locked] = {}
    for path in paths:
        for name, locked in read_list(path).items():
            known = merged.setdefault(name, locked)
            if known.version != locked.version:
                found = f"{known.version} and {locked.version} in {path}"
                raise LockError(f"expected one version of {name} in all lists, found {found}")
    return merged


def site_packages() -> list[Path]:
    return [Path(folder) for folder in sorted({sysconfig.get_path("purelib"), sysconfig.get_path("platlib")})]


def installed() -> dict[str, set[str]]:
    """Returns the versions of every package in the environment itself, without those of the system.

    A package whose installation was interrupted has no INSTALLER yet, and is left out.
    """
    found: dict[str, set[str]] = {}
    for info in (info for folder in site_packages() for info in folder.glob("*.dist-info")):
        name, _, version = info.name[: -len(".dist-info")].partition("-")
        if (info / "INSTALLER").is_file():
            found.setdefault(canonical(name), set()).add(version)
    return found


def foreign_eggs() -> dict[str, set[str]]:
    """Returns what lies there as *.egg-info and belongs to no installed wheel (ROS 2's wheels carry such folders)."""
    found: dict[str, set[str]] = {}
    for folder in site_packages():
        records = "".join(record.read_text() for record in folder.glob("*.dist-info/RECORD"))
        for egg in folder.glob("*.egg-info"):
            if f"{egg.name}/" not in records and f"{egg.name}," not in records:
                name, _, version = egg.name[: -len(".egg-info")].partition("-")
                found.setdefault(canonical(name), set()).add(version)
    return found


def differences(expected: dict[str, Locked]) -> list[str]:
    """Returns a sentence for each way in which the environment differs from the lock."""
    found = installed()
    sentences = []
    for name, locked in sorted(expected.items()):
        versions = found.pop(name, set())
        if versions != {locked.version}:
            sentences.append(f"expected {name} {locked.version}, found {' and '.join(sorted(versions)) or 'none'}")
    for name, versions in sorted([*found.items(), *foreign_eggs().items()]):
        if name not in OF_VENV:
            sentences.append(f"expected no {name}, which is not locked, found {' and '.join(sorted(versions))}")
    return sentences


def check(expected: dict[str, Locked]) -> None:
    sentences = differences(expected)
    if sentences:
        raise LockError("the virtual environment differs from the lock; `make distclean` and then the same command "
                        "make it anew:\n  " + "\n  ".join(sentences))


def index_environment() -> dict[str, str]:
    """Returns the environment for downloads: the user's index, none of the user's other settings of pip and Python."""
    environment = {key: value for key, value in os.environ.items()
                   if not key.startswith(("PIP_", "PYTHON")) or INDEX_SETTINGS.fullmatch(key)}
    environment.setdefault("PIP_RETRIES", "8")
    environment.setdefault("PIP_RESUME_RETRIES", "8")
    if "PIP_TIMEOUT" not in environment:
        environment.setdefault("PIP_DEFAULT_TIMEOUT", "60")
    return environment


def offline_environment() -> dict[str, str]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("PIP_", "PYTHON"))}
    return {**environment, "PIP_CONFIG_FILE": os.devnull}


def pip(arguments: list[str], environment: dict[str, str], entries: Iterable[Locked]) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        requirements = Path(folder, "locked.txt")
        requirements.write_text("".join(f"{locked.line()}\n" for locked in entries))
        command = [sys.executable, "-I", "-m", "pip", *arguments, *ALWAYS, "-r", str(requirements)]
        return subprocess.run(command, env=environment).returncode == 0


def hashes_in(folder: Path) -> set[str]:
    return {hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir() if path.is_file()}


def fetch(wanted: list[Locked], cache: Path, options: list[str]) -> None:
    """Downloads what is not in `cache` yet."""
    present = hashes_in(cache)
    missing = [locked for locked in wanted if locked.hashes.isdisjoint(present)]
    for first in range(0, len(missing), BATCH):
        batch = missing[first:first + BATCH]
        arguments = ["download", *EXACT, *options, "--progress-bar", "off", "--dest", str(cache)]
        if not pip(arguments, index_environment(), batch):
            present = hashes_in(cache)
            absent = [f"{locked.name} {locked.version}" for locked in batch if locked.hashes.isdisjoint(present)]
            raise LockError(f"expected the package index to give the very files that are locked, pip's ERROR above says what "
                            f"came instead. Of {', '.join(absent)} at least one is unreachable or differs from its hash")


def put(wanted: list[Locked], cache: Path, options: list[str]) -> None:
    arguments = ["install", *EXACT, *options, "--no-index", "--find-links", str(cache), "--ignore-installed", "--no-compile",
                 "--no-cache-dir", "--no-warn-script-location", "--progress-bar", "off"]
    if not pip(arguments, offline_environment(), wanted):
        raise LockError("expected pip to install the locked files, its ERROR above says why it did not")


def remove_other_versions(expected: dict[str, Locked]) -> None:
    """Removes what `python -m venv` has brought in another version than the locked one."""
    found = installed()
    for name in OF_VENV & expected.keys() & found.keys():
        if found[name] != {expected[name].version}:
            subprocess.run([sys.executable, "-I", "-m", "pip", "uninstall", *ALWAYS, "--yes", name],
                           env=offline_environment(), check=True)


def install(lists: list[Path], cache: Path) -> int:
    """Makes the environment hold exactly what the lists name; returns how many packages that is."""
    expected = read_lists(lists)
    wheels = read_lists(path for path in lists if path.name != SOURCE_LIST)
    built = read_lists(path for path in lists if path.name == SOURCE_LIST)
    remove_other_versions(expected)
    cache.mkdir(parents=True, exist_ok=True)
    # No build isolation: it would take setuptools from the index, in whatever version is the newest.
    build = ["--no-binary", ":all:", "--no-build-isolation", "--use-pep517"]
    for packages, options in ((wheels, ["--only-binary", ":all:"]), (built, build)):
        present = installed()
        wanted = [locked for name, locked in sorted(packages.items()) if present.get(name) != {locked.version}]
        if wanted:
            fetch(wanted, cache, options)
            put(wanted, cache, options)
    check(expected)
    return len(expected)


def download(lists: list[Path], cache: Path, python: str) -> int:
    """Downloads what the lists name for another version of Python, and installs nothing."""
    wanted = sorted(read_lists(lists).values())
    cache.mkdir(parents=True, exist_ok=True)
    fetch(wanted, cache, ["--only-binary", ":all:", "--python-version", python])
    return len(wanted)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cache", type=Path, required=True, help="folder for the downloaded files")
    parser.add_argument("--only-download-for", metavar="VERSION", help="download for that version of Python, install nothing")
    parser.add_argument("lists", type=Path, nargs="+")
    arguments = parser.parse_args()
    try:
        if sys.prefix == sys.base_prefix:
            raise LockError(f"expected a virtual environment's Python, found {sys.executable}")
        if arguments.only_download_for:
            count = download(arguments.lists, arguments.cache, arguments.only_download_for)
        else:
            count = install(arguments.lists, arguments.cache)
    except (LockError, OSError) as error:
        print(f"segcap: {error}", file=sys.stderr)
        return 1
    print(f"      {count} packages, exactly as locked")
    return 0


if __name__ == "__main__":
    sys.exit(main())
