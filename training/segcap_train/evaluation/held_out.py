"""Generated scenes that training never saw: those of the pool, or fresh ones of any seed."""
from functools import cache, partial
from multiprocessing import get_context

from .. import generate
from ..pool import SHARD, SMALLEST, Pool
from ..scenes import tiles
from ..scenes.catalogue import BUILDERS, held_out
from ..scenes.sample import STUFF
from .progress import shown
from .references import spoken
from .truth import Item, Truth, attributes_known

SEEN, UNSEEN = "seen", "unseen"         # splits: new scenes; new scenes of pairs of colour and shape left out
POOL_SEED = 1


def scenes(split, limit, seed, pool):
    """Items: `limit` scenes of `seed`, or, without a seed, as many as the pool has (it has some after `fill`)."""
    if seed is not None:
        return [Item(f"{split} scene {seed}/{i}", partial(fresh, seed, split, i)) for i in range(limit)]
    count = min(limit, len(opened(pool, split)))
    return [Item(f"{split} scene {i}", partial(pooled, pool, split, i)) for i in range(count)]


def fill(pool, limit, workers):
    """Renders into the pool what it lacks of held-out scenes: all of a split if it has none."""
    shards = -(-min(limit, 3 * SHARD) // SHARD)
    jobs = [(pool, split, shard, POOL_SEED) for split in (SEEN, UNSEEN) for shard in range(shards)
            if not any(pool.glob(f"{split}_*"))]
    if not jobs:
        return
    unpack()
    print(f"rendering {len(jobs) * SHARD} held-out scenes into {pool}, once", flush=True)
    with get_context("spawn").Pool(workers, generate.quiet) as processes:
        for _ in shown(processes.imap(generate.make_shard, jobs), len(jobs), "rendering shards"):
            pass


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
