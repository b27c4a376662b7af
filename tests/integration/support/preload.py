"""Libraries that a program under test is made to load before its own (LD_PRELOAD), made of one file of C each."""

import shutil
import subprocess
from pathlib import Path

import pytest


def build(name, folder):
    """Compiles support/NAME.c into `folder` and returns the library's path; skips the test where there is no gcc."""
    if shutil.which("gcc") is None:
        pytest.skip("gcc is not installed")
    library = folder / f"{name}.so"
    source = Path(__file__).with_name(f"{name}.c")
    subprocess.run(["gcc", "-shared", "-fPIC", "-O1", "-o", library, source, "-ldl"], check=True)
    return library
