"""A small GPT-2-like language model with a cache of keys and values."""
import torch
from torch import nn
from torch.nn import functional as F

from .layers import Mlp


class Block(nn.Module):
    """Pre-norm causal self-attention and MLP."""

    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.mlp = Mlp(width, 3 * width)

    def forward(self, x, bias, past=None):
        """x (B,T,D); bias (T,Tall) added to the scores; past (key, value) each (B,heads,T0,d)."""
        b, t, d = x.shape
        q, k, v = (part.reshape(b, t, self.heads, d // self.heads).transpose(1, 2)
                   for part in self.qkv(self.norm1(x)).chunk(3, -1))
        if past is not None:
            k, v = torch.cat([past[0], k], 2), torch.cat([past[1], v], 2)
        scores = (q * q.shape[-1] ** -0.5) @ k.transpose(-1, -2)
        y = (scores if bias is None else scores + bias).softmax(-1) @ v
        x = x + self.out(y.transpose(1, 2).reshape(b, t, d))
        return x + self.mlp(self.norm2(x)), (k, v)


class LanguageModel(nn.Module):
    """Embeddings in, logits out; the output matrix is tied to the input one."""

    def __init__(self, cfg):
        super().__init__()
        self.tokens = nn.Embedding(cfg.vocab, cfg.lm_width)
        self.positions = nn.Embedding(cfg.lm_positions, cfg.lm_width)
        self.blocks = nn.ModuleList(Block(cfg.lm_width, cfg.lm_heads) for _ in range(cfg.lm_layers))
        self.norm = nn.LayerNorm(cfg.lm_width)
        nn.init.normal_(self.tokens.weight, std=0.05)
        nn.init.normal_(self.positions.weight, std=0.02)

    def logits(self, x):
        return F.linear(self.norm(x), self.tokens.weight)

    def forward(self, prefix, ids=None):
        """prefix (B,P,D), then ids (B,T) -> logits (B,P+T,V) and the caches; causal throughout."""
        x = prefix if ids is None else torch.cat([prefix, self.tokens(ids)], 1)
        t = x.shape[1]
        index = torch.arange(t, device=x.device)
        x = x + self.positions(index)
        bias = (index.unsqueeze(0) > index.unsqueeze(1)).to(x.dtype) * -1e4
        present = []
        for block in self.blocks:
            x, cache = block(x, bias)
            present.append(cache)
        return self.logits(x), present

    def step(self, ids, past):
        """One token each: ids (B,1) and the caches -> logits (B,V) and the longer caches."""
        at = torch.full_like(ids[:1], past[0][0].shape[2])      # its position is the past's length
        x = self.tokens(ids) + self.positions(at)
        present = []
        for block, cache in zip(self.blocks, past):
            x, cache = block(x, None, cache)
            present.append(cache)
        return self.logits(x[:, -1]), present


@torch.no_grad()
def greedy(language, prefix, eos, limit):
    """Greedy tokens of each row of prefix (B,P,D), a list of lists without the end token."""
    logits, present = language(prefix)
    token = logits[:, -1].argmax(-1, keepdim=True)
    out, going = [[] for _ in range(prefix.shape[0])], [True] * prefix.shape[0]
    for _ in range(limit):
        for i, value in enumerate(token[:, 0].tolist()):
            going[i] = going[i] and value != eos
            if going[i]:
                out[i].append(value)
        if not any(going):
            break
        logits, present = language.step(token, present)
        token = logits.argmax(-1, keepdim=True)
    return out
