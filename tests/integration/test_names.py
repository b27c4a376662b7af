"""Region.names and name_scores, and everything.proposals, as a planner meets them.

The bundles are tiny and foretellable (tests/fixtures/make_fixtures.py): every prompt's mask is the whole picture, 4 : 3, so that
its box in the encoder's square of 32 is (0, 0, 32, 24).
"""

import numpy as np
import pytest
from action_msgs.msg import GoalStatus
from checks import check_names, good, refusal
from client import box_prompt, everything_prompt, point_prompt, stamp_key
from goals import Goals, ended_as, show
from managed import Managed
from peer import NodeUnderTest
from processes import ROOT
from questions import Questions, remember
from segcap.msg import Region, ResultCode

NAMED, DETECTED, TINY = (ROOT / "tests" / "fixtures" / name for name in ("named", "detected", "tiny"))
PICTURE = np.full((240, 320, 3), 100, np.uint8)
NAMES = ["bowl", "vase", "pot", "jar", "can"]
SCORES = [1.0, 0.75, 0.3, 0.2, 0.1]


@pytest.fixture(scope="module")
def named(domain, logs):
    """A node whose captioner has names."""
    node = NodeUnderTest(logs, domain, {"bundle": NAMED})
    yield node
    assert node.stop() == 0


def check_named(region):
    check_names(region)
    assert region.caption_state == Region.CAPTION_DONE and region.caption
    assert list(region.names) == NAMES and list(region.name_scores) == pytest.approx(SCORES, abs=1e-4)
    assert region.caption_score == pytest.approx(1.0), "the captioner's own rating"


@pytest.mark.parametrize("prompt", [point_prompt("it", [(100, 90)]), box_prompt("it", (50, 40, 90, 80))], ids=["click", "box"])
def test_a_planner_gets_names_with_the_words(named, prompt):
    [region] = good(named.segment([prompt], PICTURE, caption=True)).regions
    check_named(region)
    [silent] = good(named.segment([prompt], PICTURE)).regions
    assert (list(silent.names), list(silent.name_scores)) == ([], []), "no words, no names"


def test_names_are_published_and_remembered_and_found(named):
    seen = remember(named, PICTURE, [point_prompt("it", [(100, 90)])]).regions[0]
    check_named(seen)
    questions = Questions(named)
    try:
        [region], relevance = questions.ask(text="vase")
        check_named(region)
        assert (region.id, relevance) == (seen.id, [0.75])
        assert questions.ask(text="hammer") == ([], [])
    finally:
        questions.close()


def test_everything_finds_them_by_the_detector_s_boxes(named):
    goals = Goals(named)
    try:
        picture = show(named, PICTURE)
        result = ended_as(goals.describe(caption=True), GoalStatus.STATUS_SUCCEEDED, ResultCode.OK)
        assert result.count == 1
        mine = lambda array: stamp_key(array.header.stamp) == stamp_key(picture.header.stamp)  # noqa: E731
        with_words = goals.wait(
            lambda: [a for a in named.arrays(mine) if a.regions[0].caption_state == Region.CAPTION_DONE], "words on the topic"
        )
        check_named(with_words[0].regions[0])
    finally:
        goals.close()


def test_without_a_captioner_the_detector_names_masks(start_node):
    node = start_node(parameters={"bundle": DETECTED, "everything.proposals": "detector"})
    for prompt in (point_prompt("it", [(100, 90)]), everything_prompt("all")):
        [region] = good(node.segment([prompt], PICTURE)).regions
        check_names(region)
        # The boxes are quarters of the picture; both scores are 0.5.
        assert sorted(region.names) == ["bowl", "cup"] and list(region.name_scores) == pytest.approx([0.125, 0.125])
        assert region.caption_state == Region.CAPTION_NONE


def test_a_detector_that_is_not_there_is_a_configure_error(start_node):
    node = start_node(parameters={"autostart": False, "bundle": TINY, "everything.proposals": "detector"})
    lifecycle = Managed(node.full_name, node.client)
    try:
        assert not lifecycle.change("configure")
        lifecycle.wait_for_state("unconfigured")
        node.wait_for_log("everything.proposals.*object_detector")
    finally:
        lifecycle.close()


def test_a_detector_that_is_asked_for_later_is_refused_where_it_counts(start_node):
    node = start_node(parameters={"bundle": TINY})
    parameters = Managed(node.full_name, node.client)
    assert parameters.set_parameter("everything.proposals", "detector").successful
    parameters.close()
    refusal(node.segment([everything_prompt("all")], PICTURE), ResultCode.UNSUPPORTED, "everything.proposals")
    good(node.segment([point_prompt("it", [(100, 90)])], PICTURE))
