"""A launch_testing test: segcap.launch.py starts a node that gets ready and ends with code 0. Run it with `launch_test FILE`."""

import os
import sys
import tempfile
import unittest
from pathlib import Path

import launch_testing
from launch import LaunchDescription
from launch.actions import IncludeLaunchDescription, SetEnvironmentVariable
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch_testing.actions import ReadyToTest
from launch_testing.asserts import assertExitCodes

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[2] / "demo")]
from launched import make_prefix  # noqa: E402

# Removed when this process ends.
PREFIX = tempfile.TemporaryDirectory(prefix="segcap_launch_test_")


def generate_test_description():
    prefix = make_prefix(Path(PREFIX.name))
    # Substitutions look packages up in this process's environment.
    os.environ["AMENT_PREFIX_PATH"] = f"{prefix}:{os.environ['AMENT_PREFIX_PATH']}"
    file = prefix / "share" / "segcap" / "launch" / "segcap.launch.py"
    segcap = IncludeLaunchDescription(
        PythonLaunchDescriptionSource(str(file)), launch_arguments=[("namespace", "launch_test"), ("provider", "cpu")]
    )
    colours = SetEnvironmentVariable("RCUTILS_COLORIZED_OUTPUT", "0")
    return LaunchDescription([colours, segcap, ReadyToTest()])


class WhileItRuns(unittest.TestCase):
    def test_the_node_gets_ready(self, proc_output):
        proc_output.assertWaitFor("[launch_test.segcap]: ready", timeout=60)

    def test_the_node_says_where_it_listens(self, proc_output):
        proc_output.assertWaitFor("pictures from /launch_test/image", timeout=60)


@launch_testing.post_shutdown_test()
class AfterItHasEnded(unittest.TestCase):
    def test_the_exit_code_is_0(self, proc_info):
        assertExitCodes(proc_info)
