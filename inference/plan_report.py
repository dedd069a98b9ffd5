"""A plan as JSON: EXPLAIN for an answer. Private plans show public values only.

Both sides are shown: what the user asked for, what the owner allows, every limit with whoever set it, and
which of them binds. Relevance is rounded, so that plans cannot be used to map what lies in an index; what is
left of a budget is told only where it is the limit, so that plans cannot be used to watch other consumers.
"""

from typing import Any

from django.conf import settings

from accounting.pricing import Quote, charge_micro_usd, held_micro_usd
from accounting.terms import SeatTerms
from inference.limits import BUDGETS_LEFT, LENGTH, MAX_INFLUENCE, MAX_PRICE, PER_ANSWER
from inference.plan import NANO, Plan, Seat
from inference.plan_privacy import privacy_of_seat
from inference.report import excluded_report
from inference.request import Question
from inference.seat_report import both_sides

RELEVANCE_STEP = 0.05
ON_NATS = (
    ("user", MAX_INFLUENCE),
    ("policy", PER_ANSWER),
    ("budget", BUDGETS_LEFT),
    ("query_cap", LENGTH),
    ("user", MAX_PRICE),
)
Json = dict[str, Any]


def plan_report(*, plan: Plan, question: Question) -> Json:
    wishes = question.wishes
    return {
        "mode": wishes.mode,
        "core": settings.CORE_SLUG,
        "purpose": wishes.purpose,
        "output": wishes.output,
        "max_tokens": question.max_tokens,
        "sources": [seat_report(seat, private=wishes.is_private) for seat in plan.seats],
        "excluded": excluded_report(plan),
        "excluded_counts": plan.counts(),
        "quote": {
            **quote_report(plan.quote),
            "fee_basis_points": settings.PLATFORM_FEE_BASIS_POINTS,
            "max_price_micro_usd": wishes.max_price_micro_usd,
        },
    }


def quote_report(quote: Quote) -> dict[str, int]:
    """The most that it can cost, in micro-USD, part by part."""
    return {
        "charges_micro_usd": quote.charges,
        "floors_micro_usd": quote.floors,
        "fee_micro_usd": quote.fee,
        "total_micro_usd": quote.total,
    }


def seat_report(seat: Seat, *, private: bool) -> Json:
    """A voter as it sits, before anything was drawn."""
    limits = seat.admitted.limits
    rounded = round(round(seat.relevance / RELEVANCE_STEP) * RELEVANCE_STEP, 2)
    money = _on_money(seat)
    return {
        **both_sides(seat),
        "relevance": None if private else rounded,
        "gamma": seat.gamma,
        "gamma_effective": seat.gamma,
        "limited_by": seat.gamma_limited_by,
        "nats_limits": _on_nats(seat),
        "price_micro_usd_per_nat": limits.price_micro_usd_per_nat,
        "price_rule": limits.price_rule,
        "floor_price_micro_usd": limits.floor_price_micro_usd,
        "ceiling_price_micro_usd": limits.ceiling_price_micro_usd,
        "money_limits": money,
        "most_micro_usd": next(one["micro_usd"] for one in money if one["binds"]),
        "privacy": privacy_of_seat(seat),
    }


def _on_nats(seat: Seat) -> list[Json]:
    """Every limit that there can be, in one order; null where it is not set, or is not told."""
    standing = {limit.name: limit for limit in seat.limits}
    binding = min(seat.limits, key=lambda limit: limit.nano_nats).name
    found = []
    for owner, name in ON_NATS:
        limit, binds = standing.get(name), name == binding
        told = limit is not None and (binds or name != BUDGETS_LEFT)
        nats = limit.nano_nats / NANO if limit is not None and told else None
        found.append({"owner": owner, "limit": name, "nats": nats, "binds": binds})
    return found


def _on_money(seat: Seat) -> list[Json]:
    """What its influence costs at most, and what lifts or cuts that; the binding one is what can be due."""
    terms = seat.terms
    charge, floor = charge_micro_usd(terms, seat.cap_nano_nats), terms.floor_micro_usd
    share = _share_of_max_price(seat, terms)
    rows = (
        ("policy", "price_micro_usd_per_nat", _uncapped(terms)),
        ("policy", "ceiling_price_micro_usd", terms.ceiling_micro_usd),
        ("user", MAX_PRICE, share),
        ("policy", "floor_price_micro_usd", floor),
    )
    if charge < floor:
        binding = "floor_price_micro_usd"
    elif share is not None:
        binding = MAX_PRICE
    else:
        cut = terms.ceiling_micro_usd is not None and terms.ceiling_micro_usd < _uncapped(terms)
        binding = "ceiling_price_micro_usd" if cut else "price_micro_usd_per_nat"
    return [
        {"owner": owner, "limit": name, "micro_usd": amount, "binds": name == binding}
        for owner, name, amount in rows
    ]


def _uncapped(terms: SeatTerms) -> int:
    """Its price times the most that it may move, whatever its ceiling."""
    return terms.price_micro_usd_per_nat * terms.cap_nano_nats // NANO


def _share_of_max_price(seat: Seat, terms: SeatTerms) -> int | None:
    """What the price limit of the whole answer leaves this seat; None where it does not matter."""
    limited = any(limit.name == MAX_PRICE for limit in seat.limits)
    return held_micro_usd(terms, seat.cap_nano_nats) if limited else None
