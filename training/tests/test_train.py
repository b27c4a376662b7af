"""Runs go on where they were, and each part learns what it is shown."""
import argparse

import numpy as np
import pytest
import torch

from segcap_train import mask_batches, train_masks
from segcap_train.config import ModelConfig
from segcap_train.mixture import Mixture
from segcap_train.model.speaker import Speaker
from segcap_train.pool import HEIGHT, WIDTH, Pool, write_shard
from segcap_train.regions import KINDS
from segcap_train.scenes.sample import Sample
from segcap_train.train_appearance import looked_at
from segcap_train.train_language import batch as sentences
from segcap_train.train_names import GATE


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


@pytest.fixture
def init(tmp_path):
    """Random weights to start from, so that nothing published is needed."""
    torch.manual_seed(1)
    path = tmp_path / "init.pt"
    torch.save({"average": train_masks.Segmenter().state_dict()}, path)
    return path


def options(pool, out, init, **changed):
    out.mkdir(exist_ok=True)
    return argparse.Namespace(**({"out": out, "pool": pool, "init": init, "minutes": 1e9, "steps": 100, "size": 96, "pictures": 2,
                                  "prompts": 2, "rate": 1e-3, "joint": 0.0, "threads": 1, "seed": 1, "device": "cpu"} | changed))


def learned(run, pool, steps):
    """Weights after so many steps; each step's batch and chance depend on its number alone."""
    mixture = Mixture(Pool(pool, "train"), {"scene": 1.0})
    while run.step < steps:
        batch = mask_batches.make(mixture, 96, 2, 2, np.random.default_rng([1, run.step]))
        run.learn(batch, np.random.default_rng([2, run.step]))
    return run.model.state_dict()


def test_a_stopped_run_goes_on_where_it_was(pool, tmp_path, init):
    straight = learned(train_masks.Run(options(pool, tmp_path / "a", init)), pool, 4)
    first = train_masks.Run(options(pool, tmp_path / "b", init))
    learned(first, pool, 2)
    first.save()
    resumed = train_masks.Run(options(pool, tmp_path / "b", init))
    assert resumed.step == 2
    again = learned(resumed, pool, 4)
    assert all(torch.equal(value, again[name]) for name, value in straight.items())


def test_the_detector_stays_as_it_was_published(pool, tmp_path, init):
    run = train_masks.Run(options(pool, tmp_path / "c", init))
    before = {name: value.clone() for name, value in run.model.state_dict().items()}
    after = learned(run, pool, 2)
    changed = {name for name, value in after.items() if not torch.equal(value, before[name])}
    assert changed and not any(name.startswith("detector") for name in changed)


def test_a_batch_asks_for_what_it_shows(pool):
    batch = mask_batches.make(Mixture(Pool(pool, "train"), {"scene": 1.0}), 96, 3, 2, np.random.default_rng(3))
    assert batch.pixels.shape == (3, 3, 96, 96) and batch.coords.shape[1:] == (mask_batches.POINTS, 2)
    for coords, labels, target in zip(batch.coords, batch.labels, batch.targets[:, 0]):
        for (x, y), label in zip(coords.tolist(), labels.tolist()):
            if label in (0.0, 1.0):
                assert target[int(y), int(x)] == label


def test_a_look_holds_the_region_at_its_middle():
    image, mask = np.zeros((60, 90, 3), np.uint8), np.zeros((60, 90), bool)
    image[20:40, 30:70], mask[20:40, 30:70] = (200, 20, 20), True
    colours, share = looked_at(image, mask, np.random.default_rng(0))
    assert share[16, 16] == 1 and share[0, 0] == 0 and colours[16, 16, 0] > 0.7
    assert 0.4 < share.mean() < 0.75


def test_the_language_model_learns_to_copy():
    torch.manual_seed(0)
    rng, model = np.random.default_rng(0), Speaker(ModelConfig(lm_layers=1))
    optimiser = torch.optim.AdamW(model.parameters(), 3e-3)
    losses = []
    for _ in range(30):
        name, tags, ids = sentences(["mug", "bowl"], rng, 16)
        logits, _ = model.language(model.rows(name, tags), ids[:, :-1].clamp(min=0))
        guess = logits[:, model.rows(name, tags).shape[1] - 1:]
        loss = torch.nn.functional.cross_entropy(guess.reshape(-1, guess.shape[-1]), ids.reshape(-1), ignore_index=-100)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] / 2


def test_each_kind_of_picture_has_a_weight_in_the_gate():
    assert set(GATE) == set(KINDS)
