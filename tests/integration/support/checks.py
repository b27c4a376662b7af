"""What must hold for every answer of the node, whatever was asked."""

import math

import numpy as np
from client import stamp_key
from pictures import region_mask
from segcap.msg import Region


def check_regions(array, header=None, size=None, words=None):
    """A well-formed RegionArray: `header` copied, masks inside the image, fields that agree with each other.

    `words`: True: every region has a caption; False: none has; None: any state that is consistent.
    """
    if header is not None:
        assert stamp_key(array.header.stamp) == stamp_key(header.stamp), "the picture's stamp must be copied"
        assert array.header.frame_id == header.frame_id, "the picture's frame_id must be copied"
    if size is not None:
        assert (array.width, array.height) == tuple(size)
    assert array.model.strip(), "the answer must name its model"
    regions = array.regions
    assert len({region.id for region in regions}) == len(regions), "ids are unique"
    assert all(region.id for region in regions)
    labels = [region.label for region in regions]
    assert len(set(labels)) == len(labels) and all(label >= 1 for label in labels), f"labels are unique: {labels}"
    for region in regions:
        check_mask(region, array.width, array.height)
        check_words(region, words)


def check_mask(region, width, height):
    box, mask = region.bbox, region.mask
    assert box.x_offset + box.width <= width and box.y_offset + box.height <= height, f"{box} leaves {width}x{height}"
    assert (mask.width, mask.height) == (box.width, box.height), "the mask is cropped to the box"
    assert mask.encoding == "mono8" and mask.step >= mask.width
    assert len(mask.data) == mask.step * mask.height
    pixels = np.frombuffer(mask.data, np.uint8).reshape(mask.height, mask.step)[:, : mask.width]
    assert np.isin(pixels, (0, 255)).all(), "masks hold 0 and 255 only"
    assert region.area == np.count_nonzero(pixels), "area counts the mask's pixels"
    if region.area:
        edges = pixels[0].any(), pixels[-1].any(), pixels[:, 0].any(), pixels[:, -1].any()
        assert all(edges), "the box is tight"
    for name in ("predicted_iou", "stability"):
        value = getattr(region, name)
        assert math.isfinite(value) and 0.0 <= value <= 1.0, f"{name} = {value}"


def check_names(region):
    assert len(region.names) == len(region.name_scores) <= 5
    assert len(set(region.names)) == len(region.names) and all(name.strip() for name in region.names)
    scores = list(region.name_scores)
    assert scores == sorted(scores, reverse=True) and all(0.0 < score <= 1.0 for score in scores), scores


def check_words(region, words):
    check_names(region)
    if words is True:
        assert region.caption_state == Region.CAPTION_DONE, f"caption_state {region.caption_state}, expected DONE"
    if words is False:
        assert region.caption_state in (Region.CAPTION_NONE, Region.CAPTION_PENDING)
    if region.caption_state == Region.CAPTION_DONE:
        assert region.caption.strip(), "a caption that is done has words"
        assert "\0" not in region.caption and "\n" not in region.caption
        assert "\N{REPLACEMENT CHARACTER}" not in region.caption, "a caption is whole UTF-8"
        # A mean log-probability, or the probability of a bundle that rates its captions.
        assert math.isfinite(region.caption_score) and region.caption_score <= 1.0
    elif region.caption_state in (Region.CAPTION_NONE, Region.CAPTION_FAILED):
        assert region.caption == ""


def check_label_map(message, array):
    """The label map of the same picture: every label lies in its region's mask, every mask is labelled."""
    assert message.encoding == "mono16"
    assert (message.width, message.height) == (array.width, array.height)
    assert message.header == array.header
    assert message.step >= 2 * message.width and len(message.data) == message.step * message.height
    from pictures import label_array

    labels = label_array(message)
    covered = np.zeros(labels.shape, bool)
    for region in array.regions:
        mask = region_mask(region, array.width, array.height)
        assert mask[labels == region.label].all(), f"label {region.label} lies outside its mask"
        covered |= mask
    assert np.array_equal(labels > 0, covered), "a pixel has a label exactly when a mask holds it"
    assert set(np.unique(labels)) <= {0, *(region.label for region in array.regions)}


def refusal(answer, code, *said):
    """The answer is an error with this code and a message that holds every text of `said`."""
    assert not answer.success
    assert answer.code == code, f"expected code {code}, got {answer.code}: {answer.message[:300]}"
    assert answer.regions.regions == [], "an error carries no regions"
    message = answer.message
    assert message.strip(), "an error says what is wrong"
    assert len(message) < 2000, f"a message of {len(message)} characters helps nobody"
    for text in said:
        assert text.lower() in message.lower(), f"{text!r} is not named in: {message}"


def good(answer):
    """The answer's regions; fails with the node's message when it is an error."""
    assert answer.success and answer.code == 0, f"code {answer.code}: {answer.message[:500]}"
    assert answer.message == ""
    return answer.regions
