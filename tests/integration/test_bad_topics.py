"""What is wrong on a topic is a warning with its code in the log; the next good message is answered."""

import array
import math
import struct
import zlib

import pytest
from checks import check_regions
from client import box_prompt, point_prompt
from geometry_msgs.msg import Point32
from peer import has_ids
from rclpy.serialization import serialize_message
from scenes import compressed, compressed_bytes, disc_scene, message
from segcap.msg import Prompt, PromptArray
from test_image_formats import compressed_publisher

SCENE = disc_scene(320, 240)
LONG = "y" * 1_000_000


def bad_image(**fields):
    picture = message(SCENE.rgb)
    for name, value in fields.items():
        setattr(picture, name, value)
    return picture


BAD_IMAGES = {
    "wrong step": (lambda: bad_image(step=10), "INVALID_PROMPT", "10"),
    "empty": (lambda: bad_image(width=0, height=0, step=0, data=array.array("B")), "NO_IMAGE", "0x0"),
    "short data": (lambda: bad_image(data=array.array("B", bytes(100))), "INVALID_PROMPT", "100"),
    "unknown encoding": (lambda: bad_image(encoding="infrared"), "UNSUPPORTED", "infrared"),
    "encoding of 1 MB": (lambda: bad_image(encoding=LONG), "UNSUPPORTED", "yyyy"),
    "huge": (lambda: bad_image(width=2**32 - 1, height=2**32 - 1), "INVALID_PROMPT", "4294967295"),
}


@pytest.mark.parametrize("name", BAD_IMAGES)
def test_bad_image(node, name):
    make, code, said = BAD_IMAGES[name]
    node.answer_on_topic(lambda: message(SCENE.rgb), [box_prompt("before", SCENE.box)], condition=has_ids("before"))
    expect_warning(node, lambda: node.client.images.publish(make()), code, said)
    still_answers(node)


def box_of(size):
    return box_prompt("bad", (5, 5, *size))


BAD_PROMPTS = {
    "none": ([], "INVALID_PROMPT", "0"),
    "NaN point": ([point_prompt("bad", [(math.nan, 1)])], "INVALID_PROMPT", "(?i:nan)"),
    "point outside": ([point_prompt("bad", [(5000, 1)])], "INVALID_PROMPT", "5000"),
    "empty box": ([box_of((0, 0))], "INVALID_PROMPT", "0x0"),
    "labels": ([point_prompt("bad", [(5, 5)], [1, 1])], "INVALID_PROMPT", "label"),
    "label 7": ([point_prompt("bad", [(5, 5)], [7])], "INVALID_PROMPT", "7"),
    "id of two lines": ([box_prompt("a\nb", SCENE.box)], "INVALID_PROMPT", "one line"),
    "id that turns round": ([box_prompt("a\u202eb", SCENE.box)], "INVALID_PROMPT", "202e"),
    "id too long": ([box_prompt("x" * 257, SCENE.box)], "INVALID_PROMPT", "256 bytes"),
    "type": ([Prompt(id="bad", type=200)], "INVALID_PROMPT", "200"),
    "1000 of them": ([box_of((9, 9))] * 1000, "INVALID_PROMPT", "1000"),
}


@pytest.mark.parametrize("name", BAD_PROMPTS)
def test_bad_prompts(node, name):
    prompts, code, said = BAD_PROMPTS[name]

    def send():
        node.client.send_prompts(prompts)
        node.client.images.publish(message(SCENE.rgb))

    expect_warning(node, send, code, said)
    still_answers(node)


def test_a_bad_sticky_prompt_does_not_silence_the_node(node):
    """It warns, but not for every frame again."""
    start = node.log_length()
    node.client.send_prompts([point_prompt("bad", [(6000, 1)])], sticky=True)
    for _ in range(30):
        node.client.images.publish(message(SCENE.rgb))
        node.client.spin(1 / 30)
    node.wait_for_log(r"WARN.*INVALID_PROMPT.*6000", start)
    assert len(node.process.log()[start:]) < 20_000, "a warning a frame fills the disk"
    still_answers(node)


def test_nul_inside_strings(node):
    """rclpy cannot send NUL in a string, C++ can: the bytes are put into the serialized message."""
    prompts = PromptArray(prompts=[box_prompt("nulXnul", SCENE.box)], sticky=True)
    node.client.prompts.publish(serialize_message(prompts).replace(b"nulXnul", b"nul\0nul"))
    picture = message(SCENE.rgb, frame_id="opticalXframe")
    for _ in range(5):
        node.client.images.publish(serialize_message(picture).replace(b"opticalXframe", b"optical\0frame"))
        node.client.spin(0.1)
    still_answers(node)


def test_bytes_that_are_no_message(node):
    for rubbish in (b"\0\1\0\0", b"\0\1\0\0" + b"\xff" * 200, b"\0\1\0\0" + bytes(64)):
        node.client.prompts.publish(rubbish)
        node.client.images.publish(rubbish)
        node.client.spin(0.1)
    still_answers(node)


def png_bomb(width, height):
    """A small PNG that promises a large picture."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [b"IHDR" + header, b"IDAT" + zlib.compress(bytes(1000)), b"IEND"]
    framed = [struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk)) for chunk in chunks]
    return b"\x89PNG\r\n\x1a\n" + b"".join(framed)


def jpeg_with_size(width, height):
    """A good JPEG whose header says another size."""
    data = bytes(compressed(SCENE.rgb).data)
    frame = data.index(b"\xff\xc0")
    return data[: frame + 5] + struct.pack(">HH", height, width) + data[frame + 9 :]


BAD_FILES = {
    "empty": (lambda: b"", "NO_IMAGE|UNSUPPORTED|INVALID_PROMPT", ""),
    "text": (lambda: b"this is not a picture, it is a sentence", "UNSUPPORTED", ""),
    "truncated jpeg": (lambda: bytes(compressed(SCENE.rgb).data)[:900], "INVALID_PROMPT", "(?i:jpeg)"),
    "truncated png": (lambda: bytes(compressed(SCENE.rgb, "png").data)[:200], "INVALID_PROMPT", "(?i:png)"),
    "jpeg of 20000x20000": (lambda: jpeg_with_size(20000, 20000), "INVALID_PROMPT", "20000x20000"),
    "png of 60000x60000": (lambda: png_bomb(60000, 60000), "INVALID_PROMPT", "60000x60000"),
    "jpeg header alone": (lambda: b"\xff\xd8\xff\xe0", "INVALID_PROMPT", "(?i:jpeg)"),
    "gif": (lambda: b"GIF89a\x01\x00\x01\x00\x00\x00\x00;", "UNSUPPORTED", ""),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_bad_compressed_image(compressed_node, name):
    node = compressed_node
    publisher = compressed_publisher(node)
    make, code, said = BAD_FILES[name]
    good_picture = lambda: compressed(SCENE.rgb)  # noqa: E731
    node.answer_on_topic(good_picture, [box_prompt("before", SCENE.box)], publisher.publish, has_ids("before"))
    expect_warning(node, lambda: publisher.publish(compressed_bytes(make())), code, said)
    node.answer_on_topic(good_picture, [box_prompt("after", SCENE.box)], publisher.publish, has_ids("after"))


def expect_warning(node, send, code, said):
    """Sends until the log warns with the code and the words; a repeated message counts only once."""
    start = node.log_length()
    node.wait_for_log(rf"WARN[^\n]*({code})[^\n]*{said}", start, meanwhile=send)
    longest = max(len(line) for line in node.process.log()[start:].splitlines())
    assert longest < 2000, "a log line must stay readable"


def still_answers(node):
    prompt = box_prompt("after", SCENE.box)
    prompt.points = [Point32(x=float(SCENE.centre[0]), y=float(SCENE.centre[1]))]
    picture, answer = node.answer_on_topic(lambda: message(SCENE.rgb), [prompt], condition=has_ids("after"))
    check_regions(answer, picture.header, SCENE.size)
