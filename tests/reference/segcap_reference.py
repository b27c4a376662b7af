"""What a bundle says of an image, computed a second time: onnxruntime, numpy and Pillow, one prompt at a time.

Written from the description of SAM and SCA and from models/README.md, and from nothing in src/, so that tests/parity.rs
compares two readings of them. Usage: segcap_reference.py JOB.json

The job: {"bundle": folder, "image": file, "resized": file, "out": folder, "prompts": [{"points": [[x, y], ...],
"labels": [1, 0, ...], "box": [left, top, right, bottom] or null, "mask": file or null}, ...]}, everything in pixels of the
image. `resized` is the image as the one who asks brought it to the encoder's size.

Pillow's weights have 22 bits; who computes with fewer is off by one here and there, and logits tell. So masks and words
come from Pillow's picture, and the logits, which are compared closely, from `resized`.

Writes to `out`: answers.json, {"resize": {"worst": largest difference of a byte of `resized` from Pillow's, "part": part of
them that differ}, "prompts": [...]}, for each prompt {"iou": [...], "chosen": index or null, "mask": run lengths, row by row,
the first of them outside, "tokens": [...], "score": mean log-probability}; logits_N.f32, the low-resolution logits
(M, h, w) of prompt N, little endian.
"""

import json
import os
import sys
from pathlib import Path

import numpy as np
import yaml
from PIL import Image

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # ONNX Runtime reads it when it is imported
import onnxruntime  # noqa: E402

PADDING, TOP_LEFT, BOTTOM_RIGHT = -1, 2, 3
MASK_LOGIT = 8.0


class Graph:
    """A graph whose tensors are called as its role in bundle.yaml calls them."""

    def __init__(self, folder, entry, layers=0):
        options = onnxruntime.SessionOptions()
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self.session = onnxruntime.InferenceSession(folder / entry["file"], options, providers=["CPUExecutionProvider"])
        self.entry, self.layers = entry, layers
        self.inputs = {name for name in entry["inputs"]}

    def names(self, tensor):
        layered = "{layer}" in tensor
        return [tensor.replace("{layer}", str(layer)) for layer in range(self.layers)] if layered else [tensor]

    def __call__(self, **values):
        """Arrays by name; a list of arrays, one a layer, where the role has one a layer."""
        feeds = {}
        for name, value in values.items():
            feeds |= zip(self.names(self.entry["inputs"][name]), value if isinstance(value, list) else [value])
        tensors = {name: self.names(tensor) for name, tensor in self.entry["outputs"].items()}
        found = iter(self.session.run([tensor for all_of_one in tensors.values() for tensor in all_of_one], feeds))
        arrays = {name: [next(found) for _ in all_of_one] for name, all_of_one in tensors.items()}
        return {name: of_one if "{layer}" in self.entry["outputs"][name] else of_one[0] for name, of_one in arrays.items()}


class Reference:
    def __init__(self, folder):
        folder = Path(folder)
        self.manifest = yaml.safe_load((folder / "bundle.yaml").read_text())
        graphs = self.manifest["graphs"]
        self.encoder = Graph(folder, graphs["image_encoder"])
        self.decoder = Graph(folder, graphs["mask_decoder"])
        self.language = self.manifest.get("language_model")
        if self.language:
            layers = self.language["layers"]
            self.prefix = Graph(folder, graphs["caption_prefix"])
            if "names" in graphs["caption_prefix"]:
                self.name_list = (folder / graphs["caption_prefix"]["names"]).read_text(encoding="utf-8").splitlines()
            self.prefill = Graph(folder, graphs["lm_prefill"], layers)
            self.decode = Graph(folder, graphs["lm_decode"], layers)

    def look(self, image, resized=None):
        """Encodes an image; everything after this is about it. Returns it as the encoder sees it, without padding."""
        rules = self.manifest["preprocess"]
        self.side = rules["input_size"]
        self.image_size = image.size
        if rules["resize"] == "stretch":
            self.content = (self.side, self.side)
        else:
            scale = self.side / max(image.size)
            self.content = tuple(max(1, int(length * scale + 0.5)) for length in image.size)
        picture = np.asarray(resized or image.convert("RGB").resize(self.content, Image.Resampling.BILINEAR))
        pixels = picture
        if rules["channels"] == "bgr":
            pixels = pixels[..., ::-1]
        if rules["dtype"] == "float32":
            mean, std = (np.asarray(rules[key], np.float32) for key in ("mean", "std"))
            pixels = (pixels.astype(np.float32) / np.float32(255) - mean) / std
        square = np.zeros((self.side, self.side, 3), pixels.dtype)
        square[: self.content[1], : self.content[0]] = pixels
        if rules["layout"] == "nchw":
            square = square.transpose(2, 0, 1)
        self.embedding = self.encoder(pixels=np.ascontiguousarray(square[None]))["image_embeddings"]
        return picture

    def tokens_of(self, prompt):
        """point_coords (1, K, 2) and point_labels (1, K): clicks, then a box's corners, or else one padding point."""
        points = [tuple(point) for point in prompt["points"]]
        labels = list(prompt["labels"])
        scale = np.array(self.content) / np.array(self.image_size)
        coords = [np.array(point) * scale for point in points]
        if prompt["box"]:
            left, top, right, bottom = prompt["box"]
            coords += [np.array([left, top]) * scale, np.array([right, bottom]) * scale]
            labels += [TOP_LEFT, BOTTOM_RIGHT]
        else:
            coords.append(np.zeros(2))
            labels.append(PADDING)
        return np.array([coords], np.float32), np.array([labels], np.float32)

    def segment(self, prompt):
        """Low-resolution logits (M, h, w), predicted IoU (M), and the mask in the image that is chosen, or None."""
        coords, labels = self.tokens_of(prompt)
        feeds = {"image_embeddings": self.embedding, "point_coords": coords, "point_labels": labels}
        if "mask_input" in self.decoder.inputs:
            height, width = (4 * length for length in self.embedding.shape[2:])
            mask = np.full((height, width), 0, np.float32)
            if prompt["mask"]:
                mask = self.mask_logits(np.asarray(Image.open(prompt["mask"]).convert("L")) > 0, height, width)
            feeds["mask_input"] = mask[None, None].astype(np.float32)
            feeds["has_mask_input"] = np.array([bool(prompt["mask"])], np.float32)
        found = self.decoder(**feeds)
        logits, iou = found["low_res_masks"][0], found["iou_predictions"][0]
        rank = iou.copy()
        if len(iou) == 4:  # SAM's tokens, as in select_masks of its export: the first from three points on
            rank[0] += 1000 if coords.shape[1] >= 3 else -1000
        for candidate in np.argsort(-rank, kind="stable"):
            mask = self.to_image(logits[candidate]) > 0
            if mask.any():
                return logits, iou, int(candidate), mask
        return logits, iou, None, None

    def to_image(self, logits):
        """SAM's postprocessing: bilinear to the square, without the padding, bilinear to the image."""
        square = resize(logits.astype(np.float64), self.side, self.side)
        width, height = self.image_size
        return resize(square[: self.content[1], : self.content[0]], height, width)

    def mask_logits(self, mask, height, width):
        """A mask of the image as logits over the square: how much of each cell it covers, from -8 to 8."""
        down = coverage(mask.shape[0], height * self.content[1] / self.side, height)
        across = coverage(mask.shape[1], width * self.content[0] / self.side, width)
        return (2 * np.clip(down @ mask @ across.T, 0, 1) - 1) * MASK_LOGIT

    def describe(self, prompt, mask):
        """Tokens without the one that ends them, the score (the model's own, or the mean log-probability of all tokens, that
        one included), and the best five names with their scores. `mask`: the one that was chosen, or None."""
        coords, labels = self.tokens_of(prompt)
        feeds = {"image_embeddings": self.embedding}
        if "point_coords" in self.prefix.inputs:
            feeds |= {"point_coords": coords, "point_labels": labels}
        if "region_boxes" in self.prefix.inputs:
            width, height = self.image_size
            rows, columns = (np.arange(length) for length in (height, width)) if mask is None else np.nonzero(mask)
            corners = np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1])
            scale = np.tile(np.array(self.content) / np.array(self.image_size), 2)
            feeds["region_boxes"] = (corners * scale)[None].astype(np.float32)
        known = self.prefix(**feeds)
        names = []
        if "name_scores" in known:
            scores = known["name_scores"][0]
            names = [(self.name_list[at], float(scores[at])) for at in np.argsort(-scores, kind="stable")[:5]]
        step = self.prefill(inputs_embeds=known["lm_prefix"])
        tokens, log_probs = [], []
        while True:
            logits = step["logits"][0].astype(np.float64)
            token = int(logits.argmax())
            log_probs.append(logits[token] - logits.max() - np.log(np.exp(logits - logits.max()).sum()))
            if token == self.language["eos_token_id"]:
                break
            tokens.append(token)
            if len(log_probs) == self.language["max_new_tokens"]:
                break
            past = {"past_key": step["present_key"], "past_value": step["present_value"]}
            step = self.decode(input_ids=np.array([[token]], np.int64), **past)
        score = known["caption_score"][0] if "caption_score" in known else np.mean(log_probs)
        return tokens, float(score), names


def resize(values, height, width):
    """Bilinear, pixel centres at half (align_corners = false), edges repeated, no antialiasing."""
    for axis, length in ((0, height), (1, width)):
        old = values.shape[axis]
        at = np.maximum((np.arange(length) + 0.5) * (old / length) - 0.5, 0)
        below = np.minimum(at.astype(int), old - 1)
        above = np.minimum(below + 1, old - 1)
        part = (at - below).reshape([-1, 1] if axis == 0 else [1, -1])
        values = values.take(below, axis) * (1 - part) + values.take(above, axis) * part
    return values


def coverage(pixels, cells_long, cells):
    """(cells, pixels): the part of each cell that each pixel takes, where all pixels are `cells_long` cells long."""
    edges = np.arange(pixels + 1) * (cells_long / pixels)
    starts = np.arange(cells)[:, None]
    return np.clip(np.minimum(edges[1:], starts + 1) - np.maximum(edges[:-1], starts), 0, None)


def run_lengths(mask):
    """Row by row, alternating, the first outside."""
    flat = np.concatenate([[False], mask.ravel()])
    changes = np.flatnonzero(flat[1:] != flat[:-1])
    return np.diff(np.concatenate([[0], changes, [mask.size]])).tolist()


def main():
    job = json.loads(Path(sys.argv[1]).read_text())
    out = Path(job["out"])
    reference = Reference(job["bundle"])
    image, resized = Image.open(job["image"]), Image.open(job["resized"]).convert("RGB")
    picture = reference.look(image)
    difference = np.abs(picture.astype(int) - np.asarray(resized))
    answers = {"resize": {"worst": int(difference.max()), "part": float((difference > 0).mean())}, "prompts": []}
    for prompt in job["prompts"]:
        _, iou, chosen, mask = reference.segment(prompt)
        answer = {"iou": iou.tolist(), "chosen": chosen, "mask": run_lengths(mask) if mask is not None else None}
        if reference.language:
            answer["tokens"], answer["score"], answer["names"] = reference.describe(prompt, mask)
        answers["prompts"].append(answer)
    reference.look(image, resized)
    for number, prompt in enumerate(job["prompts"]):
        reference.segment(prompt)[0].astype("<f4").tofile(out / f"logits_{number}.f32")
    (out / "answers.json").write_text(json.dumps(answers))


if __name__ == "__main__":
    main()
