"""`python -m segcap_train.evaluate`: measures an exported bundle with ONNX Runtime; tables, figures, pictures.

Writes to the output folder table.md, per_class.md, results.json (every figure), objects.jsonl (every object, what was
said of it and its scores), reliability.png and a sheet for each set. `make eval` runs this.
"""
import argparse
import json
import os
import platform
import time
from datetime import date
from pathlib import Path

import torch
import yaml

from . import card
from .bundle import Bundle, sha256
from .config import REPO_DIR, RUNS_DIR
from .evaluation import plots, report
from .evaluation.figures import judge, summary
from .evaluation.run import records
from .evaluation.sets import TITLES, all_sets
from .evaluation.sheets import draw_sheet
from .evaluation.timing import timings


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bundle", type=Path, default=REPO_DIR / "models" / "builtin")
    parser.add_argument("--pool", type=Path, default=RUNS_DIR / "pool", help="of held-out scenes; made if it has none")
    parser.add_argument("--seed", type=int, help="render fresh scenes of this seed instead")
    parser.add_argument("--limit", type=int, default=150, help="pictures of each set")
    parser.add_argument("--workers", type=int, default=2, help="processes that measure")
    parser.add_argument("--threads", type=int, default=2, help="of the timings")
    parser.add_argument("--out", type=Path, default=REPO_DIR / "eval_out")
    parser.add_argument("--sets", nargs="+", choices=TITLES, default=tuple(TITLES), help="only these")
    parser.add_argument("--card", action="store_true", help="also write the figures into the bundle's MODEL_CARD.md")
    return parser.parse_args()


def identity(folder):
    """Which bundle was measured."""
    info = yaml.safe_load((folder / "bundle.yaml").read_text())
    return {"name": info["name"], "version": info["version"], "input_size": info["preprocess"]["input_size"],
            "bundle_yaml_sha256": sha256(folder / "bundle.yaml"),
            "megabytes": sum(file.stat().st_size for file in folder.glob("*.onnx")) / 1e6}


def cpu():
    """The processor's name, where the system tells."""
    info = Path("/proc/cpuinfo")
    names = [line.split(":")[1].strip() for line in info.read_text().splitlines() if line.startswith("model name")] \
        if info.exists() else []
    return names[0] if names else platform.machine()


def measure(args, sets):
    """Every figure, and the judged records that they come from."""
    found = records(args.bundle, sets, args.workers)
    for some in found.values():
        judge(some)
    return {
        "bundle": identity(args.bundle),
        "measured": {"date": date.today().isoformat(), "limit": args.limit, "seed": args.seed, "cpu": cpu(),
                     "cores": len(os.sched_getaffinity(0))},
        "sets": {s.key: {"title": s.title, **summary(found[s.key])} for s in sets if found[s.key]},
        "timings": timings(args.bundle, args.threads),
    }, found


def write(out, results, found):
    (out / "results.json").write_text(json.dumps(results, indent=1) + "\n")
    (out / "table.md").write_text(report.report(results))
    (out / "per_class.md").write_text(report.class_tables(results))
    with open(out / "objects.jsonl", "w") as file:
        for key, some in found.items():
            file.writelines(json.dumps({"set": key, **record}) + "\n" for record in some)
    plots.draw_reliability(results, out / "reliability.png")


def main():
    args = arguments()
    began = time.monotonic()
    torch.set_num_threads(1)
    args.out.mkdir(parents=True, exist_ok=True)
    sets = all_sets(args.limit, args.seed, args.pool, args.workers, args.sets)
    results, found = measure(args, sets)
    write(args.out, results, found)
    bundle = Bundle(args.bundle, args.threads)
    for each in sets:
        pictures = {record["picture"] for record in found[each.key]}
        draw_sheet(bundle, each, pictures, args.out / f"sheet_{each.key}.png")
    print(report.report(results))
    print(f"wrote {args.out}/: table.md, per_class.md, results.json, objects.jsonl, reliability.png, sheet_*.png "
          f"({time.monotonic() - began:.0f} s)")
    if args.card:
        card.update(args.bundle, results)


if __name__ == "__main__":
    main()
