"""~/prompt_boxes and ~/detections: there where vision_msgs is, and nowhere else."""

import math

import pytest
from checks import check_regions
from patience import PATIENCE_S
from peer import has_ids
from scenes import disc_scene, message

try:
    from vision_msgs.msg import BoundingBox2D, Detection2D, Detection2DArray, ObjectHypothesisWithPose
except ImportError:
    Detection2DArray = None

needs_vision_msgs = pytest.mark.skipif(Detection2DArray is None, reason="vision_msgs is not installed")


def node_topics(node):
    node.client.spin(0.1)
    names = dict(node.client.node.get_topic_names_and_types())
    return {name.removeprefix(node.full_name): types for name, types in names.items() if name.startswith(node.full_name)}


@pytest.mark.skipif(Detection2DArray is not None, reason="vision_msgs is installed")
def test_without_vision_msgs_there_is_no_trace_of_it(node):
    topics = node_topics(node)
    assert "/prompts" in topics
    assert not {"/prompt_boxes", "/detections"} & set(topics)


@pytest.fixture(scope="module")
def scene():
    return disc_scene(320, 240)


@pytest.fixture
def detector(node):
    """Sends what a detector would."""
    publisher = node.client.node.create_publisher(Detection2DArray, f"{node.full_name}/prompt_boxes", 10)
    node.client.wait_for(lambda: publisher.get_subscription_count() == 1, PATIENCE_S, "the node's subscription")
    yield publisher
    node.client.node.destroy_publisher(publisher)


@pytest.fixture
def detections(node):
    """What the node detects."""
    received = []
    topic = f"{node.full_name}/detections"
    subscription = node.client.node.create_subscription(Detection2DArray, topic, received.append, 10)
    node.client.wait_for(lambda: node.client.node.count_publishers(topic) == 1, PATIENCE_S, "the node's publisher")
    yield received
    node.client.node.destroy_subscription(subscription)


def detection(detection_id, box, class_id="", theta=0.0):
    x, y, width, height = box
    bbox = BoundingBox2D(size_x=float(width), size_y=float(height))
    bbox.center.position.x, bbox.center.position.y, bbox.center.theta = x + width / 2, y + height / 2, theta
    hypothesis = ObjectHypothesisWithPose()
    hypothesis.hypothesis.class_id = class_id
    return Detection2D(id=detection_id, bbox=bbox, results=[hypothesis])


def answer(node, scene, publisher, found):
    """Sends a picture and, for its stamp, what was found in it, until ~/regions answers."""

    def publish(picture):
        node.client.images.publish(picture)
        publisher.publish(Detection2DArray(header=picture.header, detections=found))

    ids = [one.id or one.results[0].hypothesis.class_id for one in found]
    return node.answer_on_topic(lambda: message(scene.rgb), publish=publish, condition=has_ids(*ids))


@needs_vision_msgs
def test_a_detectors_boxes_become_regions_of_its_picture(node, scene, detector):
    picture, array = answer(node, scene, detector, [detection("7", scene.box), detection("", scene.box, "cup")])
    check_regions(array, picture.header, scene.size)
    assert [region.prompt_id for region in array.regions] == ["7", "cup"]
    first, second = array.regions
    assert first.mask.data == second.mask.data, "the same box, the same mask"


@needs_vision_msgs
def test_a_turned_box_is_taken_upright(node, scene, detector):
    x, y, width, height = scene.box
    turned = detection("turned", (x + (width - height) / 2, y + (height - width) / 2, height, width), theta=math.pi / 2)
    _picture, array = answer(node, scene, detector, [detection("upright", scene.box), turned])
    first, second = array.regions
    assert first.mask.data == second.mask.data


@needs_vision_msgs
def test_regions_are_detections_too(node, scene, detector, detections):
    _picture, array = answer(node, scene, detector, [detection("7", scene.box)])

    def answered():
        same = [d for d in detections if d.header.stamp == array.header.stamp and d.detections]
        return [d for d in same if d.detections[0].results[0].hypothesis.class_id]

    node.client.wait_for(answered, PATIENCE_S, "a detection with words")
    one, region = answered()[-1].detections[0], array.regions[0]
    assert (one.id, one.header.frame_id) == (region.id, array.header.frame_id)
    assert (one.bbox.size_x, one.bbox.size_y) == (region.bbox.width, region.bbox.height)
    assert one.bbox.center.position.x - one.bbox.size_x / 2 == region.bbox.x_offset
    assert one.bbox.center.position.y - one.bbox.size_y / 2 == region.bbox.y_offset
    assert 0 < one.results[0].hypothesis.score <= 1


@needs_vision_msgs
def test_finding_nothing_is_no_fault_and_nonsense_is_told(node, scene, detector):
    start = node.log_length()
    detector.publish(Detection2DArray())
    nonsense = detection("nan", scene.box)
    nonsense.bbox.center.position.x = math.nan
    detector.publish(Detection2DArray(detections=[nonsense]))
    node.wait_for_log(r"prompts refused: INVALID_PROMPT: detections\[0\]\.bbox: expected finite numbers", start)
    assert "no prompts" not in node.process.log()[start:]
    answer(node, scene, detector, [detection("7", scene.box)])
