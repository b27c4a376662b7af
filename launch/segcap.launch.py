"""segcap_node with its parameters: ros2 launch segcap segcap.launch.py image:=/camera/image_raw rviz:=true"""

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument
from launch.conditions import IfCondition
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue
from launch_ros.substitutions import FindPackageShare


def share(*path):
    return PathJoinSubstitution([FindPackageShare("segcap"), *path])


def argument(name, default, description, choices=None):
    return DeclareLaunchArgument(name, default_value=default, description=description, choices=choices)


ARGUMENTS = [
    argument("namespace", "", "Namespace of the node, for robots with several."),
    argument("params_file", share("config", "segcap.param.yaml"), "Parameter file; the arguments below come on top."),
    argument("bundle", "", "Folder of the model bundle; empty: the built-in model."),
    argument("provider", "auto", "What runs the model.", ["auto", "tensorrt", "cuda", "cpu"]),
    argument("image", "image", "Topic of the camera's picture; with image_transport compressed, its base name."),
    argument("image_transport", "raw", "Which message brings the picture.", ["raw", "compressed"]),
    argument("use_sim_time", "false", "Take the time from /clock.", ["true", "false"]),
    argument("rviz", "false", "Start RViz with the camera's picture and the overlay.", ["true", "false"]),
    argument("log_level", "info", "Lines that are logged.", ["debug", "info", "warn", "error"]),
]


def generate_launch_description():
    value = LaunchConfiguration
    use_sim_time = ParameterValue(value("use_sim_time"), value_type=bool)
    node = Node(
        package="segcap",
        executable="segcap_node",
        name="segcap",
        namespace=value("namespace"),
        output="screen",
        parameters=[
            value("params_file"),
            {
                "bundle": ParameterValue(value("bundle"), value_type=str),
                "provider": ParameterValue(value("provider"), value_type=str),
                "image_transport": ParameterValue(value("image_transport"), value_type=str),
                "use_sim_time": use_sim_time,
            },
        ],
        remappings=[("image", value("image")), ("image/compressed", [value("image"), "/compressed"])],
        arguments=["--ros-args", "--log-level", value("log_level")],
    )
    rviz = Node(
        package="rviz2",
        executable="rviz2",
        name="segcap_rviz",
        namespace=value("namespace"),
        arguments=["-d", share("rviz", "segcap.rviz")],
        parameters=[{"use_sim_time": use_sim_time}],
        remappings=[("image", value("image"))],
        condition=IfCondition(value("rviz")),
    )
    return LaunchDescription([*ARGUMENTS, node, rviz])
