"""`python -m segcap_train.train_names`: our own head of names, then the gate between the experts, on what `regions` saw."""
import argparse
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

from .config import RUNS_DIR
from .model.efficientnet_lite import load_published
from .model.namer import Namer, Own, classified, detected_names, names
from .regions import KINDS

# What the gate's rows weigh: photographs of real things count most, since those are what a robot sees.
GATE = {"scene": 0.10, "pasted": 0.05, "photo": 0.05, "coco": 0.40, "named": 0.30}
NOVEL = 0.03            # weight of the nouns that are hidden from our own head
HIDDEN = 5              # every such noun of the classifier's


def gathered(folder):
    parts = [np.load(file) for file in sorted(folder.glob("[0-9]*[0-9].npz"))]
    rows = {key: torch.from_numpy(np.concatenate([part[key] for part in parts])) for key in parts[0].files}
    return {key: value if key == "held" else value.float() if value.is_floating_point() else value.long()
            for key, value in rows.items()}


def hidden_nouns():
    """Nouns that the classifier knows and our own head is made to miss, so that the gate meets things that only the
    classifier can name, as it will on a robot."""
    known = sorted(set(classified().values()) - set(detected_names()))
    return torch.tensor([names().index(noun) for noun in known[::HIDDEN]])


def own_head(namer, rows, epochs, hidden=None, batch=256):
    """Cross-entropy on the rows that the gate does not see; rare nouns count more. COCO's few pictures are the gate's."""
    chosen = ~rows["held"] & (rows["kind"] != KINDS.index("coco"))
    if hidden is not None:
        chosen &= ~torch.isin(rows["noun"], hidden)
    train = torch.nonzero(chosen)[:, 0]
    counts = torch.bincount(rows["noun"][train], minlength=len(names())).float()
    weight = (1 / counts.clamp(min=1)).sqrt()
    weight = weight / (weight * counts).sum() * counts.sum()
    optimiser = torch.optim.AdamW(namer.own.parameters(), 1e-3, weight_decay=0.3)
    steps = epochs * -(-len(train) // batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 1.5e-3, steps)
    namer.own.train()
    for epoch in range(epochs):
        total = 0.0
        for at in train[torch.randperm(len(train))].split(batch):
            close = rows["close"][at] + torch.randn_like(rows["close"][at]) * 0.02
            loss = F.cross_entropy(namer.own(close, rows["neck"][at]), rows["noun"][at], weight,
                                   label_smoothing=0.05)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            total += loss.item() * len(at)
        if epoch % 5 == 4:
            print("own head", epoch + 1, round(total / len(train), 3), flush=True)
    namer.own.eval()


def gate(namer, rows, hidden, steps):
    """The mixture's likelihood on the rows kept for it, kinds weighted by GATE. Rows of COCO are all used: the detector
    knows them, our own head hardly."""
    novel = torch.isin(rows["noun"], hidden)
    chosen = torch.nonzero((rows["held"] & ~novel) | (rows["kind"] == KINDS.index("coco")) | novel)[:, 0]
    data = {key: value[chosen] for key, value in rows.items()}
    data["kind"] = torch.where(novel[chosen], len(KINDS), data["kind"])
    counts = torch.bincount(data["kind"], minlength=len(KINDS) + 1).float().clamp(min=1)
    weight = torch.tensor([*(GATE[kind] for kind in KINDS), NOVEL]) / counts
    weight = weight[data["kind"]]
    weight = weight / weight.sum()
    parameters = [*namer.gate.parameters(), namer.sharp]
    for p in namer.parameters():
        p.requires_grad_(False)
    for p in parameters:
        p.requires_grad_(True)
    optimiser = torch.optim.AdamW(parameters, 1e-2, weight_decay=1e-2)
    for step in range(steps):
        each, hints = namer.experts(data["close"], data["neck"], data["detected"])
        chance = namer.mixed(each, hints).gather(1, data["noun"][:, None])[:, 0]
        loss = -(weight * (chance + 1e-4).log()).sum()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        if step % 100 == 99:
            print("gate", step + 1, round(loss.item(), 3), "sharp", [round(v, 2) for v in namer.sharp.tolist()], flush=True)
    return data


@torch.no_grad()
def report(namer, data):
    each, hints = namer.experts(data["close"], data["neck"], data["detected"])
    mixed = namer.mixed(each, hints)
    for i, kind in enumerate((*KINDS, "novel")):
        at = data["kind"] == i
        if at.any():
            truth = data["noun"][at]
            by = [round((each[at, e].argmax(1) == truth).float().mean().item(), 3) for e in range(3)]
            top, said = mixed[at].max(1)
            right = said == truth
            sure = top >= 0.4
            print(f"{kind}: rows {int(at.sum())}, detector {by[0]}, classifier {by[1]}, own {by[2]}, mixed "
                  f"{right.float().mean().item():.3f}; at 0.4 coverage {sure.float().mean().item():.2f}, right "
                  f"{right[sure].float().mean().item():.2f}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--regions", type=Path, default=RUNS_DIR / "regions")
    parser.add_argument("--out", type=Path, default=RUNS_DIR / "naming.pt")
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--gate-steps", type=int, default=400)
    parser.add_argument("--seed", type=int, default=8)
    parser.add_argument("--sure", type=float, nargs=2, default=(0.4, 0.55), help="least probability of a name, of a kind")
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(args.seed)
    rows = gathered(args.regions)
    print(len(rows["noun"]), "rows", flush=True)
    namer = Namer()
    namer.classifier = load_published()
    hidden = hidden_nouns()
    own_head(namer, rows, args.epochs, hidden)
    report(namer, gate(namer, rows, hidden, args.gate_steps))
    namer.own = Own()
    own_head(namer, rows, args.epochs)              # the one that is shipped knows all
    torch.save({"namer": namer.state_dict(), "sure": torch.tensor(args.sure)}, args.out)


if __name__ == "__main__":
    main()
