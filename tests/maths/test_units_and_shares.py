"""Integers out of real numbers: rounded to the safe side, split without loss."""

from decimal import Decimal
from fractions import Fraction
from math import inf, nan

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accounting.maths import shares, units

WEIGHTS = st.lists(st.floats(0, 1e6), min_size=1, max_size=20)


@given(total=st.integers(0, 10**18), weights=WEIGHTS)
@settings(deadline=None)
def test_a_split_sums_to_the_total_and_no_part_is_off_by_a_whole_unit(total, weights):
    parts = shares.largest_remainder(total, weights)
    assert sum(parts) == total
    exact = sum(map(Fraction, weights))
    if exact:
        for part, weight in zip(parts, weights, strict=True):
            assert abs(part - total * Fraction(weight) / exact) < 1


@given(total=st.integers(0, 10**9), weights=WEIGHTS)
def test_a_part_of_no_weight_gets_nothing_unless_nobody_has_any(total, weights):
    parts = shares.largest_remainder(total, weights)
    if any(weights):
        assert all(part == 0 for part, weight in zip(parts, weights, strict=True) if weight == 0)


def test_units_left_over_go_to_the_largest_remainders_and_then_to_the_first():
    assert shares.largest_remainder(10, [1, 1, 1]) == [4, 3, 3]
    assert shares.largest_remainder(7, [0.5, 0.3, 0.2]) == [4, 2, 1]
    assert shares.largest_remainder(3, [0, 0]) == [2, 1]


@given(total=st.integers(0, 10**12), weights=WEIGHTS)
@settings(deadline=None)
def test_the_same_split_is_the_same_whenever_it_is_made_and_equal_weights_differ_by_one_at_most(
    total, weights
):
    parts = shares.largest_remainder(total, weights)
    assert parts == shares.largest_remainder(total, weights)
    assert parts == shares.largest_remainder(total, [Fraction(weight) for weight in weights])
    for one, part in zip(weights, parts, strict=True):
        twins = [other for weight, other in zip(weights, parts, strict=True) if weight == one]
        assert twins == sorted(twins, reverse=True), "the first among equals gets the unit left over"
        assert abs(part - twins[0]) <= 1


@given(total=st.integers(0, 10**9), weights=WEIGHTS, data=st.data())
@settings(deadline=None)
def test_nobody_with_a_smaller_remainder_is_preferred(total, weights, data):
    parts = shares.largest_remainder(total, weights)
    whole = sum(map(Fraction, weights))
    if whole:
        left = [total * Fraction(weight) / whole for weight in weights]
        raised = [share - int(share) for share, part in zip(left, parts, strict=True) if part > int(share)]
        kept = [share - int(share) for share, part in zip(left, parts, strict=True) if part == int(share)]
        assert not raised or not kept or min(raised) >= max(kept)


@given(
    steps=st.lists(st.lists(st.floats(0, 1e3), min_size=4, max_size=4), min_size=1, max_size=30),
    more=st.lists(st.integers(0, 10**6), min_size=30, max_size=30),
)
@settings(deadline=None)
def test_a_split_that_grows_sums_to_every_total_takes_nothing_back_and_never_runs_ahead(steps, more):
    total, sums, parts = 0, [Fraction(0)] * 4, [0] * 4
    for step, added in zip(steps, more, strict=False):
        total += added
        before, sums = parts, [one + Fraction(two) for one, two in zip(sums, step, strict=True)]
        parts = shares.growing_split(total, sums, before)
        assert sum(parts) == total
        for now, then, share in zip(parts, before, sums, strict=True):
            assert now >= then
            assert now == then or not sum(sums) or now < total * share / sum(sums) + 1


def test_a_split_that_grows_is_the_largest_remainder_at_first_and_then_catches_up():
    assert shares.growing_split(7, [0.5, 0.3, 0.2], [0, 0, 0]) == [4, 2, 1]
    assert shares.growing_split(2, [1, 1, 2], [1, 1, 0]) == [1, 1, 0]
    assert shares.growing_split(4, [1, 1, 2], [1, 1, 0]) == [1, 1, 2]
    with pytest.raises(ValueError):
        shares.growing_split(1, [1, 1], [1, 1])


@pytest.mark.parametrize(("total", "weights"), [(-1, [1]), (1, []), (1, [-1]), (1, [nan]), (1, [inf])])
def test_a_split_that_means_nothing_is_refused(total, weights):
    with pytest.raises(ValueError):
        shares.largest_remainder(total, weights)


@given(nats=st.floats(0, 1e9))
def test_usage_is_never_recorded_as_less_nor_a_limit_as_more(nats):
    up, down = units.nano_nats_up(nats), units.nano_nats_down(nats)
    assert Fraction(down, 10**9) <= Fraction(nats) <= Fraction(up, 10**9)
    assert up - down <= 1


def test_eleven_elevenths_make_a_whole():
    assert units.nano_nats_up(sum([Fraction(1, 11)] * 11)) == 10**9
    assert units.nano_nats_up(Decimal("0.000000001")) == units.nano_nats_down(Decimal("0.0000000019")) == 1


@pytest.mark.parametrize("nats", [nan, inf, -1e-30, Decimal("NaN"), Decimal(-1)])
def test_nats_that_are_no_amount_are_refused(nats):
    for convert in (units.nano_nats_up, units.nano_nats_down):
        with pytest.raises(ValueError):
            convert(nats)


@given(used=st.integers(0, 10**12), more=st.integers(0, 10**12), price=st.integers(0, 10**6))
def test_what_is_held_always_covers_what_is_charged(used, more, price):
    charge = units.micro_usd_for(nano_nats=used, price_micro_usd_per_nat=price)
    assert charge == used * price // 10**9
    assert charge <= units.micro_usd_to_hold(nano_nats=used + more, price_micro_usd_per_nat=price)
