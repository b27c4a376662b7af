"""~/label_map, ~/overlay and ~/overlay/compressed."""

import io

import numpy as np
import pytest
from checks import check_label_map, check_regions
from client import box_prompt, point_prompt, stamp_key, words_are_in
from patience import PATIENCE_S
from pictures import region_mask, rgb_array
from PIL import Image as PilImage
from scenes import disc_scene, message
from sensor_msgs.msg import CompressedImage, Image


@pytest.fixture
def listener(node):
    """Collects messages of one topic by stamp while a test runs."""
    subscriptions = []

    def listen(kind, topic):
        found = {}
        subscription = node.client.listen(
            kind, f"{node.full_name}/{topic}", lambda a: found.__setitem__(stamp_key(a.message.header.stamp), a.message)
        )
        subscriptions.append(subscription)
        node.client.wait_for(lambda: node.client.node.count_publishers(f"{node.full_name}/{topic}"), PATIENCE_S, topic)
        return found

    yield listen
    for subscription in subscriptions:
        node.client.node.destroy_subscription(subscription)


def answered_with(node, scene, prompts, found):
    """A picture that was answered on ~/regions with words and on the topic of `found`, and both messages."""
    def complete(array):
        return array.regions and words_are_in(array) and stamp_key(array.header.stamp) in found

    picture, array = node.answer_on_topic(lambda: message(scene.rgb), prompts, condition=complete)
    check_regions(array, picture.header, scene.size)
    node.client.spin(0.3)  # the overlay comes again with the words
    return picture, array, found[stamp_key(array.header.stamp)]


@pytest.mark.parametrize("size", [(320, 240), (333, 517)])
def test_label_map(node, listener, size):
    scene = disc_scene(*size)
    x, y, width, height = scene.box
    prompts = [
        box_prompt("disc", scene.box),
        box_prompt("half of it", (x, y, max(1, width // 2), height)),
        point_prompt("background", [scene.outside]),
    ]
    _picture, array, labels = answered_with(node, scene, prompts, listener(Image, "label_map"))
    check_label_map(labels, array)


@pytest.mark.parametrize("size", [(640, 480), (333, 517), (16, 16)])
def test_overlay(node, listener, size):
    scene = disc_scene(*size)
    picture, array, overlay = answered_with(node, scene, [box_prompt("disc", scene.box)], listener(Image, "overlay"))
    assert overlay.encoding == "rgb8" and overlay.header == picture.header
    assert (overlay.width, overlay.height) == size
    assert overlay.step >= 3 * overlay.width and len(overlay.data) == overlay.step * overlay.height
    changed = (rgb_array(overlay).astype(int) != scene.rgb).any(-1)
    mask = region_mask(array.regions[0], *size)
    assert changed[mask].mean() > 0.9, "the mask is tinted"


def test_compressed_overlay(node, listener):
    scene = disc_scene(640, 480)
    found = listener(CompressedImage, "overlay/compressed")
    picture, _array, overlay = answered_with(node, scene, [box_prompt("disc", scene.box)], found)
    assert "jpeg" in overlay.format and overlay.header == picture.header
    opened = PilImage.open(io.BytesIO(bytes(overlay.data)))
    assert opened.format == "JPEG" and opened.size == scene.size
    difference = np.abs(np.asarray(opened.convert("RGB")).astype(int) - scene.rgb).max(-1)
    assert difference[scene.disc].mean() > 5, "the disc is tinted"
