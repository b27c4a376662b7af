"""The network cut into the six graphs of a bundle. Roles, shapes and tensors are those of models/README.md."""
import torch
from torch import nn

# What the encoder hands to the other graphs, in this order.
FEATURES = ("image_embeddings", "fine", "neck_8", "neck_16", "neck_32", "detector_scores", "detector_boxes", "picture")
PROPOSED = 300              # of the detector's cells, the best


class Encoder(nn.Module):
    """pixels -> FEATURES."""

    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, pixels):
        return (*self.network.encode(pixels), pixels + 0.0)


class MaskDecoder(nn.Module):
    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, image_embeddings, fine, picture, point_coords, point_labels, mask_input, has_mask_input):
        return self.network.masks(image_embeddings, fine, picture, point_coords, point_labels, mask_input, has_mask_input)


class CaptionPrefix(nn.Module):
    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, image_embeddings, fine, neck_8, neck_16, neck_32, detector_scores, detector_boxes, picture, region_boxes):
        return self.network.caption_prefix(image_embeddings, fine, picture, (neck_8, neck_16, neck_32), detector_scores,
                                           detector_boxes, region_boxes)


class ObjectDetector(nn.Module):
    """The detector's scores and boxes -> its best PROPOSED: boxes (1,D,4), scores (1,D), class_ids (1,D). Overlaps stay."""

    def forward(self, detector_scores, detector_boxes):
        best, kind = detector_scores.max(2)
        scores, at = best.topk(PROPOSED, 1)
        return detector_boxes.gather(1, at[:, :, None].expand(-1, -1, 4)), scores, kind.gather(1, at)


def flatten(present):
    """[(key, value), ...] -> key, value, key, value, ..."""
    return tuple(tensor for cache in present for tensor in cache)


class Prefill(nn.Module):
    def __init__(self, network):
        super().__init__()
        self.language = network.speaker.language

    def forward(self, inputs_embeds):
        logits, present = self.language(inputs_embeds)
        return (logits[:, -1], *flatten(present))


class Decode(nn.Module):
    def __init__(self, network):
        super().__init__()
        self.language = network.speaker.language

    def forward(self, input_ids, *past):
        logits, present = self.language.step(input_ids, list(zip(past[0::2], past[1::2])))
        return (logits, *flatten(present))


def example(network, size):
    """One picture's FEATURES, for tracing."""
    with torch.no_grad():
        return dict(zip(FEATURES, Encoder(network)(torch.rand(1, 3, size, size))))
