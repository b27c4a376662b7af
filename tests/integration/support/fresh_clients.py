"""Clients of ~/query_regions that are all new: each is a node and a DDS participant of its own, asks once, and is gone.

    python fresh_clients.py /namespace/segcap/query_regions COUNT PARALLEL PATIENCE

lets COUNT of them ask, PARALLEL at a time, each waiting at most PATIENCE seconds for its answer, and prints a line of
JSON for each: {"number": ..., "found": seconds until the service was there, "answered": seconds from the call to the
answer, null when none came, "success": ..., "message": ...}.
"""

import json
import sys
import threading
import time

import rclpy
from rclpy.executors import SingleThreadedExecutor
from segcap.srv import QueryRegions

FOUND_WITHIN_S = 60.0


def ask_once(service, number, patience):
    """What became of one question, as the dictionary that is printed."""
    context = rclpy.Context()
    rclpy.init(context=context)
    node = rclpy.create_node(f"fresh_client_{number}", context=context)
    executor = SingleThreadedExecutor(context=context)
    executor.add_node(node)
    try:
        client = node.create_client(QueryRegions, service)
        begun = time.monotonic()
        if not client.wait_for_service(FOUND_WITHIN_S):
            return {"number": number, "found": None, "answered": None, "success": False, "message": "no service"}
        asked = time.monotonic()
        future = client.call_async(QueryRegions.Request(text="mug", limit=3))
        executor.spin_until_future_complete(future, patience)
        outcome = {"number": number, "found": asked - begun, "answered": None, "success": False, "message": "no answer"}
        if future.done():
            response = future.result()
            outcome |= {"answered": time.monotonic() - asked, "success": response.success, "message": response.message}
        return outcome
    finally:
        executor.shutdown()
        node.destroy_node()
        rclpy.try_shutdown(context=context)


def main():
    service, count, parallel, patience = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
    numbers, lock = iter(range(count)), threading.Lock()

    def ask_in_turn():
        while True:
            with lock:
                number = next(numbers, None)
            if number is None:
                return
            outcome = json.dumps(ask_once(service, number, patience))
            with lock:
                print(outcome, flush=True)

    threads = [threading.Thread(target=ask_in_turn) for _ in range(parallel)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main()
