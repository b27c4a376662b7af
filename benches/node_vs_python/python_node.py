"""The node that a user would write in Python: the same topics, service and graphs, with rclpy, onnxruntime and numpy.

It answers points, boxes and "all of these prompts", captions them, and publishes masks first and words after.
"""

import argparse
import array
import sys
from pathlib import Path

import numpy as np
import rclpy
from bundle import Bundle
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node
from rclpy.qos import QoSProfile, qos_profile_sensor_data
from segcap.msg import PromptArray, Region, RegionArray, ResultCode
from segcap.srv import Segment
from sensor_msgs.msg import Image

ROOT = Path(__file__).resolve().parent.parent.parent


class PythonNode(Node):
    def __init__(self, bundle):
        super().__init__("segcap")
        self.bundle = bundle
        self.newest = None
        self.sticky = []
        self.create_subscription(Image, "image", self.on_image, qos_profile_sensor_data_newest())
        self.create_subscription(PromptArray, "~/prompts", self.on_prompts, QoSProfile(depth=10))
        self.create_service(Segment, "~/segment", self.on_segment)
        self.regions = self.create_publisher(RegionArray, "~/regions", QoSProfile(depth=5))
        self.label_map = self.create_publisher(Image, "~/label_map", QoSProfile(depth=5))

    def on_prompts(self, message):
        self.sticky = message.prompts

    def on_image(self, message):
        self.newest = message
        if self.sticky:
            answer, tensors, embeddings = self.segment(message, self.sticky)
            self.regions.publish(answer)
            if self.label_map.get_subscription_count():
                self.label_map.publish(label_map(answer))
            self.describe(answer, tensors, embeddings)
            self.regions.publish(answer)

    def on_segment(self, request, response):
        image = request.image if request.image.width else self.newest
        if image is None:
            response.code, response.message = ResultCode.NO_IMAGE, "no image yet"
            return response
        response.regions, tensors, embeddings = self.segment(image, request.prompts)
        if request.caption:
            self.describe(response.regions, tensors, embeddings)
        response.success = True
        return response

    def segment(self, message, prompts):
        width, height = message.width, message.height
        rgb = np.frombuffer(message.data, np.uint8).reshape(height, width, 3)
        embeddings = self.bundle.encode(rgb)
        answer = RegionArray(header=message.header, width=width, height=height, model=self.bundle.name)
        tensors = []
        for label, prompt in enumerate(prompts, 1):
            tensors.append(self.bundle.prompt_tensors(prompt, width, height))
            logits, score = self.bundle.decode(embeddings, *tensors[-1])
            mask = self.bundle.full_mask(logits, width, height)
            answer.regions.append(region(label, prompt.id, mask, score))
        return answer, tensors, embeddings

    def describe(self, answer, tensors, embeddings):
        for found, (coords, labels) in zip(answer.regions, tensors, strict=True):
            found.caption, found.caption_score = self.bundle.caption(embeddings, coords, labels)
            found.caption_state = Region.CAPTION_DONE


def qos_profile_sensor_data_newest():
    return QoSProfile(depth=1, reliability=qos_profile_sensor_data.reliability)


def region(label, prompt_id, mask, score):
    found = Region(id=str(label), label=label, prompt_id=prompt_id, predicted_iou=min(1.0, max(0.0, score)))
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if len(rows):
        top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
        crop = np.where(mask[top:bottom, left:right], np.uint8(255), np.uint8(0))
        found.bbox.x_offset, found.bbox.y_offset = int(left), int(top)
        found.bbox.width, found.bbox.height = crop.shape[1], crop.shape[0]
        found.mask = Image(width=crop.shape[1], height=crop.shape[0], step=crop.shape[1], encoding="mono8")
        found.mask.data = array.array("B", crop.tobytes())
        found.area = int(mask.sum())
    return found


def label_map(answer):
    labels = np.zeros((answer.height, answer.width), np.uint16)
    for found in answer.regions:
        box = found.bbox
        view = labels[box.y_offset : box.y_offset + box.height, box.x_offset : box.x_offset + box.width]
        view[np.frombuffer(found.mask.data, np.uint8).reshape(box.height, box.width) > 0] = found.label
    message = Image(header=answer.header, width=answer.width, height=answer.height, encoding="mono16")
    message.step = 2 * answer.width
    message.data = array.array("B", labels.tobytes())
    return message


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bundle", type=Path, default=ROOT / "models" / "builtin")
    parser.add_argument("--threads", type=int, default=0, help="0: as onnxruntime thinks best")
    options, ros_arguments = parser.parse_known_args()
    rclpy.init(args=[sys.argv[0], *ros_arguments])
    try:
        rclpy.spin(PythonNode(Bundle(options.bundle, options.threads)))
    except (KeyboardInterrupt, ExternalShutdownException):
        pass


if __name__ == "__main__":
    main()
