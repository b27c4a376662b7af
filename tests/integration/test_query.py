"""~/query_regions: what was seen, by words, ids, pixel, box, age, distance, from memory."""

import json
import math
import re
import time

import numpy as np
import pytest
from checks import check_mask
from client import box_prompt, stamp_key
from depth_camera import DepthCamera, position
from goals import Goals, show
from patience import PATIENCE_S
from peer import NodeUnderTest
from pictures import region_mask
from questions import Questions, camera, clip_frame, outside_of_all, pixel, rect, remember
from rcl_interfaces.srv import GetParameterTypes
from scenes import message
from segcap.msg import Region, ResultCode
from std_srvs.srv import Trigger
from test_space import PINHOLE, boxes, look, placed

# The vocabulary's drinkware, by the words that captions use for it.
DRINKWARE = {"mug", "cup", "glass", "bottle", "can", "carton", "jug"}
NO_DRINKWARE = {"pill", "spray", "trash", "watering"}  # bottles and cans that nobody drinks from
FORGETFUL_S = 1.0


@pytest.fixture(scope="module")
def seen(domain, logs):
    """(questions, the RegionArray that was seen): a node that remembers eight things of the sample clip."""
    node = NodeUnderTest(logs, domain, {"memory.ttl_s": 600.0}, log_level="debug")
    questions = Questions(node)
    rgb, prompts = clip_frame()
    yield questions, remember(node, rgb, prompts)
    questions.close()
    assert node.stop() == 0


@pytest.fixture
def asked(start_node):
    """Questions to a node of the test's own: asked(parameters) -> Questions."""
    opened = []

    def open_questions(**parameters):
        opened.append(Questions(start_node(parameters={name.replace("__", "."): value for name, value in parameters.items()})))
        return opened[-1]

    yield open_questions
    for questions in opened:
        questions.close()


def described(regions):
    return [region for region in regions if region.caption_state == Region.CAPTION_DONE]


def number(region_id):
    return int(region_id.removeprefix("r"))


def test_a_question_without_filters_gets_everything_that_was_seen(seen):
    questions, array = seen
    response = questions.answer()
    assert response.success and list(response.relevance) == [1.0] * len(array.regions)
    there = {region.id: region for region in response.regions.regions}
    assert list(there) == sorted(there, key=number), "ties by id"
    for region in array.regions:
        known = there[region.id]
        for name in ("bbox", "area", "caption", "caption_state", "predicted_iou", "prompt_id", "first_seen", "last_seen"):
            assert getattr(known, name) == getattr(region, name), name
        assert known.mask.width == 0 and not known.mask.data, "masks were not asked for"
        assert not known.has_position, "there is no depth"
    answered = response.regions
    assert stamp_key(answered.header.stamp) == stamp_key(array.header.stamp)
    assert (answered.header.frame_id, answered.width, answered.height, answered.model, answered.camera) == (
        array.header.frame_id, array.width, array.height, array.model, array.camera,
    )  # fmt: skip


def test_masks_come_when_they_are_asked_for(seen):
    questions, array = seen
    regions, _ = questions.ask(include_masks=True)
    there = {region.id: region for region in regions}
    for region in array.regions:
        check_mask(there[region.id], array.width, array.height)
        masks = [region_mask(one, array.width, array.height) for one in (region, there[region.id])]
        assert np.array_equal(*masks)


def test_ids(seen):
    questions, array = seen
    wanted = sorted({array.regions[2].id, array.regions[0].id}, key=number)
    assert questions.ids(ids=wanted[::-1]) == wanted
    assert questions.ids(ids=["r987654321"]) == [], "well-formed, and not there"


def test_a_pixel_names_what_covers_it(seen):
    questions, array = seen
    for region in array.regions:
        rows, columns = np.nonzero(region_mask(region, array.width, array.height))
        middle = len(rows) // 2
        found, _ = questions.ask(**pixel(columns[middle] + 0.5, rows[middle] + 0.5))
        assert region.id in [one.id for one in found]
        assert [one.area for one in found] == sorted(one.area for one in found), "the smallest first"
    assert questions.ids(**pixel(*outside_of_all(array.regions, array.width, array.height))) == []


def test_a_box_names_what_it_touches(seen):
    questions, array = seen
    box = array.regions[1].bbox
    expected = {
        region.id for region in array.regions
        if region.bbox.x_offset < box.x_offset + box.width and box.x_offset < region.bbox.x_offset + region.bbox.width
        and region.bbox.y_offset < box.y_offset + box.height and box.y_offset < region.bbox.y_offset + region.bbox.height
    }  # fmt: skip
    assert set(questions.ids(box=box)) == expected
    x, y = outside_of_all(array.regions, array.width, array.height)
    assert questions.ids(**rect(x, y, 1, 1)) == []
    assert len(questions.ids(**rect(0, 0, 2**32 - 1, 2**32 - 1))) == len(array.regions)


def test_limit(seen):
    questions, _ = seen
    every = questions.ids()
    assert questions.ids(limit=2) == every[:2]
    assert questions.ids(limit=1000) == every


def test_words_find_what_they_describe(seen):
    questions, array = seen
    for region in described(array.regions):
        found, relevance = questions.ask(text=f"Where is {region.caption}?")
        assert relevance == sorted(relevance, reverse=True)
        best = [one.caption for one, score in zip(found, relevance, strict=True) if score > 0.99]
        assert region.caption in best, f"{region.caption!r}: {[one.caption for one in found]} {relevance}"
    assert questions.ids(text="a helicopter") == []


def test_typos_are_forgiven(seen):
    questions, array = seen
    tried = 0
    for region in described(array.regions):
        long = [word for word in re.findall(r"[a-z]+", region.caption.lower()) if len(word) >= 6]
        if long:
            tried += 1
            word = long[-1]
            found, relevance = questions.ask(text=word[:3] + word[4:])
            assert region.caption in [one.caption for one in found], f"{word[:3] + word[4:]} for {word}"
            assert relevance[0] < 1.0, "a guess is no certainty"
    assert tried, "the captions have no long words"


def test_another_name_finds_the_same(seen):
    questions, _ = seen
    for name, other in (("bottle", "flask"), ("mug", "cup"), ("book", "textbook"), ("sofa", "couch")):
        assert questions.ids(text=name, min_score=0.5) == questions.ids(text=other, min_score=0.5)


def test_something_to_drink_from(seen):
    questions, array = seen
    captions = {region.id: set(region.caption.lower().split()) for region in described(array.regions)}
    expected = {one for one, words in captions.items() if words & DRINKWARE and not words & NO_DRINKWARE}
    assert set(questions.ids(text="something to drink from", min_score=0.5)) == expected


def test_the_score_is_explained_in_the_log(seen):
    questions, _ = seen
    found, relevance = questions.ask(text="a yelow thing to drink from")
    log = questions.node.process.log()
    assert found and "yelow (taken for yellow)" in log
    for region, score in list(zip(found, relevance, strict=True))[:5]:
        said = re.findall(rf"{region.id} {re.escape(json.dumps(region.caption))} {score:.2f}: (.*yelow.*)", log)[-1]
        assert sum(map(float, re.findall(r"([\d.]+) of [\d.]+", said))) == pytest.approx(score, abs=0.011), said


def test_min_score_cuts_the_tail(seen):
    questions, array = seen
    text = described(array.regions)[0].caption
    _, every = questions.ask(text=text)
    _, good = questions.ask(text=text, min_score=0.6)
    assert good == [score for score in every if score >= np.float32(0.6)] and good


def test_age_and_distance(seen):
    questions, array = seen
    assert len(questions.ids(max_age=600.0)) == len(array.regions)
    assert questions.ids(max_age=1e-6) == []
    assert questions.ids(max_distance=5.0) == [], "what has no position is not near"


def test_distance_where_there_is_depth(asked):
    questions = asked()
    rgb, metres, things = look(0)
    camera_with_depth = DepthCamera(questions.node)
    _, array = camera_with_depth.ask(rgb, metres, PINHOLE, boxes(things), placed(*things))
    camera_with_depth.close()
    known = {region.id: region for region in questions.ask()[0]}
    away = {}
    for region in array.regions:
        assert known[region.id].position == region.position and known[region.id].extent == region.extent
        away[region.id] = float(np.linalg.norm(position(region)))
    for limit in np.quantile(list(away.values()), [0.1, 0.5, 0.9]):
        assert set(questions.ids(max_distance=float(limit))) == {one for one, metres in away.items() if metres <= limit}


def test_the_same_question_twice_gets_the_same_answer(seen):
    questions, array = seen
    for fields in ({}, {"text": "something red or yellow"}, {"include_masks": True}, pixel(array.width // 2, 200)):
        assert questions.answer(**fields) == questions.answer(**fields)


BAD = {
    "an id that is none": ({"ids": ["r1", "mug"]}, ResultCode.INVALID_PROMPT, ["ids[1]", '"mug"']),
    "an empty id": ({"ids": [""]}, ResultCode.INVALID_PROMPT, ["ids[0]"]),
    "NaN point": (pixel(math.nan, 3), ResultCode.INVALID_PROMPT, ["point", "finite", "NaN"]),
    "infinite point": (pixel(3, math.inf), ResultCode.INVALID_PROMPT, ["point", "finite", "inf"]),
    "point outside": (pixel(640, 3), ResultCode.INVALID_PROMPT, ["point", "640x480", "(640, 3)"]),
    "negative point": (pixel(-1, 3), ResultCode.INVALID_PROMPT, ["point", "640x480"]),
    "box outside": (rect(700, 10, 20, 20), ResultCode.INVALID_PROMPT, ["box", "640x480", "(700, 10)"]),
    "flat box": (rect(10, 10, 20, 0), ResultCode.INVALID_PROMPT, ["box", "20x0"]),
    "negative age": ({"max_age": -1.0}, ResultCode.INVALID_PROMPT, ["max_age", "-1"]),
    "NaN age": ({"max_age": math.nan}, ResultCode.INVALID_PROMPT, ["max_age", "NaN"]),
    "negative distance": ({"max_distance": -0.5}, ResultCode.INVALID_PROMPT, ["max_distance", "-0.5"]),
    "NaN distance": ({"max_distance": math.nan}, ResultCode.INVALID_PROMPT, ["max_distance", "NaN"]),
    "score above 1": ({"min_score": 1.5}, ResultCode.INVALID_PROMPT, ["min_score", "1.5"]),
    "NaN score": ({"min_score": math.nan}, ResultCode.INVALID_PROMPT, ["min_score", "NaN"]),
    "a novel": ({"text": "mug " * 500}, ResultCode.INVALID_PROMPT, ["text", "2000"]),
    "unknown camera": ({"camera": "attic"}, ResultCode.NOT_FOUND, ["camera", "attic"]),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_questions_get_a_code_and_a_sentence(seen, name):
    questions, _ = seen
    fields, code, said = BAD[name]
    response = questions.answer(**fields)
    assert (response.success, response.code) == (False, code), response.message
    assert "expected" in response.message and all(text in response.message for text in said), response.message
    assert not response.regions.regions and not response.relevance


@pytest.mark.parametrize("text", ["", "???", "\u8336\u7897", "'; DROP TABLE regions; --", "%s%n", "not", "a\nb"])
def test_any_text_is_answered(seen, text):
    questions, _ = seen
    questions.ask(text=text)


def test_nothing_seen_is_an_empty_success(asked):
    questions = asked()
    for fields in ({}, {"text": "red mug"}, pixel(9000, 9000), rect(9000, 9000, 1, 1)):
        response = questions.answer(**fields)
        assert response.success and not response.regions.regions and response.regions.width == 0


def test_what_is_not_seen_any_more_is_forgotten(asked):
    questions = asked(memory__ttl_s=FORGETFUL_S)
    rgb, prompts = clip_frame()
    remember(questions.node, rgb, prompts[:2])
    time.sleep(1.2 * FORGETFUL_S)
    assert questions.ids() == []


def test_clear_forgets_everything(asked):
    questions = asked()
    rgb, prompts = clip_frame()
    count = len(remember(questions.node, rgb, prompts[:2]).regions)
    node = questions.node
    client = node.client.node.create_client(Trigger, f"{node.full_name}/clear")
    node._wait(client.service_is_ready, PATIENCE_S, "~/clear")
    future = client.call_async(Trigger.Request())
    answer = node._wait(lambda: future.done() and future.result(), PATIENCE_S, "an answer of ~/clear")
    node.client.node.destroy_client(client)
    assert answer.success and answer.message == f"{count} regions forgotten"
    assert questions.ids() == []


def test_memory_is_bounded(asked):
    questions = asked(memory__max_regions=3)
    rgb, prompts = clip_frame()
    remember(questions.node, rgb, prompts)
    assert len(questions.ids()) == 3


def test_masks_are_there_before_words(asked):
    questions = asked()
    rgb, prompts = clip_frame()
    _, array = questions.node.answer_on_topic(lambda: message(rgb), prompts[:3], condition=lambda a: a.regions)
    assert {region.id for region in array.regions} <= set(questions.ids())


def test_everything_that_a_goal_describes_is_remembered(asked):
    questions = asked(everything__min_area=400)
    goals = Goals(questions.node)
    rgb, _ = clip_frame()
    show(questions.node, rgb)
    result = goals.describe(points_per_side=6, max_regions=5, caption=True).result
    goals.close()
    there = {region.id: region.caption for region in questions.ask()[0]}
    assert result.count and {region: there.get(region) for region in result.ids} == dict(
        zip(result.ids, result.captions, strict=True)
    )


@pytest.mark.load
def test_hundreds_of_questions_beside_a_camera_and_prompts(asked, tmp_path):
    """Each is answered, from memory and in order; what that takes is measured by benches/query_load.py."""
    questions = asked()
    node = questions.node
    rgb, prompts = clip_frame()
    with camera(node, tmp_path, rate_hz=30):
        node.client.send_prompts(prompts[:3], sticky=True)
        node._wait(lambda: questions.ids(), PATIENCE_S, "something in memory")
        others = node.client.node.create_client(GetParameterTypes, f"{node.full_name}/get_parameter_types")
        node._wait(others.service_is_ready, PATIENCE_S, "~/get_parameter_types")
        for round_number in range(300):
            if round_number % 20 == 0:
                node.client.send_prompts([box_prompt("now and then", (200 + round_number // 4, 100, 120, 120))])
            _, relevance = questions.ask(text="something red", limit=10)
            assert relevance == sorted(relevance, reverse=True)
            future = others.call_async(GetParameterTypes.Request())
            node._wait(future.done, PATIENCE_S, "an answer of ~/get_parameter_types")
        node.client.send_prompts([], sticky=True)
        node.client.node.destroy_client(others)
