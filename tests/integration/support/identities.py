"""How well ids keep to their objects: IDF1 and id switches (Ristani et al. 2016)."""

from collections import Counter
from functools import cache

import numpy as np
from clips import LEAST_PIXELS
from pictures import region_mask
from scenes import iou


class Identities:
    """What each true object was called in each frame."""

    def __init__(self):
        self.together = Counter()
        self.last = {}
        self.visible = 0  # of the objects, all frames together
        self.published = 0  # regions that show an object
        self.switches = 0
        self.overlaps = []

    def add(self, visible, array, shape_of=region_mask):
        """`visible`: name -> mask; `array`: the RegionArray of the same picture; `shape_of`: its regions as such masks.

        Returns name -> region.
        """
        masks = {region.id: shape_of(region, array.width, array.height) for region in array.regions}
        regions = {region.id: region for region in array.regions}
        seen = {name: mask for name, mask in visible.items() if mask.sum() >= LEAST_PIXELS}
        self.visible += len(seen)
        pairs = [(iou(mask, masks[id]), name, id) for name, mask in seen.items() for id in masks]
        found, taken = {}, set()
        for overlap, name, id in sorted(pairs, reverse=True):
            if overlap < 0.5 or name in found or id in taken:
                continue
            found[name] = regions[id]
            taken.add(id)
            self.overlaps.append(overlap)
            self.published += 1
            self.together[name, id] += 1
            self.switches += self.last.get(name, id) != id
            self.last[name] = id
        return found

    @property
    def idf1(self):
        """Harmonic mean of identification precision and recall. Regions that show no object do not count."""
        names = tuple(sorted({name for name, _ in self.together}))

        @cache
        def best(index, used):
            if index == len(names):
                return 0
            scores = [best(index + 1, used)]
            for (name, id), count in self.together.items():
                if name == names[index] and id not in used:
                    scores.append(count + best(index + 1, used | {id}))
            return max(scores)

        return 2 * best(0, frozenset()) / max(1, self.visible + self.published)

    def __str__(self):
        found = 100 * self.published / max(1, self.visible)
        overlap = np.mean(self.overlaps) if self.overlaps else 0
        ids = len({id for _, id in self.together})
        return (
            f"IDF1 {self.idf1:.3f}, {self.switches} id switches, {ids} ids, "
            f"{found:.0f} % of {self.visible} sightings found, mean IoU {overlap:.2f}"
        )
