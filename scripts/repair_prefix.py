#!/usr/bin/env python3
"""Makes a virtual environment with ros-jazzy-* wheels a ROS 2 prefix that compilers, CMake and the loader can use.

The wheels are made to be imported from Python. As a prefix they have four faults, repaired here; a second run changes
nothing:
1. Their bundled libraries (site-packages/ros_*.libs) cannot be found from <prefix>/lib: link them there.
2. The libraries' RPATH points elsewhere, and librcl and others need the Python halves of message packages, which pull
   in libpython: RPATH becomes $ORIGIN, those needs are removed.
3. librmw_implementation.so is missing, everything being linked to Fast DDS directly: a linker script stands in.
4. CMake files name Python and numpy where the wheels were built: name this interpreter's.
"""

import argparse
import re
import subprocess
import sys
import sysconfig
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy

ELF_MAGIC = b"\x7fELF"
# Some wheels carry copies under names with a hash.
PYTHON_HALF = re.compile(r"__rosidl_generator_py(-[0-9a-f]{8})?\.so$")


def link_bundled_libraries(lib: Path, bundles: list[Path]) -> int:
    """Symlinks every library of the bundles into lib; returns how many links were made."""
    made = 0
    for source in (entry for bundle in bundles for entry in bundle.glob("*.so*")):
        link = lib / source.name
        if link.exists():
            continue
        link.unlink(missing_ok=True)  # a dangling link, left by an older version of a wheel
        link.symlink_to(source)
        made += 1
    return made


def is_elf(path: Path) -> bool:
    if path.is_symlink() or not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(4) == ELF_MAGIC


def repair_library(patchelf: Path, library: Path) -> bool:
    """Sets the RPATH and drops needs that pull in libpython; returns whether the file was changed."""

    def ask(option: str) -> str:
        return subprocess.run([patchelf, option, library], check=True, capture_output=True, text=True).stdout.strip()

    edits = [] if ask("--print-rpath") == "$ORIGIN" else ["--set-rpath", "$ORIGIN"]
    if not PYTHON_HALF.search(library.name):
        for needed in ask("--print-needed").splitlines():
            if PYTHON_HALF.search(needed):
                edits += ["--remove-needed", needed]
    if not edits:
        return False
    subprocess.run([patchelf, *edits, library], check=True)
    return True


def repair_libraries(prefix: Path, folders: list[Path]) -> int:
    libraries = [path for folder in folders for path in sorted(folder.glob("*.so*")) if is_elf(path)]
    with ThreadPoolExecutor() as pool:
        return sum(pool.map(lambda library: repair_library(prefix / "bin/patchelf", library), libraries))


def add_rmw_implementation(lib: Path) -> int:
    script = lib / "librmw_implementation.so"
    if script.exists():
        return 0
    script.write_text("/* GNU ld script: the wheels are linked to Fast DDS directly. */\nINPUT(librmw_fastrtps_cpp.so)\n")
    return 1


def rewrite_include_paths(share: Path) -> int:
    """Replaces the build machine's Python and numpy include folders in CMake files."""
    replacements = [
        (re.compile(r"/opt/python/cp3[^;\"]*/numpy/[^;\"]*include"), numpy.get_include()),
        (re.compile(r"/opt/python/cp3[^;\"]*/include/python3[^;\"]*"), sysconfig.get_path("include")),
    ]
    rewritten = 0
    for file in share.rglob("*.cmake"):
        before = after = file.read_text()
        for pattern, path in replacements:
            after = pattern.sub(lambda _, path=path: path, after)
        if after != before:
            file.write_text(after)
            rewritten += 1
    return rewritten


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("prefix", type=Path, nargs="?", default=Path(sys.prefix), help="default: this interpreter's")
    prefix = parser.parse_args().prefix.resolve()
    lib = prefix / "lib"
    if not (lib / "librcl.so").is_file():
        print(f"{prefix}: expected lib/librcl.so of the ros-jazzy-rcl wheel, found none", file=sys.stderr)
        return 1
    bundles = sorted(prefix.glob("lib/python3.*/site-packages/ros_*.libs"))
    links = link_bundled_libraries(lib, bundles)
    patched = repair_libraries(prefix, [lib, *bundles])
    scripts = add_rmw_implementation(lib)
    rewritten = rewrite_include_paths(prefix / "share")
    print(f"      {links} links, {patched} libraries patched, {scripts} linker script, {rewritten} CMake files rewritten")
    return 0


if __name__ == "__main__":
    sys.exit(main())
