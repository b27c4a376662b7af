"""From records to figures: means with bootstrap intervals, tables per class, confusions."""
from collections import Counter, defaultdict

import numpy as np

from ..metrics import named_colour, named_noun, named_pattern, noun_accepted, says
from .calibration import calibration
from .cider import cider_d
from .meteor import meteor

RESAMPLES, SEED = 1000, 7
FEWEST_CAPTIONS = 5             # fewer say nothing about rarity, which CIDEr-D needs
CONFUSIONS = 10
GROUP_FIGURES = ("box_iou", "click_1_iou", "noun", "noun_accepted", "colour")
SHARES = ((0.01, "under 1 %"), (0.05, "1 to 5 %"), (1.1, "over 5 %"))       # of the picture


def judged(record):
    """The scores of one object, 0..1, of what is known of it."""
    caption, noun = record["caption"], record["noun"]
    scores = {"box_iou": record["iou"]["box"], "click_1_iou": record["iou"]["click_1"],
              "click_3_iou": record["iou"]["click_3"]}
    if noun:
        said = named_noun(caption)
        scores["noun"] = float(said == noun)
        scores["noun_accepted"] = float(noun_accepted(said, noun, record["also"]))
        scores["committed"] = float(bool(said))
        if said:
            scores["committed_right"] = scores["noun_accepted"]
        best = record.get("names")
        if best:
            scores["among_five"] = float(any(noun_accepted(name, noun, record["also"]) for name, _ in best))
    if record["colours"]:
        scores["colour"] = float(named_colour(caption) in record["colours"])
    for kind, value in record["attributes"].items():
        scores[kind] = float(says(caption, value))
    if record["references"] and not record["attributes"].get("pattern"):
        scores["pattern_invented"] = float(bool(named_pattern(caption)))
    if record["references"]:
        scores["meteor"] = meteor(caption, record["references"])
    return scores


def judge(records):
    """Adds 'scores' to each record, CIDEr-D included, which needs the whole set; 'cider_d_plain' is what the plainest
    of an object's references would get, so that there is something to compare with."""
    for record in records:
        record["scores"] = judged(record)
    told = [record for record in records if record["references"]]
    if len(told) < FEWEST_CAPTIONS:
        return
    references = [record["references"] for record in told]
    for name, captions in (("cider_d", [record["caption"] for record in told]),
                           ("cider_d_plain", [texts[0] for texts in references])):
        for record, score in zip(told, cider_d(captions, references)):
            record["scores"][name] = score


def summary(records):
    """Everything about a set whose records are judged."""
    names = dict.fromkeys(name for record in records for name in record["scores"])
    return {"objects": len(records), "pictures": len({record["picture"] for record in records}),
            "figures": {name: interval(records, name) for name in names},
            "calibration": calibration(records), "per_class": per_class(records),
            "per_size": per_size(records), "confusions": confusions(records)}


def interval(records, name):
    """Mean, and the middle 95 % of the means of pictures drawn again: objects of one picture are alike."""
    groups = defaultdict(list)
    for record in records:
        if name in record["scores"]:
            groups[record["picture"]].append(record["scores"][name])
    sums = np.array([sum(values) for values in groups.values()])
    counts = np.array([len(values) for values in groups.values()])
    picks = np.random.default_rng(SEED).integers(0, len(groups), (RESAMPLES, len(groups)))
    means = sums[picks].sum(1) / counts[picks].sum(1)
    low, high = np.percentile(means, (2.5, 97.5))
    return {"mean": float(sums.sum() / counts.sum()), "low": float(low), "high": float(high),
            "count": int(counts.sum())}


def per_class(records):
    """{noun: count and means}, the most frequent first."""
    rows = grouped(records, lambda record: record["noun"] or "(other)")
    return dict(sorted(rows.items(), key=lambda row: (-row[1]["count"], row[0])))


def per_size(records):
    """{how much of the picture an object fills: count and means}, the smallest first."""
    def label(record):
        return next(text for limit, text in SHARES if record["share"] < limit)
    rows = grouped(records, label)
    return {text: rows[text] for _, text in SHARES if text in rows}


def grouped(records, label):
    groups = defaultdict(list)
    for record in records:
        groups[label(record)].append(record["scores"])
    return {name: {"count": len(scores)} | {figure: float(np.mean([s[figure] for s in scores if figure in s]))
                                            for figure in GROUP_FIGURES if any(figure in s for s in scores)}
            for name, scores in groups.items()}


def confusions(records):
    """The most frequent wrong nouns: [what it was, what was said, how often]."""
    wrong = Counter((record["noun"], named_noun(record["caption"]) or "(none)") for record in records
                    if record["scores"].get("noun_accepted") == 0)
    often = sorted(wrong.items(), key=lambda pair: (-pair[1], pair[0]))[:CONFUSIONS]
    return [[noun, said, count] for (noun, said), count in often]
