"""The model card's figures come from results alone; a log becomes a picture."""
import json

import numpy as np
import pytest
from PIL import Image

from segcap_train import card, curves
from segcap_train.config import REPO_DIR


def test_the_card_keeps_its_words_and_changes_its_figures():
    text = f"before\n{card.BEGIN}\nold\n{card.END}\nafter\n"
    once = card.filled(text, "| new |")
    assert once == f"before\n{card.BEGIN}\n| new |\n{card.END}\nafter\n"
    assert card.filled(once, "| new |") == once
    with pytest.raises(ValueError, match="once each"):
        card.filled("no markers", "| new |")


def test_figures_of_another_bundle_are_refused(tmp_path):
    (tmp_path / "bundle.yaml").write_text("name: other\n")
    (tmp_path / "MODEL_CARD.md").write_text(f"{card.BEGIN}\n{card.END}\n")
    with pytest.raises(ValueError, match="another bundle"):
        card.update(tmp_path, {"bundle": {"bundle_yaml_sha256": "0" * 64}})
    assert (tmp_path / "MODEL_CARD.md").read_text() == f"{card.BEGIN}\n{card.END}\n"


def test_the_shipped_card_has_a_place_for_its_figures():
    card.filled((REPO_DIR / "models" / "builtin" / "MODEL_CARD.md").read_text(), "")


def test_curves_of_a_log_with_stages_gaps_and_a_torn_line(tmp_path):
    rows = [{"step": s, "minutes": s / 60, "stage": "small" if s < 50 else "large", "loss": 4 / (s + 1), "lr": 1e-3}
            | ({"named": s / 100} if s % 2 else {}) for s in range(100)]
    log = tmp_path / "log.jsonl"
    log.write_text("".join(json.dumps(row) + "\n" for row in rows) + '{"step": 100, "lo')
    found = curves.read(log)
    assert found == rows
    assert curves.stages(found) == [(0, "small"), (50, "large")]
    assert len(curves.series(found, "named")[0]) == 50
    curves.draw(found, tmp_path / "curves.png")
    with Image.open(tmp_path / "curves.png") as picture:
        assert picture.width > 800 and len(picture.convert("RGB").getcolors(10**6)) > 50


def test_smoothing_keeps_length_and_level():
    assert np.allclose(curves.smooth(np.full(500, 3.0)), 3.0)
    assert curves.smooth(np.arange(3.0)).tolist() == [0, 1, 2]
