"""Captions say what is known, in few words, and can be read back."""
import numpy as np
import pytest

from segcap_train.metrics import named_colour, named_noun
from segcap_train.scenes.compose import compose
from segcap_train.scenes.grammar import Attributes, caption
from segcap_train.tokenizer import EOS_ID, encode, tokenizer
from segcap_train.vocabulary import noun_list


@pytest.mark.parametrize("known, said", [
    (Attributes("mug", "white", size="small"), "a small white mug"),
    (Attributes("apple", "red", "striped"), "a striped red apple"),
    (Attributes("egg"), "an egg"),
    (Attributes("scissors", "orange"), "orange scissors"),
    (Attributes("hammer", handle="orange"), "a hammer with an orange handle"),
    (Attributes("floor"), "the floor"),
    (Attributes("box", "red", relation="behind", other="the blue bowl"), "a red box behind the blue bowl"),
])
def test_captions(known, said):
    text = caption(known, np.random.default_rng(0), relation_share=1.0)
    assert text == said
    assert named_noun(text) == known.noun
    assert named_colour(text) == (known.colour or known.handle)


def test_scene_captions_are_short_and_readable():
    for seed in range(6):
        for words in compose(np.random.default_rng(seed), 64, 48).words:
            text = caption(words, np.random.default_rng(seed), relation_share=1.0)
            assert named_noun(text) == words.noun
            assert len(text.split()) <= 12


def test_the_tokenizer_gives_clean_text_back():
    for noun in noun_list():
        ids = encode(f"a red {noun}")
        assert ids[-1] == EOS_ID
        assert tokenizer().decode(ids) == f"a red {noun}"
