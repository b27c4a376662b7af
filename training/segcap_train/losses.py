"""SAM's mask losses and the caption's cross-entropy."""
from torch.nn import functional as F

FOCAL, DICE, IOU = 20.0, 1.0, 1.0
OTHERS = 0.05          # weight of the masks that are not the best, so that none of them dies


def focal(logits, targets):
    """(N,M,h,w) -> (N,M); the targets may be soft."""
    chance = logits.sigmoid()
    entropy = F.binary_cross_entropy_with_logits(logits, targets, reduction="none")
    return 0.5 * ((chance - targets) ** 2 * entropy).mean((2, 3))


def dice(logits, targets):
    chance = logits.sigmoid()
    overlap = (chance * targets).sum((2, 3))
    return 1 - (2 * overlap + 1) / (chance.sum((2, 3)) + targets.sum((2, 3)) + 1)


def caption_loss(logits, captions, prefix_rows):
    """Cross-entropy of each next token; logits (N,P+T-1,V), captions (N,T) with -100 to ignore."""
    guess = logits[:, prefix_rows - 1:].float()
    return F.cross_entropy(guess.reshape(-1, guess.shape[-1]), captions.reshape(-1), ignore_index=-100,
                           label_smoothing=0.05)
