"""One client that asks for everything, seventy times, and leaves: the others and the camera have their turns all the same."""

import os
import sys
from pathlib import Path

import pytest
from cameras import CameraSpec
from checks import check_regions, good, refusal
from client import box_prompt, everything_prompt, point_prompt
from health import Health, values
from patience import PATIENCE_S
from processes import Process
from scenes import disc_scene, message
from segcap.msg import ResultCode
from segcap.srv import Segment

FRONT = CameraSpec("front", 5, 320, 240, 0.3)
OWN = disc_scene(160, 120)
PROGRAM = Path(__file__).parent / "support" / "hostile_client.py"
REQUESTS = 70


def waiting(health):
    """Requests that wait for the model, as the node says once a second."""
    return int(values(health.next()["work"])["requests waiting"])


@pytest.mark.load
def test_seventy_requests_for_everything_keep_nobody_waiting(camera_rig, logs):
    # Each hostile request takes as many turns as the one that is not: they are not done when that is.
    rig = camera_rig(FRONT, parameters={"everything.points_per_side": 12})
    camera, service = rig.watches[0], f"{rig.node.full_name}/segment"
    health = Health(rig.node)
    command = [sys.executable, PROGRAM, service, REQUESTS]
    hostile = Process("the hostile client", command, logs / f"hostile_{os.getpid()}.log", dict(os.environ))
    try:
        rig.peer.wait_for(lambda: hostile.returncode is not None, PATIENCE_S, "the hostile client's end")
        assert "sent" in hostile.log(), hostile.last_lines()
    finally:
        hostile.stop()
    before = waiting(health)
    assert before > REQUESTS // 2, f"{before} wait: the client has done no harm"
    clients = [rig.peer.node.create_client(Segment, service) for _ in range(4)]
    requests = [
        Segment.Request(camera="front", prompts=[box_prompt("box", FRONT.scene.box)]),
        Segment.Request(camera="front", prompts=[point_prompt("point", [FRONT.scene.centre])]),
        Segment.Request(image=message(OWN.rgb), prompts=[box_prompt("own", OWN.box)]),
        Segment.Request(camera="front", prompts=[everything_prompt()]),
    ]
    for client in clients:
        rig.peer.wait_for(client.service_is_ready, PATIENCE_S, "the service")
    camera.forget()
    futures = [client.call_async(request) for client, request in zip(clients, requests, strict=True)]
    for number, future in enumerate(futures):
        rig.peer.wait_for(future.done, 3 * PATIENCE_S, f"the answer of client {number}")
    of_camera = len(camera.answered)
    for future, size in zip(futures, [FRONT.scene.size, FRONT.scene.size, OWN.size, FRONT.scene.size], strict=True):
        check_regions(good(future.result()), size=size)
    after = waiting(health)
    print(f"{before} hostile requests waited before, {after} after; {of_camera} answers of the camera in between")
    assert after > before // 2, "the others were answered before the hostile requests"
    # Everything in the newest frame takes 18 slices, between which the camera has its turns.
    assert of_camera >= 3, "the camera goes on"
    health.close()


def test_a_timeout_has_a_bound_which_the_answer_names(start_node):
    node = start_node(parameters={"limits.max_timeout_s": 0.2, "everything.points_per_side": 64})
    request = Segment.Request(image=message(OWN.rgb), prompts=[everything_prompt()], timeout=3600.0)
    answer = node.call(request)
    refusal(answer, ResultCode.TIMEOUT, "3600 s were asked for, limits.max_timeout_s allows 0.2")


def test_what_waits_is_bounded_in_bytes(start_node):
    """A picture that is larger than all that may wait is refused at once, with the parameter's name; a smaller one is not."""
    node = start_node(parameters={"limits.max_pending_mb": 1})
    large = disc_scene(800, 600)
    answer = node.call(Segment.Request(image=message(large.rgb), prompts=[box_prompt("disc", large.box)]))
    refusal(answer, ResultCode.OVERLOADED, "limits.max_pending_mb")
    check_regions(good(node.call(Segment.Request(image=message(OWN.rgb), prompts=[box_prompt("own", OWN.box)]))), size=OWN.size)
