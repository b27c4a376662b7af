"""`python -m segcap_train.card`: writes the measured tables into a bundle's MODEL_CARD.md, between its two markers."""
import argparse
import json
from pathlib import Path

from .bundle import sha256
from .config import REPO_DIR
from .evaluation.report import provenance, sections

BEGIN = "<!-- figures: written by segcap_train.card from results.json, not by hand -->"
END = "<!-- figures end -->"


def filled(text, figures):
    """The card with what lies between the markers replaced; ValueError if they are not there, once each, in order."""
    if text.count(BEGIN) != 1 or text.count(END) != 1 or text.index(BEGIN) > text.index(END):
        raise ValueError(f"the card needs the lines '{BEGIN}' and '{END}', once each")
    return text[:text.index(BEGIN)] + f"{BEGIN}\n{figures}\n" + text[text.index(END):]


def update(bundle, results):
    """Refuses figures of another bundle than the one the card lies in."""
    if sha256(bundle / "bundle.yaml") != results["bundle"]["bundle_yaml_sha256"]:
        raise ValueError(f"these figures were measured on another bundle than {bundle}: run the evaluation again")
    path = bundle / "MODEL_CARD.md"
    path.write_text(filled(path.read_text(), f"{sections(results)}\n\n{provenance(results)}"))
    print(f"wrote the figures into {path}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bundle", type=Path, default=REPO_DIR / "models" / "builtin")
    parser.add_argument("--results", type=Path, default=REPO_DIR / "eval_out" / "results.json")
    args = parser.parse_args()
    update(args.bundle, json.loads(args.results.read_text()))


if __name__ == "__main__":
    main()
