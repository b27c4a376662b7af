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
    """A driver: what runs, and the names under which its topics are found in the camera's namespace."""

    package: str
    executable: str
    parameters: dict
    image: str
    camera_info: str = "camera_info"
    depth: str = "depth"


# The node of each is called `driver`; realsense2_camera puts its topics below its own name.
CAMERAS = {
    "image_tools": Camera("image_tools", "cam2image", {"frequency": 30.0, "reliability": "best_effort"}, "image"),
    "usb_cam": Camera("usb_cam", "usb_cam_node_exe", {"framerate": 30.0}, "image_raw"),
    "realsense": Camera(
        "realsense2_camera",
        "realsense2_camera_node",
        {"enable_color": True, "enable_depth": True, "align_depth.enable": True},
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
        }.items(),
    )
    return [driver, segcap]


def generate_launch_description():
    return LaunchDescription([*ARGUMENTS, OpaqueFunction(function=nodes)])
