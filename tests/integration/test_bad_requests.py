"""~/segment with everything that can be wrong: each gets its code and a message that names it, and the node goes on."""

import math

import pytest
from checks import check_regions, good, refusal
from client import box_prompt, everything_prompt, mask_prompt, point_prompt
from pictures import image_message
from scenes import disc_scene, message
from segcap.msg import ResultCode
from segcap.srv import Segment

SCENE = disc_scene(320, 240)
LONG = "x" * 1_000_000
LARGEST = 2**32 - 1


def good_request():
    return Segment.Request(image=message(SCENE.rgb), prompts=[box_prompt("disc", SCENE.box)])


def with_image(**fields):
    """A good request whose image has other values in some fields."""
    request = good_request()
    for name, value in fields.items():
        setattr(request.image, name, value)
    return request


def with_data(length, **fields):
    request = with_image(**fields)
    request.image.data = request.image.data[:length]
    return request


def with_prompts(*prompts):
    request = good_request()
    request.prompts = list(prompts)
    return request


def with_fields(**fields):
    request = good_request()
    for name, value in fields.items():
        setattr(request, name, value)
    return request


def of_type(number):
    prompt = point_prompt("p", [SCENE.centre])
    prompt.type = number
    return prompt


def mask_of(size, encoding="mono8", value=255):
    prompt = mask_prompt("m", disc_scene(*size).disc)
    prompt.mask.encoding = encoding
    if value == 0:
        prompt.mask = image_message(disc_scene(*size).disc.astype("uint8") * 0, "mono8")
    return prompt


INVALID, NO_IMAGE, NOT_FOUND = ResultCode.INVALID_PROMPT, ResultCode.NO_IMAGE, ResultCode.NOT_FOUND
UNSUPPORTED, TIMEOUT = ResultCode.UNSUPPORTED, ResultCode.TIMEOUT

# name: (request, code, what the message must hold)
BAD = {
    "step too small": (lambda: with_image(step=100), INVALID, ["step", "960", "100"]),
    "step zero": (lambda: with_image(step=0), INVALID, ["step", "960", "0"]),
    "step too large for the data": (lambda: with_image(step=LARGEST), INVALID, ["data", str(LARGEST)]),
    "height zero": (lambda: with_image(height=0), NO_IMAGE, ["320x0"]),
    "no data": (lambda: with_data(0), INVALID, ["data", "230400"]),
    "short data": (lambda: with_data(230399), INVALID, ["data", "230400", "230399"]),
    "huge size, small data": (lambda: with_image(width=LARGEST, height=LARGEST), INVALID, [str(LARGEST)]),
    "too many pixels": (lambda: with_image(width=20000, height=20000, step=60000), INVALID, ["20000x20000"]),
    "unknown encoding": (lambda: with_image(encoding="rgb9"), UNSUPPORTED, ["rgb9", "rgb8"]),
    "no encoding": (lambda: with_image(encoding=""), UNSUPPORTED, ["encoding"]),
    "depth as an image": (lambda: with_image(encoding="32FC1"), UNSUPPORTED, ["32FC1"]),
    "encoding of 1 MB": (lambda: with_image(encoding=LONG), UNSUPPORTED, ["encoding"]),
    "rgb bytes called rgba": (lambda: with_image(encoding="rgba8"), INVALID, ["1280", "960"]),
    "odd yuv": (lambda: with_image(width=319, encoding="yuyv"), INVALID, ["even", "319"]),
    "no prompts": (lambda: with_prompts(), INVALID, ["prompt", "0"]),
    "1000 prompts": (lambda: with_prompts(*[box_prompt("b", SCENE.box)] * 1000), INVALID, ["1000"]),
    "unknown type": (lambda: with_prompts(of_type(9)), INVALID, ["type", "9"]),
    "points without points": (lambda: with_prompts(point_prompt("p", [])), INVALID, ["point"]),
    "NaN point": (lambda: with_prompts(point_prompt("p", [(math.nan, 5)])), INVALID, ["nan"]),
    "infinite point": (lambda: with_prompts(point_prompt("p", [(5, math.inf)])), INVALID, ["inf"]),
    "point right of the image": (lambda: with_prompts(point_prompt("p", [(320.5, 5)])), INVALID, ["320.5", "240"]),
    "point left of the image": (lambda: with_prompts(point_prompt("p", [(-3, 5)])), INVALID, ["-3", "320"]),
    "point far below": (lambda: with_prompts(point_prompt("p", [(5, 1e30)])), INVALID, ["10000", "240"]),
    "fewer labels than points": (
        lambda: with_prompts(point_prompt("p", [(5, 5), (6, 6)], [1])), INVALID, ["label", "1", "2"]),
    "more labels than points": (
        lambda: with_prompts(point_prompt("p", [(5, 5)], [1, 0, 1])), INVALID, ["label", "3", "1"]),
    "label 7": (lambda: with_prompts(point_prompt("p", [(5, 5)], [7])), INVALID, ["label", "7"]),
    "empty box": (lambda: with_prompts(box_prompt("b", (5, 5, 0, 0))), INVALID, ["box", "0x0"]),
    "box without width": (lambda: with_prompts(box_prompt("b", (5, 5, 0, 9))), INVALID, ["box", "0x9"]),
    "box outside": (lambda: with_prompts(box_prompt("b", (320, 10, 50, 50))), INVALID, ["box", "320x240"]),
    "box far outside": (
        lambda: with_prompts(box_prompt("b", (LARGEST, LARGEST, 9, 9))), INVALID, ["box", str(LARGEST)]),
    "inverted box": (lambda: with_prompts(box_prompt("b", (400, 10, LARGEST - 100, 50))), INVALID, ["box", "400"]),
    "NaN click beside a box": (
        lambda: with_prompts(box_prompt("b", SCENE.box, [(math.nan, 1)])), INVALID, ["nan"]),
    "mask of another size": (lambda: with_prompts(mask_of((160, 120))), INVALID, ["mask", "160x120", "320x240"]),
    "mask of another encoding": (lambda: with_prompts(mask_of((320, 240), "rgb8")), INVALID, ["mask", "rgb8", "mono8"]),
    "empty mask": (lambda: with_prompts(mask_of((320, 240), value=0)), INVALID, ["mask"]),
    "no mask at all": (lambda: with_prompts(of_type(2)), INVALID, ["mask"]),
    "only background": (lambda: with_prompts(point_prompt("p", [(5, 5)], [0])), INVALID, ["foreground"]),
    "1000 points": (lambda: with_prompts(point_prompt("p", [(5, 5)] * 1000)), INVALID, ["point", "1000"]),
    "a bad prompt after a good one": (
        lambda: with_prompts(box_prompt("fine", SCENE.box), point_prompt("broken", [(math.nan, 0)])),
        INVALID, ["broken", "nan"]),
    "negative timeout": (lambda: with_fields(timeout=-1.0), INVALID, ["timeout", "-1"]),
    "NaN timeout": (lambda: with_fields(timeout=math.nan), INVALID, ["timeout", "nan"]),
    "infinite timeout": (lambda: with_fields(timeout=math.inf), INVALID, ["timeout", "inf"]),
    "time over before it began": (lambda: with_fields(timeout=1e-6), TIMEOUT, ["time"]),
    "unknown camera": (
        lambda: Segment.Request(camera="rear", prompts=[everything_prompt()]), NOT_FOUND, ["camera", "rear"]),
    "id of 1 MB": (lambda: with_prompts(box_prompt(LONG, SCENE.box)), INVALID, ["id is too long", "256 bytes"]),
    "id of 258 bytes": (lambda: with_prompts(box_prompt("\xe4" * 129, SCENE.box)), INVALID, ["256 bytes", "258"]),
    "id of two lines": (lambda: with_prompts(box_prompt("a\nb", SCENE.box)), INVALID, ["prompts[0]", "one line", r"'\n'"]),
    "id with an escape": (lambda: with_prompts(box_prompt("\x1b[2J", SCENE.box)), INVALID, ["one line", "1b"]),
    "id that turns round": (lambda: with_prompts(box_prompt("\u202egum", SCENE.box)), INVALID, ["one line", "202e"]),
    "camera of 1 MB": (lambda: Segment.Request(camera=LONG, prompts=[everything_prompt()]), NOT_FOUND, ["camera"]),
}


@pytest.mark.parametrize("name", BAD)
def test_refused_with_code_and_reason(node, name):
    make, code, said = BAD[name]
    refusal(node.call(make()), code, *said)
    check_regions(good(node.call(good_request())), size=SCENE.size)


def test_a_hundred_bad_requests_get_a_hundred_errors(node):
    cases = list(BAD.values())
    for number in range(100):
        make, code, said = cases[number % len(cases)]
        refusal(node.call(make()), code, *said)
        node.process.check_alive()
    check_regions(good(node.call(good_request())), size=SCENE.size)


def test_bad_requests_at_once(node):
    cases = [case for name, case in BAD.items() if "1 MB" not in name]
    at_once = 8  # ROS 2's services keep ten requests
    for start in range(0, len(cases), at_once):
        burst = cases[start : start + at_once]
        answers = node.responses([make() for make, _code, _said in burst])
        for answer, (_make, code, said) in zip(answers, burst, strict=True):
            refusal(answer, code, *said)


def test_an_id_comes_back_as_it_was(node):
    for prompt_id in ("", "mug 7", "Becher \N{LATIN SMALL LETTER A WITH DIAERESIS}\N{CJK UNIFIED IDEOGRAPH-676F}", "x" * 256):
        array = good(node.call(with_prompts(box_prompt(prompt_id, SCENE.box))))
        assert [region.prompt_id for region in array.regions] == [prompt_id]


def test_no_camera_is_no_image_at_once(start_node):
    """At once: it does not wait for a frame, nor for the time of a request, which is an hour in these tests."""
    node = start_node()
    refusal(node.call(Segment.Request(prompts=[everything_prompt()])), NO_IMAGE, "no frame")


def test_more_requests_than_may_wait_are_refused_at_once(start_node):
    node = start_node(parameters={"limits.max_pending": 2})
    check_regions(good(node.call(good_request())), size=SCENE.size)
    request = with_prompts(*[box_prompt("disc", SCENE.box)] * 60)
    request.caption = True
    answers = node.responses([request] * 8)
    codes = [answer.code for answer in answers]
    assert set(codes) == {ResultCode.OK, ResultCode.OVERLOADED}, codes
    refusal(next(answer for answer in answers if answer.code), ResultCode.OVERLOADED, "2")
