"""Who gets a seat, who is told by which rule that they got none, and that a price limit always holds."""

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounting.errors import Forbidden, PaymentRequired
from inference.fields import Fields
from inference.plan import MOST_EXCLUDED_SHOWN, NANO, Considered, House, Plan, make_plan
from inference.wishes import read_wishes
from marketplace.policy.request import Limits

HOUSE = House(seats=3, fee_basis_points=500, block_tokens=32, nats_per_token=4, least_relevance=0.05)
LIMITS = Limits(
    regime="measurement", max_gamma=1.0, price_micro_usd_per_nat=20, floor_price_micro_usd=0,
    ceiling_price_micro_usd=None, quote=False,
    per_answer_nano_nats=None, per_consumer_day_nano_nats=None, lifetime_nano_nats=None, floor_nats=None,
    privacy=None,
)  # fmt: skip


def considered(slug: str, relevance: float, **changes: Any) -> Considered:
    limits = Limits(**{name: changes.get(name, getattr(LIMITS, name)) for name in Limits.__slots__})
    admitted: Any = SimpleNamespace(
        source=SimpleNamespace(slug=slug, earnings_account_id=7),
        limits=limits,
        budget_account_ids=(1,),
        left_nano_nats=None,
    )
    return Considered(admitted, relevance, token_charge_nano_nats=changes.get("charge"))


def plan(sources: list[Considered], **wishes: Any) -> Plan:
    read = read_wishes(Fields(wishes), default_purpose="research", store_by_default=True)
    return make_plan(wishes=read, max_tokens=10, considered=sources, house=HOUSE)


def seated(made: Plan) -> set[str]:
    return {seat.slug for seat in made.seats}


def test_the_most_relevant_sources_take_the_seats_and_the_others_are_told_so():
    made = plan([considered(f"s{place}", place / 10) for place in range(1, 7)])
    assert seated(made) == {"s4", "s5", "s6"}
    assert [(one.slug, one.rule) for one in made.shown()] == [
        ("s3", "seats"),
        ("s2", "seats"),
        ("s1", "seats"),
    ]


def test_a_required_source_is_seated_before_more_relevant_ones():
    made = plan([considered(f"s{place}", place / 10) for place in range(1, 7)], require=["s1"])
    assert seated(made) == {"s1", "s5", "s6"}


def test_more_required_sources_than_seats_is_a_refusal_by_that_rule():
    with pytest.raises(Forbidden) as refused:
        plan(
            [considered(f"s{place}", 0.5) for place in range(4)], require=[f"s{place}" for place in range(4)]
        )
    assert refused.value.extra["rule"] == "seats"


def test_at_most_32_are_named_and_all_are_counted():
    made = plan([considered(f"s{place}", 0.0) for place in range(100)])
    assert len(made.shown()) == MOST_EXCLUDED_SHOWN == 32
    assert made.counts() == {"relevance": 100}


def test_in_private_answers_relevance_decides_about_no_seat():
    sources = [considered(f"s{place}", relevance, charge=1000) for place, relevance in enumerate((0.0, 0.9))]
    assert seated(plan(sources, mode="private", only=["s0", "s1"])) == {"s0", "s1"}


def test_a_cap_is_always_finite():
    (seat,) = plan([considered("a", 0.5)]).seats
    assert (seat.cap_nano_nats, seat.cap_limited_by) == (10 * 4 * NANO, "query_cap")


@given(
    limit=st.integers(0, 5000),
    prices=st.lists(st.integers(0, 10**6), min_size=1, max_size=3),
    floor=st.integers(0, 300),
)
def test_a_plan_never_quotes_more_than_the_price_limit(limit, prices, floor):
    sources = [
        considered(f"s{place}", 0.5, price_micro_usd_per_nat=price, floor_price_micro_usd=floor)
        for place, price in enumerate(prices)
    ]
    if floor * len(prices) > limit:
        with pytest.raises(PaymentRequired):
            plan(sources, max_price_micro_usd=limit)
    else:
        assert plan(sources, max_price_micro_usd=limit).quote.total <= limit
