"""The three processes of the demo: camera, segcap_node, and this one as their client."""

import os
import shutil
import sys
from pathlib import Path

from camera import FRAME_ID
from client import Client, NoAnswer
from processes import ROOT, Process, ProcessError, free_domain_id, node_command, ros_environment
from std_srvs.srv import SetBool
from stream import Stream

GRAPH_TIMEOUT_S = 60.0
CAMERA_RATE_HZ = 15.0
# A photograph of 12 megapixels is 36 MB a message, and the demo is no stress test.
MOST_BYTES_PER_SECOND = 100e6
LAYOUT = ROOT / "rviz" / "segcap.rviz"


class Session:
    """Starts everything on entry, ends everything on exit, whatever happened between."""

    def __init__(self, source, frame, out, live, start=0):
        """`start`: the number of the clip's frame on which the camera stands still until `play`."""
        self.height, self.width = frame.shape[:2]
        self.rate_hz = min(CAMERA_RATE_HZ, MOST_BYTES_PER_SECOND / frame.nbytes)
        self.source, self.out = Path(source), Path(out)
        self.domain = _domain(live)
        self.start = start
        self.processes = []
        self.rviz = None
        self.client = None
        self.stream = None

    def __enter__(self):
        os.environ.update(ros_environment(self.domain))
        camera = [sys.executable, ROOT / "demo" / "camera.py", self.source, "--rate", self.rate_hz, "--paused",
                  "--start", self.start]
        try:
            self._start("segcap_node", node_command())
            self._start("camera", camera)
            self._connect()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_error):
        if self.client:
            self.client.close()
        for process in [*self.processes, *filter(None, [self.rviz])]:
            process.stop()

    def start_rviz(self):
        """Starts RViz with segcap's layout in the camera's frame; False where there is none."""
        program = shutil.which("rviz2")
        if program:
            command = [program, "-d", LAYOUT, "-f", FRAME_ID]
            self.rviz = Process("rviz2", command, self.out / "rviz2.log", dict(os.environ))
        return program is not None

    def rviz_has_ended(self):
        """Whether RViz has ended since this was asked last."""
        if self.rviz is None or self.rviz.returncode is None:
            return False
        self.rviz.stop()
        self.rviz = None
        return True

    def play(self):
        """Lets the clip run."""
        service = self.client.node.create_client(SetBool, "/camera/play")
        self.wait(service.service_is_ready, GRAPH_TIMEOUT_S, "/camera/play")
        self.wait(service.call_async(SetBool.Request(data=True)).done, GRAPH_TIMEOUT_S, "/camera/play")

    def wait(self, condition, timeout, what, meanwhile=None, every=0.2):
        """Waits for an answer; names the process that died rather than the answer that did not come."""
        def check():
            self.check_alive()
            return condition()

        try:
            return self.client.wait_for(check, timeout, what, meanwhile, every)
        except NoAnswer as error:
            raise ProcessError(f"{error}; last words of segcap_node:\n{self.processes[0].last_lines()}") from None

    def check_alive(self):
        for process in self.processes:
            process.check_alive()

    def _start(self, name, command):
        self.processes.append(Process(name, command, self.out / f"{name}.log", dict(os.environ)))

    def _connect(self):
        self.client = Client(name="segcap_demo", domain_id=self.domain)
        self.stream = Stream(self.client)
        self.wait(lambda: self.client.graph_is_ready() and self.stream.frames_in, GRAPH_TIMEOUT_S,
                  "camera, segcap_node and client to find each other")


def _domain(live):
    """The user's domain; otherwise the default one for a camera that others are to see, and else one of our own."""
    named = os.environ.get("ROS_DOMAIN_ID")
    if named:
        return int(named)
    return 0 if live else free_domain_id()
