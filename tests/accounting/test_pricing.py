"""Rounding in one place: holds up, charges and fees down, so that no settlement is above its quote."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounting.errors import PaymentRequired
from accounting.maths.units import NANO_PER_UNIT as NANO
from accounting.pricing import (
    Price,
    caps_within,
    charge_micro_usd,
    fee_micro_usd,
    held_micro_usd,
    quote_micro_usd,
)
from accounting.terms import SeatTerms

seats = st.builds(
    SeatTerms,
    label=st.uuids().map(str),
    budget_account_ids=st.just((1,)),
    earnings_account_id=st.just(2),
    cap_nano_nats=st.integers(0, 10**14),
    block_nano_nats=st.integers(1, 10**12),
    price_micro_usd_per_nat=st.integers(0, 10**6),
    floor_micro_usd=st.integers(0, 10**4),
    charged_by=st.just("measured"),
)
pools = st.lists(seats, max_size=8)
fees = st.integers(0, 10_000)


@given(nano_nats=st.integers(0, 10**15), price=st.integers(0, 10**7))
def test_a_charge_rounds_down_and_a_hold_rounds_up(nano_nats, price):
    exact = Fraction(nano_nats * price, NANO)
    charge, held = (priced(Price(price), nano_nats) for priced in (charge_micro_usd, held_micro_usd))
    assert charge <= exact <= held <= charge + 1


@given(nano_nats=st.integers(0, 10**15), price=st.integers(0, 10**7), ceiling=st.integers(0, 10**9))
def test_a_ceiling_bounds_the_charge_and_what_is_held_for_it(nano_nats, price, ceiling):
    priced = Price(price, ceiling_micro_usd=ceiling)
    charge, held = charge_micro_usd(priced, nano_nats), held_micro_usd(priced, nano_nats)
    assert charge == min(charge_micro_usd(Price(price), nano_nats), ceiling)
    assert charge <= held <= ceiling


@given(terms=pools, fee=fees, share=st.fractions(0, 1))
def test_no_settlement_within_the_caps_is_above_the_quote(terms, fee, share):
    charges = [charge_micro_usd(seat, int(seat.cap_nano_nats * share)) for seat in terms]
    paid = [max(charge, seat.floor_micro_usd) for charge, seat in zip(charges, terms, strict=True)]
    assert sum(paid) + fee_micro_usd(sum(charges), fee) <= quote_micro_usd(terms, fee).total


@given(terms=pools, fee=fees, most=st.integers(0, 10**9))
def test_scaled_caps_fit_the_maximum_and_never_grow(terms, fee, most):
    floors = sum(seat.floor_micro_usd for seat in terms)
    if floors > most:
        with pytest.raises(PaymentRequired):
            caps_within(terms, fee, most)
        return
    scaled = caps_within(terms, fee, most)
    assert quote_micro_usd(scaled, fee).total <= most
    for before, after in zip(terms, scaled, strict=True):
        assert after.cap_nano_nats <= before.cap_nano_nats
        if before.price_micro_usd_per_nat == 0:
            assert after == before


@given(terms=pools, fee=fees)
def test_without_a_maximum_or_when_it_fits_nothing_is_scaled(terms, fee):
    assert caps_within(terms, fee, None) == tuple(terms)
    assert caps_within(terms, fee, quote_micro_usd(terms, fee).total) == tuple(terms)


def test_scaling_uses_nearly_all_of_the_money():
    seat = SeatTerms("a", (1,), 2, 1000 * NANO, NANO, 20, 0, "measured")
    (scaled,) = caps_within((seat,), 500, 1_000)
    assert quote_micro_usd((scaled,), 500).total >= 999
