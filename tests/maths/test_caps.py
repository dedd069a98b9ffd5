"""Caps: whatever the pool and the allowances, nothing measured is above what was allowed."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.net import caps, open_rule, renyi
from tests.maths.pools import R0, random_allowances, random_pool


def within(pool, allowances, *, alpha=2.0, wanted=None, names=None, **terms):
    wishes = pool.weights if wanted is None else wanted
    return caps.weights_within(
        wanted=wishes, allowances=allowances, alpha=alpha, groups=names, **pool.terms(**terms)
    )


def exactly(pool, weights, *, alpha=2.0, **terms):
    """Measured again in float64 from the ballots, on a way of its own."""
    full = open_rule.vote(weights=weights, **pool.terms(**terms))
    exact = open_rule.vote_in(full.pool.double(), full.weights, voters=full.voters, seats=full.seats)
    return open_rule.leave_one_out(exact, alpha=alpha).symmetric


@pytest.mark.parametrize("alpha", [1.5, 2.0, 8.0])
@pytest.mark.parametrize("block", range(12))
def test_nothing_measured_is_above_its_cap_over_thousands_of_pools(block, alpha):
    """3,600 pools: calm, peaked, spiked, with near copies; caps from a millionth of a nat to ten nats."""
    for seed in range(block * 100, block * 100 + 100):
        pool = random_pool(seed, vocabulary=3 + (seed * 37) % 400)
        allowances = random_allowances(seed, len(pool.weights))
        got = within(pool, allowances, alpha=alpha)
        assert bool((got.symmetric <= allowances).all()), seed
        again = exactly(pool, got.weights, alpha=alpha)
        assert bool((again <= allowances * (1 + 1e-9)).all()), seed
        assert got.symmetric.tolist() == pytest.approx(again.tolist(), rel=5e-5, abs=1e-11), seed
        assert bool((got.weights <= pool.weights).all()), seed
        assert torch.equal(got.limited, got.weights < pool.weights)


@pytest.mark.parametrize("seed", range(6))
def test_caps_hold_at_the_size_of_a_real_vocabulary(seed):
    pool = random_pool(seed, seats=15, vocabulary=49_152)
    allowances = torch.full((15,), 2e-4 * (seed + 1), dtype=torch.float64)
    got = within(pool, allowances)
    assert bool(got.limited.any())
    assert bool((exactly(pool, got.weights) <= allowances).all())


@pytest.mark.parametrize("seed", range(40))
def test_where_nothing_binds_the_wish_is_granted_to_the_last_bit(seed):
    pool = random_pool(seed)
    seats = len(pool.weights)
    got = within(pool, torch.full((seats,), math.inf, dtype=torch.float64))
    plain = open_rule.vote(weights=pool.weights, **pool.terms())
    assert torch.equal(got.weights, pool.weights)
    assert not got.limited.any()
    assert torch.equal(got.vote.log_p, plain.log_p)
    assert torch.equal(got.symmetric, open_rule.leave_one_out(plain, alpha=2.0).symmetric)


@pytest.mark.parametrize("seed", range(40))
def test_a_row_that_may_move_nothing_is_absent_to_the_last_bit(seed):
    pool = random_pool(seed, seats=5)
    allowances = torch.tensor([math.inf, 0.0, math.inf, 0.0, math.inf], dtype=torch.float64)
    kept = allowances > 0
    got = within(pool, allowances)
    rest = open_rule.vote(weights=pool.weights[kept], **(pool.terms() | {"ballots": pool.rows[kept]}))
    assert torch.equal(got.vote.log_p, rest.log_p)
    assert not got.symmetric[~kept].any()
    assert not got.weights[~kept].any()
    assert got.limited.tolist() == [False, True, False, True, False]
    assert not got.help_nats(0)[~kept].any()


@settings(deadline=None, max_examples=120)
@given(seed=st.integers(0, 100_000), alpha=st.sampled_from([1.5, 2.0, 8.0]))
def test_the_starting_point_is_feasible_without_being_measured(seed, alpha):
    pool = random_pool(seed, dtype=torch.float64)
    allowances = random_allowances(seed, len(pool.weights))
    made = open_rule.pool(**pool.terms())
    start = caps.feasible_start(made, pool.weights, allowances, alpha)
    found = open_rule.leave_one_out(open_rule.vote_in(made, start), alpha=alpha)
    assert bool((found.symmetric <= allowances).all())


def test_a_limited_source_gets_far_more_than_the_starting_point_and_most_of_its_allowance():
    gained, used = [], []
    for seed in range(60):
        pool = random_pool(seed, seats=1 + seed % 8, vocabulary=500)
        allowances = torch.full((len(pool.weights),), 0.05, dtype=torch.float64)
        got = within(pool, allowances)
        made = open_rule.pool(**pool.terms()).double()
        start = caps.feasible_start(made, pool.weights, allowances, 2.0)
        if bool(got.limited.any()):
            gained.append(float((got.weights / start)[got.limited].median()))
            used.append(float((got.symmetric / allowances)[got.limited].mean()))
    assert len(used) > 30
    assert sorted(gained)[len(gained) // 2] > 2
    assert sum(used) / len(used) > 0.8


@pytest.mark.parametrize("broken", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("seed", range(10))
def test_broken_ballots_neither_pass_their_cap_nor_stop_the_answer(seed, broken):
    pool = random_pool(seed, seats=4)
    pool.rows[0] = broken
    pool.rows[1, ::2] = broken
    allowances = torch.tensor([0.01, 0.02, 0.5, math.inf], dtype=torch.float64)
    got = within(pool, allowances)
    assert bool((got.symmetric <= allowances).all())
    assert bool(torch.isfinite(got.vote.log_p).all())


def test_nobody_to_vote_leaves_the_core():
    pool = random_pool(5, seats=3, vocabulary=30)
    got = within(pool, torch.zeros(3, dtype=torch.float64))
    assert torch.allclose(got.vote.log_p, torch.log_softmax(pool.l0 / 0.7, 0))
    assert not got.weights.any()
    assert got.limited.all()
    assert got.help_nats(3).tolist() == [0.0, 0.0, 0.0]


@settings(deadline=None, max_examples=100)
@given(left=st.floats(0, 1e4), tokens=st.integers(0, 5000))
def test_an_allowance_is_at_most_twice_the_even_share_and_never_more_than_is_left(left, tokens):
    allowance = float(caps.allowance(torch.tensor([left], dtype=torch.float64), tokens))
    assert 0 <= allowance <= left
    assert allowance == pytest.approx(min(left, 2 * left / max(tokens, 1)))


def test_spending_every_allowance_to_the_full_never_overdraws():
    left, tokens = torch.tensor([3.0], dtype=torch.float64), 200
    for drawn in range(tokens):
        left = left - caps.allowance(left, tokens - drawn)
        assert float(left) >= 0


@pytest.mark.parametrize("seed", range(60))
def test_near_duplicates_have_one_seat_and_are_capped_and_paid_as_one(seed):
    pool = random_pool(seed, seats=5, vocabulary=3 + seed * 11)
    names = [7, None, 7, 3, 7]
    allowances = random_allowances(seed, 5)
    got = within(pool, allowances, names=names)
    assert bool((got.symmetric <= allowances * (1 + 1e-12)).all())
    group = [0, 2, 4]
    total = pool.weights[group].sum()
    seat = int(got.seat_of_row[0])
    assert [int(got.seat_of_row[row]) for row in group] == [seat] * 3
    for row in group:
        part = float(pool.weights[row] / total)
        assert float(got.symmetric[row]) == pytest.approx(float(got.found.symmetric[seat]) * part)
        assert torch.allclose(got.weights[row] / pool.weights[row], got.weights[0] / pool.weights[0])


@pytest.mark.parametrize("copies", [2, 3, 5])
def test_copies_of_one_text_move_the_vote_exactly_as_far_as_one(copies):
    pool = random_pool(11, seats=3, vocabulary=200, dtype=torch.float64)
    free = torch.full((2 + copies,), math.inf, dtype=torch.float64)
    rows = torch.cat([pool.rows, pool.rows[2:].expand(copies - 1, -1)])
    weights = torch.cat([pool.weights, pool.weights[2:].expand(copies - 1)])
    names = [None, None, *[1] * copies]
    many = caps.weights_within(
        wanted=weights, allowances=free, alpha=2.0, groups=names, **(pool.terms() | {"ballots": rows})
    )
    one = within(pool, free[:3])
    assert torch.allclose(many.vote.log_p, one.vote.log_p, atol=1e-12)
    assert float(many.symmetric[2:].sum()) == pytest.approx(float(one.symmetric[2]), rel=1e-9)
    assert float(many.help_nats(4)[2]) == pytest.approx(float(one.help_nats(4)[2]), rel=1e-9, abs=1e-12)


def test_a_group_is_removed_as_the_set_of_its_members():
    pool = random_pool(8, seats=3, vocabulary=80, dtype=torch.float64)
    free = torch.full((3,), math.inf, dtype=torch.float64)
    got = within(pool, free, names=[4, 4, None])
    seat = int(got.seat_of_row[0])
    alone = open_rule.without(got.vote, torch.arange(2) == seat)
    rest = open_rule.vote(weights=pool.weights[2:], **(pool.terms() | {"ballots": pool.rows[2:]}))
    assert torch.allclose(alone, rest.log_p, atol=1e-12)


def test_a_point_that_cannot_be_proven_is_an_error_not_an_overdraft(monkeypatch):
    pool = random_pool(1, seats=2, vocabulary=30)
    nowhere = torch.full((2,), math.inf, dtype=torch.float64)
    broken = renyi.Divergences(nowhere, nowhere, nowhere)
    monkeypatch.setattr(open_rule, "leave_one_out", lambda *_, **__: broken)
    with pytest.raises(ArithmeticError):
        within(pool, torch.tensor([0.1, 0.1], dtype=torch.float64))


def test_the_share_of_the_core_is_the_weight_that_the_constant_says():
    pool = random_pool(1, seats=2, vocabulary=30)
    got = within(pool, torch.full((2,), math.inf, dtype=torch.float64))
    assert got.vote.total_weight == pytest.approx(R0 + float(pool.weights.sum()))
