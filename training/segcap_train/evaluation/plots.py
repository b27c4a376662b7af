"""Reliability of the predicted IoU, drawn."""
import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot  # noqa: E402  (the backend comes first)


def draw_reliability(results, path):
    """Predicted against real IoU of each set in ten bins, and how the predictions spread."""
    figure, (curve, spread) = pyplot.subplots(2, 1, figsize=(6.4, 7), height_ratios=(3, 1), sharex=True,
                                              layout="constrained")
    curve.plot([0, 1], [0, 1], color="0.7", linestyle="--", linewidth=1, label="perfectly calibrated")
    for s in results["sets"].values():
        bins = s["calibration"]["all"]["bins"]
        full = [row for row in bins if row["count"]]
        label = f"{s['title']}, off by {s['calibration']['all']['mean_absolute_error']:.2f}"
        line, = curve.plot([r["predicted"] for r in full], [r["real"] for r in full], marker="o", markersize=4,
                           label=label)
        total = sum(row["count"] for row in bins)
        spread.step([row["from"] for row in bins] + [1.0], [row["count"] / total for row in bins] + [0.0],
                    where="post", color=line.get_color())
    curve.set(ylabel="real IoU, mean of the bin", xlim=(0, 1), ylim=(0, 1),
              title="Does the model know how good a mask is?")
    curve.legend(fontsize=8, frameon=False)
    spread.set(xlabel="predicted IoU", ylabel="share of masks")
    for axes in (curve, spread):
        axes.grid(alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=120)
    pyplot.close(figure)
