"""A package index in a folder, with tiny wheels made by the tests."""

import base64
import hashlib
import io
import tarfile
import zipfile
from pathlib import Path

# A source package whose build needs nothing but itself. It asks for `buildtool`, as setup.py asks for setuptools.
BACKEND = """
import base64, hashlib, zipfile

def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    name = "{name}-{version}-py3-none-any.whl"
    info = "{name}-{version}.dist-info/"
    with zipfile.ZipFile(wheel_directory + "/" + name, "w") as wheel:
        wheel.writestr("{name}.py", "")
        wheel.writestr(info + "METADATA", "Metadata-Version: 2.1\\nName: {name}\\nVersion: {version}\\n")
        wheel.writestr(info + "WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr(info + "RECORD", "{name}.py,,\\n" + info + "METADATA,,\\n" + info + "WHEEL,,\\n" + info + "RECORD,,\\n")
    return name
"""


def wheel_bytes(name: str, version: str, requires: tuple[str, ...] = (), content: str = "") -> bytes:
    module = name.replace("-", "_")
    info = f"{module}-{version}.dist-info"
    metadata = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}", "Provides-Extra: toml"]
    files = {
        f"{module}.py": content,
        f"{info}/METADATA": "\n".join([*metadata, *(f"Requires-Dist: {requirement}" for requirement in requires)]) + "\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = ""
    for path, text in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
        record += f"{path},sha256={digest},{len(text.encode())}\n"
    files[f"{info}/RECORD"] = record + f"{info}/RECORD,,\n"
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path, text in files.items():
            archive.writestr(zipfile.ZipInfo(path, (2026, 1, 1, 0, 0, 0)), text)
    return buffer.getvalue()


def source_bytes(name: str, version: str) -> bytes:
    files = {
        "PKG-INFO": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        "pyproject.toml": '[build-system]\nrequires = ["buildtool"]\nbuild-backend = "backend"\nbackend-path = ["."]\n',
        "backend.py": BACKEND.format(name=name, version=version),
    }
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for path, text in files.items():
            member = tarfile.TarInfo(f"{name}-{version}/{path}")
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
    return buffer.getvalue()


def locked_line(name: str, version: str, content: bytes) -> str:
    return f"{name}=={version} \\\n    --hash=sha256:{hashlib.sha256(content).hexdigest()}\n"


class FakeIndex:
    """A simple index (PEP 503) that pip reads from file://."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.url = folder.as_uri()

    def publish(self, file_name: str, content: bytes) -> Path:
        """Offers a file under its package's name."""
        package = self.folder / file_name.split("-")[0].replace("_", "-")
        package.mkdir(parents=True, exist_ok=True)
        path = package / file_name
        path.write_bytes(content)
        links = (f'<a href="{entry.name}">{entry.name}</a>' for entry in sorted(package.iterdir()) if entry.name != "index.html")
        (package / "index.html").write_text(f"<!DOCTYPE html><html><body>{''.join(links)}</body></html>")
        return path

    def publish_wheel(self, name: str, version: str, requires: tuple[str, ...] = (), content: str = "") -> bytes:
        wheel = wheel_bytes(name, version, requires, content)
        self.publish(f"{name.replace('-', '_')}-{version}-py3-none-any.whl", wheel)
        return wheel
