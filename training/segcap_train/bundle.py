"""Writes bundle.yaml, and runs a bundle with ONNX Runtime the way the node does."""
import hashlib
import os
from pathlib import Path

import numpy as np
import yaml
from tokenizers import Tokenizer

from .config import PIXEL_MEAN, PIXEL_STD
from .graphs import FEATURES

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # ONNX Runtime reads it when it is imported
import onnxruntime  # noqa: E402

MASKED = ("image_embeddings", "fine", "picture")        # what the mask decoder takes of FEATURES
DETECTED = ("detector_scores", "detector_boxes")
PROMPT = ("point_coords", "point_labels")
PRESENT = {"logits": "logits", "present_key": "present.{layer}.key", "present_value": "present.{layer}.value"}
NAMES, CLASSES = "names.txt", "classes.txt"


def sha256(path):
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def same(*names):
    return {name: name for name in names}


def description(folder, size, layers, eos, version):
    """The contents of bundle.yaml for the graphs that lie in `folder`."""
    folder = Path(folder)
    tensors = {
        "image_encoder": (same("pixels"), same(*FEATURES)),
        "mask_decoder": (same(*MASKED, *PROMPT, "mask_input", "has_mask_input"), same("low_res_masks", "iou_predictions")),
        "caption_prefix": (same(*FEATURES, "region_boxes"), same("lm_prefix", "name_scores", "caption_score")),
        "object_detector": (same(*DETECTED), same("boxes", "scores", "class_ids")),
        "lm_prefill": (same("inputs_embeds"), PRESENT),
        "lm_decode": ({"input_ids": "input_ids", "past_key": "past.{layer}.key",
                       "past_value": "past.{layer}.value"}, PRESENT),
    }
    graphs = {role: {"file": f"{role}.onnx", "sha256": sha256(folder / f"{role}.onnx"),
                     "inputs": dict(inputs), "outputs": dict(outputs)}
              for role, (inputs, outputs) in tensors.items()}
    graphs["mask_decoder"] = {"kind": "sca"} | graphs["mask_decoder"]
    for role, file in (("caption_prefix", NAMES), ("object_detector", CLASSES)):
        graphs[role] |= {"names": file, "names_sha256": sha256(folder / file)}
    return {
        "format": 2, "name": "segcap-builtin", "version": version, "license": "Apache-2.0",
        "source": "made by training/ of this repository on NanoDet and EfficientNet-Lite0, see MODEL_CARD.md",
        "preprocess": {"input_size": size, "resize": "longest_edge", "channels": "rgb", "layout": "nchw",
                       "dtype": "float32", "mean": list(PIXEL_MEAN), "std": list(PIXEL_STD)},
        "graphs": graphs,
        "language_model": {"layers": layers, "tokenizer": "tokenizer.json",
                           "tokenizer_sha256": sha256(folder / "tokenizer.json"),
                           "eos_token_id": eos, "max_new_tokens": 20},
    }


def write_description(folder, **sizes):
    text = yaml.safe_dump(description(folder, **sizes), sort_keys=False, width=110)
    (Path(folder) / "bundle.yaml").write_text(text)


class Bundle:
    """A bundle that is ready to run, on the CPU."""

    def __init__(self, folder, threads=2):
        folder = Path(folder)
        self.info = yaml.safe_load((folder / "bundle.yaml").read_text())
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        self.graphs = {role: onnxruntime.InferenceSession(
            str(folder / entry["file"]), options, providers=["CPUExecutionProvider"])
            for role, entry in self.info["graphs"].items()}
        self.size = self.info["preprocess"]["input_size"]
        language = self.info["language_model"]
        self.layers, self.eos = language["layers"], language["eos_token_id"]
        self.limit = language["max_new_tokens"]
        self.tokenizer = Tokenizer.from_file(str(folder / language["tokenizer"]))
        self.names = (folder / self.info["graphs"]["caption_prefix"]["names"]).read_text().splitlines()

    def encode(self, pixels):
        """(1,3,S,S) normalised float32 -> {feature: tensor}."""
        return dict(zip(FEATURES, self.graphs["image_encoder"].run(list(FEATURES), {"pixels": pixels})))

    def masks(self, features, coords, labels, mask_input=None):
        """-> low_res_masks (N,M,4H,4W), iou_predictions (N,M)."""
        n, side = len(coords), 4 * features["image_embeddings"].shape[2]
        has = np.full(n, mask_input is not None, np.float32)
        if mask_input is None:
            mask_input = np.zeros((n, 1, side, side), np.float32)
        feed = {name: features[name] for name in MASKED}
        feed |= dict(zip(PROMPT, (coords, labels)), mask_input=mask_input, has_mask_input=has)
        return self.graphs["mask_decoder"].run(["low_res_masks", "iou_predictions"], feed)

    def prefix(self, features, boxes):
        """boxes (N,4) in the model's pixels -> lm_prefix (N,P,D), name_scores (N,K), caption_score (N)."""
        return self.graphs["caption_prefix"].run(["lm_prefix", "name_scores", "caption_score"],
                                                 features | {"region_boxes": boxes})

    def detections(self, features):
        """-> boxes (D,4) in the model's pixels, scores (D), class ids (D)."""
        found = self.graphs["object_detector"].run(["boxes", "scores", "class_ids"],
                                                   {name: features[name] for name in DETECTED})
        return [each[0] for each in found]

    def tokens(self, prefix):
        """Greedy tokens of each row, without the end token."""
        logits, *past = self.graphs["lm_prefill"].run(None, {"inputs_embeds": prefix})
        names = [f"past.{i}.{part}" for i in range(self.layers) for part in ("key", "value")]
        out, going = [[] for _ in prefix], [True] * len(prefix)
        for _ in range(self.limit):
            token = logits.argmax(-1)
            for i, value in enumerate(token.tolist()):
                going[i] = going[i] and value != self.eos
                if going[i]:
                    out[i].append(value)
            if not any(going):
                break
            feed = dict(zip(names, past), input_ids=token[:, None].astype(np.int64))
            logits, *past = self.graphs["lm_decode"].run(None, feed)
        return out

    def captions(self, features, boxes):
        """-> [(caption, probability that its noun is right, [(name, probability), ...] best five)]."""
        prefix, chances, sure = self.prefix(features, boxes)
        best = np.argsort(-chances, 1)[:, :5]
        return [(self.tokenizer.decode(ids), float(score), [(self.names[k], float(row[k])) for k in top])
                for ids, score, row, top in zip(self.tokens(prefix), sure, chances, best)]
