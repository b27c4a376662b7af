"""What a step of the masks minimises."""
import numpy as np
import torch
from torch.nn import functional as F

from .losses import DICE, FOCAL, IOU, OTHERS, dice, focal
from .model import windows
from .model.masker import MARGIN, Prompt
from .prompts import PAD, error_clicks, stale_masks

AGAIN = 0.4             # share of the steps with a second round: a click on the error, or a mask of a moment ago
SURE = 0.5              # share of the windows of clicks that come from the true mask, not from the first look
ROUGH, REACH = 0.6, 1.0 # weights of the first look's masks and boxes
POINTS = 6              # of each thing that must know its box


def best_of(logits, targets):
    """Loss (N): the best of a prompt's masks counts, the others a little."""
    each = FOCAL * focal(logits, targets) + DICE * dice(logits, targets)
    return each.amin(1) + OTHERS * each.mean(1)


def in_window(logits, targets, window, quality):
    """Masks in windows: targets (N,1,S,S). -> loss, IoU (N) of the mask that is taken."""
    n, masks, side, _ = logits.shape
    logits, quality = logits.float(), quality.float()
    seen = F.grid_sample(targets, windows.grid(*windows.places(window, side)), align_corners=False).expand(-1, masks, -1, -1)
    loss = best_of(logits, seen)
    with torch.no_grad():
        cell = (window[:, 2] - window[:, 0]) * (window[:, 3] - window[:, 1]) / side ** 2      # in shares of the square
        whole = targets.mean((1, 2, 3))
        guess, truth = logits > 0, seen > 0.5
        both = (guess & truth).sum((2, 3)) * cell[:, None]
        real = both / (guess.sum((2, 3)) * cell[:, None] + whole[:, None] - both).clamp(min=1e-6)
        real = real.clamp(0, 1)
    loss = loss + IOU * F.mse_loss(quality, real, reduction="none").mean(1) * 3
    return loss.mean(), real.gather(1, quality.argmax(1, keepdim=True))[:, 0]


def rough_loss(rough, targets, clicked):
    """The first look's masks, for prompts without a box."""
    coarse = F.adaptive_avg_pool2d(targets, rough.shape[2:]).expand_as(rough)[clicked]
    return best_of(rough[clicked].float(), coarse).mean()


def reach_loss(first, embeddings, targets, boxes, owner, rng):
    """Every pixel of a thing knows the thing's box: POINTS of each of the targets. -> loss, mean IoU."""
    side, points = targets.shape[-1], []
    for mask in targets[:, 0].cpu().numpy():
        at = rng.choice(np.flatnonzero(mask), POINTS)
        points.append(np.stack([at % side, at // side], 1))
    coords = torch.from_numpy((np.stack(points) + 0.5) / side).float().to(boxes.device).reshape(-1, 1, 2)
    prompt = Prompt(coords, torch.ones(len(coords), 1, device=coords.device))
    found = first.boxes(first.clicked(embeddings, prompt, owner.repeat_interleave(POINTS)), coords[:, 0])
    truth = boxes.repeat_interleave(POINTS, 0)
    both = (torch.minimum(found[:, 2:], truth[:, 2:]) - torch.maximum(found[:, :2], truth[:, :2])).clamp(min=0).prod(1)
    area = [(b[:, 2:] - b[:, :2]).clamp(min=0).prod(1) for b in (found, truth)]
    real = both / (area[0] + area[1] - both).clamp(min=1e-9)
    away = (found - truth).abs().mean(1) / (truth[:, 2:] - truth[:, :2]).mean(1).clamp(min=0.02)
    return (1 - real + 0.5 * away.clamp(max=4)).mean(), real.mean().item()


def boxes_of(targets):
    """The true masks' boxes (N,4), in shares."""
    boxes = []
    side = targets.shape[-1]
    for mask in targets[:, 0].bool():
        ys, xs = torch.nonzero(mask.any(1))[:, 0], torch.nonzero(mask.any(0))[:, 0]
        boxes.append([xs[0].item(), ys[0].item(), xs[-1].item() + 1, ys[-1].item() + 1])
    return torch.tensor(boxes, device=targets.device) / side


def noisy_windows(boxes, rng):
    """Windows around the true boxes, off by a little."""
    extent = (boxes[:, 2:] - boxes[:, :2]).repeat(1, 2)
    noise = torch.from_numpy(rng.normal(0, 0.10, boxes.shape)).float().to(boxes.device)
    return windows.widened(boxes + noise * extent, MARGIN)


def objective(model, batch, rng):
    """Loss of a batch and the figures to report, {name: value}."""
    size = batch.pixels.shape[-1]
    embeddings, fine = model.see(batch.pixels)
    prompt = Prompt((batch.coords + 0.5) / size, batch.labels)
    rough, found = model.masker.first(embeddings, prompt, batch.owner)
    clicked = prompt.boxed[:, 0] == 0
    truth = boxes_of(batch.targets)
    window = model.masker.windows_of(prompt, found.detach().float())
    sure = torch.from_numpy(rng.random(len(window)) < SURE).to(window.device) & clicked
    window = torch.where(sure[:, None], noisy_windows(truth, rng), window)
    masks, quality = model.masker.paint(embeddings, fine, batch.pixels, prompt, rough.float(), window, batch.owner)
    loss, real = in_window(masks, batch.targets, window, quality)
    reach, far = reach_loss(model.masker.first, embeddings, batch.targets, truth, batch.owner, rng)
    loss = loss + REACH * reach
    figures = {"reach": far}
    for name, which in (("box", ~clicked), ("click", clicked & ~sure), ("click_sure", sure)):
        if which.any():
            figures[name] = real[which].mean().item()
    if clicked.any():
        loss = loss + ROUGH * rough_loss(rough, batch.targets, clicked)
    if rng.random() < AGAIN:
        again, figures["again"] = second_round(model, batch, embeddings, fine, rough, found, window, masks, quality, rng)
        loss = loss + 0.7 * again
    return loss, figures


def second_round(model, batch, embeddings, fine, rough, found, window, masks, quality, rng):
    """The same prompts with the last mask handed back, most with a click on its error."""
    size = batch.pixels.shape[-1]
    side = size // 2
    with torch.no_grad():
        n = torch.arange(len(masks), device=masks.device)
        best = masks[n, quality.argmax(1)][:, None].float()
        handed = windows.put_back(best, window, side, side, -8.0)
        small = F.avg_pool2d(batch.targets, 2)[:, 0]
        if rng.random() < 0.25:
            handed = stale_masks(small, rng)
            coords, labels = batch.coords, batch.labels
        else:
            more, kinds = error_clicks(handed[:, 0], small, size, rng)
            coords, labels = torch.cat([batch.coords, more], 1), torch.cat([batch.labels, kinds], 1)
            if rng.random() < 0.15:
                labels = torch.where(labels >= 2, torch.full_like(labels, PAD), labels)      # the box is forgotten
    has = torch.ones(len(masks), device=masks.device)
    prompt = Prompt((coords + 0.5) / size, labels, handed, has)
    window = model.masker.windows_of(prompt, found.detach().float())
    masks, quality = model.masker.paint(embeddings, fine, batch.pixels, prompt, rough.detach().float(), window, batch.owner)
    loss, real = in_window(masks, batch.targets, window, quality)
    return loss, real.mean().item()
