"""How tests and examples wait: a machine that was paused has not waited."""

import itertools

import pytest
import waiting
from waiting import Patience


@pytest.mark.parametrize(("step", "looks"), [(0.25, 41), (1.0, 11), (3600.0, 11)])
def test_only_steps_of_a_second_count(monkeypatch, step, looks):
    clock = itertools.count(0.0, step)
    monkeypatch.setattr(waiting.time, "monotonic", lambda: next(clock))
    patience = Patience(10.0)
    assert next(number for number in itertools.count(1) if patience.is_over()) == looks
