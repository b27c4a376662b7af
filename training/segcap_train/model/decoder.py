"""Two-way transformer, mask decoder and text feature mixer."""
import torch
from torch import nn
from torch.nn import functional as F

from .layers import Attention, Grow, LayerNorm2d, Mlp, Shrink
from .prompt import DRAWN

WIDE, FINE = 64, 32        # channels of a mask's features at strides 8 and 4


class TwoWayBlock(nn.Module):
    """Tokens attend to themselves, then to the picture; then the picture attends to the tokens."""

    def __init__(self, dim, heads, mlp):
        super().__init__()
        self.self_attention = Attention(dim, heads)
        self.to_image = Attention(dim, heads, dim // 2)
        self.to_tokens = Attention(dim, heads, dim // 2)
        self.mlp = Mlp(dim, mlp)
        self.norms = nn.ModuleList(nn.LayerNorm(dim) for _ in range(4))

    def forward(self, tokens, image, token_pos, image_pos):
        q = tokens + token_pos
        tokens = self.norms[0](tokens + self.self_attention(q, q, tokens))
        tokens = self.norms[1](tokens + self.to_image(tokens + token_pos, image + image_pos, image))
        tokens = self.norms[2](tokens + self.mlp(tokens))
        image = self.norms[3](image + self.to_tokens(image + image_pos, tokens + token_pos, tokens))
        return tokens, image


class TwoWay(nn.Module):
    """Some two-way blocks and a last look at the picture. The tokens' own values are their positions."""

    def __init__(self, dim, heads, mlp, layers):
        super().__init__()
        self.blocks = nn.ModuleList(TwoWayBlock(dim, heads, mlp) for _ in range(layers))
        self.last = Attention(dim, heads, dim // 2)
        self.norm = nn.LayerNorm(dim)

    def forward(self, tokens, image, image_pos):
        """(N,T,D) and (N,H*W,D) -> the same shapes."""
        start = tokens
        for block in self.blocks:
            tokens, image = block(tokens, image, start, image_pos)
        return self.norm(tokens + self.last(tokens + start, image + image_pos, image)), image


class MaskDecoder(nn.Module):
    """Attention runs at stride 16; masks are painted at stride 2 with the stride 8 detail added back."""

    def __init__(self, cfg):
        super().__init__()
        dim = cfg.dim
        self.masks = cfg.masks
        self.shrink = Shrink(cfg.embed, dim)
        self.output_tokens = nn.Parameter(torch.randn(1 + cfg.masks, dim) * 0.5)   # IoU, then masks
        self.two_way = TwoWay(dim, cfg.heads, cfg.mlp, cfg.decoder_layers)
        self.up8 = Grow(dim, WIDE)
        self.detail8 = nn.Conv2d(cfg.embed, WIDE, 1)
        self.drawn8 = nn.Conv2d(DRAWN, WIDE, 1)
        self.norm8 = LayerNorm2d(WIDE)
        self.up4 = Grow(WIDE, FINE)
        self.detail4 = Grow(cfg.embed, FINE)
        self.hyper = nn.ModuleList(nn.Sequential(nn.Linear(dim, dim), nn.GELU(), nn.Linear(dim, 4 * FINE))
                                   for _ in range(cfg.masks))
        self.iou = nn.Sequential(nn.Linear(dim, dim), nn.GELU(), nn.Linear(dim, cfg.masks))

    def attend(self, coarse, prompt_tokens, dense, image_pos):
        """coarse (N,D,h,w): `shrink` of the embeddings -> tokens (N,1+M+K,D), image (N,h*w,D)."""
        n = prompt_tokens.shape[0]
        own = self.output_tokens.unsqueeze(0).expand(n, -1, -1)
        tokens = torch.cat([own, prompt_tokens], 1)
        image = (coarse + dense).flatten(2).transpose(1, 2)
        return self.two_way(tokens, image, image_pos)

    def paint(self, tokens, image, detail, drawing):
        """`detail` (N,WIDE,H,W) and (N,FINE,2H,2W), `drawing` (N,DRAWN,H,W) -> logits (N,M,4H,4W) and IoU (N,M).

        Each mask's vector holds one dot product for each of the four stride 2 cells in a stride 4 cell:
        a transposed convolution and SAM's product in one, at a fraction of their cost.
        """
        n, _, h, w = detail[0].shape
        grid = image.transpose(1, 2).reshape(n, -1, h // 2, w // 2)
        x = F.gelu(self.norm8(self.up8(grid) + detail[0] + self.drawn8(drawing)))
        x = F.relu(self.up4(x) + detail[1])
        hyper = torch.stack([net(tokens[:, 1 + i]) for i, net in enumerate(self.hyper)], 1)
        cells = hyper.reshape(n, self.masks * 4, FINE) @ x.flatten(2)
        masks = F.pixel_shuffle(cells.reshape(n, self.masks * 4, 2 * h, 2 * w), 2)
        return masks, self.iou(tokens[:, 0])


class CaptionMixer(nn.Module):
    """SCA's text feature mixer: caption tokens in front of the SAM stage's output tokens, looking at the close-up."""

    def __init__(self, cfg):
        super().__init__()
        self.caption_tokens = nn.Parameter(torch.randn(cfg.caption_tokens, cfg.dim) * 0.5)
        self.two_way = TwoWay(cfg.dim, cfg.heads, cfg.mlp, cfg.mixer_layers)
        self.project = nn.Linear(cfg.dim, cfg.lm_width)

    def forward(self, tokens, cells, position, look):
        """`look` (N, caption tokens, D) is added to them -> (N, caption tokens, language model width)."""
        caption = self.caption_tokens.unsqueeze(0) + look
        mixed, _ = self.two_way(torch.cat([caption, tokens], 1), cells, position)
        return self.project(mixed[:, :self.caption_tokens.shape[0]])
