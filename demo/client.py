"""A ROS 2 client of a segcap node: prompts in, regions out. Also an example of how to write one."""

import time
from dataclasses import dataclass

import rclpy
from geometry_msgs.msg import Point32
from pictures import image_message
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import QoSProfile
from segcap.msg import Prompt, PromptArray, RegionArray
from segcap.srv import Segment
from sensor_msgs.msg import Image, RegionOfInterest
from waiting import Patience


class NoAnswer(Exception):
    """The node said nothing in time; the text says what was waited for."""


def point_prompt(prompt_id, points, labels=()):
    """Clicks at (x, y) in pixels; labels 1 foreground, 0 background, none: all foreground."""
    clicks = [Point32(x=float(x), y=float(y)) for x, y in points]
    return Prompt(id=prompt_id, type=Prompt.POINTS, points=clicks, labels=list(labels))


def box_prompt(prompt_id, box, points=(), labels=()):
    """A box (x, y, width, height) in pixels, optionally with clicks."""
    prompt = point_prompt(prompt_id, points, labels)
    prompt.type = Prompt.BOX
    x, y, width, height = box
    prompt.box = RegionOfInterest(x_offset=x, y_offset=y, width=width, height=height)
    return prompt


def mask_prompt(prompt_id, mask):
    """A rough mask, (H, W) bool, of the image's size."""
    return Prompt(id=prompt_id, type=Prompt.MASK, mask=image_message(mask.astype("uint8") * 255, "mono8"))


def everything_prompt(prompt_id=""):
    return Prompt(id=prompt_id, type=Prompt.EVERYTHING)


def stamp_key(stamp):
    """A stamp as something to compare and to look up: nanoseconds."""
    return stamp.sec * 1_000_000_000 + stamp.nanosec


def words_are_in(regions):
    """Whether every region of a RegionArray has its caption."""
    return all(region.caption_state == region.CAPTION_DONE for region in regions.regions)


@dataclass
class Arrival:
    """A message and when it came."""

    message: object
    received_ns: int

    @property
    def age_ms(self):
        """Milliseconds from the picture's stamp to the arrival of this answer."""
        return (self.received_ns - stamp_key(self.message.header.stamp)) / 1e6


class Client:
    """Talks to the node `node` (a full name such as "/segcap"); spins only inside its own waiting methods."""

    def __init__(self, node="/segcap", image_topic="/image", name="segcap_client", domain_id=None):
        self.context = rclpy.Context()
        rclpy.init(context=self.context, domain_id=domain_id)
        self.target = node
        self.node = Node(name, context=self.context)
        self.executor = SingleThreadedExecutor(context=self.context)
        self.executor.add_node(self.node)
        self.images = self.node.create_publisher(Image, image_topic, QoSProfile(depth=5))
        self.prompts = self.node.create_publisher(PromptArray, f"{node}/prompts", QoSProfile(depth=10))
        # Deep: ROS 2 hands a service's answers to all of its clients, and others' must not push out ours.
        self.service = self.node.create_client(Segment, f"{node}/segment", qos_profile=QoSProfile(depth=100))
        self.regions = []
        self._regions_subscription = None
        self.take_regions(self.regions.append)

    def close(self):
        self.executor.shutdown()
        self.node.destroy_node()
        rclpy.try_shutdown(context=self.context)

    def listen(self, kind, topic, take, depth=10):
        """Subscribes; `take` gets an Arrival for each message."""
        return self.node.create_subscription(
            kind, topic, lambda message: take(Arrival(message, time.time_ns())), QoSProfile(depth=depth)
        )

    def take_regions(self, take):
        """Hands every Arrival of ~/regions to `take`; without a call, they are collected in `regions`."""
        if self._regions_subscription is not None:
            self.node.destroy_subscription(self._regions_subscription)
        self._regions_subscription = self.listen(RegionArray, f"{self.target}/regions", take)

    def graph_is_ready(self, with_images=True):
        """Whether the node's service, its regions and its ears for prompts and (raw) pictures are all connected."""
        return (
            self.service.service_is_ready()
            and self.prompts.get_subscription_count() > 0
            and (self.images.get_subscription_count() > 0 or not with_images)
            and self.node.count_publishers(f"{self.target}/regions") > 0
        )

    def spin(self, seconds):
        """Receives for so long."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            self.executor.spin_once(timeout_sec=min(left, 0.1))

    def wait_for(self, condition, timeout, what, meanwhile=None, every=0.2):
        """Receives until `condition()` is true and returns its value; raises NoAnswer naming `what`.

        `meanwhile`: called at once and then every `every` seconds, for example to publish the next picture.
        """
        patience, due = Patience(timeout), 0.0
        while not (value := condition()):
            if patience.is_over():
                raise NoAnswer(f"waited {timeout:.0f} s in vain for {what}")
            if meanwhile and (now := time.monotonic()) >= due:
                meanwhile()
                due = now + every
            self.executor.spin_once(timeout_sec=0.02)
        return value

    def send_prompts(self, prompts, sticky=False, stamp=None):
        message = PromptArray(prompts=list(prompts), sticky=sticky)
        if stamp is not None:
            message.header.stamp = stamp
        self.prompts.publish(message)

    def call(self, request, wait=60.0):
        """Sends a Segment request and returns its response."""
        future = self.service.call_async(request)
        self.executor.spin_until_future_complete(future, wait)
        if not future.done():
            self.service.remove_pending_request(future)
            raise NoAnswer(f"waited {wait:.0f} s in vain for {self.target}/segment")
        return future.result()

    def segment(self, prompts, image=None, caption=False, all_masks=False, timeout=0.0, camera="", wait=60.0):
        """One call of ~/segment; `image`: a sensor_msgs/Image, or None for the camera's newest frame."""
        request = Segment.Request(
            prompts=list(prompts), caption=caption, all_masks=all_masks, timeout=float(timeout), camera=camera
        )
        if image is not None:
            request.image = image
        return self.call(request, wait)
