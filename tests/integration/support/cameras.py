"""Several cameras in a process of their own, each with its rate, size, frame and place of the disc.

    python cameras.py /namespace front:30:320:240:0.3 rear:5:640:480:0.7

prints "sent front 1234567890" (nanoseconds) for every frame.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

from scenes import disc_scene, fresh_stamp, message


@dataclass(frozen=True)
class CameraSpec:
    name: str
    rate_hz: float
    width: int
    height: int
    disc_x: float  # of the width

    @classmethod
    def parse(cls, text):
        name, rate_hz, width, height, disc_x = text.split(":")
        return cls(name, float(rate_hz), int(width), int(height), float(disc_x))

    def __str__(self):
        return f"{self.name}:{self.rate_hz}:{self.width}:{self.height}:{self.disc_x}"

    @property
    def frame_id(self):
        return f"{self.name}_optical"

    @property
    def scene(self):
        return disc_scene(self.width, self.height, at=(self.disc_x, 0.5))


def main():
    sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "demo"))
    import rclpy
    from client import stamp_key
    from rclpy.executors import ExternalShutdownException
    from rclpy.qos import QoSProfile
    from sensor_msgs.msg import Image

    namespace, *specs = sys.argv[1:]
    rclpy.init()
    node = rclpy.create_node("cameras", namespace=namespace)

    def start(spec):
        publisher = node.create_publisher(Image, f"{spec.name}/image", QoSProfile(depth=1))
        picture = message(spec.scene.rgb, frame_id=spec.frame_id)

        def publish():
            picture.header.stamp = fresh_stamp()
            publisher.publish(picture)
            print("sent", spec.name, stamp_key(picture.header.stamp), flush=True)

        node.create_timer(1.0 / spec.rate_hz, publish)

    for spec in map(CameraSpec.parse, specs):
        start(spec)
    try:
        rclpy.spin(node)
    except (KeyboardInterrupt, ExternalShutdownException):
        pass


if __name__ == "__main__":
    main()
