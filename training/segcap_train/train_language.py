"""`python -m segcap_train.train_language`: the language model learns to say tags, from text alone."""
import argparse
import time
from pathlib import Path

import numpy as np
import torch

from .config import RUNS_DIR, ModelConfig
from .losses import caption_loss
from .model.appearance import LISTS
from .model.kinds import GENERIC, kinds
from .model.language import greedy
from .model.network import token_row
from .model.speaker import NAME_ROWS, ROWS, Speaker
from .scenes import tiles
from .scenes.grammar import Attributes, caption
from .tokenizer import encode, tokenizer
from .vocabulary import noun_list, nouns

LONGEST = 24
HELD_OUT = 6                # every such name that no region gets is never trained on: copied or not?


def vocabulary():
    """Names from everywhere: our nouns, kinds, the pack's labels, and words put together at random."""
    found = {*noun_list(), *nouns(), *kinds(), GENERIC}
    if tiles.available():
        for row in tiles.manifest():
            found |= {name.lower().replace("_", " ").replace("-", " ") for name in (row["label"], row["raw_name"])}
    return sorted(name for name in found if name and name.isascii() and len(encode(" " + name)) - 1 <= NAME_ROWS)


def invented(names, rng):
    """A name of two or three words that nobody uses together, so that nothing but copying helps."""
    words = [names[int(rng.integers(len(names)))].split()[-1] for _ in range(int(rng.integers(1, 4)))]
    name = " ".join(words)
    return name if len(tokenizer().encode(" " + name).ids) <= NAME_ROWS else words[0]


def example(names, rng):
    """Attributes at random, and how to say them."""
    name = invented(names, rng) if rng.random() < 0.4 else names[int(rng.integers(len(names)))]
    a = Attributes(name)
    kind = rng.random()
    if kind < 0.45:
        a.colour = str(rng.choice(LISTS["colour"][1:]))
    if 0.35 < kind < 0.6:
        a.pattern = str(rng.choice(LISTS["pattern"][1:]))
    elif kind > 0.93:
        a.handle = str(rng.choice(LISTS["handle"][1:]))
    return a


def batch(names, rng, size):
    told, said = [], []
    for _ in range(size):
        a = example(names, rng)
        told.append((token_row(a.noun), *(LISTS[key].index(getattr(a, key)) for key in LISTS)))
        said.append(encode(caption(a, rng, relation_share=0.0))[:LONGEST])
    ids = torch.full((size, max(map(len, said))), -100)
    for i, tokens in enumerate(said):
        ids[i, :len(tokens)] = torch.tensor(tokens)
    name = torch.tensor([row[0] for row in told])
    return name, {key: torch.tensor([row[i + 1] for row in told]) for i, key in enumerate(LISTS)}, ids


@torch.no_grad()
def spoken(model, name, tags):
    """Greedy captions."""
    return [tokenizer().decode(ids) for ids in greedy(model.language, model.rows(name, tags), 0, LONGEST)]


def copied(model, names, rng, count=200):
    """Share of captions that are word for word what the grammar says."""
    right, wrong = 0, []
    examples = [example(names, rng) for _ in range(count)]
    name = torch.tensor([token_row(a.noun) for a in examples])
    tags = {key: torch.tensor([LISTS[key].index(getattr(a, key)) for a in examples]) for key in LISTS}
    for a, text in zip(examples, spoken(model, name, tags)):
        want = caption(a, rng, relation_share=0.0)
        right += text == want
        if text != want:
            wrong.append((want, text))
    return right / count, wrong[:3]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=RUNS_DIR / "language.pt")
    parser.add_argument("--init", type=Path, help="weights that a new run starts from")
    parser.add_argument("--steps", type=int, default=6000)
    parser.add_argument("--batch", type=int, default=64)
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(4)
    rng = np.random.default_rng(4)
    every = vocabulary()
    sayable = {*noun_list(), *kinds(), GENERIC}
    held = [name for name in every if name not in sayable][::HELD_OUT]
    trained = sorted(set(every) - set(held))
    print(len(trained), "names,", len(held), "held out", flush=True)
    model = Speaker(ModelConfig())
    if args.init:
        model.load_state_dict(torch.load(args.init, weights_only=True))
    optimiser = torch.optim.AdamW(model.parameters(), 1.5e-3, weight_decay=0.02, betas=(0.9, 0.98))
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 1.5e-3, args.steps, pct_start=0.05)
    began = time.monotonic()
    for step in range(args.steps):
        name, tags, ids = batch(trained, rng, args.batch)
        with torch.autocast("cpu", torch.bfloat16):
            logits, _ = model.language(model.rows(name, tags), ids[:, :-1].clamp(min=0))
        loss = caption_loss(logits, ids, ROWS)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        if step % 500 == 499 or step == args.steps - 1:
            share, wrong = copied(model, held, np.random.default_rng(1))
            print(step + 1, round(loss.item(), 3), "unseen names said right", share, wrong,
                  round(time.monotonic() - began), "s", flush=True)
            torch.save(model.state_dict(), args.out)


if __name__ == "__main__":
    main()
