"""A run is the same run again, whether or not it was interrupted."""
import dataclasses

import numpy as np
import pytest
import torch

from segcap_train import train
from segcap_train.config import Stage, TrainConfig, stage_at
from segcap_train.pool import HEIGHT, WIDTH, write_shard
from segcap_train.scenes.sample import Sample

STAGES = (Stage("names", 0.4, 64, 2, 0), Stage("masks", 0.6, 64, 2, 1))


@pytest.fixture(scope="module")
def pool(tmp_path_factory):
    """Two coloured boxes on gray, at random places."""
    folder, rng = tmp_path_factory.mktemp("pool"), np.random.default_rng(0)
    samples = []
    for _ in range(6):
        image, ids = np.full((HEIGHT, WIDTH, 3), 128, np.uint8), np.zeros((HEIGHT, WIDTH), np.uint8)
        for number, colour in ((1, (200, 30, 30)), (2, (30, 60, 200))):
            x, y = rng.integers(0, WIDTH - 90), rng.integers(0, HEIGHT - 90)
            image[y:y + 80, x:x + 80], ids[y:y + 80, x:x + 80] = colour, number
        samples.append(Sample(image, ids, {1: {"noun": "box", "colour": "red"}, 2: {"noun": "book", "colour": "blue"}}))
    write_shard(folder, "train_00000", samples)
    return folder


def run(pool, out, steps, monkeypatch, stop=None):
    """Weights after `steps` steps, or after a stop and a second start."""
    config = TrainConfig(pool=pool, out=out, stages=STAGES, workers=1, max_steps=steps, warmup_steps=2, device="cpu")
    out.mkdir(exist_ok=True)
    if stop:
        first = train.Trainer(config)
        original = first.next_stage
        monkeypatch.setattr(first, "next_stage", lambda: train.STOP if first.step == stop else original())
        first.run()
    trainer = train.Trainer(config)
    trainer.run()
    return trainer.model.state_dict()


def equal(a, b):
    return all(torch.equal(value, b[name]) for name, value in a.items())


def test_the_same_seed_gives_the_same_weights_and_a_resumed_run_too(pool, tmp_path, monkeypatch):
    straight = run(pool, tmp_path / "a", 5, monkeypatch)
    assert equal(straight, run(pool, tmp_path / "b", 5, monkeypatch))
    assert equal(straight, run(pool, tmp_path / "c", 5, monkeypatch, stop=3))


def test_another_seed_gives_others(pool, tmp_path):
    made = []
    for seed in (1, 2):
        config = TrainConfig(pool=pool, out=tmp_path / str(seed), stages=STAGES, workers=1, max_steps=1, seed=seed)
        config.out.mkdir()
        trainer = train.Trainer(config)
        trainer.run()
        made.append(trainer.model.state_dict())
    assert not equal(*made)


def test_stages_follow_their_shares():
    shares = [dataclasses.replace(STAGES[0], share=s) for s in (0.3, 0.45, 0.25)]
    assert [stage_at(shares, done) for done in (0, 0.29, 0.31, 0.74, 0.76, 1.0)] == [0, 0, 1, 1, 2, 2]
