"""~/prompts: once and sticky, and what comes on ~/regions."""

import itertools

import pytest
from checks import check_regions
from client import box_prompt, everything_prompt, mask_prompt, point_prompt, stamp_key, words_are_in
from patience import PATIENCE_S
from peer import has_ids
from scenes import disc_scene, fresh_stamp, message

_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def scene():
    return disc_scene(320, 240)


def prompt_of_kind(kind, scene):
    return {
        "point": lambda: point_prompt(kind, [scene.centre]),
        "negative point": lambda: point_prompt(kind, [scene.centre, scene.outside], [1, 0]),
        "box": lambda: box_prompt(kind, scene.box),
        "box and click": lambda: box_prompt(kind, scene.box, [scene.centre]),
        "mask": lambda: mask_prompt(kind, scene.disc),
    }[kind]()


@pytest.mark.parametrize("kind", ["point", "negative point", "box", "box and click", "mask"])
@pytest.mark.parametrize("sticky", [True, False], ids=["sticky", "once"])
def test_each_kind_of_prompt(node, scene, kind, sticky):
    picture, array = node.answer_on_topic(
        lambda: message(scene.rgb), [prompt_of_kind(kind, scene)], condition=has_ids(kind), sticky=sticky
    )
    check_regions(array, picture.header, scene.size)


def test_everything(node, scene):
    picture, array = node.answer_on_topic(
        lambda: message(scene.rgb), [everything_prompt("all")], condition=lambda a: a.regions
    )
    check_regions(array, picture.header, scene.size)


def test_masks_come_first_and_words_with_the_same_stamp(node, scene):
    node.client.send_prompts([box_prompt("disc", scene.box)], sticky=True)
    picture, array = node.answer_on_topic(lambda: message(scene.rgb), condition=lambda a: a.regions and words_are_in(a))
    check_regions(array, picture.header, scene.size, words=True)
    same_stamp = node.arrays(lambda a: stamp_key(a.header.stamp) == stamp_key(picture.header.stamp))
    for earlier in same_stamp:
        check_regions(earlier, picture.header, scene.size)
        assert [r.mask.data for r in earlier.regions] == [r.mask.data for r in array.regions]


def test_a_sticky_prompt_follows_every_frame_until_replaced_and_cleared(node, scene):
    first, second = point_prompt("first", [scene.centre]), box_prompt("second", scene.box)
    answers = [node.answer_on_topic(lambda: message(scene.rgb), [first], condition=has_ids("first"))[0]]
    for _ in range(3):
        answers.append(node.answer_on_topic(lambda: message(scene.rgb), condition=has_ids("first"))[0])
    assert len({stamp_key(picture.header.stamp) for picture in answers}) == 4
    node.answer_on_topic(lambda: message(scene.rgb), [second], condition=has_ids("second"))
    node.answer_on_topic(lambda: message(scene.rgb), condition=has_ids("second"))
    node.forget()
    settle(node, scene)
    stamps = publish_some(node, scene)
    asked = [region.prompt_id for array in answers_to(node, stamps) for region in array.regions]
    assert not {"first", "second"} & set(asked), "a cleared prompt is answered no more"


def test_a_prompt_sent_once_is_answered_for_one_frame(node, scene):
    publish_some(node, scene)
    node.client.send_prompts([point_prompt("once", [scene.centre])])
    publish_some(node, scene)
    once = lambda a: any(region.prompt_id == "once" for region in a.regions)  # noqa: E731
    node.client.wait_for(lambda: node.arrays(once), PATIENCE_S, "the answer")
    publish_some(node, scene)
    assert len({stamp_key(array.header.stamp) for array in node.arrays(once)}) == 1


def test_once_beside_sticky(node, scene):
    node.answer_on_topic(lambda: message(scene.rgb), [box_prompt("kept", scene.box)], condition=has_ids("kept"))
    node.client.send_prompts([point_prompt("once", [scene.centre])])

    def both(array):
        return {region.prompt_id for region in array.regions} >= {"kept", "once"}

    picture, array = node.answer_on_topic(lambda: message(scene.rgb), condition=both)
    check_regions(array, picture.header, scene.size)
    node.answer_on_topic(lambda: message(scene.rgb), condition=has_ids("kept"))


def test_a_stamp_names_a_frame_of_the_past(node, scene):
    picture, _array = node.answer_on_topic(
        lambda: message(scene.rgb), [box_prompt("kept", scene.box)], condition=has_ids("kept")
    )
    publish_some(node, scene)
    node.client.regions.clear()
    node.client.send_prompts([point_prompt("back then", [scene.centre])], stamp=picture.header.stamp)
    stamp = stamp_key(picture.header.stamp)
    asked_late = lambda a: any(r.prompt_id == "back then" for r in a.regions)  # noqa: E731
    [array] = node.client.wait_for(lambda: node.arrays(asked_late)[:1], PATIENCE_S, "the old frame's answer")
    assert stamp_key(array.header.stamp) == stamp
    check_regions(array, picture.header, scene.size)


def test_an_unknown_stamp_is_a_warning(node, scene):
    node.answer_on_topic(lambda: message(scene.rgb), [box_prompt("p", scene.box)], condition=has_ids("p"))
    start = node.log_length()
    stamp = fresh_stamp()
    stamp.sec -= 1000
    node.client.send_prompts([point_prompt("too late", [scene.centre])], stamp=stamp)
    line = node.wait_for_log(r".*NO_IMAGE.*", start).group()
    assert "WARN" in line and str(stamp.sec) in line


def test_regions_keep_their_id_while_the_sticky_prompt_holds(node, scene):
    ids = set()
    for _ in range(3):
        _picture, array = node.answer_on_topic(
            lambda: message(scene.rgb), [box_prompt("disc", scene.box)] if not ids else None, condition=has_ids("disc")
        )
        ids.add(array.regions[0].id)
    assert len(ids) == 1


def publish_some(node, scene, count=5):
    """Frames at 15 Hz, until their answers have come; returns their stamps."""
    pictures = [message(scene.rgb) for _ in range(count)]
    for picture in pictures:
        picture.header.stamp = fresh_stamp()
        node.client.images.publish(picture)
        node.client.spin(1 / 15)
    settle(node, scene)
    return {stamp_key(picture.header.stamp) for picture in pictures}


def settle(node, scene):
    """Returns when the node has answered a prompt and a frame of later: prompts and frames are taken in their order."""
    name = f"settle {next(_numbers)}"

    def is_there(array):
        return any(region.prompt_id == name for region in array.regions)

    node.answer_on_topic(lambda: message(scene.rgb), [point_prompt(name, [scene.centre])], condition=is_there, sticky=False)


def answers_to(node, stamps):
    return node.arrays(lambda array: stamp_key(array.header.stamp) in stamps)
