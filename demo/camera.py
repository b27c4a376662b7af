"""A camera for trying: publishes a clip, to and fro, or a photograph as sensor_msgs/Image on `image`.

    python demo/camera.py samples/clip --rate 15

Where depth and calibration ship beside a clip (samples/README.md), they are published with each picture, under its
stamp, on `depth` (16UC1, registered) and `camera_info`. ~/play (std_srvs/SetBool) lets the clip run or stand still;
pictures are published either way.
"""

import argparse
import signal
import sys
from pathlib import Path

import rclpy
from clip import calibration, depth_message, read_depth, read_truth
from pictures import PictureError, clip_files, image_message, read_photo
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CameraInfo, Image
from std_srvs.srv import SetBool

# The optical frame of the camera (REP 103): x right, y down, z forward. RViz's layout has it as its fixed frame.
FRAME_ID = "camera_optical_frame"


class Camera(Node):
    """Publishes prepared messages at a fixed rate; only the stamp changes from one to the next."""

    def __init__(self, frames, info, rate_hz, playing, start=0):
        """`frames`: (picture, depth or None) of each frame; `start`: the number of the one to begin with."""
        super().__init__("camera")
        # Reliable serves readers of both kinds. A depth of 1: a late frame is worth nothing once there is a newer one.
        qos = QoSProfile(depth=1, reliability=ReliabilityPolicy.RELIABLE)
        self._images = self.create_publisher(Image, "image", qos)
        self._infos = self.create_publisher(CameraInfo, "camera_info", qos)
        has_depth = any(depth for _picture, depth in frames)
        self._depths = self.create_publisher(Image, "depth", qos) if has_depth else None
        self._frames = frames + frames[-2:0:-1]
        self._at = start
        self._playing = playing
        self._info = info
        self.create_service(SetBool, "~/play", self._play)
        self.create_timer(1.0 / rate_hz, self._publish)

    def _play(self, request, response):
        self._playing = request.data
        response.success = True
        return response

    def _publish(self):
        picture, depth = self._frames[self._at]
        self._at = (self._at + self._playing) % len(self._frames)
        stamp = self.get_clock().now().to_msg()
        # The picture goes first: nothing may delay it behind its stamp.
        for publisher, message in ((self._images, picture), (self._infos, self._info), (self._depths, depth)):
            if message is not None:
                message.header.stamp = stamp
                publisher.publish(message)


def frames_from(path, frame_id):
    """[(picture, depth or None)] of a folder's pictures or of the one in a file, and their CameraInfo."""
    path = Path(path).expanduser()
    files = clip_files(path) if path.is_dir() else [path]
    truth = read_truth(path)
    depth_of = {frame["image"]: path / frame["depth"] for frame in truth["frames"]} if truth else {}
    pictures = [image_message(read_photo(file), frame_id=frame_id) for file in files]
    depths = [_depth(depth_of.get(file.name), frame_id) for file in files]
    frames = list(zip(pictures, depths, strict=True))
    if truth:
        return frames, calibration(truth, frame_id)
    # Without a calibration K is zero, as CameraInfo has it.
    info = CameraInfo(width=frames[0][0].width, height=frames[0][0].height)
    info.header.frame_id = frame_id
    return frames, info


def _depth(path, frame_id):
    return depth_message(read_depth(path), frame_id) if path else None


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pictures", help="a folder of frames, or a photograph")
    parser.add_argument("--rate", type=float, default=15.0, help="frames per second (default: %(default)s)")
    parser.add_argument("--frame-id", default=FRAME_ID, help="header.frame_id (default: %(default)s)")
    parser.add_argument("--start", type=int, default=0, help="number of the frame to begin with (default: %(default)s)")
    parser.add_argument("--paused", action="store_true", help="stand still on the frame it begins with until ~/play")
    options, ros_arguments = parser.parse_known_args()
    try:
        frames, info = frames_from(options.pictures, options.frame_id)
        if not 0 <= options.start < len(frames):
            raise PictureError(f"--start {options.start}: expected 0 to {len(frames) - 1}, a frame of {options.pictures}")
    except PictureError as error:
        sys.exit(f"camera: {error}")
    rclpy.init(args=ros_arguments)
    signal.signal(signal.SIGTERM, signal.getsignal(signal.SIGINT))
    try:
        rclpy.spin(Camera(frames, info, options.rate, not options.paused, options.start))
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
    finally:
        rclpy.try_shutdown()


if __name__ == "__main__":
    main()
