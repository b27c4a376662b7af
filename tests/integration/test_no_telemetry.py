"""Nothing leaves the machine, and of files only logs are written (beside Fast DDS's shared memory): ONNX Runtime's telemetry
is off in every program of ours. On the CPU; with TensorRT the node writes engines, too, where `engine_cache_dir` says."""

import re
import subprocess
import sys
import time
import uuid

import pytest
from checks import check_regions, good
from client import Client, box_prompt
from patience import PATIENCE_S
from processes import ROOT, Process, node_binary, node_command
from scenes import disc_scene, message
from segcap.srv import Segment
from system_calls import Call, Watch

# ONNX Runtime 1.32 looked its server up 9, 15 and 23 s after the start.
SECONDS = 30.0
SCENE = disc_scene(320, 240)

IN_PYTHON = """
import os, socket
os.mkdir("folder"); open("folder/old", "w").close(); os.rename("folder/old", "folder/new")
socket.getaddrinfo("localhost", 80)
try:
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect(("203.0.113.1", 53))  # sends nothing
except OSError:
    pass
"""


@pytest.fixture
def watch(tmp_path):
    return Watch(tmp_path)


def test_the_watch_sees_what_a_program_does(watch, tmp_path):
    command = watch.command([sys.executable, "-c", IN_PYTHON])
    subprocess.run(command, env=watch.environment(), cwd=tmp_path, check=True)
    done = [Call("write", "folder"), Call("write", "folder/old"), Call("write", "folder/new")]
    done += [Call("lookup", "localhost"), Call("send", "203.0.113.1 53")]
    assert watch.calls() >= set(done)
    assert set(watch.unexpected()) >= {f"{call.what} {call.detail}" for call in done}


@pytest.mark.load
def test_the_node_looks_up_no_name_and_writes_no_files_but_logs(watch, domain, logs):
    """For half a minute after the model has answered."""
    namespace = f"/quiet_{uuid.uuid4().hex[:8]}"
    command = watch.command(node_command(namespace=namespace))
    process = Process("segcap_node", command, logs / "quiet_node.log", watch.environment())
    client = Client(f"{namespace}/segcap", f"{namespace}/image", "quiet_peer", domain)
    try:
        client.wait_for(client.graph_is_ready, PATIENCE_S, "the graph")
        request = Segment.Request(image=message(SCENE.rgb), prompts=[box_prompt("disc", SCENE.box)], caption=True)
        check_regions(good(client.call(request, 120)), size=SCENE.size, words=True)
        quiet_until = time.monotonic() + SECONDS
        while time.monotonic() < quiet_until:
            process.check_alive()
            client.spin(0.5)
    finally:
        client.close()
        code = process.stop(timeout=30)
    assert code == 0, process.last_lines()
    assert not watch.unexpected(), "\n".join(watch.unexpected())
    assert watch.files() and all(re.fullmatch(r"\.ros/log/[^/]+\.log", name) for name in watch.files()), watch.files()
    assert Call("write", str(watch.home / ".ros" / "log")) in watch.calls(), "the watch saw nothing"


def test_segcap_image_writes_nothing(watch):
    program = node_binary().with_name("segcap")
    command = watch.command([program, "image", ROOT / "samples" / "tabletop.jpg", "--point", "277,193"])
    done = subprocess.run(command, env=watch.environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "encode" in done.stdout
    assert not watch.unexpected(), "\n".join(watch.unexpected())
    assert watch.files() == []


def test_every_python_tool_turns_telemetry_off_before_it_imports_onnxruntime():
    folders = ("benches", "demo", "examples", "launch", "scripts", "tests", "training")
    tools = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    texts = {path: path.read_text(encoding="utf-8") for path in tools}
    importing = re.compile(r"^\s*(?:import|from) onnxruntime\b", re.MULTILINE)
    found = {path: importing.search(text) for path, text in texts.items()}
    assert sum(map(bool, found.values())) >= 3, "the benchmark's, the training's and the reference"
    for path, match in found.items():
        before = match and texts[path][: match.start()]
        assert match is None or 'os.environ["ORT_DISABLE_TELEMETRY"] = "1"' in before, path
