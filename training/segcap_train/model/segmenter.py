"""What segments: the detector's features, the pyramid on them, masks from prompts."""
import torch
from torch import nn

from .masker import Masker
from .nanodet import NanoDet
from .pyramid import Pyramid


class Segmenter(nn.Module):
    """Pixels to features; features and prompts to masks."""

    def __init__(self):
        super().__init__()
        self.detector = NanoDet()
        self.pyramid = Pyramid()
        self.masker = Masker()
        self.frozen = True              # the detector

    def see(self, pixels):
        """(B,3,S,S) -> embeddings (B,EMBED,S/8,S/8), fine (B,FINE,S/4,S/4)."""
        with torch.set_grad_enabled(not self.frozen and torch.is_grad_enabled()):
            x4, x8, x16, x32 = self.detector.backbone(pixels)
            neck = self.detector.neck(x8, x16, x32)
        return self.pyramid(x4, x8, neck)

    def own(self):
        """The parts that are trained while the detector is frozen."""
        return [*self.pyramid.parameters(), *self.masker.parameters()]
