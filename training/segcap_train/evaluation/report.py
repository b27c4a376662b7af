"""Results as Markdown: the tables of table.md and of the model card."""
from . import targets
from .figures import GROUP_FIGURES

FIGURES = {"box_iou": "box mIoU", "click_1_iou": "1-click mIoU", "click_3_iou": "3-click mIoU", "noun": "noun",
           "noun_accepted": "noun, with synonyms", "colour": "colour"}
NAMES = {"committed": "a noun was said", "committed_right": "of these right, with synonyms",
         "among_five": "right name among the best five"}
CAPTIONS = {"cider_d": "CIDEr-D", "cider_d_plain": "CIDEr-D of a true caption", "meteor": "METEOR",
            "pattern": "pattern named", "pattern_invented": "pattern invented", "material": "material named",
            "size": "size named"}
STEPS = {"encode": "encode", "masks_1": "masks of 1 prompt", "encode_and_masks_1": "encode + masks of 1",
         "captions_1": "captions of 1", "captions_8": "captions of 8", "captions_16": "captions of 16"}
NOTE = ("Means over objects, in brackets the middle 95 % of 1000 bootstrap samples of pictures. 1-click is a click "
        "in the object's middle, 3-click corrects the largest error twice. Words come from a box. Noun and colour are "
        "shares that are exactly right; with synonyms, of a committed table of nouns that a person would accept.")
NAMES_NOTE = ("Where no name is sure, a caption says a kind (\"a container\") or \"an object\" instead of a noun. The best five "
              "names travel with every region whatever its caption says.")
CAPTION_NOTE = ("CIDEr-D is on its scale of 0..10, against up to five ways to say it for each object; beside it what "
                "the plainest of these would get. METEOR has exact, stem and synonym-table stages, without WordNet. "
                "Neither compares with figures on other data. Named: of the objects that have one; invented: of those "
                "that have none.")


def markdown_table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(map(str, row)) + " |" for row in rows])


def cell(figure, digits=3):
    """'0.812 (0.79..0.83)', or '-' for what was not measured."""
    if not figure:
        return "-"
    return f"{figure['mean']:.{digits}f} ({figure['low']:.2f}..{figure['high']:.2f})"


def figure_table(results, names):
    """A row for each set that has any of the figures, a column for each figure that any set has."""
    sets = [s for s in results["sets"].values() if any(name in s["figures"] for name in names)]
    names = {name: title for name, title in names.items() if any(name in s["figures"] for s in sets)}
    return markdown_table(["set", "objects", *names.values()],
                          [[s["title"], s["objects"], *(cell(s["figures"].get(name)) for name in names)] for s in sets])


def target_table(results):
    rows = []
    for (key, name), target in targets.FIGURES.items():
        figure = results["sets"].get(key, {}).get("figures", {}).get(name)
        if figure:
            rows.append([results["sets"][key]["title"], (FIGURES | NAMES)[name], f"{figure['mean']:.3f}", f"{target:.2f}",
                         "yes" if figure["mean"] >= target else "no"])
    return markdown_table(["set", "figure", "reached", "target", "met"], rows)


def speed_table(results):
    rows = []
    for name, took in results["timings"]["milliseconds"].items():
        target = targets.MILLISECONDS.get(name)
        met = "-" if not target else "yes" if took <= target else "no"
        rows.append([STEPS[name], f"{took:.0f}", target or "-", met])
    return markdown_table(["step", "ms", "target", "met"], rows)


def calibration_table(results):
    rows = []
    for s in results["sets"].values():
        c = s["calibration"]["all"]
        r = "-" if c["pearson"] is None else f"{c['pearson']:.2f}"
        rows.append([s["title"], c["count"], f"{c['mean_absolute_error']:.3f}", f"{c['bias']:+.3f}", r])
    return markdown_table(["set", "masks", "mean absolute error", "bias", "Pearson r"], rows)


def confusion_table(results):
    rows = [[s["title"], ", ".join(f"{noun} > {said} ({count})" for noun, said, count in s["confusions"][:6])]
            for s in results["sets"].values() if s["confusions"]]
    return markdown_table(["set", "what it was > what was said (times)"], rows)


def group_row(row):
    """Cells for one group of objects."""
    return [row["count"], *(f"{row[name]:.2f}" if name in row else "-" for name in GROUP_FIGURES)]


def size_table(results):
    rows = [[s["title"], size, *group_row(row)]
            for s in results["sets"].values() for size, row in s["per_size"].items()]
    return markdown_table(["set", "of the picture", "objects", *(FIGURES[name] for name in GROUP_FIGURES)], rows)


def class_tables(results):
    """A table for each set: how well each noun does."""
    head = ["noun", "objects", *(FIGURES[name] for name in GROUP_FIGURES)]
    parts = []
    for s in results["sets"].values():
        rows = [[noun, *group_row(row)] for noun, row in s["per_class"].items()]
        parts.append(f"## {s['title']}\n\n" + markdown_table(head, rows))
    return "# Figures by noun\n\n" + "\n\n".join(parts) + "\n"


def provenance(results):
    """How the figures came about, in two sentences."""
    m = results["measured"]
    scenes = f"fresh scenes of seed {m['seed']}" if m["seed"] is not None else "the pool's held-out scenes"
    return (f"Measured on {m['date']} with `make eval`: at most {m['limit']} pictures of each set, {scenes}. Timings: "
            f"medians on {results['timings']['threads']} CPU threads of {m['cpu']}; the machine's load just before was "
            f"{results['timings']['load_before']:.1f} on {m['cores']} cores.")


def sections(results, level="##"):
    """All tables but those by noun."""
    parts = [("Figures", NOTE, figure_table(results, FIGURES)), ("Names", NAMES_NOTE, figure_table(results, NAMES)),
             ("Targets", "", target_table(results)),
             ("Captions", CAPTION_NOTE, figure_table(results, CAPTIONS)),
             ("Does it know how good its masks are?", "Predicted IoU against the real one, box and clicks together.",
              calibration_table(results)),
             ("By size", "", size_table(results)), ("Most frequent wrong nouns", "", confusion_table(results)),
             ("Speed", "", speed_table(results))]
    return "\n\n".join("\n\n".join(filter(None, (f"{level} {title}", table, note))) for title, note, table in parts)


def report(results):
    """table.md."""
    b = results["bundle"]
    return f"# {b['name']} {b['version']}, measured\n\n{sections(results)}\n\n{provenance(results)}\n"
