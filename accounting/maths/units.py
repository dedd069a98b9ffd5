"""Units of the ledger: nats become integer nano-nats, nano-nats become integer micro-USD, each rounded to the
safe side.

Step of the way: hold and settle. Usage rounds up, limits round down, charges round down, holds round up
(ledger rules 2, 3). It must not use floating-point arithmetic: a float is taken for exactly the number that
it is.
"""

from decimal import Decimal
from fractions import Fraction
from math import ceil, floor, isfinite

NANO_PER_UNIT = 1_000_000_000


def _exact(nats: float | Decimal | Fraction) -> Fraction:
    if isinstance(nats, float | Decimal) and not isfinite(nats):
        raise ValueError("nats must be a finite number")
    exact = Fraction(nats)
    if exact < 0:
        raise ValueError("nats must not be negative")
    return exact


def nano_nats_up(nats: float | Decimal | Fraction) -> int:
    """Nats used -> nano-nats, rounded up: what was measured or charged is never recorded as less."""
    return ceil(_exact(nats) * NANO_PER_UNIT)


def nano_nats_down(nats: float | Decimal | Fraction) -> int:
    """Nats allowed -> nano-nats, rounded down: a limit is never recorded as more."""
    return floor(_exact(nats) * NANO_PER_UNIT)


def micro_usd_for(*, nano_nats: int, price_micro_usd_per_nat: int) -> int:
    """What was used costs: micro-USD = nano_nats * price // 10^9."""
    return nano_nats * price_micro_usd_per_nat // NANO_PER_UNIT


def micro_usd_to_hold(*, nano_nats: int, price_micro_usd_per_nat: int) -> int:
    """What is held for a use of at most so much, rounded up: never less than the charge will be."""
    return -(-nano_nats * price_micro_usd_per_nat // NANO_PER_UNIT)
