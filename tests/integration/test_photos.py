"""Photographs, where ../shared/data has them: answers are well-formed in every encoding."""

from pathlib import Path

import pytest
from checks import check_regions, good
from client import box_prompt, point_prompt
from pictures import read_photo
from scenes import message

PHOTOS = Path(__file__).resolve().parents[3] / "shared" / "data" / "photos"
FILES = sorted(PHOTOS.glob("*.jpg")) if PHOTOS.is_dir() else []

pytestmark = pytest.mark.skipif(not FILES, reason=f"no photographs in {PHOTOS}")


@pytest.mark.parametrize("encoding", ["rgb8", "bgr8", "mono8", "yuyv"])
@pytest.mark.parametrize("photo", FILES, ids=lambda path: path.stem)
def test_a_photograph(node, photo, encoding):
    rgb = read_photo(photo)
    rgb = rgb[: rgb.shape[0] // 2 * 2, : rgb.shape[1] // 2 * 2]
    height, width = rgb.shape[:2]
    picture = message(rgb, encoding)
    prompts = [
        point_prompt("centre", [(width / 2, height / 2)]),
        box_prompt("middle", (width // 4, height // 4, width // 2, height // 2)),
    ]
    array = good(node.segment(prompts, picture, caption=True))
    check_regions(array, picture.header, (width, height), words=True)
    assert [region.prompt_id for region in array.regions] == ["centre", "middle"]
