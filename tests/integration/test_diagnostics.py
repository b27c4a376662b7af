"""/diagnostics: what is told, and the rules that make warnings of it."""

import time

import pytest
from checks import good
from client import Client, box_prompt
from health import NAMES, Health, level_of, values
from managed import Managed
from patience import PATIENCE_S
from processes import ROOT
from rclpy.qos import QoSProfile, ReliabilityPolicy
from scenes import disc_scene, message
from sensor_msgs.msg import CompressedImage, Image

SCENE = disc_scene(320, 240)
TINY = ROOT / "tests" / "fixtures" / "tiny"
STAGES = ("encode", "decode", "answer age")


@pytest.fixture
def healthy(start_node):
    """healthy(parameters): a node with the tiny model, and its health."""
    opened = []

    def start(connect=True, **parameters):
        node = start_node(parameters={"bundle": TINY, **parameters}, connect=connect)
        if not connect:
            # Not the topics of a node with one camera.
            node.client = Client(node.full_name, node.image_topic, f"{node.namespace[1:]}_peer", node.domain)
        opened.append(Health(node))
        return node, opened[-1]

    yield start
    for one in opened:
        one.close()


def publish(node):
    node.client.images.publish(message(SCENE.rgb))


def stream(node, until, what):
    """Pictures at 20 Hz at most, until it is so."""
    node.client.wait_for(until, PATIENCE_S, what, lambda: publish(node), every=1 / 20)


def test_once_a_second_with_the_node_s_name(healthy):
    _node, health = healthy()
    begun = time.time()
    statuses = health.next(5)
    assert statuses.keys() == {"lifecycle", "model", "camera", "work", "clock"}
    stamps = [a.message.header.stamp.sec + a.message.header.stamp.nanosec * 1e-9 for a in health.arrivals]
    assert stamps == sorted(stamps) and begun < stamps[-1] < time.time()
    periods = [after - before for before, after in zip(stamps, stamps[1:])]
    assert min(periods) > 0.5, "not more often than that"


def test_the_model_says_what_runs_on_what(healthy):
    _node, health = healthy()
    told = values(health.next()["model"])
    assert told["model"].startswith("tiny") and told["bundle"] == str(TINY)
    assert told["provider"] == "cpu" and told["precision"] == "fp32"
    roles = {"image_encoder", "mask_decoder", "caption_prefix", "lm_prefill", "lm_decode"}
    assert all("CPUExecutionProvider" in told[f"{role} runs on"] for role in roles)
    assert "libonnxruntime" in told["ONNX Runtime"]


def test_rates_latencies_queues_memory(healthy):
    node, health = healthy()
    node.client.send_prompts([box_prompt("disc", SCENE.box)], sticky=True)

    def is_busy():
        statuses = health.arrivals and health.statuses()
        if not statuses or NAMES[level_of(statuses["camera"])] != "OK":
            return False
        camera, work = values(statuses["camera"]), values(statuses["work"])
        rates = float(camera["input rate (Hz)"]), float(work["output rate (Hz)"])
        timed = all(work[f"{stage} p50 / p99 (ms)"] != "not yet" for stage in STAGES)
        return min(rates) > 0 and int(work["frames in"]) > 40 and timed

    stream(node, is_busy, "a status of a camera that is answered")
    statuses = health.statuses()
    camera, work = values(statuses["camera"]), values(statuses["work"])
    # More than 20 a second only where some that had waited came in a heap.
    assert float(camera["input rate (Hz)"]) < 40
    assert camera["topic"] == node.image_topic and int(camera["late"]) == 0
    for stage in STAGES:
        p50, p99 = (float(part) for part in work[f"{stage} p50 / p99 (ms)"].split(" / "))
        assert 0 < p50 <= p99, stage
    assert {f"{queue} waiting" for queue in ("frames", "prompts", "requests", "captions")} <= work.keys()
    assert "frames displaced" in work
    assert 20 < int(work["memory (MiB)"]) <= int(work["memory at most (MiB)"])
    assert work["last error"] == "none"


def test_a_camera_that_falls_silent_is_told_until_it_goes_on(healthy):
    node, health = healthy()
    health.wait_for("camera", "OK", "pictures a second", meanwhile=lambda: publish(node))
    status = health.wait_for("camera", "WARN", "no picture")
    assert "publisher(s)" in status.message, status.message
    health.wait_for("camera", "OK", "pictures a second", meanwhile=lambda: publish(node))


def test_what_does_not_match_comes_with_a_hint(healthy):
    """Nobody publishes; a type, a reliability that does not match."""
    node, health = healthy(image_reliability="reliable", cameras="[silent, other, unreliable]", connect=False)
    peer = node.client.node
    best_effort = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
    other = peer.create_publisher(CompressedImage, f"{node.namespace}/other/image", 1)
    unreliable = peer.create_publisher(Image, f"{node.namespace}/unreliable/image", best_effort)
    try:
        health.wait_for("camera silent", "WARN", "nobody publishes there")
        health.wait_for("camera other", "WARN", "expected sensor_msgs/msg/Image")
        health.wait_for("camera unreliable", "WARN", "set it to best_effort")
    finally:
        peer.destroy_publisher(other)
        peer.destroy_publisher(unreliable)


def test_old_pictures_are_told(healthy):
    node, health = healthy()

    def send_old():
        picture = message(SCENE.rgb)
        picture.header.stamp.sec -= 30
        node.client.images.publish(picture)

    status = health.wait_for("camera", "WARN", "old when they arrive", meanwhile=send_old)
    assert int(values(status)["late"]) > 0 and float(values(status)["age on arrival (ms)"]) > 29e3


def test_pictures_that_cannot_be_read_are_a_warning(healthy):
    node, health = healthy()
    node.client.send_prompts([box_prompt("disc", SCENE.box)], sticky=True)

    def send_bad():
        picture = message(SCENE.rgb)
        picture.encoding = "no such encoding"
        node.client.images.publish(picture)

    health.wait_for("work", "WARN", "refused", meanwhile=send_bad)


def test_a_configure_that_fails_is_an_error_until_one_succeeds(healthy):
    begun = time.time()
    node, health = healthy(autostart=True, bundle="/nowhere/at/all")
    status = health.wait_for("lifecycle", "ERROR", "/nowhere/at/all")
    assert values(status)["state"] == "unconfigured"
    assert health.next()["model"].message == "none is loaded"
    last = values(health.statuses()["work"])
    assert "not started" in last["last error"]
    assert begun - 1 < float(last["last error at (s since 1970)"]) < time.time()
    lifecycle = Managed(node.full_name, node.client)
    assert lifecycle.set_parameter("bundle", str(TINY)).successful
    lifecycle.lead("configure", "activate")
    health.wait_for("lifecycle", "OK", "active")
    lifecycle.close()
    good(node.segment([box_prompt("disc", SCENE.box)], SCENE.rgb))
