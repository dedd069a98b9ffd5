"""What influence costs: from nats to money, with every rounding in one place. Pure arithmetic.

A charge rounds down, a hold rounds up, the fee is basis points of the charges rounded down and added; a floor
tops a charge up, and no charge is above its ceiling. So a settlement can never be above the quote that was
held for it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from accounting.errors import PaymentRequired
from accounting.maths.units import NANO_PER_UNIT, micro_usd_for, micro_usd_to_hold
from accounting.terms import SeatTerms

WHOLE_BASIS_POINTS = 10_000


@dataclass(frozen=True, slots=True)
class Quote:
    """The most that an answer can cost, in micro-USD."""

    charges: int
    floors: int
    fee: int
    total: int


class Priced(Protocol):
    """What influence costs at one seat: its terms, or the line of a hold that keeps them."""

    @property
    def price_micro_usd_per_nat(self) -> int: ...
    @property
    def floor_micro_usd(self) -> int: ...
    @property
    def ceiling_micro_usd(self) -> int | None: ...


@dataclass(frozen=True, slots=True)
class Price:
    """Prices alone, for whoever has no seat at hand."""

    price_micro_usd_per_nat: int
    floor_micro_usd: int = 0
    ceiling_micro_usd: int | None = None


def charge_micro_usd(seat: Priced, nano_nats: int) -> int:
    charge = micro_usd_for(nano_nats=nano_nats, price_micro_usd_per_nat=seat.price_micro_usd_per_nat)
    return _under_ceiling(seat, charge)


def floor_top_up_micro_usd(seat: Priced, charge: int, tokens_delivered: int) -> int:
    """What lifts a charge to the floor; an answer of which nothing was delivered owes no floor."""
    return max(0, seat.floor_micro_usd - charge) if tokens_delivered else 0


def held_micro_usd(seat: Priced, nano_nats: int) -> int:
    """What has to be reserved so that any charge within `nano_nats` fits."""
    held = micro_usd_to_hold(nano_nats=nano_nats, price_micro_usd_per_nat=seat.price_micro_usd_per_nat)
    return _under_ceiling(seat, held)


def _under_ceiling(seat: Priced, amount: int) -> int:
    return amount if seat.ceiling_micro_usd is None else min(amount, seat.ceiling_micro_usd)


def fee_micro_usd(charges_micro_usd: int, fee_basis_points: int) -> int:
    return charges_micro_usd * fee_basis_points // WHOLE_BASIS_POINTS


def quote_micro_usd(terms: Sequence[SeatTerms], fee_basis_points: int) -> Quote:
    charges = sum(held_micro_usd(seat, seat.cap_nano_nats) for seat in terms)
    floors = sum(seat.floor_micro_usd for seat in terms)
    fee = fee_micro_usd(charges, fee_basis_points)
    return Quote(charges=charges, floors=floors, fee=fee, total=charges + floors + fee)


def caps_within(
    terms: Sequence[SeatTerms], fee_basis_points: int, max_price_micro_usd: int | None
) -> tuple[SeatTerms, ...]:
    """The same seats with caps scaled down, in proportion, until the quote is at most `max_price_micro_usd`.

    A seat whose share of the money is nothing gets a cap of zero and will not be seated; seats without a
    price keep their caps. When not even the floors fit, no cap can help: PaymentRequired.
    """
    quote = quote_micro_usd(terms, fee_basis_points)
    if max_price_micro_usd is None or quote.total <= max_price_micro_usd:
        return tuple(terms)
    if quote.floors > max_price_micro_usd:
        raise PaymentRequired(
            f"The floor prices of these sources are {quote.floors} micro-USD, above your maximum of "
            f"{max_price_micro_usd}.",
            next_step="Raise max_price_micro_usd, or leave sources with a floor price out.",
            quote_micro_usd=quote.total,
            available_micro_usd=max_price_micro_usd,
        )
    affordable = _charges_that_fit(max_price_micro_usd - quote.floors, fee_basis_points)
    return tuple(_scaled(seat, affordable, quote.charges) for seat in terms)


def _charges_that_fit(money_micro_usd: int, fee_basis_points: int) -> int:
    """The largest charges that together with their fee are at most `money_micro_usd`."""
    charges = money_micro_usd * WHOLE_BASIS_POINTS // (WHOLE_BASIS_POINTS + fee_basis_points)
    while charges + 1 + fee_micro_usd(charges + 1, fee_basis_points) <= money_micro_usd:
        charges += 1
    return charges


def _scaled(seat: SeatTerms, affordable_micro_usd: int, quoted_micro_usd: int) -> SeatTerms:
    if seat.price_micro_usd_per_nat == 0:
        return seat
    quoted = held_micro_usd(seat, seat.cap_nano_nats)
    share = affordable_micro_usd * quoted // quoted_micro_usd
    cap = min(seat.cap_nano_nats, share * NANO_PER_UNIT // seat.price_micro_usd_per_nat)
    return replace(seat, cap_nano_nats=cap)
