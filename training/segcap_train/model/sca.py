"""The whole network: segment and caption anything, small."""
import torch
from torch import nn

from ..config import ModelConfig
from .closeup import CELLS, Closeup, consensus
from .decoder import CaptionMixer, MaskDecoder
from .encoder import ImageEncoder
from .language import LanguageModel
from .prompt import PromptEncoder
from .tags import Tagger

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
        self.tagger = Tagger(self.cfg)
        self.task_tokens = nn.Parameter(torch.randn(self.cfg.task_tokens, self.cfg.lm_width) * 0.5)
        self.language = LanguageModel(self.cfg)

    def encode(self, pixels):
        """(B,3,S,S) -> (B,C,S/8,S/8)."""
        grid = self.prompt.dense(pixels.shape[2] // COARSE, pixels.shape[3] // COARSE)
        return self.encoder(pixels, grid)

    def segment(self, embeddings, coords, labels, mask_input=None, has_mask=None, owner=None):
        """SAM's stage. `owner` (N) says whose picture each prompt looks at; without it there is one.

        Returns tokens (N,T,D) and what masks are painted from: image tokens (N,h*w,D), detail (strides 8
        and 4) and the prompts' drawing.
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
        return tokens, (image, detail, drawing)

    def masks(self, embeddings, coords, labels, mask_input=None, has_mask=None, owner=None):
        """-> logits (N,M,4H,4W), predicted IoU (N,M)."""
        tokens, painting = self.segment(embeddings, coords, labels, mask_input, has_mask, owner)
        return self.decoder.paint(tokens, *painting)

    def caption_prefix(self, embeddings, coords, labels):
        """-> (N,P,D), what the language model continues."""
        tokens, painting = self.segment(embeddings, coords, labels)
        share = consensus(*self.decoder.paint(tokens, *painting))
        return self.describe(embeddings, tokens, share)[0]

    def look(self, embeddings, share, owner=None):
        """The close-up of what lies under shares (N,1,h,w): cells, caption tokens' part, sum."""
        seen = self.closeup.see(embeddings)
        seen = seen.expand(share.shape[0], -1, -1, -1) if owner is None else seen[owner]
        return self.closeup(*self.closeup.sample(seen, share))

    def describe(self, embeddings, tokens, share, owner=None, keep=None):
        """Caption prefix (N,P,D) after SAM's stage, and the logits of its tags. `keep` (N) of 0 and 1 blanks the caption
        tokens of some in training, so that the language model heeds the tags."""
        cells, look, hidden = self.look(embeddings, share, owner)
        tags = self.tagger(hidden)
        caption = self.mixer(tokens, cells, self.prompt.dense(CELLS, CELLS), look)
        if keep is not None:
            caption = caption * keep[:, None, None]
        n = tokens.shape[0]
        return torch.cat([self.task_tokens.unsqueeze(0).expand(n, -1, -1), self.tagger.rows(*tags), caption], 1), tags

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
