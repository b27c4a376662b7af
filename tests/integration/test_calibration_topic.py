"""Where the node looks for a camera's calibration: beside its pictures, as image_transport does, or where it is told."""

import pytest
from client import Client, box_prompt
from depth_camera import DepthCamera, Pinhole, depth_message
from health import Health
from patience import PATIENCE_S
from peer import has_ids
from scenes import disc_scene, message
from sensor_msgs.msg import CameraInfo, Image

PINHOLE = Pinhole(300.0, 300.0, 159.5, 119.5)
SCENE = disc_scene(320, 240)
METRES = SCENE.disc * 0.8 + ~SCENE.disc * 2.0
PROMPTS = [box_prompt("disc", SCENE.box)]
QUIET = {"caption.mode": "off"}


def placed(array):
    return has_ids("disc")(array) and array.regions[0].has_position


@pytest.mark.parametrize(
    ("remappings", "info"),
    [
        ({}, "camera_info"),
        ({"image": "<ns>/eye/image_raw"}, "eye/camera_info"),
        ({"image": "<ns>/eye/image_raw", "camera_info": "<ns>/lens"}, "lens"),
    ],
)
def test_positions_come_with_the_calibration_beside_the_pictures(start_node, remappings, info):
    node = start_node(parameters=QUIET, remappings=remappings)
    camera = DepthCamera(node, info_topic=f"{node.namespace}/{info}")
    _, array = camera.ask(SCENE.rgb, METRES, PINHOLE, PROMPTS, placed)
    assert array.regions[0].position.z == pytest.approx(0.8, abs=0.05)
    node.wait_for_log(rf"positions with {node.namespace}/depth and {node.namespace}/{info},")
    camera.close()


def test_each_camera_and_compressed_pictures_have_their_own(start_node):
    remappings = {"front/image/compressed": "<ns>/eye/image_raw/compressed", "rear/camera_info": "<ns>/lens"}
    parameters = {**QUIET, "cameras": "[front, rear]", "image_transport": "compressed"}
    node = start_node(parameters=parameters, remappings=remappings, connect=False)
    peer = Client(node.full_name, node.image_topic, "calibration_peer", node.domain)
    try:
        for topic in ("eye/camera_info", "lens"):
            publisher = peer.node.create_publisher(CameraInfo, f"{node.namespace}/{topic}", 5)
            peer.wait_for(publisher.get_subscription_count, PATIENCE_S, topic)
    finally:
        peer.close()


def test_depth_without_a_calibration_is_told_with_the_topics(start_node):
    node = start_node(parameters=QUIET, remappings={"image": "<ns>/eye/image_raw"})
    health = Health(node)
    peer = node.client.node
    depth = peer.create_publisher(Image, f"{node.namespace}/depth", 5)
    elsewhere = peer.create_publisher(CameraInfo, f"{node.namespace}/camera_info", 5)
    there = f"{node.namespace}/eye/camera_info"

    def send():
        picture = message(SCENE.rgb)
        depth.publish(depth_message(picture.header, METRES))
        node.client.images.publish(picture)

    said = f"no calibration on {there}: nobody publishes there; "
    found = health.wait_for("camera", "WARN", said, meanwhile=send)
    assert f"depth arrives on {node.namespace}/depth" in found.message
    assert "-r camera_info:=" in found.message and elsewhere.topic_name in found.message, "where there is one"
    node.wait_for_log(rf"WARN[^\n]*no calibration on {there}")
    info = peer.create_publisher(CameraInfo, there, 5)

    def send_all():
        send()
        info.publish(PINHOLE.info(message(SCENE.rgb).header, 320, 240))

    health.wait_for("camera", "OK", meanwhile=send_all)
    assert node.process.log().count("no calibration on") == 1, "it is said once"
    health.close()
