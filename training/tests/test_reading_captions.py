"""What a caption is taken to say, however it says it."""
import pytest

from segcap_train.metrics import named_colour, named_noun, named_pattern, noun_accepted, says


@pytest.mark.parametrize("text, noun, colour", [
    ("a small white mug", "mug", "white"),
    ("the red box behind the blue bowl", "box", "red"),
    ("a mug, small and white, on the brown table", "mug", "white"),
    ("an orange", "orange", ""),
    ("an orange orange next to the red apple", "orange", "orange"),
    ("a hammer with a yellow handle", "hammer", "yellow"),
    ("a white mug with a red handle", "mug", "white"),
    ("a roll of tape that is green", "roll of tape", "green"),
    ("a cardboard box", "cardboard box", ""),
    ("something near a green ball", "", ""),
    ("", "", ""),
])
def test_noun_and_colour(text, noun, colour):
    assert named_noun(text) == noun
    assert named_colour(text) == colour


def test_attributes_of_the_object_are_not_those_of_its_neighbour():
    assert named_pattern("a striped red mug behind the spotted bowl") == "striped"
    assert says("a small mug next to the large bowl", "small")
    assert not says("a small mug next to the large bowl", "large")


def test_synonyms_go_one_way():
    assert noun_accepted("bird", "duck") and not noun_accepted("duck", "bird")
    assert noun_accepted("cup", "mug") and noun_accepted("mug", "mug")
    assert noun_accepted("jar", "can", also=["jar"]) and not noun_accepted("jar", "can")
    assert not noun_accepted("", "can")
