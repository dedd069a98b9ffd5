"""The open rule: absent is absent, exact is exact, more voting right is never less influence."""

import math
from itertools import pairwise

import mpmath
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.net import open_rule
from tests.maths.pools import R0, random_pool

SEEDS = st.integers(0, 100_000)


def cast(pool, weights=None, **terms):
    return open_rule.vote(weights=pool.weights if weights is None else weights, **pool.terms(**terms))


def one(seat, seats):
    return torch.arange(seats) == seat


def exact_both_ways(p, q, alpha):
    """60 digits from two rows of log-probabilities."""
    with mpmath.workdps(60):
        order = mpmath.mpf(alpha) - 1
        laws = []
        for law in (p, q):
            total = mpmath.log(mpmath.fsum(mpmath.exp(mpmath.mpf(x)) for x in law))
            laws.append([mpmath.mpf(x) - total for x in law])
        found = []
        for one_law, other in (laws, laws[::-1]):
            terms = (mpmath.exp(lp + order * (lp - lq)) for lp, lq in zip(one_law, other, strict=True))
            found.append(float(mpmath.log(mpmath.fsum(terms)) / order))
    return found


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("seed", range(40))
def test_rows_without_weight_are_absent_to_the_last_bit(seed, dtype):
    pool = random_pool(seed, dtype=dtype)
    seats = len(pool.weights) + 3
    voting = torch.ones(seats, dtype=torch.bool)
    voting[[0, 2, seats - 1]] = False
    rows = torch.full((seats, len(pool.l0)), math.nan, dtype=dtype)  # even a broken row must not be felt
    rows[voting] = pool.rows
    weights = torch.zeros(seats, dtype=torch.float64)
    weights[voting] = pool.weights
    terms = pool.terms()
    full = open_rule.vote(weights=weights, **(terms | {"ballots": rows}))
    alone = cast(pool)
    assert torch.equal(full.log_p, alone.log_p)
    for alpha in (2.0, 3.5):
        found, expected = (open_rule.leave_one_out(each, alpha=alpha) for each in (full, alone))
        for part in ("forward", "reverse", "symmetric"):
            assert torch.equal(getattr(found, part)[voting], getattr(expected, part))
            assert not getattr(found, part)[~voting].any()


@pytest.mark.parametrize("seed", range(30))
def test_the_vote_without_a_source_is_the_pinned_rerun_without_it(seed):
    pool = random_pool(seed, seats=5, dtype=torch.float64)
    full = cast(pool)
    for seat in range(5):
        weights = pool.weights.clone()
        weights[seat] = 0
        rerun = cast(pool, weights).log_p
        assert torch.allclose(open_rule.without(full, one(seat, 5)), rerun, rtol=0, atol=1e-12)


@settings(deadline=None, max_examples=60)
@given(seed=SEEDS, alpha=st.sampled_from([1.1, 1.5, 2.0, 3.0, 8.0, 32.0]))
def test_all_seats_at_once_agree_with_60_digits_of_two_votes(seed, alpha):
    pool = random_pool(seed, seats=1 + seed % 4, vocabulary=3 + seed % 60, dtype=torch.float64)
    full = cast(pool)
    found = open_rule.leave_one_out(full, alpha=alpha)
    for seat in range(full.seats):
        rest = open_rule.without(full, one(seat, full.seats))
        forward, reverse = exact_both_ways(full.log_p.tolist(), rest.tolist(), alpha)
        assert float(found.forward[seat]) == pytest.approx(forward, rel=1e-8, abs=1e-12)
        assert float(found.reverse[seat]) == pytest.approx(reverse, rel=1e-8, abs=1e-12)


@pytest.mark.parametrize("alpha", [1.5, 2.0, 8.0])
@pytest.mark.parametrize("seed", range(12))
def test_float32_ballots_keep_five_digits_at_the_size_of_a_real_vocabulary(seed, alpha):
    pool = random_pool(seed, seats=4, vocabulary=49_152)
    full = cast(pool)
    rough = open_rule.leave_one_out(full, alpha=alpha)
    made = full.pool.double()  # the same differences, in float64
    fine = open_rule.leave_one_out(open_rule.vote_in(made, full.weights), alpha=alpha)
    assert rough.symmetric.tolist() == pytest.approx(fine.symmetric.tolist(), rel=2e-5, abs=1e-11)


@settings(deadline=None, max_examples=150)
@given(seed=SEEDS, alpha=st.sampled_from([1.2, 2.0, 4.0, 16.0]))
def test_nobody_moves_more_than_the_bound(seed, alpha):
    pool = random_pool(seed, dtype=torch.float64)
    full = cast(pool)
    bound, found = open_rule.bound(full, alpha=alpha), open_rule.leave_one_out(full, alpha=alpha)
    assert bool((found.symmetric <= bound.nats * (1 + 1e-9)).all())
    share = full.weights / (R0 + full.weights.sum())
    assert torch.allclose(bound.share, share)
    closed = torch.minimum(share * bound.range, alpha * (share * bound.range) ** 2 / 8)
    assert torch.allclose(bound.nats, closed)


@settings(deadline=None, max_examples=100)
@given(seed=SEEDS, alpha=st.sampled_from([1.5, 2.0, 8.0]))
def test_more_voting_right_of_its_own_never_moves_less(seed, alpha):
    pool = random_pool(seed, vocabulary=3 + seed % 200, dtype=torch.float64)
    moved = []
    for gamma in (0.0, 0.1, 0.3, 0.6, 0.8, 1.0):
        weights = pool.weights.clone()
        weights[0] *= gamma
        found = open_rule.leave_one_out(cast(pool, weights), alpha=alpha)
        moved.append((float(found.forward[0]), float(found.reverse[0])))
    assert moved[0] == (0.0, 0.0)
    for before, after in pairwise(moved):
        assert all(low <= high * (1 + 1e-9) + 1e-13 for low, high in zip(before, after, strict=True))


@settings(deadline=None, max_examples=60)
@given(seed=SEEDS)
def test_a_set_of_one_is_that_one_and_nobody_is_nothing(seed):
    pool = random_pool(seed, dtype=torch.float64)
    full = cast(pool)
    alone = open_rule.leave_one_out(full, alpha=2.0)
    for seat in range(min(full.seats, 3)):
        found = open_rule.leave_set_out(full, one(seat, full.seats), alpha=2.0)
        assert float(found.forward) == pytest.approx(float(alone.forward[seat]), rel=1e-9, abs=1e-14)
        assert float(found.reverse) == pytest.approx(float(alone.reverse[seat]), rel=1e-9, abs=1e-14)
    nobody = torch.zeros(full.seats, dtype=torch.bool)
    assert float(open_rule.leave_set_out(full, nobody, alpha=2.0).symmetric) == 0
    assert torch.equal(open_rule.without(full, nobody), full.log_p)


@settings(deadline=None, max_examples=40)
@given(seed=SEEDS)
def test_a_coalition_is_measured_as_the_vote_without_all_of_it(seed):
    pool = random_pool(seed, seats=5, vocabulary=3 + seed % 50, dtype=torch.float64)
    full = cast(pool)
    members = torch.tensor([True, False, True, True, False])
    found = open_rule.leave_set_out(full, members, alpha=2.0)
    rest = open_rule.without(full, members)
    forward, reverse = exact_both_ways(full.log_p.tolist(), rest.tolist(), 2.0)
    assert float(found.forward) == pytest.approx(forward, rel=1e-8, abs=1e-12)
    assert float(found.reverse) == pytest.approx(reverse, rel=1e-8, abs=1e-12)


@settings(deadline=None, max_examples=60)
@given(seed=SEEDS)
def test_help_is_the_change_in_the_drawn_tokens_log_probability(seed):
    pool = random_pool(seed, dtype=torch.float64)
    full = cast(pool)
    found = open_rule.leave_one_out(full, alpha=2.0)
    for token in (0, int(full.log_p.argmax())):
        helped = open_rule.help_nats(full, found, token)
        for seat in range(min(3, full.seats)):
            rest = open_rule.without(full, one(seat, full.seats))
            assert float(helped[seat]) == pytest.approx(
                float(full.log_p[token] - rest[token]), rel=1e-8, abs=1e-9
            )


@settings(deadline=None, max_examples=60)
@given(seed=SEEDS, shift=st.floats(-50, 50))
def test_a_constant_added_to_a_row_changes_nothing(seed, shift):
    pool = random_pool(seed, dtype=torch.float64)
    moved = pool.terms() | {"ballots": pool.rows + shift, "l0": pool.l0 - shift}
    first, second = cast(pool), open_rule.vote(weights=pool.weights, **moved)
    assert torch.allclose(first.log_p, second.log_p, atol=1e-9)
    found, again = (open_rule.leave_one_out(each, alpha=2.0).symmetric for each in (first, second))
    assert torch.allclose(found, again, rtol=1e-7, atol=1e-12)


@pytest.mark.parametrize("seed", range(20))
def test_no_row_reaches_further_than_the_clip_whatever_its_norm(seed):
    pool = random_pool(seed)
    loud = pool.terms(clip=5.0) | {"ballots": pool.l0 + (pool.rows - pool.l0) * 1e6}
    made = open_rule.pool(**loud)
    assert float(made.ranges().max()) <= 5.0 * (1 + 1e-6)
    alone = open_rule.pool(**(loud | {"ballots": loud["ballots"][:1]}))
    assert torch.allclose(
        alone.delta[0], made.delta[0], atol=1e-5
    )  # nobody else moves where a row is clipped


def test_the_core_alone_is_a_vote_too():
    pool = random_pool(1, seats=2, vocabulary=20)
    full = cast(pool, torch.zeros(2, dtype=torch.float64))
    assert torch.equal(full.log_p, torch.log_softmax(pool.l0 / 0.7, 0))
    assert not open_rule.leave_one_out(full, alpha=2.0).symmetric.any()
    assert not open_rule.bound(full, alpha=2.0).nats.any()


@pytest.mark.parametrize(
    "terms", [{"temperature": 0.0}, {"temperature": -1.0}, {"clip": 0.0}, {"temperature": math.nan}]
)
def test_terms_that_mean_nothing_are_refused(terms):
    with pytest.raises(ValueError):
        cast(random_pool(1, seats=2, vocabulary=20), **terms)


@pytest.mark.parametrize("alpha", [1.0, 0.5, math.nan])
def test_orders_that_have_no_such_divergence_are_refused(alpha):
    with pytest.raises(ValueError):
        open_rule.leave_one_out(cast(random_pool(1, seats=2, vocabulary=20)), alpha=alpha)
