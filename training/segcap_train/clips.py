"""`python -m segcap_train.clips --out DIR`: clips of random scenes with their truth, to test tracking and 3D on.

A clip is a folder of `000.jpg` ..., `depth/000.png` ... and `truth.json`: the camera, and for each frame where the
camera was and what is true of each thing, by ids that hold for the whole clip. See `scenes.truth` for the units.
"""
import argparse
import json
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from .scenes.clip import clip_samples

WIDTH, HEIGHT = 640, 480
LENS = ("width", "height", "fx", "fy", "cx", "cy")


def write_clip(folder, samples, quality=84, step_mm=1):
    """Writes Samples as a clip; depth (16 bit, millimetres, 0 unknown) is rounded to whole steps of `step_mm`."""
    (folder / "depth").mkdir(parents=True, exist_ok=True)
    camera, frames = None, []
    for i, one in enumerate(samples):
        Image.fromarray(one.image).save(folder / f"{i:03d}.jpg", quality=quality)
        depth = (np.round(one.depth / step_mm) * step_mm).astype(np.uint16)
        Image.fromarray(depth).save(folder / "depth" / f"{i:03d}.png", optimize=True)
        camera = camera or {key: one.camera[key] for key in LENS}
        pose = {key: np.round(one.camera[key], 6).tolist() for key in ("position", "rotation")}
        frames.append({"image": f"{i:03d}.jpg", "depth": f"depth/{i:03d}.png", "pose": pose, "objects": one.objects})
    lines = ",\n".join(json.dumps(frame) for frame in frames)
    (folder / "truth.json").write_text(f'{{"camera": {json.dumps(camera)},\n"frames": [\n{lines}\n]}}\n')


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--frames", type=int, default=45)
    parser.add_argument("--unseen", action="store_true", help="from what training leaves out")
    parser.add_argument("--device", default="cpu")
    args = parser.parse_args()
    torch.set_num_threads(1)
    rng = np.random.default_rng([args.seed, 7])
    write_clip(args.out, clip_samples(rng, WIDTH, HEIGHT, args.frames, args.unseen, args.device))


if __name__ == "__main__":
    main()
