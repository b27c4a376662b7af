"""Byte-level BPE over the caption grammar.

`tokenizer.json` beside this file is frozen: `python -m segcap_train.tokenizer` makes it anew, which
invalidates every checkpoint.
"""
from functools import cache
from pathlib import Path

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from .config import ModelConfig
from .vocabulary import COLOURS, PATTERNS, RELATIONS, SIZES, noun_list

PATH = Path(__file__).parent / "tokenizer.json"
EOS_ID = 0


@cache
def tokenizer():
    return Tokenizer.from_file(str(PATH))


def encode(caption):
    """Token ids of a caption, closed by the end token."""
    return tokenizer().encode(caption).ids + [EOS_ID]


def corpus():
    """Captions that hold every word of the grammar, attributes weighted over rare nouns."""
    words = [*COLOURS, *PATTERNS, *SIZES, "light", "dark", "metal", "plastic", "ceramic"]
    for i, noun in enumerate(noun_list()):
        for j in range(8):
            word = words[(i + j) % len(words)]
            relation = RELATIONS[(i + j) % len(RELATIONS)]
            yield f"a {word} {noun} {relation} the {noun}"
            yield f"a {noun} with a {word} handle"
            yield f"an {noun} on a {word} {noun}"
            yield f"the {word} {noun} on the table"
            yield f"part of a {noun} and two {noun}s in the {word} background under a lid of the rim"


def main():
    model = Tokenizer(models.BPE())
    model.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    model.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=ModelConfig.vocab, special_tokens=["<eos>"], show_progress=False,
                                  initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    model.train_from_iterator(corpus(), trainer)
    model.save(str(PATH))
    print(f"{model.get_vocab_size()} tokens -> {PATH}")


if __name__ == "__main__":
    main()
