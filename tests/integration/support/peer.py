"""A segcap_node under test and its ROS 2 client."""

import itertools
import os
import re
from functools import partial

import scenes
from client import Client, stamp_key
from patience import PATIENCE_S, REQUEST_TIMEOUT_S
from processes import Process, node_command
from segcap.srv import Segment

_numbers = itertools.count(1)


class NodeUnderTest:
    """The release binary in a namespace of its own, with a client that is connected to it once it has started.

    Its requests wait for as long as the machine takes, unless `parameters` or `defaults` say otherwise.
    """

    def __init__(
        self,
        folder,
        domain,
        parameters=None,
        node_name="segcap",
        connect=True,
        log_level=None,
        remappings=None,
        defaults=False,
    ):
        parameters = dict(parameters or {})
        if not defaults:
            parameters.setdefault("limits.request_timeout_s", REQUEST_TIMEOUT_S)
            parameters.setdefault("limits.max_timeout_s", REQUEST_TIMEOUT_S)
        self.number = next(_numbers)
        self.domain = domain
        self.namespace = f"/test{os.getpid()}_{self.number}"
        self.full_name = f"{self.namespace}/{node_name}"
        remappings = {old: new.replace("<ns>", self.namespace) for old, new in (remappings or {}).items()}
        self.image_topic = remappings.get("image", f"{self.namespace}/image")
        self.process = Process(
            f"segcap_node {self.number}",
            node_command(parameters, remappings, node_name, self.namespace, log_level),
            folder / f"segcap_node_{self.number}.log",
            dict(os.environ),
        )
        self.client = None
        self.takes_images = parameters.get("image_transport") != "compressed"
        self.starts_itself = parameters.get("autostart", True)
        if connect:
            try:
                self.connect()
                self.wait_until_started()
            except BaseException:
                self.stop()
                raise

    def connect(self):
        """A client that has found the node."""
        name = f"peer_{os.getpid()}_{self.number}"
        self.client = Client(self.full_name, self.image_topic, name, self.domain)
        ready = partial(self.client.graph_is_ready, self.takes_images)
        self._wait(ready, PATIENCE_S, f"the graph of {self.full_name}")

    def wait_until_started(self):
        """The model is loaded, or the log says why not. What is asked earlier waits for that, but not for ever."""
        if self.starts_itself:
            self._wait(lambda: re.search(r"\]: (ready|not started)", self.process.log()), PATIENCE_S, "the node's start")

    def stop(self):
        if self.client:
            self.client.close()
            self.client = None
        return self.process.stop(PATIENCE_S)

    def _wait(self, condition, timeout, what, meanwhile=None):
        def check():
            self.process.check_alive()
            return condition()

        return self.client.wait_for(check, timeout, what, meanwhile)

    def segment(self, prompts, picture=None, **options):
        """One call of ~/segment; `picture`: an (H, W, 3) array, a message, or None for the newest frame."""
        if picture is not None and not hasattr(picture, "header"):
            picture = scenes.message(picture)
        request = Segment.Request(prompts=list(prompts), **options)
        if picture is not None:
            request.image = picture
        return self.call(request)

    def call(self, request, wait=PATIENCE_S):
        """Sends a Segment request and returns its response; fails at once when the node has died."""
        return self.responses([request], wait)[0]

    def responses(self, requests, wait=3 * PATIENCE_S):
        """Sends all requests before the first answer is awaited."""
        futures = [self.client.service.call_async(request) for request in requests]
        self._wait(lambda: all(future.done() for future in futures), wait, f"{len(futures)} answers of ~/segment")
        return [future.result() for future in futures]

    def arrays(self, condition=lambda array: True):
        """RegionArrays that have come so far and fulfil the condition, oldest first."""
        return [arrival.message for arrival in self.client.regions if condition(arrival.message)]

    def answer_on_topic(self, make_picture, prompts=None, publish=None, condition=lambda array: True, sticky=True):
        """Sends prompts over ~/prompts and pictures until ~/regions answers one of them.

        Prompts that are not sticky go out again before every picture: where the picture is late, as on a busy machine,
        they are answered for the frame before.
        `make_picture` makes the next message (with a fresh stamp); `publish` sends it (default: the image topic).
        Returns (the picture's message, its RegionArray).
        """
        sent = {}
        publish = publish or self.client.images.publish

        def send_next():
            if prompts is not None and not sticky:
                self.client.send_prompts(prompts)
            picture = make_picture()
            sent[stamp_key(picture.header.stamp)] = picture
            publish(picture)

        def answered():
            wanted = self.arrays(lambda a: stamp_key(a.header.stamp) in sent and condition(a))
            return wanted and wanted[-1]

        if prompts is not None and sticky:
            self.client.send_prompts(prompts, sticky=True)
            self.client.spin(0.05)
        array = self._wait(answered, PATIENCE_S, "regions of a picture on the topic", send_next)
        return sent[stamp_key(array.header.stamp)], array

    def wait_for_log(self, pattern, start=0, meanwhile=None):
        """Waits until the log after character `start` holds the pattern; returns the match."""
        return self._wait(
            lambda: re.search(pattern, self.process.log()[start:]), PATIENCE_S, f"/{pattern}/ in the node's log", meanwhile
        )

    def log_length(self):
        return len(self.process.log())

    def forget(self):
        """Ends sticky prompts and drops what has been received."""
        self.client.send_prompts([], sticky=True)
        self.client.spin(0.02)
        self.client.regions.clear()


def has_ids(*ids):
    """For conditions: an array that answers exactly these prompts."""
    return lambda array: [region.prompt_id for region in array.regions] == list(ids)
