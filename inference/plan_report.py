"""A plan as JSON: EXPLAIN for an answer. Private plans show public values only.

Relevance is rounded, so that plans cannot be used to map what lies in an index.
"""

from typing import Any

from django.conf import settings

from accounting.pricing import Quote, charge_micro_usd
from inference.plan import NANO, Plan, Seat
from inference.plan_privacy import privacy_of_seat
from inference.report import excluded_report
from inference.request import Question

RELEVANCE_STEP = 0.05


def plan_report(*, plan: Plan, question: Question) -> dict[str, Any]:
    private = question.wishes.is_private
    return {
        "mode": question.wishes.mode,
        "core": settings.CORE_SLUG,
        "sources": [seat_report(seat, private=private) for seat in plan.seats],
        "excluded": excluded_report(plan),
        "excluded_counts": plan.counts(),
        "quote": quote_report(plan.quote),
    }


def quote_report(quote: Quote) -> dict[str, int]:
    """The most that it can cost, in micro-USD."""
    return {
        "charges_micro_usd": quote.charges,
        "floors_micro_usd": quote.floors,
        "fee_micro_usd": quote.fee,
        "total_micro_usd": quote.total,
    }


def seat_report(seat: Seat, *, private: bool) -> dict[str, Any]:
    """A voter as it sits, before anything was drawn."""
    limits = seat.admitted.limits
    most = charge_micro_usd(seat.terms, seat.cap_nano_nats)
    rounded = round(round(seat.relevance / RELEVANCE_STEP) * RELEVANCE_STEP, 2)
    return {
        "source": seat.slug,
        "owner": seat.admitted.source.organisation.slug,
        "relevance": None if private else rounded,
        "gamma_requested": seat.gamma_requested,
        "gamma": seat.gamma,
        "limited_by": seat.gamma_limited_by,
        "cap_nats": seat.cap_nano_nats / NANO,
        "cap_limited_by": seat.cap_limited_by,
        "price_micro_usd_per_nat": limits.price_micro_usd_per_nat,
        "price_rule": limits.price_rule,
        "floor_price_micro_usd": limits.floor_price_micro_usd,
        "ceiling_price_micro_usd": limits.ceiling_price_micro_usd,
        "most_micro_usd": max(most, limits.floor_price_micro_usd),
        "attribution_notice": limits.attribution_notice,
        "privacy": privacy_of_seat(seat),
    }
