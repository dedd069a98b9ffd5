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
