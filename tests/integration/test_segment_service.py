"""~/segment: every kind of prompt, on an image in the request or on the camera's newest frame."""

import numpy as np
import pytest
from checks import check_regions, good
from client import box_prompt, everything_prompt, mask_prompt, point_prompt, stamp_key
from pictures import region_mask
from scenes import disc_scene, iou, message
from segcap.srv import Segment

# What even a modest model must reach on a bright disc on grey.
LEAST_BOX_IOU = 0.6
LEAST_CLICK_IOU = 0.4
LEAST_EVERYTHING_IOU = 0.3


@pytest.fixture(scope="module")
def scene():
    return disc_scene(640, 480, at=(0.4, 0.55))


def masks(array):
    return [region_mask(region, array.width, array.height) for region in array.regions]


def prompts_of_every_kind(scene):
    return {
        "point": point_prompt("point", [scene.centre]),
        "two points": point_prompt("two points", [scene.centre, (scene.centre[0] + 20, scene.centre[1] + 10)], [1, 1]),
        "negative point": point_prompt("negative point", [scene.centre, scene.outside], [1, 0]),
        "box": box_prompt("box", scene.box),
        "box and clicks": box_prompt("box and clicks", scene.box, [scene.centre, scene.outside], [1, 0]),
        "mask": mask_prompt("mask", scene.disc),
        "mask and click": _with_clicks(mask_prompt("mask and click", scene.disc), [scene.centre]),
    }


def _with_clicks(prompt, points):
    prompt.points = point_prompt("", points).points
    return prompt


KINDS = list(prompts_of_every_kind(disc_scene()))


@pytest.mark.parametrize("words", [False, True], ids=["masks", "masks and words"])
@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_prompt_alone(node, scene, kind, words):
    picture = message(scene.rgb)
    array = good(node.segment([prompts_of_every_kind(scene)[kind]], picture, caption=words))
    check_regions(array, picture.header, scene.size, words=words)
    assert [region.prompt_id for region in array.regions] == [kind]


def test_all_kinds_in_one_request_come_back_in_order(node, scene):
    prompts = list(prompts_of_every_kind(scene).values())
    array = good(node.segment(prompts, scene.rgb, caption=True))
    check_regions(array, size=scene.size, words=True)
    assert [region.prompt_id for region in array.regions] == KINDS


@pytest.mark.parametrize("kind", KINDS)
def test_a_prompt_says_the_same_alone_and_in_company(node, scene, kind):
    prompts = prompts_of_every_kind(scene)
    alone = good(node.segment([prompts[kind]], scene.rgb, caption=True))
    company = good(node.segment(list(prompts.values()), scene.rgb, caption=True))
    assert iou(masks(alone)[0], masks(company)[KINDS.index(kind)]) > 0.99
    [one], same = alone.regions, company.regions[KINDS.index(kind)]
    assert one.caption == same.caption and one.caption_score == pytest.approx(same.caption_score, abs=2e-4)


def test_box_finds_the_disc(node, scene):
    array = good(node.segment([box_prompt("disc", scene.box)], scene.rgb))
    assert iou(masks(array)[0], scene.disc) >= LEAST_BOX_IOU


def test_click_finds_the_disc(node, scene):
    array = good(node.segment([point_prompt("disc", [scene.centre])], scene.rgb))
    assert iou(masks(array)[0], scene.disc) >= LEAST_CLICK_IOU


def test_the_mask_follows_the_object(node):
    found = []
    for at in ((0.25, 0.3), (0.75, 0.7)):
        scene = disc_scene(640, 480, at=at, radius=0.18)
        array = good(node.segment([box_prompt("disc", scene.box)], scene.rgb))
        found.append(iou(masks(array)[0], scene.disc))
    assert min(found) >= LEAST_BOX_IOU


def test_a_box_that_leaves_the_image_is_cut_to_it(node, scene):
    x, y, width, height = scene.box
    prompt = box_prompt("half", (x, y, scene.size[0], scene.size[1]))
    check_regions(good(node.segment([prompt], scene.rgb)), size=scene.size)


def test_everything(node):
    left, right = (disc_scene(640, 480, at=(x, 0.5), radius=0.2) for x in (0.25, 0.75))
    both = np.where(right.disc[..., None], right.rgb, left.rgb)
    picture = message(both)
    array = good(node.segment([everything_prompt()], picture, caption=True))
    check_regions(array, picture.header, (640, 480), words=True)
    for thing in (left, right):
        assert max((iou(mask, thing.disc) for mask in masks(array)), default=0) >= LEAST_EVERYTHING_IOU


def test_everything_beside_other_prompts(node, scene):
    prompts = [box_prompt("disc", scene.box), everything_prompt("rest")]
    array = good(node.segment(prompts, scene.rgb))
    check_regions(array, size=scene.size)
    assert array.regions[0].prompt_id == "disc"


def test_all_masks_are_candidates_best_first(node, scene):
    best = good(node.segment([point_prompt("disc", [scene.centre])], scene.rgb))
    every = good(node.segment([point_prompt("disc", [scene.centre])], scene.rgb, all_masks=True))
    check_regions(every, size=scene.size)
    scores = [region.predicted_iou for region in every.regions]
    assert len(scores) > 1 and scores == sorted(scores, reverse=True)
    assert {region.prompt_id for region in every.regions} == {"disc"}
    assert np.array_equal(masks(every)[0], masks(best)[0])


def test_equal_images_get_equal_answers(node, scene):
    prompts = [point_prompt("a", [scene.centre]), box_prompt("b", scene.box)]
    first, second = (good(node.segment(prompts, scene.rgb, caption=True)) for _ in range(2))
    for one, other in zip(first.regions, second.regions, strict=True):
        assert (one.bbox, one.mask.data, one.caption) == (other.bbox, other.mask.data, other.caption)
        assert (one.predicted_iou, one.caption_score) == (other.predicted_iou, other.caption_score)


def test_width_zero_means_the_newest_frame(node):
    for _ in range(2):
        scene = disc_scene(320, 240)
        prompts = [point_prompt("p", [scene.centre])]
        picture, _array = node.answer_on_topic(lambda: message(scene.rgb), prompts)  # noqa: B023
        node.client.send_prompts([], sticky=True)
        array = good(node.segment([box_prompt("disc", scene.box)], caption=True))
        check_regions(array, size=scene.size, words=True)
        assert stamp_key(array.header.stamp) >= stamp_key(picture.header.stamp)
        assert array.header.frame_id == picture.header.frame_id


def test_an_image_in_a_request_is_not_the_cameras_frame(node):
    scene = disc_scene(320, 240)
    node.answer_on_topic(lambda: message(scene.rgb), [point_prompt("p", [scene.centre])])
    other = disc_scene(200, 100)
    check_regions(good(node.segment([box_prompt("o", other.box)], other.rgb)), size=other.size)
    check_regions(good(node.segment([box_prompt("s", scene.box)])), size=scene.size)


def test_ids_may_be_empty_equal_or_unicode(node, scene):
    prompts = [point_prompt(name, [scene.centre]) for name in ("", "same", "same", "tasse \u00e0 caf\u00e9 \u8336")]
    array = good(node.segment(prompts, scene.rgb))
    check_regions(array, size=scene.size)
    assert [region.prompt_id for region in array.regions] == [prompt.id for prompt in prompts]


def test_many_requests_at_once_are_all_answered(node, scene):
    request = Segment.Request(image=message(scene.rgb), prompts=[box_prompt("disc", scene.box)])
    for answer in node.responses([request] * 8):
        check_regions(good(answer), size=scene.size)
