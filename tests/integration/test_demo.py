"""`make demo` as a user runs it: results on disk, clear errors, and nothing left running."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from patience import PATIENCE_S
from PIL import Image
from processes import ROOT
from scenes import disc_scene

SCENE = disc_scene(400, 300)
# EXIF tag 274, value 6: the camera was turned; upright, the picture is 300 wide and 400 high.
ORIENTATION, TURNED = 274, 6


def start(out, *arguments, **environment):
    return subprocess.Popen(
        [sys.executable, ROOT / "demo" / "run.py", "--out", out, *arguments],
        env={**os.environ, **{name: str(value) for name, value in environment.items()}},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def processes_of(out):
    """Processes that write their log into the folder of a demo: its camera and its node."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/fd/1"):
        try:
            if entry.readlink().is_relative_to(out):
                found.append(entry.parts[2])
        except OSError:
            continue
    return found


@pytest.fixture
def demo_domain(domain):
    """The demo's own domain: not the one of the other tests, whose nodes would hear its pictures."""
    return {"ROS_DOMAIN_ID": ""}


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "turned.jpg"
    exif = Image.Exif()
    exif[ORIENTATION] = TURNED
    Image.fromarray(SCENE.rgb).save(path, exif=exif, quality=95)
    return path


def test_a_photograph_of_the_users(tmp_path, photo, demo_domain):
    out = tmp_path / "out"
    demo = start(out, IMAGE=photo, **demo_domain)
    said, _ = demo.communicate(timeout=5 * PATIENCE_S)
    assert demo.returncode == 0, said
    assert "300x400" in said, "the picture is turned upright"
    assert "centre" in said and "Latencies" in said
    labels = np.asarray(Image.open(out / "label_map.png"))
    assert labels.shape == (400, 300) and labels.dtype.itemsize >= 2 and labels.max() >= 1
    assert Image.open(out / "overlay.png").size == (300, 400)
    assert Image.open(out / "label_map_colour.png").width == 300
    assert not processes_of(out)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_an_interrupted_demo_leaves_nothing_behind(tmp_path, photo, demo_domain, number):
    out = tmp_path / "out"
    demo = start(out, IMAGE=photo, **demo_domain)
    deadline = time.monotonic() + 2 * PATIENCE_S
    while len(processes_of(out)) < 2:
        assert time.monotonic() < deadline and demo.poll() is None, "camera and node should run by now"
        time.sleep(0.05)
    demo.send_signal(number)
    said, _ = demo.communicate(timeout=PATIENCE_S)
    assert demo.returncode not in (0, None) and "Traceback" not in said, said
    assert not processes_of(out)


ERRORS = {
    "no such picture": ({"IMAGE": "/nowhere.jpg"}, ["/nowhere.jpg", "no such file"]),
    "not a picture": ({"IMAGE": __file__}, ["not a readable picture"]),
    "no program": ({"SEGCAP_NODE": "/nowhere"}, ["/nowhere"]),
    "node dies": ({"SEGCAP_NODE": "/bin/false"}, ["segcap_node ended with code 1"]),
    "unknown camera": ({"CAMERA": "usb"}, ["usb", "live"]),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors_are_sentences(tmp_path, demo_domain, name):
    environment, expected = ERRORS[name]
    demo = start(tmp_path / "out", **{**demo_domain, **environment})
    said, _ = demo.communicate(timeout=2 * PATIENCE_S)
    assert demo.returncode != 0 and "Traceback" not in said, said
    assert all(text in said for text in expected), said
    assert not processes_of(tmp_path)
