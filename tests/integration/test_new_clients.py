"""Clients that have just come to the graph: every question is answered, however late the node discovers who asked."""

import json
import os
import sys
from pathlib import Path

import preload
import pytest
from patience import PATIENCE_S
from processes import Process
from questions import camera

PROGRAM = Path(__file__).parent / "support" / "fresh_clients.py"
EVERYTHING = {
    "everything.enabled": True,
    "everything.points_per_side": 8,
    "everything.pred_iou_thresh": 0.4,
    "everything.stability_thresh": 0.4,
}


def outcomes(node, log, count, parallel, **environment):
    """What became of the questions of `count` new clients, `parallel` at a time, a dictionary each."""
    service = f"{node.full_name}/query_regions"
    command = [sys.executable, PROGRAM, service, count, parallel, PATIENCE_S]
    process = Process("new clients", command, log, {**os.environ, **environment})
    try:
        node._wait(lambda: process.returncode is not None, (1 + count) * PATIENCE_S, "the new clients")
    finally:
        process.stop()
    assert process.returncode == 0, process.last_lines()
    return [json.loads(line) for line in process.log().splitlines() if line.startswith("{")]


@pytest.mark.parametrize("late", ["readers", "writers"])
def test_a_client_whose_announcement_comes_late_is_answered(node, tmp_path, late):
    """Fast DDS sends lost announcements again, but not before the client has asked."""
    environment = {"SEGCAP_HOLD": late, "SEGCAP_HOLD_S": "4", "LD_PRELOAD": str(preload.build("late_discovery", tmp_path))}
    # UDP alone, through which the library can lose packets.
    environment |= {"FASTRTPS_DEFAULT_PROFILES_FILE": "", "FASTDDS_BUILTIN_TRANSPORTS": "UDPv4"}
    [outcome] = outcomes(node, tmp_path / "late.log", 1, 1, **environment)
    assert outcome["success"], outcome


@pytest.mark.load
def test_new_clients_are_answered_beside_everything_mode(start_node, tmp_path):
    node = start_node(parameters=EVERYTHING)
    with camera(node, tmp_path, 10):
        node.client.wait_for(lambda: node.arrays(), PATIENCE_S, "regions")
        asked = outcomes(node, tmp_path / "new_clients.log", 40, 4)
    assert len(asked) == 40
    unanswered = [outcome for outcome in asked if not outcome["success"]]
    assert not unanswered, unanswered
