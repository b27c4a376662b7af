"""A bundle run with onnxruntime and numpy, as a Python node's author would: no tricks, no mistakes either."""

import json
import os
from pathlib import Path

import numpy as np
import yaml
from PIL import Image

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # ONNX Runtime reads it when it is imported
import onnxruntime  # noqa: E402


class Bundle:
    """The graphs of a bundle folder (models/README.md) and what stands between them."""

    def __init__(self, folder, threads=0, spinning=True):
        self.folder = Path(folder)
        self.manifest = yaml.safe_load((self.folder / "bundle.yaml").read_text(encoding="utf-8"))
        self.name = f"{self.manifest['name']} {self.manifest['version']}"
        self.side = self.manifest["preprocess"]["input_size"]
        self.language = self.manifest["language_model"]
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        if not spinning:
            options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self.sessions = {
            role: onnxruntime.InferenceSession(self.folder / graph["file"], options, ["CPUExecutionProvider"])
            for role, graph in self.manifest["graphs"].items()
        }
        tokenizer = json.loads((self.folder / self.language["tokenizer"]).read_text(encoding="utf-8"))
        self.tokens = {number: token for token, number in tokenizer["model"]["vocab"].items()}
        decoder = self.sessions["mask_decoder"]
        shape = next(i.shape for i in decoder.get_inputs() if i.name == "mask_input")
        self.mask_side = shape[-1]

    def content_size(self, width, height):
        """What an image's sides become inside the encoder's square (SAM's rule)."""
        scale = self.side / max(width, height)
        return int(width * scale + 0.5), int(height * scale + 0.5)

    def preprocess(self, rgb):
        """(H, W, 3) uint8 to (1, 3, S, S) float32."""
        rules = self.manifest["preprocess"]
        size = self.content_size(rgb.shape[1], rgb.shape[0])
        resized = np.asarray(Image.fromarray(rgb).resize(size, Image.Resampling.BILINEAR), np.float32)
        mean, std = np.array(rules["mean"], np.float32), np.array(rules["std"], np.float32)
        pixels = np.zeros((1, 3, self.side, self.side), np.float32)
        pixels[0, :, : size[1], : size[0]] = ((resized / 255 - mean) / std).transpose(2, 0, 1)
        return pixels

    def encode(self, rgb):
        return self.sessions["image_encoder"].run(None, {"pixels": self.preprocess(rgb)})[0]

    def prompt_tensors(self, prompt, width, height):
        """A segcap/Prompt as (1, K, 2) coordinates in the square and (1, K) labels."""
        to_x, to_y = (new / old for new, old in zip(self.content_size(width, height), (width, height), strict=True))
        labels = list(prompt.labels) or [1] * len(prompt.points)
        points = [(p.x * to_x, p.y * to_y) for p in prompt.points]
        if prompt.type == prompt.BOX:
            box = prompt.box
            points.append((box.x_offset * to_x, box.y_offset * to_y))
            points.append(((box.x_offset + box.width) * to_x, (box.y_offset + box.height) * to_y))
            labels += [2, 3]
        else:
            points.append((0.0, 0.0))
            labels.append(-1)
        return np.array([points], np.float32), np.array([labels], np.float32)

    def decode(self, embeddings, coords, labels):
        """The best mask's logits (h, w) and its predicted IoU."""
        masks, scores = self.sessions["mask_decoder"].run(
            ["low_res_masks", "iou_predictions"],
            {
                "image_embeddings": embeddings,
                "point_coords": coords,
                "point_labels": labels,
                "mask_input": np.zeros((1, 1, self.mask_side, self.mask_side), np.float32),
                "has_mask_input": np.zeros(1, np.float32),
            },
        )
        best = int(scores[0].argmax())
        return masks[0, best], float(scores[0, best])

    def full_mask(self, logits, width, height):
        """Logits of the square to a mask of the image: bilinear to S x S, cropped, bilinear to the image."""
        content = self.content_size(width, height)
        square = Image.fromarray(logits).resize((self.side, self.side), Image.Resampling.BILINEAR)
        return np.asarray(square.crop((0, 0, *content)).resize((width, height), Image.Resampling.BILINEAR)) > 0

    def caption(self, embeddings, coords, labels):
        """Greedy words for one prompt, and their mean log-probability."""
        prompt = {"image_embeddings": embeddings, "point_coords": coords, "point_labels": labels}
        prefix = self.sessions["caption_prefix"].run(["lm_prefix"], prompt)[0]
        names = [output.name for output in self.sessions["lm_prefill"].get_outputs()]
        outputs = dict(zip(names, self.sessions["lm_prefill"].run(names, {"inputs_embeds": prefix}), strict=True))
        chosen, log_probabilities = [], []
        while len(chosen) < self.language["max_new_tokens"]:
            logits = outputs["logits"][0]
            token = int(logits.argmax())
            log_probabilities.append(float(-np.log(np.exp(logits - logits[token]).sum())))
            if token == self.language["eos_token_id"]:
                break
            chosen.append(token)
            past = {name.replace("present", "past"): value for name, value in outputs.items() if name != "logits"}
            step = {"input_ids": np.array([[token]], np.int64), **past}
            outputs = dict(zip(names, self.sessions["lm_decode"].run(names, step), strict=True))
        return self.text(chosen), float(np.mean(log_probabilities))

    def text(self, tokens):
        """Byte-level BPE tokens to text."""
        characters = "".join(self.tokens[token] for token in tokens)
        return bytes(_BYTES[c] for c in characters).decode("utf-8", "replace").strip()


def _byte_alphabet():
    """GPT-2's printable stand-ins for the 256 bytes."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    rest = [byte for byte in range(256) if byte not in printable]
    return {chr(b): b for b in printable} | {chr(256 + i): b for i, b in enumerate(rest)}


_BYTES = _byte_alphabet()
