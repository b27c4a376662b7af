"""`python -m segcap_train.curves RUN_DIR`: draws RUN_DIR/log.jsonl, a training's figures, as RUN_DIR/curves.png."""
import argparse
import json
from pathlib import Path

import matplotlib
import numpy as np

matplotlib.use("Agg")
from matplotlib import pyplot  # noqa: E402  (the backend comes first)

AXES = ("step", "minutes", "stage", "samples")
RATE = "lr"
SMOOTHING = 60              # points of a line that is drawn smooth


def read(path):
    """The log's lines in order; a last line that a kill cut off is left out."""
    rows = []
    for line in path.read_text().splitlines():
        try:
            rows.append(json.loads(line))
        except json.JSONDecodeError:
            continue
    return sorted(rows, key=lambda row: row["step"])


def series(rows, name):
    """steps, values of one figure where it was logged."""
    points = [(row["step"], row[name]) for row in rows if isinstance(row.get(name), int | float)]
    return np.array(points, float).reshape(-1, 2).T


def smooth(values):
    """Mean over a window that shrinks at the ends; as many values as before."""
    half = max(1, len(values) // SMOOTHING) // 2
    total = np.concatenate([[0.0], np.cumsum(values)])
    at = np.arange(len(values))
    low, high = np.maximum(at - half, 0), np.minimum(at + half + 1, len(values))
    return (total[high] - total[low]) / (high - low)


def stages(rows):
    """[(step, stage)] where a stage begins."""
    return [(row["step"], row["stage"]) for before, row in zip([{}, *rows], rows)
            if "stage" in row and row["stage"] != before.get("stage")]


def draw(rows, path):
    """Every figure a line, faint as logged and strong as smoothed; stages are vertical lines."""
    names = [name for name in dict.fromkeys(key for row in rows for key in row) if name not in (*AXES, RATE)]
    names = [name for name in names if series(rows, name).size]
    figure, (axes, rate) = pyplot.subplots(2, 1, figsize=(10, 7), height_ratios=(4, 1), sharex=True,
                                           layout="constrained")
    for i, name in enumerate(names):
        steps, values = series(rows, name)
        colour = pyplot.get_cmap("tab10" if len(names) <= 10 else "tab20")(i)
        axes.plot(steps, values, color=colour, alpha=0.18, linewidth=0.8)
        axes.plot(steps, smooth(values), color=colour, linewidth=1.8, label=f"{name}, last {smooth(values)[-1]:.3g}")
    if all((series(rows, name)[1] > 0).all() for name in names):
        axes.set_yscale("log")
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False)
    rate.plot(*series(rows, RATE), color="0.35", linewidth=1.4)
    rate.set(xlabel=f"step ({rows[-1].get('minutes', 0):.0f} minutes in all)", ylabel="learning rate")
    for step, stage in stages(rows):
        for one in (axes, rate):
            one.axvline(step, color="0.6", linestyle=":", linewidth=1)
        axes.text(step, 1.01, f" {stage}", transform=axes.get_xaxis_transform(), fontsize=8, color="0.4")
    for one in (axes, rate):
        one.grid(alpha=0.25)
        one.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=120)
    pyplot.close(figure)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path, help="folder with log.jsonl")
    parser.add_argument("--out", type=Path, help="PNG to write, RUN_DIR/curves.png if not given")
    args = parser.parse_args()
    rows = read(args.run / "log.jsonl")
    if not rows:
        parser.error(f"{args.run / 'log.jsonl'} has no line yet")
    out = args.out or args.run / "curves.png"
    draw(rows, out)
    print(f"wrote {out}")


if __name__ == "__main__":
    main()
