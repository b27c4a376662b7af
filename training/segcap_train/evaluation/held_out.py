"""Generated scenes that training never saw: those of the pool, or fresh ones of any seed."""
import json
import subprocess
import sys
from functools import cache, partial

from .. import generate
from .. import pool as pools
from ..config import TRAINING_DIR
from ..pool import SHARD, SMALLEST, Pool
from ..scenes import tiles
from ..scenes.catalogue import BUILDERS, held_out
from ..scenes.sample import STUFF
from .progress import shown
from .references import spoken
from .truth import Item, Truth, attributes_known

SEEN, UNSEEN = "seen", "unseen"         # splits: new scenes; new scenes of pairs of colour and shape left out
GENERATOR = getattr(pools, "GENERATOR", 1)


def scenes(split, limit, seed, pool):
    """Items: `limit` scenes of `seed`, or, without a seed, as many as the pool has."""
    if seed is not None:
        return [Item(f"{split} scene {seed}/{i}", partial(fresh, seed, split, i)) for i in range(limit)]
    count = min(limit, len(opened(pool, split)))
    return [Item(f"{split} scene {i}", partial(pooled, pool, split, i)) for i in range(count)]


def stocked(pool, limit, workers):
    """A pool with held-out scenes of today's generator: the given one, else one beside it that is rendered, once."""
    if shards(pool) and made_by(pool) == GENERATOR:
        return pool
    own = pool.with_name(f"{pool.name}_held_out_{GENERATOR}")
    wanted = -(-limit // SHARD)
    if shards(own) < wanted:
        print(f"{pool} has no held-out scenes of this generator: rendering {2 * wanted * SHARD} into {own}", flush=True)
        render(own, wanted, workers)
    return own


def shards(pool):
    """How many shards of each held-out split a pool has."""
    return min(len(list(pool.glob(f"{split}_*"))) for split in (SEEN, UNSEEN))


def made_by(pool):
    """The generator's version that a pool was made by; the first one left no note."""
    note = pool / "pool.json"
    return json.loads(note.read_text())["generator"] if note.exists() else 1


def render(pool, wanted, workers):
    """Fills a pool with its program, which prints a line for each shard."""
    command = [sys.executable, "-m", "segcap_train.generate", "--out", str(pool), "--train", "0",
               "--held-out", str(wanted), "--workers", str(workers)]
    with subprocess.Popen(command, cwd=TRAINING_DIR, stdout=subprocess.PIPE, text=True) as program:
        for _ in shown(program.stdout, 2 * wanted, f"rendering shards of {SHARD} scenes"):
            pass
    if program.returncode:
        sys.exit(f"rendering held-out scenes failed: {' '.join(command)}")


def unpack():
    """The optional textures, once, before several processes want them."""
    if tiles.available():
        for name in ("meshes", "textures"):
            tiles.unpack(name)


@cache
def opened(pool, split):
    return Pool(pool, split)


def pooled(pool, split, at):
    image, ids, words = opened(pool, split)[at]
    return image, truths(ids, words, split)


def fresh(seed, split, index):
    sample = generate.sample(seed, split, index)
    return sample.image, truths(sample.ids, sample.words, split)


def truths(ids, words, split):
    """The things of a scene; of one with new pairs, only the things whose pair is new."""
    found = []
    for number, word in words.items():
        mask = ids == number
        if number >= STUFF or mask.sum() < SMALLEST or (split == UNSEEN and not new_pair(word)):
            continue
        colours = tuple(filter(None, [word.get("colour") or word.get("handle")]))
        found.append(Truth(mask, word.get("noun", ""), (), colours, attributes_known(word),
                           spoken(word) if word.get("noun") else ()))
    return found


def new_pair(word):
    noun, colour = word.get("noun"), word.get("colour") or word.get("handle")
    return bool(noun in BUILDERS and colour and held_out(noun, colour))
