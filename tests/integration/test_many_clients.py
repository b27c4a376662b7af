"""Fifty clients at once: a bounded number waits, the others hear OVERLOADED, and everything else goes on."""

import itertools
import json
import os
import sys
from collections import Counter
from pathlib import Path
from statistics import median

import pytest
from camera_rig import LEAST_IOU
from cameras import CameraSpec
from checks import check_regions, good
from client import box_prompt
from clients import DEEP, Answer, Clients
from growth import check_growth
from patience import PATIENCE_S
from processes import Process
from rclpy.qos import QoSProfile
from segcap.msg import ResultCode
from segcap.srv import Segment

FRONT = CameraSpec("front", 5, 320, 240, 0.3)
MAX_PENDING = 8
IN_ONE_PROCESS, PROCESSES, IN_EACH = 30, 4, 5


class Crowd:
    """Clients in several processes and in this one, which all ask at the same moment."""

    def __init__(self, rig, logs, number):
        self.rig = rig
        service = f"{rig.node.full_name}/segment"
        self.here = Clients(rig.peer.node, rig.peer.executor, service, range(IN_ONE_PROCESS))
        self.go = logs / f"go_{os.getpid()}_{number}"
        program = Path(__file__).parent / "support" / "clients.py"
        self.processes = []
        for index in range(PROCESSES):
            first = 1000 * (index + 1)
            command = [sys.executable, program, service, first, IN_EACH, self.go]
            log = logs / f"clients_{os.getpid()}_{number}_{index}.log"
            self.processes.append(Process(f"clients {index}", command, log, dict(os.environ)))

    def ask(self):
        """Everybody's answers; fails when one stays away."""
        wait_for = self.rig.peer.wait_for
        try:
            wait_for(lambda: all("ready" in process.log() for process in self.processes), PATIENCE_S, "the other clients")
            self.go.touch()
            answers = self.here.ask(2 * PATIENCE_S)
            for process in self.processes:
                wait_for(lambda: process.returncode is not None, 2 * PATIENCE_S, "its answers")  # noqa: B023
                assert process.returncode == 0, process.last_lines()
                lines = process.log().splitlines()
                answers += [Answer(**json.loads(line)) for line in lines if line.startswith("{")]
            return answers
        finally:
            self.here.close()
            for process in self.processes:
                process.stop()


def check(answers):
    """Each of them, and how many there are of each kind; returns the seconds in which the refused ones heard so."""
    assert len(answers) == IN_ONE_PROCESS + PROCESSES * IN_EACH
    codes = Counter(answer.code for answer in answers)
    assert set(codes) == {ResultCode.OK, ResultCode.OVERLOADED}, codes
    assert codes[ResultCode.OK] >= MAX_PENDING and codes[ResultCode.OVERLOADED] > 0, codes
    for answer in answers:
        if answer.code == ResultCode.OK:
            assert answer.iou >= LEAST_IOU, answer
        else:
            assert answer.iou == 0 and "limits.max_pending" in answer.message, answer
    return sorted(answer.seconds for answer in answers if answer.code == ResultCode.OVERLOADED)


@pytest.mark.load
def test_fifty_clients_at_once(camera_rig, logs):
    rig = camera_rig(FRONT, parameters={"limits.max_pending": MAX_PENDING, "embedding_cache_mb": 16})
    camera, numbers, refused = rig.watches[0], itertools.count(), []

    def crowd():
        camera.forget()
        refused.extend(check(Crowd(rig, logs, next(numbers)).ask()))
        # The stream goes on before, while and after they ask.
        rig.peer.wait_for(lambda: len(camera.answered) >= 3, PATIENCE_S, "the camera's answers")

    check_growth(rig.node.process.pid, crowd, most_mb=20, rounds=3)
    camera.check()
    half, all_of_them = 1e3 * median(refused), 1e3 * max(refused)
    print(f"{len(refused)} refused: half of them within {half:.0f} ms, all within {all_of_them:.0f} ms")
    good(rig.peer.segment([box_prompt("disc", FRONT.scene.box)], camera="front"))


@pytest.mark.load
def test_fifty_questions_about_one_frame(camera_rig):
    """As many as may wait are all answered, each with its own prompt, though they come as one burst."""
    rig = camera_rig(FRONT)
    asking = rig.peer.node.create_client(Segment, f"{rig.node.full_name}/segment", qos_profile=QoSProfile(depth=DEEP))
    rig.peer.wait_for(asking.service_is_ready, PATIENCE_S, "the service")
    prompts = [box_prompt(f"question {number}", FRONT.scene.box) for number in range(50)]
    futures = [asking.call_async(Segment.Request(camera="front", prompts=[prompt])) for prompt in prompts]
    rig.peer.wait_for(lambda: all(future.done() for future in futures), PATIENCE_S, "fifty answers")
    for prompt, future in zip(prompts, futures, strict=True):
        array = good(future.result())
        check_regions(array, size=FRONT.scene.size)
        assert [region.prompt_id for region in array.regions] == [prompt.id]
