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


def all_sets(limit, seed, pool, workers):
    """Up to `limit` pictures of every set; real ones where the data is."""
    if seed is None:
        held_out.fill(pool, limit, workers)
    else:
        held_out.unpack()
    if not SHARED_DATA.exists():
        print(f"no {SHARED_DATA}: the real photographs are skipped", flush=True)
    items = {
        "generated": held_out.scenes(held_out.SEEN, limit, seed, pool),
        "unseen_pairs": held_out.scenes(held_out.UNSEEN, limit, seed, pool),
        "photos": real.photos(), "coco": real.coco(), "tabletop": real.tabletops(),
    }
    per_sheet = {"tabletop": 45}
    return [EvalSet(key, TITLES[key], found[:limit], per_sheet.get(key, 15)) for key, found in items.items() if found]
