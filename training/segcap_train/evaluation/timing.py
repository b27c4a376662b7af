"""How long the graphs take on a real picture, with the threads that a robot gives them."""
import os
import time

import numpy as np
from PIL import Image

from ..bundle import Bundle
from ..config import REPO_DIR
from ..predict import Picture

REPEAT = 15
PICTURE = REPO_DIR / "samples" / "tabletop.jpg"


def timings(folder, threads=2):
    """Median milliseconds of each step, and how busy the machine was with other things."""
    load = os.getloadavg()[0]
    bundle = Bundle(folder, threads)
    image = np.asarray(Image.open(PICTURE).convert("RGB"))
    pixels = np.zeros((1, 3, bundle.size, bundle.size), np.float32)
    picture = Picture(bundle, image)
    took = {"encode": clock(lambda: bundle.encode(pixels)),
            "masks_1": clock(lambda: bundle.masks(picture.features, *boxes(picture, 1)))}
    took["encode_and_masks_1"] = took["encode"] + took["masks_1"]
    for count in (1, 8, 16):
        regions = boxes(picture, count)[0].reshape(-1, 4)
        took[f"captions_{count}"] = clock(lambda regions=regions: bundle.captions(picture.features, regions))
    return {"threads": threads, "load_before": load, "milliseconds": took}


def boxes(picture, count):
    """A prompt of `count` boxes spread over the picture."""
    height, width = picture.shape
    xs, ys = np.meshgrid(np.linspace(.1, .7, 4) * width, np.linspace(.1, .7, 4) * height)
    corners = np.stack([xs.ravel(), ys.ravel()], -1)[:count]
    return picture.boxes(np.concatenate([corners, corners + [width * .2, height * .2]], 1))


def clock(run):
    run()
    taken = []
    for _ in range(REPEAT):
        began = time.perf_counter()
        run()
        taken.append((time.perf_counter() - began) * 1e3)
    return float(np.median(taken))
