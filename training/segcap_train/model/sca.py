"""The whole network: segment and caption anything, small."""
import torch
from torch import nn

from ..config import ModelConfig
from .closeup import Closeup
from .decoder import CaptionMixer, MaskDecoder
from .encoder import ImageEncoder
from .language import LanguageModel
from .prompt import PromptEncoder

STRIDE = 8          # of image_embeddings
COARSE = 16         # of the grid that attention runs on


class Sca(nn.Module):
    """Encoder, prompt encoder, mask decoder, caption mixer and language model."""

    def __init__(self, cfg=None):
        super().__init__()
        self.cfg = cfg or ModelConfig()
        self.encoder = ImageEncoder(self.cfg)
        self.prompt = PromptEncoder(self.cfg.dim)
        self.decoder = MaskDecoder(self.cfg)
        self.closeup = Closeup(self.cfg)
        self.mixer = CaptionMixer(self.cfg)
        self.language = LanguageModel(self.cfg)

    def encode(self, pixels):
        """(B,3,S,S) -> (B,C,S/8,S/8)."""
        grid = self.prompt.dense(pixels.shape[2] // COARSE, pixels.shape[3] // COARSE)
        return self.encoder(pixels, grid)

    def segment(self, embeddings, coords, labels, mask_input=None, has_mask=None, owner=None):
        """SAM's stage. `owner` (N) says whose picture each prompt looks at; without it there is one.

        Returns tokens (N,T,D), image tokens (N,h*w,D), their position (h*w,D), and what masks are painted
        from: detail (strides 8 and 4) and the prompts' drawing.
        """
        height, width = embeddings.shape[2], embeddings.shape[3]
        net = self.decoder
        views = net.shrink(embeddings), net.detail8(embeddings), net.detail4(embeddings)
        n = coords.shape[0]
        coarse, *detail = [v.expand(n, -1, -1, -1) if owner is None else v[owner] for v in views]
        prompt_tokens = self.prompt.points(coords, labels, float(height * STRIDE))
        drawing = self.prompt.drawing(coords, labels, float(height * STRIDE), height, width)
        if mask_input is None:
            dense = self.prompt.no_mask.reshape(1, -1, 1, 1)
        else:
            dense = self.prompt.mask(mask_input, has_mask)
        dense = dense + self.prompt.draw(drawing)
        position = self.prompt.dense(height // 2, width // 2)
        tokens, image = self.decoder.attend(coarse, prompt_tokens, dense, position)
        return tokens, image, position, (detail, drawing)

    def masks(self, embeddings, coords, labels, mask_input=None, has_mask=None, owner=None):
        """-> logits (N,M,4H,4W), predicted IoU (N,M)."""
        tokens, image, _, painting = self.segment(embeddings, coords, labels, mask_input, has_mask, owner)
        return self.decoder.paint(tokens, image, *painting)

    def caption_prefix(self, embeddings, coords, labels):
        """-> (N,P,D), what the language model continues."""
        return self.describe(embeddings, *self.segment(embeddings, coords, labels), None)[2]

    def describe(self, embeddings, tokens, image, position, painting, owner):
        """Masks, IoU, caption prefix and what the closer look sums up to, after SAM's stage."""
        masks, iou = self.decoder.paint(tokens, image, *painting)
        seen = self.closeup.see(embeddings)
        seen = seen.expand(tokens.shape[0], -1, -1, -1) if owner is None else seen[owner]
        with torch.autocast(embeddings.device.type, enabled=False):     # places are no matter for bfloat16
            look, hidden = self.closeup(seen.float(), masks.detach().float(), iou.detach().float())
        return masks, iou, self.mixer(tokens, image, position, look), hidden

    @torch.no_grad()
    def greedy(self, prefix, eos, limit):
        """Greedy tokens of each caption, a list of lists without the end token."""
        logits, present = self.language(prefix)
        token = logits[:, -1].argmax(-1, keepdim=True)
        out, open_ = [[] for _ in range(prefix.shape[0])], [True] * prefix.shape[0]
        for _ in range(limit):
            for i, value in enumerate(token[:, 0].tolist()):
                open_[i] = open_[i] and value != eos
                if open_[i]:
                    out[i].append(value)
            if not any(open_):
                break
            logits, present = self.language.step(token, present)
            token = logits.argmax(-1, keepdim=True)
        return out
