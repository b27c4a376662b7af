"""A client that asks for more than anybody needs, and is gone before the first answer.

    python hostile_client.py /namespace/segcap/segment COUNT

sends COUNT requests with pictures of its own, each for everything and with the longest timeout there is, prints "sent", and ends
without a word to anybody.
"""

import os
import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "demo"))

import rclpy
from client import everything_prompt
from patience import PATIENCE_S
from scenes import disc_scene, message
from segcap.srv import Segment

TIMEOUT_S = 3600.0


def main():
    service, count = sys.argv[1], int(sys.argv[2])
    rclpy.init()
    node = rclpy.create_node("hostile_client")
    client = node.create_client(Segment, service)
    if not client.wait_for_service(PATIENCE_S):
        raise TimeoutError(f"no {service}")
    for number in range(count):
        picture = message(disc_scene(160, 120, at=(0.25 + 0.5 * number / count, 0.5), radius=0.2).rgb)
        client.call_async(Segment.Request(image=picture, prompts=[everything_prompt()], timeout=TIMEOUT_S))
        # The node's own queue of messages is short; a hostile client sees to it that all of its requests arrive.
        rclpy.spin_once(node, timeout_sec=0.05)
    print("sent", flush=True)
    os._exit(0)


if __name__ == "__main__":
    main()
