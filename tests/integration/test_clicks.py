"""One click as a message: ~/prompt_point (RViz), and ~/overlay_mouse_left (rqt_image_view)."""

import pytest
from checks import check_regions
from geometry_msgs.msg import Point, PointStamped
from patience import PATIENCE_S
from rclpy.qos import QoSProfile
from scenes import disc_scene, message

SCENE = disc_scene(320, 240)


@pytest.mark.parametrize("kind, topic", [(PointStamped, "prompt_point"), (Point, "overlay_mouse_left")])
def test_a_click_is_answered_for_the_next_frame(node, kind, topic):
    publisher = node.client.node.create_publisher(kind, f"{node.full_name}/{topic}", QoSProfile(depth=10))
    try:
        node.client.wait_for(publisher.get_subscription_count, PATIENCE_S, topic)
        click = kind()
        at = click.point if kind is PointStamped else click
        at.x, at.y = (float(coordinate) for coordinate in SCENE.centre)

        def click_and_picture():
            publisher.publish(click)
            return message(SCENE.rgb)

        picture, array = node.answer_on_topic(click_and_picture, condition=lambda a: len(a.regions) == 1)
        check_regions(array, picture.header, SCENE.size)
        assert array.regions[0].prompt_id == ""
    finally:
        node.client.node.destroy_publisher(publisher)
