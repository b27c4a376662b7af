"""A node with named cameras that run in a process of their own, and a client that watches all of it."""

import os
import re
import sys
from pathlib import Path

from checks import check_regions
from client import Client, box_prompt, stamp_key
from patience import PATIENCE_S
from pictures import region_mask
from processes import Process
from rclpy.qos import QoSProfile
from scenes import iou
from segcap.msg import PromptArray, RegionArray

LEAST_IOU = 0.7


class Watch:
    """What a camera publishes, and what the node answers, since `forget`."""

    def __init__(self, node, peer, publishers, spec):
        self.spec, self.publishers, self.arrivals, self.logged_before = spec, publishers, [], 0
        own = f"{node.full_name}/{spec.name}"
        newest = QoSProfile(depth=10)
        self.prompts = peer.node.create_publisher(PromptArray, f"{own}/prompts", newest)
        peer.listen(RegionArray, f"{own}/regions", self.arrivals.append, depth=20)

    def forget(self):
        self.arrivals.clear()
        self.logged_before = len(self.publishers.log())

    @property
    def stamps(self):
        """Of the frames that were sent."""
        log = self.publishers.log()[self.logged_before :]
        return [int(stamp) for stamp in re.findall(rf"^sent {self.spec.name} (\d+)\n", log, re.MULTILINE)]

    @property
    def answered(self):
        """Stamps of the frames whose masks came, oldest first, each once."""
        return list(dict.fromkeys(stamp_key(arrival.message.header.stamp) for arrival in self.arrivals))

    def follow_disc(self):
        prompts = [box_prompt(self.spec.name, self.spec.scene.box)]
        self.prompts.publish(PromptArray(sticky=True, prompts=prompts))

    def check(self, others=()):
        """Every answer is about this camera and nothing else. `others`: the watches of the node's other cameras."""
        scene = self.spec.scene
        for arrival in self.arrivals:
            array = arrival.message
            check_regions(array, size=scene.size)
            assert (array.camera, array.header.frame_id) == (self.spec.name, self.spec.frame_id)
            assert [region.prompt_id for region in array.regions] == [self.spec.name]
        answered = set(self.answered)
        for other in others:
            assert not answered & set(other.stamps), f"answers of {self.spec.name} to {other.spec.name}'s frames"
        assert iou(region_mask(array.regions[0], *scene.size), scene.disc) >= LEAST_IOU

    @property
    def ids(self):
        return {region.id for arrival in self.arrivals for region in arrival.message.regions}


class CameraRig:
    """Ready when the disc of each camera is followed; what came until then is forgotten."""

    def __init__(self, start_node, specs, parameters):
        names = ", ".join(spec.name for spec in specs)
        parameters = {"caption.mode": "on_request", **(parameters or {}), "cameras": f"[{names}]"}
        self.node = start_node(parameters=parameters, connect=False)
        nowhere = f"{self.node.namespace}/unused"
        # The node's own client from now on, which its `stop` closes: with several cameras there is no topic "image".
        self.node.client = self.peer = Client(self.node.full_name, nowhere, "cameras_peer", self.node.domain)
        command = [sys.executable, Path(__file__).with_name("cameras.py"), self.node.namespace, *specs]
        log = self.node.process.log_path.with_name(f"cameras_{self.node.number}.log")
        self.publishers = Process("the cameras", command, log, dict(os.environ))
        self.watches = [Watch(self.node, self.peer, self.publishers, spec) for spec in specs]

    def wait_until_ready(self):
        self.node.wait_until_started()
        watches, wait_for = self.watches, self.peer.wait_for
        wait_for(lambda: all(watch.stamps for watch in watches), PATIENCE_S, "a frame of each camera")
        wait_for(self.peer.service.service_is_ready, PATIENCE_S, "the service")
        for watch in watches:
            wait_for(watch.prompts.get_subscription_count, PATIENCE_S, "ears for prompts")
            watch.follow_disc()
        wait_for(lambda: all(watch.arrivals for watch in watches), PATIENCE_S, "an answer for each camera")
        for watch in watches:
            watch.forget()

    def close(self):
        self.publishers.stop()
