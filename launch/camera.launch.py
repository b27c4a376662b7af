"""A camera driver and segcap, wired together: ros2 launch segcap camera.launch.py camera:=usb_cam rviz:=true

The drivers are packages of their own (ros-<distro>-image-tools, -usb-cam, -realsense2-camera). Arguments of segcap.launch.py,
such as params_file, provider and namespace, may be given too.
"""

from pathlib import Path
from typing import NamedTuple

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription, OpaqueFunction
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import EnvironmentVariable, LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import Node
from launch_ros.substitutions import FindPackageShare


class Camera(NamedTuple):
    """A driver: what runs, the frame of its pictures, and the names of its topics in the camera's namespace."""

    package: str
    executable: str
    parameters: dict
    frame: str
    image: str
    camera_info: str = "camera_info"
    depth: str = "depth"


FRAME = "camera_optical_frame"

# The node of each is called `driver`; realsense2_camera puts its topics below its own name.
CAMERAS = {
    "image_tools": Camera(
        "image_tools", "cam2image", {"frequency": 30.0, "reliability": "best_effort", "frame_id": FRAME}, FRAME, "image"
    ),
    "usb_cam": Camera("usb_cam", "usb_cam_node_exe", {"framerate": 30.0, "frame_id": FRAME}, FRAME, "image_raw"),
    "realsense": Camera(
        "realsense2_camera",
        "realsense2_camera_node",
        {"camera_name": "camera", "enable_color": True, "enable_depth": True, "align_depth.enable": True},
        "camera_color_optical_frame",
        "driver/color/image_raw",
        "driver/color/camera_info",
        "driver/aligned_depth_to_color/image_raw",
    ),
}

ARGUMENTS = [
    DeclareLaunchArgument("camera", default_value="usb_cam", choices=list(CAMERAS), description="Which driver to start."),
    DeclareLaunchArgument("camera_namespace", default_value="camera", description="Namespace of the driver's topics."),
    DeclareLaunchArgument(
        "camera_params_file", default_value="", description="Parameter file of the driver, on top of what is set here."
    ),
    DeclareLaunchArgument(
        "fixed_frame", default_value="", description="Frame in which RViz shows things. Empty: that of the pictures."
    ),
]


def nodes(context):
    camera = CAMERAS[LaunchConfiguration("camera").perform(context)]
    namespace = "/" + LaunchConfiguration("camera_namespace").perform(context).strip("/")
    params_file = LaunchConfiguration("camera_params_file").perform(context)
    # The process that publishes pictures is the one that needs the profile: see docs/performance.md.
    profile = PathJoinSubstitution([FindPackageShare("segcap"), "config", "fastdds.xml"])
    variables = ["FASTRTPS_DEFAULT_PROFILES_FILE", "FASTDDS_DEFAULT_PROFILES_FILE"]
    driver = Node(
        package=camera.package,
        executable=camera.executable,
        name="driver",
        namespace=namespace,
        output="screen",
        parameters=[camera.parameters, *filter(None, [params_file])],
        additional_env={name: EnvironmentVariable(name, default_value=profile) for name in variables},
    )
    segcap = IncludeLaunchDescription(
        PythonLaunchDescriptionSource(str(Path(__file__).with_name("segcap.launch.py"))),
        launch_arguments={
            "image": f"{namespace}/{camera.image}",
            "camera_info": f"{namespace}/{camera.camera_info}",
            "depth": f"{namespace}/{camera.depth}",
            "fixed_frame": LaunchConfiguration("fixed_frame").perform(context) or camera.frame,
        }.items(),
    )
    return [driver, segcap]


def generate_launch_description():
    return LaunchDescription([*ARGUMENTS, OpaqueFunction(function=nodes)])
