"""`python -m segcap_train.export`: the trained parts become a bundle, or nothing if parity fails."""
import argparse
import shutil
import tempfile
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from . import graphs, onnx_io
from .bundle import CLASSES, MASKED, NAMES, PROMPT, Bundle, write_description
from .config import REPO_DIR, RUNS_DIR
from .data import fit, normalise
from .graphs import FEATURES
from .model.language import greedy
from .model.namer import detected_names, names
from .model.network import Network
from .model.speaker import ROWS
from .tokenizer import EOS_ID, tokenizer

TOLERANCE = 1e-3            # largest difference on the probes, relative to a tensor's scale
VERSION = "0.4.0"


def assembled(masks, naming, appearance, language):
    """The network from the files that its parts were trained into."""
    def kept(path):
        return torch.load(path, map_location="cpu", weights_only=True)
    network = Network()
    network.segmenter.load_state_dict(kept(masks)["average"])
    network.namer.load_state_dict(kept(naming)["namer"])
    network.sure.copy_(kept(naming)["sure"])
    network.appearance.load_state_dict(kept(appearance))
    network.speaker.load_state_dict(kept(language))
    return network.eval()


def write_graphs(network, folder, size):
    """All graphs, with prompts, points, regions and captions as dynamic axes."""
    features = graphs.example(network, size)
    side = 4 * features["image_embeddings"].shape[2]
    coords, labels = torch.rand(2, 3, 2) * size, torch.tensor([[1.0, 1.0, -1.0]] * 2)
    write = onnx_io.write
    write(graphs.Encoder(network), (torch.rand(1, 3, size, size),), folder / "image_encoder.onnx",
          ["pixels"], list(FEATURES), {})
    axes = {"point_coords": {0: "prompts", 1: "points"}, "point_labels": {0: "prompts", 1: "points"}}
    axes |= {name: {0: "prompts"} for name in ("mask_input", "has_mask_input", "low_res_masks", "iou_predictions")}
    write(graphs.MaskDecoder(network), (*(features[name] for name in MASKED), coords, labels,
                                        torch.randn(2, 1, side, side), torch.ones(2)), folder / "mask_decoder.onnx",
          [*MASKED, *PROMPT, "mask_input", "has_mask_input"], ["low_res_masks", "iou_predictions"], axes)
    boxes = torch.tensor([[10.0, 20.0, 110.0, 90.0], [50.0, 50.0, 80.0, 99.0]])
    write(graphs.CaptionPrefix(network), (*(features[name] for name in FEATURES), boxes), folder / "caption_prefix.onnx",
          [*FEATURES, "region_boxes"], ["lm_prefix", "name_scores", "caption_score"],
          {name: {0: "regions"} for name in ("region_boxes", "lm_prefix", "name_scores", "caption_score")})
    write(graphs.ObjectDetector(), (features["detector_scores"], features["detector_boxes"]), folder / "object_detector.onnx",
          ["detector_scores", "detector_boxes"], ["boxes", "scores", "class_ids"], {})
    write_language(network, folder)


def write_language(network, folder):
    cfg = network.cfg
    head = cfg.lm_width // cfg.lm_heads
    present = [f"present.{i}.{part}" for i in range(cfg.lm_layers) for part in ("key", "value")]
    past = [name.replace("present", "past") for name in present]
    batch = {name: {0: "captions"} for name in ["inputs_embeds", "logits", *present]}
    onnx_io.write(graphs.Prefill(network), (torch.randn(2, ROWS, cfg.lm_width),), folder / "lm_prefill.onnx",
                  ["inputs_embeds"], ["logits", *present], batch)
    growing = {name: {0: "captions", 2: "tokens"} for name in past}
    growing |= {name: {0: "captions", 2: "tokens_and_one"} for name in present}
    growing |= {"input_ids": {0: "captions"}, "logits": {0: "captions"}}
    cache = tuple(torch.randn(2, cfg.lm_heads, ROWS, head) for _ in past)
    onnx_io.write(graphs.Decode(network), (torch.ones(2, 1, dtype=torch.long), *cache),
                  folder / "lm_decode.onnx", ["input_ids", *past], ["logits", *present], growing)


def photograph(size):
    """The sample photograph (1,3,size,size), normalised. Noise would not do: what a prompt's mask says of it is chance,
    and where the close look then goes is, too."""
    with Image.open(REPO_DIR / "samples" / "tabletop.jpg") as image:
        height, width = fit(image.height, image.width, size)
        pixels = np.asarray(image.convert("RGB").resize((width, height), Image.Resampling.BILINEAR))
    return normalise(pixels, size)[None]


def probes(size, generator):
    """(coords, labels) of prompts of several kinds and counts."""
    for count, labels in ((1, (1, -1)), (3, (2, 3)), (5, (1, 0, 1, -1)), (2, (2, 3, 1))):
        coords = torch.rand(count, len(labels), 2, generator=generator) * size * 0.5
        if labels[:2] == (2, 3):
            coords[:, 1] = coords[:, 0] + 40 + coords[:, 1] * 0.5
        yield coords, torch.tensor([labels] * count, dtype=torch.float32)


@torch.no_grad()
def check_parity(network, folder):
    """Raises unless ONNX Runtime agrees with PyTorch on features, masks, IoU, names, prefix and greedy tokens."""
    bundle = Bundle(folder)
    generator = torch.Generator().manual_seed(7)
    pixels = photograph(bundle.size)
    features = dict(zip(FEATURES, graphs.Encoder(network)(pixels)))
    have = bundle.encode(pixels.numpy())
    differ = {name: gap(features[name], have[name]) for name in FEATURES}
    numpy = {name: tensor.numpy() for name, tensor in features.items()}
    for i, (coords, labels) in enumerate(probes(bundle.size, generator)):
        mask, has = None, torch.zeros(len(coords))
        side = 4 * features["image_embeddings"].shape[2]
        given = torch.zeros(len(coords), 1, side, side)
        if i % 2:
            given[:, :, side // 4:side // 2, side // 4:side // 2] = 12.0
            given -= 6.0
            mask, has = given.numpy(), torch.ones(len(coords))
        want = network.masks(*(features[name] for name in MASKED), coords, labels, given, has)
        for name, a, b in zip(("masks", "iou"), want, bundle.masks(numpy, coords.numpy(), labels.numpy(), mask)):
            differ[name] = max(differ.get(name, 0.0), gap(a, b))
    corner = torch.rand(6, 2, generator=generator) * bundle.size * 0.5
    boxes = torch.cat([corner, corner + 30 + torch.rand(6, 2, generator=generator) * 120], 1)
    want = graphs.CaptionPrefix(network)(*(features[name] for name in FEATURES), boxes)
    for name, a, b in zip(("prefix", "names", "score"), want, bundle.prefix(numpy, boxes.numpy())):
        differ[name] = gap(a, b)
    if greedy(network.speaker.language, want[0], bundle.eos, bundle.limit) != bundle.tokens(want[0].numpy()):
        raise SystemExit("parity: greedy tokens differ")
    print("parity", {name: f"{value:.1e}" for name, value in differ.items()})
    if not max(differ.values()) <= TOLERANCE:
        raise SystemExit(f"parity: a difference of {max(differ.values()):.1e} exceeds {TOLERANCE:.0e}")


def gap(want, have):
    """Largest difference, relative to the larger of 1 and the tensor's largest value."""
    want = want.numpy()
    if want.shape != have.shape or not np.isfinite(have).all():
        return float("inf")
    return float(np.abs(want - have).max() / max(1.0, np.abs(want).max()))


def export(network, out, size, version):
    """Writes and checks in a temporary folder; only a bundle that passes replaces the one in `out`."""
    onnx_io.halve_weights(network)
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        write_graphs(network, folder, size)
        tokenizer().save(str(folder / "tokenizer.json"))
        (folder / NAMES).write_text("".join(f"{name}\n" for name in names()))
        (folder / CLASSES).write_text("".join(f"{name}\n" for name in detected_names()))
        write_description(folder, size=size, layers=network.cfg.lm_layers, eos=EOS_ID, version=version)
        check_parity(network, folder)
        for file in sorted(folder.iterdir()):
            shutil.copyfile(file, out / file.name)
    total = sum(file.stat().st_size for file in out.glob("*.onnx"))
    print(f"wrote {out}: {total / 1e6:.1f} MB of graphs, input {size} px")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--masks", type=Path, default=RUNS_DIR / "masks" / "last.pt")
    parser.add_argument("--naming", type=Path, default=RUNS_DIR / "naming.pt")
    parser.add_argument("--appearance", type=Path, default=RUNS_DIR / "appearance.pt")
    parser.add_argument("--language", type=Path, default=RUNS_DIR / "language.pt")
    parser.add_argument("--out", type=Path, default=REPO_DIR / "models" / "builtin")
    parser.add_argument("--size", type=int, default=416, help="side of the encoder's input, a multiple of 32")
    parser.add_argument("--version", default=VERSION)
    args = parser.parse_args()
    if args.size % 32:
        parser.error(f"--size must be a multiple of 32, not {args.size}")
    export(assembled(args.masks, args.naming, args.appearance, args.language), args.out, args.size, args.version)


if __name__ == "__main__":
    main()
