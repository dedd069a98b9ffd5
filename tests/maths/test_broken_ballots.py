"""Ballots that are not numbers: a vote all the same, measured within its bound, and never a NaN."""

import math

import pytest
import torch

from inference.net import open_rule, renyi
from tests.maths.pools import random_pool


@pytest.mark.parametrize("clip", [24.0, math.inf])
@pytest.mark.parametrize("broken", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("seed", range(8))
def test_broken_ballots_give_numbers_within_the_bound_and_never_a_nan(seed, broken, clip):
    pool = random_pool(seed, seats=4)
    rows = pool.rows.clone()
    rows[0] = broken
    rows[1, ::3] = broken
    full = open_rule.vote(weights=pool.weights, **(pool.terms(clip=clip) | {"ballots": rows}))
    assert bool(torch.isfinite(full.log_p).all())
    for alpha in (2.0, 8.0):
        found, bound = open_rule.leave_one_out(full, alpha=alpha), open_rule.bound(full, alpha=alpha)
        for part in (found.forward, found.reverse):
            assert bool((part >= 0).all())
            assert bool((part <= bound.nats * (1 + 1e-4) + 1e-9).all())


def test_a_token_the_core_rules_out_stays_ruled_out_and_disturbs_nothing():
    pool = random_pool(3, seats=3, vocabulary=50)
    core = pool.l0.clone()
    core[7] = -math.inf
    full = open_rule.vote(weights=pool.weights, **(pool.terms() | {"l0": core}))
    assert float(full.log_p[7]) == -math.inf
    assert bool(torch.isfinite(open_rule.leave_one_out(full, alpha=2.0).symmetric).all())


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_broken_core_is_an_error_not_a_vote(bad):
    pool = random_pool(2, seats=2, vocabulary=20)
    core = pool.l0.clone()
    core[3] = bad
    with pytest.raises(FloatingPointError):
        open_rule.vote(weights=pool.weights, **(pool.terms() | {"l0": core}))


def test_what_cannot_be_computed_counts_as_its_upper_bound():
    lean = torch.zeros(3)
    tilts = renyi.Tilts(torch.tensor([[math.nan, 0.0, 1.0]]), lean, torch.ones(1), torch.zeros(1))
    log_p = torch.log_softmax(lean, 0)
    for alpha in (2.0, 3.0):
        found = renyi.both_ways(log_p=log_p, tilts=tilts, spread=torch.tensor([0.5]).double(), alpha=alpha)
        assert float(found.forward) == float(found.reverse) == pytest.approx(alpha * 0.25 / 8)
        unknown = renyi.both_ways(
            log_p=log_p, tilts=tilts, spread=torch.tensor([math.nan]).double(), alpha=alpha
        )
        assert float(unknown.symmetric) == math.inf
