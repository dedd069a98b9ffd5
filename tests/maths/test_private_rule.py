"""The private rule: what one source adds is bounded, its own affair, and never more than it is charged."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from accounting.maths import renyi as scalar
from accounting.maths.units import nano_nats_up
from accounting.maths.zcdp import private_charge_nats
from inference.net import private_rule
from tests.maths.pools import random_pool


def cast(pool, etas, weights=None, *, rows=None, top_k=10_000):
    return private_rule.vote(
        l0=pool.l0, ballots=pool.rows if rows is None else rows, temperature=0.7, top_k=top_k, etas=etas,
        weights=pool.weights if weights is None else weights,
    )  # fmt: skip


def true_attribution(p, q, alpha):
    return max(scalar.divergence(p, q, alpha), scalar.divergence(q, p, alpha))


@settings(deadline=None, max_examples=150)
@given(seed=st.integers(0, 100_000), alpha=st.sampled_from([1.5, 2.0, 8.0, 32.0]))
def test_no_source_is_charged_less_than_what_it_moved(seed, alpha):
    pool = random_pool(seed, seats=1 + seed % 4, vocabulary=3 + seed % 40)
    etas = (
        torch.rand(len(pool.weights), generator=torch.Generator().manual_seed(seed), dtype=torch.float64) * 3
    )
    full = cast(pool, etas)
    for seat in range(len(pool.weights)):
        weights = pool.weights.clone()
        weights[seat] = 0
        moved = true_attribution(full.log_p.tolist(), cast(pool, etas, weights).log_p.tolist(), alpha)
        charge = private_charge_nats(alpha=alpha, eta=float(etas[seat]))
        assert moved <= charge + 1e-14
        assert moved * 1e9 <= nano_nats_up(charge)


@pytest.mark.parametrize("seed", range(30))
def test_a_source_that_adds_nothing_is_absent_to_the_last_bit(seed):
    pool = random_pool(seed, seats=4, vocabulary=300)
    etas = torch.full((4,), 0.3, dtype=torch.float64)
    weights = pool.weights.clone()
    weights[1] = 0
    kept = torch.tensor([0, 2, 3])
    without = cast(pool, etas, weights)
    alone = private_rule.vote(
        l0=pool.l0,
        ballots=pool.rows[kept],
        weights=weights[kept],
        etas=etas[kept],
        temperature=0.7,
        top_k=10_000,
    )
    assert torch.equal(without.log_p, alone.log_p)


@settings(deadline=None, max_examples=80)
@given(seed=st.integers(0, 100_000), eta=st.floats(0, 5))
def test_what_a_source_adds_depends_on_nobody_else(seed, eta):
    pool = random_pool(seed, seats=3, vocabulary=3 + seed % 100)
    etas = torch.tensor([eta, 0.4, 2.0], dtype=torch.float64)
    other = pool.rows.clone()
    other[1:] = -other[1:] * 3
    tilts = []
    for rows in (pool.rows, other):
        full, rest = cast(pool, etas, rows=rows), cast(pool, etas * torch.tensor([0.0, 1.0, 1.0]), rows=rows)
        tilts.append(full.log_p - rest.log_p)
    first, second = (tilt - tilt.min() for tilt in tilts)
    assert torch.allclose(first, second, atol=1e-9)
    assert float(first.max()) <= eta + 1e-9


@pytest.mark.parametrize("seed", range(20))
def test_the_support_is_the_cores_choice_alone(seed):
    pool = random_pool(seed, seats=2, vocabulary=400)
    etas = torch.full((2,), 1.0, dtype=torch.float64)
    first = cast(pool, etas, top_k=50)
    second = cast(pool, etas, rows=-pool.rows * 7, top_k=50)
    assert torch.equal(first.support, second.support)
    assert len(first.support) == 50
    assert float(pool.l0[first.support].min()) >= float(torch.topk(pool.l0, 50).values.min())
    assert float(first.log_p.exp().sum()) == pytest.approx(1)


@pytest.mark.parametrize("broken", [math.nan, math.inf, -math.inf])
def test_a_broken_ballot_adds_at_most_its_eta_and_never_a_nan(broken):
    pool = random_pool(4, seats=3, vocabulary=60)
    etas = torch.full((3,), 0.2, dtype=torch.float64)
    rest = cast(pool, etas * torch.tensor([0.0, 0.0, 1.0]))
    pool.rows[0] = broken
    pool.rows[1, ::3] = broken
    full = cast(pool, etas)
    assert bool(torch.isfinite(full.log_p).all())
    moved = full.log_p - rest.log_p
    assert float(moved.max() - moved.min()) <= 2 * 0.2 + 1e-9


@pytest.mark.parametrize(
    "wrong",
    [
        {"temperature": 0.0},
        {"top_k": 0},
        {"etas": torch.tensor([-0.1, 0.1])},
        {"etas": torch.tensor([math.nan, 1.0])},
    ],
)
def test_terms_without_a_bound_are_refused(wrong):
    pool = random_pool(4, seats=2, vocabulary=20)
    terms = {"temperature": 0.7, "top_k": 20, "etas": torch.tensor([0.1, 0.1])}
    with pytest.raises(ValueError):
        private_rule.vote(l0=pool.l0, ballots=pool.rows, weights=pool.weights, **(terms | wrong))
