#!/usr/bin/env python3
"""Tells r2r which ROS 2 interfaces it shall make Rust types of: those of messages.txt and what their fields consist of.

    choose_messages.py OUT PREFIX:PREFIX...

r2r takes whole packages, or the *.idl names in the folders of CMAKE_IDL_PACKAGES. This makes such folders below OUT and
prints CMAKE_IDL_PACKAGES for the ROS 2 in these prefixes. The folders' path holds a hash of the definitions:
r2r's build cache is keyed on its environment, never on the contents of messages.
"""

import hashlib
import os
import re
import sys
from pathlib import Path

LIST = Path(__file__).with_name("messages.txt")
FIELD = re.compile(r"^\s*([A-Za-z]\w*(?:/\w+)?)(?:<=\d+)?(?:\[[^\]]*\])?\s+\w+")
# What a field may be that is no message.
PRIMITIVE = re.compile(r"^(bool|byte|char|float\d+|u?int\d+|w?string)$")


def wanted():
    """(name, whether it may be missing) of each line in messages.txt."""
    for line in LIST.read_text(encoding="utf-8").splitlines():
        name, _, mark = line.partition("#")[0].strip().partition(" ")
        if name:
            yield name, mark.strip() == "?"


def definition(name, prefixes):
    """The file that defines an interface such as std_msgs/msg/Header, or None."""
    package, kind, type_name = name.split("/")
    files = (Path(prefix, "share", package, kind, f"{type_name}.{kind}") for prefix in prefixes)
    return next((file for file in files if file.is_file()), None)


def fields(file, package):
    """The interfaces that the fields of a definition have as types."""
    for line in file.read_text(encoding="utf-8").splitlines():
        match = FIELD.match(line.partition("#")[0])
        if match and not PRIMITIVE.match(match[1]):
            package_of_field, _, type_name = match[1].rpartition("/")
            yield f"{package_of_field or package}/msg/{type_name}"


def closure(prefixes):
    """{name: file} of all that is wanted and its fields; raises LookupError for what is not installed."""
    chosen, waiting = {}, list(wanted())
    while waiting:
        name, optional = waiting.pop()
        if name in chosen:
            continue
        file = definition(name, prefixes)
        if file:
            chosen[name] = file
            waiting += [(field, False) for field in fields(file, name.partition("/")[0])]
        elif not optional:
            raise LookupError(f"expected the ROS 2 interface {name} in {':'.join(prefixes)}, found none")
    return dict(sorted(chosen.items()))


def write(folder, names):
    """Makes folder/PACKAGE/KIND/NAME.idl, empty files, at once or not at all."""
    if folder.is_dir():
        return
    unfinished = folder.with_name(f"{folder.name}.{os.getpid()}")
    for name in names:
        package, kind, type_name = name.split("/")
        file = unfinished / package / kind / f"{type_name}.idl"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    try:
        unfinished.rename(folder)
    except OSError:  # another process was faster
        if not folder.is_dir():
            raise


def main():
    out, prefixes = Path(sys.argv[1]), [prefix for prefix in sys.argv[2].split(":") if prefix]
    try:
        chosen = closure(prefixes)
    except LookupError as error:
        sys.exit(f"segcap: {error}")
    contents = "\0".join(f"{name}\0{file.read_text(encoding='utf-8')}" for name, file in chosen.items())
    folder = out / hashlib.sha256(contents.encode()).hexdigest()[:16]
    write(folder, chosen)
    packages = sorted({name.partition("/")[0] for name in chosen})
    # r2r goes up one folder from each of these; "cmake" need not exist.
    print(":".join(str(folder / package / "cmake") for package in packages))


if __name__ == "__main__":
    main()
