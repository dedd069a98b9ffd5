"""Amounts in words, with their units: dollars to the millionth, nats without losing a digit of small ones.

Used by the portal and the console. It must not round an amount to nothing.
"""

from decimal import Decimal


def dollars(micro_usd: int) -> str:
    """`1234567` is `$1.234567`."""
    sign = "−" if micro_usd < 0 else ""
    whole, micros = divmod(abs(micro_usd), 1_000_000)
    return f"{sign}${whole:,}.{micros:06d}"


def nats(nano_nats: int) -> str:
    """Three decimals, one from a hundred nats up; amounts below a thousandth keep every digit they have."""
    return f"{nats_number(nano_nats)} nats"


def nats_number(nano_nats: int) -> str:
    value = Decimal(nano_nats) / 10**9
    if nano_nats and abs(value) < Decimal("0.001"):
        return f"{value:.9f}".rstrip("0")
    return f"{value:,.1f}" if abs(value) >= 100 else f"{value:,.3f}"


def signed_nats_number(nano_nats: int) -> str:
    """With its sign, and a true minus; nothing is 0.000 without one."""
    sign = "+" if nano_nats > 0 else "−" if nano_nats < 0 else ""
    return f"{sign}{nats_number(abs(nano_nats))}"


def signed_nats(nano_nats: int) -> str:
    return f"{signed_nats_number(nano_nats)} nats"


def signed_dollars(micro_usd: int) -> str:
    """A movement: `+$1.000000` came in, `−$1.000000` went out."""
    return f"{'+' if micro_usd > 0 else ''}{dollars(micro_usd)}"
