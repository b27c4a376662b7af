"""Does the model know how good its masks are? Predicted IoU against the real one."""
import numpy as np

BINS = 10


def calibration(records):
    """Of all prompts together, and of each kind of prompt."""
    kinds = list(records[0]["iou"]) if records else []
    pairs = {kind: [(r["predicted"][kind], r["iou"][kind]) for r in records] for kind in kinds}
    everything = [pair for some in pairs.values() for pair in some]
    return {"all": compared(everything), **{kind: compared(some) for kind, some in pairs.items()}}


def compared(pairs):
    """Mean absolute error, mean of predicted less real, Pearson's r (None without spread), ten bins."""
    predicted, real = np.array(pairs, float).reshape(-1, 2).T
    if not len(real):
        return {"count": 0}
    spread = predicted.std() > 1e-9 and real.std() > 1e-9
    return {"count": len(real), "mean_absolute_error": float(np.abs(predicted - real).mean()),
            "bias": float((predicted - real).mean()),
            "pearson": float(np.corrcoef(predicted, real)[0, 1]) if spread else None,
            "bins": bins(predicted, real)}


def bins(predicted, real):
    """Ten bins of predicted IoU: what was predicted and what came, on average. Empty ones have no means."""
    at = np.clip((predicted * BINS).astype(int), 0, BINS - 1)
    rows = []
    for i in range(BINS):
        inside = at == i
        row = {"from": i / BINS, "to": (i + 1) / BINS, "count": int(inside.sum())}
        if inside.any():
            row |= {"predicted": float(predicted[inside].mean()), "real": float(real[inside].mean())}
        rows.append(row)
    return rows
