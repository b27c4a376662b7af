"""The node as a process: how it ends, that it comes back, that two of them do not disturb each other."""

import os
import re
import signal
import subprocess
import sys
import time
from statistics import median

import pytest
from checks import check_regions, good, refusal
from client import Client, box_prompt, everything_prompt, point_prompt, stamp_key
from growth import check_growth
from patience import PATIENCE_S
from peer import has_ids
from processes import ROOT, Process, node_command
from scenes import disc_scene, message
from segcap.msg import Region, RegionArray, ResultCode
from segcap.srv import Segment

SCENE = disc_scene(320, 240)


def request(prompt=None, **fields):
    return Segment.Request(image=message(SCENE.rgb), prompts=[prompt or box_prompt("disc", SCENE.box)], **fields)


def end(node, number):
    """Sends the signal; returns the exit code."""
    node.process.signal(number)
    return node.process.wait(PATIENCE_S)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
def test_a_signal_ends_an_idle_node_cleanly(start_node, number):
    assert end(start_node(), number) == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
def test_a_signal_ends_a_busy_node_cleanly(start_node, number):
    # Seconds of work for each of the requests.
    node = start_node(parameters={"everything.points_per_side": 64})
    good(node.call(request()))
    node.client.send_prompts([box_prompt("disc", SCENE.box), everything_prompt()], sticky=True)
    futures = [node.client.service.call_async(request(everything_prompt(), caption=True)) for _ in range(6)]
    for _ in range(6):
        node.client.images.publish(message(SCENE.rgb))
        node.client.spin(0.05)
    assert not all(future.done() for future in futures), "the node should be busy by now"
    assert end(node, number) == 0
    node.client.spin(0.5)
    answers = [future.result() for future in futures if future.done()]
    assert not all(answer.success for answer in answers) or len(answers) < len(futures), "it has not waited for its work"


def test_a_signal_while_the_model_loads(start_node):
    node = start_node(connect=False)
    time.sleep(0.05)  # not a wait for a result: somewhere in the start
    assert end(node, signal.SIGTERM) in (0, -signal.SIGTERM)


def test_killed_and_started_again(start_node):
    first = start_node(node_name="phoenix")
    good(first.call(request()))
    assert end(first, signal.SIGKILL) == -signal.SIGKILL
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
        peer.wait_for(peer.service.service_is_ready, PATIENCE_S, "the service")
        peer.wait_for(peer.images.get_subscription_count, PATIENCE_S, "a subscriber of front/image")
        peer.wait_for(lambda: "]: ready" in node.process.log(), PATIENCE_S, "the node's start")
        unknown = peer.call(Segment.Request(camera="rear", prompts=[everything_prompt()]))
        refusal(unknown, ResultCode.NOT_FOUND, "rear", "front")

        def answer():
            peer.images.publish(message(SCENE.rgb))
            return peer.call(Segment.Request(camera="front", prompts=[box_prompt("disc", SCENE.box)]))

        array = good(peer.wait_for(lambda: (a := answer()).success and a, PATIENCE_S, "the front camera's frame"))
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
    assert node.process.wait(PATIENCE_S) not in (0, -signal.SIGSEGV, -signal.SIGABRT, 101)
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
    """Answers do not fall behind although the model cannot keep up, and memory stays where it is."""
    node = start_node(parameters={"embedding_cache_mb": 8})
    camera = start_camera(node, 120)
    first = {}  # the first answer to each frame

    def twenty_answers():
        node.client.regions.clear()

        def have_come():
            for arrival in node.client.regions:
                first.setdefault(stamp_key(arrival.message.header.stamp), arrival)
            return len(first) >= wanted

        wanted = len(first) + 20
        node.client.wait_for(have_come, PATIENCE_S, "answers")

    try:
        node.client.send_prompts([box_prompt("disc", (200, 150, 200, 200))], sticky=True)
        check_growth(node.process.pid, twenty_answers, most_mb=15)
    finally:
        camera.stop()
    stamps, arrivals = list(first), list(first.values())
    assert stamps == sorted(stamps), "never backwards"
    ages_ms = [arrival.age_ms for arrival in arrivals]
    pauses_ms = [(b.received_ns - a.received_ns) / 1e6 for a, b in zip(arrivals, arrivals[1:])]
    print(f"age of the answers {median(ages_ms):.0f} ms (median), from one to the next {median(pauses_ms):.0f} ms")
    # A frame waits for the one in work and is worked on; where ten wait in a row, it is ten times as old.
    assert median(ages_ms) < 5 * max(median(pauses_ms), 50), "answers as old as several frames take"
    half = len(ages_ms) // 2
    assert median(ages_ms[half:]) < 2 * median(ages_ms[:half]) + median(pauses_ms), "older and older"


def start_camera(node, rate):
    """The demo's camera with a small clip, for this node."""
    from PIL import Image

    picture = node.process.log_path.parent / "scene.png"
    Image.fromarray(disc_scene(640, 480).rgb).save(picture)
    command = [sys.executable, ROOT / "demo" / "camera.py", picture, "--rate", str(rate), "--ros-args"]
    command += ["-r", f"image:={node.image_topic}", "-r", f"camera_info:={node.namespace}/camera_info"]
    return Process("camera", command, picture.with_name("camera.log"), dict(os.environ))
