"""Within what a replay agrees: stated for float32, measured on the core itself for any other precision."""

import copy
from dataclasses import replace

import pytest
import torch

from inference.net import tolerance
from inference.net.decoder import Ballots


@pytest.fixture(scope="module")
def half_core(tiny_core):
    model = copy.deepcopy(tiny_core.model).to(torch.bfloat16)
    return replace(tiny_core, model=model, dtype=torch.bfloat16, _packed={})


def test_a_float32_core_has_the_stated_tolerance(tiny_core):
    assert tolerance.tolerance_for(tiny_core) == tolerance.FLOAT32


def test_float32_itself_is_far_within_what_is_stated(tiny_core):
    assert tolerance.measured(tiny_core) == tolerance.FLOAT32


def test_a_bfloat16_core_gets_a_tolerance_that_was_measured_and_is_named(half_core):
    found = tolerance.tolerance_for(half_core)
    assert found.precision == "bfloat16"
    assert found.relative >= tolerance.FLOAT32.relative
    assert found.nats_per_token >= tolerance.FLOAT32.nats_per_token
    assert found == tolerance.tolerance_for(half_core), "measuring is repeatable"


def test_errors_between_batches_widen_the_tolerance(tiny_core, monkeypatch):
    """The measurement can tell: ballots that depend on the size of their batch are seen."""
    honest = Ballots.step

    def depends_on_size(self, token_id):
        return honest(self, token_id) * (1 + 1e-3 * (self.rows - 3))

    monkeypatch.setattr(Ballots, "step", depends_on_size)
    assert tolerance.measured(tiny_core).relative > 10 * tolerance.FLOAT32.relative
