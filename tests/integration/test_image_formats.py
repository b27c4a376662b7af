"""Every encoding, step, byte order and size, through the service and through the topic."""

import image_encodings
import numpy as np
import pytest
from checks import check_regions, good
from client import box_prompt
from patience import PATIENCE_S
from peer import has_ids
from pictures import region_mask
from scenes import compressed, disc_scene, iou, message

SIZES = [(1, 1), (2, 2), (16, 16), (17, 3), (333, 517), (640, 480), (1920, 1080), (3840, 2160)]


def disc_mask(node, scene, picture):
    array = good(node.segment([box_prompt("disc", scene.box)], picture))
    check_regions(array, picture.header, scene.size)
    return region_mask(array.regions[0], *scene.size)


def expected_picture(scene, encoding):
    """What the encoding keeps of the picture."""
    if encoding in image_encodings.GREY:
        return np.repeat(image_encodings.to_grey(scene.rgb)[..., None], 3, -1)
    return scene.rgb


@pytest.mark.parametrize("encoding", image_encodings.ALL)
def test_encodings_of_one_picture_give_one_mask(node, encoding):
    scene = disc_scene(320, 240, at=(0.45, 0.5))
    reference = disc_mask(node, scene, message(expected_picture(scene, encoding)))
    mask = disc_mask(node, scene, message(scene.rgb, encoding))
    lossless = encoding in image_encodings.EXACT + image_encodings.GREY
    assert iou(mask, reference) >= (1.0 if lossless else 0.9)


@pytest.mark.parametrize("encoding", image_encodings.ALL)
def test_encodings_on_the_topic(node, encoding):
    scene = disc_scene(320, 240)
    picture, array = node.answer_on_topic(
        lambda: message(scene.rgb, encoding), [box_prompt(encoding, scene.box)], condition=has_ids(encoding)
    )
    check_regions(array, picture.header, scene.size)


@pytest.mark.parametrize("encoding", image_encodings.PADDED_ROW_BY_ROW)
def test_rubbish_at_the_end_of_rows_is_not_seen(node, encoding):
    scene = disc_scene(320, 240)
    tight, padded = (disc_mask(node, scene, message(scene.rgb, encoding, padding=n)) for n in (0, 64))
    assert np.array_equal(tight, padded)


def test_mono16_of_both_byte_orders(node):
    scene = disc_scene(320, 240)
    little, big = (disc_mask(node, scene, message(scene.rgb, "mono16", big_endian=order)) for order in (False, True))
    assert np.array_equal(little, big)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_sizes_through_the_service(node, size):
    scene = disc_scene(*size)
    picture = message(scene.rgb)
    array = good(node.segment([box_prompt("disc", scene.box)], picture, caption=True))
    check_regions(array, picture.header, size, words=True)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_sizes_on_the_topic(node, size):
    scene = disc_scene(*size)
    name = f"{size}"
    picture, array = node.answer_on_topic(
        lambda: message(scene.rgb), [box_prompt(name, scene.box)], condition=has_ids(name)
    )
    check_regions(array, picture.header, size)


def test_a_4k_disc_is_found_at_its_place(node):
    scene = disc_scene(3840, 2160, at=(0.7, 0.4))
    assert iou(disc_mask(node, scene, message(scene.rgb)), scene.disc) >= 0.6


def test_the_size_changes_in_mid_stream(node):
    first, second = disc_scene(640, 480), disc_scene(320, 240)
    prompt = box_prompt("disc", second.box)
    for scene in (first, second, first, second):
        picture, array = node.answer_on_topic(
            lambda: message(scene.rgb), [prompt],  # noqa: B023
            condition=lambda a: (a.width, a.height) == scene.size,  # noqa: B023
        )
        check_regions(array, picture.header, scene.size)


@pytest.mark.parametrize("kind", ["jpeg", "png"])
def test_compressed_pictures(compressed_node, kind):
    node = compressed_node
    scene = disc_scene(640, 480)
    publisher = compressed_publisher(node)
    name = f"a {kind}"
    picture, array = node.answer_on_topic(
        lambda: compressed(scene.rgb, kind), [box_prompt(name, scene.box)], publisher.publish, has_ids(name)
    )
    check_regions(array, picture.header, scene.size)
    assert iou(region_mask(array.regions[0], *scene.size), scene.disc) >= 0.6


def test_compressed_grey_and_large(compressed_node):
    node = compressed_node
    publisher = compressed_publisher(node)
    grey = image_encodings.to_grey(disc_scene(333, 517).rgb)
    for rgb in (grey, disc_scene(3840, 2160).rgb):
        height, width = rgb.shape[:2]
        prompt = box_prompt("all", (0, 0, width, height))
        picture, array = node.answer_on_topic(
            lambda: compressed(rgb), [prompt], publisher.publish, lambda a: a.width == width  # noqa: B023
        )
        check_regions(array, picture.header, (width, height))


def compressed_publisher(node):
    """One publisher on image/compressed for the session, connected."""
    if not hasattr(node, "compressed_images"):
        from rclpy.qos import QoSProfile
        from sensor_msgs.msg import CompressedImage

        topic = f"{node.image_topic}/compressed"
        node.compressed_images = node.client.node.create_publisher(CompressedImage, topic, QoSProfile(depth=5))
        node.client.wait_for(node.compressed_images.get_subscription_count, PATIENCE_S, f"a subscriber of {topic}")
    return node.compressed_images
