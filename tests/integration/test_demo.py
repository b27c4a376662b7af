"""`make demo` as a user runs it: results on disk, clear errors, and nothing left running."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from patience import PATIENCE_S
from PIL import Image
from processes import ROOT, free_domain_id
from scenes import disc_scene
from waiting import Patience

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


RVIZ = """#!/bin/sh
echo "$ROS_DOMAIN_ID $*" >> "{out}"
exec sleep 1000
"""


def said_until(demo, text, timeout=240):
    """What the demo prints until it has printed `text`."""
    said, patience = "", Patience(timeout)
    while text not in said:
        line = demo.stdout.readline()
        assert line and not patience.is_over(), f"expected {text!r} in:\n{said}"
        said += line
    return said


def test_the_clip_has_positions_and_rviz_is_started_where_it_is(tmp_path, domain):
    out, programs, rviz = tmp_path / "out", tmp_path / "bin", tmp_path / "rviz"
    programs.mkdir()
    (programs / "rviz2").write_text(RVIZ.format(out=rviz), encoding="utf-8")
    (programs / "rviz2").chmod(0o755)
    demo = start(out, RVIZ=1, PATH=f"{programs}:{os.environ['PATH']}", ROS_DOMAIN_ID=free_domain_id())
    said = said_until(demo, "stay up") + said_until(demo, "frames answered, age")
    assert len(processes_of(out)) == 3, "camera, node and RViz"
    domain, *arguments = rviz.read_text(encoding="utf-8").split()
    assert f"ROS_DOMAIN_ID={domain} " in said
    assert arguments == ["-d", str(ROOT / "rviz" / "segcap.rviz"), "-f", "camera_optical_frame"]
    demo.send_signal(signal.SIGINT)
    assert "Traceback" not in demo.communicate(timeout=60)[0]
    assert not processes_of(out)

    assert "x, y, z [m]" in said
    known, of, median = map(int, re.search(r"(\d+) of (\d+) are known: off by (\d+) mm", said).groups())
    assert known >= of - 1 and of == 8 and median < 20, said
    drawn = np.asarray(Image.open(out / "markers.png"))
    assert drawn.shape == (640, 1000, 3) and (drawn == drawn[-1, -1]).all(2).mean() < 0.8, "more than a background"


@pytest.mark.skipif(shutil.which("rviz2") is not None, reason="there is an RViz")
def test_without_rviz_the_demo_says_so_and_goes_on(tmp_path, photo, domain):
    demo = start(tmp_path / "out", IMAGE=photo, RVIZ=1, ROS_DOMAIN_ID=free_domain_id())
    said = said_until(demo, "frames answered, age")
    assert "rviz2 is not on the PATH" in said and "stay up" in said
    demo.send_signal(signal.SIGINT)
    demo.communicate(timeout=60)
    assert not processes_of(tmp_path)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_an_interrupted_demo_leaves_nothing_behind(tmp_path, photo, demo_domain, number):
    out = tmp_path / "out"
    demo = start(out, IMAGE=photo, **demo_domain)
    patience = Patience(2 * PATIENCE_S)
    while len(processes_of(out)) < 2:
        assert not patience.is_over() and demo.poll() is None, "camera and node should run by now"
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
    "unknown RViz": ({"RVIZ": "yes"}, ["RVIZ=yes", "RVIZ=1"]),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors_are_sentences(tmp_path, demo_domain, name):
    environment, expected = ERRORS[name]
    demo = start(tmp_path / "out", **{**demo_domain, **environment})
    said, _ = demo.communicate(timeout=2 * PATIENCE_S)
    assert demo.returncode != 0 and "Traceback" not in said, said
    assert all(text in said for text in expected), said
    assert not processes_of(tmp_path)
