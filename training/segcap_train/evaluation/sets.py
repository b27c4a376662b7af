"""The sets that a bundle is measured on."""
from ..config import SHARED_DATA
from . import held_out, real
from .truth import EvalSet

TITLES = {
    "generated": "generated scenes, unseen",
    "unseen_pairs": "unseen colour-shape pairs",
    "photos": "real tools and trash bags",
    "coco": "COCO things over 32 x 32",
    "tabletop": "real robot tabletops",
}
PER_SHEET = {"tabletop": 45}            # all of them


def all_sets(limit, seed, pool, workers, only=tuple(TITLES)):
    """Up to `limit` pictures of each of the sets in `only`; real ones where the data is."""
    if {"generated", "unseen_pairs"} & set(only):
        if seed is None:
            pool = held_out.stocked(pool, limit, workers)
        else:
            held_out.unpack()
    if not SHARED_DATA.exists():
        print(f"no {SHARED_DATA}: the real photographs are skipped", flush=True)
    found = {
        "generated": lambda: held_out.scenes(held_out.SEEN, limit, seed, pool),
        "unseen_pairs": lambda: held_out.scenes(held_out.UNSEEN, limit, seed, pool),
        "photos": real.photos, "coco": real.coco, "tabletop": real.tabletops,
    }
    items = {key: found[key]()[:limit] for key in TITLES if key in only}
    return [EvalSet(key, TITLES[key], some, PER_SHEET.get(key, 15)) for key, some in items.items() if some]
