"""A camera for trying: publishes a clip, to and fro, or a photograph as sensor_msgs/Image.

    python demo/camera.py samples/clip --rate 15

~/play (std_srvs/SetBool) lets the clip run or stand still; pictures are published either way.
"""

import argparse
import signal
import sys
from pathlib import Path

import rclpy
from pictures import PictureError, image_message, read_clip, read_photo
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CameraInfo
from std_srvs.srv import SetBool


class Camera(Node):
    """Publishes prepared messages at a fixed rate; only the stamp changes from one to the next."""

    def __init__(self, pictures, rate_hz, frame_id, playing):
        super().__init__("camera")
        # Reliable serves readers of both kinds. A depth of 1: a late frame is worth nothing once there is a newer one.
        qos = QoSProfile(depth=1, reliability=ReliabilityPolicy.RELIABLE)
        self._images = self.create_publisher(type(pictures[0]), "image", qos)
        self._infos = self.create_publisher(CameraInfo, "camera_info", qos)
        self._pictures = pictures + pictures[-2:0:-1]
        self._at = 0
        self._playing = playing
        self._info = CameraInfo(width=pictures[0].width, height=pictures[0].height)
        self._info.header.frame_id = frame_id
        self.create_service(SetBool, "~/play", self._play)
        self.create_timer(1.0 / rate_hz, self._publish)

    def _play(self, request, response):
        self._playing = request.data
        response.success = True
        return response

    def _publish(self):
        message = self._pictures[self._at]
        self._at = (self._at + self._playing) % len(self._pictures)
        message.header.stamp = self._info.header.stamp = self.get_clock().now().to_msg()
        self._images.publish(message)
        self._infos.publish(self._info)


def pictures_from(path, frame_id):
    """Messages of a folder's pictures, or of the one in a file."""
    frames = read_clip(path) if Path(path).is_dir() else [read_photo(path)]
    return [image_message(frame, frame_id=frame_id) for frame in frames]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pictures", help="a folder of frames, or a photograph")
    parser.add_argument("--rate", type=float, default=15.0, help="frames per second (default: %(default)s)")
    parser.add_argument("--frame-id", default="camera", help="header.frame_id (default: %(default)s)")
    parser.add_argument("--paused", action="store_true", help="stand still on the first frame until ~/play")
    options, ros_arguments = parser.parse_known_args()
    try:
        pictures = pictures_from(options.pictures, options.frame_id)
    except PictureError as error:
        sys.exit(f"camera: {error}")
    rclpy.init(args=ros_arguments)
    signal.signal(signal.SIGTERM, signal.getsignal(signal.SIGINT))
    try:
        rclpy.spin(Camera(pictures, options.rate, options.frame_id, not options.paused))
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
    finally:
        rclpy.try_shutdown()


if __name__ == "__main__":
    main()
