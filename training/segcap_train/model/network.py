"""The whole network: segment and caption anything, small, on pretrained features."""
import torch
from torch import nn
from torch.nn import functional as F

from ..config import ModelConfig
from ..tokenizer import tokenizer
from . import windows
from .appearance import SIDE, Appearance
from .kinds import GENERIC, kinds, plain
from .masker import MASKS, Prompt
from .namer import CLOSE, Namer, detections, names, squares
from .segmenter import Segmenter
from .speaker import NAME_ROWS, NOTHING, Speaker

UNDER = 6                    # samples across and down of the detector's features under a region
SURE_NAME, SURE_KIND = 0.4, 0.55      # from these probabilities on a name, else a kind, is said
SURE_COLOUR, SURE_PATTERN = 0.4, 0.6


def under(neck, boxes):
    """Means of the detector's maps in boxes (N,4): (N,384)."""
    return torch.cat([windows.look(level, boxes, UNDER).mean((2, 3)) for level in neck], 1)


def token_row(name):
    """NAME_ROWS token ids of a name as it stands in a caption, behind a space."""
    ids = tokenizer().encode(" " + name).ids[:NAME_ROWS]
    return ids + [NOTHING] * (NAME_ROWS - len(ids))


class Network(nn.Module):
    """Segmenter, names, appearance, words."""

    def __init__(self, cfg=None):
        super().__init__()
        self.cfg = cfg or ModelConfig()
        self.segmenter, self.namer = Segmenter(), Namer()
        self.appearance, self.speaker = Appearance(), Speaker(self.cfg)
        sayable = [*names(), *kinds(), GENERIC]
        self.register_buffer("tokens_of", torch.tensor([token_row(name) for name in sayable]))
        self.register_buffer("of_kind", torch.tensor([[float(noun in nouns) for nouns in kinds().values()]
                                                      for noun in names()]))
        self.register_buffer("coloured", torch.tensor([float(name not in plain()) for name in sayable]))
        self.register_buffer("sure", torch.tensor([SURE_NAME, SURE_KIND]))

    def encode(self, pixels):
        """(1,3,S,S) -> embeddings, fine, three maps of the neck, detector's scores (1,A,80) and boxes (1,A,4) in pixels."""
        detector = self.segmenter.detector
        x4, x8, x16, x32 = detector.backbone(pixels)
        neck = detector.neck(x8, x16, x32)
        return (*self.segmenter.pyramid(x4, x8, neck), *neck, *detector.detect(neck))

    def masks(self, embeddings, fine, pixels, coords, labels, mask_input=None, has_mask=None):
        """-> logits (N,M,4H,4W), predicted IoU (N,M) in 0..1."""
        prompt = Prompt((coords + 0.5) / pixels.shape[-1], labels, mask_input, has_mask)
        masks, quality = self.segmenter.masker(embeddings, fine, pixels, prompt)
        return masks, quality.clamp(0.0, 1.0)

    def name(self, pixels, neck, scores, where, boxes):
        """Probabilities (N,K) of the names of what is in boxes (N,4), shares of the square."""
        close = self.namer.classifier(windows.look(pixels, squares(boxes), CLOSE))
        seen = detections(scores[0], where[0] / pixels.shape[-1], boxes)
        return self.namer.mixed(*self.namer.experts(close, under(neck, boxes), seen))

    def looks(self, embeddings, fine, pixels, boxes):
        """Logits of colour, pattern and handle under the mask of each box."""
        masker = self.segmenter.masker
        n = boxes.shape[0]
        labels = torch.tensor([[2.0, 3.0]], device=boxes.device).expand(n, 2)
        prompt = Prompt(boxes.reshape(n, 2, 2), labels)
        window = masker.windows_of(prompt, boxes)
        rough = torch.zeros(n, MASKS, 8, 8, device=boxes.device)
        masks, quality = masker.paint(embeddings, fine, pixels, prompt, rough, window)
        best = (quality == quality.amax(1, keepdim=True)).to(masks.dtype)
        share = (masks * best[:, :, None, None]).sum(1, keepdim=True).sigmoid()
        colours = F.adaptive_avg_pool2d(windows.look(pixels, window, 2 * SIDE), SIDE)
        return self.appearance(colours, F.interpolate(share, (SIDE, SIDE), mode="bilinear", align_corners=False))

    def decide(self, chances):
        """What is said: index (N) into the names, the kinds, or the last resort; the probability that it is right (N)."""
        right = chances @ self.namer.accepted              # that a person takes the name for it
        best = chances.argmax(1, keepdim=True)
        wider = right.argmax(1, keepdim=True)               # "box" where it is a carton or a cardboard box
        name = torch.where(right.gather(1, best) >= self.sure[0], best, wider)
        top, name = right.gather(1, name)[:, 0].clamp(max=1.0), name[:, 0]
        mass, kind = (chances @ self.of_kind).max(1)
        named = top >= self.sure[0]
        kinded = (mass >= self.sure[1]) & ~named
        last = torch.full_like(name, self.tokens_of.shape[0] - 1)
        said = torch.where(named, name, torch.where(kinded, kind + chances.shape[1], last))
        return said, torch.where(kinded, mass.clamp(max=1.0), top)

    def caption_prefix(self, embeddings, fine, pixels, neck, scores, where, boxes):
        """boxes (N,4) in pixels -> rows (N,P,D), names' probabilities (N,K), probability of what is said (N)."""
        boxes = boxes / pixels.shape[-1]
        chances = self.name(pixels, neck, scores, where, boxes)
        said, score = self.decide(chances)
        looks = self.looks(embeddings, fine, pixels, boxes)
        coloured = self.coloured[said].long()
        tags = {}
        for key, least in (("colour", SURE_COLOUR), ("pattern", SURE_PATTERN), ("handle", SURE_PATTERN)):
            best, index = looks[key].softmax(1).max(1)
            tags[key] = index * (best >= least).long() * coloured
        handled = (tags["handle"] > 0).long()
        tags["colour"], tags["pattern"] = tags["colour"] * (1 - handled), tags["pattern"] * (1 - handled)
        return self.speaker.rows(self.tokens_of[said], tags), chances, score
