"""Many clients of ~/segment that ask at once, each with a picture of its own and the right answer known.

    python clients.py /namespace/segcap/segment FIRST COUNT GO_FILE

makes COUNT clients, waits for the file, lets all of them ask at once, and prints an answer a line as JSON.
"""

import json
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "demo"))

from patience import PATIENCE_S, REQUEST_TIMEOUT_S
from scenes import disc_scene, iou, message
from waiting import Patience

PLACES = 9
# ROS 2 gives every answer of a service to all of its clients, and each keeps as many as this until its process looks. With
# the usual 10, a process that a busy machine holds up for a fifth of a second can lose its own.
DEEP = 1000


@dataclass
class Answer:
    code: int
    seconds: float  # from the call to the answer, in the client
    iou: float  # of the first mask and the disc; 0 without one
    message: str


def scene_of(number):
    """Neighbouring numbers have their disc at different places."""
    return disc_scene(160, 120, at=(0.25 + 0.5 * (number % PLACES) / (PLACES - 1), 0.5), radius=0.2)


class Clients:
    """One client for each number, all of them connected; raises TimeoutError when there is no such service."""

    def __init__(self, node, executor, service, numbers):
        from rclpy.qos import QoSProfile
        from segcap.srv import Segment

        self.node, self.executor = node, executor
        qos = QoSProfile(depth=DEEP)
        self.asking = {number: node.create_client(Segment, service, qos_profile=qos) for number in numbers}
        for client in self.asking.values():
            if not client.wait_for_service(PATIENCE_S):
                raise TimeoutError(f"no {service}")

    def ask(self, patience):
        """An Answer for each, in order; raises TimeoutError when one stays away for `patience` seconds."""
        answers = {}

        def send(number, request):
            begun = time.monotonic()
            future = self.asking[number].call_async(request)
            future.add_done_callback(lambda done: answers.update({number: (time.monotonic() - begun, done.result())}))

        calls = [(number, *request_of(number)) for number in self.asking]
        for number, _, request in calls:
            send(number, request)
            self.executor.spin_once(timeout_sec=0)
        waited = Patience(patience)
        while len(answers) < len(calls):
            if waited.is_over():
                raise TimeoutError(f"{len(calls) - len(answers)} of {len(calls)} calls were never answered")
            self.executor.spin_once(timeout_sec=0.02)
        return [judge(number, scene, *answers[number]) for number, scene, _ in calls]

    def close(self):
        for client in self.asking.values():
            self.node.destroy_client(client)


def request_of(number):
    from client import box_prompt
    from segcap.srv import Segment

    scene = scene_of(number)
    prompts = [box_prompt(str(number), scene.box)]
    return scene, Segment.Request(prompts=prompts, image=message(scene.rgb), timeout=REQUEST_TIMEOUT_S)


def judge(number, scene, seconds, response):
    from pictures import region_mask

    regions = response.regions.regions
    right = [region for region in regions if region.prompt_id == str(number)]
    overlap = iou(region_mask(right[0], *scene.size), scene.disc) if len(right) == len(regions) == 1 else 0.0
    return Answer(response.code, seconds, overlap, response.message)


def main():
    import rclpy
    from rclpy.executors import SingleThreadedExecutor

    service, first, count, go = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4])
    rclpy.init()
    node = rclpy.create_node(f"client_{first}")
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    clients = Clients(node, executor, service, range(first, first + count))
    print("ready", flush=True)
    while not go.exists():
        time.sleep(0.005)
    for answer in clients.ask(2 * PATIENCE_S):
        print(json.dumps(asdict(answer)), flush=True)


if __name__ == "__main__":
    main()
