"""Micro-USD and cents, exactly: providers count cents, the ledger counts micro-USD. Pure arithmetic.

There is no rounding here: what is not a whole number of cents is refused.
"""

from accounting.errors import Invalid
from accounting.terms import whole

MICRO_USD_PER_CENT = 10_000


def cents_of(micro_usd: int) -> int:
    cents, rest = divmod(whole("amount_micro_usd", micro_usd), MICRO_USD_PER_CENT)
    if rest:
        raise Invalid(
            f"{micro_usd} micro-USD are not a whole number of cents.",
            next_step=f"Use a multiple of {MICRO_USD_PER_CENT} micro-USD, which is one cent.",
            code="not_whole_cents",
        )
    return cents


def micro_usd_of(cents: int) -> int:
    return whole("cents", cents) * MICRO_USD_PER_CENT
