"""The network cut into the five graphs of a bundle. Shapes are those of models/README.md."""
from torch import nn


class Encoder(nn.Module):
    def __init__(self, sca):
        super().__init__()
        self.sca = sca

    def forward(self, pixels):
        return self.sca.encode(pixels)


class MaskDecoder(nn.Module):
    def __init__(self, sca):
        super().__init__()
        self.sca = sca

    def forward(self, image_embeddings, point_coords, point_labels, mask_input, has_mask_input):
        return self.sca.masks(image_embeddings, point_coords, point_labels, mask_input, has_mask_input)


class CaptionPrefix(nn.Module):
    def __init__(self, sca):
        super().__init__()
        self.sca = sca

    def forward(self, image_embeddings, point_coords, point_labels):
        return self.sca.caption_prefix(image_embeddings, point_coords, point_labels)


def flatten(present):
    """[(key, value), ...] -> key, value, key, value, ..."""
    return tuple(tensor for cache in present for tensor in cache)


class Prefill(nn.Module):
    def __init__(self, sca):
        super().__init__()
        self.language = sca.language

    def forward(self, inputs_embeds):
        logits, present = self.language(inputs_embeds)
        return (logits[:, -1], *flatten(present))


class Decode(nn.Module):
    def __init__(self, sca):
        super().__init__()
        self.language = sca.language

    def forward(self, input_ids, *past):
        logits, present = self.language.step(input_ids, list(zip(past[0::2], past[1::2])))
        return (logits, *flatten(present))
