"""What a step minimises: names under true masks, then masks and captions from prompts as well."""
import torch

from .helper import tag_loss
from .losses import CAPTION, caption_loss, mask_loss
from .model.closeup import consensus
from .prompts import error_clicks, stale_masks

BLANK_SHARE = 0.3        # of the captions are learned from the tags alone
AGAIN_SHARE = 0.3        # of the steps have a second round: a correction or a mask prompt


def objective(model, helper, batch, embeddings, rng):
    """Loss of a batch and the figures to report, {name: value}."""
    things = batch.things
    loss = helper.under_masks(embeddings, things) + helper.borders(embeddings, batch.borders)
    figures = {}
    _, _, hidden = model.look(embeddings, things.targets[:, None], things.owner)
    named, figures["named"] = tag_loss(model.tagger(hidden), things.names)
    loss = loss + named
    if batch.boxes is None:
        return loss, figures
    for name, prompts in (("box", batch.boxes), ("point", batch.points)):
        loss = loss + prompted(name, model, things, prompts, embeddings, rng, figures)
    return loss, figures


def prompted(name, model, things, prompts, embeddings, rng, figures):
    """Loss of one kind of prompts: masks, captions, names."""
    owner, targets = things.owner[prompts.thing], things.targets[prompts.thing]
    captions, names = things.captions[prompts.thing], things.names[prompts.thing]
    tokens, painting = model.segment(embeddings, prompts.coords, prompts.labels, owner=owner)
    masks, iou = model.decoder.paint(tokens, *painting)
    share = consensus(masks.detach().float(), iou.detach().float())
    keep = torch.from_numpy(rng.random(len(owner)) >= BLANK_SHARE).float().to(share.device)
    prefix, tags = model.describe(embeddings, tokens, share, owner, keep)
    logits, _ = model.language(prefix, captions[:, :-1].clamp(min=0))
    words = caption_loss(logits, captions, prefix.shape[1])
    named, right = tag_loss(tags, names)
    loss, real = mask_loss(masks, iou, targets)
    figures |= {name: real.mean().item(), name + "_words": words.item(), name + "_named": right}
    if rng.random() < AGAIN_SHARE:
        again, figures["again"] = second_round(model, embeddings, prompts, owner, targets, masks.detach(), iou.detach(), rng)
        loss = loss + again
    return loss + CAPTION * words + named


def second_round(model, embeddings, prompts, owner, targets, masks, iou, rng):
    """A click on the error, or a mask prompt with nothing but its box."""
    best = masks[torch.arange(len(masks), device=masks.device), iou.argmax(1)].float()
    coords, labels = prompts.coords, prompts.labels
    previous = best[:, None]
    boxed = labels[0, 0] == 2
    if boxed and rng.random() < 0.5:
        previous = stale_masks(targets, rng)
    else:
        more, kinds = error_clicks(best, targets, 2 * targets.shape[-1], rng)
        end = coords.shape[1] - (0 if boxed else 1)         # new points come before the padding
        coords = torch.cat([coords[:, :end], more, coords[:, end:]], 1)
        labels = torch.cat([labels[:, :end], kinds, labels[:, end:]], 1)
    has = torch.full((len(coords),), float(boxed or rng.random() < 0.7), device=coords.device)
    masks, iou = model.masks(embeddings, coords, labels, previous, has, owner)
    loss, real = mask_loss(masks, iou, targets)
    return loss, real.mean().item()
