#!/usr/bin/env python3
"""Maintainers: writes requirements/python3.*/*.txt, the exact wheels that set-up installs, from requirements/*.in.

Versions that are locked stay as they are, unless --upgrade is given. Needs the Python packages `uv` and `packaging`.

Every list is complete for what it is for: set-up installs it without looking for dependencies. It holds no markers, and
only the hashes of files that fit that Python on Linux.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from packaging.tags import compatible_tags, cpython_tags
from packaging.utils import parse_wheel_filename

if sys.version_info >= (3, 11):
    import tomllib
else:
    sys.exit(f"expected Python 3.11 or newer, found {sys.version.split()[0]}")

FOLDER = Path(__file__).resolve().parent / "requirements"
UNNEEDED = FOLDER / "unneeded.in"
GROUPS = ["ros", "tools", "test", "colcon"]
# ROS 2 wheels exist for 3.10 to 3.13; a sourced ROS 2 may bring a newer Python.
PYTHONS = {"3.10": GROUPS, "3.11": GROUPS, "3.12": GROUPS, "3.13": GROUPS, "3.14": ["tools", "test"]}
ARCHITECTURES = {"ros": ["x86_64"], "tools": ["x86_64", "aarch64"], "test": ["x86_64", "aarch64"], "colcon": ["x86_64"]}
# Left out of the other lists: a sourced ROS 2 has its own, and its message modules are compiled against that numpy.
ROS_BRINGS = {"numpy", "pyyaml", "empy", "catkin-pkg", "setuptools"}
# Published as sources only. They go to source.txt, and are built with the locked setuptools.
SOURCES = {"empy"}
# onnxruntime's wheels need Python 3.11; for 3.10, set-up takes the library alone out of one for 3.11.
UNPACKED = {"3.10": ("onnxruntime", "3.11")}


def resolve(python: str, architecture: str, inputs: list[Path], constraints: list[str]) -> dict[str, dict]:
    """Returns the packages of a PEP 751 lock by name, with the files for this architecture."""
    with tempfile.TemporaryDirectory() as folder:
        known = Path(folder, "constraints.txt")
        known.write_text("\n".join(constraints))
        output = Path(folder, "pylock.toml")
        subprocess.run(
            ["uv", "pip", "compile", "--quiet", "--no-config", "--python-version", python, "--no-python-downloads",
             "--python-platform", f"{architecture}-manylinux_2_28", "--constraint", known, "--excludes", UNNEEDED,
             "--format", "pylock.toml", "--output-file", output, *inputs],
            check=True,
        )
        return {package["name"]: package for package in tomllib.loads(output.read_text())["packages"]}


def locked_versions(python: str) -> list[str]:
    """Returns NAME==VERSION for everything that is locked for this Python today."""
    lists = (FOLDER / f"python{python}").glob("*.txt")
    return sorted({line.split()[0] for path in lists for line in path.read_text().splitlines() if "==" in line})


def usable_tags(python: str, architecture: str) -> set:
    """Returns the tags of wheels for this Python on Linux with glibc."""
    version = tuple(int(part) for part in python.split("."))
    platforms = [f"manylinux_2_{minor}_{architecture}" for minor in range(5, 36)]
    platforms += [f"{name}_{architecture}" for name in ("manylinux2014", "manylinux2010", "manylinux1", "linux")]
    interpreter = f"cp{version[0]}{version[1]}"
    return {*cpython_tags(version, platforms=platforms), *compatible_tags(version, interpreter, platforms)}


def wheel_hashes(package: dict, tags: set) -> list[str]:
    hashes = []
    for wheel in package.get("wheels", []):
        name = wheel.get("name") or wheel["url"].rsplit("/", 1)[-1].split("#")[0]
        if not tags.isdisjoint(parse_wheel_filename(name.replace("%2B", "+"))[3]):
            hashes.append(wheel["hashes"]["sha256"])
    return sorted(hashes)


def entry(package: dict, hashes: list[str]) -> str:
    lines = [f"{package['name']}=={package['version']}", *(f"    --hash=sha256:{digest}" for digest in hashes)]
    return " \\\n".join(lines)


def wheel_entry(name: str, python: str, resolved: dict[str, dict[str, dict]]) -> str:
    """`resolved`: packages by architecture, then by name."""
    hashes = set()
    for architecture, packages in resolved.items():
        found = wheel_hashes(packages[name], usable_tags(python, architecture))
        if not found:
            sys.exit(f"expected a wheel of {name} {packages[name]['version']} for Python {python} on {architecture}, "
                     f"found none: name another version in requirements/*.in")
        hashes.update(found)
    return entry(packages[name], sorted(hashes))


def write(python: str, name: str, entries: list[str]) -> None:
    path = FOLDER / f"python{python}" / f"{name}.txt"
    path.parent.mkdir(exist_ok=True)
    header = "# Made by scripts/lock_requirements.py; do not edit.\n"
    path.write_text(header + "\n".join(entries) + "\n")
    print(f"{path.relative_to(FOLDER)}: {len(entries)} packages")


def lock(python: str, groups: list[str], upgrade: bool) -> None:
    """Writes the lists of one Python."""
    inputs = [FOLDER / f"{group}.in" for group in groups]
    everything = resolve(python, "x86_64", inputs, [] if upgrade else locked_versions(python))
    pins = [f"{name}=={package['version']}" for name, package in everything.items()]
    for group, path in zip(groups, inputs):
        resolved = {architecture: resolve(python, architecture, [path], pins) for architecture in ARCHITECTURES[group]}
        names = resolved["x86_64"].keys() - SOURCES - (set() if group == "ros" else ROS_BRINGS)
        # The ros-jazzy-* wheels are empty: each only depends on the ros-* wheel of the version that belongs to Jazzy.
        names = sorted(name for name in names if not name.startswith("ros-jazzy-"))
        write(python, group, [wheel_entry(name, python, resolved) for name in names])
    sources = [everything[name] for name in sorted(SOURCES & everything.keys())]
    if sources:
        write(python, "source", [entry(package, [package["sdist"]["hashes"]["sha256"]]) for package in sources])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions that the .in files allow")
    upgrade = parser.parse_args().upgrade
    for python, groups in PYTHONS.items():
        lock(python, groups, upgrade)
    for python, (name, wheel_python) in UNPACKED.items():
        lines = (FOLDER / f"python{wheel_python}" / "tools.txt").read_text().split("\n")
        first = next(number for number, line in enumerate(lines) if line.startswith(f"{name}=="))
        last = next(number for number in range(first, len(lines)) if not lines[number].endswith("\\"))
        write(python, name, ["\n".join(lines[first:last + 1])])


if __name__ == "__main__":
    main()
