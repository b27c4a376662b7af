"""The node as a process: how it ends, that it comes back, that two of them do not disturb each other."""

import os
import re
import signal
import subprocess
import sys
import time

import pytest
from checks import check_regions, good, refusal
from client import Client, box_prompt, everything_prompt, point_prompt
from peer import has_ids
from processes import ROOT, Process, node_command
from scenes import disc_scene, message
from segcap.msg import Region, RegionArray, ResultCode
from segcap.srv import Segment

SCENE = disc_scene(320, 240)
SECONDS_TO_END = 1.0


def request(prompt=None, **fields):
    return Segment.Request(image=message(SCENE.rgb), prompts=[prompt or box_prompt("disc", SCENE.box)], **fields)


def end(node, number):
    """Sends the signal; returns (exit code, seconds until the process was gone)."""
    start = time.monotonic()
    node.process.signal(number)
    code = node.process.wait(10)
    return code, time.monotonic() - start


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
def test_a_signal_ends_an_idle_node_cleanly(start_node, number):
    node = start_node()
    code, seconds = end(node, number)
    assert (code, seconds < SECONDS_TO_END) == (0, True), f"code {code} after {seconds:.2f} s"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
def test_a_signal_ends_a_busy_node_cleanly(start_node, number):
    node = start_node()
    good(node.call(request()))
    node.client.send_prompts([box_prompt("disc", SCENE.box), everything_prompt()], sticky=True)
    futures = [node.client.service.call_async(request(everything_prompt(), caption=True)) for _ in range(6)]
    for _ in range(6):
        node.client.images.publish(message(SCENE.rgb))
        node.client.spin(0.05)
    assert not all(future.done() for future in futures), "the node should be busy by now"
    code, seconds = end(node, number)
    assert (code, seconds < SECONDS_TO_END) == (0, True), f"code {code} after {seconds:.2f} s"


def test_a_signal_while_the_model_loads(start_node):
    node = start_node(connect=False)
    time.sleep(0.05)  # not a wait for a result: somewhere in the start
    code, _seconds = end(node, signal.SIGTERM)
    assert code in (0, -signal.SIGTERM)


def test_killed_and_started_again(start_node):
    first = start_node(node_name="phoenix")
    good(first.call(request()))
    code, _seconds = end(first, signal.SIGKILL)
    assert code == -signal.SIGKILL
    second = start_node(node_name="phoenix")
    check_regions(good(second.call(request(caption=True))), size=SCENE.size, words=True)


def test_two_nodes_at_once_do_not_mix_their_answers(start_node):
    one, two = start_node(node_name="left"), start_node(node_name="right")
    for node, name in ((one, "for one"), (two, "for two")):
        picture, array = node.answer_on_topic(
            lambda: message(SCENE.rgb), [point_prompt(name, [SCENE.centre])], condition=has_ids(name)
        )
        check_regions(array, picture.header, SCENE.size)
    assert not one.arrays(lambda a: any(r.prompt_id == "for two" for r in a.regions))
    assert not two.arrays(lambda a: any(r.prompt_id == "for one" for r in a.regions))


def test_a_named_camera(start_node):
    """cameras: [front] reads front/image and answers on ~/front/regions."""
    node = start_node(parameters={"cameras": "[front]"}, connect=False)
    peer = Client(node.full_name, f"{node.namespace}/front/image", "front_peer", node.domain)
    try:
        found = []
        peer.listen(RegionArray, f"{node.full_name}/front/regions", found.append)
        peer.wait_for(peer.service.service_is_ready, 10, "the service")
        peer.wait_for(peer.images.get_subscription_count, 10, "a subscriber of front/image")
        unknown = peer.call(Segment.Request(camera="rear", prompts=[everything_prompt()]))
        refusal(unknown, ResultCode.NOT_FOUND, "rear", "front")

        def answer():
            peer.images.publish(message(SCENE.rgb))
            return peer.call(Segment.Request(camera="front", prompts=[box_prompt("disc", SCENE.box)]))

        array = good(peer.wait_for(lambda: (a := answer()).success and a, 10, "the front camera's frame"))
        check_regions(array, size=SCENE.size)
        assert array.camera == "front"
    finally:
        peer.close()


BAD_STARTS = {
    "unknown provider": ({"provider": "abacus"}, ["provider", "abacus"]),
    "wrong type": ({"threads": "many"}, ["threads", "many"]),
    "out of range": ({"overlay.alpha": 7.5}, ["overlay.alpha", "7.5"]),
}


@pytest.mark.parametrize("name", BAD_STARTS)
def test_a_start_that_cannot_succeed_says_why(start_node, name):
    parameters, said = BAD_STARTS[name]
    node = start_node(parameters=parameters, connect=False)
    assert node.process.wait(10) not in (0, -signal.SIGSEGV, -signal.SIGABRT, 101)
    log = node.process.log()
    assert all(text in log for text in said), log
    assert "panicked" not in log


def test_a_parameter_file_that_is_not_there_ends_it(domain, logs):
    command = [*node_command(), "--ros-args", "--params-file", "/nowhere/my.param.yaml"]
    process = Process("segcap_node without its file", command, logs / "no_params_file.log", dict(os.environ))
    assert process.wait(30) == 1
    assert "/nowhere/my.param.yaml" in process.log() and "panicked" not in process.log(), process.log()


def test_the_help_shows_words_of_regions_with_ros2_topic(capsys):
    """`ros2 topic echo --filter` evaluates its expression for a message `m`, and --field takes names alone."""
    said = subprocess.run([*node_command(), "--help"], capture_output=True, text=True, check=True).stdout
    expression = re.search(r"ros2 topic echo /segcap/regions --filter '([^']+)'", said).group(1)
    regions = [Region(id="r1", caption="a red mug"), Region(id="r2", caption="a bowl")]
    assert not eval(expression, {}, {"m": RegionArray(regions=regions)}), "the message itself is not printed"
    assert capsys.readouterr().out == "r1 a red mug\nr2 a bowl\n"
    assert not re.search(r"--field \S*\[", said)


@pytest.mark.load
def test_a_camera_of_120_hz_is_followed_without_growth(start_node):
    """Answers stay young although the model cannot keep up, and memory stays where it is."""
    from processes import resident_mb

    node = start_node(parameters={"embedding_cache_mb": 8})
    camera = start_camera(node, 120)
    try:
        node.client.send_prompts([box_prompt("disc", (200, 150, 200, 200))], sticky=True)
        node.client.wait_for(lambda: len(node.client.regions) > 10, 15, "answers")
        node.client.spin(1.0)
        node.client.regions.clear()
        before = resident_mb(node.process.pid)
        node.client.spin(6.0)
        grown = resident_mb(node.process.pid) - before
        first = {}
        for arrival in node.client.regions:
            first.setdefault((arrival.message.header.stamp.sec, arrival.message.header.stamp.nanosec), arrival.age_ms)
        ages = sorted(first.values())
        assert len(ages) > 10, "the stream must go on"
        half = len(ages) // 2
        assert ages[half] < 500, f"half of the answers are older than {ages[half]:.0f} ms"
        assert grown < 30, f"{grown:.0f} MiB more after six seconds"
        late = [age for age in list(first.values())[half:]]
        assert sum(late) / len(late) < 2 * ages[half] + 50, "answers grow older and older"
    finally:
        camera.stop()


def start_camera(node, rate):
    """The demo's camera with a small clip, for this node."""
    from PIL import Image

    picture = node.process.log_path.parent / "scene.png"
    Image.fromarray(disc_scene(640, 480).rgb).save(picture)
    command = [sys.executable, ROOT / "demo" / "camera.py", picture, "--rate", str(rate), "--ros-args"]
    command += ["-r", f"image:={node.image_topic}", "-r", f"camera_info:={node.namespace}/camera_info"]
    return Process("camera", command, picture.with_name("camera.log"), dict(os.environ))
