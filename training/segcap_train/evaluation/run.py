"""A set's pictures over several single-threaded processes."""
import os
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import torch

from ..bundle import Bundle
from .measure import measured
from .progress import shown

state = {}


def start(folder):
    """In each process, once."""
    os.environ["OMP_NUM_THREADS"] = "1"
    torch.set_num_threads(1)
    state["bundle"] = Bundle(folder, threads=1)


def one(item):
    return measured(state["bundle"], item)


def records(folder, sets, workers):
    """{set's key: records of its objects, in the order of its items}."""
    found = {}
    if workers == 1:
        start(folder)
        for each in sets:
            found[each.key] = gathered(map(one, each.items), each)
        return found
    with ProcessPoolExecutor(workers, get_context("spawn"), start, (folder,)) as pool:
        for each in sets:
            found[each.key] = gathered(pool.map(one, each.items, chunksize=1), each)
    return found


def gathered(results, each):
    return [record for some in shown(results, len(each.items), each.title) for record in some]
