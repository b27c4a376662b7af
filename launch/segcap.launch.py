"""segcap_node with its parameters: ros2 launch segcap segcap.launch.py image:=/camera/image_raw rviz:=true"""

from pathlib import Path

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch.conditions import IfCondition
from launch.substitutions import EnvironmentVariable, LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue
from launch_ros.substitutions import FindPackageShare

# Fast DDS 2 (Humble, Jazzy) reads the first, Fast DDS 3 the second.
PROFILE_VARIABLES = ["FASTRTPS_DEFAULT_PROFILES_FILE", "FASTDDS_DEFAULT_PROFILES_FILE"]


def share(*path):
    return PathJoinSubstitution([FindPackageShare("segcap"), *path])


def argument(name, default, description, choices=None):
    return DeclareLaunchArgument(name, default_value=default, description=description, choices=choices)


BOOL = ["true", "false"]
ARGUMENTS = [
    argument("namespace", "", "Namespace of the node, for robots with several."),
    argument("params_file", share("config", "segcap.param.yaml"), "Parameter file; the arguments below come on top."),
    argument("bundle", "", "Folder of the model bundle. Empty: as in params_file, whose default is the built-in model."),
    argument("provider", "", "What runs the model; tensorrt and cuda were never run. Empty: as in params_file.",
             ["", "auto", "tensorrt", "cuda", "cpu"]),
    argument("image", "image", "Topic of the camera's picture; with image_transport compressed, its base name."),
    argument("image_transport", "", "Which message brings the picture. Empty: as in params_file.",
             ["", "raw", "compressed"]),
    argument("depth", "depth", "Topic of the depth picture that is registered to the image; with it, positions."),
    argument("camera_info", "", "Topic of the camera's calibration, for positions. Empty: camera_info beside the image."),
    argument("autostart", "", "Configure and activate at once; false: wait for a manager. Empty: as in params_file.",
             ["", *BOOL]),
    argument("use_sim_time", "", "Take the time from /clock. Empty: as in params_file, or as SetUseSimTime says.",
             ["", *BOOL]),
    argument("respawn", "false", "Start the node again, after 2 s, when it dies.", BOOL),
    argument("rviz", "false", "Start RViz with the overlay, and with boxes and captions in space.", BOOL),
    argument("fixed_frame", "camera_optical_frame",
             "Frame in which RViz shows what is in space. The frame_id of the camera's pictures needs no TF."),
    argument("log_level", "info", "Least severe lines that are logged.", ["debug", "info", "warn", "error", "fatal"]),
]


def given(context, name, value_type=str):
    """The argument as a parameter, or nothing where it was left empty: then the parameter file's value holds."""
    value = LaunchConfiguration(name)
    return {name: ParameterValue(value, value_type=value_type)} if value.perform(context) else {}


def calibration(context):
    """Topic of the camera's calibration: as given, or beside the image."""
    image, camera_info = (LaunchConfiguration(name).perform(context) for name in ("image", "camera_info"))
    return camera_info or "".join([*image.rpartition("/")[:2], "camera_info"])


def existing_file(context, name):
    """The argument's path. launch_ros itself only warns when the file is missing, and starts with defaults."""
    path = LaunchConfiguration(name).perform(context)
    if not Path(path).is_file():
        raise RuntimeError(f"{name}: expected a parameter file, but there is none at {path!r}")
    return path


def nodes(context):
    value = LaunchConfiguration
    autostart, sim_time = given(context, "autostart", bool), given(context, "use_sim_time", bool)
    texts = [given(context, name) for name in ("bundle", "provider", "image_transport")]
    # Left to the node where it is not given: it looks beside the image, as image_transport does.
    camera_info = value("camera_info").perform(context)
    # Without room for whole pictures in shared memory Fast DDS loses overlays and label maps. Your own profile wins.
    profile = share("config", "fastdds.xml")
    node = Node(
        package="segcap",
        executable="segcap_node",
        name="segcap",
        namespace=value("namespace"),
        output="screen",
        parameters=[existing_file(context, "params_file"), *filter(None, [*texts, autostart, sim_time])],
        remappings=[
            ("image", value("image")),
            ("image/compressed", [value("image"), "/compressed"]),
            ("depth", value("depth")),
            *([("camera_info", camera_info)] if camera_info else []),
        ],
        ros_arguments=["--log-level", value("log_level")],
        additional_env={name: EnvironmentVariable(name, default_value=profile) for name in PROFILE_VARIABLES},
        respawn=value("respawn"),
        respawn_delay=2.0,
    )
    rviz = Node(
        package="rviz2",
        executable="rviz2",
        name="segcap_rviz",
        namespace=value("namespace"),
        arguments=["-d", share("rviz", "segcap.rviz"), "-f", value("fixed_frame")],
        parameters=list(filter(None, [sim_time])),
        remappings=[("image", value("image")), ("depth", value("depth")), ("camera_info", calibration(context))],
        condition=IfCondition(value("rviz")),
    )
    return [node, rviz]


def generate_launch_description():
    return LaunchDescription([*ARGUMENTS, OpaqueFunction(function=nodes)])
