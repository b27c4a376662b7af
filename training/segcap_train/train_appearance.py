"""`python -m segcap_train.train_appearance`: colour, pattern and handle under masks, on scenes and cut-outs."""
import argparse
import time
from pathlib import Path

import cv2
import numpy as np
import torch
from torch.nn import functional as F

from .config import PIXEL_MEAN, PIXEL_STD, RUNS_DIR
from .mixture import Mixture
from .model.appearance import LISTS, SIDE, Appearance
from .pool import Pool
from .prompts import bounding_box
from .scenes.sample import STUFF

SHARES = {"scene": 0.7, "pasted": 0.3}
MARGIN = 1.3                # as the mask's window


def looked_at(image, mask, rng):
    """A window around the mask at SIDE x SIDE: colours 0..1 float, soft share of the mask."""
    x0, y0, x1, y1 = bounding_box(mask)
    half = np.array([x1 - x0, y1 - y0]) / 2 * MARGIN * rng.uniform(0.95, 1.1)
    middle = np.array([x0 + x1, y0 + y1]) / 2 + rng.normal(0, 0.03, 2) * half
    move = np.array([[SIDE / (2 * half[0]), 0, 0], [0, SIDE / (2 * half[1]), 0]])
    move[:, 2] = SIDE / 2 - move[:, :2] @ middle
    blurred = image
    if half.max() > SIDE:
        blurred = cv2.blur(image, (int(max(1, half[0] / SIDE * 2)), int(max(1, half[1] / SIDE * 2))))
    colours = cv2.warpAffine(blurred, move, (SIDE, SIDE)).astype(np.float32) / 255
    share = cv2.warpAffine(mask.astype(np.float32), move, (SIDE, SIDE))
    return colours, share


def spoiled(colours, share, rng):
    """The camera's light, its pale colours, and the mask's mistakes. What is around keeps its place beside the thing, so
    that a cast can be told from a colour."""
    gray = colours.mean(2, keepdims=True)
    colours = gray + (colours - gray) * rng.uniform(0.5, 1.15)
    colours = colours * rng.uniform(0.65, 1.25) * np.exp(rng.normal(0, 0.06, 3)) + rng.uniform(-0.04, 0.06)
    colours = np.clip(colours + rng.normal(0, 0.02, colours.shape), 0, 1)
    kind = rng.random()
    if kind < 0.4:
        share = cv2.GaussianBlur(share, (0, 0), float(rng.uniform(0.5, 1.5)))
    elif kind < 0.6:
        size = int(rng.integers(2, 4))
        share = (cv2.dilate if rng.random() < 0.5 else cv2.erode)(share, np.ones((size, size), np.uint8))
    return colours.astype(np.float32), share.astype(np.float32)


def label(word):
    """Indices into LISTS, -100 where nothing is known."""
    if not word.get("noun"):
        return None
    known = any(word.get(k) for k in ("colour", "pattern", "handle"))
    if not known:
        return None
    row = []
    for name, words in LISTS.items():
        value = word.get(name, "")
        row.append(words.index(value) if value in words else -100)
    return row


def rows(mixture, rng, count):
    looks, labels = [], []
    while len(labels) < count:
        image, ids, words = mixture.draw(rng)
        areas = np.bincount(ids.reshape(-1), minlength=256)
        for number, word in words.items():
            known = label(word)
            if known is None or areas[number] < 120 or (number >= STUFF and rng.random() < 0.8):
                continue
            looks.append(looked_at(image, ids == number, rng))
            labels.append(known)
    return looks, np.array(labels)


def batch(looks, labels, rng, size):
    chosen = rng.integers(len(labels), size=size)
    colours, shares = zip(*(spoiled(*looks[i], rng) for i in chosen))
    colours = (np.stack(colours) - np.array(PIXEL_MEAN, np.float32)) / np.array(PIXEL_STD, np.float32)
    flip = rng.random() < 0.5
    colours = torch.from_numpy(colours.astype(np.float32)).permute(0, 3, 1, 2)
    shares = torch.from_numpy(np.stack(shares))[:, None]
    if flip:
        colours, shares = colours.flip(3), shares.flip(3)
    return colours, shares, torch.from_numpy(labels[chosen])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=RUNS_DIR / "appearance.pt")
    parser.add_argument("--pool", type=Path, default=RUNS_DIR / "pool")
    parser.add_argument("--rows", type=int, default=8000)
    parser.add_argument("--steps", type=int, default=1200)
    parser.add_argument("--batch", type=int, default=128)
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(3)
    rng = np.random.default_rng(3)
    looks, labels = rows(Mixture(Pool(args.pool, "train"), SHARES), rng, args.rows)
    print("rows", len(labels), flush=True)
    kept = len(labels) // 12
    model = Appearance()
    optimiser = torch.optim.AdamW(model.parameters(), 2e-3, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 2e-3, args.steps, pct_start=0.1)
    began = time.monotonic()
    for step in range(args.steps):
        colours, shares, truth = batch(looks[kept:], labels[kept:], rng, args.batch)
        with torch.autocast("cpu", torch.bfloat16):
            said = model(colours, shares)
        loss = sum(F.cross_entropy(said[name].float(), truth[:, i], ignore_index=-100, label_smoothing=0.03)
                   for i, name in enumerate(LISTS))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        if step % 200 == 199 or step == args.steps - 1:
            model.eval()
            with torch.no_grad():
                colours, shares, truth = batch(looks[:kept], labels[:kept], np.random.default_rng(1), kept)
                said = model(colours, shares)
            right = {name: round((said[name].argmax(1) == truth[:, i]).float().mean().item(), 3) for i, name in enumerate(LISTS)}
            print(step + 1, round(loss.item(), 3), right, round(time.monotonic() - began), "s", flush=True)
            model.train()
    torch.save(model.state_dict(), args.out)


if __name__ == "__main__":
    main()
