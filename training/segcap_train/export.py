"""`python -m segcap_train.export`: a checkpoint becomes a bundle, or nothing if parity fails."""
import argparse
import shutil
import tempfile
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from . import graphs, onnx_io
from .bundle import Bundle, write_description
from .checkpoint import load_model
from .config import REPO_DIR, RUNS_DIR
from .data import fit, normalise
from .model.tags import ROWS
from .tokenizer import EOS_ID, tokenizer

MASK_TOLERANCE = 1e-3      # logits, largest difference on the probes, relative to their scale


def write_graphs(sca, folder, size):
    """All five graphs, with prompts, points and captions as dynamic axes."""
    cfg = sca.cfg
    side = size // 8
    embeddings = torch.randn(1, cfg.embed, side, side)
    coords, labels = torch.rand(2, 3, 2) * size, torch.tensor([[1.0, 1.0, -1.0]] * 2)
    mask, has = torch.randn(2, 1, 4 * side, 4 * side), torch.ones(2)
    prompt = ["image_embeddings", "point_coords", "point_labels"]
    axes = {"point_coords": {0: "prompts", 1: "points"}, "point_labels": {0: "prompts", 1: "points"}}
    write = onnx_io.write
    write(graphs.Encoder(sca), (torch.randn(1, 3, size, size),), folder / "image_encoder.onnx",
          ["pixels"], ["image_embeddings"], {})
    masked = {name: {0: "prompts"} for name in
              ("mask_input", "has_mask_input", "low_res_masks", "iou_predictions")}
    write(graphs.MaskDecoder(sca), (embeddings, coords, labels, mask, has), folder / "mask_decoder.onnx",
          prompt + ["mask_input", "has_mask_input"], ["low_res_masks", "iou_predictions"], axes | masked)
    write(graphs.CaptionPrefix(sca), (embeddings, coords, labels), folder / "caption_prefix.onnx",
          prompt, ["lm_prefix"], axes | {"lm_prefix": {0: "prompts"}})
    write_language(sca, folder)


def write_language(sca, folder):
    cfg = sca.cfg
    rows, head = cfg.task_tokens + ROWS + cfg.caption_tokens, cfg.lm_width // cfg.lm_heads
    present = [f"present.{i}.{part}" for i in range(cfg.lm_layers) for part in ("key", "value")]
    past = [name.replace("present", "past") for name in present]
    batch = {name: {0: "captions"} for name in ["inputs_embeds", "logits", *present]}
    onnx_io.write(graphs.Prefill(sca), (torch.randn(2, rows, cfg.lm_width),), folder / "lm_prefill.onnx",
                  ["inputs_embeds"], ["logits", *present], batch)
    growing = {name: {0: "captions", 2: "tokens"} for name in past}
    growing |= {name: {0: "captions", 2: "tokens_and_one"} for name in present}
    growing |= {"input_ids": {0: "captions"}, "logits": {0: "captions"}}
    cache = tuple(torch.randn(2, cfg.lm_heads, rows, head) for _ in past)
    onnx_io.write(graphs.Decode(sca), (torch.ones(2, 1, dtype=torch.long), *cache),
                  folder / "lm_decode.onnx", ["input_ids", *past], ["logits", *present], growing)


def photograph(size):
    """The sample photograph (1,3,size,size), normalised. Noise would not do: what a prompt's mask says of it is chance,
    and where the close-up then looks is, too."""
    with Image.open(REPO_DIR / "samples" / "tabletop.jpg") as image:
        height, width = fit(image.height, image.width, size)
        pixels = np.asarray(image.convert("RGB").resize((width, height), Image.Resampling.BILINEAR))
    return normalise(pixels, size)[None]


def probes(size, generator):
    """(coords, labels) of prompts of several kinds and counts."""
    for count, labels in ((1, (1, -1)), (3, (2, 3)), (5, (1, 0, 1, -1)), (2, (2, 3, 1))):
        coords = torch.rand(count, len(labels), 2, generator=generator) * size
        yield coords, torch.tensor([labels] * count, dtype=torch.float32)


@torch.no_grad()
def check_parity(sca, folder):
    """Raises unless ONNX Runtime agrees with PyTorch on masks, IoU, prefix and greedy tokens."""
    bundle = Bundle(folder)
    generator = torch.Generator().manual_seed(7)
    pixels = photograph(bundle.size)
    embeddings = sca.encode(pixels)
    differ = {"embeddings": gap(embeddings, bundle.encode(pixels.numpy()))}
    for i, (coords, labels) in enumerate(probes(bundle.size, generator)):
        feed = (embeddings.numpy(), coords.numpy(), labels.numpy())
        mask = has = None
        if i % 2:
            mask = torch.randn(len(coords), 1, bundle.size // 2, bundle.size // 2, generator=generator)
            has = torch.ones(len(coords))
        masks, iou = sca.masks(embeddings, coords, labels, mask, has)
        got = bundle.masks(*feed, None if mask is None else mask.numpy())
        prefix = sca.caption_prefix(embeddings, coords, labels)
        for name, want, have in (("masks", masks, got[0]), ("iou", iou, got[1]),
                                 ("prefix", prefix, bundle.prefix(*feed))):
            differ[name] = max(differ.get(name, 0.0), gap(want, have))
        want = sca.greedy(prefix, bundle.eos, bundle.limit)
        if want != bundle.tokens(prefix.numpy()):
            raise SystemExit(f"parity: greedy tokens differ for prompts with labels {labels[0].tolist()}")
    worst = max(differ.values())
    print("parity", {name: f"{value:.1e}" for name, value in differ.items()})
    if not worst <= MASK_TOLERANCE:
        raise SystemExit(f"parity: a difference of {worst:.1e} exceeds {MASK_TOLERANCE:.0e}")


def gap(want, have):
    """Largest difference, relative to the larger of 1 and the tensor's largest value."""
    want = want.numpy()
    if want.shape != have.shape or not np.isfinite(have).all():
        return float("inf")
    return float(np.abs(want - have).max() / max(1.0, np.abs(want).max()))


def export(sca, out, size, version):
    """Writes and checks in a temporary folder; only a bundle that passes replaces the one in `out`."""
    sca = sca.eval().to(memory_format=torch.contiguous_format)
    onnx_io.halve_weights(sca)
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        write_graphs(sca, folder, size)
        tokenizer().save(str(folder / "tokenizer.json"))
        write_description(folder, size=size, layers=sca.cfg.lm_layers, eos=EOS_ID, version=version)
        check_parity(sca, folder)
        for file in sorted(folder.iterdir()):
            shutil.copyfile(file, out / file.name)
    total = sum(file.stat().st_size for file in out.glob("*.onnx"))
    print(f"wrote {out}: {total / 1e6:.1f} MB of graphs, input {size} px")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", type=Path, nargs="+", default=[RUNS_DIR / "main" / "last.pt"],
                        help="several: the mean of their weights")
    parser.add_argument("--out", type=Path, default=REPO_DIR / "models" / "builtin")
    parser.add_argument("--size", type=int, default=320, help="side of the encoder's input, a multiple of 32")
    parser.add_argument("--version", default="0.3.0")
    args = parser.parse_args()
    if args.size % 32:
        parser.error(f"--size must be a multiple of 32, not {args.size}")
    export(load_model(*args.checkpoint), args.out, args.size, args.version)


if __name__ == "__main__":
    main()
